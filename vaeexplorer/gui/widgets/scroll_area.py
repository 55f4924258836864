"""Room for a page that may need more than there is: it is scrolled, by keys too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter
from PySide6.QtWidgets import QScrollArea

from vaeexplorer.gui.widgets.theme import colours

RING = 1
"""Pixels around the page, of the line that is there while keys scroll it."""


class ScrollArea(QScrollArea):
    """Gives its page all the width there is, without a frame; a ring says that it has the focus.

    With `takes_keys` off it never has it: what is in it does.
    """

    def __init__(self, *, takes_keys: bool = True, sideways: bool = True) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        if not sideways:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if takes_keys:
            self.setViewportMargins(RING, RING, RING, RING)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        # Its paintEvent is that of the viewport, which covers all but the margins.
        handled = super().event(event)
        if event.type() == QEvent.Type.Paint and self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QColor(colours().accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        return handled
