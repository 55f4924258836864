"""Judging: the worst places of every slot's model, once somebody looks at them."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import Signal

from vaeexplorer.data import InputError
from vaeexplorer.gui.session.document import Document
from vaeexplorer.gui.session.parts.scoring import Scoring, StoppedError
from vaeexplorer.gui.session.parts.watched import Watched
from vaeexplorer.jobs.worst import WorstPlaces, worst_places
from vaeexplorer.run import Exhibit

log = logging.getLogger(__name__)


class Judging(Watched):
    """`found` brings a slot's WorstPlaces, or None with the reason why there are none."""

    found = Signal(int, object, str)

    def __init__(self, session: Document, scores: Scoring) -> None:
        super().__init__(session, "worst")
        self._scores = scores
        self.by_slot: dict[int, WorstPlaces] = {}
        session.exhibit_changed.connect(self._forget)
        scores.changed.connect(self._look_when_scored)
        session.slots_changed.connect(self._forget_beyond)

    def _look_when_scored(self, slot: int, state: str) -> None:
        if slot < len(self._session.slots):
            self._look(slot)

    def _look(self, slot: int) -> None:
        exhibit = self._session.slots[slot].exhibit
        state = self._scores.states.get(slot, "empty")
        if not self._watched or slot in self.by_slot or slot in self._stops:
            return
        # Behind the scores, which prepare the images for it.
        if exhibit is None or state not in ("comparing", "scored"):
            self.found.emit(slot, None, state)
            return
        stop = self._stops.begin(slot)
        self._session.lanes.map.submit(
            ("worst", slot),
            partial(self._scores.measure_exhibit, worst_places, exhibit, stop),
            on_result=partial(self._take, slot, exhibit),
            on_error=partial(self._failed, slot, exhibit),
        )
        self.found.emit(slot, None, "measuring")

    def _take(self, slot: int, exhibit: Exhibit, found: WorstPlaces) -> None:
        if self._session.shows(slot, exhibit):
            self.by_slot[slot] = found
            self.found.emit(slot, found, "")

    def _failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        if not isinstance(error, InputError):
            log.error("looking for the worst places of %s failed", exhibit.name, exc_info=error)
        if self._session.shows(slot, exhibit):
            self.found.emit(slot, None, "failed")

    def _forget(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self._stops.stop(slot)
        self.by_slot.pop(slot, None)
        if slot < len(self._session.slots):
            self._look(slot)

    def _forget_beyond(self, count: int) -> None:
        for slot in [slot for slot in (*self.by_slot, *self._stops) if slot >= count]:
            self._forget(slot)
