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
    QToolButton,
    QWidget,
)

from vaeexplorer.drawing.numbers import written
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.dimension_texts import dimension_names
from vaeexplorer.gui.widgets.evidence_lines import (
    about_slot,
    line_of,
    reason_label,
    sentence,
    with_note,
)
from vaeexplorer.gui.widgets.evidence_pages import DRAWS, MARGINAL, EvidencePages
from vaeexplorer.gui.widgets.evidence_plots import RatePlane
from vaeexplorer.gui.widgets.evidence_rows import lines
from vaeexplorer.gui.widgets.evidence_texts import (
    apart_text,
    exact_text,
    hard_text,
    note_text,
    reason_text,
)
from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.theme import GRID, tabular
from vaeexplorer.gui.widgets.written_area import WrittenArea
from vaeexplorer.jobs.describing import CodesDescription
from vaeexplorer.run import Config, Exhibit, Progress, last_measures
from vaeexplorer.storage import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vaeexplorer.data.dataset import Source
    from vaeexplorer.jobs.evidence import Evidence
    from vaeexplorer.jobs.marginals import ImageDraws
    from vaeexplorer.regularity.aggregate import MarginalCurve
    from vaeexplorer.regularity.quadrature import ExactEvidence

translate = QCoreApplication.translate

HARDEST = 6
THUMBNAIL = 40
NUMBERS_WIDTH, COLUMN_WIDTH = 400, 88
"""Pixels that the numbers of two slots take, and those of each slot more, where there is room."""
LINES_AT_ONCE = 5
"""What is written in one turn of the window's thread."""


