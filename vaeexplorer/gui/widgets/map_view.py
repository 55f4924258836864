"""The map: a plane of dots that can be panned, zoomed, hovered and clicked. Knows no session."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip

from vaeexplorer.gui.widgets.map_canvas import FloatArray, MapCanvas
from vaeexplorer.gui.widgets.overlay_texts import told_at
from vaeexplorer.gui.widgets.selection_tool import CONTROL, SHIFT

CROSS = Qt.CursorShape.CrossCursor
SNAP_PX = 6.0
DRAG_PX = 4
STEP_PX, BIG_STEP_PX, PAN_PX = 4.0, 24.0, 48.0
ON_ITS_WAY_MS = 40
"""A cursor that has moved within so long is about to tell where it is: twice would hold it up."""


class MapView(MapCanvas):
    """Listens to mouse and keys, and tells where the cursor is, in map coordinates."""

    hovered = Signal(object, float)
    clicked = Signal(object, float)
    picked = Signal(object, float)
    outlined = Signal(object, str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(CROSS)
        self._pressed: QPointF | None = None
        self._dragging = False
        self._panning = True
        self._cursor: QPointF | None = None
        self._moved_s = 0.0
        self._again = QTimer(self, singleShot=True, interval=ON_ITS_WAY_MS)
        self._again.timeout.connect(self._hover_where_it_is)

    # --- the cursor ---------------------------------------------------------------------------

    @property
    def pointed(self) -> bool:
        """Whether the cursor is over the map, and presses no button."""
        return self._cursor is not None and self._pressed is None

    def hover_again(self) -> None:
        """Tell where the cursor is on a map that has moved under it, unless it is on its way."""
        if time.perf_counter() - self._moved_s < ON_ITS_WAY_MS / 1000:
            self._again.start()
        else:
            self._hover_where_it_is()

    def _hover_where_it_is(self) -> None:
        if self._cursor is not None and self.pointed and not self._moving:
            self.hovered.emit(self._pointed(self._cursor), self.snap_distance)

    @property
    def snap_distance(self) -> float:
        """The distance on the map within which the cursor takes a dot."""
        return SNAP_PX / self.plane.scale

    def _pointed(self, pixel: QPointF) -> FloatArray:
        """Return the place on the map that is meant at `pixel`: all of a picture is its dot."""
        dot = self.thumbnails.dot_under(pixel, SNAP_PX)
        return self.to_map(pixel) if dot is None else dot

    # --- events -------------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        # Who clicks knows where the focus is.
        self._focus_by_key = event.reason() != Qt.FocusReason.MouseFocusReason

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = event.pos()
            around = QRect(at, QSize(1, 1)).adjusted(-DRAG_PX, -DRAG_PX, DRAG_PX, DRAG_PX)
            QToolTip.showText(event.globalPos(), self._told(QPointF(at)), self, around)
            return True
        return super().event(event)

    def _told(self, pixel: QPointF) -> str:
        """Return what there is to say of what the overlay has under `pixel`."""
        return told_at(self.overlay.shown, self.to_map(pixel), self.snap_distance)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor = None
        self.left.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = event.position()
            self._dragging = False
            pans = event.button() == Qt.MouseButton.MiddleButton or self._moving
            self._panning = pans or not self.tool.begin(
                self.to_map(self._pressed), event.modifiers()
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = place = event.position()
        self._moved_s = time.perf_counter()
        self._again.stop()
        if self._moving:
            return
        if self._pressed is None:
            self.hovered.emit(self._pointed(place), self.snap_distance)
            shape = Qt.CursorShape.PointingHandCursor if self._told(place) else CROSS
            if self.cursor().shape() != shape:
                self.setCursor(shape)
            return
        moved = place - self._pressed
        if not self._dragging and moved.manhattanLength() <= DRAG_PX:
            return
        self._dragging = True
        if self._panning:
            # By whole pixels of the device: then most of the picture is only shifted.
            ratio = self.devicePixelRatioF()
            moved = QPointF(round(moved.x() * ratio), round(moved.y() * ratio)) / ratio
            self.plane.pan(moved)
            self._pressed += moved
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.tool.drawing:
            self.tool.extend(self.to_map(place), self.plane.scale)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.buttons() & Qt.MouseButton.LeftButton:
            return
        self._pressed = None
        self.setCursor(CROSS)
        if self._dragging and self.tool.drawing:
            self.outlined.emit(*self.tool.end())
            self.update()
        self.tool.cancel()
        if event.button() == Qt.MouseButton.LeftButton and not (self._dragging or self._moving):
            clicked = self.picked if event.modifiers() & (SHIFT | CONTROL) else self.clicked
            clicked.emit(self._pointed(event.position()), self.snap_distance)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        directions = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        key = Qt.Key(event.key())
        if key in directions and event.modifiers() & CONTROL:
            right, up = directions[key]
            self.plane.pan(PAN_PX * QPointF(-right, up))
            self.update()
        elif key in directions:
            big = bool(event.modifiers() & SHIFT)
            self._step(np.array(directions[key]) * (BIG_STEP_PX if big else STEP_PX))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom(0.8)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _step(self, pixels: FloatArray) -> None:
        start = self.plane.centre if self._cross_hair is None else self._cross_hair.position
        place = start + pixels / self.plane.scale
        # No snapping: a step shorter than the snap distance would never leave a dot.
        self.hovered.emit(place, 0.0)
        if not self.rect().contains(self.to_pixel(place).toPoint()):
            self.plane.centre = place  # it has gone out of sight
            self.update()
