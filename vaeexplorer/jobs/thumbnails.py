"""The images whose dots are in view on a map, where these are few."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.drawing.thumbnails import thumbnails

FEW = 150
"""Dots in view that are shown as pictures: of more, most would cover one another."""

LARGEST = 48
"""Pixels of the longer side of a picture, at most: larger images are made smaller."""


class InView(NamedTuple):
    """The dots in view, (k,), and small pictures of their images, 0xffRRGGBB, (k, h, w)."""

    indices: NDArray[np.int64]
    pictures: NDArray[np.uint32]


def few_in_view(
    positions: NDArray[np.float32],
    corners: tuple[NDArray[np.float64], NDArray[np.float64]],
    labels: NDArray[np.int64] | None,
    hidden: Collection[int],
    dataset: Dataset,
) -> InView | None:
    """Return what `dataset` shows where the dots at `positions`, (n, 2), are in view.

    Parameters
    ----------
    corners
        Least and largest coordinates of the view, (2,) each.
    labels, hidden
        (n,), and those of them whose dots are not drawn.

    Returns
    -------
    None where no dots are in view, or more than FEW.
    """
    (left, bottom), (right, top) = (corner.astype(np.float32) for corner in corners)
    x, y = positions[:, 0], positions[:, 1]
    indices = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    if labels is not None and hidden:
        indices = indices[~np.isin(labels[indices], sorted(hidden))]
    if not 0 < len(indices) <= FEW:
        return None
    return InView(indices, thumbnails(dataset.pixels(indices), LARGEST))
