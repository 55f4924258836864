"""The docks of the window: one for each panel of the table, made when it is first shown."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from vaeexplorer.gui.panels import BOTTOM, PANELS, Panel
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.dock_buttons import DockButtons

RIGHT_WIDTH = 336
BOTTOM_HEIGHT = 300


class Docks(QObject):
    """Makes the docks of a window and shows them.

    To make a panel, to dress its parts and to lay them out take 5 to 10 ms each: one that is asked
    for the first time is made at once, and shown two turns later (gui/turns.py).
    """

    def __init__(self, window: QMainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._buttons = DockButtons(self)
        self._panels = {panel.key: panel for panel in PANELS}
        self.by_key = {panel.key: self._make(panel) for panel in PANELS}

    def _make(self, panel: Panel) -> QDockWidget:
        dock = QDockWidget(panel.title(), self._window)
        dock.setObjectName(panel.key)
        self._buttons.watch(dock)
        self._window.addDockWidget(panel.area, dock)
        dock.visibilityChanged.connect(lambda shown: shown and self._fill(panel.key))
        return dock

    def _fill(self, key: str) -> None:
        """Make the panel `key`, where that was not done."""
        dock, panel = self.by_key[key], self._panels[key]
        if dock.property("filled"):
            return
        dock.setProperty("filled", True)
        widget = panel.build(self._session)
        widget.setAccessibleName(panel.title())
        if panel.area != BOTTOM:
            widget.setMinimumWidth(RIGHT_WIDTH)
        dock.setWidget(widget)

    def arrange(self) -> None:
        """Give all docks the places and sizes of a fresh window."""
        window, docks = self._window, self.by_key
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        bottom = [docks[panel.key] for panel in PANELS if panel.area == BOTTOM]
        for first, second in pairwise(bottom):
            window.tabifyDockWidget(first, second)
        right = [docks[panel.key] for panel in PANELS if panel.area != BOTTOM]
        window.resizeDocks(right, [RIGHT_WIDTH] * len(right), Qt.Orientation.Horizontal)
        window.resizeDocks(right, [480, 330], Qt.Orientation.Vertical)
        window.resizeDocks(bottom[:1], [BOTTOM_HEIGHT], Qt.Orientation.Vertical)
        for panel in PANELS:
            docks[panel.key].setVisible(panel.shown)
            if panel.shown:
                self._fill(panel.key)

    def show(self, key: str) -> None:
        """Show the panel `key`, bring it to the front, and let it take the keys."""
        dock = self.by_key[key]
        if dock.widget() is None:
            self._fill(key)
            turns().add(dock, "show", partial(self._dress, dock))
        else:
            turns().drop(dock, "show")
            self._raise(dock)

    def _dress(self, dock: QDockWidget) -> None:
        # Else all of it would be dressed when it is shown.
        for part in (dock.widget(), *dock.widget().findChildren(QWidget)):
            part.ensurePolished()
        turns().add(dock, "show", partial(self._raise, dock))

    def _raise(self, dock: QDockWidget) -> None:
        dock.show()
        dock.raise_()
        dock.widget().setFocus()
