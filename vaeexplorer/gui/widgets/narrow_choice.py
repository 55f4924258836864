"""A choice for a toolbar: narrow when shut, as wide as its longest line when open."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

LETTERS = 8
BESIDE_PX = 32


class NarrowChoice(QComboBox):
    """Shows the first letters of what is chosen; the whole stands in its list."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(LETTERS)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + BESIDE_PX)
        super().showPopup()
