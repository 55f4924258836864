"""From a place on the map to a code, and from a code to its place on the map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

NEIGHBOURS = 60
"""Dots on the map whose codes are averaged."""

SOFTENING = 0.3
"""Share of the neighbours' radius below which weights grow no more: smooth rather than exact."""

PLACE_NEIGHBOURS = 3
"""Codes whose positions are averaged to place a new code."""

REACH = 5.0
"""Beyond this many median neighbour distances from the nearest dot there is no data."""

TREE_SIZE = 12
"""Above this many latent dimensions a tree visits most codes, and looking at all is faster."""

FEW = 3_000
"""Up to this many dots all are looked at: as fast as a tree, and scipy need not be imported."""

CANDIDATES = 16
"""Codes that are near by float32 arithmetic, among which the nearest are found exactly."""

TINY = 1e-24
REACH_SAMPLE = 2_000
GRID_CHUNK = 4_096


class Lifted(NamedTuple):
    """What stands behind a place on the map.

    Attributes
    ----------
    z
        Code, float32, (size,).
    spread
        Root mean square distance from `z` to the codes that it is averaged from, with their
        weights, in units of the codes; 0 where z is known exactly.
    nearest
        Index of the nearest dot on the map.
    distance
        Distance to that dot, in units of the map.
    snapped
        Whether `z` is that dot's own code.
    inside
        Whether there is data here: see REACH.
    """

    z: NDArray[np.float32]
    spread: float
    nearest: int
    distance: float
    snapped: bool
    inside: bool


