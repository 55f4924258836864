"""The code of a VQ-VAE: a code of the codebook at each position, and what others would show."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.picture_grid import PictureGrid
from vaeexplorer.gui.widgets.theme import GRID, colours, tabular
from vaeexplorer.jobs.codes import CodeUsage, Variants

translate = QCoreApplication.translate

CELL_WIDTH, CELL_HEIGHT, GAP = 44, 32, 4
GOLDEN = 0.618034
NOTCH = 120
TILES_HEIGHT = 96


class PositionGrid(QWidget):
    """A cell per position with the number of its code, in a colour of the code's own."""

    position_chosen = Signal(int)
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._usage: CodeUsage | None = None
        self.indices: NDArray[np.int64] = np.zeros(0, np.int64)
        self.position = 0
        self.setAccessibleName(translate("CodePicker", "Positions of the code"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(tabular(self.font()))

    def show_codes(self, usage: CodeUsage, indices: NDArray[np.int64]) -> None:
        """Show the codes `indices`, (positions,), of a codebook that is used so."""
        self._usage, self.indices = usage, indices
        self.position = min(self.position, len(indices) - 1)
        self._fit_height()
        self._describe()
        self.update()

    def point_at(self, position: int) -> None:
        """Choose `position`."""
        if 0 <= position < len(self.indices) and position != self.position:
            self.position = position
            self._describe()
            self.update()
            self.position_chosen.emit(position)

    def cell(self, position: int) -> QRect:
        """Where the cell of `position` is."""
        row, column = divmod(position, self._columns())
        return QRect(
            column * (CELL_WIDTH + GAP), row * (CELL_HEIGHT + GAP), CELL_WIDTH, CELL_HEIGHT
        )

    def sizeHint(self) -> QSize:
        return QSize(4 * CELL_WIDTH, CELL_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_height()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self._position_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and position is not None:
            self.point_at(position)

    def wheelEvent(self, event: QWheelEvent) -> None:
        position = self._position_at(event.position().toPoint())
        if position is None or abs(event.angleDelta().y()) < NOTCH:
            event.ignore()
            return
        self.point_at(position)
        self.stepped.emit(-1 if event.angleDelta().y() > 0 else 1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        sideways = {keys.Key_Left: -1, keys.Key_Right: 1}
        through = {keys.Key_Up: 1, keys.Key_Down: -1}
        if event.key() in sideways:
            self.point_at(self.position + sideways[event.key()])
        elif event.key() in through:
            self.stepped.emit(through[event.key()])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            position = self._position_at(event.pos())
            if position is not None:
                QToolTip.showText(event.globalPos(), self._story(position), self)
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colours()
        for position, code in enumerate(self.indices):
            cell = self.cell(position)
            colour = code_colour(int(code))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(cell.adjusted(2, 2, -2, -2), 4, 4)
            painter.setPen(QColor("#12151a" if colour.lightnessF() > 0.5 else "#ffffff"))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, str(code))
            if position == self.position:
                painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.text), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), 5, 5)

    def _columns(self) -> int:
        return max(1, (self.width() + GAP) // (CELL_WIDTH + GAP))

    def _fit_height(self) -> None:
        rows = -(-max(1, len(self.indices)) // self._columns())
        self.setFixedHeight(rows * (CELL_HEIGHT + GAP))

    def _position_at(self, point: QPoint) -> int | None:
        column, row = point.x() // (CELL_WIDTH + GAP), point.y() // (CELL_HEIGHT + GAP)
        position = row * self._columns() + column
        inside = column < self._columns() and 0 <= position < len(self.indices)
        return position if inside else None

    def _describe(self) -> None:
        if len(self.indices):
            self.setAccessibleDescription(self._story(self.position))

    def _story(self, position: int) -> str:
        assert self._usage is not None
        code = int(self.indices[position])
        return translate(
            "CodePicker",
            "Position {position}: code {code}, which {share:.1f} % of the images hold there. "
            "Click, or Left and Right: choose a position. Wheel, or Up and Down: another code "
            "there.",
        ).format(position=position + 1, code=code, share=100 * self._usage.shares[position, code])


class CodePicker(QWidget):
    """Emits `picked(position, code)` and, where other codes are to be tried, `asked(position)`."""

    picked = Signal(int, int)
    asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._usage: CodeUsage | None = None
        self._codes: NDArray[np.int64] = np.zeros(0, np.int64)
        self._about, self._here = QLabel(), QLabel()
        for label in (self._about, self._here):
            label.setProperty("muted", True)
            label.setWordWrap(True)
            label.setFont(tabular(label.font()))
        self.positions = PositionGrid()
        self.positions.position_chosen.connect(self._ask)
        self.positions.stepped.connect(self._step)
        self.tiles = PictureGrid(translate("CodePicker", "Codes to put at this position"))
        self.tiles.setMinimumHeight(TILES_HEIGHT)
        self.tiles.chosen.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, 0, GRID, 0)
        column.setSpacing(GRID)
        for part in (self._about, self.positions, self._here):
            column.addWidget(part)
        column.addWidget(self.tiles, 1)

    def show_usage(self, usage: CodeUsage) -> None:
        """Begin with a model whose images use its codes so."""
        self._usage = usage
        self._codes = usage.tried(0)
        self.positions.position = 0
        count = len(usage.codebook)
        self._about.setText(
            translate(
                "CodePicker",
                "{positions} positions \N{MULTIPLICATION SIGN} ln {count} = {nats:.1f} nats; "
                "perplexity {perplexity:.1f} of {count}, {dead} dead",
            ).format(
                positions=usage.positions,
                count=count,
                nats=usage.nats,
                perplexity=usage.perplexity,
                dead=usage.dead,
            )
        )
        self._about.setToolTip(
            translate(
                "CodePicker",
                "The rate, {bits:.1f} bits, is the same whatever is learnt: every position names "
                "one of {count} codes. Perplexity: how many codes, used alike, would be used as "
                "evenly; a dead code is used less than a hundredth as often as if all were.",
            ).format(bits=usage.nats / np.log(2), count=count)
        )

    def show_code(self, z: NDArray[np.float32]) -> None:
        """Show which codes `z`, (size,), decodes as."""
        if self._usage is None:
            return
        self.positions.show_codes(self._usage, self._usage.indices(z))
        self._point()

    def show_variants(self, variants: Variants) -> None:
        """Show what other codes at one position would decode to."""
        if self._usage is None or variants.position != self.positions.position:
            return
        self._codes = variants.codes
        shares = 100 * self._usage.shares[variants.position]
        story = translate("CodePicker", "Code {code}, which {share:.1f} % of the images hold here")
        self.tiles.show_pictures(
            variants.pictures,
            [story.format(code=code, share=shares[code]) for code in variants.codes],
        )
        self._point()

    def _point(self) -> None:
        """Frame the code that is held at the chosen position, and say which it is."""
        position = self.positions.position
        code = int(self.positions.indices[position])
        found = np.flatnonzero(self._codes == code)
        self.tiles.point_at(int(found[0]) if len(found) else None)
        assert self._usage is not None
        hidden = len(self._usage.codebook) - len(self._codes)
        text = translate("CodePicker", "position {position} holds code {code}; with each other:")
        if hidden:
            text = translate(
                "CodePicker",
                "position {position} holds code {code}; with each of the {shown} most frequent:",
            )
        self._here.setText(text.format(position=position + 1, code=code, shown=len(self._codes)))

    def _ask(self, position: int) -> None:
        self._point()
        self.asked.emit(position)

    def _choose(self, index: int) -> None:
        self.picked.emit(self.positions.position, int(self._codes[index]))

    def _step(self, by: int) -> None:
        """Put the next code of the codebook at the chosen position."""
        if self._usage is not None:
            position = self.positions.position
            code = (int(self.positions.indices[position]) + by) % len(self._usage.codebook)
            self.picked.emit(position, code)


def code_colour(code: int) -> QColor:
    """Return the colour of a code: neighbours in number are far apart in hue."""
    lightness = (0.45, 0.6, 0.72)[code % 3]
    return QColor.fromRgbF(*colorsys.hls_to_rgb(code * GOLDEN % 1.0, lightness, 0.5))
