"""Dots sorted into the cells of a grid: drawn quickly however many, and found again at once."""

from __future__ import annotations

import copy
import threading
from collections import deque
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.hatching import Hatching
from vaeexplorer.drawing.palette import packed
from vaeexplorer.drawing.sharing import shared, worth_sharing
from vaeexplorer.drawing.stamps import PHASES, Ink, ink, stamp_side, stamps

DOTS_PER_CELL = 16
"""On average, over the rectangle that holds all dots."""
MOST_CELLS = 100_000
"""A picture of few dots has at least one of each cell: more cells would make it too slow."""

TRANSPARENT = 0
FADED = 0.25
"""Opacity of all dots, and of each of their pictures, that do not stand out, where some do."""

EMPTY = 0.4
"""What a pixel of the picture costs where a stamped one costs 1."""
WORTH_SHARING = 100_000
"""A part of a picture that costs as many stamped pixels, a quarter of a millisecond, is worth it to
be drawn by another thread."""
MOST_PARTS = 4

_KERNEL: list[ModuleType] = []
_LOADING = threading.Lock()
_SUMS: deque[NDArray[np.uint64]] = deque(maxlen=4)
"""Work space of the kernel to use again, all zero."""


def load_kernel() -> None:
    """Import and compile what draws many dots; takes a second or two, once. For a thread."""
    with _LOADING:
        if not _KERNEL:
            from vaeexplorer.drawing import raster_kernel

            _KERNEL.append(raster_kernel)
            # The first call of all that is compiled takes five milliseconds more than others do.
            field = DotField(np.zeros((1, 2), np.float32)).coloured(np.zeros((1, 3), np.uint8))
            field.paint(Frame((8, 8), (0.0, 0.0), 1.0, 2.0, 1.0), None, (0, 0, 8, 8))
            field.nearest(np.zeros(2), 1.0)


def kernel_loaded() -> bool:
    """Whether `load_kernel` is done, so that a DotField can be made."""
    return bool(_KERNEL)


