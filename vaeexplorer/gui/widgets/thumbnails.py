"""Small pictures of images, to choose one of them by mouse or keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QSizePolicy

from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.theme import GRID

translate = QCoreApplication.translate

SIDE = 48
CELL = SIDE + GRID


class Thumbnails(QListWidget):
    """Rows of pictures, as high as they need; emits `chosen` with the number of an image."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setGridSize(QSize(CELL, CELL))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(translate("Thumbnails", "Selected images"))
        self.setToolTip(translate("Thumbnails", "Click an image to probe it on every map"))
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def show_images(
        self, indices: NDArray[np.int64], images: NDArray[np.uint8], titles: Sequence[str]
    ) -> None:
        """Show `images`, (k, channels, height, width), with their numbers (k,) and titles."""
        self.clear()
        ratio = self.devicePixelRatioF()
        for index, image, title in zip(indices, images, titles, strict=True):
            item = QListWidgetItem(QIcon(_crisp(image, ratio)), "")
            item.setData(Qt.ItemDataRole.UserRole, int(index))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, title)
            item.setToolTip(title)
            item.setSizeHint(QSize(CELL, CELL))
            self.addItem(item)
        self._fit_height()

    def numbers(self) -> list[int]:
        """Return the numbers of the images that are shown."""
        return [self.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.count())]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        columns = max(1, self.viewport().width() // CELL)
        self.setFixedHeight(max(1, -(-self.count() // columns)) * CELL + 2)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))


def _crisp(image: NDArray[np.uint8], ratio: float) -> QPixmap:
    """Return the picture in whole steps of its pixels where it is small, smoothed where not."""
    picture = to_qimage(image)
    room = SIDE * ratio / max(picture.width(), picture.height())
    scale = np.floor(room) if room >= 1 else room
    how = (
        Qt.TransformationMode.FastTransformation
        if room >= 1
        else Qt.TransformationMode.SmoothTransformation
    )
    width, height = round(picture.width() * scale), round(picture.height() * scale)
    pixmap = QPixmap.fromImage(
        picture.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, how)
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
