"""The legend of a map: one button per label, which hides and shows its dots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QLayout, QLayoutItem, QToolButton, QWidget

translate = QCoreApplication.translate

MAX_ENTRIES = 40
SWATCH = 12


class FlowLayout(QLayout):
    """Puts widgets side by side and goes on in a new line where the room ends."""

    def __init__(self, parent: QWidget, gap: int = 2) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802
        size = QSize(0, 0)
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def setGeometry(self, area: QRect) -> None:  # noqa: N802
        super().setGeometry(area)
        self._arrange(area, move=True)

    def _arrange(self, area: QRect, move: bool) -> int:
        x, y, row = area.x(), area.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x + size.width() > area.right() + 1 and x > area.x():
                x, y, row = area.x(), y + row + self._gap, 0
            if move:
                item.setGeometry(QRect(x, y, size.width(), size.height()))
            x += size.width() + self._gap
            row = max(row, size.height())
        return y + row - area.y()


class Legend(QWidget):
    """Emits `toggled(hidden)`, a frozenset of label indices, when a label is hidden or shown."""

    toggled = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self)
        self._buttons: list[QToolButton] = []
        self._offered: tuple[tuple[str, ...], bytes] = (), b""

    def set_labels(self, names: Sequence[str], colours: NDArray[np.uint8]) -> None:
        """Offer the labels `names` in `colours`, (len(names), 3); buttons of the same are kept."""
        self.prepare(names, colours)
        self.set_hidden(frozenset())
        self.setVisible(bool(self._buttons))

    def prepare(self, names: Sequence[str], colours: NDArray[np.uint8]) -> None:
        """Make the buttons of these labels, unless they are there: what is shown stays so."""
        offered = tuple(names), colours.tobytes()
        if offered == self._offered:
            return
        self._offered = offered
        for button in self._buttons:
            self._flow.removeWidget(button)
            button.deleteLater()
        self._buttons = []
        for index, name in enumerate(names[:MAX_ENTRIES]):
            button = QToolButton()
            button.setText(name)
            button.setIconSize(QSize(SWATCH, SWATCH))
            button.setIcon(_swatch(QColor(*(int(part) for part in colours[index]))))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setProperty("chip", True)
            button.setCheckable(True)
            button.setChecked(True)
            button.setToolTip(
                translate(
                    "Legend", "Click: hide or show this label. Double-click: show only this label."
                )
            )
            button.setAccessibleName(translate("Legend", "Show label {name}").format(name=name))
            button.toggled.connect(self._tell)
            button.mouseDoubleClickEvent = lambda _, index=index: self._only(index)
            self._flow.addWidget(button)
            self._buttons.append(button)

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Show which labels are hidden, without telling anyone."""
        for index, button in enumerate(self._buttons):
            before = button.blockSignals(True)
            button.setChecked(index not in hidden)
            button.blockSignals(before)
            if bool(button.property("hides")) != (index in hidden):
                button.setProperty("hides", index in hidden)
                button.style().polish(button)

    @property
    def hidden(self) -> frozenset[int]:
        """The labels that are hidden."""
        return frozenset(k for k, button in enumerate(self._buttons) if not button.isChecked())

    def _only(self, index: int) -> None:
        others = frozenset(range(len(self._buttons))) - {index}
        self.toggled.emit(frozenset() if self.hidden == others else others)

    def _tell(self) -> None:
        self.toggled.emit(self.hidden)


def _swatch(colour: QColor) -> QIcon:
    """Return a dot in `colour`, faint where its button is off."""
    icon = QIcon()
    for state, opacity in ((QIcon.State.On, 1.0), (QIcon.State.Off, 0.2)):
        pixmap = QPixmap(2 * SWATCH, 2 * SWATCH)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(opacity)
        painter.setBrush(colour)
        painter.drawEllipse(2, 2, 2 * SWATCH - 4, 2 * SWATCH - 4)
        painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return icon
