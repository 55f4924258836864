"""Draws from the prior as points on a map, coloured by how unlike all real images they decode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from vaeexplorer.drawing.overlay_colours import distance_colours
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.jobs.draws import Draws

SHADES = 12
POINT_PX, OUTLINE_PX, RING_PX = 7.0, 9.0, 8.0
VEIL = 150
"""Of 255: how much the dots of the map recede behind the draws."""


def draw_draws(painter: QPainter, draws: Draws, to_pixels: QTransform, area: QRect) -> None:
    """Draw the points, the worst of them with a ring, over a veil on the dots."""
    theme = colours()
    painter.save()
    veil = QColor(theme.surface)
    veil.setAlpha(VEIL)
    painter.fillRect(area, veil)
    shade = _shades(draws)
    # A few calls for all points of a shade: this is done whenever the cursor moves.
    for number in range(SHADES):
        points = to_pixels.map(_polygon(draws.places[shade == number]))
        for colour, width in (
            (QColor(theme.text), OUTLINE_PX),
            (_colour(number / (SHADES - 1)), POINT_PX),
        ):
            pen = QPen(colour, width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoints(points)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_colour(1.0), 2))
    for place in to_pixels.map(_polygon(draws.places[draws.worst])):
        painter.drawEllipse(place, RING_PX, RING_PX)
    painter.restore()


def draw_near(draws: Draws, place: NDArray[np.float64], reach: float) -> int | None:
    """Return which draw is within `reach` of `place` (units of the map): of many, the worst."""
    near = np.flatnonzero(np.hypot(*(draws.places - place).T) <= reach)
    return int(near[np.argmax(draws.distances[near])]) if len(near) else None


def _shades(draws: Draws) -> NDArray[np.int64]:
    share = draws.distances / max(draws.limit, 1e-12)
    return (share * (SHADES - 1)).round().clip(0, SHADES - 1).astype(np.int64)


def _colour(share: float) -> QColor:
    return QColor(*distance_colours(np.array([share]))[0].tolist())


def _polygon(places: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in places.tolist()])