def extent(
    positions: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Least and largest coordinates, (2,) each, of those dots of (n, 2) that are finite, if any."""
    if kernel_loaded():
        corners = np.array(_KERNEL[0].extent(positions), np.float64).reshape(2, 2)
        return (corners[0], corners[1]) if np.isfinite(corners).all() else None
    # Each coordinate by itself: numpy takes thirty times as long along pairs.
    columns = list(positions.T)
    finite = np.isfinite(columns[0]) & np.isfinite(columns[1])
    if not finite.all():
        columns = [column[finite] for column in columns]
    if not len(columns[0]):
        return None
    low, high = ([edge(column) for column in columns] for edge in (np.min, np.max))
    return np.array(low, np.float64), np.array(high, np.float64)


class Frame(NamedTuple):
    """A view of the map, and how dots look in it.

    Attributes
    ----------
    size
        (width, height) of the picture, in pixels.
    centre
        (x, y) of the place on the map in its middle.
    scale
        Pixels per unit of the map.
    diameter, opacity
        Of a dot: pixels, and in (0, 1].
    background
        0xAARRGGBB, premultiplied.
    hatch
        Over the dots, where the background is opaque; or None.
    """

    size: tuple[int, int]
    centre: tuple[float, float]
    scale: float
    diameter: float
    opacity: float
    background: int = TRANSPARENT
    hatch: Hatching | None = None


class DotField:
    """Dots at fixed places; drawn, and found, once they have been `coloured`.

    Needs the compiled kernel.

    Parameters
    ----------
    positions
        float32, (n, 2), y upwards. What is not finite is neither drawn nor found.
    """

    def __init__(self, positions: NDArray[np.float32]) -> None:
        positions = np.ascontiguousarray(positions, np.float32)
        self._low, self._high = extent(positions) or (np.zeros(2), np.zeros(2))
        width, height = np.maximum(self._high - self._low, 1e-30)
        cells = min(max(len(positions) / DOTS_PER_CELL, 1.0), MOST_CELLS)
        # A line of dots is cut along its length: neither side of the grid may be out of hand.
        side = max(np.sqrt(width * height / cells), width / cells, height / cells)
        self._per_unit = float(1 / side)
        self._columns, rows = int(width / side) + 1, int(height / side) + 1
        self._starts = np.zeros(self._columns * rows + 1, np.int32)
        order = np.empty(len(positions), np.int32)
        _KERNEL[0].sort(positions, self._low, self._per_unit, self._columns, self._starts, order)
        self._order = order[: self._starts[-1]]
        self._places = positions[self._order]
        self._layers: tuple[tuple[NDArray[np.uint32], float], ...] = ()
        self._colours = np.zeros(len(self._order), np.uint32)
        self._counts = np.diff(self._starts).reshape(rows, self._columns)
        self._fullest = int(self._counts.max())

    def coloured(
        self,
        colours: NDArray[np.uint8],
        shown: NDArray[np.bool_] | None = None,
        standing_out: NDArray[np.bool_] | None = None,
    ) -> DotField:
        """Return the same dots in `colours`, (n, 3), those alone that are `shown`, (n,).

        Those that are `standing_out`, (n,), are drawn above the others, which fade.
        """
        words = packed(colours)
        if shown is not None:
            words *= shown
        field = copy.copy(self)
        field._colours = words[self._order]
        field._layers = ((field._colours, 1.0),)
        if standing_out is not None:
            above = field._colours * standing_out[self._order]
            # All of them together: where many lie on one another, each alone would not fade.
            field._layers = ((field._colours - above, FADED), (above, 1.0))
        return field

    def nearest(self, place: NDArray[np.floating], reach: float) -> int | None:
        """Index of the shown dot nearest to `place`, (2,), within `reach`, in units of the map."""
        x, y = (float(part) for part in place)
        box = self._box(x - reach, y - reach, x + reach, y + reach)
        if box is None:
            return None
        found = _KERNEL[0].nearest(
            self._places, self._colours, self._starts, self._order, self._columns, box, x, y, reach
        )
        return None if found < 0 else int(found)

    def work(self, frame: Frame) -> int:
        """Pixels that are stamped to draw `frame`."""
        box = self._box_of(frame)
        return int(self._part(box).sum()) * stamp_side(frame.diameter) ** 2

    def paint(
        self, frame: Frame, work: int | None = None, area: tuple[int, int, int, int] | None = None
    ) -> NDArray[np.uint32]:
        """Draw `frame`.

        Parameters
        ----------
        work
            Pixels that may be stamped, about; None: as many as there are. Where that is too few,
            crowded cells are thinned, and what is left of them stands for all: the picture keeps
            its lightness and its lonely dots, and gets coarser.
        area
            (left, top, right, bottom) of the part that is drawn, by this thread alone: a strip
            that a pan uncovers is not worth sharing. None: all of the picture.

        Returns
        -------
        uint32, (height, width) of the area: 0xAARRGGBB, premultiplied.
        """
        whole = (0, 0, *frame.size)
        side = stamp_side(frame.diameter)
        used = ink(frame.diameter, frame.opacity, self._crowd(frame, side))
        box = self._box_of(part_of(frame, area or whole))
        most = len(self._order) if work is None else self._most(box, work // side**2)
        most = max(most, 1)
        if area is not None:
            return self._draw(frame, area, most, used)
        cuts = self._cuts(frame, box, most)

        def draw(number: int) -> NDArray[np.uint32]:
            part = (0, cuts[number], frame.size[0], cuts[number + 1])
            return self._draw(frame, part, most, used)

        drawn = shared(len(cuts) - 1, draw)
        return drawn[0] if len(drawn) == 1 else np.concatenate(drawn)

    def _draw(
        self, frame: Frame, area: tuple[int, int, int, int], most: int, used: Ink
    ) -> NDArray[np.uint32]:
        """Draw the part `area` of `frame`, at most `most` dots of each cell."""
        left, top, right, bottom = area
        side = stamp_side(frame.diameter)
        picture = np.full((bottom - top, right - left), frame.background, np.uint32)
        steps = frame.scale * PHASES
        # The half rounds: the kernel takes whole parts.
        corner = frame.size[0] / 2 - left + side, frame.size[1] / 2 - top + side
        transform = np.array(
            [
                steps,
                -steps,
                PHASES * corner[0] - frame.centre[0] * steps + 0.5,
                PHASES * corner[1] + frame.centre[1] * steps + 0.5,
            ]
        )
        # As much as the whole picture needs, so that it serves any part of it again.
        sums = _take_sums(2 * (frame.size[0] + 2 * side) * (frame.size[1] + 2 * side))
        box = self._box_of(part_of(frame, area))
        for colours, opacity in self._layers:
            _KERNEL[0].paint(
                self._places,
                colours,
                self._starts,
                self._columns,
                box,
                most,
                transform,
                stamps(frame.diameter).first,
                used.weights,
                side,
                used.share,
                sums,
                np.float32(opacity),
                picture,
            )
        _SUMS.append(sums)
        if frame.hatch is not None:
            _hatch(frame.hatch, part_of(frame, area), picture)
        return picture

    def _cuts(self, frame: Frame, box: NDArray[np.int64], most: int) -> list[int]:
        """First row of each part of the picture that two threads share, and the end of the last.

        All parts cost about the same.
        """
        width, height = frame.size
        if not worth_sharing():
            return [0, height]
        dots = np.minimum(self._part(box), most).sum(axis=1)[::-1]
        edges = self._low[1] + np.arange(box[3] + 1, box[1] - 1, -1) / self._per_unit
        edges = height / 2 - (edges - frame.centre[1]) * frame.scale
        rows = np.arange(height + 1)
        stamped = np.concatenate([[0], dots.cumsum()]) * stamp_side(frame.diameter) ** 2
        work = np.interp(rows, edges, stamped) + rows * (width * EMPTY)
        count = int(np.clip((work[-1] - work[0]) // WORTH_SHARING, 1, MOST_PARTS))
        inside = np.linspace(work[0], work[-1], count + 1)[1:-1]
        return [0, *np.searchsorted(work, inside).tolist(), height]

    def _box_of(self, frame: Frame) -> NDArray[np.int64]:
        """Return the cells whose dots may touch the picture; a box that holds none if none do."""
        (width, height), (x, y) = frame.size, frame.centre
        reach = frame.diameter / 2 + 1
        half_x, half_y = (width / 2 + reach) / frame.scale, (height / 2 + reach) / frame.scale
        box = self._box(x - half_x, y - half_y, x + half_x, y + half_y)
        return np.array([0, 0, -1, -1], np.int64) if box is None else box

    def _box(self, left: float, low: float, right: float, high: float) -> NDArray[np.int64] | None:
        """First column, first row, last column, last row of what lies in a rectangle."""
        rows, columns = self._counts.shape
        beside = left > self._high[0] or right < self._low[0]
        if beside or low > self._high[1] or high < self._low[1]:
            return None
        # Sorting rounds as it likes: a neighbouring cell more is no harm.
        across, up = (
            [int(min(max((edge - first) * self._per_unit, -1.0), 1e9)) for edge in edges]
            for edges, first in (((left, right), self._low[0]), ((low, high), self._low[1]))
        )
        return np.array(
            [
                max(across[0] - 1, 0),
                max(up[0] - 1, 0),
                min(across[1] + 1, columns - 1),
                min(up[1] + 1, rows - 1),
            ],
            np.int64,
        )

    def _part(self, box: NDArray[np.int64]) -> NDArray[np.int32]:
        """Dots by cell of a box."""
        return self._counts[box[1] : box[3] + 1, box[0] : box[2] + 1]

    def _most(self, box: NDArray[np.int64], dots: int) -> int:
        """Return how many dots of one cell may be drawn where `dots` of all may be."""
        cells = np.bincount(self._part(box).ravel())
        if len(cells) < 2:
            return 1
        # With at most k of each cell, the cells of k dots and more are drawn from k times.
        drawn = np.cumsum(np.cumsum(cells[::-1])[::-1][1:])
        return int(np.searchsorted(drawn, dots, side="right"))

    def _crowd(self, frame: Frame, side: int) -> int:
        """Return at least the number of dots that touch one pixel, a power of 2."""
        across = side / frame.scale * self._per_unit + 2
        crowd = min(len(self._order), self._fullest * across**2)
        return 1 << int(np.ceil(np.log2(max(crowd, 1))))


def _hatch(hatch: Hatching, frame: Frame, picture: NDArray[np.uint32]) -> None:
    """Draw the hatch of `frame` over a picture of it."""
    edges = hatch.edges(frame.size, frame.centre, frame.scale)
    _KERNEL[0].hatch(*edges, hatch.mask, hatch.tile, np.uint32(hatch.colour), picture)


def part_of(frame: Frame, area: tuple[int, int, int, int]) -> Frame:
    """Return the frame of a part of the picture: left, top, right, bottom."""
    left, top, right, bottom = area
    (width, height), (x, y) = frame.size, frame.centre
    centre = (
        x + (left + right - width) / 2 / frame.scale,
        y - (top + bottom - height) / 2 / frame.scale,
    )
    return frame._replace(size=(right - left, bottom - top), centre=centre)


def _take_sums(words: int) -> NDArray[np.uint64]:
    """Work space of at least `words`, all zero, which belongs to the caller alone."""
    try:
        sums = _SUMS.pop()
    except IndexError:
        sums = None
    return sums if sums is not None and len(sums) >= words else np.zeros(words, np.uint64)
