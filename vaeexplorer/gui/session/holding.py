"""Holding: which space of a slot is explored, and from which image what it lacks is taken."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from vaeexplorer.gui.session.document import Slot
from vaeexplorer.gui.session.planes import Planes
from vaeexplorer.jobs.opening import held_at, main_space
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.probe import Probe, probe_image
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace


class Holding(Planes):
    """The verbs that choose a space, and what is held beside its codes.

    The chosen space stands in the slot's exhibit (`Exhibit.explored`), for jobs are given that.
    Another space is another exhibit: `exhibit_changed` brings it. `context_changed` brings the
    image that what a space lacks is taken from, or None for the default.
    """

    context_changed = Signal(int, object)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.held_changed.connect(self._hold_image)
        self.model_changed.connect(self._hold_when_ready)

    def explore_space(self, slot: int, name: str) -> None:
        """Explore the latent space `name` of what is in `slot`; images probed and held stay so."""
        before = self.slots[slot]
        exhibit = before.exhibit
        if exhibit is None or name not in exhibit.codes or name == main_space(exhibit):
            return
        spaces = {other: space.holding(None) for other, space in exhibit.spaces.items()}
        now = replace(exhibit, explored=name, spaces=spaces)
        probed = None if before.probe is None else before.probe.nearest
        self.slots[slot] = Slot(now, holds=before.holds, last_images=(probed, before.held_image))
        self.exhibit_changed.emit(slot, now)
        self.held_changed.emit(slot, None)
        if self._started:
            self._prepare_lift(slot)
            self._map_where_missing(slot, now)
        if now.spaces:
            self.model_changed.emit(slot, "ready")

    def explore_next_space(self) -> None:
        """Explore the next latent space of what is in the active slot."""
        exhibit = self.slots[self.active].exhibit
        if exhibit is not None:
            names = list(exhibit.codes)
            following = names.index(main_space(exhibit)) + 1
            self.explore_space(self.active, names[following % len(names)])

    def hold_context(self, slot: int, holds: bool) -> None:
        """Take what a space lacks from the image that is held, or leave it as it is by default."""
        self.slots[slot].holds = holds
        self._take_context(slot)

    def take_context_from(self, slot: int, image: int) -> None:
        """Take what a space lacks from `image`, until another one is held."""
        state = self.slots[slot]
        state.holds, state.held_image = True, image
        self._take_context(slot)

    def _probe_first(self, slot: int, lift: Lift) -> None:
        """Probe and hold what was probed and held in the space that was explored before."""
        probed, held = self.slots[slot].last_images
        if probed is None:
            super()._probe_first(slot, lift)
            return
        self._set_probe(slot, probe_image(lift, probed, "dot"))
        if held is not None:
            self.slots[slot].held = probe_image(lift, held, "dot")
            self.held_changed.emit(slot, self.slots[slot].held)

    def _hold_image(self, slot: int, held: Probe | None) -> None:
        """Take the context from a held image. A code set by hand is none: the context stays."""
        if held is None or held.kind in ("dot", "linked"):
            self.slots[slot].held_image = None if held is None else held.nearest
            self._take_context(slot)

    def _hold_when_ready(self, slot: int, state: str) -> None:
        if state == "ready":
            self._take_context(slot)

    def _take_context(self, slot: int) -> None:
        state = self.slots[slot]
        exhibit, image = state.exhibit, state.held_image if state.holds else None
        if exhibit is None or not exhibit.spaces:
            return
        space, dataset = exhibit.spaces[main_space(exhibit)], exhibit.dataset
        if space.given is None or dataset is None:
            image = None
        if image == state.context:
            return
        state.context = image
        self.lanes.decode.submit(
            (slot, "context"),
            partial(held_at, space, dataset, image),
            on_result=partial(self._context_taken, slot, exhibit, image),
            on_error=self.tell,
            urgent=True,
        )

    def _context_taken(
        self, slot: int, exhibit: Exhibit, image: int | None, space: LatentSpace
    ) -> None:
        state = self.slots[slot] if slot < len(self.slots) else Slot()
        now = state.exhibit
        if now is None or not self.shows(slot, exhibit) or state.context != image:
            return
        state.exhibit = replace(now, spaces={**now.spaces, main_space(now): space})
        if state.probe is not None:
            self._decode(slot, state.probe)
        self.context_changed.emit(slot, image)
