"""What stands beside the scores: measured once somebody looks at it, after the scores."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import Signal

from vaeexplorer.gui.session.document import Document
from vaeexplorer.gui.session.parts.scoring import Scoring, StoppedError
from vaeexplorer.gui.session.parts.watched import Watched
from vaeexplorer.jobs.scoring import score_beside
from vaeexplorer.run import Exhibit

log = logging.getLogger(__name__)


class Supplementing(Watched):
    """Adds "secondary" to the scores of a slot; `changed` says how far that is.

    In a word: "waiting" for the scores, "measuring", "measured" or "failed".
    """

    changed = Signal(int, str)

    def __init__(self, session: Document, scores: Scoring) -> None:
        super().__init__(session, "beside")
        self._scores = scores
        self.states: dict[int, str] = {}
        session.exhibit_changed.connect(self._forget)
        scores.changed.connect(self._measure)

    def _look(self, slot: int) -> None:
        self._measure(slot, self._scores.states.get(slot, "empty"))

    def _measure(self, slot: int, state: str) -> None:
        """Measure a slot that has been scored; without scores there is nothing to stand beside."""
        if state in ("empty", "loading"):
            self._forget(slot)
        if not self._watched or state != "scored" or slot in self._stops:
            return
        exhibit = self._session.slots[slot].exhibit
        assert exhibit is not None
        stop = self._stops.begin(slot)
        self._session.lanes.map.submit(
            ("beside", slot),
            partial(self._scores.measure_exhibit, score_beside, exhibit, stop),
            on_result=partial(self._take, slot, exhibit),
            on_error=partial(self._failed, slot, exhibit),
        )
        self._say(slot, "measuring")

    def _take(self, slot: int, exhibit: Exhibit, values: dict[str, float | None]) -> None:
        if self._session.shows(slot, exhibit) and slot in self._scores.by_slot:
            self._scores.add(slot, "secondary", values)
            self._say(slot, "measured")

    def _failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        log.error("measuring beside the scores of %s failed", exhibit.name, exc_info=error)
        if self._session.shows(slot, exhibit):
            self._say(slot, "failed")

    def _forget(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self._stops.stop(slot)
        self._say(slot, "waiting")

    def _say(self, slot: int, state: str) -> None:
        if self.states.get(slot, "waiting") != state:
            self.states[slot] = state
            self.changed.emit(slot, state)
