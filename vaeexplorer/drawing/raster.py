"""Dots on a map as one picture: anti-aliased, blended whatever their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WORTH_COMPILED = 20_000
"""Above this many stamped pixels the compiled kernel is the quicker one."""

_KERNEL: list[Callable[..., None]] = []
"""The compiled kernel once `load_kernel` has been called."""

_SUMS: deque[NDArray[np.uint32]] = deque(maxlen=2)
"""Work space of the kernel to use again, all zero."""

PHASES = 8
"""Sub-pixel positions per axis: a dot is drawn at most 1/16 of a pixel beside its place."""

_PHASE_BITS = 3
_STAMPED_AT_ONCE = 2**16
_ROWS_PER_PIXEL = 16
_NEARLY_OPAQUE = 0.9995  # 255 of 255, at a finite optical depth


class _Stamps(NamedTuple):
    """Coverage of the pixels around a dot, for every sub-pixel position.

    coverage: (PHASES * PHASES, m), share of each pixel that the disc covers, row = y phase *
    PHASES + x phase. dx, dy: (m,), the pixels, counted from `first`. first: (PHASES,), the first
    pixel that the disc may touch, counted from the one that holds its centre. side: pixels per
    axis that a disc may touch.
    """

    coverage: NDArray[np.float64]
    dx: NDArray[np.intp]
    dy: NDArray[np.intp]
    first: NDArray[np.intp]
    side: int


@lru_cache(maxsize=64)
def _stamps(diameter: float) -> _Stamps:
    """Stamps of a disc: exact chords along one axis in thin rows of the other, and vice versa."""
    radius = diameter / 2
    phases = np.arange(PHASES) / PHASES
    first = np.floor(phases - radius).astype(np.intp)
    side = int(np.ceil(diameter)) + 1
    centre = phases - first
    thin = (np.arange(side * _ROWS_PER_PIXEL) + 0.5) / _ROWS_PER_PIXEL
    half_chord = np.sqrt(np.maximum(radius**2 - (thin - centre[:, None]) ** 2, 0.0))
    half_chord = half_chord[:, None, :, None]
    left, middle = np.arange(side), centre[None, :, None, None]
    covered = np.minimum(left + 1, middle + half_chord) - np.maximum(left, middle - half_chord)
    covered = np.maximum(covered, 0.0)
    covered = covered.reshape(PHASES, PHASES, side, _ROWS_PER_PIXEL, side).mean(axis=3)
    covered = (covered + covered.transpose(1, 0, 3, 2)) / 2
    coverage = covered.reshape(PHASES * PHASES, side * side)
    touched = np.flatnonzero(coverage.any(axis=0))
    dy, dx = np.divmod(touched, side)
    return _Stamps(np.ascontiguousarray(coverage[:, touched]), dx, dy, first, side)


def raster_points(
    pixels_xy: NDArray[np.floating],
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    diameter: float,
    opacity: float,
) -> NDArray[np.uint8]:
    """Draw round dots into a transparent picture.

    Where dots overlap, the picture does not depend on their order: the colour is the mean of
    their colours weighted by their alphas, and alpha = 1 - prod(1 - alpha_i).

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
    stamps = _stamps(float(diameter))
    # A margin as wide as a stamp takes what sticks out, so that no pixel needs a bounds check.
    margin = stamps.side
    stride, rows = width + 2 * margin, height + 2 * margin
    x, y = pixels_xy[:, 0], pixels_xy[:, 1]
    reach = diameter / 2
    inside = (x > -reach) & (x < width + reach) & (y > -reach) & (y < height + reach)
    phase_x, column = _place(x[inside], stamps, margin)
    phase_y, row = _place(y[inside], stamps, margin)
    dots = _Dots(row * stride + column, phase_y * PHASES + phase_x, colours[inside])
    offsets = stamps.dy * stride + stamps.dx
    if _KERNEL and column.size * len(offsets) > WORTH_COMPILED:
        drawn = _drawn_compiled(dots, stamps.coverage * opacity, offsets, rows * stride)
        whole = drawn.reshape(rows, stride, 4)
        return whole[margin : margin + height, margin : margin + width].copy()
    canvas = _take_canvas(rows * stride)
    if column.size:
        touched = _number(dots, offsets, canvas)
        sums, scale = _sum(dots, stamps.coverage * opacity, offsets, canvas.number, len(touched))
        canvas.picture[touched] = _mix(sums, scale)
    padded = canvas.picture[: rows * stride].reshape(rows, stride)
    picture = padded[margin : margin + height, margin : margin + width].copy()
    if column.size:
        canvas.picture[touched] = 0
        canvas.mark[touched] = False
    _SPARE.append(canvas)
    return picture.view(np.uint8).reshape(height, width, 4)


def load_kernel() -> None:
    """Import and compile what draws many dots ten times as fast; takes a second or two, once.

    For a thread: until it is done, and without it, the same picture is drawn by numpy.
    """
    if _KERNEL:
        return
    from vaeexplorer.drawing.raster_kernel import draw

    dots = _Dots(np.zeros(1, np.intp), np.zeros(1, np.intp), np.zeros((1, 3), np.uint8))
    _run_kernel(draw, dots, np.ones((1, 1)), np.zeros(1, np.intp), np.zeros((1, 5), np.uint32))
    _KERNEL.append(draw)


