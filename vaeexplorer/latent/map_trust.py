"""How far a map can be trusted: whether neighbours on it are neighbours among the codes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 15
FEWEST_SAMPLED, MOST_SAMPLED = 200, 2_000
DISTANCES = 2**26
"""Distances that are looked at, about: of more codes fewer are sampled."""
BLOCK = 2**20
"""Distances between two looks at whether the answer is still wanted."""
EXACT = 2**22
"""Values of codes up to which distances are computed in float64."""


class MapTrust(NamedTuple):
    """What a map keeps of neighbourhoods, from 0 to 1, 1 where it keeps all of them.

    Attributes
    ----------
    trustworthiness
        Falls as images are neighbours on the map that are none among the codes.
    continuity
        Falls as images are neighbours among the codes that are none on the map.
    neighbours
        Of each image, k.
    sampled, n
        Images whose neighbours were looked at, among all n.
    """

    trustworthiness: float
    continuity: float
    neighbours: int
    sampled: int
    n: int


def measure_trust(
    codes: NDArray[Any], positions: NDArray[Any]
) -> Generator[float, None, MapTrust | None]:
    """Measure how far the map `positions`, (n, 2), of `codes`, (n, size), can be trusted.

    Of n images at most MOST_SAMPLED are looked at, an even choice of them, each among all others.
    Yields the share done.

    Returns
    -------
    None where there are fewer than 5 images, or something is not finite.

    References
    ----------
    J. Venna and S. Kaski, "Neighborhood preservation in nonlinear projection methods: an
    experimental study", 2001: 1 - 2 / (n k (2n - 3k - 1)) times the sum, over all images and
    those of their k neighbours in one space that are none in the other, of (rank there - k).
    """
    n = len(codes)
    neighbours = min(NEIGHBOURS, (n - 1) // 2)
    if neighbours < 2 or not (np.isfinite(codes).all() and np.isfinite(positions).all()):
        return None
    sampled = np.linspace(0, n - 1, _sample_size(n)).round().astype(np.intp)
    spaces = [_Space(codes), _Space(positions)]
    missed = np.zeros(2)
    step = max(1, BLOCK // n)
    for start in range(0, len(sampled), step):
        rows = sampled[start : start + step]
        far, near = (space.squares(rows) for space in spaces)
        missed += _missed(far, near, neighbours), _missed(near, far, neighbours)
        yield (start + len(rows)) / len(sampled)
    worst = len(sampled) * neighbours * (2 * n - 3 * neighbours - 1) / 2
    trustworthiness, continuity = (1 - missed / worst).tolist()
    return MapTrust(trustworthiness, continuity, neighbours, len(sampled), n)


def _sample_size(n: int) -> int:
    return min(n, MOST_SAMPLED, max(FEWEST_SAMPLED, DISTANCES // n))


class _Space:
    """Points, (n, size), to be asked how far they are from some of them."""

    def __init__(self, points: NDArray[Any]) -> None:
        points = np.asarray(points, np.float64 if points.size <= EXACT else np.float32)
        self._points = points - points.mean(axis=0)
        self._halves = np.einsum("ij,ij->i", self._points, self._points) / 2

    def squares(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Something that grows with the distance of each point from those in `rows`: (rows, n).

        A point is infinitely far from itself: it is none of its neighbours.
        """
        apart = self._halves - self._points[rows] @ self._points.T
        apart[np.arange(len(rows)), rows] = np.inf
        return np.asarray(apart)


def _missed(far: NDArray[Any], near: NDArray[Any], neighbours: int) -> int:
    """How many ranks the neighbours by `near`, (rows, n), are beyond the neighbours by `far`."""
    found = np.argpartition(near, neighbours - 1, axis=1)[:, :neighbours]
    missed = 0
    for row, there in zip(far, np.take_along_axis(far, found, 1), strict=True):
        ranks = np.count_nonzero(row < there[:, None], axis=1) + 1
        missed += int(np.maximum(ranks - neighbours, 0).sum())
    return missed
