"""What lies over the dots of a map: pictures, or a field of colours, with a legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QTransform

from vaeexplorer.drawing.grid import to_rgb
from vaeexplorer.drawing.overlay_colours import DISTANCES, LESS, MORE, SPAN, change_colours
from vaeexplorer.drawing.palette import rgb
from vaeexplorer.gui.widgets.map_draws import draw_draws, draw_near
from vaeexplorer.gui.widgets.theme import GRID, colours, is_dark
from vaeexplorer.jobs.draws import Draws
from vaeexplorer.jobs.overlays import DecodeGrid, Stretch

translate = QCoreApplication.translate

Overlay = DecodeGrid | Stretch | Draws

GUESSED = 0.15
"""Opacity of a picture where the model is guessing, beside one where there is data."""

PICTURE_PX = 48
"""About how large a picture of the grid is."""

GAP_PX = 6
"""Between pictures, at least: unlike pictures that touch cannot be told apart."""

BAR = (160, 10)


class OverlayLayer:
    """Draws one overlay in the coordinates of the map, so that it moves with it."""

    def __init__(self) -> None:
        self.opacity = 1.0
        self.shown: Any = None
        self._picture: QImage | None = None
        self._surface = ""

    def show(self, overlay: Overlay | None) -> None:
        """Draw `overlay`, or nothing."""
        self.shown = overlay
        self._picture = None

    def draw(self, painter: QPainter, to_pixels: QTransform, area: QRect) -> None:
        """Draw it, and its legend, on a widget of the size of `area`."""
        overlay = self.shown
        if overlay is None:
            return
        if isinstance(overlay, Draws):
            draw_draws(painter, overlay, to_pixels, area, self.opacity)
            _draw_legend(painter, overlay, area)
            return
        if self._picture is None or self._surface != colours().surface:
            self._surface = colours().surface
            made = isinstance(overlay, DecodeGrid)
            self._picture = _sheet(overlay) if made else _field(overlay)
        low, high = corners(overlay)
        covered = QRectF(QPointF(*low), QPointF(*high))
        target = to_pixels.mapRect(covered)
        # Pictures are as large on the screen as whole steps of their pixels, unless one zooms.
        exact = isinstance(overlay, DecodeGrid) and _is_whole(target, self._picture)
        painter.save()
        if not isinstance(overlay, DecodeGrid):
            # The dots stay as they are where the middle of the scale lies over them.
            modes = QPainter.CompositionMode
            painter.setCompositionMode(
                modes.CompositionMode_Screen if is_dark() else modes.CompositionMode_Multiply
            )
        painter.setOpacity(self.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
        if exact:
            target.moveTo(round(target.x()), round(target.y()))
        painter.drawImage(target, self._picture)
        painter.restore()
        _draw_legend(painter, overlay, area)

    def code_at(self, place: NDArray[np.float64], reach: float) -> NDArray[np.float32] | None:
        """Return the code of the draw within `reach` of `place`, in units of the map, if any."""
        if not isinstance(self.shown, Draws):
            return None
        number = draw_near(self.shown, place, reach)
        return None if number is None else self.shown.codes[number]


def corners(overlay: DecodeGrid | Stretch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the largest coordinates that `overlay` covers, (2,) each."""
    if isinstance(overlay, Stretch):
        return overlay.low, overlay.high
    rows, columns = overlay.done.shape
    return overlay.low, overlay.low + overlay.step * (columns, rows)


def cell_size(shape: tuple[int, int, int]) -> tuple[int, int]:
    """Width and height, in pixels, of a cell for pictures of `shape` (channels, height, width)."""
    _, height, width = shape
    times, gap = _layout(height, width)
    return times * (width + gap), times * (height + gap)


