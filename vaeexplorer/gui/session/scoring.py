"""Scoring: continuity and completeness of what enters a slot, once it can be decoded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from vaeexplorer.data import InputError
from vaeexplorer.gui.session.opening import Opening
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Exhibit, Progress

if TYPE_CHECKING:
    from torch import Tensor

    from vaeexplorer.models.base import LatentSpace, Posterior, Prior

log = logging.getLogger(__name__)


BLOCK = 128
"""Codes decoded between two looks at whether the score is still wanted."""


class Scoring(Opening):
    """Scores every exhibit that has a model and images; `scored` brings the numbers."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._stops: dict[int, threading.Event] = {}
        self.model_changed.connect(self._score)
        self.exhibit_changed.connect(self._stop_scoring)

    def close(self) -> None:
        """Stop scoring, and close as the document does."""
        for slot in tuple(self._stops):
            self._stop_scoring(slot)
        super().close()

    def _stop_scoring(self, slot: int, exhibit: Exhibit | None = None) -> None:
        """Give up the score of what has left `slot`."""
        del exhibit
        self._map_lane.cancel(("score", slot))
        stop = self._stops.pop(slot, None)
        if stop is not None:
            stop.set()

    def _score(self, slot: int, state: str) -> None:
        exhibit = self.slots[slot].exhibit
        if state != "ready" or exhibit is None or exhibit.dataset is None or exhibit.run is None:
            return
        if slot in self._stops:  # it was ready before, and lacked nothing
            return
        self._stops[slot] = stop = threading.Event()
        # Behind the maps: nobody waits for it, and it must not hold up what is opened meanwhile.
        self._map_lane.submit(
            ("score", slot),
            partial(_score_exhibit, exhibit, stop),
            on_result=partial(self._show_scores, slot, exhibit),
            on_error=partial(self._scoring_failed, slot, exhibit),
        )

    def _show_scores(self, slot: int, exhibit: Exhibit, scores: dict[str, Any]) -> None:
        if self._shows(slot, exhibit):
            self.scored.emit(slot, scores)

    def _scoring_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        # Too few images for a score is no fault: there is just no number to show.
        if not isinstance(error, InputError):
            log.error("scoring %s failed", exhibit.name, exc_info=error)
        if self._shows(slot, exhibit):
            self.scored.emit(slot, None)


class StoppedError(Exception):
    """The score is not wanted any more."""


@dataclass(frozen=True, eq=False)
class Stoppable:
    """A latent space that raises StoppedError once `stop` is set.

    One part of a score decodes for seconds with a large model: too long to wait for its end.
    """

    space: LatentSpace
    stop: threading.Event

    @property
    def size(self) -> int:
        """As the space's."""
        return self.space.size

    @property
    def prior(self) -> Prior | None:
        """As the space's."""
        return self.space.prior

    def encode(self, images: Tensor) -> Posterior:
        """As the space does, unless it was stopped."""
        self._check()
        return self.space.encode(images)

    def decode(self, z: Tensor) -> Tensor:
        """As the space does, unless it was stopped."""
        import torch

        parts = []
        for part in z.split(BLOCK):
            self._check()
            parts.append(self.space.decode(part))
        return torch.cat(parts) if parts else self.space.decode(z)

    def _check(self) -> None:
        if self.stop.is_set():
            raise StoppedError


def _score_exhibit(
    exhibit: Exhibit, stop: threading.Event
) -> Generator[Progress, None, dict[str, Any]]:
    from vaeexplorer.jobs.scoring import score_space

    dataset, run = exhibit.dataset, exhibit.run
    assert dataset is not None
    assert run is not None
    space = Stoppable(exhibit.spaces[main_space(exhibit)], stop)
    return score_space(space, dataset, dataset.split(run.split_seed), with_others=False)