class Lift:
    """Lift of one map: built once per (map, codes), asked at every move of the cursor.

    Between dots the code is a soft Shepard mean, continuous in the place: over the k nearest dots
    at distances d, with R the distance of dot k + 1, u = 1 - d/R and w = u^2 / ((d/R)^2 + 0.3^2).

    Parameters
    ----------
    map_positions
        (n, 2), n >= 1, finite.
    codes
        (n, size).
    settings
        Settings of the map; `exact` True means that its axes are the latent axes.

    References
    ----------
    R. Franke and G. Nielson, "Smooth interpolation of large sets of scattered data", 1980.
    """

    def __init__(
        self,
        map_positions: NDArray[np.float32],
        codes: NDArray[np.float32],
        settings: Mapping[str, Any],
    ) -> None:
        if len(map_positions) != len(codes):
            raise ValueError(f"{len(map_positions)} positions for {len(codes)} codes.")
        self.positions = np.ascontiguousarray(map_positions, np.float64)
        self.codes = np.ascontiguousarray(codes, np.float32)
        self.exact = bool(settings.get("exact", False))
        self._columns = np.ascontiguousarray(self.positions.T)
        self._neighbours = min(NEIGHBOURS, len(codes) - 1)
        self._reach = REACH * self._median_neighbour_distance()

    def lift(self, point: NDArray[Any] | tuple[float, float], snap_distance: float) -> Lifted:
        """Lift one place on the map.

        Parameters
        ----------
        point
            (2,), in units of the map.
        snap_distance
            Within this distance of a dot (units of the map) its own code is given.
        """
        distances, found = self._nearest(np.asarray(point, np.float64))
        nearest, distance = int(found[0]), float(distances[0])
        snapped = distance <= snap_distance
        if snapped:
            z, spread = self.codes[nearest].copy(), 0.0
        elif self.exact:
            z, spread = np.array(point, np.float32)[: self.codes.shape[1]], 0.0
        else:
            z, spread = self._mean(distances, found)
        inside = snapped or distance <= self._reach
        return Lifted(z, spread, nearest, distance, snapped, inside)

    def lift_grid(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """Lift many places, (m, 2), without snapping: codes, float32, (m, size)."""
        points = np.asarray(points, np.float64)
        if self.exact:
            return points[:, : self.codes.shape[1]].astype(np.float32)
        chunks = range(0, len(points), GRID_CHUNK)
        lifted = [self._lift_chunk(points[start : start + GRID_CHUNK]) for start in chunks]
        return np.concatenate(lifted) if lifted else self.codes[:0]

    def nearest_code(self, z: NDArray[Any]) -> tuple[int, float]:
        """Index of the code nearest to `z`, (size,), in latent space, and its distance."""
        distances, found = self._nearest_codes(np.asarray(z, np.float64), 1)
        return int(found[0]), float(distances[0])

    def place(self, z: NDArray[Any]) -> NDArray[np.float32]:
        """Place a code, (size,), on the map: float32, (2,).

        The mean of the positions of its 3 nearest codes, weighted by inverse distance: a code of
        the data lies exactly on its dot.
        """
        z = np.asarray(z, np.float64)
        if self.exact and len(z) == 2:
            return z.astype(np.float32)
        distances, found = self._nearest_codes(z, min(PLACE_NEIGHBOURS, len(self.codes)))
        if distances[0] == 0:
            return np.asarray(self.positions[found[0]], np.float32)
        weights = distances[0] / distances
        return np.asarray(weights @ self.positions[found] / weights.sum(), np.float32)

    def _nearest(self, points: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Distances and indices of the k + 1 nearest dots, nearest first, (..., k + 1)."""
        count = self._neighbours + 1
        if len(self.positions) > FEW:
            return _query(self._tree, points, list(range(1, count + 1)))
        if points.ndim > 1:
            rows = [self._nearest(point) for point in points]
            return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])
        squares = self._squares_to(points)
        near = np.argpartition(squares, count - 1)[:count]
        near = near[np.argsort(squares[near], kind="stable")]
        return np.sqrt(squares[near]), near

    def _mean(self, distances: NDArray[Any], found: NDArray[Any]) -> tuple[NDArray[Any], float]:
        """Weighted mean of the codes `found`, and their spread about it."""
        weights = _weights(distances)
        codes = self.codes.take(found, axis=0)
        z = weights @ codes
        return z, math.sqrt((weights @ (codes - z) ** 2).sum())

    def _lift_chunk(self, points: NDArray[np.float64]) -> NDArray[np.float32]:
        from scipy.sparse import csr_array

        distances, found = self._nearest(points)
        ends = np.arange(0, found.size + 1, found.shape[1])
        shape = (len(points), len(self.codes))
        weights = csr_array((_weights(distances).ravel(), found.ravel(), ends), shape=shape)
        lifted: NDArray[np.float32] = weights @ self.codes
        return lifted

    def _median_neighbour_distance(self) -> float:
        """Median distance of a dot to the nearest dot elsewhere; 0 where all coincide."""
        if not self._neighbours:
            return 0.0
        every = -(-len(self.positions) // REACH_SAMPLE)
        sample = self.positions[::every]
        if len(self.positions) <= FEW:
            squares = [np.partition(self._squares_to(point), 1)[1] for point in sample]
            distances = np.sqrt(squares)
        else:
            distances = _query(self._tree, sample, [2])[0]
        apart = distances[distances > 0]
        return float(np.median(apart)) if len(apart) else 0.0

    def _squares_to(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Squared distances of all dots to one point, (n,)."""
        x, y = self._columns
        squares: NDArray[np.float64] = (x - point[0]) ** 2 + (y - point[1]) ** 2
        return squares

    @cached_property
    def _tree(self) -> cKDTree:
        from scipy.spatial import cKDTree  # late: the window is painted before scipy is imported

        return cKDTree(self.positions, balanced_tree=False)

    @cached_property
    def _code_tree(self) -> cKDTree:
        from scipy.spatial import cKDTree

        return cKDTree(self.codes, balanced_tree=False)

    @cached_property
    def _centred(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """The centre of the codes, the codes about it, and half their squared lengths."""
        centre = self.codes.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = self.codes - centre
        return centre, centred, np.einsum("ij,ij->i", centred, centred) / 2

    def _nearest_codes(
        self, z: NDArray[np.float64], count: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Distances and indices of the `count` codes nearest to `z`, nearest first."""
        if len(z) <= TREE_SIZE and len(self.codes) > FEW:
            return _query(self._code_tree, z, list(range(1, count + 1)))
        centre, centred, half_squares = self._centred
        # einsum, not BLAS: its threads wait for one another for milliseconds on a busy machine.
        toward = np.einsum("ij,j->i", centred, (z - centre).astype(np.float32))
        closeness = half_squares - toward
        last = min(CANDIDATES, len(closeness)) - 1
        candidates = np.argpartition(closeness, last)[: last + 1]
        distances = np.linalg.norm(self.codes[candidates] - z, axis=1)
        order = np.argsort(distances, kind="stable")[:count]
        return distances[order], candidates[order]


def _query(
    tree: cKDTree, points: NDArray[np.float64], ranks: list[int]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Distances and indices of the neighbours of `ranks`, along a last axis."""
    distances, found = tree.query(points, ranks)
    return np.asarray(distances), np.asarray(found)


def _weights(distances: NDArray[np.float64]) -> NDArray[np.float32]:
    """Soft Shepard weights, sum 1, of dots at `distances` (..., k + 1), the last one's being 0."""
    share = distances / np.maximum(distances[..., -1:], TINY)
    # Dots that are all equally far, as coincident ones are, get equal weights from TINY.
    weights = ((1 - share) ** 2 + TINY) / (share**2 + SOFTENING**2)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights.astype(np.float32)
