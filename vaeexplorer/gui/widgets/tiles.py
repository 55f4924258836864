"""Pictures with a line of text under each, as buttons that go on in a new row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from vaeexplorer.drawing.grid import image_grid
from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.legend import FlowLayout
from vaeexplorer.gui.widgets.theme import tabular

SIDE = 40
GAP_COLOUR = (128, 132, 138)


class Tiles(QWidget):
    """Emits `chosen` with the index of the tile that was clicked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, gap=4)
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
        for index, (images, text, name) in enumerate(zip(pictures, texts, names, strict=True)):
            button = QToolButton()
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            icon = _icon(images)
            button.setIcon(QIcon(icon))
            button.setIconSize(QSize(icon.width(), icon.height()))
            button.setText(text)
            button.setFont(tabular(button.font()))
            button.setProperty("chip", True)
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(lambda _=False, index=index: self.chosen.emit(index))
            self._flow.addWidget(button)
            self.buttons.append(button)
        self.updateGeometry()


def _icon(images: NDArray[np.uint8]) -> QPixmap:
    """Draw the pictures side by side, every pixel a square of whole pixels."""
    scale = max(1, round(SIDE / images.shape[2]))
    row = image_grid(images, len(images), scale, 2, GAP_COLOUR)
    return QPixmap.fromImage(to_qimage(np.moveaxis(row, -1, 0)))
