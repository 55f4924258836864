"""Scoring: continuity and completeness of what enters a slot, once it can be decoded."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from vaeexplorer.data import InputError
from vaeexplorer.drawing.palette import SLOT_LETTERS
from vaeexplorer.gui.session.parts.stops import Stops
from vaeexplorer.gui.session.probing import Probing
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.scorecard import Column, save_scores
from vaeexplorer.jobs.scoring import Grounds, score_others, score_space
from vaeexplorer.run import Exhibit, Progress

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from vaeexplorer.models.base import LatentSpace, Posterior, Prior, Scored
    from vaeexplorer.models.contexts import Given

log = logging.getLogger(__name__)
Part = TypeVar("Part")

BLOCK_PIXELS, LEAST_BLOCK, LARGEST_BLOCK = 100_000, 8, 128
"""Codes decoded, or images encoded, between two looks at whether the score is still wanted.

As many as have so many pixels: a few hundredths of a second of a cursor's core.
"""


class Scoring(QObject):
    """Scores every exhibit that has a model and images; `measured` brings the numbers.

    They come twice: as soon as both headlines are known, then with the laws that are the same for
    every model. `changed` says in a word how far a slot is.
    """

    measured = Signal(int, object)
    changed = Signal(int, str)

    def __init__(self, session: Probing) -> None:
        super().__init__(session)
        self._session = session
        self.by_slot: dict[int, dict[str, Any]] = {}
        self.states: dict[int, str] = {}
        self._stops = Stops(session.lanes.map, "score", "score others")
        self._grounds = Grounds()
        self._ground_of = ""
        session.model_changed.connect(self._score)
        session.exhibit_changed.connect(self._forget)
        session.slots_changed.connect(self._forget_beyond)

    def close(self) -> None:
        """Stop scoring."""
        for slot in tuple(self._stops):
            self._forget(slot)

    def save(self, target: Path) -> None:
        """Save the scores of all slots as a table (CSV)."""
        columns = self.columns()
        if columns:
            self._session.save(partial(save_scores, columns, target))

    def columns(self) -> list[Column]:
        """Scores of the slots that have some, in their order."""
        return [
            Column(SLOT_LETTERS[slot], state.exhibit.name, self.by_slot[slot])
            for slot, state in enumerate(self._session.slots)
            if state.exhibit is not None and slot in self.by_slot
        ]

    def add(self, slot: int, name: str, values: Mapping[str, Any]) -> None:
        """Put what was measured later beside the scores of `slot`, under `name`."""
        self.by_slot[slot] = {**self.by_slot[slot], name: values}

    def _forget(self, slot: int, exhibit: Exhibit | None = None) -> None:
        """Give up the score of what has left `slot`."""
        self._stops.stop(slot)
        self.by_slot.pop(slot, None)
        self._say(slot, "empty" if exhibit is None else "loading")

    def _forget_beyond(self, count: int) -> None:
        for slot in [slot for slot in self.states if slot >= count]:
            self._forget(slot)
            del self.states[slot]

    def _say(self, slot: int, state: str) -> None:
        self.states[slot] = state
        self.changed.emit(slot, state)

    def _score(self, slot: int, state: str) -> None:
        exhibit = self._session.slots[slot].exhibit
        if exhibit is None or slot in self._stops:  # it was ready before, and lacked nothing
            return
        if state != "ready":
            self._say(slot, "no model" if state == "failed" else "loading")
            return
        if exhibit.dataset is None:
            self._say(slot, "no images")
            return
        self._stops.begin(slot)
        self._say(slot, "measuring")
        self._submit("score", slot, exhibit, score_space, with_others=False)

    def _submit(
        self,
        key: str,
        slot: int,
        exhibit: Exhibit,
        measure: Callable[..., Generator[Progress, None, dict[str, Any]]],
        **options: Any,
    ) -> None:
        # Behind the maps: nobody waits for it, and it must not hold up what is opened meanwhile.
        self._session.lanes.map.submit(
            (key, slot),
            partial(self.measure_exhibit, measure, exhibit, self._stops[slot], **options),
            on_result=partial(self._take, slot, exhibit),
            on_error=partial(self._failed, slot, exhibit),
        )

    def measure_exhibit(
        self,
        measure: Callable[..., Generator[Progress, None, Any]],
        exhibit: Exhibit,
        stop: threading.Event,
        **options: Any,
    ) -> Generator[Progress, None, Any]:
        """Begin to `measure` an exhibit on its images; on a lane, and only there."""
        dataset = exhibit.dataset
        assert dataset is not None
        # As by default: what happens to be held must not change a score.
        explored = exhibit.spaces[main_space(exhibit)].holding(None)
        block = min(max(BLOCK_PIXELS // math.prod(dataset.shape), LEAST_BLOCK), LARGEST_BLOCK)
        space = Stoppable(explored, stop, partial(self._session.give_way, stop), block)
        # Models of one data set are scored one after another: only its images are kept ready.
        if self._ground_of != dataset.source.fingerprint:
            self._grounds, self._ground_of = Grounds(), dataset.source.fingerprint
        split = dataset.split(exhibit.split_seed)
        return measure(space, dataset, split, grounds=self._grounds, **options)

    def _take(self, slot: int, exhibit: Exhibit, scores: dict[str, Any]) -> None:
        if not self._session.shows(slot, exhibit) or slot not in self._stops:
            return
        self.by_slot[slot] = scores
        self.measured.emit(slot, scores)
        if scores["completeness"]["others"]:
            self._say(slot, "scored")
        else:
            self._say(slot, "comparing")
            self._submit("score others", slot, exhibit, score_others, scores=scores)

    def _failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if isinstance(error, StoppedError):
            return
        # Too few images for a score is no fault: there is just no number to show.
        if not isinstance(error, InputError):
            log.error("scoring %s failed", exhibit.name, exc_info=error)
        if self._session.shows(slot, exhibit):
            self._say(slot, "too few" if isinstance(error, InputError) else "failed")


class StoppedError(Exception):
    """The score is not wanted any more."""


@dataclass(frozen=True, eq=False)
class Stoppable:
    """A latent space that raises StoppedError once `stop` is set.

    One part of a score decodes for seconds with a large model: too long to wait for its end. It
    looks, and gives way, before every `block` codes or images.
    """

    space: LatentSpace
    stop: threading.Event
    give_way: Callable[[], None]
    block: int

    @property
    def size(self) -> int:
        """As the space's."""
        return self.space.size

    @property
    def prior(self) -> Prior | None:
        """As the space's."""
        return self.space.prior

    @property
    def codebook(self) -> Tensor | None:
        """As the space's."""
        return self.space.codebook

    @property
    def given(self) -> Given | None:
        """As the space's."""
        return self.space.given

    @property
    def drawn_in(self) -> Stoppable:
        """As the space's, stopped as this one is."""
        whole = self.space.drawn_in
        return self if whole is self.space else replace(self, space=whole)

    def below(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """As the space does."""
        return self.space.below(z, generator)

    @property
    def scored(self) -> Scored | None:
        """As the space's, which can be stopped as well."""
        scored = self.space.scored
        return scored and scored._replace(space=replace(self, space=scored.space))

    def holding(self, context: Tensor | None) -> Stoppable:
        """Hold it in the space, which can be stopped as before."""
        return replace(self, space=self.space.holding(context))

    def encode(self, images: Tensor) -> Posterior:
        """As the space does, unless it was stopped."""
        from vaeexplorer.models.posterior import join

        return self._in_blocks(self.space.encode, images, join)

    def exact(self, images: Tensor) -> Tensor:
        """As the space does, unless it was stopped."""
        self._check()
        return self.space.exact(images)

    def decode(self, z: Tensor) -> Tensor:
        """As the space does, unless it was stopped."""
        import torch

        return self._in_blocks(self.space.decode, z, torch.cat)

    def _in_blocks(
        self, call: Callable[[Tensor], Part], whole: Tensor, join: Callable[[list[Part]], Part]
    ) -> Part:
        """Join what `call` makes of the blocks of `whole`."""
        parts = []
        for block in whole.split(self.block):
            self._check()
            parts.append(call(block))
        return join(parts)

    def _check(self) -> None:
        self.give_way()
        if self.stop.is_set():
            raise StoppedError
