"""What the panel of the evidence says in sentences: below its plots, its numbers and its images."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.theme import GRID


def sentence(text: str) -> QLabel:
    """Make a muted sentence, which takes as many lines as it needs."""
    label = QLabel(text)
    label.setProperty("muted", True)
    label.setWordWrap(True)
    return label


def reason_label(text: str) -> QLabel:
    """Make what says why a slot has no evidence, or how far its measurement is."""
    label = sentence(text)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label


def line_of(slot: int) -> tuple[QWidget, QHBoxLayout]:
    """Begin a line that is about one slot."""
    page = QWidget()
    row = QHBoxLayout(page)
    row.setContentsMargins(0, GRID // 2, 0, 0)
    row.setSpacing(GRID // 2)
    row.addWidget(SlotBadge(slot), 0, Qt.AlignmentFlag.AlignVCenter)
    return page, row


def about_slot(slot: int, label: QLabel) -> QWidget:
    """Put the letter of a slot before what is said about it."""
    page, row = line_of(slot)
    row.addWidget(label, 1)
    return page


def with_note(widget: QWidget, note: QLabel) -> QWidget:
    """Put a sentence under `widget`, which takes all room that there is more."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID // 2)
    column.addWidget(widget, 1)
    column.addWidget(note)
    return page
