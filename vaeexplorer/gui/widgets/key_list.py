"""All keys that do something: those of the menus, as they are now, and those of a map."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QMenu,
    QMenuBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.gui.widgets.theme import GRID

translate = QCoreApplication.translate


class KeyList(QDialog):
    """A table of verbs and their keys; the window beside it stays usable."""

    def __init__(self, menus: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Keys", "Keys"))
        self.table = QTreeWidget()
        self.table.setAccessibleName(translate("Keys", "What keys do"))
        self.table.setHeaderLabels([translate("Keys", "Does"), translate("Keys", "Keys")])
        self.table.setRootIsDecorated(False)
        for title, keys in _groups(menus):
            group = QTreeWidgetItem(self.table, [title])
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            group.addChildren([QTreeWidgetItem([*each]) for each in keys])
        self.table.expandAll()
        for column in range(2):
            self.table.resizeColumnToContents(column)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(GRID, GRID, GRID, GRID)
        column_.setSpacing(GRID)
        column_.addWidget(self.table)
        column_.addWidget(buttons)
        self.resize(480, 640)
        self.table.setFocus()


def _groups(menus: QMenuBar) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the title of a group, and its verbs with their keys."""
    yield translate("Keys", "On a map"), _of_maps()
    for entry in menus.actions():
        keys = list(_of_menu(entry.menu()))
        if keys:
            yield _plain(entry.text()), keys


def _of_menu(menu: QMenu) -> Iterator[tuple[str, str]]:
    for entry in menu.actions():
        inner = entry.menu()
        if inner is not None:
            named = ((f"{_plain(entry.text())}: {text}", keys) for text, keys in _of_menu(inner))
            yield from named
        elif not entry.shortcut().isEmpty():
            shown = entry.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            yield _plain(entry.text()), shown


def _of_maps() -> list[tuple[str, str]]:
    return [
        (translate("Keys", "Move the probe"), translate("Keys", "Arrows")),
        (translate("Keys", "Move it in larger steps"), translate("Keys", "Shift and arrows")),
        (translate("Keys", "Pan"), translate("Keys", "Ctrl and arrows")),
        (translate("Keys", "Zoom in, zoom out, show all"), "+  -  0"),
        (translate("Keys", "Select what is drawn around"), translate("Keys", "Shift and drag")),
        (translate("Keys", "Select a rectangle"), translate("Keys", "Ctrl and drag")),
        (translate("Keys", "Add or remove one dot"), translate("Keys", "Shift and click")),
    ]


def _plain(text: str) -> str:
    """Return the text of an entry without what marks its letter, or that a question follows."""
    return text.replace("&", "").removesuffix("...")
