"""The maps side by side, two to a row: all of them equally large, so that places compare by eye."""

from __future__ import annotations

from collections.abc import Sequence

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QSplitter, QWidget

IN_ROW, ROWS = 2, 2
EQUAL = 10_000
"""Any size that is more than there is room for: splitters take it as a share."""

CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.Resize)


class MapGrid(QSplitter):
    """Holds widgets with maps, and gives what stands above and below each map equal heights.

    A legend of more rows, or an overlay that only one model has, would else take room from its own
    map alone.
    """

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._held: list[tuple[QWidget, Sequence[QWidget]]] = []
        for _ in range(ROWS):
            row = QSplitter(Qt.Orientation.Horizontal)
            row.setChildrenCollapsible(False)
            self.addWidget(row)
        self.setChildrenCollapsible(False)
        self._share()

    def add(self, panel: QWidget, around: Sequence[QWidget]) -> None:
        """Put `panel` behind the others.

        `around` are its parts beside its map, from above, each with a layout: as many for each.
        """
        self.widget(len(self._held) // IN_ROW).addWidget(panel)
        self._held.append((panel, around))
        for part in around:
            part.installEventFilter(self)
        self._share()
        self._level()

    def number_at(self, place: QPoint) -> int:
        """Return the number of the widget at `place`; of the last one where there is none."""
        panels = [panel for panel, _ in self._held]
        under = (
            number
            for number, panel in enumerate(panels)
            if panel.rect().contains(panel.mapFrom(self, place))
        )
        return next(under, len(panels) - 1)

    def remove_last(self) -> None:
        """Delete the last widget, at once: it hears of nothing any more."""
        panel, _ = self._held.pop()
        shiboken6.delete(panel)
        self._share()
        self._level()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in CHANGES:
            self._level()
        return super().eventFilter(watched, event)

    def _share(self) -> None:
        """Give equal shares, whatever the sizes that the widgets would like."""
        self.widget(1).setVisible(len(self._held) > IN_ROW)
        for splitter in (self, *(self.widget(line) for line in range(ROWS))):
            splitter.setSizes([EQUAL] * splitter.count())

    def _level(self) -> None:
        """Give each part the height that its like needs most beside any map."""
        every = [around for _, around in self._held]
        needed = [max(_height_of(part) for part in parts) for parts in zip(*every, strict=True)]
        for around in every:
            for part, height in zip(around, needed, strict=True):
                part.setMinimumHeight(height)


def _height_of(part: QWidget) -> int:
    """Return the height that `part` needs at its width."""
    layout = part.layout()
    if layout.hasHeightForWidth():
        return int(layout.totalHeightForWidth(part.width()))
    return int(layout.totalSizeHint().height())
