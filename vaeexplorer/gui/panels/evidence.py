"""The evidence: how probable the models of the slots find held-out images, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QHideEvent, QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.evidence_pages import DRAWS, MARGINAL, EvidencePages
from vaeexplorer.gui.widgets.evidence_plots import RatePlane
from vaeexplorer.gui.widgets.evidence_texts import (
    aggregate_definitions,
    definitions,
    gradient_definition,
    overfitting_definition,
    reason_text,
)
from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.theme import GRID, tabular
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.regularity.information import active_units, dimension_order
from vaeexplorer.run import Exhibit, Measures, Progress, last_measures
from vaeexplorer.storage import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaeexplorer.jobs.evidence import Evidence
    from vaeexplorer.jobs.marginals import ImageDraws
    from vaeexplorer.regularity.aggregate import MarginalCurve
    from vaeexplorer.regularity.evidence import ExactEvidence

translate = QCoreApplication.translate

HARDEST = 6
THUMBNAIL = 40
NOTHING = "--"
NUMBERS_WIDTH = 400


class EvidencePanel(QWidget):
    """Rate and distortion, bounds of log p(x), their numbers, and the hardest images."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._runs: tuple[RunSummary, ...] = ()
        self._reasons: dict[int, str] = {}
        self.plane = RatePlane()
        self.pages = EvidencePages(len(session.slots))
        self.bounds, self.posterior = self.pages.bounds, self.pages.posterior
        self._exact_slot: int | None = None
        self._draws = 0
        self._numbers = QScrollArea()
        self._numbers.setWidgetResizable(True)
        self._numbers.setFrameShape(QScrollArea.Shape.NoFrame)
        self._numbers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._numbers.setFixedWidth(NUMBERS_WIDTH)
        self._waiting: dict[int, QLabel] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.plane, 1)
        row.addWidget(self.pages, 1)
        row.addWidget(self._numbers)
        session.evidence_measured.connect(self._take)
        session.evidence_integrated.connect(self._show_exact)
        session.exhibit_changed.connect(self._forget)
        # No lambdas: the session would keep the plots alive, whose menus have no parent.
        session.activated.connect(self._choose_plot)
        session.slots_changed.connect(self._resize)
        session.scored.connect(self._show)
        session.model_changed.connect(self._look_closer)
        session.went_round.connect(self._draw_images)
        session.marginal_compared.connect(self._show_marginal)
        session.images_drawn.connect(self._show_draws)
        self.pages.turned.connect(self._look_closer)
        session.evidence_progressed.connect(self._show_progress)
        session.runs_changed.connect(session.list_runs)
        session.runs_listed.connect(self._take_runs)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._session.list_runs()
        self._session.watch_evidence(True)
        self._look_closer()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._session.watch_evidence(False)

    # --- what the session says ----------------------------------------------------------------

    def _take(self, slot: int, evidence: Evidence | None, reason: str) -> None:
        self._reasons[slot] = "" if evidence is not None else reason
        self._show()

    def _take_runs(self, runs: Iterable[RunSummary]) -> None:
        self._runs = tuple(runs)
        self._draw_plane()

    def _forget(self, slot: int, exhibit: Exhibit | None) -> None:
        del exhibit
        self._reasons.pop(slot, None)
        if slot == self._exact_slot:
            self._exact_slot = None
        self._choose_plot()
        self._show()

    def _show_progress(self, slot: int, progress: Progress) -> None:
        if progress.fraction is None:
            return
        self._reasons[slot] = translate("Evidence", "measuring, {share:.0%}").format(
            share=progress.fraction
        )
        if slot in self._waiting:
            self._waiting[slot].setText(self._reasons[slot])

    def _show_exact(self, slot: int, index: int, found: ExactEvidence | None) -> None:
        if found is None:
            return
        title = translate(
            "Evidence",
            "#{index}: log p(x) {evidence:.2f} = ELBO {elbo:.2f} + KL {gap:.3f}",
        ).format(index=index, evidence=found.log_evidence, elbo=found.elbo, gap=found.gap)
        self.posterior.show_posterior(
            title, found.axes, found.log_true, found.mean, found.deviation
        )
        self._exact_slot = slot
        self._choose_plot()

    def _choose_plot(self, *_: object) -> None:
        exact = self._exact_slot is not None and self._exact_slot == self._session.active
        self.pages.offer_posterior(exact)
        self._look_closer()

    def _resize(self, count: int) -> None:
        self.pages.set_slot_count(count)
        self._look_closer()
        self._show()

    # --- one dimension, and draws of images ---------------------------------------------------

    def _look_closer(self, *_: object) -> None:
        """Ask for what the page that is looked at shows of the active slot, or of all."""
        if not self.isVisible():
            return
        active = self._session.active
        exhibit = self._session.slots[active].exhibit
        order: list[int] = []
        if exhibit is not None:
            codes = exhibit.codes[main_space(exhibit)]
            order = dimension_order(codes.mean, codes.log_variance).tolist()
        self.pages.offer_dimensions(order)
        if self.pages.page == MARGINAL:
            if self.pages.dimension is None:
                self.pages.marginal.show_curve(active, None)
            else:
                self._session.compare_marginal(active, self.pages.dimension)
        elif self.pages.page == DRAWS:
            for slot in range(len(self._session.slots)):
                self._draw_images(slot)

    def _draw_images(self, slot: int, *_: object) -> None:
        if self.isVisible() and self.pages.page == DRAWS:
            self._draws += 1
            self._session.draw_images(slot, self._draws)

    def _show_marginal(self, slot: int, curve: MarginalCurve) -> None:
        if slot == self._session.active:
            self.pages.marginal.show_curve(slot, curve)

    def _show_draws(self, slot: int, found: ImageDraws | None) -> None:
        self.pages.draws.show_draws(
            slot, found, translate("Evidence", "This model tells no p(x|z) of images.")
        )

    # --- what is shown ------------------------------------------------------------------------

    def _show(self, *_: object) -> None:
        self._draw_plane()
        self._fill_table()
        self.bounds.show_bounds(
            {
                slot: (
                    [bound.draws for bound in one.bounds],
                    [bound.mean for bound in one.bounds],
                    one.prior_means,
                )
                for slot, one in self._session.evidence.items()
            }
        )

    def _draw_plane(self) -> None:
        slots: dict[int, Measures] = {}
        fingerprint = None
        origins = set()
        for slot, state in enumerate(self._session.slots):
            exhibit = state.exhibit
            if exhibit is None or exhibit.run is None:
                continue
            fingerprint = fingerprint or exhibit.source.fingerprint
            measures = last_measures(exhibit.run)
            if measures is not None and exhibit.source.fingerprint == fingerprint:
                slots[slot] = measures
                origins.add(exhibit.origin)
        others = [
            (run.name, run.measures)
            for run in self._runs
            if run.measures is not None
            and run.fingerprint == fingerprint
            and str(run.path) not in origins
        ]
        self.plane.show_runs(others, slots)

    def _fill_table(self) -> None:
        """Write the numbers anew: a column for each slot, and below its hardest images."""
        page = QWidget()
        table = QGridLayout(page)
        table.setContentsMargins(0, 0, GRID, 0)
        table.setHorizontalSpacing(2 * GRID)
        table.setVerticalSpacing(GRID // 4)
        table.setColumnStretch(0, 1)
        slots = [
            slot for slot, state in enumerate(self._session.slots) if state.exhibit is not None
        ]
        for column, slot in enumerate(slots, 1):
            table.addWidget(SlotBadge(slot), 0, column, Qt.AlignmentFlag.AlignRight)
        rows = self._rows(slots)
        for line, (title, about, values) in enumerate(rows, 1):
            for column, text in enumerate((title, *values)):
                label = QLabel(text)
                label.setFont(tabular(label.font()))
                label.setToolTip(about)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                table.addWidget(label, line, column, side)
        self._waiting.clear()
        for line, slot in enumerate(slots, len(rows) + 1):
            table.addWidget(self._below(slot), line, 0, 1, len(slots) + 1)
        table.setRowStretch(len(rows) + len(slots) + 1, 1)
        self._numbers.setWidget(page)

    def _rows(self, slots: list[int]) -> list[tuple[str, str, list[str]]]:
        """Title, definition and one value per slot, of each line."""
        found = [self._session.evidence.get(slot) for slot in slots]
        read = {
            "elbo": lambda one: f"{one.elbo.mean():.1f}",
            "bound": lambda one: (
                f"{one.best.mean:.1f} \N{PLUS-MINUS SIGN} {one.best.standard_error:.1f}"
            ),
            "gap": lambda one: f"{one.gap:.2f}",
            "effective": lambda one: f"{np.median(one.best.effective):.0f}",
            "draw": lambda one: f"{one.draw_deviation:.1f}",
            "prior": lambda one: (
                NOTHING if one.prior_means is None else f"{one.prior_means[-1]:.1f}"
            ),
        }
        lines = [
            (title, about, [NOTHING if one is None else read[key](one) for one in found])
            for key, title, about in definitions()
        ]
        for key, title, about in aggregate_definitions():
            lines.append((title, about, [_aggregate_text(one, key) for one in found]))
        title = translate("Evidence", "active dimensions")
        about = translate(
            "Evidence",
            "Dimensions whose posterior mean varies between images by more than .01 (variance), "
            "of all.",
        )
        lines.append((title, about, [self._active(slot) for slot in slots]))
        ratios = [None if one is None else one.gradient_ratio for one in found]
        texts = [
            NOTHING if ratio is None else f"{ratio:.1f} \N{MULTIPLICATION SIGN}" for ratio in ratios
        ]
        lines.append((*gradient_definition(), texts))
        scores = [self._session.scores.get(slot) for slot in slots]
        texts = [
            NOTHING if one is None else f"{one['r2_train_minus_held_out']:.3f}" for one in scores
        ]
        return [*lines, (*overfitting_definition(), texts)]

    def _active(self, slot: int) -> str:
        exhibit = self._session.slots[slot].exhibit
        assert exhibit is not None
        codes = next(iter(exhibit.codes.values()))
        if codes.log_variance is None:
            return NOTHING
        return f"{int(active_units(codes.mean).sum())} / {codes.mean.shape[1]}"

    def _below(self, slot: int) -> QWidget:
        """Make what stands below the numbers: a slot's hardest images, or why there are none."""
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, GRID // 2, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(SlotBadge(slot), 0, Qt.AlignmentFlag.AlignVCenter)
        evidence = self._session.evidence.get(slot)
        exhibit = self._session.slots[slot].exhibit
        if evidence is None or exhibit is None or exhibit.dataset is None:
            text = QLabel(reason_text(self._reasons.get(slot, "")))
            text.setProperty("muted", True)
            text.setWordWrap(True)
            text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
            row.addWidget(text, 1)
            self._waiting[slot] = text
            return page
        for place in np.argsort(evidence.best.per_image)[:HARDEST]:
            index = int(evidence.images[place])
            nats = float(evidence.best.per_image[place])
            picture = to_qimage(exhibit.dataset.pixels(slice(index, index + 1))[0])
            button = QToolButton()
            button.setIcon(QIcon(QPixmap.fromImage(picture.scaled(THUMBNAIL, THUMBNAIL))))
            button.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
            button.setToolTip(
                translate(
                    "Evidence",
                    "One of the images that this model finds least probable: #{index}, log p(x) "
                    "about {nats:.1f} nats. Click to probe it.",
                ).format(index=index, nats=nats)
            )
            button.setAccessibleName(
                translate("Evidence", "Probe image {index}").format(index=index)
            )
            button.clicked.connect(lambda _=False, s=slot, i=index: self._probe(s, i))
            row.addWidget(button)
        row.addStretch()
        return page

    def _probe(self, slot: int, index: int) -> None:
        self._session.activate(slot)
        self._session.probe_image(slot, index)
        self._session.hold()


def _aggregate_text(evidence: Evidence | None, key: str) -> str:
    value = None if evidence is None else evidence.aggregate.get(key)
    if evidence is None or value is None:
        return NOTHING
    limit = evidence.aggregate.get("mutual_information_limit")
    near = key == "mutual_information" and limit is not None and value > 0.9 * limit
    return f"≥ {value:.2f}" if near else f"{value:.2f}"
