"""Posteriors on a map: an ellipse at one and at two standard deviations about each mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.jobs.ellipses import Ellipses

VEIL = 90
"""Of 255: how much the dots of the map recede behind the ellipses."""

INNER_FILL, OUTER_FILL = 40, 14
"""Of 255: so faint that it is seen where many lie over one another."""

MEAN_PX = 2.5


def draw_ellipses(
    painter: QPainter,
    shown: Ellipses,
    to_pixels: QTransform,
    area: QRect,
    opacity: float,
    dot_colours: NDArray[np.uint8],
) -> None:
    """Draw them in the colours of their dots, (n, 3), over a veil on the others."""
    painter.save()
    painter.setOpacity(opacity)
    veil = QColor(colours().surface)
    veil.setAlpha(VEIL)
    painter.fillRect(area, veil)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tints = [QColor(*(int(part) for part in dot_colours[image])) for image in shown.images]
    for deviations, fill in ((2, OUTER_FILL), (1, INNER_FILL)):
        for centre, root, tint in zip(shown.centres, shown.roots, tints, strict=True):
            (a, b), (c, d) = (deviations * root).tolist()
            turned = QTransform(a, b, c, d, *centre.tolist()) * to_pixels
            inside = QColor(tint)
            inside.setAlpha(fill)
            # The outline stays as thin, however far one zooms.
            pen = QPen(tint, 1.6 if deviations == 1 else 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(inside)
            painter.setTransform(turned)
            painter.drawEllipse(QPointF(0, 0), 1, 1)
    painter.resetTransform()
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
