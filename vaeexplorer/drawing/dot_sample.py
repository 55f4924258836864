"""Dots drawn, and found, before they are sorted: all of a few, and a fair sample of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.dot_field import FADED, DotField, Frame, kernel_loaded
from vaeexplorer.drawing.raster import lay, raster_points


def paint_unsorted(
    positions: NDArray[np.float32],
    colours: NDArray[np.uint8],
    frame: Frame,
    shown: NDArray[np.bool_],
    standing_out: NDArray[np.bool_] | None,
    most: int,
) -> NDArray[np.uint32]:
    """Draw `frame` at once, with no more than `most` dots.

    Parameters
    ----------
    positions, colours
        (n, 2), y upwards, and (n, 3).
    frame
        Its background is opaque.
    shown, standing_out
        (n,), which dots are drawn, and which of them above the others, which fade; None: all are
        alike.
    most
        Of more dots than these a random, but fixed, sample stands for all.

    Returns
    -------
    uint32, (height, width): 0xffRRGGBB.
    """
    n = len(positions)
    if n > most:
        kept = np.random.default_rng(0).integers(0, n, most)
        positions, colours, shown = positions[kept], colours[kept], shown[kept]
        standing_out = None if standing_out is None else standing_out[kept]
        # Each dot of a sample stands for several.
        opacity = 1 - (1 - min(frame.opacity, 0.99)) ** (n / most)
        frame = frame._replace(opacity=opacity)
    if kernel_loaded():
        field = DotField(positions).coloured(colours, shown, standing_out)
        # By this thread alone: so few are not worth sharing.
        return field.paint(frame, None, (0, 0, *frame.size))
    picture = np.full(frame.size[::-1], frame.background, np.uint32)
    middle = (frame.size[0] / 2, frame.size[1] / 2)
    pixels = (positions - frame.centre) * (frame.scale, -frame.scale) + middle
    layers = [(shown, 1.0)]
    if standing_out is not None:
        layers = [(shown & ~standing_out, FADED), (shown & standing_out, 1.0)]
    for chosen, opacity in layers:
        dots = raster_points(
            pixels[chosen], colours[chosen], frame.size, frame.diameter, frame.opacity
        )
        lay(dots, picture, opacity)
    return picture


def nearest_unsorted(
    positions: NDArray[np.float32],
    shown: NDArray[np.bool_],
    place: NDArray[np.floating],
    reach: float,
) -> int | None:
    """Index of the `shown` dot nearest to `place`, (2,), within `reach`, in units of the map."""
    squares = ((positions - place) ** 2).sum(axis=1)
    squares[~shown | np.isnan(squares)] = np.inf
    best = int(squares.argmin()) if len(squares) else 0
    return best if len(squares) and squares[best] <= reach**2 else None
