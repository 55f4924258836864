"""Buttons that say what dragging over a map does."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from vaeexplorer.gui.widgets.selection_tool import MODES
from vaeexplorer.gui.widgets.stamps import make_stamp
from vaeexplorer.gui.widgets.theme import colours

translate = QCoreApplication.translate

ICON = 18


class ModeSwitch(QWidget):
    """Pan, lasso or rectangle: emits `chosen` with the mode."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        for number, mode in enumerate(MODES):
            button = QToolButton()
            button.setCheckable(True)
            button.setIconSize(QSize(ICON, ICON))
            button.setProperty("mode", "later" if number else "first")
            name, tip = described(mode)
            button.setAccessibleName(name)
            button.setToolTip(tip)
            self._group.addButton(button, number)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(lambda number: self.chosen.emit(MODES[number]))
        self._paint_icons()

    def set_mode(self, mode: str) -> None:
        """Show `mode`, without telling anyone."""
        self._group.button(MODES.index(mode)).setChecked(True)

    def button(self, mode: str) -> QToolButton:
        """Return the button of `mode`."""
        return self._group.button(MODES.index(mode))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icons()

    def _paint_icons(self) -> None:
        for mode in MODES:
            self.button(mode).setIcon(_icon(mode, self.devicePixelRatioF()))


def described(mode: str) -> tuple[str, str]:
    """Return the name of `mode`, and what it does in a sentence or two."""
    return {
        "pan": (
            translate("ModeSwitch", "Pan"),
            translate(
                "ModeSwitch",
                "Dragging moves the map (1). With Shift it draws a lasso, with Ctrl a rectangle.",
            ),
        ),
        "lasso": (
            translate("ModeSwitch", "Lasso"),
            translate(
                "ModeSwitch",
                "Dragging draws around the dots to select (2). With Shift it adds to the "
                "selection, with Ctrl it takes away; the middle button moves the map.",
            ),
        ),
        "rectangle": (
            translate("ModeSwitch", "Rectangle"),
            translate(
                "ModeSwitch",
                "Dragging selects the dots in a rectangle (3). With Shift it adds to the "
                "selection, with Ctrl it takes away; the middle button moves the map.",
            ),
        ),
    }[mode]


def _icon(mode: str, ratio: float) -> QIcon:
    return QIcon(QPixmap.fromImage(make_stamp(ICON, ratio, partial(_draw, mode))))


def _draw(mode: str, painter: QPainter, middle: QPointF) -> None:
    """Draw what stands for `mode`."""
    pen = QPen(QColor(colours().text), 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if mode == "rectangle":
        pen.setDashPattern([2.2, 2.2])
    painter.setPen(pen)
    if mode == "rectangle":
        painter.drawRect(QRectF(2.5, 4.5, 13, 9))
    elif mode == "lasso":
        _draw_lasso(painter)
    else:
        painter.translate(middle)
        _draw_arrows(painter)


def _draw_lasso(painter: QPainter) -> None:
    loop = QPainterPath(QPointF(6, 12))
    loop.cubicTo(0.5, 10, 1, 3, 9, 2.5)
    loop.cubicTo(17, 2.5, 18.5, 10.5, 10, 12)
    loop.cubicTo(7, 12.5, 4, 12, 4.5, 14)
    loop.cubicTo(5, 15.5, 7, 14.5, 6.5, 16.5)
    painter.drawPath(loop)


def _draw_arrows(painter: QPainter) -> None:
    """Draw four arrows away from the origin."""
    for _ in range(4):
        painter.drawLine(QPointF(0, 0), QPointF(0, -7))
        painter.drawPolyline([QPointF(-2.3, -4.9), QPointF(0, -7), QPointF(2.3, -4.9)])
        painter.rotate(90)
