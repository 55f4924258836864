"""A line of text that ends in three dots where there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy


class ElidedLabel(QLabel):
    """Plain text that takes whatever width there is; never decides how narrow a window can be."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        room, metrics = self.contentsRect(), self.fontMetrics()
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        role, enabled = self.foregroundRole(), self.isEnabled()
        self.style().drawItemText(QPainter(self), room, left, self.palette(), enabled, text, role)
