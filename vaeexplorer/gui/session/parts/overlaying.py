"""Overlays: what is computed all over the maps, one kind at a time, for every slot."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.jobs.draws import Draws, NoDraws, draws_on_one_scale
from vaeexplorer.jobs.ellipses import Ellipses, NoEllipses
from vaeexplorer.jobs.holes import Holes
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


class Kept(NamedTuple):
    """What was measured all over a map, and whether it is as fine as it will be."""

    lift: Lift
    overlay: Stretch | Draws | Holes
    whole: bool


class Overlaying(QObject):
    """Computes the overlays. Nothing is computed until one is chosen.

    `chosen` brings its name, `faded` its opacity; `laid` what there is of it for a slot by now, or
    None.
    """

    chosen = Signal(str)
    faded = Signal(float)
    laid = Signal(int, object)

    def __init__(self, session: Holding) -> None:
        super().__init__(session)
        self._session = session
        self.name, self.opacity = "none", 1.0
        self._kept: dict[tuple[str, int], Kept] = {}
        self._offered: dict[str, Callable[[int, Lift, Exhibit], OverlayJob | None]] = {}
        for signal in (session.exhibit_changed, session.map_changed, session.map_grew):
            signal.connect(self._lay_bare)
        for signal in (session.surveyed, session.model_changed):
            signal.connect(self._lay_over_at_last)
        session.view_moved.connect(self._follow_view)
        session.context_changed.connect(self._forget_context)

    def choose(self, name: str) -> None:
        """Lay an overlay over every map.

        By `name`: "decodes", "stretch", "holes", "ellipses", "draws", or "none".
        """
        if name == self.name:
            return
        self.name = name
        self.chosen.emit(name)
        self._lay_all_anew()

    def offer(self, name: str, job: Callable[[int, Lift, Exhibit], OverlayJob | None]) -> None:
        """Let a part compute the overlay `name`: `job` returns what does, for a slot, or None."""
        self._offered[name] = job

    def renew(self, name: str) -> None:
        """Compute the overlay `name` anew in every slot: it would show something else by now."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] != name}
        if self.name == name:
            self._lay_all_anew()

    def fade(self, opacity: float) -> None:
        """Draw every overlay with `opacity`, in (0, 1]."""
        self.opacity = opacity
        self.faded.emit(opacity)

    def _follow_view(self, slot: int) -> None:
        if self.name == "decodes":
            self._lay_over(slot)

    def _forget_context(self, slot: int, *_: object) -> None:
        """Compute anew what was decoded in another context."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[1] != slot}
        self._lay_bare(slot)
        self._lay_over(slot)

    def _lay_all_anew(self) -> None:
        """Take the former overlay away, and compute the chosen one."""
        slots = range(len(self._session.slots))
        for slot in slots:
            self._lay_bare(slot)
        for slot in slots:
            self._lay_over(slot)

    def _lay_bare(self, slot: int, *_: object) -> None:
        """Take the overlay of a map away: it is another one, or belongs to another map."""
        self._session.lanes.overlay.cancel(slot)
        self.laid.emit(slot, None)

    def _lay_over_at_last(self, slot: int, *_: object) -> None:
        """Compute the overlay of `slot`, now that more is there, unless that has begun."""
        if not self._session.lanes.overlay.has(slot):
            self._lay_over(slot)

    def _lay_over(self, slot: int) -> None:
        """Compute the overlay of `slot`, as far as what it needs is there."""
        self._session.lanes.overlay.cancel(slot)
        state = self._session.slots[slot]
        exhibit, lift = state.exhibit, state.lift
        if self.name == "none" or exhibit is None or not exhibit.spaces:
            return
        if lift is None or lift.quick or state.growing:  # it is asked for one place at a time
            return
        space = exhibit.spaces[main_space(exhibit)]
        kept = self._kept.get((self.name, slot))
        if kept is not None and kept.lift is lift and kept.whole:
            self._show_kept()
            return
        job = self._job(slot, space, lift, exhibit)
        if job is None:
            return
        self._session.lanes.overlay.submit(
            slot,
            job,
            on_progress=partial(self._show_overlay, slot, lift, False),
            on_result=partial(self._show_overlay, slot, lift, True),
            on_error=self._session.tell,
        )

    def _job(
        self, slot: int, space: LatentSpace, lift: Lift, exhibit: Exhibit
    ) -> OverlayJob | None:
        """Return what computes the chosen overlay; None where something for it is missing."""
        if self.name in self._offered:
            return self._offered[self.name](slot, lift, exhibit)
        if self.name == "stretch":
            return partial(stretch, space, lift)
        view = self._session.views.get(slot)
        return None if view is None else partial(decode_grid, space, lift, *view)

    def _show_overlay(self, slot: int, lift: Lift, whole: bool, overlay: Overlay | None) -> None:
        if slot >= len(self._session.slots) or self._session.slots[slot].lift is not lift:
            return
        if isinstance(overlay, DecodeGrid | Ellipses | NoEllipses | NoDraws):
            self.laid.emit(slot, overlay)
        elif overlay is not None:
            before = self._kept.get((self.name, slot))
            self._kept[self.name, slot] = Kept(lift, overlay, whole)
            if before is None or before.overlay is not overlay:
                self._show_kept()

    def _show_kept(self) -> None:
        """Show what was measured in every slot, as far as it is known.

        On one scale for all slots of the same images: a sum over the pixels of others is neither
        more nor less than that, but something else.
        """
        current: dict[str, dict[int, Any]] = {}
        for (name, slot), kept in self._kept.items():
            here = name == self.name and slot < len(self._session.slots)
            state = self._session.slots[slot] if here else None
            if state is not None and state.exhibit is not None and state.lift is kept.lift:
                of_same = current.setdefault(state.exhibit.source.fingerprint, {})
                of_same[slot] = kept.overlay
        scaled = {"stretch": on_one_scale, "draws": draws_on_one_scale}.get(self.name, dict)
        for of_same in current.values():
            for slot, overlay in scaled(of_same).items():
                self.laid.emit(slot, overlay)
