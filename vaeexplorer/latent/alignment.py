"""Maps turned onto one another, so that the same images lie in the same direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.projection import Map

FITTED = 10_000
"""Images by which a map is turned, at most: an even choice of all."""


class Similarity(NamedTuple):
    """x -> scale * (x @ turn) + shift; `turn`, (2, 2), is orthogonal, `shift` is (2,)."""

    turn: NDArray[np.float64]
    scale: float
    shift: NDArray[np.float64]

    def applied(self, positions: NDArray[Any]) -> NDArray[np.float32]:
        """Return where `positions`, (n, 2), come to lie: float32, (n, 2)."""
        moved = self.scale * (positions @ self.turn.astype(np.float32))
        return np.asarray(moved + self.shift.astype(np.float32), np.float32)


@dataclass(frozen=True, eq=False)
class AlignedMap(Map):
    """The map `raw`, moved by `similarity`."""

    raw: Map = field(kw_only=True)
    similarity: Similarity = field(kw_only=True)


def similarity_onto(
    positions: NDArray[Any], target: NDArray[Any], *, scaled: bool = True
) -> Similarity:
    """Find what moves `positions` nearest to `target`, (n, 2) each, row by row.

    Orthogonal Procrustes with reflection: the rotation or reflection, the shift and, where
    `scaled`, the scale that minimise the sum of squared distances; all rows weigh the same.

    References
    ----------
    P. H. Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966.
    """
    every = -(-len(positions) // FITTED)
    ours, theirs = (np.asarray(one[::every], np.float64) for one in (positions, target))
    our_middle, their_middle = ours.mean(axis=0), theirs.mean(axis=0)
    ours, theirs = ours - our_middle, theirs - their_middle
    left, values, right = np.linalg.svd(ours.T @ theirs)
    turn = left @ right
    size = float((ours**2).sum())
    scale = float(values.sum()) / size if scaled and size > 0 and values.sum() > 0 else 1.0
    return Similarity(turn, scale, their_middle - scale * our_middle @ turn)


def aligned(shown: Map, reference: Map) -> Map:
    """Return `shown` moved onto `reference`, a map of the same images in the same order.

    A map of latent axes stays as it is: its places are codes. One of principal axes is in units of
    codes, so that it is turned and shifted but not scaled, and keeps its exact way back.
    """
    if shown.settings.get("exact") or len(shown.positions) != len(reference.positions):
        return shown
    similarity = similarity_onto(shown.positions, reference.positions, scaled=shown.method != "pca")
    return AlignedMap(
        shown.method,
        similarity.applied(shown.positions),
        shown.settings,
        raw=shown,
        similarity=similarity,
    )
