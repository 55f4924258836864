"""From a place on the map to a code, and from a code to its place on the map."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.alignment import AlignedMap
from vaeexplorer.latent.lattice import Lattice, build_lattice
from vaeexplorer.latent.neighbours import CodeIndex, Dots
from vaeexplorer.latent.projection import Map, principal_axes

NEIGHBOURS = 60
"""Dots on the map whose codes are averaged."""

SOFTENING = 0.3
"""Share of the neighbours' radius below which weights grow no more: smooth rather than exact."""

PLACE_NEIGHBOURS = 3
"""Codes whose positions are averaged to place a new code."""

REACH = 5.0
"""Beyond this many median neighbour distances from the nearest dot there is no data."""

BORDER = 0.1
"""Share of the map's width that its lattice goes beyond it."""

LATTICE_REACH = 1.2
"""How many times as far as there is data it goes at least."""

LARGEST_MISS = 1e-3
"""Share of its extent that a map of principal axes may differ from the projection onto them."""

CHECKED = 100
TINY = 1e-24
GRID_VALUES = 2**22
"""Values of neighbours' codes that are averaged at a time."""

Exactness = Literal["none", "map", "code"]
"""Whether a place on the map has one code that can be known ("code"), one such code once the
components across the map are chosen ("map"), or none."""


