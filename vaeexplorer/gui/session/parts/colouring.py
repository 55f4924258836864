"""Colouring: what the colours of the dots say, the same in every slot."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.document import MAX_SLOTS
from vaeexplorer.gui.session.mapping import MapMaking
from vaeexplorer.jobs.measuring import MEASURES, OF_CODES, OF_IMAGES, measure
from vaeexplorer.run import Exhibit

BY_LABEL = "label"
COLOURINGS = (BY_LABEL, *MEASURES)


class Colouring(QObject):
    """Colours dots by label or by a number.

    `chosen` brings which of COLOURINGS; `measured` (slot, what, values): float32, (n,), or None
    where dots are coloured by label, and where the number does not exist.
    """

    chosen = Signal(str)
    measured = Signal(int, str, object)

    def __init__(self, session: MapMaking) -> None:
        super().__init__(session)
        self._session = session
        self._chosen = BY_LABEL
        session.exhibit_changed.connect(self._colour)
        session.model_changed.connect(self._colour_when_ready)
        session.maps_cancelled.connect(self._cancel)

    def choose(self, what: str) -> None:
        """Colour the dots of all maps by one of COLOURINGS."""
        self._chosen = what
        self.chosen.emit(what)
        for slot in range(len(self._session.slots)):
            self._colour(slot)

    def _cancel(self) -> None:
        """Give up what is being measured with the maps: it shares its bar with them."""
        for slot in range(MAX_SLOTS):
            self._session.lanes.map.cancel(("colour", slot))

    def _colour(self, slot: int, exhibit: Exhibit | None = None) -> None:
        exhibit, what = self._session.slots[slot].exhibit, self._chosen
        # Measured from the images it takes long: the next run that is opened must not wait for it.
        lane = self._session.lanes.work if what in OF_CODES else self._session.lanes.map
        for each in (self._session.lanes.work, self._session.lanes.map):
            each.cancel(("colour", slot))
        if exhibit is None:
            return
        if what == BY_LABEL:
            self.measured.emit(slot, what, None)
            return
        lane.submit(
            ("colour", slot),
            partial(measure, exhibit, what),
            on_progress=partial(self._session.progressed.emit, "map"),
            on_result=partial(self._measured, slot, exhibit, what),
            on_error=self._measuring_failed,
            urgent=True,
        )

    def _measured(
        self, slot: int, exhibit: Exhibit, what: str, values: NDArray[np.float32] | None
    ) -> None:
        if what not in OF_CODES:
            self._session.ended.emit("map")
        if self._session.shows(slot, exhibit) and what == self._chosen:
            self.measured.emit(slot, what, values)

    def _measuring_failed(self, error: Exception) -> None:
        self._session.ended.emit("map")
        self._session.tell(error)

    def _colour_when_ready(self, slot: int, state: str) -> None:
        """Measure what needs the images once they are there."""
        if state == "ready" and self._chosen in OF_IMAGES:
            self._colour(slot)
