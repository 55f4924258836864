"""Overlays: what is computed all over the maps, one kind at a time, for every slot."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from vaeexplorer.gui.session.planes import Planes
from vaeexplorer.jobs.draws import Draws, NoDraws, draws_on_one_scale
from vaeexplorer.jobs.ellipses import Ellipses, NoEllipses
from vaeexplorer.jobs.holes import Emptied, Holes, holes
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.overlays import (
    DecodeGrid,
    Stretch,
    decode_grid,
    on_one_scale,
    stretch,
)
from vaeexplorer.latent.lift import Lift
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

Overlay = DecodeGrid | Stretch | Draws | NoDraws | Holes | Ellipses | NoEllipses
OverlayJob = Callable[[], Generator[Overlay | None, None, Overlay | None]]


class View(NamedTuple):
    """The part of a map that is looked at: its corners, (2,), and the size of a picture, (2,)."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    step: NDArray[np.float64]


class Kept(NamedTuple):
    """What was measured all over a map, and whether it is as fine as it will be."""

    lift: Lift
    overlay: Stretch | Draws | Holes
    whole: bool


class Overlaying(Planes):
    """The verbs of the overlays. Nothing is computed until one is chosen.

    `overlay_chosen` brings its name, `overlay_faded` its opacity; `overlaid` what there is of it
    for a slot by now, or None; `view_moved` tells that another part of a map is looked at.
    """

    overlay_chosen = Signal(str)
    overlay_faded = Signal(float)
    overlaid = Signal(int, object)
    view_moved = Signal(int)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.overlay, self.overlay_opacity = "none", 1.0
        self.views: dict[int, View] = {}
        self._kept: dict[tuple[str, int], Kept] = {}
        self._offered: dict[str, Callable[[int, Lift, Exhibit], OverlayJob | None]] = {}
        for signal in (self.exhibit_changed, self.map_changed, self.map_grew):
            signal.connect(self._lay_bare)
        self.surveyed.connect(self._lay_over)
        self.model_changed.connect(self._lay_over)

    def choose_overlay(self, name: str) -> None:
        """Lay an overlay over every map.

        By `name`: "decodes", "stretch", "holes", "ellipses", "draws", or "none".
        """
        if name == self.overlay:
            return
        self.overlay = name
        self.overlay_chosen.emit(name)
        for slot in range(len(self.slots)):
            self._lay_bare(slot)
            self._lay_over(slot)

    def offer_overlay(
        self, name: str, job: Callable[[int, Lift, Exhibit], OverlayJob | None]
    ) -> None:
        """Let a part compute the overlay `name`: `job` returns what does, for a slot, or None."""
        self._offered[name] = job

    def renew_overlay(self, name: str) -> None:
        """Compute the overlay `name` anew in every slot: it would show something else by now."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] != name}
        if self.overlay == name:
            for slot in range(len(self.slots)):
                self._lay_bare(slot)
                self._lay_over(slot)

    def fade_overlay(self, opacity: float) -> None:
        """Draw every overlay with `opacity`, in (0, 1]."""
        self.overlay_opacity = opacity
        self.overlay_faded.emit(opacity)

    def look_at(
        self,
        slot: int,
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        step: NDArray[np.float64],
    ) -> None:
        """Say which part of the map of `slot` is looked at, and how large a picture is there."""
        self.views[slot] = View(low, high, step)
        if self.overlay == "decodes":
            self._lay_over(slot)
        self.view_moved.emit(slot)

    def _lay_bare(self, slot: int, *_: object) -> None:
        """Take the overlay of a map away: it belongs to another one."""
        self.lanes.overlay.cancel(slot)
        self.overlaid.emit(slot, None)

    def _lay_over(self, slot: int, *_: object) -> None:
        """Compute the overlay of `slot`, as far as what it needs is there."""
        self.lanes.overlay.cancel(slot)
        state = self.slots[slot]
        exhibit, lift = state.exhibit, None if state.growing else state.lift
        if self.overlay == "none" or exhibit is None or lift is None or not exhibit.spaces:
            return
        space = exhibit.spaces[main_space(exhibit)]
        kept = self._kept.get((self.overlay, slot))
        if kept is not None and kept.lift is lift and kept.whole:
            self._show_kept()
            return
        job = self._overlay_job(slot, space, lift, exhibit)
        if job is None:
            return
        self.lanes.overlay.submit(
            slot,
            job,
            on_progress=partial(self._show_overlay, slot, lift, False),
            on_result=partial(self._show_overlay, slot, lift, True),
            on_error=self.tell,
        )

    def _overlay_job(
        self, slot: int, space: LatentSpace, lift: Lift, exhibit: Exhibit
    ) -> OverlayJob | None:
        """Return what computes the chosen overlay; None where something for it is missing."""
        if self.overlay in self._offered:
            return self._offered[self.overlay](slot, lift, exhibit)
        dataset = exhibit.dataset
        if self.overlay == "stretch":
            return partial(stretch, space, lift)
        if self.overlay == "holes":
            if dataset is None or lift.lattice is None:
                return None
            return partial(_holes, exhibit, space, lift, self._emptied(slot, lift))
        view = self.views.get(slot)
        return None if view is None else partial(decode_grid, space, lift, *view)

    def _emptied(self, slot: int, lift: Lift) -> Emptied | None:
        """Return what another map of the same codes has found of the model, if one has."""
        kept = self._kept.get(("holes", slot))
        if kept is None or kept.lift.index is not lift.index:
            return None
        return kept.overlay.emptied if isinstance(kept.overlay, Holes) else None

    def _show_overlay(self, slot: int, lift: Lift, whole: bool, overlay: Overlay | None) -> None:
        if slot >= len(self.slots) or self.slots[slot].lift is not lift:
            return
        if isinstance(overlay, DecodeGrid | Ellipses | NoEllipses | NoDraws):
            self.overlaid.emit(slot, overlay)
        elif overlay is not None:
            before = self._kept.get((self.overlay, slot))
            self._kept[self.overlay, slot] = Kept(lift, overlay, whole)
            if before is None or before.overlay is not overlay:
                self._show_kept()

    def _show_kept(self) -> None:
        """Show what was measured in every slot, as far as it is known, on one scale."""
        current = {
            slot: kept.overlay
            for (name, slot), kept in self._kept.items()
            if name == self.overlay
            and slot < len(self.slots)
            and self.slots[slot].lift is kept.lift
        }
        scaled = {"stretch": on_one_scale, "draws": draws_on_one_scale}.get(self.overlay, dict)
        for slot, overlay in scaled(current).items():
            self.overlaid.emit(slot, overlay)


def _holes(
    exhibit: Exhibit, space: LatentSpace, lift: Lift, known: Emptied | None
) -> Generator[Holes | None, None, Holes]:
    assert exhibit.dataset is not None
    split = exhibit.dataset.split(exhibit.split_seed)
    return holes(space, lift, exhibit.codes[main_space(exhibit)], split, known)
