"""Picturing: the images themselves in place of their dots, where few are in view."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from vaeexplorer.gui.session.outlining import Outlining
from vaeexplorer.jobs.thumbnails import InView, few_in_view
from vaeexplorer.latent.projection import Map


class Picturing(Outlining):
    """The switch between pictures and dots. `thumbnails_read` brings a slot's InView, or None."""

    thumbnails_read = Signal(int, object)

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.picturing = True
        self._corners: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self._pictured: set[int] = set()
        for signal in (self.exhibit_changed, self.map_grew):
            signal.connect(self._take_pictures_away)
        for signal in (self.map_changed, self.model_changed):
            signal.connect(self._read_thumbnails)
        self.labels_hidden.connect(self._read_all_thumbnails)

    def picture(self, picturing: bool) -> None:
        """Draw images instead of dots where few are in view, or do not."""
        self.picturing = picturing
        self._read_all_thumbnails()

    def look_at(
        self,
        slot: int,
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        step: NDArray[np.float64],
    ) -> None:
        """Say which part of the map of `slot` is looked at, and how large a picture is there."""
        super().look_at(slot, low, high, step)
        self._corners[slot] = low, high
        self._read_thumbnails(slot)

    def _read_all_thumbnails(self, *_: object) -> None:
        for slot in range(len(self.slots)):
            self._read_thumbnails(slot)

    def _read_thumbnails(self, slot: int, *_: object) -> None:
        """Find the dots in view and read their images, as far as these are at hand."""
        state, shown, corners = self.slots[slot], self.shown_map(slot), self._corners.get(slot)
        exhibit = state.exhibit
        off = not self.picturing or state.growing or shown is None or corners is None
        if off or exhibit is None or exhibit.dataset is None:
            self._take_pictures_away(slot)
            return
        # Hovering waits for a millisecond, not for what else is computed.
        self.lanes.decode.submit(
            ("thumbnails", slot),
            partial(
                few_in_view,
                shown.positions,
                corners,
                exhibit.labels,
                self.hidden_labels,
                exhibit.dataset,
            ),
            on_result=partial(self._thumbnails_read, slot, shown),
            on_error=self.tell,
        )

    def _thumbnails_read(self, slot: int, shown: Map, found: InView | None) -> None:
        there = slot < len(self.slots) and not self.slots[slot].growing
        if not there or self.shown_map(slot) is not shown:
            return
        if found is None:
            self._take_pictures_away(slot)
        else:
            self._pictured.add(slot)
            self.thumbnails_read.emit(slot, found)

    def _take_pictures_away(self, slot: int, *_: object) -> None:
        self.lanes.decode.cancel(("thumbnails", slot))
        if slot in self._pictured:
            self._pictured.remove(slot)
            self.thumbnails_read.emit(slot, None)
