"""The sums of a raster in one compiled pass. Imported late: numba takes most of a second."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


def _compiled(function: Any) -> Any:
    """Compile `function` without the interpreter's lock, cached on disk where that can be."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        return numba.njit(nogil=True)(function)


def _draw(
    first: NDArray[np.int64],
    phase: NDArray[np.int64],
    colour: NDArray[np.uint8],
    weights: NDArray[np.uint32],
    depths: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sums: NDArray[np.uint32],
    scale: float,
    picture: NDArray[np.uint8],
) -> None:
    """Stamp dots and mix the pixels that they touch; see raster._sum and raster._mix.

    `sums`, (pixels, 5), is work space: all zero before and after. `picture`, (pixels, 4), gets
    premultiplied RGBA.
    """
    for dot in range(len(first)):
        red, green, blue = (
            np.uint32(colour[dot, 0]),
            np.uint32(colour[dot, 1]),
            np.uint32(colour[dot, 2]),
        )
        row = phase[dot]
        for k in range(len(offsets)):
            weight = weights[row, k]
            if weight == 0:
                continue
            pixel = sums[first[dot] + offsets[k]]
            pixel[0] += weight * red
            pixel[1] += weight * green
            pixel[2] += weight * blue
            pixel[3] += weight
            pixel[4] += depths[row, k]
    for index in range(len(sums)):
        pixel = sums[index]
        if pixel[4] == 0:
            continue
        alpha = np.float32(-np.expm1(-(pixel[4] / scale)))
        share = alpha / max(pixel[3], np.uint32(1))
        for channel in range(3):
            picture[index, channel] = np.uint8(pixel[channel] * share + np.float32(0.5))
        picture[index, 3] = np.uint8(alpha * np.float32(255) + np.float32(0.5))
        for part in range(5):
            pixel[part] = 0


draw = _compiled(_draw)
