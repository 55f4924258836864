"""A path through latent space, drawn on a map as the line of the places of its codes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from vaeexplorer.gui.widgets.theme import colours

TEAR = 6.0
"""A piece of the line this many times as long as the median one is where the map tears."""
LEAST_TEAR_PX = 24.0
END_PX = 5.0


def draw_path(painter: QPainter, places: Sequence[QPointF], *, whole: bool = False) -> None:
    """Draw the line through `places`, pixels; dotted where the map tears, for the path does not.

    whole: it is a line of the map, which tears nowhere.
    """
    theme = colours()
    lengths = [
        np.hypot(after.x() - before.x(), after.y() - before.y())
        for before, after in pairwise(places)
    ]
    moving = [length for length in lengths if length > 0]
    torn = max(TEAR * float(np.median(moving)), LEAST_TEAR_PX) if moving else LEAST_TEAR_PX
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((theme.surface, 4.5), (theme.text, 1.8)):
        solid = QPen(QColor(colour), width)
        solid.setCapStyle(Qt.PenCapStyle.RoundCap)
        dotted = QPen(QColor(colour), width * 0.6, Qt.PenStyle.DotLine)
        for (before, after), length in zip(pairwise(places), lengths, strict=True):
            painter.setPen(dotted if length > torn and not whole else solid)
            painter.drawLine(before, after)
    painter.setPen(QPen(QColor(theme.surface), 1.5))
    painter.setBrush(QColor(theme.text))
    painter.drawEllipse(places[0], END_PX, END_PX)
    square = END_PX * 2 - 1
    painter.drawRect(
        round(places[-1].x() - END_PX), round(places[-1].y() - END_PX), round(square), round(square)
    )
