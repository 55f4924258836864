"""The dots of a map as one picture: where they are, in which colours, and which are shown."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor, QPainter

from vaeexplorer.drawing.dot_field import (
    DotField,
    Frame,
    extent,
    kernel_loaded,
    load_kernel,
)
from vaeexplorer.drawing.dot_sample import paint_unsorted
from vaeexplorer.gui.widgets.dot_pace import Pace, cost
from vaeexplorer.gui.widgets.dot_picture import (
    Picture,
    draw_stretched,
    near,
    panned,
    strain,
    usual_diameter,
    whole_pixels,
)
from vaeexplorer.gui.widgets.dot_thread import DotThread, Job
from vaeexplorer.gui.widgets.theme import colours

QUICK = 1 / 3
"""The share of what a moving picture may take that the GUI thread does: what takes longer is drawn
by a thread, and the former picture stretched until then."""
KEPT_PX = 6_000_000
"""Pixels, 24 MB, of pictures of former views: each may do for another view for a while."""
SORTED_AT_ONCE = 10_000
"""Dots that are sorted on the GUI thread: 1 ms."""
COLOURED_AT_ONCE = 100_000
"""Sorted dots that get other colours on the GUI thread: 1 ms."""
SAMPLE = 4_000
"""Of more dots than this a fixed sample is drawn until there is a kernel to draw them all."""
REST_MS = 60
"""A view that has not changed for so long is drawn in full."""
SMOOTH_S = 0.012
"""Dots that take longer to draw than this jump to their new places: gliding would stutter."""
OUTDATED = -1
FloatArray = NDArray[np.float64]


class DotLayer(QObject):
    """Draws dots for a view of the map; knows no widget.

    What takes long is drawn by a thread: while the view moves, its last picture is stretched until
    the next one is there, with fewer dots where they are too many; when it rests, it is drawn in
    full. `refined` says that a better picture can be had.

    Attributes
    ----------
    positions
        float32, (n, 2), in units of the map, y upwards.
    visible
        (n,), which dots are drawn.
    standing_out
        (n,), which dots are drawn above the others, which fade; None: all alike.
    size, opacity
        Diameter of a dot as a multiple of what fits their number, and opacity of one, in (0, 1].
    drawing_s, drawn_at
        How long the last picture took, of whichever thread, and when (time.perf_counter) it was
        done.
    """

    refined = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.positions: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self.visible: NDArray[np.bool_] = np.zeros(0, bool)
        self.standing_out: NDArray[np.bool_] | None = None
        self.size, self.opacity = 1.0, 0.85
        self.drawing_s = self.drawn_at = 0.0
        self._colours: NDArray[np.uint8] = np.zeros((0, 3), np.uint8)
        self._extent: tuple[FloatArray, FloatArray] | None = None
        self._sorted: DotField | None = None
        self._field: DotField | None = None
        self._content = 0
        self._since = 0
        self._picture: Picture | None = None
        self._wanted: Frame | None = None
        self._kept: deque[Picture] = deque()
        self._pace = Pace()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._refine)
        self._thread = DotThread(self)
        self._thread.ended.connect(self._go_on)

    # --- what is drawn ------------------------------------------------------------------------

    def set_points(self, positions: NDArray[np.floating], dot_colours: NDArray[np.uint8]) -> None:
        """Draw dots at `positions`, (n, 2), in `dot_colours`, (n, 3).

        Another number of dots than before is a new data set: all of them are shown.
        """
        self._colours = dot_colours
        if len(self.visible) != len(positions):
            self.visible = np.ones(len(positions), bool)
            self.standing_out = self._picture = None
            self._since = self._content + 1
        self.set_positions(positions)

    def set_positions(self, positions: NDArray[np.floating]) -> None:
        """Put the same dots to `positions`, (n, 2)."""
        self.positions = np.ascontiguousarray(positions, np.float32)
        self._extent = extent(self.positions)
        self._sorted = None
        self._change()

    def set_colours(self, dot_colours: NDArray[np.uint8]) -> None:
        """Draw the same dots in `dot_colours`, (n, 3)."""
        self._colours = dot_colours
        self._change()

    def set_visible(self, visible: NDArray[np.bool_]) -> None:
        """Draw only the dots where `visible`, (n,), is true."""
        if not np.array_equal(visible, self.visible):
            self.visible = visible
            self._change()

    def set_standing_out(self, standing_out: NDArray[np.bool_] | None) -> None:
        """Let the dots where `standing_out`, (n,), is true stand out; None: all are alike."""
        if standing_out is not None or self.standing_out is not None:
            self.standing_out = standing_out
            self._change()

    def _change(self) -> None:
        self._content += 1
        self._field = None
        self._kept.clear()

    def _ready(self) -> DotField | None:
        """Return the dots as they are now, sorted; None where that takes a thread or a kernel."""
        most = SORTED_AT_ONCE if self._sorted is None else COLOURED_AT_ONCE
        if self._field is None and kernel_loaded() and len(self.positions) <= most:
            self._sorted, self._field = self._sorting()()
        return self._field

    def _sorting(self) -> Callable[[], tuple[DotField, DotField]]:
        """Return what sorts and colours the dots as they are now: for any thread, at any time."""
        sorted_, positions, dot_colours = self._sorted, self.positions, self._colours
        visible, standing_out = self.visible, self.standing_out

        def job() -> tuple[DotField, DotField]:
            load_kernel()
            places = sorted_ or DotField(positions)
            return places, places.coloured(dot_colours, visible, standing_out)

        return job

    def extent(self) -> tuple[FloatArray, FloatArray] | None:
        """Least and largest coordinates of all dots, shown or not, (2,) each; None without dots."""
        return self._extent

    @property
    def dot_colours(self) -> NDArray[np.uint8]:
        """Colours of all dots, (n, 3)."""
        return self._colours

    @property
    def frame(self) -> Frame | None:
        """The view last drawn; None before the first."""
        return self._wanted

    @property
    def busy(self) -> bool:
        """Whether a thread sorts or draws."""
        return self._thread.busy

    @property
    def nimble(self) -> bool:
        """Whether the dots can be put to new places many times a second."""
        return self.drawing_s < SMOOTH_S and len(self.positions) <= COLOURED_AT_ONCE

    @property
    def stretched(self) -> float:
        """How many times as large as it was drawn the last picture is shown; 1: as it was drawn."""
        shown, wanted = self._picture, self._wanted
        return 1.0 if shown is None or wanted is None else wanted.scale / shown.frame.scale

    @property
    def whole(self) -> bool:
        """Whether all dots have been drawn as they are now, in the view last asked for."""
        shown = self._picture
        return (
            shown is not None
            and shown.whole
            and shown.frame == self._wanted
            and shown.content == self._content
        )

    def nearest(self, place: NDArray[np.floating], reach: float) -> int | None:
        """Index of the shown dot nearest to `place`, (2,), within `reach`, in units of the map."""
        field = self._ready()
        if field is not None:
            return field.nearest(place, reach)
        squares = ((self.positions - place) ** 2).sum(axis=1)
        squares[~self.visible | np.isnan(squares)] = np.inf
        best = int(squares.argmin()) if len(squares) else 0
        return best if len(squares) and squares[best] <= reach**2 else None

    # --- drawing ------------------------------------------------------------------------------

    def draw(
        self, painter: QPainter, size: tuple[int, int], centre: FloatArray, scale: float
    ) -> None:
        """Draw the dots on the theme's surface, all over a widget.

        Parameters
        ----------
        size
            (width, height) of the widget.
        centre
            (2,), place on the map that lies in the middle of the view.
        scale
            Pixels per unit of the map.
        """
        ratio = painter.device().devicePixelRatioF()
        usual = usual_diameter(size, scale, self._extent, len(self.positions))
        self._wanted = frame = Frame(
            whole_pixels(size, ratio),
            (float(centre[0]), float(centre[1])),
            scale * ratio,
            max(usual * self.size, 1.0) * ratio,
            self.opacity,
            QColor(colours().surface).rgb(),
        )
        self._thread.collect()
        before = self._picture = self._nearest_picture(frame)
        if before is None or before.frame != frame or before.content != self._content:
            begun = time.perf_counter()
            self._picture = self._drawn(frame, before)
            if self._picture is not before:
                self.drawn_at = time.perf_counter()
                self.drawing_s = self.drawn_at - begun
        elif not before.whole and not self._rest.isActive():
            self._rest.start()
        shown = self._picture
        assert shown is not None
        shown.image.setDevicePixelRatio(ratio)
        if self._field is not None and self._near(shown, frame):
            draw_stretched(painter, self._field, shown, frame, int(QUICK * self._pace.at_once))
        else:
            painter.drawImage(0, 0, shown.image)

    def _drawn(self, frame: Frame, before: Picture | None) -> Picture:
        """Return the best picture for `frame` that can be had at once."""
        field = self._ready()
        if field is None:
            return self._drawn_unsorted(frame, before)
        if before is not None and before.content == self._content and before.whole:
            shifted = panned(field, before.pixels, before.frame, frame)
            if shifted is not None:
                return Picture(shifted, frame, self._content, True)
        work, quick = field.work(frame), int(QUICK * self._pace.at_once)
        if cost(work, frame) <= quick:
            return Picture(self._timed(field, frame, work), frame, self._content, True)
        if before is not None and before.frame == frame:
            self._refine()  # other dots in the same view: the former ones stay until then
            return before
        self._thread.start(self._drawing(field, frame, work))
        self._rest.start()
        if before is not None and self._near(before, frame):
            return before
        return Picture(self._timed(field, frame, quick), frame, self._content, False)

    def _nearest_picture(self, frame: Frame) -> Picture | None:
        """Return the one, of the last pictures, that shows the most like `frame`."""
        shown = self._picture
        last = [*self._kept] if shown is None else [shown, *self._kept]
        alike = [one for one in last if one.frame == frame or self._near(one, frame)]
        return min(alike, key=lambda one: strain(one.frame, frame), default=shown)

    def _keep(self, picture: Picture) -> Picture:
        """Keep `picture` for views that are like its own."""
        self._kept.appendleft(picture)
        while sum(one.pixels.size for one in self._kept) > KEPT_PX:
            self._kept.pop()
        return picture

    def _near(self, shown: Picture, frame: Frame) -> bool:
        """Whether what is `shown` can stand for the same dots in `frame` while the view moves."""
        return shown.content == self._content and near(shown.frame, frame)

    def _timed(self, field: DotField, frame: Frame, work: int) -> NDArray[np.uint32]:
        """Draw as much as `work` on the GUI thread, and learn from how long that takes."""
        begun = time.perf_counter()
        pixels = field.paint(frame, work)
        self._pace.learn(time.perf_counter() - begun, cost(work, frame))
        return pixels

    def _drawn_unsorted(self, frame: Frame, before: Picture | None) -> Picture:
        """Draw without compiled code, or go on showing what was there while dots are sorted."""
        every = len(self.positions) <= SAMPLE
        if not every:
            self._thread.start(self._prepare())
            if before is not None and before.frame.size == frame.size and kernel_loaded():
                return before
        most = SORTED_AT_ONCE if kernel_loaded() else SAMPLE
        pixels = paint_unsorted(
            self.positions, self._colours, frame, self.visible, self.standing_out, most
        )
        # What is sorted replaces a sample, which nothing else is made of.
        return Picture(pixels, frame, self._content if every else OUTDATED, every)

    # --- on a thread --------------------------------------------------------------------------

    def _drawing(self, field: DotField, frame: Frame, all_work: int) -> Job:
        """Draw `frame` while the view moves on; all its dots are `all_work`, maybe too much."""
        content = self._content
        work = min(all_work, int(2 * self._pace.at_once))

        def compute() -> tuple[NDArray[np.uint32], float]:
            begun = time.perf_counter()
            # Not shared: the GUI thread draws too.
            pixels = field.paint(frame, work, (0, 0, *frame.size))
            return pixels, time.perf_counter() - begun

        def take(drawn: tuple[NDArray[np.uint32], float]) -> None:
            self._pace.learn(drawn[1], cost(work, frame))
            if self._content == content:
                picture = Picture(drawn[0], frame, content, work == all_work)
                self._picture = self._keep(picture)

        return compute, take

    def _refine(self) -> None:
        """Draw all dots of the view last asked for."""
        field, frame, content = self._field, self._wanted, self._content
        if field is None or frame is None or self.whole:
            return

        def take(pixels: NDArray[np.uint32]) -> None:
            if self._content == content and self._wanted == frame:
                self._picture = self._keep(Picture(pixels, frame, content, True))

        self._thread.start((lambda: field.paint(frame), take))

    def _prepare(self) -> Job:
        """Sort and colour the dots, and draw all of them in the view last asked for."""
        sorting, frame = self._sorting(), self._wanted
        positions, content = self.positions, self._content

        def compute() -> tuple[DotField, DotField, NDArray[np.uint32] | None, float]:
            begun = time.thread_time()
            places, field = sorting()
            pixels = None if frame is None else field.paint(frame)
            return places, field, pixels, time.thread_time() - begun

        def take(
            prepared: tuple[DotField, DotField, NDArray[np.uint32] | None, float],
        ) -> None:
            places, field, pixels, took_s = prepared
            if self.positions is positions:
                self._sorted = places
            now = self._content == content
            if now:
                self._field = field
            # Dots that move on are shown where they were meanwhile, unless they are of other data.
            if pixels is not None and frame is not None and content >= self._since:
                picture = Picture(pixels, frame, content, True)
                self._picture = self._keep(picture) if now else picture
                self.drawing_s, self.drawn_at = took_s, time.perf_counter()

        return compute, take

    def _go_on(self, taken: bool) -> None:
        """Start what was asked for while the thread was busy."""
        shown = self._picture
        if self._ready() is None:
            if len(self.positions) > SAMPLE:
                self._thread.start(self._prepare())
        elif shown is not None and shown.content == self._content and not self._rest.isActive():
            self._refine()
        if taken:
            self.refined.emit()
