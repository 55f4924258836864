"""A line of advice that floats over the maps: when it goes away, nothing else moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from vaeexplorer.gui.widgets.theme import GRID


class MapHint(QLabel):
    """Stands at the top of a map, in the middle of all that `stage` holds, until it is taken."""

    def __init__(self, text: str, stage: QWidget) -> None:
        super().__init__(text, stage)
        self._stage = stage
        self._map: QWidget | None = None
        self.setProperty("hint", True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        stage.installEventFilter(self)

    def stand_over(self, shown: QWidget) -> None:
        """Be seen while the map `shown` is, at its top, wherever that comes to be."""
        self._map = shown
        shown.installEventFilter(self)

    def dismiss(self) -> None:
        """Go away for good."""
        if self._map is not None:
            self._map.removeEventFilter(self)
            self._map = None
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = QEvent.Type
        if self._map is not None and event.type() in (kinds.Resize, kinds.Move, kinds.Show):
            self._place(self._map)
        elif watched is self._map and event.type() == kinds.Hide:
            self.hide()
        return super().eventFilter(watched, event)

    def _place(self, shown: QWidget) -> None:
        if not shown.isVisibleTo(self._stage):
            return
        size = self.sizeHint()
        top = shown.mapTo(self._stage, QPoint(0, GRID)).y()
        left = (self._stage.width() - size.width()) // 2
        self.setGeometry(left, top, size.width(), size.height())
        self.show()
        self.raise_()
