"""What stands beside the scores: measured once somebody looks at it, after the scores."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from PySide6.QtCore import Signal

from vaeexplorer.gui.session.judging import Judging
from vaeexplorer.gui.session.scoring import StoppedError
from vaeexplorer.gui.session.stops import Stops
from vaeexplorer.jobs.scoring import score_beside
from vaeexplorer.run import Exhibit

log = logging.getLogger(__name__)


class Supplementing(Judging):
    """Adds "secondary" to the scores of a slot; `beside_changed` says how far that is.

    In a word: "waiting" for the scores, "measuring", "measured" or "failed".
    """

    beside_changed = Signal(int, str)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.beside_states: dict[int, str] = {}
        self._beside_watched = False
        self._beside_stops = Stops(self.lanes.map, "beside")
        self.exhibit_changed.connect(self._forget_beside)
        self.scoring_changed.connect(self._measure_beside)

    def close(self) -> None:
        """Stop measuring, and close as the document does."""
        self._beside_stops.stop_all()
        super().close()

    def watch_beside(self, watched: bool) -> None:
        """Say whether these numbers are looked at: only then are they measured."""
        self._beside_watched = watched
        if watched:
            for slot in range(len(self.slots)):
                self._measure_beside(slot)

    def _measure_beside(self, slot: int, state: str | None = None) -> None:
        """Measure a slot that has been scored; without scores there is nothing to stand beside."""
        if state is None:
            state = self.scoring_states.get(slot, "empty")
        if state in ("empty", "loading"):
            self._forget_beside(slot)
        if not self._beside_watched or state != "scored" or slot in self._beside_stops:
            return
        exhibit = self.slots[slot].exhibit
        assert exhibit is not None
        stop = self._beside_stops.begin(slot)
        self.lanes.map.submit(
            ("beside", slot),
            partial(self._measure_exhibit, score_beside, exhibit, stop),
            on_result=partial(self._beside_measured, slot, exhibit),
            on_error=partial(self._beside_failed, slot, exhibit),
        )
        self._say_beside(slot, "measuring")

    def _beside_measured(
        self, slot: int, exhibit: Exhibit, values: dict[str, float | None]
    ) -> None:
        if self.shows(slot, exhibit) and slot in self.scores:
            self.scores[slot] = {**self.scores[slot], "secondary": values}
            self._say_beside(slot, "measured")

    def _beside_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        log.error("measuring beside the scores of %s failed", exhibit.name, exc_info=error)
        if self.shows(slot, exhibit):
            self._say_beside(slot, "failed")

    def _forget_beside(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self._beside_stops.stop(slot)
        self._say_beside(slot, "waiting")

    def _say_beside(self, slot: int, state: str) -> None:
        if self.beside_states.get(slot, "waiting") != state:
            self.beside_states[slot] = state
            self.beside_changed.emit(slot, state)
