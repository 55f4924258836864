"""The hatch over the places of a map that have no data: faint, and still where the dots are not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from vaeexplorer.drawing.hatching import Hatching
from vaeexplorer.gui.widgets.theme import GRID, colours, is_dark
from vaeexplorer.latent.lattice import NoData

OPACITY_LIGHT, OPACITY_DARK = 26, 34
"""Of 255: seen beside the data, never instead of it."""


class View(NamedTuple):
    """What a picture of the hatch depends on: see `Hatch.draw`."""

    centre: tuple[float, float]
    scale: float
    size: QSize
    ratio: float
    dark: bool


class Hatch:
    """Draws oblique lines where a map has no data, from a picture that is kept while it fits."""

    def __init__(self) -> None:
        self._places: NoData | None = None
        self._picture: QImage | None = None
        self._drawn_for: View | None = None
        self._hatching: Hatching | None = None
        self._hatching_for: tuple[float, bool] | None = None

    def set_places(self, places: NoData | None) -> None:
        """Hatch `places`, or nothing."""
        self._places = places
        self._drawn_for = None
        self._hatching_for = None

    def hatching(self, ratio: float) -> Hatching | None:
        """Return it for what draws dots with `ratio` device pixels per pixel; the same while it is.

        None where nothing is hatched.
        """
        places = self._places
        if places is None:
            return None
        if self._hatching_for != (ratio, is_dark()):
            self._hatching_for = ratio, is_dark()
            line = _line()
            low, high = ((float(x), float(y)) for x, y in (places.low, places.high))
            mask = np.ascontiguousarray(places.mask)
            opaque = QColor(line.rgb()).rgb()
            self._hatching = Hatching(low, high, mask, coverage(line, GRID, ratio), opaque)
        return self._hatching

    def draw(
        self, painter: QPainter, centre: NDArray[np.float64], scale: float, size: QSize
    ) -> None:
        """Draw on a widget of `size` with the place `centre` in its middle, `scale` to a unit."""
        if self._places is None:
            return
        ratio = painter.device().devicePixelRatioF()
        view = View((float(centre[0]), float(centre[1])), scale, size, ratio, is_dark())
        # Anew in a view that moves, too: a former picture would end within it.
        if self._picture is None or self._drawn_for != view:
            self._make(view)
        assert self._picture is not None
        painter.drawImage(0, 0, self._picture)

    def _make(self, view: View) -> None:
        assert self._places is not None
        middle = QPointF(view.size.width() / 2, view.size.height() / 2)
        x, y = (float(part) for part in self._places.low - view.centre)
        right, top = (float(part) for part in self._places.high - view.centre)
        covered = QRectF(
            middle + view.scale * QPointF(x, -top), middle + view.scale * QPointF(right, -y)
        )
        brush = pattern(_line(), GRID, view.ratio)
        self._picture = hatched(self._places.mask, covered, view.size, view.ratio, brush)
        self._drawn_for = view


def _line() -> QColor:
    line = QColor(colours().text)
    line.setAlpha(OPACITY_DARK if is_dark() else OPACITY_LIGHT)
    return line


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
    # The lines move with the map.
    painter.setBrushOrigin(covered.topLeft().toPoint())
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), brush)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(covered, stencil)
    painter.end()
    return picture


def pattern(line: QColor, apart: int, ratio: float) -> QBrush:
    """Return lines from bottom left to top right, `apart` pixels from one another."""
    return QBrush(_tile(line, apart, ratio))


def coverage(line: QColor, apart: int, ratio: float) -> NDArray[np.uint16]:
    """Return how much of each device pixel the same lines cover, of 256: square, repeated."""
    tile = _tile(line, apart, ratio).convertToFormat(QImage.Format.Format_Alpha8)
    side = tile.width()
    rows = np.frombuffer(tile.constBits(), np.uint8).reshape(side, tile.bytesPerLine())
    return np.rint(rows[:, :side] * (256 / 255)).astype(np.uint16)


def _tile(line: QColor, apart: int, ratio: float) -> QImage:
    tile = QImage(QSize(apart, apart) * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    tile.setDevicePixelRatio(ratio)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, 1))
    # Three, so that the corners that a line cuts are drawn too.
    for shift in (-apart, 0, apart):
        painter.drawLine(QPointF(shift - 1, apart + 1), QPointF(shift + apart + 1, -1))
    painter.end()
    return tile
