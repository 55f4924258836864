"""The buttons in the titles of docks, in the colours of the theme: Fusion's are lost on dark."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QDockWidget

from vaeexplorer.gui.widgets.stamps import make_stamp
from vaeexplorer.gui.widgets.theme import colours

SIDE = 16
CLOSE, FLOAT = "qt_dockwidget_closebutton", "qt_dockwidget_floatbutton"
"""What Qt calls them."""
RESETS = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


class DockButtons(QObject):
    """Paints the buttons of the docks that it watches, again whenever Qt puts its own there."""

    def watch(self, dock: QDockWidget) -> None:
        """Paint the buttons of `dock` from now on."""
        dock.installEventFilter(self)
        dock.topLevelChanged.connect(lambda _: _dress(dock))
        _dress(dock)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QDockWidget) and event.type() in RESETS:
            # Later: with the new style Qt will have put its own there.
            QTimer.singleShot(0, watched, lambda: _dress(watched))
        return super().eventFilter(watched, event)


def _dress(dock: QDockWidget) -> None:
    for name in (CLOSE, FLOAT):
        button = dock.findChild(QAbstractButton, name, Qt.FindChildOption.FindDirectChildrenOnly)
        if button is not None:
            button.setIcon(_icon(name, dock.devicePixelRatioF()))


def _icon(name: str, ratio: float) -> QIcon:
    draw = _draw_cross if name == CLOSE else _draw_windows
    return QIcon(QPixmap.fromImage(make_stamp(SIDE, ratio, draw)))


def _draw_cross(painter: QPainter, middle: QPointF) -> None:
    del middle
    painter.setPen(QPen(QColor(colours().muted), 1.5))
    painter.drawLine(4, 4, 12, 12)
    painter.drawLine(4, 12, 12, 4)


def _draw_windows(painter: QPainter, middle: QPointF) -> None:
    del middle
    painter.setPen(QPen(QColor(colours().muted), 1.5))
    painter.drawRect(QRectF(3, 5.5, 7.5, 7.5))
    behind = ((6, 5.5), (6, 3), (13, 3), (13, 10), (10.5, 10))
    painter.drawPolyline([QPointF(x, y) for x, y in behind])
