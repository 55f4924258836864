"""A line of advice that floats over the maps: when it goes away, nothing else moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from vaeexplorer.gui.widgets.theme import GRID


class MapHint(QLabel):
    """Stands at the top of `first`, a map, in the middle of all that `stage` holds."""

    def __init__(self, text: str, stage: QWidget) -> None:
        super().__init__(text, stage)
        self._first: QWidget | None = None
        self.setProperty("hint", True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def stand_over(self, first: QWidget) -> None:
        """Keep at the top of `first`, wherever that comes to be."""
        if first is not self._first:
            self._first = first
            first.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._first and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        stage, first = self.parentWidget(), self._first
        if stage is None or first is None:
            return
        size = self.sizeHint()
        top = first.mapTo(stage, QPoint(0, GRID)).y()
        self.setGeometry((stage.width() - size.width()) // 2, top, size.width(), size.height())
        self.raise_()
