"""Outlining: the posteriors of what is selected, held or hovered, as ellipses over the maps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from vaeexplorer.gui.session.mapping import STRAIGHT
from vaeexplorer.gui.session.overlaying import Overlaying, OverlayJob
from vaeexplorer.gui.session.planes import TWO_DIMENSIONS
from vaeexplorer.jobs.ellipses import ellipses
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.latent.lift import Lift
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

ELLIPSES = "ellipses"


class Outlining(Overlaying):
    """The overlay of ellipses. It needs maps with straight axes, and brings them along."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._map_before: str | None = None
        self._outlined: dict[int, tuple[Lift, int | None]] = {}
        self.probe_moved.connect(self._outline_around)
        self.held_changed.connect(self._outline_around)
        self.selection_changed.connect(self._outline_selected)

    def choose_overlay(self, name: str) -> None:
        """As without ellipses; a UMAP gives way to two dimensions while they are shown."""
        wide = any(self.axes_of(slot) is not None for slot in range(len(self.slots)))
        before, now = self._map_before, self.map_method
        super().choose_overlay(name)
        if name == ELLIPSES and now not in STRAIGHT and wide:
            self._map_before = now
            self.set_map_method(TWO_DIMENSIONS)
        elif name != ELLIPSES and before is not None:
            self._map_before = None
            if now == TWO_DIMENSIONS:
                self.set_map_method(before)

    def _overlay_job(
        self, slot: int, space: LatentSpace, lift: Lift, exhibit: Exhibit
    ) -> OverlayJob | None:
        if self.overlay != ELLIPSES:
            return super()._overlay_job(slot, space, lift, exhibit)
        codes = exhibit.codes[main_space(exhibit)]
        around = self._looked_at_image(slot)
        self._outlined[slot] = lift, around
        code = None if around is None else codes.mean[around]
        return partial(ellipses, lift, codes, self.selected_in(slot), code)

    def _looked_at_image(self, slot: int) -> int | None:
        """Return the image that is held in `slot`, or else hovered, or is nearest to that."""
        state = self.slots[slot]
        probe = state.held or state.probe
        return None if probe is None else probe.nearest

    def _outline_around(self, slot: int, *_: object) -> None:
        """Follow the probe from image to image, where nothing is selected."""
        if (
            self.overlay != ELLIPSES
            or slot >= len(self.slots)
            or self.selected_in(slot) is not None
        ):
            return
        lift, around = self._outlined.get(slot, (None, None))
        if lift is not self.slots[slot].lift or around != self._looked_at_image(slot):
            self._lay_over(slot)

    def _outline_selected(self, *_: object) -> None:
        if self.overlay == ELLIPSES:
            for slot in range(len(self.slots)):
                self._lay_over(slot)
