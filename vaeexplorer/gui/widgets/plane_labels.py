"""Where the numbers of falling lines stand on a plane: beside their lines, hiding nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ABOVE, BELOW = (0.0, 1.0), (1.0, 0.0)
"""Corner of a number that lies on its line, as pyqtgraph's anchors: it stands to the right of and
above that place, or to the left of and below it."""

SHARES = np.linspace(0.0, 1.0, 21)
"""Places along a line that are tried, the first ones first."""

HIDING, OVERLAPPING, CROSSING = 100.0, 10.0, 1.0
"""What it costs to hide a point, to overlap another number, and to have a line run through."""


def places(
    levels: Sequence[float],
    view: tuple[tuple[float, float], tuple[float, float]],
    sizes: FloatArray,
    points: FloatArray,
    heights: Sequence[float] = (),
) -> list[tuple[float, float, tuple[float, float]] | None]:
    """Find a place (x, y, anchor) for the number of each line x + y = level.

    None for one that would lie over another wherever it stood: there is no room for it.

    Parameters
    ----------
    view
        Ends of what is seen: across, and up.
    sizes
        Width and height of each number, (levels, 2), in units of the plane, as all here.
    points
        What must not be hidden: left, bottom, right and top of each, (n, 4).
    heights
        Where level lines run.
    """
    found: list[tuple[float, float, tuple[float, float]] | None] = []
    taken = np.empty((0, 4))
    for level, size in zip(levels, sizes, strict=True):
        spots, anchors = _candidates(level, view)
        low = spots - anchors[:, :1] * size  # as far to the left as down
        boxes = np.hstack([low, low + size])
        cost = HIDING * _overlaps(boxes, points) + OVERLAPPING * _overlaps(boxes, taken)
        others = [other for other in levels if other != level]
        cost += CROSSING * (_crossed(boxes, others) + _levelled(boxes, heights))
        (left, right), (bottom, top) = view
        outside = (boxes[:, :2] < (left, bottom)) | (boxes[:, 2:] > (right, top))
        best = int(np.where(outside.any(axis=1), np.inf, cost).argmin())
        if _overlaps(boxes[best : best + 1], taken).any():
            found.append(None)
            continue
        taken = np.vstack([taken, boxes[best]])
        x, y = spots[best]
        found.append((float(x), float(y), ABOVE if anchors[best, 1] else BELOW))
    return found


def _candidates(
    level: float, view: tuple[tuple[float, float], tuple[float, float]]
) -> tuple[FloatArray, FloatArray]:
    """Places along what is seen of a line, (k, 2), and anchors there, from its left end on."""
    (left, right), (bottom, top) = view
    across = max(left, level - top), min(right, level - bottom)
    x = across[0] + SHARES * (across[1] - across[0])
    spots = np.repeat(np.stack([x, level - x], axis=1), 2, axis=0)
    return spots, np.tile(np.array([ABOVE, BELOW]), (len(x), 1))


def _overlaps(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """How many of the other boxes each box overlaps."""
    one, other = boxes[:, None], others[None]
    apart = (one[..., :2] >= other[..., 2:]) | (other[..., :2] >= one[..., 2:])
    overlapping: FloatArray = (~apart.any(axis=2)).sum(axis=1).astype(float)
    return overlapping


def _crossed(boxes: FloatArray, levels: Sequence[float]) -> FloatArray:
    """How many falling lines run through each box."""
    low, high = boxes[:, :2].sum(axis=1), boxes[:, 2:].sum(axis=1)
    return _between(low, high, levels)


def _levelled(boxes: FloatArray, heights: Sequence[float]) -> FloatArray:
    """How many level lines run through each box."""
    return _between(boxes[:, 1], boxes[:, 3], heights)


def _between(low: FloatArray, high: FloatArray, values: Sequence[float]) -> FloatArray:
    inside = (low[:, None] < np.asarray(values)) & (np.asarray(values) < high[:, None])
    counted: FloatArray = inside.sum(axis=1).astype(float)
    return counted
