"""The docks of the window: one for each panel of the table, made when it is first shown."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar

from vaeexplorer.gui.panels import BOTTOM, PANELS, Panel
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.turns import paint_in_turn, turns
from vaeexplorer.gui.widgets.dock_buttons import DockButtons

RIGHT_WIDTH = 336
BOTTOM_HEIGHT = 300
ALL_CHANGE = (QEvent.Type.Resize, QEvent.Type.PaletteChange)
"""What all panels meet with at once."""


class Docks(QObject):
    """Makes the docks of a window and shows them.

    To make a panel and to lay it out take 5 to 10 ms each: one that is asked for the first time is
    made at once, and shown in a turn of its own (gui/turns.py).
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
        dock.visibilityChanged.connect(lambda _: turns().add(self, "tabs", self._offer_tabs))
        return dock

    def _offer_tabs(self) -> None:
        """Let Tab pass by a bar of tabs that Qt keeps out of sight because it has nothing to show.

        How many tabs there are is known only after a dock has said that it was shown or hidden.
        """
        own = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in self._window.findChildren(QTabBar, options=own):
            offered = Qt.FocusPolicy.TabFocus if bar.count() > 1 else Qt.FocusPolicy.NoFocus
            if bar.focusPolicy() != offered:
                bar.setFocusPolicy(offered)

    def _fill(self, key: str) -> None:
        """Make the panel `key`, where that was not done."""
        dock, panel = self.by_key[key], self._panels[key]
        if dock.widget() is not None:
            return
        widget = panel.build(self._session)
        widget.setAccessibleName(panel.title())
        if panel.area != BOTTOM:
            widget.setMinimumWidth(RIGHT_WIDTH)
        widget.setAutoFillBackground(True)
        widget.installEventFilter(self)
        dock.setWidget(widget)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in ALL_CHANGE:
            paint_in_turn(watched)
        return super().eventFilter(watched, event)

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
            turns().add(dock, "show", partial(self._raise, dock))
        else:
            turns().drop(dock, "show")
            self._raise(dock)

    def _raise(self, dock: QDockWidget) -> None:
        dock.show()
        dock.raise_()
        dock.widget().setFocus()
