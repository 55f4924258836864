"""A lattice over a map: its lift at every node, and how far the data is, for grids and overlays."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

NODES = 128
"""Nodes along each side."""

ROWS = 4
"""Rows of nodes that are lifted between two yields."""

MASK_SIDE = 512
"""Pixels along each side of the picture of where there is no data."""

Field = Callable[[NDArray[np.float64]], tuple[NDArray[np.float32], NDArray[np.float64]]]
"""Places, (m, 2), to their codes, (m, size), and their distances from the nearest dot, (m,)."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """What a lift gives at the nodes of a lattice.

    Attributes
    ----------
    low, step
        (2,): the first node, and the distances between nodes, in units of the map.
    codes
        float32, (NODES, NODES, size): by row (y upwards), column, dimension.
    distances
        float32, (NODES, NODES): from the nearest dot, in units of the map.
    """

    low: NDArray[np.float64]
    step: NDArray[np.float64]
    codes: NDArray[np.float32] = field(repr=False)
    distances: NDArray[np.float32] = field(repr=False)

    @property
    def high(self) -> NDArray[np.float64]:
        """The last node, (2,)."""
        high: NDArray[np.float64] = self.low + (NODES - 1) * self.step
        return high

    def covers(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of `points`, (m, 2), lie on the lattice."""
        inside = (points >= self.low) & (points <= self.high)
        return np.logical_and(inside[:, 0], inside[:, 1])

    def lift(self, points: NDArray[np.float64]) -> NDArray[np.float32]:
        """Interpolate the codes of `points`, (m, 2), all of them on the lattice: bilinear."""
        where = (points - self.low) / self.step
        corner = np.minimum(where.astype(np.intp), NODES - 2)
        right, up = (where - corner).astype(np.float32).T[:, :, None]
        first = corner[:, 1] * NODES + corner[:, 0]
        nodes = self.codes.reshape(NODES * NODES, -1)
        below = nodes.take(first, axis=0)
        below += right * (nodes.take(first + 1, axis=0) - below)
        above = nodes.take(first + NODES, axis=0)
        above += right * (nodes.take(first + NODES + 1, axis=0) - above)
        above -= below
        above *= up
        below += above
        return below


def build_lattice(
    lift: Field, low: NDArray[np.float64], high: NDArray[np.float64], size: int
) -> Generator[float, None, Lattice]:
    """Lift every node of a lattice from `low` to `high`, (2,) each.

    Yields the share in (0, 1] that is done.
    """
    step = (high - low) / (NODES - 1)
    codes = np.empty((NODES, NODES, size), np.float32)
    distances = np.empty((NODES, NODES), np.float32)
    x = low[0] + np.arange(NODES) * step[0]
    for row in range(0, NODES, ROWS):
        y = low[1] + np.arange(row, row + ROWS) * step[1]
        places = np.stack([np.tile(x, ROWS), np.repeat(y, NODES)], axis=1)
        lifted, away = lift(places)
        codes[row : row + ROWS] = lifted.reshape(ROWS, NODES, size)
        distances[row : row + ROWS] = away.reshape(ROWS, NODES)
        yield (row + ROWS) / NODES
    return Lattice(low, step, codes, distances)


@dataclass(frozen=True, eq=False)
class NoData:
    """Where a map has no data.

    Attributes
    ----------
    low, high
        (2,): the corners of what `mask` covers; beyond them there is no data anywhere.
    mask
        uint8, (side, side), rows y upwards: 255 where there is no data, 0 where there is, and
        something between on the border.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mask: NDArray[np.uint8] = field(repr=False)


def no_data(lattice: Lattice, reach: float) -> NoData:
    """Return where no dot is within `reach` (units of the map)."""
    away = finer(lattice.distances)
    pixel = float((lattice.high - lattice.low).max()) / MASK_SIDE
    mask = np.clip((away - reach) / pixel + 0.5, 0, 1) * 255
    return NoData(lattice.low, lattice.high, mask.astype(np.uint8))


def finer(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate the values at the nodes of a lattice, (k, k), to (MASK_SIDE, MASK_SIDE)."""
    count = len(values)
    nodes = np.linspace(0, count - 1, MASK_SIDE)
    first = np.minimum(nodes.astype(np.intp), count - 2)
    share = (nodes - first).astype(np.float32)
    rows = values[first] * (1 - share)[:, None]
    rows += values[first + 1] * share[:, None]
    finer: NDArray[np.float32] = rows[:, first] * (1 - share) + rows[:, first + 1] * share
    return finer
