"""Compiled: dots sorted into cells, drawn, and found again. Imported late, as numba is."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.compiling import compiled

PHASE_BITS = 3
LOW = np.uint64(2**32 - 1)
HIGH = np.uint64(32)
BYTE = np.uint32(255)
OPAQUE, RED_BLUE, GREEN = np.uint32(0xFF000000), np.uint32(0xFF00FF), np.uint32(0xFF00)
HALVES, HALF_GREEN = np.uint32(0x800080), np.uint32(0x8000)
ALL, FULL = np.uint32(256), np.uint32(255)
ONE = np.uint64(1)
"""What is of another type than the numbers around it would make numba calculate in floats, and an
index that may be negative makes it look whether it is."""


def _sort(
    positions: NDArray[np.float32],
    low: NDArray[np.float64],
    per_unit: float,
    columns: int,
    starts: NDArray[np.int32],
    order: NDArray[np.int32],
) -> None:
    """Sort dots into the cells of a grid, in a random but fixed order within each cell.

    Parameters
    ----------
    positions
        (n, 2).
    low
        (2,), the corner of the first cell.
    per_unit
        Cells per unit of the map.
    starts
        (cells + 1,), all zero; gets the place in `order` where each cell's dots begin. What is
        not finite is in no cell.
    order
        (n,), gets the indices of the dots.
    """
    n = len(positions)
    cells = len(starts) - 1
    rows = cells // columns
    cell_of = np.empty(n, np.int32)
    for dot in range(n):
        x = (positions[dot, 0] - low[0]) * per_unit
        y = (positions[dot, 1] - low[1]) * per_unit
        cell = -1
        if np.isfinite(x) and np.isfinite(y):
            column = min(max(int(x), 0), columns - 1)
            cell = min(max(int(y), 0), rows - 1) * columns + column
            starts[cell + 1] += 1
        cell_of[dot] = cell
    for cell in range(cells):
        starts[cell + 1] += starts[cell]
    free = starts[:-1].copy()
    for dot in range(n):
        cell = cell_of[dot]
        if cell >= 0:
            order[free[cell]] = dot
            free[cell] += 1
    # Who looks at the first few of a cell sees a fair sample: data often comes sorted by label.
    state = np.uint64(88172645463325252)  # xorshift64, Marsaglia 2003
    for cell in range(cells):
        begin = starts[cell]
        for last in range(starts[cell + 1] - 1, begin, -1):
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            other = begin + np.int64((state >> HIGH) * np.uint64(last - begin + 1) >> HIGH)
            order[last], order[other] = order[other], order[last]


@numba.njit(inline="always")
def _stamp(
    sums: Any, stamp: Any, at: Any, stride: Any, side: int, red_green: Any, blue_depth: Any
) -> None:
    k = np.uint64(0)
    for _ in range(side):
        pixel = at
        for _ in range(side):
            weight = stamp[k]
            sums[pixel] += weight * red_green
            sums[pixel + ONE] += weight * blue_depth
            pixel += np.uint64(2)
            k += ONE
        at += np.uint64(2) * stride


@numba.njit(inline="always")
def _mix(sums: Any, share: Any, margin: int, opacity: Any, picture: Any) -> None:
    """Put what the sums amount to over the picture, and clear them."""
    height, width = picture.shape
    stride = width + 2 * margin
    half = np.float32(0.5)
    top = np.uint64(len(share))
    sums[: 2 * margin * stride] = 0
    sums[2 * (margin + height) * stride : 2 * (2 * margin + height) * stride] = 0
    for y in range(height):
        line = 2 * (y + margin) * stride
        sums[line : line + 2 * margin] = 0
        sums[line + 2 * (margin + width) : line + 2 * stride] = 0
        at = np.uint64(line + 2 * margin)
        for x in range(width):
            blue_depth = sums[at + ONE]
            if blue_depth != 0:
                red_green = sums[at]
                depth = blue_depth & LOW
                part = share[depth] if depth < top else np.float32(1) / np.float32(depth)
                part *= opacity
                alpha = part * np.float32(depth)
                clear = np.float32(1) - alpha
                under = picture[y, x]
                a = np.float32(255) * alpha + np.float32(under >> np.uint32(24)) * clear
                r = np.float32(red_green >> HIGH) * part
                r += np.float32((under >> np.uint32(16)) & BYTE) * clear
                g = np.float32(red_green & LOW) * part
                g += np.float32((under >> np.uint32(8)) & BYTE) * clear
                b = np.float32(blue_depth >> HIGH) * part + np.float32(under & BYTE) * clear
                picture[y, x] = (
                    np.uint32(a + half) << np.uint32(24)
                    | np.uint32(r + half) << np.uint32(16)
                    | np.uint32(g + half) << np.uint32(8)
                    | np.uint32(b + half)
                )
                sums[at] = 0
                sums[at + ONE] = 0
            at += np.uint64(2)


def _paint(
    places: NDArray[np.float32],
    colours: NDArray[np.uint32],
    starts: NDArray[np.int32],
    columns: int,
    box: NDArray[np.int64],
    most: int,
    transform: NDArray[np.float64],
    first: NDArray[np.int64],
    weights: NDArray[np.uint64],
    side: int,
    share: NDArray[np.float32],
    sums: NDArray[np.uint64],
    opacity: Any,
    picture: NDArray[np.uint32],
) -> None:
    """Draw the dots of a box of cells over a picture.

    Parameters
    ----------
    places, colours
        (n, 2) and (n,), in the order of the cells. Colours are 0xffRRGGBB; 0 is not drawn.
    starts, columns
        The grid, as `sort` leaves it.
    box
        (4,): first column, first row, last column, last row, to be drawn.
    most
        Dots drawn of one cell. Where there are more, each stands for several, and all of them
        together for just as many as there are.
    transform
        (4,): steps (PHASES per pixel) per unit of the map along x and y, and the step of the
        place (0, 0), from the upper left corner of the padded picture.
    first, weights, side, share
        The stamp, (PHASES,), (PHASES * PHASES, side * side), and the lookup table: see
        raster.Ink.
    sums
        Work space, two words for every pixel of the picture padded by `side` pixels; all zero
        before and after.
    opacity
        Of all dots together, beside their own.
    picture
        (height, width), 0xAARRGGBB, premultiplied; changed.
    """
    height, width = picture.shape
    stride = np.uint64(width + 2 * side)
    right = np.uint64(width + side - 1)
    bottom = np.uint64(height + side - 1)
    for row in range(box[1], box[3] + 1):
        for cell in range(row * columns + box[0], row * columns + box[2] + 1):
            begin = starts[cell]
            count = starts[cell + 1] - begin
            if count == 0:
                continue
            drawn = min(count, most)
            each = count // drawn
            more = begin + count - drawn * each
            for dot in range(begin, begin + drawn):
                colour = colours[np.uint64(dot)]
                if colour == 0:
                    continue
                times = np.uint64(each + 1 if dot < more else each)
                step_x = np.int64(places[np.uint64(dot), 0] * transform[0] + transform[2])
                step_y = np.int64(places[np.uint64(dot), 1] * transform[1] + transform[3])
                phase_x = step_x & 7
                phase_y = step_y & 7
                # What lies left of or above the padded picture turns into a huge number.
                x = np.uint64((step_x >> PHASE_BITS) + first[np.uint64(phase_x)])
                y = np.uint64((step_y >> PHASE_BITS) + first[np.uint64(phase_y)])
                if x - ONE >= right or y - ONE >= bottom:
                    continue
                # Two sums in one word: they are added and multiplied together.
                red_green = times * (
                    np.uint64((colour >> np.uint32(16)) & BYTE) << HIGH
                    | np.uint64((colour >> np.uint32(8)) & BYTE)
                )
                blue_depth = times * (np.uint64(colour & BYTE) << HIGH | ONE)
                at = (y * stride + x) * np.uint64(2)
                stamp = weights[np.uint64(phase_y * 8 + phase_x)]
                if side == 3:  # nearly all maps: loops of known length are unrolled
                    _stamp(sums, stamp, at, stride, 3, red_green, blue_depth)
                else:
                    _stamp(sums, stamp, at, stride, side, red_green, blue_depth)
    _mix(sums, share, side, opacity, picture)


def _hatch(
    left: float,
    top: float,
    right: float,
    bottom: float,
    mask: NDArray[np.uint8],
    tile: NDArray[np.uint16],
    colour: Any,
    picture: NDArray[np.uint32],
) -> None:
    """Draw lines over an opaque picture.

    Parameters
    ----------
    left, top, right, bottom
        What the mask covers, in pixels of the picture; all around it there are lines.
    mask, tile
        See hatching.Hatching.
    colour
        0xffRRGGBB.
    picture
        (height, width), 0xffRRGGBB; changed.
    """
    height, width = picture.shape
    side, period = len(mask), len(tile)
    across, down = side / (right - left), side / (bottom - top)
    # The lines move with the map, by whole pixels.
    first_x, first_y = int(np.floor(left + 0.5)), int(np.floor(top + 0.5))
    begin, end = int(np.ceil(left - 0.5)), int(np.ceil(right - 0.5))
    # In 256ths: of a pixel of the mask, and of what is opaque.
    last = 256 * (side - 1) - 1
    across, first = 256 * across, 256 * (across * (0.5 - left) - 0.5)
    red_blue, green = colour & RED_BLUE, colour & GREEN
    for y in range(height):
        v = min(max(int(256 * ((bottom - y - 0.5) * down - 0.5)), 0), last)
        row, up = np.uint64(v >> 8), np.uint32(v & 255)
        beyond = y + 0.5 < top or y + 0.5 >= bottom
        for column in range(period):
            covered = np.uint32(tile[(y - first_y) % period, column])
            if covered == 0:
                continue
            for x in range((column + first_x) % period, width, period):
                alpha = covered
                if not beyond and begin <= x < end:
                    u = min(max(int(first + x * across), 0), last)
                    at, over = np.uint64(u >> 8), np.uint32(u & 255)
                    low, low_next = np.uint32(mask[row, at]), np.uint32(mask[row, at + ONE])
                    high = np.uint32(mask[row + ONE, at])
                    high_next = np.uint32(mask[row + ONE, at + ONE])
                    if low == low_next == high == high_next:  # nearly everywhere
                        if low == 0:
                            continue
                        alpha = np.uint32(covered * low / FULL)
                    else:
                        below = low * (ALL - over) + low_next * over
                        above = high * (ALL - over) + high_next * over
                        share = (below * (ALL - up) + above * up) >> np.uint32(16)
                        alpha = np.uint32(covered * share / FULL)
                clear = ALL - alpha
                under = picture[np.uint64(y), np.uint64(x)]
                mixed = (under & RED_BLUE) * clear + red_blue * alpha + HALVES
                greens = (under & GREEN) * clear + green * alpha + HALF_GREEN
                picture[np.uint64(y), np.uint64(x)] = (
                    OPAQUE | mixed >> np.uint32(8) & RED_BLUE | greens >> np.uint32(8) & GREEN
                )


def _nearest(
    places: NDArray[np.float32],
    colours: NDArray[np.uint32],
    starts: NDArray[np.int32],
    order: NDArray[np.int32],
    columns: int,
    box: NDArray[np.int64],
    x: float,
    y: float,
    reach: float,
) -> Any:
    """Index of the dot nearest to (x, y), of those in a box of cells within `reach`; or -1.

    What is not drawn is not found; of several that are equally near, it is the lowest index.
    """
    least = reach * reach
    found = np.int32(-1)
    for row in range(box[1], box[3] + 1):
        for dot in range(starts[row * columns + box[0]], starts[row * columns + box[2] + 1]):
            dx = places[dot, 0] - x
            dy = places[dot, 1] - y
            square = dx * dx + dy * dy
            if colours[dot] != 0 and (
                square < least or (square == least and (found < 0 or order[dot] < found))
            ):
                least = square
                found = order[dot]
    return found


def _extent(positions: NDArray[np.float32]) -> Any:
    """Least x, least y, largest x, largest y of what is finite; inf and -inf where nothing is."""
    low_x = low_y = np.float32(np.inf)
    high_x = high_y = np.float32(-np.inf)
    for dot in range(len(positions)):
        x = positions[dot, 0]
        y = positions[dot, 1]
        if np.isfinite(x) and np.isfinite(y):
            low_x = min(low_x, x)
            low_y = min(low_y, y)
            high_x = max(high_x, x)
            high_y = max(high_y, y)
    return low_x, low_y, high_x, high_y


sort = compiled(
    _sort, "void(float32[:, ::1], float64[::1], float64, int64, int32[::1], int32[::1])"
)
paint = compiled(
    _paint,
    "void(float32[:, ::1], uint32[::1], int32[::1], int64, int64[::1], int64, float64[::1],"
    " int64[::1], uint64[:, ::1], int64, float32[::1], uint64[::1], float32, uint32[:, :])",
    error_model="numpy",
)
hatch = compiled(
    _hatch,
    "void(float64, float64, float64, float64, uint8[:, ::1], uint16[:, ::1], uint32,"
    " uint32[:, ::1])",
    error_model="numpy",
)
nearest = compiled(
    _nearest,
    "int64(float32[:, ::1], uint32[::1], int32[::1], int32[::1], int64, int64[::1], float64,"
    " float64, float64)",
)
extent = compiled(_extent, "UniTuple(float64, 4)(float32[:, ::1])")
