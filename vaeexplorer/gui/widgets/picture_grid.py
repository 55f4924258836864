"""Pictures in rows, as large as their room lets them be; one is chosen by mouse or keys.

Where there is room for some of them only, the last cell says how many more there are, and the wheel
or the keys bring them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.theme import colours

translate = QCoreApplication.translate

GAP, FRAME = 4, 2
LEAST_CELL, MOST_CELL = 24, 96


class Cells(NamedTuple):
    """Side of a cell with its gap, cells per row, and rows that there is room for."""

    side: int
    columns: int
    rows: int


class PictureGrid(QWidget):
    """Emits `chosen` with the number of the picture that was clicked or moved to."""

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._pictures: list[QImage] = []
        self._titles: Sequence[str] = ()
        self.current: int | None = None
        self._top = 0
        """Row that is shown first."""
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
        self._scroll_to(0 if self.current is None else self.current)

    def point_at(self, index: int | None) -> None:
        """Frame the picture of this number, or none, without telling anyone."""
        self.current = index
        if index is not None and index < len(self._titles):
            self.setAccessibleDescription(self._titles[index])
            self._scroll_to(index)
        self.update()

    def cell(self, index: int) -> QRect:
        """Where the picture of this number is."""
        cells = self._cells()
        return _cell(index - self._top * cells.columns, cells)

    @property
    def shown(self) -> range:
        """The numbers of the pictures that are seen."""
        return self._shown(self._cells())

    def _shown(self, cells: Cells) -> range:
        first, count = self._top * cells.columns, len(self._pictures)
        beyond = first + cells.rows * cells.columns
        # How many more there are stands in the last cell.
        return range(first, count if count <= beyond else beyond - 1)

    def _scroll(self, rows: int) -> None:
        """Show what is so many rows farther down, as far as there is something."""
        cells = self._cells()
        last = -(-len(self._pictures) // cells.columns) - cells.rows
        self._top = max(0, min(self._top + rows, last))
        self.update()

    def _scroll_to(self, index: int) -> None:
        """Bring the picture of this number into view."""
        self._scroll(0)
        cells = self._cells()
        if index < self.shown.start:
            self._scroll(index // cells.columns - self._top)
        elif index >= self.shown.stop:
            self._scroll(index // cells.columns - self._top - cells.rows + 1)
            if index >= self.shown.stop:  # it would be in the last cell
                self._scroll(1)

    def _cells(self) -> Cells:
        """Return the largest cells that let all pictures in, or else the least ones."""
        count, width, height = max(1, len(self._pictures)), self.width(), self.height()
        for side in range(MOST_CELL, LEAST_CELL - 1, -1):
            columns = width // side
            if columns and -(-count // columns) * side <= height + GAP:
                break
        side = self._tight(side)
        return Cells(side, max(1, width // side), max(1, (height + GAP) // side))

    def _tight(self, side: int) -> int:
        """Return the least side of a cell whose picture is as large as in one of `side`."""
        if not self._pictures:
            return side
        picture, ratio = self._pictures[0], self.devicePixelRatioF()
        pixels = max(picture.width(), picture.height())
        scale = (side - GAP) * ratio // pixels
        return math.ceil(scale * pixels / ratio) + GAP if scale >= 1 else side

    def _index_at(self, point: QPoint) -> int | None:
        side, columns, rows = self._cells()
        column, row = point.x() // side, point.y() // side
        index = (row + self._top) * columns + column
        inside = column < columns and row < rows and 0 <= index < len(self._pictures)
        return index if inside else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll_to(self.current or 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        before, turned = self._top, event.angleDelta().y()
        self._scroll((turned < 0) - (turned > 0))
        event.setAccepted(self._top != before)  # else it may scroll what this is in

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or index is None:
            return
        if index in self.shown:
            self._choose(index)
        else:
            self._scroll(self._cells().rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, columns = Qt.Key, self._cells().columns
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
                text = self._titles[index] if index in self.shown else self._told_of_more()
                QToolTip.showText(event.globalPos(), text, self, self.cell(index))
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        # Once for all of them: to find it takes longer than to draw a picture.
        cells, ratio = self._cells(), self.devicePixelRatioF()
        shown, theme = self._shown(cells), colours()
        for place, index in enumerate(shown):
            draw_picture(painter, self._pictures[index], _cell(place, cells), ratio)
        if shown.stop < len(self._pictures):
            painter.setPen(QColor(theme.muted))
            self._write_more(painter, _cell(len(shown), cells), len(self._pictures) - shown.stop)
        if self.current is not None and self.current in shown:
            painter.setPen(QPen(QColor(theme.accent), FRAME))
            painter.drawRect(self.cell(self.current).adjusted(-1, -1, 1, 1))
        elif self.hasFocus() and self._pictures:
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(_cell(0, cells))

    def _write_more(self, painter: QPainter, cell: QRect, count: int) -> None:
        """Write how many more pictures there are, as large as the cell lets it be."""
        text, font = f"+{count}", QFont(self.font())
        wide = painter.fontMetrics().horizontalAdvance(text)
        if wide > cell.width():
            font.setPointSizeF(font.pointSizeF() * cell.width() / wide)
        painter.setFont(font)
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)

    def _told_of_more(self) -> str:
        return translate("PictureGrid", "{n} more: click, turn the wheel, or use the keys").format(
            n=len(self._pictures) - self.shown.stop
        )


def _cell(place: int, cells: Cells) -> QRect:
    row, column = divmod(place, cells.columns)
    side = cells.side
    return QRect(column * side, row * side, side - GAP, side - GAP)


def draw_picture(painter: QPainter, picture: QImage, cell: QRect, ratio: float) -> None:
    """Draw `picture` in the middle of `cell`, in whole steps of its pixels where it is small."""
    room = cell.width() * ratio / max(picture.width(), picture.height())
    scale = (np.floor(room) if room >= 1 else room) / ratio
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, room < 1)
    target = QRect(0, 0, round(picture.width() * scale), round(picture.height() * scale))
    target.moveCenter(cell.center())
    painter.drawImage(target, picture)
