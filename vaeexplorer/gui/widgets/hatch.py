"""The hatch over the places of a map that have no data: faint, and still where the dots are not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap

from vaeexplorer.gui.widgets.theme import GRID, colours, is_dark
from vaeexplorer.latent.lattice import NoData

OPACITY_LIGHT, OPACITY_DARK = 26, 34
"""Of 255: seen beside the data, never instead of it."""


class Hatch:
    """Draws oblique lines where a map has no data, from a picture that is kept while it fits."""

    def __init__(self) -> None:
        self._places: NoData | None = None
        self._picture: QImage | None = None
        self._drawn_for: tuple[Any, ...] = ()

    def set_places(self, places: NoData | None) -> None:
        """Hatch `places`, or nothing."""
        self._places = places
        self._drawn_for = ()

    def draw(
        self, painter: QPainter, centre: NDArray[np.float64], scale: float, size: QSize
    ) -> None:
        """Draw on a widget of `size` with the place `centre` in its middle, `scale` to a unit."""
        if self._places is None:
            return
        ratio = painter.device().devicePixelRatioF()
        wanted = (*centre, scale, size, ratio, is_dark())
        if self._picture is None or wanted != self._drawn_for:
            middle = QPointF(size.width() / 2, size.height() / 2)
            x, y = (float(part) for part in self._places.low - centre)
            right, top = (float(part) for part in self._places.high - centre)
            covered = QRectF(middle + scale * QPointF(x, -top), middle + scale * QPointF(right, -y))
            line = QColor(colours().text)
            line.setAlpha(OPACITY_DARK if is_dark() else OPACITY_LIGHT)
            brush = pattern(line, GRID, ratio)
            self._picture = hatched(self._places.mask, covered, size, ratio, brush)
            self._drawn_for = wanted
        painter.drawImage(0, 0, self._picture)


def hatched(
    mask: NDArray[np.uint8], covered: QRectF, size: QSize, ratio: float, brush: QBrush
) -> QImage:
    """Return a picture of `size` in `brush`, but where `mask`, drawn over `covered`, is 0."""
    picture = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    side = len(mask)
    upright = np.ascontiguousarray(mask[::-1])
    stencil = QImage(upright.data, side, side, side, QImage.Format.Format_Alpha8)
    painter = QPainter(picture)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), brush)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(covered, stencil)
    painter.end()
    return picture


def pattern(line: QColor, apart: int, ratio: float) -> QBrush:
    """Return lines from bottom left to top right, `apart` pixels from one another."""
    tile = QPixmap(QSize(apart, apart) * ratio)
    tile.setDevicePixelRatio(ratio)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, 1))
    # Three, so that the corners that a line cuts are drawn too.
    for shift in (-apart, 0, apart):
        painter.drawLine(QPointF(shift - 1, apart + 1), QPointF(shift + apart + 1, -1))
    painter.end()
    return QBrush(tile)
