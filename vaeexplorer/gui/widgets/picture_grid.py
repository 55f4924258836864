"""Pictures in rows, as large as their room lets them be; one is chosen by mouse or keys."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.theme import colours

GAP, FRAME = 4, 2
LEAST_CELL, MOST_CELL = 24, 96


class PictureGrid(QWidget):
    """Emits `chosen` with the number of the picture that was clicked or moved to."""

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._pictures: list[QImage] = []
        self._titles: Sequence[str] = ()
        self.current: int | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(240, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(3 * LEAST_CELL, 2 * LEAST_CELL)

    def show_pictures(self, pictures: NDArray[np.uint8], titles: Sequence[str]) -> None:
        """Show uint8 `pictures`, (k, channels, height, width), with what each is in words."""
        self._pictures = [to_qimage(picture) for picture in pictures]
        self._titles = titles
        if self.current is not None and self.current >= len(self._pictures):
            self.current = None
        self.update()

    def point_at(self, index: int | None) -> None:
        """Frame the picture of this number, or none, without telling anyone."""
        self.current = index
        if index is not None and index < len(self._titles):
            self.setAccessibleDescription(self._titles[index])
        self.update()

    def cell(self, index: int) -> QRect:
        """Where the picture of this number is."""
        return _cell(index, *self._cells())

    def _cells(self) -> tuple[int, int]:
        """Side of a cell with its gap, the largest that lets all in, and cells per row."""
        count, width, height = max(1, len(self._pictures)), self.width(), self.height()
        for side in range(MOST_CELL, LEAST_CELL, -1):
            columns = width // side
            if columns and -(-count // columns) * side <= height + GAP:
                side = self._tight(side)
                return side, width // side
        return LEAST_CELL, max(1, width // LEAST_CELL)

    def _tight(self, side: int) -> int:
        """Return the least side of a cell whose picture is as large as in one of `side`."""
        if not self._pictures:
            return side
        picture, ratio = self._pictures[0], self.devicePixelRatioF()
        pixels = max(picture.width(), picture.height())
        scale = (side - GAP) * ratio // pixels
        return math.ceil(scale * pixels / ratio) + GAP if scale >= 1 else side

    def _index_at(self, point: QPoint) -> int | None:
        side, columns = self._cells()
        column, row = point.x() // side, point.y() // side
        index = row * columns + column
        return index if column < columns and 0 <= index < len(self._pictures) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, columns = Qt.Key, self._cells()[1]
        steps = {
            keys.Key_Left: -1,
            keys.Key_Right: 1,
            keys.Key_Up: -columns,
            keys.Key_Down: columns,
        }
        step = steps.get(event.key())
        if step is None or not self._pictures:
            super().keyPressEvent(event)
            return
        index = 0 if self.current is None else self.current + step
        if 0 <= index < len(self._pictures):
            self._choose(index)

    def _choose(self, index: int) -> None:
        self.point_at(index)
        self.chosen.emit(index)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_at(event.pos())
            if index is not None:
                QToolTip.showText(event.globalPos(), self._titles[index], self, self.cell(index))
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        # Once for all of them: to find it takes longer than to draw a picture.
        cells, ratio = self._cells(), self.devicePixelRatioF()
        for index, picture in enumerate(self._pictures):
            draw_picture(painter, picture, _cell(index, *cells), ratio)
        theme = colours()
        if self.current is not None and self.current < len(self._pictures):
            painter.setPen(QPen(QColor(theme.accent), FRAME))
            painter.drawRect(self.cell(self.current).adjusted(-1, -1, 1, 1))
        elif self.hasFocus() and self._pictures:
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.cell(0))


def _cell(index: int, side: int, columns: int) -> QRect:
    row, column = divmod(index, columns)
    return QRect(column * side, row * side, side - GAP, side - GAP)


def draw_picture(painter: QPainter, picture: QImage, cell: QRect, ratio: float) -> None:
    """Draw `picture` in the middle of `cell`, in whole steps of its pixels where it is small."""
    room = cell.width() * ratio / max(picture.width(), picture.height())
    scale = (np.floor(room) if room >= 1 else room) / ratio
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, room < 1)
    target = QRect(0, 0, round(picture.width() * scale), round(picture.height() * scale))
    target.moveCenter(cell.center())
    painter.drawImage(target, picture)
