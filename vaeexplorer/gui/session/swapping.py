"""Swapping: contents of images decoded with styles of others, as long as somebody looks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.swapping import SwapGrid, images_to_swap, swap, swapped_spaces
from vaeexplorer.latent.probe import probe_image
from vaeexplorer.run import Exhibit


class Swapping(Holding):
    """The verbs of the swap grid: that of the active slot, or else of the first that has one.

    `swapped` brings the slot and its SwapGrid; None with "loading", "family" or "data" for
    the reason.
    """

    swapped = Signal(int, object, str)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.swap_grid: SwapGrid | None = None
        self.swap_slot = 0
        self._swap_watched = False
        self._swapped_of: Exhibit | None = None
        self._swap_images = np.zeros(0, np.int64)
        for signal in (self.held_changed, self.exhibit_changed, self.model_changed):
            signal.connect(self._swap)
        for news in (self.selection_changed, self.activated, self.slots_changed):
            news.connect(self._swap)

    def watch_swap(self, watched: bool) -> None:
        """Say whether the grid is looked at: only then is it computed."""
        self._swap_watched = watched
        self._swap()

    def probe_swap(self, row: int, column: int) -> None:
        """Probe and hold the content of image `row` of the grid with the style of `column`.

        Where the content or the style is explored, the other is held: that of its image.
        """
        grid, slot = self.swap_grid, self.swap_slot
        state = self.slots[slot] if slot < len(self.slots) else None
        if grid is None or state is None or state.exhibit is None or state.lift is None:
            return
        names = swapped_spaces(state.exhibit)
        explored = main_space(state.exhibit)
        if names is None or explored not in names:
            self.set_code(slot, np.concatenate([grid.content[row], grid.style[column]]))
            return
        own, other = (row, column) if explored == names[0] else (column, row)
        self._show_probe(slot, probe_image(state.lift, int(grid.images[own]), "dot"))
        self.hold()
        state.holds, state.held_image = True, int(grid.images[other])
        self._take_context(slot)

    def _swap(self, *_: object) -> None:
        """Compute the grid, where it is another one by now."""
        if not self._swap_watched:
            return
        slot, exhibit = self._swappable()
        if exhibit is None or exhibit.dataset is None:
            self._swapped_of = self.swap_grid = None
            ready = [state.exhibit for state in self.slots if state.exhibit is not None]
            loading = any(not one.spaces for one in ready)
            reason = "data" if exhibit is not None else "loading" if loading else "family"
            self.swapped.emit(slot, None, reason)
            return
        images = self._images_to_swap(slot, exhibit)
        same = self._swapped_of is not None and self._swapped_of.codes is exhibit.codes
        if same and self.swap_slot == slot and np.array_equal(images, self._swap_images):
            return
        self.swap_slot, self._swapped_of, self._swap_images = slot, exhibit, images
        self._work(
            "swap",
            partial(swap, exhibit, images),
            partial(self._take_swap, slot, exhibit, images),
        )

    def _swappable(self) -> tuple[int, Exhibit | None]:
        """Return the slot that is looked at, or else the first, that has content and style."""
        for slot in (self.active, *range(len(self.slots))):
            exhibit = self.slots[slot].exhibit
            if exhibit is not None and swapped_spaces(exhibit) is not None:
                return slot, exhibit
        return self.active, None

    def _images_to_swap(self, slot: int, exhibit: Exhibit) -> NDArray[np.int64]:
        """Keep the images of the grid as long as one of them is held, or a code set by hand."""
        selected = self.selected_in(slot)
        state, before = self.slots[slot], self._swapped_of
        held = state.held_image
        kept = before is not None and before.source.fingerprint == exhibit.source.fingerprint
        if kept and (held is None or held in self._swap_images) and selected is None:
            return self._swap_images
        probed = 0 if state.probe is None else state.probe.nearest
        return images_to_swap(exhibit, selected, probed if held is None else held)

    def _take_swap(
        self, slot: int, exhibit: Exhibit, images: NDArray[np.int64], grid: SwapGrid
    ) -> None:
        wanted = slot == self.swap_slot and images is self._swap_images
        if wanted and self._now(slot, exhibit) is not None:
            self.swap_grid = grid
            self.swapped.emit(slot, grid, "")
