"""Pictures with a line of text under each, as buttons: one row of them wherever that can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from vaeexplorer.drawing.grid import image_grid
from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.legend import FlowLayout
from vaeexplorer.gui.widgets.theme import tabular

LEAST_SIDE, MOST_SIDE = 32, 48
"""Height of a picture, in pixels of the screen."""
GAP, MARGIN = 4, 4
"""Between tiles, and between a picture and the edge of its tile."""
GAP_COLOUR = (128, 132, 138)


class Tiles(QWidget):
    """Emits `chosen` with the index of the tile that was clicked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, gap=GAP)
        self._pictures: Sequence[NDArray[np.uint8]] = ()
        self._side = 0
        self.buttons: list[QToolButton] = []

    def show_tiles(
        self, pictures: Sequence[NDArray[np.uint8]], texts: Sequence[str], names: Sequence[str]
    ) -> None:
        """Show one tile per picture, uint8, (1 or 2, channels, height, width).

        `texts` stand under them; `names` say what each is, for tooltips and readers.
        """
        for button in self.buttons:
            self._flow.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        self._pictures = pictures
        for index, (text, name) in enumerate(zip(texts, names, strict=True)):
            button = QToolButton()
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setText(text)
            button.setFont(tabular(button.font()))
            button.setProperty("chip", True)
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(lambda _=False, index=index: self.chosen.emit(index))
            self._flow.addWidget(button)
            self.buttons.append(button)
        self._draw(self._fitting_side())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = self._fitting_side()
        if side != self._side:
            self._draw(side)

    def _fitting_side(self) -> int:
        """Return the largest height of pictures that lets all tiles stand in one row."""
        for side in range(MOST_SIDE, LEAST_SIDE, -1):
            tiles = [_size_of(images, side).width() + 2 * MARGIN for images in self._pictures]
            if sum(tiles) + GAP * (len(tiles) - 1) <= self.width():
                return side
        return LEAST_SIDE

    def _draw(self, side: int) -> None:
        """Draw the pictures `side` pixels high."""
        self._side = side
        for button, images in zip(self.buttons, self._pictures, strict=True):
            size = _size_of(images, side)
            button.setIcon(QIcon(_icon(images, size)))
            button.setIconSize(size)
            text = button.fontMetrics().horizontalAdvance(button.text())
            button.setFixedWidth(max(size.width(), text) + 2 * MARGIN)
        self.updateGeometry()


def _size_of(images: NDArray[np.uint8], side: int) -> QSize:
    """Return the size of pictures beside one another whose height is `side` at most.

    Small ones are so high that each of their pixels is a square of whole pixels.
    """
    height, width = images.shape[2:]
    scale: float = side / height if height > side else side // height
    return QSize(round(scale * width) * len(images) + 2 * (len(images) - 1), round(scale * height))


def _icon(images: NDArray[np.uint8], size: QSize) -> QPixmap:
    """Draw the pictures side by side."""
    scale = max(1, size.height() // images.shape[2])
    row = to_qimage(np.moveaxis(image_grid(images, len(images), scale, 2, GAP_COLOUR), -1, 0))
    if row.size() != size:
        row = row.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
    return QPixmap.fromImage(row)
