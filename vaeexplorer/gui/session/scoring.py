"""Scoring: continuity and completeness of what enters a slot, once it can be decoded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from vaeexplorer.data import InputError
from vaeexplorer.gui.session.opening import Opening
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Exhibit

log = logging.getLogger(__name__)


class Scoring(Opening):
    """Scores every exhibit that has a model and images; `scored` brings the numbers."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.model_changed.connect(self._score)

    def _score(self, slot: int, state: str) -> None:
        exhibit = self.slots[slot].exhibit
        if state != "ready" or exhibit is None or exhibit.dataset is None or exhibit.run is None:
            return
        # Behind the maps: nobody waits for it, and it must not hold up what is opened meanwhile.
        self._map_lane.submit(
            ("score", slot),
            _job(exhibit),
            on_result=partial(self._show_scores, slot, exhibit),
            on_error=partial(self._scoring_failed, slot, exhibit),
        )

    def _show_scores(self, slot: int, exhibit: Exhibit, scores: dict[str, Any]) -> None:
        if self._shows(slot, exhibit):
            self.scored.emit(slot, scores)

    def _scoring_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        # Too few images for a score is no fault: there is just no number to show.
        if not isinstance(error, InputError):
            log.error("scoring %s failed", exhibit.name, exc_info=error)
        if self._shows(slot, exhibit):
            self.scored.emit(slot, None)


def _job(exhibit: Exhibit) -> Callable[[], Any]:
    def job() -> Any:
        from vaeexplorer.jobs.scoring import score_space

        dataset, run = exhibit.dataset, exhibit.run
        assert dataset is not None
        assert run is not None
        space = exhibit.spaces[main_space(exhibit)]
        return score_space(space, dataset, dataset.split(run.split_seed), with_others=False)

    return job
