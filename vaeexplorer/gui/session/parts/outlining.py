"""Outlining: the posteriors of what is selected, held or hovered, as ellipses over the maps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.gui.session.mapping import STRAIGHT
from vaeexplorer.gui.session.parts.overlaying import Overlaying, OverlayJob
from vaeexplorer.gui.session.planes import TWO_DIMENSIONS
from vaeexplorer.jobs.ellipses import ellipses
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.latent.lift import Lift
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

ELLIPSES = "ellipses"


class Outlining(Overlaying):
    """All overlays. Ellipses need maps with straight axes, and bring them along."""

    def __init__(self, session: Holding) -> None:
        super().__init__(session)
        self._map_before: str | None = None
        self._outlined: dict[int, tuple[Lift, int | None]] = {}
        session.probe_moved.connect(self._outline_around)
        session.held_changed.connect(self._outline_around)
        session.selection_changed.connect(self._outline_selected)

    def choose(self, name: str) -> None:
        """As without ellipses; a UMAP gives way to two dimensions while they are shown."""
        before, now = self._map_before, self._session.map_method
        super().choose(name)
        if name == ELLIPSES and now not in STRAIGHT and self._wide():
            self._map_before = now
            self._session.set_map_method(TWO_DIMENSIONS)
        elif name != ELLIPSES and before is not None:
            self._map_before = None
            if now == TWO_DIMENSIONS:
                self._session.set_map_method(before)

    def _wide(self) -> bool:
        """Whether the codes of any slot have more than two dimensions."""
        slots = range(len(self._session.slots))
        return any(self._session.axes_of(slot) is not None for slot in slots)

    def _job(
        self, slot: int, space: LatentSpace, lift: Lift, exhibit: Exhibit
    ) -> OverlayJob | None:
        if self.name != ELLIPSES:
            return super()._job(slot, space, lift, exhibit)
        codes = exhibit.codes[main_space(exhibit)]
        around = self._looked_at_image(slot)
        self._outlined[slot] = lift, around
        code = None if around is None else codes.mean[around]
        return partial(ellipses, lift, codes, self._session.selected_in(slot), code)

    def _looked_at_image(self, slot: int) -> int | None:
        """Return the image that is held in `slot`, or else hovered, or is nearest to that."""
        state = self._session.slots[slot]
        probe = state.held or state.probe
        return None if probe is None else probe.nearest

    def _outline_around(self, slot: int, *_: object) -> None:
        """Follow the probe from image to image, where nothing is selected."""
        if (
            self.name != ELLIPSES
            or slot >= len(self._session.slots)
            or self._session.selected_in(slot) is not None
        ):
            return
        lift, around = self._outlined.get(slot, (None, None))
        if lift is not self._session.slots[slot].lift or around != self._looked_at_image(slot):
            self._lay_over(slot)

    def _outline_selected(self, *_: object) -> None:
        if self.name == ELLIPSES:
            for slot in range(len(self._session.slots)):
                self._lay_over(slot)