class Lifted(NamedTuple):
    """What stands behind a place on the map.

    Attributes
    ----------
    z
        Code, float32, (size,).
    spread
        Root mean square distance from `z` to the codes that it is averaged from, with their
        weights, in units of the codes; 0 where z is known exactly.
    radius
        Root mean square distance on the map from the place to the dots of those codes, with the
        same weights; 0 where z is known exactly.
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
    radius: float
    nearest: int
    distance: float
    snapped: bool
    inside: bool


class Lift:
    """Lift of one map: built once per (map, codes), asked at every move of the cursor.

    Between dots the code is a soft Shepard mean, continuous in the place: over the k nearest dots
    at distances d, with R the distance of dot k + 1, u = 1 - d/R and w = u^2 / ((d/R)^2 + 0.3^2).
    A map of two latent axes is its own inverse. On a map of principal axes that mean, or a code
    that is held, gives the components across the map, and the place gives those along it.

    Parameters
    ----------
    map_positions
        (n, 2), n >= 1, finite.
    codes
        (n, size), or the index of them that another lift has made.
    settings
        Settings of the map; `exact` True means that its axes are the latent axes.
    plane
        Where the map shows codes by two orthonormal axes: their centre, (size,), and the axes,
        (size, 2).
    quick
        Build no search trees: for a map, or a lift, that will be another one in a moment.

    References
    ----------
    R. Franke and G. Nielson, "Smooth interpolation of large sets of scattered data", 1980.
    """

    def __init__(
        self,
        map_positions: NDArray[np.float32],
        codes: NDArray[np.float32] | CodeIndex,
        settings: Mapping[str, Any],
        *,
        plane: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
        quick: bool = False,
    ) -> None:
        index = codes if isinstance(codes, CodeIndex) else CodeIndex(codes, quick=quick)
        if len(map_positions) != len(index.codes):
            raise ValueError(f"{len(map_positions)} positions for {len(index.codes)} codes.")
        self.index = index
        self.codes = index.codes
        self.exact = bool(settings.get("exact", False))
        self.lattice: Lattice | None = None
        self.quick = quick
        self._dots = Dots(map_positions, quick=quick)
        self.positions = self._dots.positions
        self._plane = plane
        self._neighbours = min(NEIGHBOURS, len(self.codes) - 1)
        self.reach = REACH * self._dots.neighbour_distance()
        one = self.exact and self.codes.shape[1] == 1
        self._line = np.sort(self.codes[:, 0].astype(np.float64)) if one else None

    @property
    def exactness(self) -> Exactness:
        """How much of a code a free place on this map tells."""
        if self.exact:
            return "code"
        return "none" if self._plane is None else "map"

    @property
    def axes(self) -> NDArray[np.float64] | None:
        """The directions in latent space that the axes of the map show, (size, 2).

        None where the map has no straight axes.
        """
        if self.exact and self.codes.shape[1] == 2:
            return np.eye(2)
        return None if self._plane is None else self._plane[1].astype(np.float64)

    def lift(
        self,
        point: NDArray[Any] | tuple[float, float],
        snap_distance: float,
        held: NDArray[np.float32] | None = None,
    ) -> Lifted:
        """Lift one place on the map.

        Parameters
        ----------
        point
            (2,), in units of the map.
        snap_distance
            Within this distance of a dot (units of the map) its own code is given.
        held
            (size,): on a map of principal axes, the code whose components across the map are
            kept; None: those of the weighted mean of the dots around.
        """
        place = np.asarray(point, np.float64)
        distances, found = self._dots.nearest(place, self._neighbours + 1)
        nearest, distance = int(found[0]), float(distances[0])
        snapped = distance <= snap_distance
        spread = radius = 0.0
        if snapped:
            z = self.codes[nearest].copy()
        elif self.exact:
            z = place.astype(np.float32)[: self.codes.shape[1]]
        else:
            weights = _weights(distances)
            codes = self.codes.take(found, axis=0)
            z = weights @ codes
            if self._plane is not None:
                z = self._through(place[None], z if held is None else held)[0]
            spread = math.sqrt((weights @ (codes - z) ** 2).sum())
            radius = math.sqrt(float(weights @ distances**2))
        inside = snapped or self._away(place[None], distances[None])[0] <= self.reach
        return Lifted(z, spread, radius, nearest, distance, snapped, bool(inside))

    def lift_grid(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """Lift many places, (m, 2), without snapping: codes, float32, (m, size).

        From the lattice where it has been built and covers them: quicker, and nearly the same.
        """
        points = np.asarray(points, np.float64)
        if self.exact:
            return points[:, : self.codes.shape[1]].astype(np.float32)
        if self.lattice is None:
            lifted = self._means(points)[0]
        else:
            covered = self.lattice.covers(points)
            if covered.all():
                lifted = self.lattice.lift(points)
            else:
                lifted = np.empty((len(points), self.codes.shape[1]), np.float32)
                lifted[covered] = self.lattice.lift(points[covered])
                lifted[~covered] = self._means(points[~covered])[0]
        return lifted if self._plane is None else self._through(points, lifted)

    def near(self, points: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether there is data at each of `points`, (m, 2): a dot within `reach`."""
        points = np.asarray(points, np.float64)
        distances = self._dots.nearest(points, 1)[0]
        return np.asarray(self._away(points, distances) <= self.reach)

    def _away(
        self, points: NDArray[np.float64], distances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How far data is from `points`, (m, 2), given `distances` of their dots, (m, k): (m,).

        On a map of one latent dimension only what lies across counts: its height is a density,
        and every place above or below a dot has the code of that dot.
        """
        if self._line is None:
            return distances[:, 0]
        place = points[:, 0]
        after = np.searchsorted(self._line, place)
        left = self._line[np.maximum(after - 1, 0)]
        right = self._line[np.minimum(after, len(self._line) - 1)]
        return np.minimum(np.abs(place - left), np.abs(right - place))

    def make_lattice(self) -> Generator[float, None, Lattice]:
        """Compute the lattice that `lift_grid` and overlays use, yielding the share done.

        It covers the map and all places around it where there is data. The caller sets `lattice`.
        """
        low, high = (
            np.asarray(bound, np.float64)
            for bound in (self.positions.min(axis=0), self.positions.max(axis=0))
        )
        width = float((high - low).max()) or 1.0
        border = max(BORDER * width, LATTICE_REACH * self.reach)
        size = self.codes.shape[1]
        self._dots.plant()
        return build_lattice(self._means, low - border, high + border, size)

    def nearest_code(self, z: NDArray[Any]) -> tuple[int, float]:
        """Index of the code nearest to `z`, (size,), in latent space, and its distance."""
        distances, found = self.index.nearest(z, 1)
        return int(found[0]), float(distances[0])

    def place(self, z: NDArray[Any]) -> NDArray[np.float32]:
        """Place a code, (size,), on the map: float32, (2,).

        Where the map is a projection, by that; else the mean of the positions of its 3 nearest
        codes, weighted by inverse distance: a code of the data lies exactly on its dot.
        """
        z = np.asarray(z, np.float64)
        if self.exact and len(z) == 2:
            return z.astype(np.float32)
        distances, found = self.index.nearest(z, PLACE_NEIGHBOURS)
        if distances[0] == 0:
            return np.array(self.positions[found[0]])
        if self._plane is not None:
            centre, axes = self._plane
            return np.asarray((z - centre) @ axes, np.float32)
        weights = distances[0] / distances
        return np.asarray(weights @ self.positions[found] / weights.sum(), np.float32)

    def _through(
        self, places: NDArray[np.float64], codes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Move `codes`, (size,) or (m, size), along the map until they lie on `places`, (m, 2)."""
        assert self._plane is not None
        centre, axes = self._plane
        along = places - (np.asarray(codes, np.float64) - centre) @ axes
        return np.asarray(codes + along @ axes.T, np.float32)

    def _means(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Weighted means of codes at `points`, (m, 2), and how far data is from them."""
        means = np.empty((len(points), self.codes.shape[1]), np.float32)
        nearest = np.empty(len(points))
        count = self._neighbours + 1
        rows = max(GRID_VALUES // (count * self.codes.shape[1]), 1)
        for start in range(0, len(points), rows):
            part = slice(start, start + rows)
            distances, found = self._dots.nearest(points[part], count)
            weights = _weights(distances)
            means[part] = (weights[:, None, :] @ self.codes[found])[:, 0]
            nearest[part] = self._away(points[part], distances)
        return means, nearest


def lift_of(shown: Map, codes: NDArray[np.float32] | CodeIndex, *, quick: bool = False) -> Lift:
    """Lift of `shown`, a map of `codes`, by the best way back that its method has."""
    values = codes.codes if isinstance(codes, CodeIndex) else codes
    plane = _plane_of(shown, values) if shown.method == "pca" else _pair_of(shown, values)
    return Lift(shown.positions, codes, shown.settings, plane=plane, quick=quick)


def _pair_of(
    shown: Map, codes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Centre and axes of a map of two dimensions; None where it is another one."""
    if shown.method != "dimensions":
        return None
    size = codes.shape[1]
    pair = [shown.settings["across"], shown.settings["up"]]
    return np.zeros(size, np.float32), np.eye(size, dtype=np.float32)[:, pair]


def _plane_of(
    shown: Map, codes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Centre and axes of a PCA map; None where it was made otherwise than it is made here."""
    if isinstance(shown, AlignedMap):
        plane = _plane_of(shown.raw, codes)
        if plane is None:
            return None
        turn, _, shift = shown.similarity
        turned = plane[1] @ turn.astype(np.float32)
        # The code that the origin of the turned map shows.
        return plane[0] - turned @ shift.astype(np.float32), turned
    centre, axes = principal_axes(codes)
    every = -(-len(codes) // CHECKED)
    again = (codes[::every] - centre) @ axes
    miss = np.abs(again - shown.positions[::every]).max()
    return (centre, axes) if miss <= LARGEST_MISS * np.abs(shown.positions).max() else None


def _weights(distances: NDArray[np.float64]) -> NDArray[np.float32]:
    """Soft Shepard weights, sum 1, of dots at `distances` (..., k + 1), the last one's being 0."""
    share = distances / np.maximum(distances[..., -1:], TINY)
    # Dots that are all equally far, as coincident ones are, get equal weights from TINY.
    weights = ((1 - share) ** 2 + TINY) / (share**2 + SOFTENING**2)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights.astype(np.float32)
