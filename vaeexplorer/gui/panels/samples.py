"""Draws from one law of the codes, decoded by every slot's model, and the laws compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.elided_label import ElidedLabel
from vaeexplorer.gui.widgets.image_name import image_name
from vaeexplorer.gui.widgets.image_view import ImageView
from vaeexplorer.gui.widgets.law_plots import ComponentsPlot
from vaeexplorer.gui.widgets.law_texts import components_text, law_text
from vaeexplorer.gui.widgets.picture_grid import PictureGrid
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS, tabular
from vaeexplorer.jobs.laws import LawComparison, Samples
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.regularity.law_names import (
    GAUSSIAN,
    MIXTURE,
    MOST_COMPONENTS,
    OF_CODEBOOKS,
    OWN,
    components_of,
    mixture_of,
)
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

CHOICE_WIDTH, LEAST_PLOT, PLOT_WIDTH = 176, 172, 208
PAIR = 40
FIRST_COMPONENTS = 10
FEW_SLOTS = 2
COMPARED_MS = 500
"""From a result to its drawing: many more come in a second than anybody can tell apart."""


class SlotSamples(QWidget):
    """The draws of one slot, and under them the chosen one beside the real image nearest to it."""

    def __init__(self, session: Session, slot: int) -> None:
        super().__init__()
        self._session, self._slot = session, slot
        self._samples: Samples | None = None
        letter = SLOT_LETTERS[slot]
        self.about, self._reason, self._pair_text = ElidedLabel(rows=2), QLabel(), QLabel()
        self._pair_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in (self.about, self._pair_text):
            label.setFont(tabular(label.font()))
        self._reason.setProperty("muted", True)
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._pair_text.setProperty("muted", True)
        self._pair_text.setWordWrap(True)
        self.grid = PictureGrid(
            translate("Samples", "Draws of slot {letter}").format(letter=letter)
        )
        self.grid.chosen.connect(self._choose)
        self.draw_view = ImageView(translate("Samples", "The chosen draw"))
        self.real_view = ImageView(translate("Samples", "The real image nearest to it"))
        head, pair = QHBoxLayout(), QHBoxLayout()
        for row in (head, pair):
            row.setSpacing(GRID)
        self._badge = SlotBadge(slot)
        head.addWidget(self._badge)
        head.addWidget(self.about, 1)
        for view in (self.draw_view, self.real_view):
            view.setFixedSize(PAIR, PAIR)
            view.hide()
            pair.addWidget(view)
        pair.addWidget(self._pair_text, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(self._reason, 1)
        column.addWidget(self.grid, 1)
        # As high without a choice as with one: the draws stay where they are.
        below = QWidget()
        below.setFixedHeight(PAIR)
        pair.setContentsMargins(0, 0, 0, 0)
        below.setLayout(pair)
        column.addWidget(below)

    def show_samples(self, samples: Samples | None, reason: str) -> None:
        """Show `samples`, or in words why there are none."""
        self._samples = samples
        self._reason.setText(_reason(reason))
        self._reason.setVisible(samples is None)
        self.grid.setVisible(samples is not None)
        for view in (self.draw_view, self.real_view):
            view.hide()
        self.grid.point_at(None)
        self._pair_text.setText("")
        if samples is not None:
            self.grid.show_pictures(
                samples.pictures, [self._title(index) for index in range(len(samples.z))]
            )
            self._pair_text.setText(translate("Samples", "Click a draw: its nearest real image."))
        self.show_about()

    def show_about(self) -> None:
        """Write what the law is, and how complete the model is under it once that is known."""
        samples, exhibit = self._samples, self._session.slots[self._slot].exhibit
        if samples is None:
            self.about.setText("" if exhibit is None else exhibit.name)
            self.about.setAccessibleName("")
            return
        found = self._session.samples.comparisons.get(self._slot)
        score = None if found is None else found.scores.get(self._session.samples.law)
        number = "…" if score is None else f"{score.score:.3f}"
        words = translate("Samples", "completeness {score}").format(score=number)
        # In a narrow column the number is all there is: the tooltip names it.
        room = self.width() - self._badge.width() - GRID
        narrow = self.about.fontMetrics().horizontalAdvance(words) > room
        self.about.setText(f"{samples.law}\n{number if narrow else words}")
        self.about.setAccessibleName(f"{samples.law}, {words}")
        told = (
            translate("Samples", "Completeness of draws from this law, mean over three seeds.")
            if score is None
            else translate(
                "Samples",
                "Completeness of draws from this law: {score:.3f} \N{PLUS-MINUS SIGN} {sd:.3f} "
                "over three seeds; realism P {p:.3f}, kinds of images reached Q {q:.3f}.",
            ).format(score=score.score, sd=score.sd, p=score.realism, q=score.coverage)
        )
        self.about.setToolTip(f"{samples.law}\n{told}{_layers_below(exhibit)}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_about()

    def _title(self, index: int) -> str:
        samples = self._samples
        assert samples is not None
        if not len(samples.nearest):
            return translate("Samples", "Draw {n}").format(n=index + 1)
        return translate("Samples", "Draw {n}: {away:.2f} from real image {image}").format(
            n=index + 1, away=samples.distances[index], image=self._image(index)
        )

    def _image(self, index: int) -> str:
        """Return number and label of the real image nearest to a draw."""
        samples, exhibit = self._samples, self._session.slots[self._slot].exhibit
        assert samples is not None
        assert exhibit is not None
        return image_name(exhibit, int(samples.nearest[index]), in_sentence=True)

    def _choose(self, index: int) -> None:
        samples, exhibit = self._samples, self._session.slots[self._slot].exhibit
        if samples is None or exhibit is None:
            return
        self.draw_view.show_image(samples.pictures[index])
        self.draw_view.show()
        if len(samples.nearest) and exhibit.dataset is not None:
            number = int(samples.nearest[index])
            self.real_view.show_image(exhibit.dataset.pixels(slice(number, number + 1))[0])
            self.real_view.show()
        self._pair_text.setText(self._title(index))
        self._session.activate(self._slot)
        self._session.set_code(self._slot, samples.z[index], samples.whole[index])


class SamplesPanel(QWidget):
    """The choice of the law, what speaks for it, and one SlotSamples per slot."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.slots: list[SlotSamples] = []
        self._comparing = QTimer(self, singleShot=True, interval=COMPARED_MS)
        self._comparing.timeout.connect(self._show_comparison)
        self.bic = ComponentsPlot(
            translate("Samples", "BIC \N{MINUS SIGN} least, nats"),
            translate(
                "Samples",
                "Bayesian information criterion of a mixture of so many Gaussians on the codes, "
                "over twice their number: \N{MINUS SIGN}log q(z) per code and what the parameters "
                "cost; less is better, and the least is ringed. Click: draw from that mixture.",
            ),
        )
        self.scores = ComponentsPlot(
            translate("Samples", "completeness"),
            translate(
                "Samples",
                "Completeness of draws from a mixture of so many Gaussians, measured one after "
                "another in the background. Click: draw from that mixture.",
            ),
        )
        for plot in (self.bic, self.scores):
            plot.picked.connect(self._pick)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self._choice_column())
        row.addWidget(self.bic, 1)
        row.addWidget(self.scores, 1)
        self._room = QHBoxLayout()
        self._room.setSpacing(2 * GRID)
        # The pictures have what the plots can do without.
        row.addLayout(self._room, 3)
        session.slots_changed.connect(self._rebuild)
        session.samples.drawn.connect(self._show_samples)
        session.samples.laws_compared.connect(self._take_comparison)
        session.samples.law_chosen.connect(self._show_law)
        session.model_changed.connect(self._offer_laws)
        session.exhibit_changed.connect(self._offer_laws)
        self._rebuild(len(session.slots))
        self._offer_laws()
        self._show_law(session.samples.law)

    def _choice_column(self) -> QWidget:
        page = QWidget(self)
        page.setFixedWidth(CHOICE_WIDTH)
        self.choice = QComboBox(page)
        self.choice.setAccessibleName(translate("Samples", "Law of the draws"))
        self.choice.activated.connect(self._choose_law)
        self.dial = QSlider(Qt.Orientation.Horizontal)
        self.number = QSpinBox()
        for part in (self.dial, self.number):
            part.setRange(1, MOST_COMPONENTS)
            part.setValue(FIRST_COMPONENTS)
            part.setAccessibleName(translate("Samples", "Number of Gaussians in the mixture"))
            part.valueChanged.connect(self._pick)
        again = QPushButton(translate("Samples", "New draws"))
        again.setToolTip(translate("Samples", "Draw again from the same law (N)"))
        again.clicked.connect(self._session.samples.draw_again)
        self._best = QLabel()
        self._best.setWordWrap(True)
        self._best.setProperty("muted", True)
        self._best.setFont(tabular(self._best.font()))
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        grid.addWidget(QLabel(translate("Samples", "draws from the")), 0, 0, 1, 2)
        grid.addWidget(self.choice, 1, 0, 1, 2)
        grid.addWidget(self.dial, 2, 0)
        grid.addWidget(self.number, 2, 1)
        grid.addWidget(again, 3, 0, 1, 2)
        grid.addWidget(self._best, 4, 0, 1, 2)
        grid.setRowStretch(5, 1)
        return page

    # --- the law ------------------------------------------------------------------------------

    def _offer_laws(self, *_: object) -> None:
        """List the laws; those of a codebook where a slot has one."""
        books = any(
            space.codebook is not None
            for state in self._session.slots
            if state.exhibit is not None
            for space in state.exhibit.spaces.values()
        )
        laws = [OWN, GAUSSIAN, MIXTURE, *(OF_CODEBOOKS if books else ())]
        if laws == [self.choice.itemData(row) for row in range(self.choice.count())]:
            return
        self.choice.clear()
        for law in laws:
            title, story = law_text(law)
            self.choice.addItem(title, law)
            self.choice.setItemData(self.choice.count() - 1, story, Qt.ItemDataRole.ToolTipRole)
        self._show_law(self._session.samples.law)

    def _choose_law(self, row: int) -> None:
        law = self.choice.itemData(row)
        self._session.samples.choose_law(mixture_of(self.number.value()) if law == MIXTURE else law)

    def _pick(self, components: int) -> None:
        self._session.samples.choose_law(mixture_of(components))

    def _show_law(self, law: str) -> None:
        components = components_of(law)
        self.choice.setCurrentIndex(self.choice.findData(MIXTURE if components else law))
        self.choice.setToolTip(law_text(MIXTURE if components else law)[1])
        for part in (self.dial, self.number):
            part.setEnabled(components > 0)
            part.setToolTip(components_text(mixture=components > 0))
            if components:
                before = part.blockSignals(True)
                part.setValue(components)
                part.blockSignals(before)
        for plot in (self.bic, self.scores):
            plot.point_at(components)
        for part in self.slots:
            part.show_about()

    # --- what was drawn and measured ----------------------------------------------------------

    def _rebuild(self, count: int) -> None:
        for part in self.slots:
            part.hide()
            self._room.removeWidget(part)
            part.deleteLater()
        for plot in (self.bic, self.scores):
            # Four slots need their room in a window of 1280 pixels.
            plot.setMinimumWidth(LEAST_PLOT)
            plot.setMaximumWidth(PLOT_WIDTH if count <= FEW_SLOTS else LEAST_PLOT)
        self.slots = [SlotSamples(self._session, slot) for slot in range(count)]
        for slot, part in enumerate(self.slots):
            self._room.addWidget(part, 1)
            exhibit = self._session.slots[slot].exhibit
            reason = "empty" if exhibit is None else "" if exhibit.spaces else "loading"
            part.show_samples(self._session.samples.by_slot.get(slot), reason)
        self._show_comparison()

    def _show_samples(self, slot: int, samples: Samples | None, reason: str) -> None:
        if slot < len(self.slots):
            self.slots[slot].show_samples(samples, reason)

    def _take_comparison(self, slot: int, found: LawComparison | None) -> None:
        """Show soon how laws compare; at once that nothing is known of a slot any more."""
        del slot
        if found is None:
            self._show_comparison()
        elif not self._comparing.isActive():
            self._comparing.start()

    def _show_comparison(self) -> None:
        found = self._session.samples.comparisons
        self.bic.show_curves(
            {slot: _above_least(one) for slot, one in found.items()},
            {slot: one.best for slot, one in found.items() if one.best is not None},
        )
        self.scores.show_curves({slot: _mixture_scores(one) for slot, one in found.items()}, {})
        self._best.setText(_told_of_fits(found))
        for part in self.slots:
            part.show_about()