def _layout(height: int, width: int) -> tuple[int, int]:
    """How many times a picture is magnified, and its pixels that the gap beside it takes."""
    times = max(1, round(PICTURE_PX / max(height, width)))
    return times, -(-GAP_PX // times)


def _is_whole(target: QRectF, picture: QImage) -> bool:
    across, down = target.width() / picture.width(), target.height() / picture.height()
    return min(across, down) > 0.5 and all(abs(k - round(k)) < 0.01 for k in (across, down))


def _sheet(grid: DecodeGrid) -> QImage:
    """Return all pictures as one, transparent where none has been decoded yet."""
    rows, columns = grid.done.shape
    rgb = to_rgb(grid.images[::-1]).transpose(0, 2, 1, 3, 4)
    _, height, _, width, _ = rgb.shape
    _, gap = _layout(height, width)
    alpha = np.where(grid.done, np.where(grid.inside, 255, round(255 * GUESSED)), 0)[::-1]
    rgba = np.zeros((rows, height + gap, columns, width + gap, 4), np.uint8)
    first = gap // 2
    inner = rgba[:, first : first + height, :, first : first + width]
    inner[..., :3] = rgb
    inner[..., 3] = alpha[:, None, :, None]
    return _image(rgba.reshape(rows * (height + gap), columns * (width + gap), 4))


def _field(field: Stretch) -> QImage:
    """Return the field in the colours of the scale, transparent where there is no data."""
    rgba = change_colours(field.changes, field.reference, rgb(_middle()))
    return _image(np.ascontiguousarray(rgba[::-1]))


def _middle() -> str:
    """Return the colour that changes nothing of what it is laid over."""
    return "#000000" if is_dark() else "#ffffff"


def _image(rgba: NDArray[np.uint8]) -> QImage:
    height, width, _ = rgba.shape
    picture = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def describe(overlay: Overlay) -> str:
    """Return in a sentence what `overlay` shows."""
    if isinstance(overlay, DecodeGrid):
        return translate("Overlay", "decodes of these places; faint: no data near")
    if isinstance(overlay, Draws):
        return translate(
            "Overlay",
            "{n} draws ({law}): distance to the nearest real image (reconstructions: {real:.1f})",
        ).format(n=len(overlay.distances), law=overlay.law, real=overlay.real)
    return translate(
        "Overlay", "change of the picture per standard deviation of z (median here {median:.2f})"
    ).format(median=overlay.median)


def _draw_legend(painter: QPainter, overlay: Overlay, area: QRect) -> None:
    """Draw a box at the bottom left with what is shown, its scale and its units."""
    theme, metrics = colours(), painter.fontMetrics()
    words = metrics.elidedText(
        describe(overlay), Qt.TextElideMode.ElideRight, area.width() - 4 * GRID
    )
    scaled = not isinstance(overlay, DecodeGrid)
    line = metrics.height()
    width = max(metrics.horizontalAdvance(words), BAR[0] if scaled else 0) + 2 * GRID
    height = line + GRID + (BAR[1] + line + GRID // 2 if scaled else 0)
    box = QRectF(GRID, area.height() - GRID - height, width, height)
    back = QColor(theme.raised)
    back.setAlpha(235)
    painter.setPen(QColor(theme.border))
    painter.setBrush(back)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor(theme.text))
    painter.drawText(QPointF(box.left() + GRID, box.top() + GRID / 2 + metrics.ascent()), words)
    corner = QPointF(box.left() + GRID, box.top() + GRID + line)
    if isinstance(overlay, Stretch):
        shades, reference = (LESS, _middle(), MORE), overlay.reference
        _draw_scale(painter, corner, shades, (reference / SPAN, reference, reference * SPAN))
    elif isinstance(overlay, Draws):
        _draw_scale(painter, corner, DISTANCES, (0, overlay.limit / 2, overlay.limit))


def _draw_scale(
    painter: QPainter, corner: QPointF, shades: Sequence[str], values: Sequence[float]
) -> None:
    """Draw a bar of `shades`, with the values of its left end, its middle and its right end."""
    bar = QRectF(corner.x(), corner.y(), *BAR)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    for number, name in enumerate(shades):
        gradient.setColorAt(number / (len(shades) - 1), QColor(name))
    painter.fillRect(bar, gradient)
    below = QRectF(bar.left(), bar.bottom(), bar.width(), painter.fontMetrics().height())
    sides = Qt.AlignmentFlag
    for value, side in zip(
        values, (sides.AlignLeft, sides.AlignHCenter, sides.AlignRight), strict=True
    ):
        painter.drawText(below, side, f"{value:.2g}")
