"""The choice of the slot that a run is shown in."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox, QWidget

from vaeexplorer.gui.widgets.theme import SLOT_LETTERS

translate = QCoreApplication.translate


class SlotBox(QComboBox):
    """Offers slots by their letters, at first the second."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTip(
            translate("Training", "Where the run is shown. What it replaces stays under Runs.")
        )

    def offer(self, count: int) -> None:
        """Offer so many slots; the chosen one stays where it is still there."""
        chosen = max(self.currentIndex(), 0) if self.count() else 1
        self.clear()
        for letter in SLOT_LETTERS[:count]:
            self.addItem(translate("Training", "slot {letter}").format(letter=letter))
        self.setCurrentIndex(min(chosen, count - 1))
