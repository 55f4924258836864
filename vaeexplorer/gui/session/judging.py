"""Judging: the worst places of every slot's model, once somebody looks at them."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from PySide6.QtCore import Signal

from vaeexplorer.data import InputError
from vaeexplorer.gui.session.scoring import Scoring, StoppedError
from vaeexplorer.gui.session.stops import Stops
from vaeexplorer.jobs.worst import WorstPlaces, worst_places
from vaeexplorer.run import Exhibit

log = logging.getLogger(__name__)


class Judging(Scoring):
    """`worst_found` brings a slot's WorstPlaces, or None with the reason why there are none."""

    worst_found = Signal(int, object, str)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.worst: dict[int, WorstPlaces] = {}
        self._worst_watched = False
        self._worst_stops = Stops(self.lanes.map, "worst")
        self.exhibit_changed.connect(self._forget_worst)
        self.scoring_changed.connect(self._find_when_scored)
        self.slots_changed.connect(self._forget_worst_beyond)

    def close(self) -> None:
        """Stop looking, and close as the document does."""
        self._worst_stops.stop_all()
        super().close()

    def watch_worst(self, watched: bool) -> None:
        """Say whether the worst places are looked at: only then are they looked for."""
        self._worst_watched = watched
        if watched:
            for slot in range(len(self.slots)):
                self._find_worst(slot)

    def _find_when_scored(self, slot: int, state: str) -> None:
        if slot < len(self.slots):
            self._find_worst(slot)

    def _find_worst(self, slot: int) -> None:
        exhibit = self.slots[slot].exhibit
        state = self.scoring_states.get(slot, "empty")
        if not self._worst_watched or slot in self.worst or slot in self._worst_stops:
            return
        # Behind the scores, which prepare the images for it.
        if exhibit is None or state not in ("comparing", "scored"):
            self.worst_found.emit(slot, None, state)
            return
        stop = self._worst_stops.begin(slot)
        self.lanes.map.submit(
            ("worst", slot),
            partial(self._measure_exhibit, worst_places, exhibit, stop),
            on_result=partial(self._worst_places_found, slot, exhibit),
            on_error=partial(self._worst_failed, slot, exhibit),
        )
        self.worst_found.emit(slot, None, "measuring")

    def _worst_places_found(self, slot: int, exhibit: Exhibit, found: WorstPlaces) -> None:
        if self.shows(slot, exhibit):
            self.worst[slot] = found
            self.worst_found.emit(slot, found, "")

    def _worst_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        if not isinstance(error, InputError):
            log.error("looking for the worst places of %s failed", exhibit.name, exc_info=error)
        if self.shows(slot, exhibit):
            self.worst_found.emit(slot, None, "failed")

    def _forget_worst(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self._worst_stops.stop(slot)
        self.worst.pop(slot, None)
        if slot < len(self.slots):
            self._find_worst(slot)

    def _forget_worst_beyond(self, count: int) -> None:
        for slot in [slot for slot in (*self.worst, *self._worst_stops) if slot >= count]:
            self._forget_worst(slot)
