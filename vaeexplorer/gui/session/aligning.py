"""Aligning: every map turned onto that of the first slot with the same images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from vaeexplorer.gui.session.mapping import MapMaking
from vaeexplorer.jobs.opening import chosen_map
from vaeexplorer.latent.alignment import aligned, similarity_onto
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Exhibit


class Aligning(MapMaking):
    """The switch between aligned maps and maps as they were made."""

    maps_aligned = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.aligns = True
        self._turned: dict[int, tuple[Map, Map, Map]] = {}
        self._last_shown: dict[int, Map | None] = {}
        self.exhibit_changed.connect(self._align_with_new)

    def set_aligned(self, aligns: bool) -> None:
        """Turn maps so that classes lie in the same direction, or show them as they were made."""
        if aligns == self.aligns:
            return
        self.aligns = aligns
        self.maps_aligned.emit(aligns)
        self._follow()

    def shown_map(self, slot: int) -> Map | None:
        """Return the map that `slot` shows: the same object as long as it is the same map."""
        own = super().shown_map(slot)
        first = self._reference_of(slot)
        if own is None or first is None or not self.aligns:
            return own
        reference = chosen_map(first, self.map_method)
        known = self._turned.get(slot)
        if known is None or known[0] is not own or known[1] is not reference:
            known = self._turned[slot] = own, reference, aligned(own, reference)
        return known[2]

    def _reference_of(self, slot: int) -> Exhibit | None:
        """Return the exhibit that `slot` is turned onto; None where it is the first one."""
        for other in range(slot):
            if self.linked(other, slot):
                return self.slots[other].exhibit
        return None

    def _turned_frame(
        self, slot: int, exhibit: Exhibit, positions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Turn a frame of a growing map onto the map that the last one will be turned onto.

        It costs less than a millisecond, and not on the GUI thread.
        """
        positions = super()._turned_frame(slot, exhibit, positions)
        if not self.aligns:
            return positions
        for state in tuple(self.slots)[:slot]:
            other = state.exhibit
            if other is not None and other.source.fingerprint == exhibit.source.fingerprint:
                reference = chosen_map(other, self.map_method).positions
                return similarity_onto(positions, reference).applied(positions)
        return positions

    def _align_with_new(self, slot: int, exhibit: Exhibit | None) -> None:
        del exhibit
        self._last_shown[slot] = self.shown_map(slot)
        self._follow()

    def _map_replaced(self, slot: int, exhibit: Exhibit, lift: Lift | None = None) -> None:
        self._last_shown[slot] = self.shown_map(slot)
        super()._map_replaced(slot, exhibit, lift)
        self._follow()

    def _follow(self) -> None:
        """Draw anew every map that is another one by now."""
        for slot, state in enumerate(self.slots):
            if state.exhibit is not None and self._last_shown.get(slot) is not self.shown_map(slot):
                self._map_replaced(slot, state.exhibit)
