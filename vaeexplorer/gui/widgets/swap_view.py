"""The swap grid: images along two sides, in every cell the content of one, the style of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt, Signal
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
from vaeexplorer.gui.widgets.picture_grid import draw_picture
from vaeexplorer.gui.widgets.theme import GRID, colours
from vaeexplorer.jobs.swapping import MOST, SwapGrid

translate = QCoreApplication.translate

GAP, SNUG, FRAME = 4, 2, 2
"""Between cells, between those that are not large, and around the chosen one."""
LEAST_CELL, LARGE, MOST_CELL = 12, 24, 96
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class SwapView(QWidget):
    """Emits `chosen` with the row and the column of the cell that was clicked or moved to."""

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._top: list[QImage] = []
        self._cells: list[list[QImage]] = []
        self._names: Sequence[str] = ()
        self.current: tuple[int, int] | None = None
        self.setAccessibleName(translate("Swap", "Contents decoded with styles"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        side = (MOST + 1) * LEAST_CELL + self._margin() + GRID
        return QSize(side, side)

    def show_grid(self, grid: SwapGrid, names: Sequence[str]) -> None:
        """Show `grid`, whose images are called `names`."""
        self._top = [to_qimage(image) for image in grid.originals]
        self._cells = [[to_qimage(cell) for cell in row] for row in grid.cells]
        self._names = names
        self.current = None
        self.update()

    def point_at(self, row: int, column: int) -> None:
        """Frame a cell, without telling anyone."""
        self.current = row, column
        self.setAccessibleDescription(self.title(row, column))
        self.update()

    def title(self, row: int, column: int) -> str:
        """Say in words what a cell shows."""
        if row == column:
            return translate("Swap", "{image}: content and style of its own").format(
                image=self._names[row]
            )
        return translate("Swap", "content of {content}, style of {style}").format(
            content=self._names[row], style=self._names[column]
        )

    def cell(self, row: int, column: int) -> QRect:
        """Where a cell is; row -1 and column -1 are those of the images themselves."""
        side, margin = self._side(), self._margin()
        left = margin + (column + 1) * side + (GRID if column >= 0 else 0)
        top = margin + (row + 1) * side + (GRID if row >= 0 else 0)
        inside = side - (GAP if side > LARGE else SNUG)
        return QRect(left, top, inside, inside)

    def _margin(self) -> int:
        """Room for the words along the sides."""
        return self.fontMetrics().height() + GAP

    def _side(self) -> int:
        """Side of a cell with its gap: as large as lets all in."""
        room = min(self.width(), self.height()) - self._margin() - GRID
        return min(max(room // (len(self._top) + 1), LEAST_CELL), MOST_CELL)

    def _cell_at(self, point: QPoint) -> tuple[int, int] | None:
        count = range(len(self._top))
        places = ((row, column) for row in count for column in count)
        return next((at for at in places if self.cell(*at).contains(point)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and at is not None:
            self._choose(*at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = ARROWS.get(Qt.Key(event.key()))
        if step is None or not self._top:
            super().keyPressEvent(event)
            return
        row, column = (0, 0) if self.current is None else np.add(self.current, step).tolist()
        if 0 <= row < len(self._top) and 0 <= column < len(self._top):
            self._choose(row, column)

    def _choose(self, row: int, column: int) -> None:
        self.point_at(row, column)
        self.chosen.emit(row, column)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._cell_at(event.pos())
            if at is not None:
                QToolTip.showText(event.globalPos(), self.title(*at), self, self.cell(*at))
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._top:
            return
        theme, painter, ratio = colours(), QPainter(self), self.devicePixelRatioF()
        for index, image in enumerate(self._top):
            draw_picture(painter, image, self.cell(-1, index), ratio)
            draw_picture(painter, image, self.cell(index, -1), ratio)
            for column, cell in enumerate(self._cells[index]):
                draw_picture(painter, cell, self.cell(index, column), ratio)
        self._draw_words(painter)
        painter.setPen(QPen(QColor(theme.border), 1))
        first, last = self.cell(0, 0), self.cell(len(self._top) - 1, len(self._top) - 1)
        line = first.left() - (GRID + GAP) // 2
        painter.drawLine(line, self.cell(-1, -1).top(), line, last.bottom())
        line = first.top() - (GRID + GAP) // 2
        painter.drawLine(self.cell(-1, -1).left(), line, last.right(), line)
        if self.current is not None:
            painter.setPen(QPen(QColor(theme.accent), FRAME))
            painter.drawRect(self.cell(*self.current).adjusted(-1, -1, 1, 1))
        elif self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(first)

    def _draw_words(self, painter: QPainter) -> None:
        """Write what the rows and the columns are."""
        painter.setPen(QColor(colours().muted))
        first, last = self.cell(0, 0), self.cell(len(self._top) - 1, len(self._top) - 1)
        along = QRect(first.left(), 0, last.right() - first.left(), self._margin())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        painter.drawText(along, left, translate("Swap", "style of"))
        painter.save()
        painter.rotate(-90)
        down = QRect(-last.bottom(), 0, last.bottom() - first.top(), self._margin())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        painter.drawText(down, right, translate("Swap", "content of"))
        painter.restore()
