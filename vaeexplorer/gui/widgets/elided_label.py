"""Lines of text that end in three dots where there is no room for all of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip


class ElidedLabel(QLabel):
    """Plain text that never decides how narrow a window can be; its tooltip says what was cut.

    It takes whatever width there is; with `first` all that it needs before others have any, but
    for what they `keep`. Each line of it is broken into `rows` at most.
    """

    def __init__(self, *, first: bool = False, rows: int = 1) -> None:
        super().__init__()
        self._least, self._rows = 1, rows
        across = QSizePolicy.Policy.Maximum if first else QSizePolicy.Policy.Ignored
        policy = QSizePolicy(across, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(rows > 1)
        self.setSizePolicy(policy)
        # Without one the text itself would be the least width.
        self.setMinimumWidth(1)

    def keep(self, least: int) -> None:
        """Keep at least so many pixels from now on, as far as the text needs them."""
        self._least = least
        needed = self.fontMetrics().horizontalAdvance(self.text())
        self.setMinimumWidth(max(1, min(needed, least)))

    def setText(self, text: str) -> None:  # noqa: N802
        super().setText(text)
        self.keep(self._least)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and not self.toolTip() and self._is_cut():
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

    def hasHeightForWidth(self) -> bool:
        return self._rows > 1

    def heightForWidth(self, width: int) -> int:
        return self.fontMetrics().lineSpacing() * len(self._broken(width))

    def _is_cut(self) -> bool:
        return self._elided().split() != self.text().split()

    def _elided(self) -> str:
        right, room = Qt.TextElideMode.ElideRight, self.contentsRect().width()
        metrics = self.fontMetrics()
        return "\n".join(metrics.elidedText(line, right, room) for line in self._broken(room))

    def _broken(self, room: int) -> list[str]:
        """Break each line into as many rows as it may have; the last one has all the rest."""
        metrics, broken = self.fontMetrics(), []
        for line in self.text().split("\n"):
            first = len(broken)
            broken.append("")
            for word in line.split(" "):
                longer = f"{broken[-1]} {word}" if broken[-1] else word
                fits = metrics.horizontalAdvance(longer) <= room
                if fits or not broken[-1] or len(broken) - first == self._rows:
                    broken[-1] = longer
                else:
                    broken.append(word)
        return broken
