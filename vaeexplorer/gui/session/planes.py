"""Planes: maps of two latent dimensions, for each slot of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtCore import Signal

from vaeexplorer.gui.session.selecting import Selecting
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.latent.projection import Map, dimensions_map
from vaeexplorer.regularity.information import dimension_order
from vaeexplorer.run import Codes

TWO_DIMENSIONS = "dimensions"
"""The method of these maps."""

SAMPLE = 5_000
"""About so many codes are gone through for the dimensions that are shown at first."""


class Shown(NamedTuple):
    """The dimensions that a map shows, counted from 0, of which codes."""

    codes: Codes
    shown: Map

    @property
    def axes(self) -> tuple[int, int]:
        """Across and up."""
        return self.shown.settings["across"], self.shown.settings["up"]


class Planes(Selecting):
    """The verb that chooses two dimensions. `axes_chosen` brings (slot, across, up)."""

    axes_chosen = Signal(int, int, int)

    def __init__(self, *arguments: Any) -> None:
        self._planes: dict[int, Shown] = {}
        super().__init__(*arguments)

    def choose_axes(self, slot: int, across: int, up: int) -> None:
        """Show the dimensions `across` and `up`, counted from 0, where `slot` shows two.

        Where both are the same, the two that were shown change places.
        """
        exhibit = self.slots[slot].exhibit
        axes = self.axes_of(slot)
        if exhibit is None or axes is None or axes == (across, up):
            return
        if across == up:
            across, up = axes[1], axes[0]
        codes = self._planes[slot].codes
        self._planes[slot] = Shown(codes, dimensions_map(codes.mean, across, up))
        self.axes_chosen.emit(slot, across, up)
        if self.map_method == TWO_DIMENSIONS:
            self._map_replaced(slot, exhibit)

    def axes_of(self, slot: int) -> tuple[int, int] | None:
        """Return the dimensions of `slot` that a map of two shows; None: it has no more than two.

        At first those that carry most, in a sample of the codes: all of many would take too long.
        """
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return None
        codes = exhibit.codes[main_space(exhibit)]
        if codes.mean.shape[1] <= 2:
            return None
        known = self._planes.get(slot)
        if known is None or known.codes is not codes:
            across, up = _carrying_most(codes)
            known = self._planes[slot] = Shown(codes, dimensions_map(codes.mean, across, up))
        return known.axes

    def shown_map(self, slot: int) -> Map | None:
        """Return the map that `slot` shows; its two dimensions are never turned."""
        if self.map_method != TWO_DIMENSIONS or self.axes_of(slot) is None:
            return super().shown_map(slot)
        return self._planes[slot].shown


def _carrying_most(codes: Codes) -> tuple[int, int]:
    some = slice(None, None, max(1, len(codes.mean) // SAMPLE))
    log_variance = None if codes.log_variance is None else codes.log_variance[some]
    first, second = dimension_order(codes.mean[some], log_variance)[:2]
    return int(first), int(second)
