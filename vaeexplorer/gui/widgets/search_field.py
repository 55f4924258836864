"""The field in which an image or a label is searched for."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy

translate = QCoreApplication.translate

WIDTH = 144


class SearchField(QLineEdit):
    """Emits `asked` with what was typed, when Return is pressed."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("search", True)
        self.setPlaceholderText(translate("SearchField", "Image or label"))
        self.setAccessibleName(translate("SearchField", "Find image or label"))
        self.setToolTip(
            translate(
                "SearchField",
                '"#123" or "123" holds that image on every map, "label 7" or a label\'s name '
                "selects all its images (Ctrl+F)",
            )
        )
        self.setClearButtonEnabled(True)
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.returnPressed.connect(lambda: self.asked.emit(self.text()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() == Qt.Key.Key_Return:
            self.selectAll()
