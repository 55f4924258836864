"""One picture, with crisp pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.drawing.grid import to_rgb
from vaeexplorer.gui.widgets.theme import colours

FRAME = 2
CRISP = 2.0
"""From so many pixels of the screen on, across a pixel of a picture, its pixels can be seen."""


def to_qimage(image: NDArray[np.uint8]) -> QImage:
    """Copy a picture, uint8, (channels, height, width), into a QImage."""
    if len(image) == 1:
        # Many times as quick, and this is what a moving cursor asks for. What it becomes is painted
        # twice as quickly as grey.
        grey = np.ascontiguousarray(image[0])
        height, width = grey.shape
        picture = QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8)
        return picture.convertToFormat(QImage.Format.Format_RGB32)
    rgb = np.ascontiguousarray(to_rgb(image))
    height, width, _ = rgb.shape
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def to_clear_qimage(rgba: NDArray[np.uint8]) -> QImage:
    """Copy colours and opacities, uint8, (height, width, 4), into a QImage quick to draw."""
    height, width, _ = rgba.shape
    picture = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


class ImageView(QWidget):
    """Shows one picture as large as fits, small ones in whole steps of their pixels."""

    def __init__(self, name: str, frame: str | None = None, side: int = 128) -> None:
        super().__init__()
        self._frame = frame
        self._side = side
        self._picture: QImage | None = None
        self._placeholder = ""
        self._faded = False
        self.shown: object = None
        self.drawn: object = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 96)

    def show_image(
        self, image: NDArray[np.uint8] | None, *, faded: bool = False, request: object = None
    ) -> None:
        """Show uint8 `image`, (channels, height, width); None clears.

        `request` is what the picture answers: it stands in `drawn` once it is on the screen.
        """
        self._picture = None if image is None else to_qimage(image)
        self._faded = faded
        self.shown = request
        self.update()

    def set_placeholder(self, text: str) -> None:
        """Say `text` where there is no picture."""
        self._placeholder = text
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colours()
        painter = QPainter(self)
        side = min(self.width(), self.height())
        area = QRect(0, 0, side, side)
        if self._picture is None:
            painter.fillRect(area, QColor(theme.surface))
            painter.setPen(QColor(theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(8, 8, -8, -8), flags, self._placeholder)
        else:
            area = self._draw_picture(painter, area.adjusted(FRAME, FRAME, -FRAME, -FRAME))
            self.drawn = self.shown
        pen = QPen(QColor(self._frame or theme.border), FRAME)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(area.adjusted(1, 1, -1, -1))

    def _draw_picture(self, painter: QPainter, area: QRect) -> QRect:
        """Draw the picture at the top left of `area`, and return it with room for its frame."""
        assert self._picture is not None
        size = self._picture.size()
        ratio = self.devicePixelRatioF()
        room = min(area.width() / size.width(), area.height() / size.height()) * ratio
        # A large picture would lose up to half its size to whole steps, and has no pixels to see.
        crisp = room >= CRISP
        scale = (np.floor(room) if crisp else room) / ratio
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not crisp)
        target = QRect(0, 0, round(size.width() * scale), round(size.height() * scale))
        target.moveTopLeft(area.topLeft())
        painter.setOpacity(0.45 if self._faded else 1.0)
        painter.drawImage(target, self._picture)
        painter.setOpacity(1.0)
        return target.adjusted(-FRAME, -FRAME, FRAME, FRAME)
