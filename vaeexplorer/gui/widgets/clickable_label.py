"""A line of text that leads to more when it is clicked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent

from vaeexplorer.gui.widgets.elided_label import ElidedLabel


class ClickableLabel(ElidedLabel):
    """Emits `clicked`. Takes no focus: where it leads has a key of its own."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside and self.text():
            self.clicked.emit()
