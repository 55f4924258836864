"""The nearest dots on a map, and the nearest codes in a latent space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

FEW = 3_000
"""Up to this many points all are looked at for one place: as fast as a tree, without scipy."""

TREE_SIZE = 12
"""Above this many latent dimensions a tree visits most codes, and looking at all is faster."""

CANDIDATES = 16
"""Codes that are near by float32 arithmetic, among which the nearest are found exactly."""

BLOCK = 256
"""Of many codes, only the least distance of each block of so many is compared at first."""

OFF_CENTRE = 4.0
"""Codes whose mean is further from 0 than this many times their spread are centred first."""

SAMPLE, QUICK_SAMPLE = 2_000, 32
"""Dots whose distance to their neighbours is looked at, and of a map that grows."""

LOOKED_AT = 2**18
"""Distances computed at a time where all points are looked at."""


class Dots:
    """The dots of a map, to be asked which are nearest to a place.

    Parameters
    ----------
    positions
        float32, (n, 2), finite, n >= 1.
    quick
        Build no tree: for dots that are asked a few times only, as those of a map that grows.
    """

    def __init__(self, positions: NDArray[np.float32], *, quick: bool = False) -> None:
        self.positions = np.asarray(positions, np.float32)
        self._columns: tuple[NDArray[np.float32], ...] = ()
        self._tree: cKDTree | None = None
        self._sample = QUICK_SAMPLE if quick else SAMPLE
        if quick or len(positions) <= FEW:
            self._columns = tuple(np.ascontiguousarray(axis) for axis in self.positions.T)
        else:
            self.plant()

    def plant(self) -> None:
        """Build a tree: for dots that will be asked for thousands of places at once."""
        if self._tree is None:
            from scipy.spatial import cKDTree  # late: the window is painted before scipy comes

            self._tree = cKDTree(self.positions, balanced_tree=False)

    def nearest(
        self, points: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Distances and indices of the `count` dots nearest to each of `points`, (..., 2).

        Returns
        -------
        distances, indices
            (..., count), nearest first.
        """
        if self._tree is not None:
            return _query(self._tree, points, count)
        if points.ndim == 1 and len(self.positions) > FEW:
            return self._look_once(points, count)
        if points.ndim == 1:
            distances, found = self._look_at_all(points[None], count)
            return distances[0], found[0]
        rows = max(LOOKED_AT // len(self.positions), 1)
        parts = [
            self._look_at_all(points[start : start + rows], count)
            for start in range(0, len(points), rows)
        ]
        return np.concatenate([part[0] for part in parts]), np.concatenate([p[1] for p in parts])

    def neighbour_distance(self) -> float:
        """Median distance of a dot to the nearest dot elsewhere; 0 where all coincide."""
        if len(self.positions) < 2:
            return 0.0
        sampled = np.arange(0, len(self.positions), -(-len(self.positions) // self._sample))
        if self._tree is None:
            distances = np.array([self._distance_of(int(dot)) for dot in sampled])
        else:
            distances = self.nearest(self.positions[sampled].astype(np.float64), 2)[0][:, 1]
        apart = distances[distances > 0]
        return float(np.median(apart)) if len(apart) else 0.0

    def _distance_of(self, dot: int) -> float:
        """Distance of a dot to the nearest other one, where all are looked at."""
        x, y = self._columns
        squares = (x - x[dot]) ** 2 + (y - y[dot]) ** 2
        squares[dot] = np.inf
        return math.sqrt(squares.min())

    def _look_once(
        self, point: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Look at all dots for one place: which are near by float32 arithmetic, and how near."""
        x, y = self._columns
        squares = (x - np.float32(point[0])) ** 2
        squares += (y - np.float32(point[1])) ** 2
        near = _smallest(squares, count)
        distances = np.sqrt(((self.positions[near] - point) ** 2).sum(axis=1))
        order = np.argsort(distances, kind="stable")
        return distances[order], near[order]

    def _look_at_all(
        self, points: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        x, y = self._columns
        squares = (x - points[:, :1]) ** 2 + (y - points[:, 1:]) ** 2
        near = np.argpartition(squares, count - 1, axis=1)[:, :count]
        apart = np.take_along_axis(squares, near, 1)
        order = np.argsort(apart, axis=1, kind="stable")
        return np.sqrt(np.take_along_axis(apart, order, 1)), np.take_along_axis(near, order, 1)


class CodeIndex:
    """The codes of a data set, to be asked which are nearest to a code.

    One serves every map of the same codes.

    Parameters
    ----------
    codes
        float32, (n, size), n >= 1.
    quick
        Build no tree: for codes that are asked a few times only.
    """

    def __init__(self, codes: NDArray[np.float32], *, quick: bool = False) -> None:
        self.codes = np.ascontiguousarray(codes, np.float32)
        self._tree: cKDTree | None = None
        if codes.shape[1] <= TREE_SIZE and len(codes) > FEW and not quick:
            from scipy.spatial import cKDTree

            self._tree = cKDTree(self.codes, balanced_tree=False)
        else:
            self._centre, self._centred = _centred(self.codes)
            self._half_squares = np.einsum("ij,ij->i", self._centred, self._centred) / 2

    def nearest(self, z: NDArray[Any], count: int) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Distances and indices of the `count` <= 16 codes nearest to `z`, (size,)."""
        z = np.asarray(z, np.float64)
        count = min(count, len(self.codes))
        if self._tree is not None:
            return _query(self._tree, z, count)
        # einsum, not BLAS: its threads wait for one another for milliseconds on a busy machine.
        toward = np.einsum("ij,j->i", self._centred, (z - self._centre).astype(np.float32))
        closeness = np.subtract(self._half_squares, toward, out=toward)
        candidates = _smallest(closeness, min(CANDIDATES, len(closeness)))
        distances = np.linalg.norm(self.codes[candidates] - z, axis=1)
        order = np.argsort(distances, kind="stable")[:count]
        return distances[order], candidates[order]


def _centred(codes: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a centre and the codes about it.

    float32 loses the distances of codes that are far from 0; others are taken as they are, which
    saves a copy of them all.
    """
    mean = codes.mean(axis=0, dtype=np.float64)
    spread = np.sqrt(codes.var(axis=0, dtype=np.float64).sum())
    if np.linalg.norm(mean) <= OFF_CENTRE * spread:
        return np.zeros(codes.shape[1], np.float32), codes
    centre = mean.astype(np.float32)
    return centre, codes - centre


def _smallest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the indices of the `count` smallest of `values`, (n,)."""
    blocks = len(values) // BLOCK
    if blocks <= 2 * count:
        return np.argpartition(values, count - 1)[:count]
    # They lie in the blocks with the `count` smallest minima, or in what is left over.
    minima = values[: blocks * BLOCK].reshape(blocks, BLOCK).min(axis=1)
    among = np.argpartition(minima, count - 1)[:count, None] * BLOCK + np.arange(BLOCK)
    places = np.concatenate([among.ravel(), np.arange(blocks * BLOCK, len(values))])
    return places[np.argpartition(values[places], count - 1)[:count]]


def _query(
    tree: cKDTree, points: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Distances and indices of the `count` nearest, along a last axis."""
    distances, found = tree.query(points, list(range(1, count + 1)))
    return np.asarray(distances), np.asarray(found)
