"""Posteriors on a map: an ellipse at one and at two standard deviations about each mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.jobs.ellipses import Ellipses

VEIL = 90
"""Of 255: how much the dots of the map recede behind the ellipses."""

INNER_FILL, OUTER_FILL = 40, 14
"""Of 255: so faint that it is seen where many lie over one another."""

MEAN_PX = 2.5

CORNERS = 64
CIRCLE = np.stack([f(2 * np.pi * np.arange(CORNERS) / CORNERS) for f in (np.cos, np.sin)], axis=1)
"""Places on the unit circle, (CORNERS, 2)."""


def draw_ellipses(
    painter: QPainter,
    shown: Ellipses,
    to_pixels: QTransform,
    area: QRect,
    dot_colours: NDArray[np.uint8],
) -> None:
    """Draw them in the colours of their dots, (n, 3), over a veil on the others."""
    painter.save()
    veil = QColor(colours().surface)
    veil.setAlpha(VEIL)
    painter.fillRect(area, veil)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tints = [QColor(*(int(part) for part in dot_colours[image])) for image in shown.images]
    corners = list(QPolygonF(QRectF(area)))[:4]
    for deviations, fill in ((2, OUTER_FILL), (1, INNER_FILL)):
        rings = shown.centres[:, None] + deviations * CIRCLE @ shown.roots
        for ring, tint in zip(rings.tolist(), tints, strict=True):
            polygon = to_pixels.map(QPolygonF([QPointF(x, y) for x, y in ring]))
            # All that is seen of one that goes round the whole view is a tint that hides the dots.
            if all(polygon.containsPoint(corner, Qt.FillRule.OddEvenFill) for corner in corners):
                continue
            inside = QColor(tint)
            inside.setAlpha(fill)
            # No wider than a pixel: Qt draws such lines many times quicker.
            painter.setPen(QPen(tint, 1))
            painter.setBrush(inside)
            painter.drawPolygon(polygon)
    painter.setPen(QPen(QColor(colours().surface), 1))
    for centre, tint in zip(shown.centres, tints, strict=True):
        painter.setBrush(tint)
        painter.drawEllipse(to_pixels.map(QPointF(*centre.tolist())), MEAN_PX, MEAN_PX)
    painter.restore()


def draw_outline(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    """Draw what stands for an ellipse in a legend: two circles about the pixel `at`."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.4))
    painter.drawEllipse(at, radius, radius)
    painter.setPen(QPen(colour, 0.8))
    painter.drawEllipse(at, 1.7 * radius, 1.7 * radius)
