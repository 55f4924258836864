"""Holes of a map: grey lines where no dot is near, a colour where latent space is empty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QRegion, QTransform

from vaeexplorer.drawing.overlay_colours import (
    EMPTY_DARK,
    EMPTY_LIGHT,
    EMPTY_OPACITY,
    UNMAPPED_OPACITY,
)
from vaeexplorer.gui.widgets.hatch import hatched, pattern
from vaeexplorer.gui.widgets.image_view import to_clear_qimage
from vaeexplorer.gui.widgets.stamps import copy_stamp, make_stamp
from vaeexplorer.gui.widgets.theme import colours, is_dark
from vaeexplorer.jobs.holes import Holes

UNMAPPED_APART = 5
"""Pixels from one grey line to the next."""

MARK_PX, SMALL_MARK_PX, SMALL_PX = 3.5, 2.2, 300
"""How far a cross goes to each side, and on a map whose shorter side is less than the last."""

VEIL = 110
"""Of 255: how much the dots of the map recede behind the crosses."""


class HolePainter:
    """Draws one `Holes`; keeps the picture of its field."""

    def __init__(self, holes: Holes) -> None:
        self._holes = holes
        self._field: QImage | None = None
        self._dark = False

    def draw(self, painter: QPainter, to_pixels: QTransform, area: QRect) -> None:
        """Draw them on a widget of the size of `area`."""
        ratio = painter.device().devicePixelRatioF()
        holes = self._holes
        target = to_pixels.mapRect(QRectF(QPointF(*holes.low), QPointF(*holes.high)))
        if self._field is None or self._dark != is_dark():
            self._dark = is_dark()
            self._field = _tinted(holes.empty, empty_tint())
        veil = QColor(colours().surface)
        veil.setAlpha(VEIL)
        painter.fillRect(area, veil)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if holes.empty.any():
            painter.drawImage(target, self._field)
        if holes.beyond:
            painter.setClipRegion(QRegion(area).subtracted(QRegion(target.toRect())))
            painter.fillRect(area, empty_tint())
            painter.setClipping(False)
        if holes.unmapped is not None:
            lines = hatched(holes.unmapped, target, area.size(), ratio, unmapped_brush(ratio))
            painter.drawImage(0, 0, lines)
        least = min(area.width(), area.height())
        draw_marks(painter, to_pixels, holes.places, MARK_PX if least > SMALL_PX else SMALL_MARK_PX)


def hole_near(holes: Holes, place: NDArray[np.float64], reach: float) -> int | None:
    """Return which far draw is within `reach` of `place` (units of the map): of many, the worst."""
    near = np.flatnonzero(np.hypot(*(holes.places - place).T) <= reach)
    return int(near[0]) if len(near) else None


def draw_marks(
    painter: QPainter, to_pixels: QTransform, places: NDArray[np.float64], reach: float
) -> None:
    """Draw a cross at each of `places`, (k, 2), that goes `reach` pixels to each side."""

    def cross(inner: QPainter, middle: QPointF) -> None:
        for colour, width in ((colours().surface, reach), (empty_colour().name(), reach / 2)):
            inner.setPen(QPen(QColor(colour), width))
            inner.drawLines(cross_lines(middle, reach))

    stamp = make_stamp(2 * round(reach + 3), painter.device().devicePixelRatioF(), cross)
    copy_stamp(painter, stamp, to_pixels, places)


def cross_lines(at: QPointF, reach: float = MARK_PX) -> tuple[QLineF, QLineF]:
    """Return the two lines of a cross about the pixel `at`."""
    one, other = QPointF(reach, reach), QPointF(reach, -reach)
    return QLineF(at - one, at + one), QLineF(at - other, at + other)


def empty_colour() -> QColor:
    """Return the colour of what is far from every posterior, opaque."""
    return QColor(EMPTY_DARK if is_dark() else EMPTY_LIGHT)


def unmapped_brush(ratio: float) -> QBrush:
    """Return the grey lines of places without a dot near."""
    line = QColor(colours().muted)
    line.setAlpha(UNMAPPED_OPACITY)
    return pattern(line, UNMAPPED_APART, ratio)


def empty_tint() -> QColor:
    """Return the same as it lies over the map."""
    tint = empty_colour()
    tint.setAlpha(EMPTY_OPACITY)
    return tint


def _tinted(mask: NDArray[np.uint8], tint: QColor) -> QImage:
    """Return a picture in `tint`, as opaque as `mask`, rows y upwards, says."""
    rgba = np.empty((*mask.shape, 4), np.uint8)
    rgba[..., :3] = tint.getRgb()[:3]
    rgba[..., 3] = mask[::-1].astype(np.uint16) * tint.alpha() // 255
    return to_clear_qimage(rgba)
