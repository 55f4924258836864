"""One small picture at many places: copied several times quicker than it is drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QTransform


def make_stamp(side: int, ratio: float, draw: Callable[[QPainter, QPointF], None]) -> QImage:
    """Return what `draw` draws about the middle of a square of `side` pixels, even ones."""
    stamp = QImage(QSize(side, side) * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    stamp.setDevicePixelRatio(ratio)
    stamp.fill(Qt.GlobalColor.transparent)
    painter = QPainter(stamp)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter, QPointF(side / 2, side / 2))
    painter.end()
    return stamp


def copy_stamp(
    painter: QPainter, stamp: QImage, to_pixels: QTransform, places: NDArray[np.floating]
) -> None:
    """Put the middle of `stamp` at each of `places`, (k, 2), in their order."""
    ratio = stamp.devicePixelRatio()
    half = stamp.width() / ratio / 2
    turn = np.array([[to_pixels.m11(), to_pixels.m12()], [to_pixels.m21(), to_pixels.m22()]], float)
    corners = places @ turn + (to_pixels.dx() - half, to_pixels.dy() - half)
    # Between pixels they would be copied half as quickly, and be blurred.
    for x, y in (np.rint(corners * ratio) / ratio).tolist():
        painter.drawImage(QPointF(x, y), stamp)
