"""A path through latent space, drawn on a map as the line of the places of its codes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from vaeexplorer.gui.widgets.theme import colours

TEAR = 6.0
"""A piece of the line this many times as long as the median one is where the map tears."""
LEAST_TEAR_PX = 24.0
END_PX = 5.0


def draw_path(
    painter: QPainter,
    places: Iterable[Sequence[float]],
    to_pixels: QTransform,
    *,
    whole: bool = False,
) -> None:
    """Draw the line through `places` of a map; dotted where that tears, for the path does not.

    whole: it is a line of the map, which tears nowhere.
    """
    theme = colours()
    corners = to_pixels.map(QPolygonF([QPointF(x, y) for x, y in places])).toList()
    lines = [QLineF(before, after) for before, after in pairwise(corners)]
    moving = [length for line in lines if (length := line.length()) > 0]
    torn = max(TEAR * median(moving), LEAST_TEAR_PX) if moving and not whole else math.inf
    parts: tuple[list[QLineF], list[QLineF]] = ([], [])
    for line in lines:
        parts[line.length() > torn].append(line)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((theme.surface, 4.5), (theme.text, 1.8)):
        solid = QPen(QColor(colour), width)
        solid.setCapStyle(Qt.PenCapStyle.RoundCap)
        dotted = QPen(QColor(colour), width * 0.6, Qt.PenStyle.DotLine)
        for pen, part in zip((solid, dotted), parts, strict=True):
            painter.setPen(pen)
            painter.drawLines(part)
    painter.setPen(QPen(QColor(theme.surface), 1.5))
    painter.setBrush(QColor(theme.text))
    painter.drawEllipse(corners[0], END_PX, END_PX)
    square = END_PX * 2 - 1
    painter.drawRect(
        round(corners[-1].x() - END_PX),
        round(corners[-1].y() - END_PX),
        round(square),
        round(square),
    )
