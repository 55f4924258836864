"""A small plot in the colours of the theme. Imported late: pyqtgraph takes a third of a second."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent

from vaeexplorer.gui.widgets.theme import colours

AXIS_WIDTH = 52


class Plot(pg.PlotWidget):
    """Axes, a title, and nothing that reacts to the mouse. Who makes one dresses it at the end."""

    _dressed = False

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.setAccessibleName(title)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setMenuEnabled(False)
        self.setMinimumWidth(150)
        # Axes that grow with their numbers would move the plot under the eyes.
        self.getAxis("left").setWidth(AXIS_WIDTH)
        # Minor ticks take most of the time that drawing an axis takes.
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(maxTickLevel=0)

    def dress(self) -> None:
        """Take over the colours of the theme."""
        self._dressed = True
        theme = colours()
        self.setBackground(theme.surface)
        self.setTitle(self._title, color=theme.text, size="9pt")
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(theme.border)
            self.getAxis(side).setTextPen(theme.muted)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # pyqtgraph sets a palette of its own while it is being made.
        if self._dressed and event.type() == QEvent.Type.PaletteChange:
            self.dress()
