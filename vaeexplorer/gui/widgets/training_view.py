"""How a training is going: learning curves, and beside them held-out images as they come out."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.curves import LearningCurves
from vaeexplorer.gui.widgets.reconstructions import ReconstructionsView

translate = QCoreApplication.translate


class TrainingView(QWidget):
    """Curves on the left, reconstructions with a caption on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.curves = LearningCurves()
        self.pictures = ReconstructionsView(
            translate("Training", "Held-out images, and their reconstructions below each")
        )
        caption = QLabel(translate("Training", "held-out images above their reconstructions"))
        caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        caption.setWordWrap(True)
        caption.setProperty("muted", True)
        captioned = QVBoxLayout()
        captioned.addWidget(self.pictures, 1)
        captioned.addWidget(caption)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.curves, 3)
        row.addLayout(captioned, 2)
