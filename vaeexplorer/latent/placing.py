"""A map of some codes, and the others placed on it by their nearest ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAREST = 3
"""Mapped codes whose positions are averaged to place another one."""

CHUNK = 5_000
TREE_SIZE = 12
"""Above this many latent dimensions a tree visits most codes, and looking at all is faster."""


def sample_of(n: int, count: int) -> NDArray[np.intp]:
    """Return which `count` of `n` codes are mapped, in order: always the same ones."""
    return np.sort(np.random.default_rng(0).permutation(n)[:count])


class Placing:
    """Where all codes lie on a map of some of them.

    A code that is mapped lies on its own position; another one on the mean of the positions of its
    3 nearest mapped codes, weighted by inverse distance.

    Parameters
    ----------
    codes
        float32, (n, size).
    chosen
        (m,): the codes that are mapped, 3 <= m <= n.
    """

    def __init__(self, codes: NDArray[np.float32], chosen: NDArray[np.intp]) -> None:
        self.chosen = chosen
        n = len(codes)
        self._found = np.empty((n, NEAREST), np.int32)
        self._weights = np.empty((n, NEAREST), np.float32)
        mapped = codes[chosen]
        search = _search(mapped)
        for start in range(0, n, CHUNK):
            part = slice(start, start + CHUNK)
            found = search(codes[part])
            # Again, in float64: a search by products does not find a code at distance 0 of itself.
            here = codes[part].astype(np.float64)
            distances = np.linalg.norm(here[:, None] - mapped[found], axis=2)
            shares = 1 / np.maximum(distances, np.finfo(np.float32).tiny)
            self._found[part] = found
            self._weights[part] = shares / shares.sum(axis=1, keepdims=True)

    def __call__(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the positions of all codes, (n, 2), from those of the mapped ones, (m, 2)."""
        placed = np.zeros((len(self._found), 2), np.float32)
        for rank in range(NEAREST):
            placed += self._weights[:, rank, None] * positions[self._found[:, rank]]
        placed[self.chosen] = positions
        return placed


def _search(mapped: NDArray[np.float32]) -> Any:
    """Return a function from codes to the indices of their nearest ones among `mapped`."""
    if mapped.shape[1] <= TREE_SIZE:
        from scipy.spatial import cKDTree

        tree = cKDTree(mapped, balanced_tree=False)
        return lambda codes: tree.query(codes, NEAREST, workers=-1)[1]
    from sklearn.neighbors import NearestNeighbors

    searcher = NearestNeighbors(n_neighbors=NEAREST, algorithm="brute").fit(mapped)
    return lambda codes: searcher.kneighbors(codes, return_distance=False)
