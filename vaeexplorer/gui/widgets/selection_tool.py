"""What the mouse draws on a map: a lasso or a rectangle to select dots, or a path."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from vaeexplorer.gui.widgets.map_path import draw_path
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.latent.selection import Change, rectangle

MODES = ("pan", "lasso", "rectangle")
APART_PX = 2.0
"""Nearer places of the mouse add nothing to a lasso."""

Use = Change | Literal["path"]
"""What an outline is for: how it changes the selection, or that it is a path."""

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def gesture(mode: str, keys: Qt.KeyboardModifier) -> tuple[str, Change]:
    """Return what a drag does: its shape, "pan", "lasso" or "rectangle", and its change.

    Where a drag pans, Shift makes it a lasso, Ctrl or Alt a rectangle, and with both Shift and
    Ctrl a lasso adds to what is selected. Where it selects, Shift adds and Ctrl or Alt takes away.
    """
    shift, other = bool(keys & SHIFT), bool(keys & (CONTROL | ALT))
    if mode != "pan":
        return mode, "add" if shift else "remove" if other else "new"
    if shift:
        return "lasso", "add" if other else "new"
    return ("rectangle", "new") if other else ("pan", "new")


class SelectionTool(QObject):
    """An outline that grows with the mouse, in map coordinates: zooming meanwhile is fine."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.mode = "pan"
        self._shape = "pan"
        self._use: Use = "new"
        self.draws_path = False
        self._corners: list[NDArray[np.float64]] = []

    @property
    def drawing(self) -> bool:
        """Whether an outline is being drawn."""
        return bool(self._corners)

    def begin(self, place: NDArray[np.float64], keys: Qt.KeyboardModifier) -> bool:
        """Begin an outline at `place` of the map; False where this drag pans."""
        self._shape, self._use = gesture(self.mode, keys)
        if self.draws_path:
            self._shape = self._use = "path"
        self.cancel()
        if self._shape == "pan":
            return False
        self._corners = [place]
        # Esc gives up what is being drawn before it means anything else.
        self.parent().installEventFilter(self)
        return True

    def extend(self, place: NDArray[np.float64], scale: float) -> None:
        """Go on to `place`; `scale` is how many pixels a unit of the map takes."""
        if self._shape == "rectangle":
            self._corners[1:] = [place]
        elif np.abs(place - self._corners[-1]).max() * scale >= APART_PX:
            self._corners.append(place)

    def end(self) -> tuple[NDArray[np.float64], Use]:
        """Return the outline, (m, 2), and what it is for; it is gone then."""
        outline, use = self._outline(), self._use
        self.cancel()
        return outline, use

    def cancel(self) -> None:
        """Give up what is being drawn."""
        self._corners = []
        self.parent().removeEventFilter(self)

    def draw(self, painter: QPainter, to_pixels: QTransform) -> None:
        """Draw the outline; `to_pixels` takes places of the map to pixels."""
        if len(self._corners) < 2:
            return
        if self._shape == "path":
            draw_path(painter, self._outline(), to_pixels, whole=True)
            return
        corners = to_pixels.map(QPolygonF([QPointF(x, y) for x, y in self._outline()]))
        theme = colours()
        inside = QColor(theme.accent)
        inside.setAlpha({"remove": 0}.get(self._use, 36))
        painter.setPen(QPen(QColor(theme.surface), 3))
        painter.setBrush(inside)
        painter.drawPolygon(corners, Qt.FillRule.WindingFill)
        style = Qt.PenStyle.DashLine if self._use == "remove" else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(theme.accent), 1.5, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(corners, Qt.FillRule.WindingFill)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() in kinds and event.key() == Qt.Key.Key_Escape:
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self.cancel()
                watched.update()
            return True
        return super().eventFilter(watched, event)

    def _outline(self) -> NDArray[np.float64]:
        if self._shape == "rectangle":
            return rectangle(self._corners[0], self._corners[-1])
        return np.array(self._corners)
