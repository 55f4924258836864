"""Dots on a map as one picture: anti-aliased, blended whatever their order."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.dot_field import DotField, Frame, kernel_loaded
from vaeexplorer.drawing.stamps import PHASES, Ink, ink, stamp_side, stamps

WORTH_COMPILED = 20_000
"""Above this many stamped pixels the compiled kernel is the quicker one."""

_PHASE_BITS = 3
_STAMPED_AT_ONCE = 2**16


def raster_points(
    pixels_xy: NDArray[np.floating],
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    diameter: float,
    opacity: float,
) -> NDArray[np.uint8]:
    """Draw round dots into a transparent picture.

    Where dots overlap, the picture does not depend on their order: alpha = 1 - prod(1 - alpha_i),
    and the colour is the mean of their colours weighted by their optical depths,
    -log(1 - alpha_i).

    Parameters
    ----------
    pixels_xy
        (n, 2), centres in pixels, x to the right and y down; pixel i spans [i, i + 1). Dots that
        lie outside the picture or are not finite are left out.
    colours
        (n, 3), red, green and blue.
    size
        (width, height) of the picture in pixels.
    diameter
        Of every dot, in pixels, > 0.
    opacity
        Of every dot, in (0, 1].

    Returns
    -------
    uint8, (height, width, 4): red, green, blue, alpha; **premultiplied** by alpha, as
    QImage.Format_RGBA8888_Premultiplied wants it. `over` puts it on a background.
    """
    width, height = size
    side = stamp_side(diameter)
    reach = diameter / 2
    x, y = pixels_xy[:, 0], pixels_xy[:, 1]
    inside = (x > -reach) & (x < width + reach) & (y > -reach) & (y < height + reach)
    places, colours = pixels_xy[inside], colours[inside]
    if kernel_loaded() and len(places) * side**2 > WORTH_COMPILED:
        field = DotField(np.asarray(places * (1, -1), np.float32)).coloured(colours)
        middle = (width / 2, -height / 2)
        picture = field.paint(Frame(size, middle, 1.0, float(diameter), opacity))
        return picture.view(np.uint8).reshape(height, width, 4)[..., [2, 1, 0, 3]]
    return _drawn(places, colours, size, float(diameter), opacity)


def _drawn(
    places: NDArray[np.floating],
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    diameter: float,
    opacity: float,
) -> NDArray[np.uint8]:
    """Draw a few dots without compiled code; all of them touch the picture."""
    width, height = size
    # A margin as wide as a stamp takes what sticks out, so that no pixel needs a bounds check.
    first, margin = stamps(diameter).first, stamp_side(diameter)
    stride, rows = width + 2 * margin, height + 2 * margin
    phase_x, column = _place(places[:, 0], first + margin)
    phase_y, row = _place(places[:, 1], first + margin)
    dots = _Dots(row * stride + column, phase_y * PHASES + phase_x, colours)
    dy, dx = np.divmod(np.arange(margin**2), margin)
    offsets = dy * stride + dx
    canvas = _take_canvas(rows * stride)
    if column.size:
        touched = _number(dots, offsets, canvas)
        used = ink(diameter, opacity, _crowd(dots, len(offsets)))
        sums = _sum(dots, used, offsets, canvas.number, len(touched))
        canvas.picture[touched] = _mix(sums, used.scale)
    padded = canvas.picture[: rows * stride].reshape(rows, stride)
    picture = padded[margin : margin + height, margin : margin + width].copy()
    if column.size:
        canvas.picture[touched] = 0
        canvas.mark[touched] = False
    _SPARE.append(canvas)
    return picture.view(np.uint8).reshape(height, width, 4)


class _Canvas(NamedTuple):
    """Work space by pixel, (at least n,) each: mark all False and picture all zero between uses.

    mark: whether a dot touches the pixel. number: its place among the touched pixels, arbitrary
    where there is no mark. picture: packed RGBA.
    """

    mark: NDArray[np.bool_]
    number: NDArray[np.int32]
    picture: NDArray[np.uint32]


_SPARE: deque[_Canvas] = deque(maxlen=2)
"""Canvases to use again: fresh memory for one costs more than to draw 2,000 dots."""


def _take_canvas(size: int) -> _Canvas:
    """Clean canvas of at least `size` pixels, which belongs to the caller alone."""
    try:
        canvas = _SPARE.pop()
    except IndexError:
        canvas = None
    if canvas is not None and len(canvas.mark) >= size:
        return canvas
    return _Canvas(np.zeros(size, np.bool_), np.zeros(size, np.int32), np.zeros(size, np.uint32))


class _Dots(NamedTuple):
    """Dots ready to be stamped: first pixel, phase (row of the stamps), (n,), colour, (n, 3)."""

    first: NDArray[np.int64]
    phase: NDArray[np.int64]
    colour: NDArray[np.uint8]


def _place(
    positions: NDArray[np.floating], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sub-pixel phase and first pixel of the stamp along one axis, (n,) each."""
    steps = np.floor(positions * float(PHASES) + 0.5).astype(np.int64)
    phase = steps & (PHASES - 1)
    return phase, (steps >> _PHASE_BITS) + first[phase]


