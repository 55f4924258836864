"""What stands where the map of an empty slot would be."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.theme import GRID

translate = QCoreApplication.translate


class EmptySlot(QWidget):
    """Says how a slot is filled, with a button for each way."""

    train_requested = Signal()
    open_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        text = QLabel(
            translate(
                "Map",
                "This slot is empty.\nTrain a model, or open a run that you trained before:\n"
                "its map appears here, and decodes under the cursor.",
            )
        )
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setProperty("muted", True)
        train = QPushButton(translate("Map", "Train a model..."))
        train.setProperty("primary", True)
        train.clicked.connect(self.train_requested)
        open_run = QPushButton(translate("Map", "Open a run..."))
        open_run.clicked.connect(self.open_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addStretch()
        buttons.addWidget(train)
        buttons.addWidget(open_run)
        buttons.addStretch()
        column = QVBoxLayout(self)
        # As low as the least map: a map that is not shown must not decide how low a window can be.
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addStretch()
        column.addWidget(text)
        column.addSpacing(GRID)
        column.addLayout(buttons)
        column.addStretch()