class EvidencePanel(QWidget):
    """Rate and distortion, bounds of log p(x), their numbers, and the hardest images."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._runs: tuple[RunSummary, ...] = ()
        self._reasons: dict[int, str] = {}
        self.plane = RatePlane()
        self._apart = sentence("")
        self._apart.hide()
        self.pages = EvidencePages(len(session.slots))
        self.bounds = self.pages.bounds
        self._exact_slot: int | None = None
        self._draws = 0
        self._numbers = WrittenArea(translate("Evidence", "Numbers of the evidence"))
        self._numbers.setMinimumWidth(NUMBERS_WIDTH)
        self._give_room(len(session.slots))
        self._waiting: dict[int, QLabel] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(with_note(self.plane, self._apart), 1)
        row.addWidget(self.pages, 1)
        row.addWidget(self._numbers, 2)
        session.evidence.measured.connect(self._take)
        session.evidence.integrated.connect(self._show_exact)
        session.exhibit_changed.connect(self._forget)
        # No lambdas: the session would keep the plots alive, whose menus have no parent.
        session.activated.connect(self._choose_plot)
        session.activated.connect(self._draw_plots)
        session.families_loaded.connect(self._draw_plots)
        session.slots_changed.connect(self._resize)
        session.scores.measured.connect(self._show)
        session.model_changed.connect(self._look_closer)
        session.descriptions.described.connect(self._look_closer)
        session.descriptions.described.connect(self._show)
        session.went_round.connect(self._draw_images)
        session.evidence.marginal_compared.connect(self._show_marginal)
        session.evidence.images_drawn.connect(self._show_draws)
        self.pages.turned.connect(self._look_closer)
        session.evidence.progressed.connect(self._show_progress)
        session.runs_changed.connect(session.runs.list)
        session.runs.listed.connect(self._take_runs)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._session.runs.list()
        self._session.evidence.watch(True)
        self._look_closer()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._session.evidence.watch(False)

    # --- what the session says ----------------------------------------------------------------

    def _take(self, slot: int, evidence: Evidence | None, reason: str) -> None:
        self._reasons[slot] = "" if evidence is not None else reason
        self._show()

    def _take_runs(self, runs: Iterable[RunSummary]) -> None:
        self._runs = tuple(runs)
        self._draw_plots()

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
        self._reasons[slot] = translate("Evidence", "measuring, {share:.0f} %").format(
            share=100 * progress.fraction
        )
        if slot in self._waiting:
            self._waiting[slot].setText(self._reasons[slot])

    def _show_exact(self, slot: int, index: int, found: ExactEvidence | None) -> None:
        if found is None:
            return
        exhibit = self._session.slots[slot].exhibit
        title, about = exact_text(
            found,
            index,
            fields=self._learns_fields(slot),
            declares=next(iter(exhibit.spaces.values())).prior is not None,
        )
        plot = self.pages.posterior
        plot.show_posterior(
            title,
            found.axes,
            found.log_true,
            (found.mean, found.deviation),
            found.outlines,
            found.names,
        )
        plot.setToolTip(about)
        self._exact_slot = slot
        self._choose_plot()

    def _choose_plot(self, *_: object) -> None:
        exact = self._exact_slot is not None and self._exact_slot == self._session.active
        self.pages.offer_posterior(exact)
        self._look_closer()

    def _give_room(self, count: int) -> None:
        self._numbers.setMaximumWidth(NUMBERS_WIDTH + COLUMN_WIDTH * max(0, count - 2))

    def _resize(self, count: int) -> None:
        self._give_room(count)
        self.pages.set_slot_count(count)
        self._look_closer()
        self._show()

    # --- one dimension, and draws of images ---------------------------------------------------

    def _named(self, described: CodesDescription) -> dict[int, str]:
        """Name the dimensions of the active slot, those first that carry most."""
        names = dimension_names(self._session.slots[self._session.active].exhibit)
        return {dimension: names[dimension] for dimension in described.by_carried.tolist()}

    def _look_closer(self, *_: object) -> None:
        """Ask for what the page that is looked at shows of the active slot, or of all."""
        if not self.isVisible():
            return
        active = self._session.active
        described = self._session.descriptions.of(active)
        self.pages.offer_dimensions({} if described is None else self._named(described))
        if self.pages.page == MARGINAL:
            if self.pages.dimension is None:
                self.pages.marginal.show_curve(active, None)
            else:
                self._session.evidence.compare_marginal(active, self.pages.dimension)
        elif self.pages.page == DRAWS:
            for slot in range(len(self._session.slots)):
                self._draw_images(slot)

    def _draw_images(self, slot: int, *_: object) -> None:
        if self.isVisible() and self.pages.page == DRAWS:
            self._draws += 1
            self._session.evidence.draw_images(slot, self._draws)

    def _show_marginal(self, slot: int, curve: MarginalCurve) -> None:
        exhibit = self._session.slots[slot].exhibit
        if slot == self._session.active and exhibit is not None:
            name = dimension_names(exhibit)[curve.dimension]
            self.pages.marginal.show_curve(slot, curve, name)

    def _show_draws(self, slot: int, found: ImageDraws | None) -> None:
        self.pages.draws.show_draws(
            slot, found, translate("Evidence", "This model tells no p(x|z) of images.")
        )

    # --- what is shown ------------------------------------------------------------------------

    def _show(self, *_: object) -> None:
        self._numbers.write(self._write_numbers)
        self._draw_plots()

    def _draw_plots(self, *_: object) -> None:
        """Draw what has nats of one kind with those of the active slot, or of the first run."""
        held = {
            slot: state.exhibit
            for slot, state in enumerate(self._session.slots)
            if state.exhibit is not None and state.exhibit.run is not None
        }
        first = held.get(self._session.active) or next(iter(held.values()), None)
        if first is None:
            self.plane.show_runs([], {})
            self._apart.hide()
            self.bounds.show_bounds({})
            return
        kind = self._nats(first.run.config, first.source.shape)
        alike = {
            slot: one
            for slot, one in held.items()
            if self._nats(one.run.config, one.source.shape) == kind
        }
        found = self._session.evidence.by_slot
        self.bounds.show_bounds(
            {
                slot: (found[slot].draws, found[slot].curve, found[slot].prior_means)
                for slot in alike
                if slot in found
            }
        )
        self._draw_plane(alike, first.source, kind, [slot for slot in held if slot not in alike])

    def _draw_plane(
        self, alike: Mapping[int, Exhibit], source: Source, kind: str, without: list[int]
    ) -> None:
        """Draw the runs in slots, and all others of the same images with nats of that kind."""
        slots = {
            slot: measures
            for slot, one in alike.items()
            if one.source.fingerprint == source.fingerprint
            and (measures := last_measures(one.run)) is not None
        }
        drawn = [(alike[slot].run.config.family, measures) for slot, measures in slots.items()]
        origins = {one.origin for one in alike.values()}
        others = [
            run
            for run in self._runs
            if run.measures is not None
            and run.fingerprint == source.fingerprint
            and str(run.path) not in origins
            and self._nats(Config(run.family, run.settings), source.shape) == kind
        ]
        drawn += [(run.family, run.measures) for run in others if run.measures.rate is not None]
        families = self._session.families
        known = [(families[name], one) for name, one in drawn if name in families]
        apart = [(family, one) for family, one in known if family.apart]
        named = [(run.name, run.measures) for run in others]
        self.plane.show_runs(named, slots, without, [one for _, one in apart])
        self._apart.setText(apart_text({family: one.rate is not None for family, one in apart}))
        self._apart.setVisible(bool(apart))

    def _nats(self, config: Config, shape: tuple[int, int, int]) -> str:
        """Say what the nats of a run are; empty: nothing, or it is not known yet."""
        if config.family not in self._session.families:
            return ""
        from vaeexplorer.models import settings  # imports torch, which has brought the families

        try:
            return settings(config.family, config.model).nats(shape)
        except ValueError:
            return translate("Evidence", "not known")

    def _write_numbers(self, page: QWidget) -> Iterator[None]:
        """Write a column for each slot, some lines at a time, and below the hardest images."""
        table = QGridLayout(page)
        table.setContentsMargins(0, 0, GRID, 0)
        table.setVerticalSpacing(GRID // 4)
        table.setColumnStretch(0, 1)
        slots = [
            slot for slot, state in enumerate(self._session.slots) if state.exhibit is not None
        ]
        table.setHorizontalSpacing(2 * GRID if len(slots) <= 2 else GRID)
        for column, slot in enumerate(slots, 1):
            table.addWidget(SlotBadge(slot), 0, column, Qt.AlignmentFlag.AlignRight)
        rows = lines(
            [self._session.slots[slot].exhibit for slot in slots],
            [self._session.evidence.by_slot.get(slot) for slot in slots],
            [self._session.scores.by_slot.get(slot) for slot in slots],
            [self._session.descriptions.of(slot) for slot in slots],
        )
        measured = [slot for slot in slots if self._is_measured(slot)]
        # Where one looks first, it says why a column is empty.
        waiting = {
            slot: reason_label(reason_text(self._reasons.get(slot, "")))
            for slot in slots
            if slot not in measured
        }
        for line, (slot, text) in enumerate(waiting.items(), 1):
            table.addWidget(about_slot(slot, text), line, 0, 1, len(slots) + 1)
        for line, row in enumerate(rows, len(waiting) + 1):
            if (line - len(waiting)) % LINES_AT_ONCE == 1:
                yield
            for column, text in enumerate((row.title, *row.cells)):
                label = QLabel(text)
                label.setFont(tabular(label.font()))
                label.setToolTip(row.tooltip(column - 1) if column else row.about)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                table.addWidget(label, line, column, side)
        for line, slot in enumerate(measured, len(rows) + len(waiting) + 1):
            yield
            # What was measured of it may be out of date, and gone, since the first line.
            if self._is_measured(slot):
                table.addWidget(self._hardest(slot), line, 0, 1, len(slots) + 1)
        table.setRowStretch(len(rows) + len(slots) + 1, 1)
        self._waiting = waiting
        for slot, text in waiting.items():
            text.setText(reason_text(self._reasons.get(slot, "")))

    def _is_measured(self, slot: int) -> bool:
        if slot >= len(self._session.slots):
            return False
        exhibit = self._session.slots[slot].exhibit
        found = slot in self._session.evidence.by_slot
        return found and exhibit is not None and exhibit.dataset is not None

    def _hardest(self, slot: int) -> QWidget:
        """Make the row of the images of a slot with the least log p(x), and what is to be said."""
        page, row = line_of(slot)
        evidence = self._session.evidence.by_slot[slot]
        exhibit = self._session.slots[slot].exhibit
        fields = self._learns_fields(slot)
        for place in np.argsort(evidence.log_evidence)[:HARDEST]:
            index = int(evidence.images[place])
            nats = written(float(evidence.log_evidence[place]), 1)
            picture = to_qimage(exhibit.dataset.pixels(slice(index, index + 1))[0])
            button = QToolButton()
            button.setIcon(QIcon(QPixmap.fromImage(picture.scaled(THUMBNAIL, THUMBNAIL))))
            button.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
            button.setToolTip(hard_text(fields=fields).format(index=index, nats=nats))
            button.setAccessibleName(
                translate("Evidence", "Probe image {index}").format(index=index)
            )
            button.clicked.connect(lambda _=False, s=slot, i=index: self._probe(s, i))
            row.addWidget(button)
        row.addStretch()
        note = note_text(
            certain=evidence.best is None,
            fields=fields,
            exact=evidence.exact,
            shared="content" in exhibit.spaces,
        )
        return with_note(page, sentence(note)) if note else page

    def _learns_fields(self, slot: int) -> bool:
        """Whether what a slot finds more or less probable are displacement fields."""
        exhibit = self._session.slots[slot].exhibit
        return exhibit is not None and any(
            space.given == "source" for space in exhibit.spaces.values()
        )

    def _probe(self, slot: int, index: int) -> None:
        self._session.activate(slot)
        self._session.probe_image(slot, index)
        self._session.hold()
