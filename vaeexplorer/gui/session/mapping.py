"""Mapping: the maps that take their time, shown and lifted while they grow."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal

from vaeexplorer.gui.session.document import MAX_SLOTS, Slot
from vaeexplorer.gui.session.opening import Opening
from vaeexplorer.jobs.opening import keep_maps, main_space
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.neighbours import CodeIndex
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Exhibit, MappingProgress, passed_on

if TYPE_CHECKING:
    from vaeexplorer.jobs.mapping import Maps
    from vaeexplorer.latent.process import UmapSettings


TAKES_TIME = ("umap", "umap-learn")
"""Methods whose maps are made in the projection process; all exhibits have the others."""

STRAIGHT = ("pca", "dimensions")
"""Methods whose maps have straight axes, whatever the size of the codes."""

BREATH_MS = 1
"""From a decode to the frame of a growing map that has waited for it: painting it comes first."""


class MapMaking(Opening):
    """The verbs that make maps in the projection process.

    `maps_cancelled` tells that the maps that are being made are given up.
    """

    maps_cancelled = Signal()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._grown: dict[int, tuple[Exhibit, Lift]] = {}
        self._undecoded: set[int] = set()
        self._breath = QTimer(self)
        self._breath.setSingleShot(True)
        self._breath.setInterval(BREATH_MS)
        self._breath.timeout.connect(self._show_growths)
        self.probe_moved.connect(self._await_decode)
        self.decoded.connect(self._end_wait)

    def make_map(self, slot: int, method: str, settings: UmapSettings) -> None:
        """Show `slot` by `method`; what takes its time is made again, as `settings` say.

        Raises
        ------
        InputError
            The codes in `slot` cannot be mapped so.
        """
        from vaeexplorer.jobs.mapping import check_map

        exhibit = self.slots[slot].exhibit if slot < len(self.slots) else None
        if exhibit is None:
            return
        n, size = exhibit.codes[main_space(exhibit)].mean.shape
        check_map(method, settings, n, size)
        if method in TAKES_TIME:
            self.map_run(slot, method, settings)
        if method != self.map_method and method != "axes":
            self.set_map_method(method)

    def set_map_method(self, method: str) -> None:
        """Show the maps made by `method`, and make those that some slot has none of yet."""
        super().set_map_method(method)
        for slot, state in enumerate(self.slots):
            in_work = self.lanes.map.has(("map", slot))
            if self._started and state.exhibit is not None and not in_work:
                self._map_where_missing(slot, state.exhibit)

    def _opened(self, slot: int, exhibit: Exhibit) -> None:
        super()._opened(slot, exhibit)
        self._map_where_missing(slot, exhibit)

    def _map_where_missing(self, slot: int, exhibit: Exhibit) -> None:
        """Make the map that the window shows, of codes that have none such yet.

        What was trained by the command has PCA alone.
        """
        made = exhibit.maps[main_space(exhibit)].keys()
        if self.map_method in TAKES_TIME and not {"axes", *TAKES_TIME} & made:
            self.map_run(slot)

    def start_projection(self) -> None:
        """Start the projection process before it is needed.

        Raises
        ------
        ProjectionError
            It cannot be started.
        """
        self._projection.start()

    def map_run(
        self, slot: int, method: str = "umap", settings: UmapSettings | None = None
    ) -> None:
        """Make a UMAP of the space explored in `slot`, in the projection process; a run keeps it.

        Other spaces of the run are mapped when they are explored.
        """
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return
        space = main_space(exhibit)
        codes, maps = {space: exhibit.codes[space]}, {space: exhibit.maps[space]}
        index = self.slots[slot].codes

        def job() -> Generator[tuple[MappingProgress, Lift | None], None, Lifted]:
            from vaeexplorer.jobs.mapping import MAP_SETTINGS, project_codes

            wanted = settings or MAP_SETTINGS
            growth = project_codes(codes, maps, self._projection, method, wanted)
            turned = partial(self._turned_frame, slot, exhibit)
            return (yield from _lifted(growth, exhibit, method, index, turned))

        self.lanes.map.submit(
            ("map", slot),
            job,
            on_progress=partial(self._map_grows, slot, exhibit),
            on_result=lambda made: self._mapped(slot, exhibit, *made),
            on_error=partial(self._mapping_failed, slot, exhibit),
        )

    def _turned_frame(
        self, slot: int, exhibit: Exhibit, positions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return where a growing map of `exhibit` is shown, (n, 2).

        Asked for on the lane of the maps: by then the slot may show something else.
        """
        del slot, exhibit
        return positions

    def _map_grows(
        self, slot: int, exhibit: Exhibit, news: tuple[MappingProgress, Lift | None]
    ) -> None:
        progress, lift = news
        self.progressed.emit("map", progress)
        if lift is not None:
            # The cursor comes first; but no frame gives way to it for longer than to the next one.
            waited = slot in self._grown
            self._grown[slot] = exhibit, lift
            if waited:
                self._undecoded.clear()
            self._show_growths()

    def _await_decode(self, slot: int, *_: object) -> None:
        exhibit = self.slots[slot].exhibit
        if exhibit is not None and exhibit.spaces:
            self._undecoded.add(slot)

    def _end_wait(self, slot: int, *_: object) -> None:
        self._undecoded.discard(slot)
        if self._grown:
            self._breath.start()

    def _show_growths(self) -> None:
        """Show how maps have grown, unless what is probed is yet to be decoded."""
        if self._undecoded:
            return
        grown, self._grown = self._grown, {}
        for slot, (exhibit, lift) in grown.items():
            if self.map_method not in STRAIGHT and self.shows(slot, exhibit):
                self.slots[slot].growing = True
                self.map_grew.emit(slot, lift)

    def follow_growth(self, slot: int, lift: Lift, *, probing: bool = True) -> None:
        """Go on with `lift`, now that the dots are drawn where it has them.

        With `probing` what is probed is probed again; else the cursor is about to do that.
        """
        state = self.slots[slot]
        state.lift, state.codes, state.no_data = lift, lift.index, None
        self._move_held(slot, lift)
        if probing and state.probe is not None:
            self._set_probe(slot, self._moved_to(lift, state.probe))

    def cancel_map(self) -> None:
        """Give up the maps that are being made; the former ones stay."""
        self.maps_cancelled.emit()
        self._grown.clear()
        for slot in range(MAX_SLOTS):
            self.lanes.map.cancel(("map", slot))
        self.ended.emit("map")
        for slot, state in enumerate(self.slots):
            self._take_back_growth(slot, state)

    def _mapped(
        self,
        slot: int,
        exhibit: Exhibit,
        maps: Mapping[str, Mapping[str, Map]],
        lift: Lift | None = None,
    ) -> None:
        self.ended.emit("map")
        self._grown.pop(slot, None)
        now = self.as_now(slot, exhibit)
        if now is not None:
            every = {**now.maps, **maps}
            run = None if now.run is None else replace(now.run, maps=every)
            self.slots[slot].exhibit = now = replace(now, maps=every, run=run)
            if self.shows(slot, exhibit):
                shown = self.shown_map(slot)
                # Who hovers over what has grown goes on: a better lift takes a while.
                goes_on = self.slots[slot].growing and lift is not None and shown is not None
                if goes_on and not np.array_equal(lift.positions, shown.positions):
                    goes_on = False
                self._map_replaced(slot, now, lift if goes_on else None)
        # Among the changes of runs, one after another: the run keeps the name that it has by then.
        self.change_runs(lambda: keep_maps(exhibit.origin, maps))

    def _mapping_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        self.ended.emit("map")
        self._grown.pop(slot, None)
        self.tell(error)
        if self.shows(slot, exhibit):
            self._take_back_growth(slot, self.slots[slot])

    def _take_back_growth(self, slot: int, state: Slot) -> None:
        """Show the former map again, where the one that grew has come to nothing."""
        if state.growing and state.exhibit is not None:
            self._map_replaced(slot, state.exhibit)


Lifted = tuple["Maps", Lift | None]
"""What a fit has made, and a lift of the last frame."""


def _lifted(
    growth: Generator[MappingProgress, None, Maps],
    exhibit: Exhibit,
    method: str,
    index: CodeIndex | None,
    turned: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> Generator[tuple[MappingProgress, Lift | None], None, Lifted]:
    """Pass on how a map grows, each frame of the space that is explored, `turned`, with a lift.

    Returns the maps with such a lift of the finished one, unless it never was in sight.
    """
    space = main_space(exhibit)

    def with_lift(progress: MappingProgress) -> tuple[MappingProgress, Lift | None]:
        nonlocal index
        if progress.positions is None or progress.space != space:
            return progress, None
        index = index or CodeIndex(exhibit.codes[space].mean)
        return progress, Lift(turned(progress.positions), index, {}, quick=True)

    maps = yield from passed_on(growth, with_lift)
    made = maps[space].get(method)
    if index is None or made is None:
        return maps, None
    return maps, Lift(turned(made.positions), index, {}, quick=True)
