"""Colouring: what the colours of the dots say, the same in every slot."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from vaeexplorer.gui.session.bounding import Bounding
from vaeexplorer.gui.session.document import MAX_SLOTS
from vaeexplorer.jobs.measuring import MEASURES, OF_CODES, OF_IMAGES, measure
from vaeexplorer.run import Exhibit

BY_LABEL = "label"
COLOURINGS = (BY_LABEL, *MEASURES)


class Colouring(Bounding):
    """The verb that colours dots by label or by a number.

    `measured` brings (slot, what, values): float32, (n,), or None where dots are coloured by
    label, and where the number does not exist.
    """

    measured = Signal(int, str, object)

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.colouring = BY_LABEL
        self.exhibit_changed.connect(self._colour)
        self.model_changed.connect(self._colour_when_ready)

    def colour_by(self, what: str) -> None:
        """Colour the dots of all maps by one of COLOURINGS."""
        self.colouring = what
        for slot in range(len(self.slots)):
            self._colour(slot)

    def cancel_map(self) -> None:
        """Give up what is being measured, too: it shares its bar with the maps."""
        for slot in range(MAX_SLOTS):
            self.lanes.map.cancel(("colour", slot))
        super().cancel_map()

    def _colour(self, slot: int, exhibit: Exhibit | None = None) -> None:
        exhibit, what = self.slots[slot].exhibit, self.colouring
        # Measured from the images it takes long: the next run that is opened must not wait for it.
        lane = self.lanes.work if what in OF_CODES else self.lanes.map
        for each in (self.lanes.work, self.lanes.map):
            each.cancel(("colour", slot))
        if exhibit is None:
            return
        if what == BY_LABEL:
            self.measured.emit(slot, what, None)
            return
        lane.submit(
            ("colour", slot),
            partial(measure, exhibit, what),
            on_progress=partial(self.progressed.emit, "map"),
            on_result=partial(self._measured, slot, exhibit, what),
            on_error=self._measuring_failed,
            urgent=True,
        )

    def _measured(
        self, slot: int, exhibit: Exhibit, what: str, values: NDArray[np.float32] | None
    ) -> None:
        if what not in OF_CODES:
            self.ended.emit("map")
        if self.shows(slot, exhibit) and what == self.colouring:
            self.measured.emit(slot, what, values)

    def _measuring_failed(self, error: Exception) -> None:
        self.ended.emit("map")
        self.tell(error)

    def _colour_when_ready(self, slot: int, state: str) -> None:
        """Measure what needs the images once they are there."""
        if state == "ready" and self.colouring in OF_IMAGES:
            self._colour(slot)