def _drawn_compiled(
    dots: _Dots, alphas: NDArray[np.float64], offsets: NDArray[np.intp], pixels: int
) -> NDArray[np.uint8]:
    """Premultiplied RGBA of a padded picture, (pixels, 4), by the compiled kernel."""
    sums = _SUMS.pop() if _SUMS else np.zeros((0, 5), np.uint32)
    if len(sums) != pixels:
        sums = np.zeros((pixels, 5), np.uint32)
    picture = _run_kernel(_KERNEL[0], dots, alphas, offsets, sums)
    _SUMS.append(sums)
    return picture


def _run_kernel(
    draw: Callable[..., None],
    dots: _Dots,
    alphas: NDArray[np.float64],
    offsets: NDArray[np.intp],
    sums: NDArray[np.uint32],
) -> NDArray[np.uint8]:
    picture = np.zeros((len(sums), 4), np.uint8)
    weights, depths, scale = _fixed_point(dots, alphas, offsets)
    draw(*dots, weights, depths, offsets, sums, scale, picture)
    return picture


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

    first: NDArray[np.intp]
    phase: NDArray[np.intp]
    colour: NDArray[np.uint8]


def _place(
    positions: NDArray[np.floating], stamps: _Stamps, margin: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Sub-pixel phase and first pixel of the stamp along one axis, (n,) each."""
    steps = np.rint(positions * PHASES).astype(np.intp)
    phase = steps & (PHASES - 1)
    return phase, (steps >> _PHASE_BITS) + (stamps.first + margin)[phase]


def _number(dots: _Dots, offsets: NDArray[np.intp], canvas: _Canvas) -> NDArray[np.intp]:
    """Mark and number the pixels that dots touch; return them, (m,).

    Most of a map is empty: five sums over m pixels fit into a cache, over all pixels they do not.
    """
    for part in _parts(dots, offsets):
        canvas.mark[dots.first[part, None] + offsets] = True
    touched = np.flatnonzero(canvas.mark)
    canvas.number[touched] = np.arange(len(touched), dtype=np.int32)
    return touched


def _parts(dots: _Dots, offsets: NDArray[np.intp]) -> list[slice]:
    """Slices of the dots whose stamps together fit into a processor's cache."""
    step = max(1, _STAMPED_AT_ONCE // len(offsets))
    return [slice(start, start + step) for start in range(0, len(dots.first), step)]


def _sum(
    dots: _Dots,
    alphas: NDArray[np.float64],
    offsets: NDArray[np.intp],
    number: NDArray[np.int32],
    n_touched: int,
) -> tuple[NDArray[np.uint32], float]:
    """Add up what the dots bring to each touched pixel.

    The sums are integers: their order cannot show, not even in the last bit.

    Returns
    -------
    uint32, (5, n_touched): red, green and blue, each times alpha; alpha; and optical depth
    -log(1 - alpha) times the scale, which is returned too.
    """
    weights, depths, scale = _fixed_point(dots, alphas, offsets)
    colours = dots.colour.astype(np.uint32)
    sums = np.zeros((5, n_touched), dtype=np.uint32)
    for part in _parts(dots, offsets):
        pixels = number[dots.first[part, None] + offsets].ravel().astype(np.intp)
        weight = weights[dots.phase[part]]
        for channel in range(3):
            np.add.at(sums[channel], pixels, (weight * colours[part, channel, None]).ravel())
        np.add.at(sums[3], pixels, weight.ravel())
        np.add.at(sums[4], pixels, depths[dots.phase[part]].ravel())
    return sums, scale


def _fixed_point(
    dots: _Dots, alphas: NDArray[np.float64], offsets: NDArray[np.intp]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], float]:
    """Alphas and optical depths of the stamps as integers, shaped as `alphas`, and a scale.

    The scale is that of the depths.
    """
    # No pixel is touched by more dots than this (many pixels share a count, which makes it
    # larger, never smaller): the scales keep every sum below 2^32.
    crowd = min(len(dots.first), len(offsets) * int(np.bincount(dots.first & 4095).max()))
    room = (2**32 - 1) // crowd
    weights = np.rint(alphas * min(255, room // 255)).astype(np.uint32)
    optical = -np.log1p(-np.minimum(alphas, _NEARLY_OPAQUE))
    scale = min(2.0**16, room / (optical.max() + 1.0))
    return weights, np.rint(optical * scale).astype(np.uint32), float(scale)


def _mix(sums: NDArray[np.uint32], scale: float) -> NDArray[np.uint32]:
    """Premultiplied RGBA packed in memory order, (m,), of the `sums` of m pixels, (5, m)."""
    *channels, weight, depth = sums.astype(np.float32)
    alpha = -np.expm1(depth * np.float32(-1 / scale))
    share = alpha / np.maximum(weight, 1)
    mixed = np.empty((len(alpha), 4), dtype=np.uint8)
    for index, channel in enumerate(channels):
        mixed[:, index] = channel * share + np.float32(0.5)
    mixed[:, 3] = alpha * np.float32(255) + np.float32(0.5)
    return mixed.view(np.uint32).ravel()


def over(picture: NDArray[np.uint8], background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Put a premultiplied RGBA `picture`, (height, width, 4), on a plain colour.

    Returns uint8, (height, width, 3).
    """
    clear = 255 - picture[..., 3:].astype(np.uint16)
    behind = (clear * np.array(background, dtype=np.uint16) + 127) // 255
    return (picture[..., :3] + behind).clip(0, 255).astype(np.uint8)
