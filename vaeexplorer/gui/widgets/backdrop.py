"""What stands still under a moving cursor, kept as one picture: copying it is all that is left."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget


class Backdrop:
    """Draws by `draw` whenever the whole widget is painted, and from a picture when a part is.

    Whatever changes what is drawn must have the whole widget painted again.
    """

    def __init__(self, widget: QWidget, draw: Callable[[QPainter], None]) -> None:
        self._widget, self._draw = widget, draw
        self._picture = QImage()
        self._current = False

    def paint(self, painter: QPainter, region: QRegion) -> None:
        """Paint it, where `region` of the widget is being painted."""
        if QRegion(self._widget.rect()).subtracted(region).isEmpty():
            self._current = False
            self._draw(painter)
        else:
            painter.drawImage(0, 0, self._kept())

    def _kept(self) -> QImage:
        if not self._current:
            ratio = self._widget.devicePixelRatioF()
            size = self._widget.size() * ratio
            # The memory is used again: to get it anew takes as long as to copy the dots into it.
            if self._picture.size() != size:
                self._picture = QImage(size, QImage.Format.Format_RGB32)
            self._picture.setDevicePixelRatio(ratio)
            painter = QPainter(self._picture)
            self._draw(painter)
            painter.end()
            self._current = True
        return self._picture
