"""Worst places: where each model changes most abruptly, and which draws are farthest from data."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.elided_label import ElidedLabel
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS
from vaeexplorer.gui.widgets.tiles import Tiles
from vaeexplorer.jobs.worst import WorstPlace, WorstPlaces

translate = QCoreApplication.translate


class SlotPlaces(QWidget):
    """The two lists of one slot."""

    def __init__(self, session: Session, slot: int) -> None:
        super().__init__()
        self._session, self._slot = session, slot
        self._found: WorstPlaces | None = None
        self._name, self._reason = ElidedLabel(), QLabel()
        self._name.setProperty("heading", True)
        self._reason.setProperty("muted", True)
        self._reason.setWordWrap(True)
        self._titles = ElidedLabel(), ElidedLabel()
        self.steps, self.draws = Tiles(), Tiles()
        self.steps.chosen.connect(lambda index: self._go(self._found.steps[index]))
        self.draws.chosen.connect(lambda index: self._go(self._found.draws[index]))
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(SlotBadge(slot))
        head.addWidget(self._name, 1)
        column = QGridLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setVerticalSpacing(GRID // 2)
        column.addLayout(head, 0, 0)
        column.addWidget(self._reason, 1, 0)
        for row, (title, tiles) in enumerate(
            zip(self._titles, (self.steps, self.draws), strict=True)
        ):
            column.addWidget(title, 2 * row + 2, 0)
            column.addWidget(tiles, 2 * row + 3, 0)
        column.setRowStretch(6, 1)

    def show_found(self, found: WorstPlaces | None, reason: str) -> None:
        """Show what was `found`, or in words why nothing is there."""
        self._found = found
        exhibit = self._session.slots[self._slot].exhibit
        self._name.setText("" if exhibit is None else exhibit.name)
        self._reason.setText(_reason(reason))
        self._reason.setVisible(found is None)
        for part in (*self._titles, self.steps, self.draws):
            part.setVisible(found is not None)
        if found is None:
            return
        steps, draws = self._titles
        steps.setText(
            translate("Worst", "steepest steps, \N{MULTIPLICATION SIGN} even steps")
            if found.steps
            else translate("Worst", "steepest steps --: no step changes the picture")
        )
        steps.setToolTip(
            translate(
                "Worst",
                "Of the 4,096 small steps that continuity measures, those that change the picture "
                "most, before and after; the number says how many times as much as if the same "
                "pictures lay on straight lines.",
            )
        )
        draws.setText(
            translate(
                "Worst", "emptiest draws, {law}, \N{MULTIPLICATION SIGN} usual distance"
            ).format(law=found.law)
        )
        draws.setToolTip(
            translate(
                "Worst",
                "Of the draws that completeness measures, those that decode farthest from every "
                "real image; the number says how many times as far as reconstructions usually lie.",
            )
        )
        self._fill(self.steps, found.steps, translate("Worst", "Steep step {n} of slot {letter}"))
        self._fill(self.draws, found.draws, translate("Worst", "Empty draw {n} of slot {letter}"))

    def _fill(self, tiles: Tiles, places: Sequence[WorstPlace], name: str) -> None:
        letter = SLOT_LETTERS[self._slot]
        story = translate("Worst", "{name}: {amount:.1f} times. Click: put the probe there.")
        tiles.show_tiles(
            [place.pictures for place in places],
            [f"{place.amount:.1f} \N{MULTIPLICATION SIGN}" for place in places],
            [
                story.format(name=name.format(n=n, letter=letter), amount=place.amount)
                for n, place in enumerate(places, 1)
            ],
        )

    def _go(self, place: WorstPlace) -> None:
        self._session.activate(self._slot)
        self._session.set_code(self._slot, place.z, place.whole)


class WorstPanel(ScrollArea):
    """One SlotPlaces per slot, side by side."""

    def __init__(self, session: Session) -> None:
        super().__init__(sideways=False)
        self._session = session
        self.slots: list[SlotPlaces] = []
        self._rebuild(len(session.slots))
        session.slots_changed.connect(self._rebuild)
        session.worst_places.found.connect(self._show_found)

    def _rebuild(self, count: int) -> None:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(2 * GRID)
        self.slots = [SlotPlaces(self._session, slot) for slot in range(count)]
        for slot, part in enumerate(self.slots):
            row.addWidget(part, 1)
            state = self._session.scores.states.get(slot, "empty")
            part.show_found(self._session.worst_places.by_slot.get(slot), state)
        self.setWidget(page)

    def _show_found(self, slot: int, found: WorstPlaces | None, reason: str) -> None:
        if slot < len(self.slots):
            self.slots[slot].show_found(found, reason)


def _reason(reason: str) -> str:
    return {
        "empty": translate("Worst", "This slot is empty."),
        "loading": translate("Worst", "The model is loading."),
        "no images": translate("Worst", "The images of this run were not found."),
        "no model": translate("Worst", "The model could not be loaded."),
        "too few": translate("Worst", "There are too few images for a score."),
        "failed": translate("Worst", "This could not be measured: Help > Open the log."),
    }.get(reason, translate("Worst", "Measuring: a few seconds."))
