"""The dots of a map as one picture, which is drawn anew as they and the view change."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor, QPainter

from vaeexplorer.drawing.dot_field import DotField, Frame, kernel_loaded
from vaeexplorer.drawing.dot_sample import nearest_unsorted
from vaeexplorer.drawing.hatching import Hatching
from vaeexplorer.gui.widgets.dot_jobs import Moving, Prepared, draw_moving, prepare
from vaeexplorer.gui.widgets.dot_pace import Pace, cost
from vaeexplorer.gui.widgets.dot_picture import (
    Picture,
    Shelf,
    corner,
    covers,
    draw_stretched,
    draw_unscaled,
    near,
    panned,
    running_out,
    usual_diameter,
    whole_pixels,
    widened,
)
from vaeexplorer.gui.widgets.dot_thread import DotThread, Job
from vaeexplorer.gui.widgets.shown_dots import FloatArray, ShownDots
from vaeexplorer.gui.widgets.theme import colours

QUICK = 1 / 3
"""The share of what a moving picture may take that the GUI thread does: what takes longer is drawn
by a thread, and the former picture stretched until then."""
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


class DotLayer(ShownDots):
    """Draws dots for a view of the map; knows no widget.

    What takes long is drawn by a thread: while the view moves, its last picture is stretched until
    the next one is there, with fewer dots where they are too many; when it rests, it is drawn in
    full. `refined` says that a better picture can be had.

    Attributes
    ----------
    size, opacity
        Diameter of a dot as a multiple of what fits their number, and opacity of one, in (0, 1].
    drawing_s, drawn_at
        How long the last picture took, of whichever thread, and when (time.perf_counter) it was
        done.
    """

    refined = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.size, self.opacity = 1.0, 0.85
        self.drawing_s = self.drawn_at = 0.0
        self._field: DotField | None = None
        self._picture: Picture | None = None
        self._wanted: Frame | None = None
        self._shelf = Shelf()
        self._hatch: Hatching | None = None
        self._pace = Pace()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._refine)
        self._thread = DotThread(self)
        self._thread.ended.connect(self._go_on)

    # --- what is drawn ------------------------------------------------------------------------

    def _change(self) -> None:
        super()._change()
        self._field = None
        self._shelf.clear()
        if self._content == self._since:  # nothing of other data may stand for these
            self._picture = None

    def _ready(self) -> DotField | None:
        """Return the dots as they are now, sorted; None where that takes a thread or a kernel."""
        most = SORTED_AT_ONCE if self._sorted is None else COLOURED_AT_ONCE
        if self._field is None and kernel_loaded() and len(self.positions) <= most:
            self._sorted, self._field = self._dots().sort()
        return self._field

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
        shown, wanted = self._picture, self._wanted
        return (
            shown is not None
            and shown.whole
            and wanted is not None
            and self._begins(wanted) is not None
        )

    def _begins(self, frame: Frame) -> tuple[int, int] | None:
        """Where in the last picture the view `frame` begins; None where it is not in it."""
        shown = self._picture
        return corner(shown.frame, frame) if shown and self._is_of_now(shown) else None

    def _is_of_now(self, picture: Picture) -> bool:
        """Whether `picture` has the dots, and nothing over them but the hatch, as they are now."""
        return picture.content == self._content and picture.hatch in (None, self._hatch)

    def nearest(self, place: NDArray[np.floating], reach: float) -> int | None:
        """Index of the shown dot nearest to `place`, (2,), within `reach`, in units of the map."""
        field = self._ready()
        if field is not None:
            return field.nearest(place, reach)
        return nearest_unsorted(self.positions, self.visible, place, reach)

    # --- drawing ------------------------------------------------------------------------------

    def draw(
        self,
        painter: QPainter,
        size: tuple[int, int],
        centre: FloatArray,
        scale: float,
        hatch: Hatching | None = None,
    ) -> bool:
        """Draw the dots on the theme's surface, all over a widget.

        Parameters
        ----------
        size
            (width, height) of the widget.
        centre
            (2,), place on the map that lies in the middle of the view.
        scale
            Pixels per unit of the map.
        hatch
            What a thread draws over the dots.

        Returns
        -------
        Whether that is still to be drawn over the picture.
        """
        ratio = painter.device().devicePixelRatioF()
        self._wanted = frame = self._frame(size, centre, scale, ratio)
        self._hatch = hatch
        self._thread.collect()
        shown = self._picture = self._chosen(frame)
        shown.image.setDevicePixelRatio(ratio)
        if self._begins(frame) is not None or not self._near(shown, frame):
            draw_unscaled(painter, shown, frame)
        else:
            draw_stretched(painter, self._field, shown, frame, int(QUICK / 3 * self._pace.at_once))
        return shown.hatch is None and hatch is not None

    def draw_former(
        self, painter: QPainter, size: tuple[int, int], centre: FloatArray, scale: float
    ) -> bool:
        """Draw what was drawn last where its dots lie in this view; False where they are others."""
        shown, ratio = self._picture, painter.device().devicePixelRatioF()
        if shown is None or shown.content != self._content:
            return False
        draw_stretched(painter, None, shown, self._frame(size, centre, scale, ratio), 0)
        return True

    def draw_moved(
        self, size: tuple[int, int], centre: FloatArray, scale: float, ratio: float
    ) -> bool:
        """Have dots that have moved drawn by a thread, for `draw` with the same view.

        `refined` says that they are. False where that is left to `draw`.
        """
        if len(self.positions) <= SAMPLE or self.busy or self._ready() is not None:
            return False
        self._wanted, self._hatch = self._frame(size, centre, scale, ratio), None
        self._thread.start(self._prepare())
        return True

    def _frame(
        self, size: tuple[int, int], centre: FloatArray, scale: float, ratio: float
    ) -> Frame:
        usual = usual_diameter(size, scale, self._extent, len(self.positions))
        return Frame(
            whole_pixels(size, ratio),
            (float(centre[0]), float(centre[1])),
            scale * ratio,
            max(usual * self.size, 1.0) * ratio,
            self.opacity,
            QColor(colours().surface).rgb(),
        )

    def _chosen(self, frame: Frame) -> Picture:
        """Return the picture that is to stand for `frame` now, and have a better one drawn."""
        begins = self._begins(frame)
        if begins is None:
            self._picture = self._shelf.nearest(self._picture, frame)
            begins = self._begins(frame)
        before = self._picture
        if before is None or begins is None:
            begun = time.perf_counter()
            drawn = self._drawn(frame, before)
            if drawn is not before:
                self.drawn_at = time.perf_counter()
                self.drawing_s = self.drawn_at - begun
            return drawn
        if not before.whole:
            if not self._rest.isActive():
                self._rest.start()
        elif running_out(before, frame, begins):
            field = self._ready()
            drawing = self._drawing(field, frame, before) if field else self._unsorted(frame)
            self._thread.start(drawing)
        return before

    def _drawn(self, frame: Frame, before: Picture | None) -> Picture:
        """Return the best picture for `frame` that can be had at once."""
        field = self._ready()
        if field is None:
            return self._drawn_unsorted(frame, before)
        if before is not None and before.whole and self._is_of_now(before):
            shifted = None if before.hatch else panned(field, before, frame)
            if shifted is not None:
                return Picture(shifted, frame, self._content, True)
        work, quick = field.work(frame), int(QUICK * self._pace.at_once)
        if cost(work, frame) <= quick:
            return Picture(self._timed(field, frame, work), frame, self._content, True)
        if before is not None and corner(before.frame, frame) is not None:
            self._refine()  # other dots in the same view: the former ones stay until then
            return before
        self._thread.start(self._drawing(field, frame, before))
        self._rest.start()
        if before is not None and self._near(before, frame):
            return before
        return Picture(self._timed(field, frame, quick), frame, self._content, False)

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
        if len(self.positions) > SAMPLE:
            self._thread.start(self._prepare())
            if before is not None and covers(before.frame, frame) and kernel_loaded():
                return before
        elif before is not None and before.frame.scale == frame.scale:  # who pans goes on
            frame = widened(frame)
        elif before is not None and self._near(before, frame):  # who zooms
            self._thread.start(self._unsorted(frame))
            return before
        pixels = self._dots().paint(frame, SORTED_AT_ONCE if kernel_loaded() else SAMPLE)
        # What is sorted replaces a sample, which nothing else is made of.
        every = len(self.positions) <= SAMPLE
        return Picture(pixels, frame, self._content if every else OUTDATED, every)

    # --- on a thread --------------------------------------------------------------------------

    def _drawing(self, field: DotField, frame: Frame, before: Picture | None) -> Job:
        """Draw `frame` while the view moves on; fewer dots where they are too many for that."""
        content, hatch, wide = self._content, self._hatch, widened(frame)
        most = int(2 * self._pace.at_once)
        if before is not None:
            alike = before.content == content and before.hatch is hatch
            before = before if before.whole and alike else None

        def take(drawn: Moving) -> None:
            if drawn.took_s:
                self._pace.learn(drawn.took_s, cost(drawn.work, wide))
            if self._content == content:
                picture = Picture(drawn.pixels, wide, content, drawn.whole, hatch)
                self._picture = self._shelf.keep(picture)

        return lambda: draw_moving(field, wide._replace(hatch=hatch), most, before), take

    def _unsorted(self, frame: Frame) -> Job:
        """Draw `frame`, of few dots, without compiled code while the view moves on."""
        dots, content, wide = self._dots(), self._content, widened(frame)

        def take(pixels: NDArray[np.uint32]) -> None:
            if self._content == content:
                self._picture = self._shelf.keep(Picture(pixels, wide, content, True))

        return lambda: dots.paint(wide, SAMPLE), take

    def _refine(self) -> None:
        """Draw all dots of the view last asked for."""
        field, frame, content, hatch = self._field, self._wanted, self._content, self._hatch
        if field is None or frame is None or self.whole:
            return
        wide = widened(frame)

        def take(pixels: NDArray[np.uint32]) -> None:
            if self._content == content:
                self._picture = self._shelf.keep(Picture(pixels, wide, content, True, hatch))

        self._thread.start((lambda: field.paint(wide._replace(hatch=hatch)), take))

    def _prepare(self) -> Job:
        """Sort and colour the dots, and draw all of them in the view last asked for."""
        dots, content, hatch = self._dots(), self._content, self._hatch
        wide = self._wanted and widened(self._wanted)
        hatched = wide and wide._replace(hatch=hatch)

        def take(prepared: Prepared) -> None:
            if self.positions is dots.positions:
                self._sorted = prepared.places
            now = self._content == content
            if now:
                self._field = prepared.field
            # Dots that move on are shown where they were meanwhile, unless they are of other data.
            if prepared.pixels is not None and wide is not None and content >= self._since:
                picture = Picture(prepared.pixels, wide, content, True, hatch)
                self._picture = self._shelf.keep(picture) if now else picture
                self.drawing_s, self.drawn_at = prepared.took_s, time.perf_counter()

        return lambda: prepare(dots, hatched), take

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