def _number(dots: _Dots, offsets: NDArray[np.int64], canvas: _Canvas) -> NDArray[np.intp]:
    """Mark and number the pixels that dots touch; return them, (m,).

    Most of a map is empty: four sums over m pixels fit into a cache, over all pixels they do not.
    """
    for part in _parts(dots, offsets):
        canvas.mark[dots.first[part, None] + offsets] = True
    touched = np.flatnonzero(canvas.mark)
    canvas.number[touched] = np.arange(len(touched), dtype=np.int32)
    return touched


def _parts(dots: _Dots, offsets: NDArray[np.int64]) -> list[slice]:
    """Slices of the dots whose stamps together fit into a processor's cache."""
    step = max(1, _STAMPED_AT_ONCE // len(offsets))
    return [slice(start, start + step) for start in range(0, len(dots.first), step)]


def _crowd(dots: _Dots, stamped: int) -> int:
    """Return at least the number of dots that touch one pixel.

    Many pixels share a count, which makes it larger, never smaller.
    """
    return min(len(dots.first), stamped * int(np.bincount(dots.first & 4095).max()))


def _sum(
    dots: _Dots, used: Ink, offsets: NDArray[np.int64], number: NDArray[np.int32], n_touched: int
) -> NDArray[np.uint32]:
    """Add up what the dots bring to each touched pixel: uint32, (4, n_touched).

    Red, green and blue, each times the depth, and the depth itself, in steps.
    """
    weights = used.weights.astype(np.uint32)
    colours = dots.colour.astype(np.uint32)
    sums = np.zeros((4, n_touched), dtype=np.uint32)
    for part in _parts(dots, offsets):
        pixels = number[dots.first[part, None] + offsets].ravel().astype(np.intp)
        weight = weights[dots.phase[part]]
        for channel in range(3):
            np.add.at(sums[channel], pixels, (weight * colours[part, channel, None]).ravel())
        np.add.at(sums[3], pixels, weight.ravel())
    return sums


def _mix(sums: NDArray[np.uint32], scale: float) -> NDArray[np.uint32]:
    """Premultiplied RGBA packed in memory order, (m,), of the `sums` of m pixels, (4, m)."""
    *channels, depth = sums.astype(np.float32)
    alpha = -np.expm1(depth * np.float32(-1 / scale))
    share = alpha / np.maximum(depth, 1)
    mixed = np.empty((len(alpha), 4), dtype=np.uint8)
    for index, channel in enumerate(channels):
        mixed[:, index] = channel * share + np.float32(0.5)
    mixed[:, 3] = alpha * np.float32(255) + np.float32(0.5)
    return mixed.view(np.uint32).ravel()


def over(
    picture: NDArray[np.uint8], background: tuple[int, int, int] | NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Put a premultiplied RGBA `picture`, (height, width, 4), on a plain colour or a picture.

    Returns uint8, (height, width, 3).
    """
    clear = 255 - picture[..., 3:].astype(np.uint16)
    behind = (clear * np.array(background, dtype=np.uint16) + 127) // 255
    return (picture[..., :3] + behind).clip(0, 255).astype(np.uint8)


def lay(picture: NDArray[np.uint8], under: NDArray[np.uint32], opacity: float = 1.0) -> None:
    """Put a premultiplied RGBA `picture`, (height, width, 4), on `under`, which changes.

    `under` is (height, width), 0xffRRGGBB. All of the picture is of `opacity`. Where it is clear,
    as most of a map is, nothing has to be done: `over` takes twenty times as long.
    """
    words = picture.view(np.uint32).ravel()
    touched = np.flatnonzero(words != 0)
    above, before = words[touched], under.ravel()[touched]
    # Two channels in one word, in 256ths: what is less than a step is left out, so that no sum
    # runs over into the channel beside it.
    part = np.uint32(round(256 * opacity))
    alpha = (above >> np.uint32(24)) * part >> np.uint32(8)
    clear = np.uint32(256) - alpha - (alpha >> np.uint32(7))
    red_blue = (above & np.uint32(255)) << np.uint32(16) | above >> np.uint32(16) & np.uint32(255)
    under.ravel()[touched] = (
        np.uint32(0xFF000000)
        | _mixed(red_blue, before, np.uint32(0xFF00FF), part, clear)
        | _mixed(above, before, np.uint32(0xFF00), part, clear)
    )


def _mixed(
    above: NDArray[np.uint32],
    under: NDArray[np.uint32],
    channels: np.uint32,
    part: np.uint32,
    clear: NDArray[np.uint32],
) -> NDArray[np.uint32]:
    """Return `part` of the `channels` of words, and what is `clear`, both of 256, of others."""
    over = (above & channels) * part >> np.uint32(8) & channels
    mixed: NDArray[np.uint32] = over + ((under & channels) * clear >> np.uint32(8) & channels)
    return mixed
