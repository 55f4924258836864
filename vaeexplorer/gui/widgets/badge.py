"""The coloured letter of a slot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from vaeexplorer.gui.widgets.theme import SLOT_COLOURS, SLOT_LETTERS


class SlotBadge(QLabel):
    """A, B, C or D on the colour of the slot."""

    def __init__(self, slot: int) -> None:
        super().__init__(SLOT_LETTERS[slot])
        self.setFixedSize(20, 20)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet(
            f"background: {SLOT_COLOURS[slot]}; color: #101010; font-weight: 700;"
            "border-radius: 4px;"
        )
