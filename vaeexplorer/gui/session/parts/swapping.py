"""Swapping: contents of images decoded with styles of others, as long as somebody looks."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.swapping import SwapGrid, images_to_swap, swap, swapped_spaces
from vaeexplorer.run import Exhibit


class Swapping(QObject):
    """Makes the swap grid: that of the active slot, or else of the first that has one.

    `swapped` brings the slot and its SwapGrid; None with "loading", "family" or "data" for
    the reason.
    """

    swapped = Signal(int, object, str)

    def __init__(self, session: Holding) -> None:
        super().__init__(session)
        self._session = session
        self.grid: SwapGrid | None = None
        self.slot = 0
        self._watched = False
        self._of: Exhibit | None = None
        self._images = np.zeros(0, np.int64)
        for signal in (session.held_changed, session.exhibit_changed, session.model_changed):
            signal.connect(self._swap)
        for news in (session.selection_changed, session.activated, session.slots_changed):
            news.connect(self._swap)

    def watch(self, watched: bool) -> None:
        """Say whether the grid is looked at: only then is it computed."""
        self._watched = watched
        self._swap()

    def probe(self, row: int, column: int) -> None:
        """Probe and hold the content of image `row` of the grid with the style of `column`.

        Where the content or the style is explored, the other is held: that of its image.
        """
        grid, slot = self.grid, self.slot
        state = self._session.slots[slot] if slot < len(self._session.slots) else None
        if grid is None or state is None or state.exhibit is None or state.lift is None:
            return
        names = swapped_spaces(state.exhibit)
        explored = main_space(state.exhibit)
        if names is None or explored not in names:
            self._session.set_code(slot, np.concatenate([grid.content[row], grid.style[column]]))
            return
        own, other = (row, column) if explored == names[0] else (column, row)
        self._session.probe_image(slot, int(grid.images[own]))
        self._session.hold()
        self._session.take_context_from(slot, int(grid.images[other]))

    def _swap(self, *_: object) -> None:
        """Compute the grid, where it is another one by now."""
        if not self._watched:
            return
        slot, exhibit = self._swappable()
        if exhibit is None or exhibit.dataset is None:
            self._of = self.grid = None
            ready = [state.exhibit for state in self._session.slots if state.exhibit is not None]
            loading = any(not one.spaces for one in ready)
            reason = "data" if exhibit is not None else "loading" if loading else "family"
            self.swapped.emit(slot, None, reason)
            return
        images = self._images_to_swap(slot, exhibit)
        same = self._of is not None and self._of.codes is exhibit.codes
        if same and self.slot == slot and np.array_equal(images, self._images):
            return
        self.slot, self._of, self._images = slot, exhibit, images
        self._session.lanes.work.submit(
            "swap",
            partial(swap, exhibit, images),
            on_result=partial(self._take, slot, exhibit, images),
            on_error=self._session.tell,
        )

    def _swappable(self) -> tuple[int, Exhibit | None]:
        """Return the slot that is looked at, or else the first, that has content and style."""
        for slot in (self._session.active, *range(len(self._session.slots))):
            exhibit = self._session.slots[slot].exhibit
            if exhibit is not None and swapped_spaces(exhibit) is not None:
                return slot, exhibit
        return self._session.active, None

    def _images_to_swap(self, slot: int, exhibit: Exhibit) -> NDArray[np.int64]:
        """Keep the images of the grid as long as one of them is held, or a code set by hand."""
        selected = self._session.selected_in(slot)
        state, before = self._session.slots[slot], self._of
        held = state.held_image
        kept = before is not None and before.source.fingerprint == exhibit.source.fingerprint
        if kept and (held is None or held in self._images) and selected is None:
            return self._images
        probed = 0 if state.probe is None else state.probe.nearest
        return images_to_swap(exhibit, selected, probed if held is None else held)

    def _take(self, slot: int, exhibit: Exhibit, images: NDArray[np.int64], grid: SwapGrid) -> None:
        wanted = slot == self.slot and images is self._images
        if wanted and self._session.as_now(slot, exhibit) is not None:
            self.grid = grid
            self.swapped.emit(slot, grid, "")
