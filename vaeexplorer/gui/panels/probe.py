"""The probe: what every slot decodes at the inspected place, and the real image nearest to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.image_name import image_name
from vaeexplorer.gui.widgets.image_view import ImageView
from vaeexplorer.gui.widgets.live_label import LiveLabel
from vaeexplorer.gui.widgets.scroll_area import RING, ScrollArea
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS, tabular
from vaeexplorer.latent.probe import Probe
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

SIDE, COMPACT_SIDE = 144, 96
WORDS_HEIGHT = 176
"""Pixels that all but the pictures of a slot take."""


class SlotProbe(QWidget):
    """One slot's decode above its nearest real image, with the distance between them."""

    def __init__(self, session: Session, slot: int, compact: bool) -> None:
        super().__init__()
        self._session, self._slot = session, slot
        side = COMPACT_SIDE if compact else SIDE
        letter = SLOT_LETTERS[slot]
        self.decode = ImageView(
            translate("Probe", "Decoded picture of slot {letter}").format(letter=letter),
            SLOT_COLOURS[slot],
            side,
        )
        self.nearest = ImageView(
            translate("Probe", "Nearest real image in slot {letter}").format(letter=letter),
            side=side,
        )
        # May be cut off: a long name of a label must not decide how wide a column is.
        self._title, self._place, self._name = QLabel(), LiveLabel(), LiveLabel()
        self._nearest_title = QLabel(translate("Probe", "nearest real image"))
        for label in (self._place, self._nearest_title):
            label.setProperty("muted", True)
        self._numbers = ProbeNumbers(compact)
        if compact:
            self._arrange_in_a_row()
        else:
            self._arrange_in_a_column()
        self.clear()

    def _arrange_in_a_column(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(SlotBadge(self._slot), 0, 0)
        grid.addWidget(self._title, 0, 1)
        grid.setRowMinimumHeight(3, 28)
        self._nearest_title.setAlignment(Qt.AlignmentFlag.AlignBottom)
        parts = (self.decode, self._place, self._nearest_title, self.nearest, self._name)
        for row, part in enumerate((*parts, self._numbers), start=1):
            grid.addWidget(part, row, 0, 1, 2)

    def _arrange_in_a_row(self) -> None:
        for part in (self._title, self._nearest_title):
            part.setParent(self)
            part.hide()
        words = QVBoxLayout()
        words.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(GRID // 2)
        head.addWidget(SlotBadge(self._slot))
        head.addWidget(self._place, 1)
        words.addLayout(head)
        words.addWidget(self._name)
        words.addWidget(self._numbers)
        words.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addLayout(words, 1)
        for view in (self.decode, self.nearest):
            view.setFixedSize(COMPACT_SIDE, COMPACT_SIDE)
            row.addWidget(view, 0, Qt.AlignmentFlag.AlignTop)

    def set_side(self, side: int) -> None:
        """Make both pictures `side` pixels high."""
        for view in (self.decode, self.nearest):
            view.setFixedHeight(side)

    def clear(self) -> None:
        """Show that there is nothing to decode."""
        self._title.setText(translate("Probe", "empty"))
        self.decode.set_placeholder("")
        for view in (self.decode, self.nearest):
            view.show_image(None)
        self._probe: Probe | None = None
        self._place.setText("")
        self._name.setText("")
        self._numbers.clear()

    def show_exhibit(self, exhibit: Exhibit) -> None:
        """Get ready for another exhibit."""
        self.clear()
        self._title.setText(translate("Probe", "decodes"))
        self._title.setToolTip(exhibit.name)
        self.decode.set_placeholder(translate("Probe", "models are loading"))

    def show_state(self, state: str) -> None:
        """Show whether the model can decode yet."""
        if state == "failed":
            self.decode.set_placeholder(translate("Probe", "this model could not be loaded"))
        exhibit = self._session.slots[self._slot].exhibit
        if exhibit is not None and exhibit.dataset is None:
            self.nearest.set_placeholder(
                translate("Probe", "images not found")
                if state == "ready"
                else translate("Probe", "images are loading")
            )

    def show_probe(self, probe: Probe) -> None:
        """Show where the probe is, and the image that is nearest to it."""
        exhibit = self._session.slots[self._slot].exhibit
        if exhibit is None:
            return
        title = place_title(probe)
        if title != self._place.text():  # every new tooltip goes round all who listen
            self._place.setText(title)
            self._place.setToolTip(place_story(probe))
        if exhibit.dataset is not None:
            self.nearest.show_image(
                exhibit.dataset.pixels(slice(probe.nearest, probe.nearest + 1))[0]
            )
        self._name.setText(image_name(exhibit, probe.nearest))
        self._numbers.show_probe(probe)
        self._probe = probe

    def show_round_trip(self, probe: Probe, distance: float) -> None:
        """Show how far from the probe's code its decode is encoded, if it is still there."""
        if probe is self._probe:
            self._numbers.show_round_trip(distance)

    def show_decode(self, probe: Probe, image: NDArray[np.uint8]) -> None:
        """Show what the model makes of the probe."""
        self.decode.show_image(image, faded=probe.kind == "outside", request=probe)


class ProbeNumbers(QWidget):
    """What is known of the probe's code, one number to a row, values in line."""

    def __init__(self, compact: bool) -> None:
        super().__init__()
        self._compact = compact
        rows = (
            (
                translate("Probe", "distance"),
                translate(
                    "Probe",
                    "The Euclidean distance from the decoded code to the code of the nearest real "
                    "image.",
                ),
            ),
            (
                translate("Probe", "z"),
                translate(
                    "Probe",
                    "How far apart the codes are that meet at this place of the map: their root "
                    "mean square distance from the decoded code z, in units of the codes. The ring "
                    "around the probe is the same mean of the distances of their dots on the map. "
                    '"exact": this place stands for one code only. "on map": z lies exactly at '
                    "this place of the map, and the spread is that of its other components.",
                ),
            ),
            (
                translate("Probe", "round trip"),
                translate(
                    "Probe",
                    "The Euclidean distance from z to the code of its own decode: decoded, then "
                    "encoded again.",
                ),
            ),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._values = []
        for row, (name, story) in enumerate(rows):
            label, value = QLabel(name), LiveLabel(name)
            label.setProperty("muted", True)
            value.setFont(tabular(value.font()))
            for part in (label, value):
                part.setToolTip(story)
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
            self._values.append(value)
        self.distance, self.spread, self.round_trip = self._values

    def clear(self) -> None:
        """Show that there is no probe."""
        for value in self._values:
            value.setText("--")

    def show_probe(self, probe: Probe) -> None:
        """Show what is known as soon as the probe is there."""
        self.distance.setText(f"{probe.distance:.2f}")
        spread = translate("Probe", "\N{PLUS-MINUS SIGN} {spread:.2f}").format(spread=probe.spread)
        self.spread.setText(
            {
                "none": spread,
                "map": spread
                if self._compact
                else translate("Probe", "on map, {spread}").format(spread=spread),
                "code": translate("Probe", "exact"),
            }[probe.exactness]
        )
        self.round_trip.setText("...")

    def show_round_trip(self, distance: float) -> None:
        """Show the distance that a decode and an encode have brought the code."""
        self.round_trip.setText(f"{distance:.2f}")


class ProbePanel(ScrollArea):
    """One SlotProbe per slot: two beside each other, more in compact rows."""

    def __init__(self, session: Session) -> None:
        super().__init__(sideways=False)
        self._session = session
        self.slots: list[SlotProbe] = []
        self._rebuild(len(session.slots))
        session.slots_changed.connect(self._rebuild)
        session.exhibit_changed.connect(self._show_exhibit)
        session.model_changed.connect(self._show_state)
        session.probe_moved.connect(self._show_probe)
        session.decoded.connect(self._show_decode)
        session.went_round.connect(self._show_round_trip)

    def _rebuild(self, count: int) -> None:
        page = QWidget()
        compact = count > 2
        close = GRID // 2 if compact else GRID
        column = QVBoxLayout(page)
        column.setContentsMargins(GRID, close, GRID, close)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(close)
        self.slots = [SlotProbe(self._session, slot, compact) for slot in range(count)]
        for slot, part in enumerate(self.slots):
            row, side = (slot, 0) if compact else (0, slot)
            grid.addWidget(part, row, side)
            grid.setColumnStretch(side, 1)
        column.addLayout(grid)
        column.addStretch()
        self.setWidget(page)
        # Pictures of more slots keep their size, and none may be cut where there is room for all.
        self.setMinimumHeight(page.sizeHint().height() + 2 * RING if compact else 0)
        self._fit_pictures()
        for slot, state in enumerate(self._session.slots):
            self._show_exhibit(slot, state.exhibit)
            if state.probe is not None:
                self.slots[slot].show_probe(state.probe)
        self._session.decode_again()

    def _show_exhibit(self, slot: int, exhibit: Exhibit | None) -> None:
        if exhibit is None:
            self.slots[slot].clear()
        else:
            self.slots[slot].show_exhibit(exhibit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_pictures()

    def _fit_pictures(self) -> None:
        """Give the pictures of two slots the height that there is, within reason."""
        if len(self.slots) <= 2:
            side = (self.viewport().height() - WORDS_HEIGHT) // 2
            for part in self.slots:
                part.set_side(min(max(side, COMPACT_SIDE), SIDE))

    def _show_state(self, slot: int, state: str) -> None:
        self.slots[slot].show_state(state)

    def _show_probe(self, slot: int, probe: Probe) -> None:
        self.slots[slot].show_probe(probe)

    def _show_round_trip(self, slot: int, probe: Probe, distance: float) -> None:
        self.slots[slot].show_round_trip(probe, distance)

    def _show_decode(self, slot: int, probe: Probe, image: NDArray[np.uint8]) -> None:
        self.slots[slot].show_decode(probe, image)


def place_title(probe: Probe) -> str:
    """Return in words what kind of place the probe is at."""
    if probe.whole is not None:
        return translate("Probe", "a draw")
    return {
        "dot": translate("Probe", "on an image"),
        "linked": translate("Probe", "linked image"),
        "between": translate("Probe", "between images"),
        "outside": translate("Probe", "no data here"),
        "code": translate("Probe", "set by hand"),
    }[probe.kind]


def place_story(probe: Probe) -> str:
    """Return in one sentence where the decoded code comes from."""
    if probe.whole is not None:
        return translate(
            "Probe",
            "A draw from a law of the codes is decoded: in a hierarchy with the layers below drawn "
            "too, until a slider puts them at their means.",
        )
    return {
        "dot": translate("Probe", "The cursor is on a dot: its own code is decoded."),
        "linked": translate(
            "Probe", "The image nearest to the probe of the other slot: its own code is decoded."
        ),
        "between": translate(
            "Probe", "A mean of the codes of the dots around this place is decoded."
        ),
        "outside": translate(
            "Probe", "No image lies near this place of the map: what is decoded is a guess."
        ),
        "code": translate("Probe", "The code of the sliders is decoded."),
    }[probe.kind]
