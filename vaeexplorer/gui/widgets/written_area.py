"""Room for a page that takes long to write, such as a table: written in pieces, shown whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtWidgets import QVBoxLayout, QWidget

from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.scroll_area import ScrollArea

Writer = Callable[[QWidget], Iterator[None]]


class WrittenArea(ScrollArea):
    """Writes a page piece by piece, each in a turn of its own (gui/turns.py).

    The former page stays until the new one is whole: nothing moves about under the eyes. What is
    too large is scrolled, by keys too, for nothing in it takes them.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._shown: QWidget | None = None
        self._page: QWidget | None = None
        self._whole = False
        self._pieces: Iterator[None] = iter(())
        # Pages are its children from the beginning: to be given a parent later costs a widget what
        # its making has cost.
        self._room = QWidget()
        column = QVBoxLayout(self._room)
        column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._room)

    def write(self, writer: Writer) -> None:
        """Show soon what `writer` puts on an empty page; it yields where a piece ends."""
        turns().add(self, "write", lambda: self._begin(writer))

    def _begin(self, writer: Writer) -> None:
        if self._whole:  # whoever wrote it takes it for what is shown
            self._swap()
        elif self._page is not None:
            self._page.deleteLater()
        self._page = QWidget(self._room)
        self._page.hide()
        self._pieces = writer(self._page)
        self._go_on()

    def _go_on(self) -> None:
        assert self._page is not None
        self._whole = next(self._pieces, self) is self
        # Else all of it would be dressed when it is shown.
        for part in self._page.findChildren(QWidget):
            part.ensurePolished()
        turns().add(self, "write", self._lay_out if self._whole else self._go_on)

    def _lay_out(self) -> None:
        assert self._page is not None
        self._page.ensurePolished()
        width, layout = self._room.width(), self._page.layout()
        height = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else 0
        self._page.resize(width, max(height, layout.totalSizeHint().height(), self._room.height()))
        layout.activate()
        turns().add(self, "write", self._swap)

    def _swap(self) -> None:
        page, former = self._page, self._shown
        assert page is not None
        self._shown, self._page, self._whole = page, None, False
        if former is not None:
            former.hide()
            self._room.layout().removeWidget(former)
            former.deleteLater()
        self._room.layout().addWidget(page)
        page.show()
        turns().add(self, "fit", self._fit)

    def _fit(self) -> None:
        """Give the page the height that it needs at the width that it has now."""
        if self._shown is not None:
            self._shown.layout().invalidate()
            self._shown.updateGeometry()
