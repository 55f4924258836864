"""The coloured letter of a slot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.theme import SLOT_LETTERS

EVEN_LUMINANCE = 0.18
"""Black and white text are equally legible on a surface of this luminance (WCAG 2.2)."""


class SlotBadge(QLabel):
    """A, B, C or D on the colour of the slot."""

    SIDE = 20

    def __init__(self, slot: int) -> None:
        super().__init__(SLOT_LETTERS[slot])
        self.setFixedSize(self.SIDE, self.SIDE)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        back = QColor(SLOT_COLOURS[slot])
        text = "#101010" if _luminance(back) > EVEN_LUMINANCE else "#ffffff"
        self.setStyleSheet(
            f"background: {back.name()}; color: {text}; font-weight: 700; border-radius: 4px;"
        )


def _luminance(colour: QColor) -> float:
    """Relative luminance as WCAG 2.2 defines it, with its exponent rounded to 2.2."""
    red, green, blue, _ = colour.getRgbF()
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
