"""A picture of dots that has been drawn, and what of it can be kept when the view moves."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from vaeexplorer.drawing.dot_field import DotField, Frame, part_of
from vaeexplorer.drawing.hatching import Hatching

MARGIN = 0.11
"""What a thread draws around a view, by its sides: neither a pan needs anything new at first, nor
a view that is a notch of the wheel wider."""
KEPT_PX = 6_000_000
"""Pixels, 24 MB, of pictures of former views: each may do for another view for a while."""
SMALLEST_PX, LARGEST_PX = 2.0, 14.0
WHOLE_PIXEL = 1e-3
"""A pan by whole pixels is off by less."""
BARE = 2.0
"""What is not covered at all is as bad as if all were stretched by exp(BARE)."""
LARGER, SMALLER = 6.0, 0.5
"""By how much a picture is stretched at most, and how much of the sides of a view, at least, what
is shrunk covers."""


@dataclass(eq=False)
class Picture:
    """What has been drawn.

    Attributes
    ----------
    pixels
        uint32, (height, width), 0xffRRGGBB; `image` shows this very memory.
    frame
        The view, with a margin or none.
    content
        The state of the dots, counted by their changes.
    whole
        Whether all dots were drawn.
    hatch
        What is drawn over the dots; None: nothing, yet.
    """

    pixels: NDArray[np.uint32]
    frame: Frame
    content: int
    whole: bool
    hatch: Hatching | None = None

    def __post_init__(self) -> None:
        height, width = self.pixels.shape
        self.image = QImage(self.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)


class Shelf:
    """Pictures of former views, of the same dots."""

    def __init__(self) -> None:
        self._kept: deque[Picture] = deque()

    def keep(self, picture: Picture) -> Picture:
        """Keep `picture`, and return it."""
        self._kept.appendleft(picture)
        while sum(one.pixels.size for one in self._kept) > KEPT_PX:
            self._kept.pop()
        return picture

    def clear(self) -> None:
        """Keep none: there are other dots."""
        self._kept.clear()

    def nearest(self, shown: Picture | None, frame: Frame) -> Picture | None:
        """Return the one, of these and what is `shown`, that shows the most like `frame`."""
        last = [*self._kept] if shown is None else [shown, *self._kept]
        strained = [(strain(one.frame, frame), not one.whole, one) for one in last]
        best = min(strained, key=lambda each: each[:2], default=None)
        return best[2] if best and best[0] < math.inf else shown


def widened(frame: Frame) -> Frame:
    """Return the view with a margin all around."""
    width, height = (side + 2 * math.ceil(MARGIN * side) for side in frame.size)
    return frame._replace(size=(width, height))


def corner(before: Frame, frame: Frame) -> tuple[int, int] | None:
    """Where in a picture of `before` the very view `frame` begins; None where it does not hold it.

    It holds what is within the view, pixel by pixel.
    """
    if not _unscaled(before, frame):
        return None
    right, down = _shift(before, frame)
    x = (before.size[0] - frame.size[0]) / 2 - right
    y = (before.size[1] - frame.size[1]) / 2 - down
    left, top = round(x), round(y)
    inside = left + frame.size[0] <= before.size[0] and top + frame.size[1] <= before.size[1]
    exact = max(abs(left - x), abs(top - y)) <= WHOLE_PIXEL
    return (left, top) if exact and inside and min(left, top) >= 0 else None


def running_out(picture: Picture, frame: Frame, begins: tuple[int, int]) -> bool:
    """Whether half of the margin of a picture has been panned away, where it has one."""
    rooms = [
        (side - wanted, at)
        for side, wanted, at in zip(picture.frame.size, frame.size, begins, strict=True)
    ]
    return any(min(at, room - at) < room / 4 for room, at in rooms)


def covers(before: Frame, frame: Frame) -> bool:
    """Whether a picture of `before`, as it is, fills a view of the size of `frame`."""
    sides = zip(frame.size, before.size, widened(frame).size, strict=True)
    return all(wanted <= side <= most for wanted, side, most in sides)


def whole_pixels(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """Pixels of a device that cover a widget of `size`: nothing else is painted at its edges."""
    width, height = (max(math.ceil(side * ratio - WHOLE_PIXEL), 1) for side in size)
    return width, height


def usual_diameter(
    size: tuple[int, int],
    scale: float,
    extent: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    n: int,
) -> float:
    """Diameter of each of `n` dots in pixels: smaller where there are many, larger if zoomed in."""
    if extent is None:
        return SMALLEST_PX
    low, high = extent
    base = 0.36 * math.sqrt(size[0] * size[1] / n)
    zoom = scale * max(float((high - low).max()), 1e-9) / max(min(size), 1)
    return min(max(base * max(zoom, 1.0) ** 0.5, SMALLEST_PX), LARGEST_PX)


def panned(field: DotField, picture: Picture, frame: Frame) -> NDArray[np.uint32] | None:
    """Shift a picture of all dots and draw what comes into view; None unless that is all."""
    before, pixels = picture.frame, picture.pixels
    if not _unscaled(before, frame) or before.size != frame.size:
        return None
    right, down = _shift(before, frame)
    (width, height), x, y = frame.size, round(right), round(down)
    if (
        max(abs(right - x), abs(down - y)) > WHOLE_PIXEL
        or 2 * abs(x) > width
        or 2 * abs(y) > height
    ):
        return None
    top, bottom = max(y, 0), height + min(y, 0)
    covered = max(x, 0), top, width + min(x, 0), bottom
    shifted, hatched = np.empty_like(pixels), frame._replace(hatch=picture.hatch)
    inside = slice(top, bottom), slice(max(x, 0), width + min(x, 0))
    outside = slice(top - y, bottom - y), slice(max(-x, 0), width + min(-x, 0))
    shifted[inside] = pixels[outside]
    for strip in strips_around(covered, frame.size):
        left, upper, end, lower = strip
        shifted[upper:lower, left:end] = field.paint(hatched, None, strip)
    return shifted


def near(before: Frame, frame: Frame) -> bool:
    """Whether a picture of `before` can be stretched to stand for one of `frame` for a while."""
    return strain(before, frame) < math.inf


def strain(before: Frame, frame: Frame) -> float:
    """How badly a picture of `before`, stretched, stands for one of `frame`.

    0: not at all; infinity: it cannot.
    """
    factor, grown = frame.scale / before.scale, frame.diameter / before.diameter
    if not _alike(before, frame) or factor > LARGER:
        return math.inf
    # A zoom makes dots larger too, but less: else they are to be of another size.
    if not 1 - 1e-6 < (grown if factor >= 1 else 1 / grown) < max(factor, 1 / factor) + 1e-6:
        return math.inf
    across, down = _covered(before, frame)
    if min(across, down) < SMALLER:
        return math.inf
    return abs(math.log(factor)) + BARE * (1 - across * down)


def draw_unscaled(painter: QPainter, shown: Picture, frame: Frame) -> None:
    """Draw what is `shown`, of `frame` or, where that is not in it, of its own view."""
    begins = corner(shown.frame, frame)
    if begins is None:
        width, height = shown.frame.size
        begins = (width - frame.size[0]) // 2, (height - frame.size[1]) // 2
    painter.drawImage(QPoint(0, 0), shown.image, QRect(*begins, *frame.size))


def draw_stretched(
    painter: QPainter, field: DotField | None, shown: Picture, frame: Frame, work: int
) -> None:
    """Draw what is `shown` where its dots lie in `frame`, and around it all dots that are there.

    What is around it is stretched like it: dots and lines of another size would show where it ends.
    No more than `work` pixels of that are stamped, about; none without a `field`.
    """
    ratio, factor = shown.image.devicePixelRatio(), frame.scale / shown.frame.scale
    target = QRectF(*_target(shown.frame, frame))
    first = target.topLeft()
    around = _strips_beside(shown.frame.size, first, factor, frame.size)
    total = sum((right - left) * (bottom - top) for left, top, right, bottom in around)
    for strip in around:
        left, top, right, bottom = strip
        width, height = right - left, bottom - top
        corner = first + factor * QPointF(left, top)
        place = QRectF(corner / ratio, factor * QSizeF(width, height) / ratio)
        if field is None:
            painter.fillRect(place, QColor(frame.background))
            continue
        part = part_of(shown.frame._replace(hatch=shown.hatch), strip)
        share = work * width * height // total
        pixels = field.paint(part, share, (0, 0, width, height))
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        painter.drawImage(place, image)
    # Not smoothly: that takes four times as long, and makes dots pale.
    painter.drawImage(QRectF(first / ratio, target.size() / ratio), shown.image)


def _strips_beside(
    size: tuple[int, int], first: QPointF, factor: float, view: tuple[int, int]
) -> list[tuple[int, int, int, int]]:
    """Return what of a `view` lies around a picture of `size`, in pixels of the picture.

    Its corner is `first`, and it is stretched by `factor`. Strips reach one pixel under it and one
    beyond the view: rounding leaves no gap.
    """
    starts = [math.floor(-at / factor) - 1 for at in (first.x(), first.y())]
    ends = [
        math.ceil((side - at) / factor) + 1
        for side, at in zip(view, (first.x(), first.y()), strict=True)
    ]
    inner = [1 - start if start < 0 else 0 for start in starts] + [
        (side - 1 if end > side else end) - start
        for start, end, side in zip(starts, ends, size, strict=True)
    ]
    whole = ends[0] - starts[0], ends[1] - starts[1]
    x, y = starts
    return [
        (left + x, top + y, right + x, bottom + y)
        for left, top, right, bottom in strips_around(
            (inner[0], inner[1], inner[2], inner[3]), whole
        )
    ]


def _alike(before: Frame, frame: Frame) -> bool:
    """Whether two views differ by nothing but what a move changes, and their margins."""
    looks = before.opacity, before.background, before.hatch
    return looks == (frame.opacity, frame.background, frame.hatch)


def _unscaled(before: Frame, frame: Frame) -> bool:
    """Whether a pan leads from one view to the other."""
    # Who zooms in and out again comes back to nearly the same scale.
    drift = abs(frame.scale / before.scale - 1) + abs(frame.diameter / before.diameter - 1)
    return _alike(before, frame) and drift * max(frame.size) <= WHOLE_PIXEL


def _shift(before: Frame, frame: Frame) -> tuple[float, float]:
    """By how many pixels what is in the middle of `before` lies right of and below that now."""
    right = (before.centre[0] - frame.centre[0]) * frame.scale
    return right, (frame.centre[1] - before.centre[1]) * frame.scale


def _target(before: Frame, frame: Frame) -> tuple[float, float, float, float]:
    """Left, top, width and height, in pixels of `frame`, of what filled `before`."""
    factor = frame.scale / before.scale
    width, height = factor * before.size[0], factor * before.size[1]
    right, down = _shift(before, frame)
    left, top = (frame.size[0] - width) / 2 + right, (frame.size[1] - height) / 2 + down
    return left, top, width, height


def _covered(before: Frame, frame: Frame) -> tuple[float, float]:
    """Shares of the width and of the height of `frame` that a picture of `before` fills."""
    left, top, width, height = _target(before, frame)
    return (
        _filled(left, left + width, frame.size[0]) / frame.size[0],
        _filled(top, top + height, frame.size[1]) / frame.size[1],
    )


def _filled(first: float, last: float, pixels: int) -> int:
    """How many of the first `pixels` lie between two places."""
    # What is half a pixel's is no pixel's, but for what rounding adds.
    begin = max(math.ceil(first - WHOLE_PIXEL), 0)
    return max(min(math.floor(last + WHOLE_PIXEL), pixels) - begin, 0)


def strips_around(
    inner: tuple[int, int, int, int], size: tuple[int, int]
) -> list[tuple[int, int, int, int]]:
    """Return what of a picture of `size` lies around `inner`: left, top, right, bottom of each."""
    left, top, right, bottom = inner
    width, height = size
    strips = [
        (0, 0, width, top),
        (0, bottom, width, height),
        (0, top, left, bottom),
        (right, top, width, bottom),
    ]
    return [strip for strip in strips if strip[0] < strip[2] and strip[1] < strip[3]]
