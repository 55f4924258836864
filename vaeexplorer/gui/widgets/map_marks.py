"""The marks on a map: the cross-hair of what is probed, and the ring of what is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QRegion

from vaeexplorer.gui.widgets.theme import colours

AROUND_PX = 11
SMALLEST_RING_PX = 6.0
LINKED_PX = 5.0


@dataclass(frozen=True, eq=False)
class CrossHair:
    """Where the probe is on the map, and how it looks there.

    Attributes
    ----------
    position
        (2,), in units of the map.
    ringed
        On a dot.
    outside
        Beyond the data: drawn dashed.
    caption
        What stands beside it; may be empty.
    radius
        Of the ring around it, in units of the map; 0: none. It says where the dots are whose
        codes are averaged: the root mean square of their distances from here, weighted as in that
        average, as z's spread is of their codes.
    link
        (2,), where the dot is that the probe stands for in other maps: a line leads there. None
        where the probe is on it.
    """

    position: NDArray[np.float64]
    ringed: bool = False
    outside: bool = False
    caption: str = ""
    radius: float = 0.0
    link: NDArray[np.float64] | None = None

    def draw(
        self,
        painter: QPainter,
        at: QPointF,
        area: QRect,
        scale: float,
        picture: QRectF | None = None,
    ) -> None:
        """Draw it at pixel `at` of the widget whose pixels are `area`, `scale` to a unit.

        Where a `picture` is there in place of a dot, the mark goes round it.
        """
        theme = colours()
        line = QColor(theme.text)
        line.setAlpha(70)
        _draw_lines(painter, at, area, line)
        ring = self.radius * scale
        if SMALLEST_RING_PX < ring < max(area.width(), area.height()):
            inside, outline = QColor(theme.accent), QColor(theme.accent)
            inside.setAlpha(22)
            outline.setAlpha(190)
            painter.setPen(QPen(outline, 1.2))
            painter.setBrush(inside)
            painter.drawEllipse(at, ring, ring)
        if self.link is not None:
            end = self._link_end(at, scale)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.text), 1.2))
            painter.drawLine(at, end)
            painter.drawEllipse(end, LINKED_PX, LINKED_PX)
        style = Qt.PenStyle.DashLine if self.outside else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(theme.text), 2 if self.ringed else 1.2, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = 8.0 if self.ringed else 5.0
        if self.ringed and picture is not None:
            painter.drawRect(picture)
        else:
            painter.drawEllipse(at, radius, radius)
        if self.caption:
            box = self._caption_box(at, area, painter.fontMetrics())
            back = QColor(theme.raised)
            back.setAlpha(235)
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.setBrush(back)
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(theme.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.caption)

    def region(self, at: QPointF, area: QRect, metrics: QFontMetrics, scale: float) -> QRegion:
        """Return the pixels that `draw` touches."""
        x, y = round(at.x()), round(at.y())
        around = max(AROUND_PX, min(int(self.radius * scale), max(area.width(), area.height())) + 3)
        region = QRegion(x - 1, 0, 3, area.height())
        region += QRegion(0, y - 1, area.width(), 3)
        region += QRegion(x - around, y - around, 2 * around, 2 * around)
        if self.link is not None:
            line = QRectF(at, self._link_end(at, scale)).normalized().toAlignedRect()
            beside = round(LINKED_PX) + 3
            region += QRegion(line.adjusted(-beside, -beside, beside, beside))
        if self.caption:
            box = self._caption_box(at, area, metrics)
            region += QRegion(box.adjusted(-2, -2, 2, 2).toAlignedRect())
        return region

    def _link_end(self, at: QPointF, scale: float) -> QPointF:
        assert self.link is not None
        x, y = (self.link - self.position) * scale
        return QPointF(at.x() + x, at.y() - y)

    def _caption_box(self, at: QPointF, area: QRect, metrics: QFontMetrics) -> QRectF:
        """Return where the caption stands: beside the cross-hair, inside the map."""
        text = metrics.boundingRect(self.caption)
        box = QRectF(at.x() + 12, at.y() - 30, text.width() + 14, text.height() + 6)
        if box.right() > area.width() - 4:
            box.moveRight(at.x() - 12)
        if box.top() < 4:
            box.moveTop(at.y() + 12)
        return box


def _draw_lines(painter: QPainter, at: QPointF, area: QRect, colour: QColor) -> None:
    """Draw a line down and one across, a pixel wide, through `at`."""
    painter.fillRect(0, round(at.y()), area.width(), 1, colour)
    # Filled, a line down would be blended row by row, which takes ten times as long.
    down = QImage(1, area.height(), QImage.Format.Format_ARGB32_Premultiplied)
    down.fill(colour)
    painter.drawImage(round(at.x()), 0, down)


def draw_held(painter: QPainter, at: QPointF, picture: QRectF | None = None) -> None:
    """Draw the ring of what is held at pixel `at`, or around the `picture` there."""
    theme = colours()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((theme.surface, 5.0), (theme.accent, 2.5)):
        painter.setPen(QPen(QColor(colour), width))
        if picture is None:
            painter.drawEllipse(at, 10, 10)
        else:
            painter.drawRect(picture)


def draw_focus(painter: QPainter, area: QRect) -> None:
    """Draw the frame of a map that the keyboard acts on."""
    painter.setPen(QPen(QColor(colours().accent), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5))
