"""Small pictures of images, and which of them have room beside one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.grid import to_rgb
from vaeexplorer.drawing.palette import packed


def thumbnails(images: NDArray[np.uint8], largest: int) -> NDArray[np.uint32]:
    """Return small pictures of `images`, (k, channels, height, width): 0xffRRGGBB, (k, h, w).

    An image with a side longer than `largest` is made smaller by a whole factor: each pixel is
    the mean of a square of its pixels. What is left over at the right and at the bottom is cut.
    """
    step = -(-max(images.shape[-2:]) // largest)
    if step > 1:
        k, channels, height, width = images.shape
        # Never to nothing, however long and thin an image is.
        down, across = min(step, height), min(step, width)
        rows, columns = height // down, width // across
        cut = images[:, :, : rows * down, : columns * across]
        squares = cut.reshape(k, channels, rows, down, columns, across)
        images = squares.mean(axis=(3, 5)).round().astype(np.uint8)
    return np.ascontiguousarray(packed(to_rgb(images)))


def apart(places: NDArray[np.floating], width: float, height: float) -> NDArray[np.bool_]:
    """Choose boxes of `width` x `height` around `places`, (k, 2), none of which overlap: (k,).

    Those that come first have precedence; each that is left out overlaps one that is chosen.
    """
    chosen = np.zeros(len(places), np.bool_)
    room = np.ones(len(places), np.bool_)
    for number, (x, y) in enumerate(places):
        if room[number]:
            chosen[number] = True
            room &= (abs(places[:, 0] - x) >= width) | (abs(places[:, 1] - y) >= height)
    return chosen
