"""What a map shows: dots, and what lies over them, in a view that can be moved."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.gui.turns import paint_in_turn, turns
from vaeexplorer.gui.widgets.backdrop import Backdrop
from vaeexplorer.gui.widgets.dot_layer import DotLayer
from vaeexplorer.gui.widgets.glide import Glide
from vaeexplorer.gui.widgets.hatch import Hatch
from vaeexplorer.gui.widgets.map_marks import CrossHair, draw_focus, draw_held
from vaeexplorer.gui.widgets.map_path import draw_path
from vaeexplorer.gui.widgets.map_thumbnails import MapThumbnails
from vaeexplorer.gui.widgets.overlay_layer import Overlay, OverlayLayer
from vaeexplorer.gui.widgets.selection_tool import SelectionTool
from vaeexplorer.gui.widgets.view_watch import ViewWatch
from vaeexplorer.gui.widgets.viewport import Viewport
from vaeexplorer.jobs.thumbnails import InView

IN_VIEW = (24, 24, -24, -24)
"""A dot that is farther from the edges than this, in pixels, is in view."""
PAUSE = 3.0
"""While a map grows, this many times as long as drawing it takes passes between two frames."""
FloatArray = NDArray[np.float64]


class MapCanvas(QWidget):
    """Draws dots as one raster image, and marks on them, in map coordinates; hears nothing."""

    def __init__(self) -> None:
        super().__init__()
        # The dots' surface covers all of it: nothing behind it needs to be painted.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.dots = DotLayer(self)
        self.dots.refined.connect(self.update)
        self.thumbnails = MapThumbnails(self.dots)
        self.hatch = Hatch()
        self.overlay = OverlayLayer()
        self.tool = SelectionTool(self)
        self.watch = ViewWatch(self)
        self.plane = Viewport()
        self._cross_hair: CrossHair | None = None
        # Where it was last drawn, or will be.
        self._marked = QRegion()
        self._backdrop = Backdrop(self, self._draw_backdrop)
        self._held: FloatArray | None = None
        self._path: FloatArray | None = None
        self._growing = self._stretched = False
        self._focus_by_key = False
        self._glide = Glide(self)
        self._glide.moved.connect(self._glide_to)

    def sizeHint(self) -> QSize:
        return QSize(480, 480)

    def minimumSizeHint(self) -> QSize:
        # Low enough for two rows of maps, with their legends, above a panel on a small screen.
        return QSize(160, 76)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.plane.size = event.size()
        if self.plane.whole:
            self.fit()
        if self.isVisible():
            # What was there when the window was of another size is lost: it is drawn stretched.
            self._stretched = self.overlay.late = True
            turns().add(self, "dots", self._draw_dots)
            turns().add(self, "overlay", self._draw_overlay)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_in_turns()

    def _draw_in_turns(self) -> None:
        """Draw the dots anew, then the overlay, each when it has its turn: all maps change at once.

        Until then they look as they did.
        """
        if self.isVisible():
            self.overlay.late = True
            paint_in_turn(self)
            turns().add(self, "overlay", self._draw_overlay)

    def _draw_dots(self) -> None:
        self._stretched = False
        self.update()

    def _draw_overlay(self) -> None:
        self.overlay.late = False
        if self.overlay.shown is not None:
            self.update()

    # --- what is drawn ------------------------------------------------------------------------

    def set_points(
        self,
        positions: NDArray[np.float32],
        dot_colours: NDArray[np.uint8],
        *,
        glide: bool = False,
        stays: bool = False,
    ) -> None:
        """Draw dots at `positions`, (n, 2), y upwards, in `dot_colours`, (n, 3).

        With `glide` the same dots move to their new places, unless the system asks for less
        motion; the cursor rests meanwhile. With `stays` the view does, as of a map that has grown:
        they are nearly there.
        """
        before = self.dots.positions
        self._growing = False
        self._glide.stop()
        alike = len(before) == len(positions) > 0
        if glide and alike and self.dots.nimble and self._glide.wanted:
            self.dots.set_colours(dot_colours)
            self._glide.go(before, positions)
            return
        self.dots.set_points(positions, dot_colours)
        if self.plane.whole or not stays:
            self.plane.fit(self.dots.extent())
        self._draw_in_turns()

    def move_points(self, positions: NDArray[np.float32]) -> bool:
        """Put the same dots to `positions`, (n, 2), for now; whether there was time for that."""
        # Frames come faster than many dots can be drawn: the window must have time for the rest.
        since_s = time.perf_counter() - self.dots.drawn_at
        if self._growing and (self.dots.busy or since_s < PAUSE * self.dots.drawing_s):
            return False
        self._glide.stop()
        self.dots.set_positions(positions)
        if self.plane.whole or not self._growing:
            self.plane.fit(self.dots.extent())
        self._growing = True
        size, ratio = (self.width(), self.height()), self.devicePixelRatioF()
        # What is drawn by a thread is painted once it is there, and not before that too.
        if not self.dots.draw_moved(size, self.plane.centre, self.plane.scale, ratio):
            self.update()
        return True

    def set_colours(self, dot_colours: NDArray[np.uint8]) -> None:
        """Draw the same dots in `dot_colours`, (n, 3)."""
        self.dots.set_colours(dot_colours)
        self._draw_in_turns()

    def set_dot_style(self, size: int, opacity: int) -> None:
        """Draw dots of `size`, in percent of the usual one, and of `opacity`, in percent."""
        self.dots.size, self.dots.opacity = size / 100, opacity / 100
        self._draw_in_turns()

    def set_visible(self, visible: NDArray[np.bool_]) -> None:
        """Draw only the dots where `visible`, (n,), is true."""
        self.dots.set_visible(visible)
        self._draw_in_turns()

    def set_standing_out(self, standing_out: NDArray[np.bool_] | None) -> None:
        """Let the dots where `standing_out`, (n,), is true stand out; None: all are alike."""
        self.dots.set_standing_out(standing_out)
        self._draw_in_turns()

    def set_thumbnails(self, found: InView | None) -> None:
        """Draw the pictures of `found` in place of their dots, or only dots."""
        self.thumbnails.show(found)
        self.update()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay `overlay` over the dots, or nothing."""
        self.overlay.show(overlay)
        paint_in_turn(self)

    def set_cross_hair(self, cross_hair: CrossHair | None) -> None:
        """Draw `cross_hair`, or none."""
        self._cross_hair = cross_hair
        before, self._marked = self._marked, self._cross_hair_region()
        # Not the whole map: what is painted is also what has to be sent to the screen.
        self.update(before.united(self._marked))

    def _cross_hair_region(self) -> QRegion:
        if self._cross_hair is None:
            return QRegion()
        at = self.to_pixel(self._cross_hair.position)
        box = self.thumbnails.box_at(at)
        region = self._cross_hair.region(at, self.rect(), self.fontMetrics(), self.plane.scale)
        return region if box is None else region.united(box.adjusted(-3, -3, 3, 3).toAlignedRect())

    def set_held(self, position: FloatArray | None) -> None:
        """Draw the mark of what is held."""
        self._held = position
        self.update()

    def set_path(self, places: FloatArray | None) -> None:
        """Draw the line through `places`, (m, 2), or none."""
        self._path = places
        self.update()

    def _glide_to(self, positions: NDArray[np.float32]) -> None:
        self.dots.set_positions(positions)
        self.plane.fit(self.dots.extent())
        paint_in_turn(self)

    # --- the view -----------------------------------------------------------------------------

    def fit(self) -> None:
        """Show all dots."""
        self.plane.fit(self.dots.extent())
        self.update()

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom by `factor`; the place under `about` (the middle if None) stays where it is."""
        self.plane.zoom(factor, about)
        self.update()

    def frame(self, positions: NDArray[np.floating]) -> None:
        """Bring `positions`, (k, 2), into view: many fill the map, one is centred if need be."""
        inner = self.rect().adjusted(*IN_VIEW)
        if len(positions) > 1 or not inner.contains(self.to_pixel(positions[0]).toPoint()):
            self.plane.frame(positions, self.dots.extent())
            self.update()

    @property
    def _moving(self) -> bool:
        """Whether no place of the map means anything for now."""
        return self._glide.running

    def to_map(self, pixel: QPointF) -> FloatArray:
        """Return the place on the map, (2,), under `pixel` of this widget."""
        return self.plane.to_map(pixel)

    def to_pixel(self, position: FloatArray) -> QPointF:
        """Return where in this widget the place `position`, (2,), of the map is."""
        return self.plane.to_pixel(position)

    # --- painting -----------------------------------------------------------------------------

    def _draw_backdrop(self, painter: QPainter) -> None:
        """Draw what does not move with the cursor."""
        size = (self.width(), self.height())
        ratio = self.devicePixelRatioF()
        still = not self._moving and not self._growing
        hatch = self.hatch.hatching(ratio) if still and not self.overlay.hatches else None
        view = painter, size, self.plane.centre, self.plane.scale
        former = self._stretched and self.dots.draw_former(*view)
        bare = not former and self.dots.draw(*view, hatch)
        self.watch.look(self.plane.centre, self.plane.scale, size)
        self.thumbnails.clear()
        if still:
            if bare:
                self.hatch.draw(painter, self.plane.centre, self.plane.scale, self.size())
            # An overlay would cover them, and they it.
            if self.overlay.shown is None:
                self.thumbnails.draw(painter, self.plane, ratio)
            self.overlay.draw(painter, self.plane.transform(), self.rect(), self.dots.dot_colours)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._backdrop.paint(painter, event.region())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._path is not None and not (self._moving or self._growing):
            draw_path(painter, self._path.tolist(), self.plane.transform())
        if self._held is not None and not self._moving:
            at = self.to_pixel(self._held)
            draw_held(painter, at, self.thumbnails.box_at(at))
        if self._cross_hair is not None and not self._moving:
            at = self.to_pixel(self._cross_hair.position)
            box = self.thumbnails.box_at(at)
            self._cross_hair.draw(painter, at, self.rect(), self.plane.scale, box)
        self.tool.draw(painter, self.plane.transform())
        if self.hasFocus() and self._focus_by_key:
            draw_focus(painter, self.rect())
