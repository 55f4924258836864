"""Draws from the prior as points on a map, coloured by how unlike all real images they decode."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from vaeexplorer.drawing.overlay_colours import distance_colours
from vaeexplorer.gui.widgets.stamps import copy_stamp, make_stamp
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.jobs.draws import Draws

SHADES = 12
POINT_PX, OUTLINE_PX, STAMP_PX, RING_PX = 7.0, 9.0, 12, 8.0
VEIL = 150
"""Of 255: how much the dots of the map recede behind the draws."""


def draw_draws(painter: QPainter, draws: Draws, to_pixels: QTransform, area: QRect) -> None:
    """Draw the points, the worst of them with a ring, over a veil on the dots."""
    theme = colours()
    painter.save()
    veil = QColor(theme.surface)
    veil.setAlpha(VEIL)
    painter.fillRect(area, veil)
    shade, ratio = _shades(draws), painter.device().devicePixelRatioF()
    every = [QColor(*colour) for colour in distance_colours(np.linspace(0, 1, SHADES)).tolist()]
    for number in np.unique(shade):
        stamp = make_stamp(STAMP_PX, ratio, partial(_draw_point, every[number]))
        copy_stamp(painter, stamp, to_pixels, draws.places[shade == number])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(every[-1], 2))
    for place in to_pixels.map(_polygon(draws.places[draws.worst])):
        painter.drawEllipse(place, RING_PX, RING_PX)
    painter.restore()


def _draw_point(colour: QColor, painter: QPainter, middle: QPointF) -> None:
    """Draw a disc with an outline that is seen on any dot."""
    painter.setPen(Qt.PenStyle.NoPen)
    for fill, size in ((QColor(colours().text), OUTLINE_PX), (colour, POINT_PX)):
        painter.setBrush(fill)
        painter.drawEllipse(middle, size / 2, size / 2)


def draw_near(draws: Draws, place: NDArray[np.float64], reach: float) -> int | None:
    """Return which draw is within `reach` of `place` (units of the map): of many, the worst."""
    near = np.flatnonzero(np.hypot(*(draws.places - place).T) <= reach)
    return int(near[np.argmax(draws.distances[near])]) if len(near) else None


def _shades(draws: Draws) -> NDArray[np.int64]:
    share = draws.distances / max(draws.limit, 1e-12)
    return (share * (SHADES - 1)).round().clip(0, SHADES - 1).astype(np.int64)


def _polygon(places: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in places.tolist()])