def _told_of_fits(found: Mapping[int, LawComparison]) -> str:
    """Return in at most two sentences, for there may be four slots, how far all fits are."""
    whole, part = {}, {}
    for slot, one in sorted(found.items()):
        (part if one.best is None else whole)[SLOT_LETTERS[slot]] = one
    told = []
    if whole:
        best = ", ".join(f"{letter} {one.best}" for letter, one in whole.items())
        told.append(translate("Samples", "least BIC at {best}").format(best=best))
    if part:
        done = ", ".join(f"{letter} {len(one.bic)}" for letter, one in part.items())
        told.append(
            translate("Samples", "fitting {done} of {all}").format(done=done, all=MOST_COMPONENTS)
        )
    return "\n".join(told)


def _above_least(found: LawComparison) -> dict[int, float]:
    if not found.bic:
        return {}
    least = float(np.min(list(found.bic.values())))
    return {components: value - least for components, value in found.bic.items()}


def _mixture_scores(found: LawComparison) -> dict[int, float]:
    return {
        components_of(law): score.score for law, score in found.scores.items() if components_of(law)
    }


def _layers_below(exhibit: Exhibit | None) -> str:
    """Say what is drawn under the codes of a layer that has others below it."""
    space = None if exhibit is None else exhibit.spaces.get(main_space(exhibit))
    if space is None or space.drawn_in is space:
        return ""
    return "\n" + translate(
        "Samples",
        "The layers below are drawn under each code of this one; a click probes the draw with "
        "them.",
    )


def _reason(reason: str) -> str:
    return {
        "": "",
        "empty": translate("Samples", "This slot is empty."),
        "loading": translate("Samples", "The model is loading."),
        "no codebook": translate("Samples", "This model has no codebook: choose another law."),
    }.get(
        reason, translate("Samples", "Nothing could be drawn from this law: Help > Open the log.")
    )
