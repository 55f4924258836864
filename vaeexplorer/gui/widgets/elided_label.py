"""Lines of text that end in three dots where there is no room for all of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip


class ElidedLabel(QLabel):
    """Plain text that never decides how narrow a window can be; its tooltip says what was cut.

    It takes whatever width there is; with `first` all that it needs before others have any.
    """

    def __init__(self, *, first: bool = False) -> None:
        super().__init__()
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Maximum if first else policy.Ignored, policy.Preferred)
        # Without one the text itself would be the least width.
        self.setMinimumWidth(1)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and not self.toolTip() and self._elided() != self.text():
            QToolTip.showText(event.globalPos(), self.text(), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        room, role, enabled = self.contentsRect(), self.foregroundRole(), self.isEnabled()
        self.style().drawItemText(
            QPainter(self), room, left, self.palette(), enabled, self._elided(), role
        )

    def _elided(self) -> str:
        right, room = Qt.TextElideMode.ElideRight, self.contentsRect().width()
        metrics = self.fontMetrics()
        return "\n".join(metrics.elidedText(line, right, room) for line in self.text().split("\n"))
