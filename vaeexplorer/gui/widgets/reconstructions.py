"""Images above what a model makes of them, as large as fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from vaeexplorer.gui.widgets.image_view import to_qimage

COLUMNS = 4
GAP = 3
PAIR_GAP = 9
"""Between an image's reconstruction and the image below it: pairs must be seen as such."""


class ReconstructionsView(QWidget):
    """Pairs of pictures, four in a row; crisp, and cheap enough to follow a training."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._sheet: QImage | None = None
        self._count = self._side = 0
        self.setAccessibleName(name)
        self.setToolTip(name)

    def sizeHint(self) -> QSize:
        return QSize(240, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 100)

    def show_pair(self, pair: NDArray[np.uint8] | None) -> None:
        """Show images and reconstructions, uint8, (2, k, channels, height, width); None clears."""
        self._sheet = None
        if pair is not None:
            # One picture below the other: a single copy is much quicker than sixteen.
            self._count, self._side = pair.shape[1], pair.shape[3]
            self._sheet = to_qimage(np.concatenate(np.concatenate(pair), axis=1))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._sheet is None:
            return
        columns = min(COLUMNS, self._count)
        rows = 2 * -(-self._count // COLUMNS)
        across, side = self._sheet.width(), self._side
        room = min(
            (self.width() - columns * GAP) / (columns * across),
            (self.height() - rows * (GAP + PAIR_GAP) / 2) / (rows * side),
        )
        scale = int(room) if room >= 1 else room
        width, height = round(scale * across), round(scale * side)
        left = (self.width() - columns * (width + GAP) + GAP) // 2
        top = (self.height() - rows * height - rows * (GAP + PAIR_GAP) // 2 + PAIR_GAP) // 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        for index in range(2 * self._count):
            made, number = divmod(index, self._count)
            x = left + number % COLUMNS * (width + GAP)
            y = top + number // COLUMNS * (2 * height + GAP + PAIR_GAP) + made * (height + GAP)
            source = QRect(0, index * side, across, side)
            painter.drawImage(QRect(x, y, width, height), self._sheet, source)
