"""What lies over the dots of a map: pictures, a field of colours, draws, or holes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

from vaeexplorer.drawing.grid import to_rgb
from vaeexplorer.drawing.overlay_colours import change_colours
from vaeexplorer.drawing.palette import rgb
from vaeexplorer.gui.widgets.image_view import to_clear_qimage
from vaeexplorer.gui.widgets.kept_picture import KeptPicture
from vaeexplorer.gui.widgets.map_draws import draw_draws, draw_near
from vaeexplorer.gui.widgets.map_ellipses import draw_ellipses
from vaeexplorer.gui.widgets.map_holes import HolePainter, hole_near
from vaeexplorer.gui.widgets.theme import colours, is_dark
from vaeexplorer.jobs.draws import Draws, NoDraws
from vaeexplorer.jobs.ellipses import Ellipses, NoEllipses
from vaeexplorer.jobs.holes import Holes
from vaeexplorer.jobs.overlays import DecodeGrid, Stretch

Overlay = DecodeGrid | Stretch | Draws | NoDraws | Holes | Ellipses | NoEllipses

GUESSED = 0.15
"""Opacity of a picture where the model is guessing, beside one where there is data."""

PICTURE_PX = 48
"""About how large a picture of the grid is."""

GAP_PX = 6
"""Between pictures, at least: unlike pictures that touch cannot be told apart."""


class OverlayLayer:
    """Draws one overlay in the coordinates of the map, so that it moves with it.

    While it is `late`, what takes long to draw stays as it was last drawn.
    """

    def __init__(self) -> None:
        self.opacity, self.late = 1.0, False
        self.shown: Any = None
        self._picture: QImage | None = None
        self._holes: HolePainter | None = None
        self._sheet = KeptPicture()
        self._surface = ""

    def show(self, overlay: Overlay | None) -> None:
        """Draw `overlay`, or nothing."""
        self.shown = overlay
        self._picture = None
        self._holes = HolePainter(overlay) if isinstance(overlay, Holes) else None

    @property
    def hatches(self) -> bool:
        """Whether it shows by itself where the map has no data."""
        return self._holes is not None

    def draw(
        self,
        painter: QPainter,
        to_pixels: QTransform,
        area: QRect,
        dot_colours: NDArray[np.uint8],
    ) -> None:
        """Draw it on a widget of the size of `area`, over dots in `dot_colours`, (n, 3)."""
        overlay = self.shown
        if overlay is None or isinstance(overlay, NoEllipses | NoDraws):
            return
        if isinstance(overlay, Ellipses | Draws | Holes):
            # None of them is drawn quickly enough for every frame.
            key = (overlay, QTransform(to_pixels), is_dark(), id(dot_colours))
            self._sheet.draw(
                painter,
                area,
                self.opacity,
                key,
                lambda sheet: self._draw_marks(sheet, overlay, to_pixels, area, dot_colours),
                late=self.late,
            )
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

    def _draw_marks(
        self,
        painter: QPainter,
        overlay: Ellipses | Draws | Holes,
        to_pixels: QTransform,
        area: QRect,
        dot_colours: NDArray[np.uint8],
    ) -> None:
        if isinstance(overlay, Ellipses):
            draw_ellipses(painter, overlay, to_pixels, area, dot_colours)
        elif isinstance(overlay, Draws):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_draws(painter, overlay, to_pixels, area)
        elif self._holes is not None:
            self._holes.draw(painter, to_pixels, area)

    def draw_at(
        self, place: NDArray[np.float64], reach: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None] | None:
        """Return the draw within `reach` of `place`, in units of the map, if any.

        Its code, and that of the whole image where there is one (see Probe).
        """
        if isinstance(self.shown, Draws):
            number = draw_near(self.shown, place, reach)
            found = self.shown
            return None if number is None else (found.codes[number], found.whole[number])
        if isinstance(self.shown, Holes):
            number = hole_near(self.shown, place, reach)
            return None if number is None else (self.shown.emptied.codes[number], None)
        return None


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
    return to_clear_qimage(rgba.reshape(rows * (height + gap), columns * (width + gap), 4))


def _field(field: Stretch) -> QImage:
    """Return the field in the colours of the scale, transparent where there is no data."""
    rgba = change_colours(field.changes, field.reference, rgb(middle()))
    return to_clear_qimage(np.ascontiguousarray(rgba[::-1]))


def middle() -> str:
    """Return the colour that changes nothing of what it is laid over."""
    return "#000000" if is_dark() else "#ffffff"
