"""A picture of dots that has been drawn, and what of it can be kept when the view is panned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from vaeexplorer.drawing.dot_field import DotField, Frame

WHOLE_PIXEL = 1e-3
"""A pan by whole pixels is off by less."""


@dataclass(eq=False)
class Picture:
    """What has been drawn.

    Attributes
    ----------
    pixels
        uint32, (height, width), 0xffRRGGBB; `image` shows this very memory.
    frame
        The view.
    content
        The state of the dots, counted by their changes.
    whole
        Whether all dots were drawn.
    """

    pixels: NDArray[np.uint32]
    frame: Frame
    content: int
    whole: bool

    def __post_init__(self) -> None:
        height, width = self.pixels.shape
        self.image = QImage(self.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)


def panned(
    field: DotField, pixels: NDArray[np.uint32], before: Frame, frame: Frame
) -> NDArray[np.uint32] | None:
    """Shift a picture of all dots and draw what comes into view; None unless that is all."""
    if before._replace(centre=frame.centre) != frame:
        return None
    right = (before.centre[0] - frame.centre[0]) * frame.scale
    down = (frame.centre[1] - before.centre[1]) * frame.scale
    (width, height), x, y = frame.size, round(right), round(down)
    if (
        max(abs(right - x), abs(down - y)) > WHOLE_PIXEL
        or 2 * abs(x) > width
        or 2 * abs(y) > height
    ):
        return None
    top, bottom = max(y, 0), height + min(y, 0)
    strips = [
        (0, 0, width, top),
        (0, bottom, width, height),
        (0, top, max(x, 0), bottom),
        (width + min(x, 0), top, width, bottom),
    ]
    shifted = np.empty_like(pixels)
    inside = slice(top, bottom), slice(max(x, 0), width + min(x, 0))
    outside = slice(top - y, bottom - y), slice(max(-x, 0), width + min(-x, 0))
    shifted[inside] = pixels[outside]
    for strip in strips:
        left, upper, end, lower = strip
        if left < end and upper < lower:
            shifted[upper:lower, left:end] = field.paint(frame, None, strip)
    return shifted
