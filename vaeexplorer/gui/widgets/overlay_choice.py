"""Which overlay lies over the maps, and how opaque it is."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from vaeexplorer.gui.widgets.narrow_choice import NarrowChoice
from vaeexplorer.gui.widgets.theme import GRID

translate = QCoreApplication.translate

SLIDER_WIDTH = 72


class OverlayChoice(QWidget):
    """Emits `chosen` with the key of an overlay, and `faded` with an opacity in (0, 1]."""

    chosen = Signal(str)
    faded = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        label = QLabel(translate("OverlayChoice", "overlay"))
        self.choice = NarrowChoice()
        self.choice.setAccessibleName(translate("OverlayChoice", "Overlay of the maps"))
        self.choice.setToolTip(
            translate("OverlayChoice", "What is computed all over the maps and laid over the dots")
        )
        for key, title, tip in (
            ("none", translate("OverlayChoice", "none"), ""),
            (
                "decodes",
                translate("OverlayChoice", "decodes"),
                translate("OverlayChoice", "What each model decodes at the places in view"),
            ),
            (
                "stretch",
                translate("OverlayChoice", "local stretch"),
                translate(
                    "OverlayChoice",
                    "How much the decoded picture changes for a step of one standard deviation of "
                    "the codes: where it is large, near codes decode unlike",
                ),
            ),
            (
                "holes",
                translate("OverlayChoice", "holes"),
                translate(
                    "OverlayChoice",
                    "Where the map is empty, which says nothing about the model, and where latent "
                    "space is: far from the posterior of every image; and how much of the law that "
                    "is chosen in Samples (Ctrl+D) lies there",
                ),
            ),
            (
                "ellipses",
                translate("OverlayChoice", "posteriors"),
                translate(
                    "OverlayChoice",
                    "Mean and 1 and 2 standard deviations of the posteriors of the selected "
                    "images, else of those around the probe, and how much they overlap; in place "
                    "of a UMAP, which has no axes, two latent axes are shown",
                ),
            ),
            (
                "draws",
                translate("OverlayChoice", "random draws"),
                translate(
                    "OverlayChoice",
                    "Codes drawn from the law that is chosen in Samples (Ctrl+D), at first the "
                    "declared prior, by how unlike every real image they decode: click one to "
                    "probe it",
                ),
            ),
        ):
            self.choice.addItem(title, key)
            self.choice.setItemData(self.choice.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.choice.activated.connect(lambda index: self.chosen.emit(self.choice.itemData(index)))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(10, 100)
        self.opacity.setValue(100)
        self.opacity.setFixedWidth(SLIDER_WIDTH)
        self.opacity.setAccessibleName(translate("OverlayChoice", "Opacity of the overlay"))
        self.opacity.setToolTip(self.opacity.accessibleName())
        self.opacity.valueChanged.connect(lambda value: self.faded.emit(value / 100))
        self.opacity.hide()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for part in (label, self.choice, self.opacity):
            row.addWidget(part)

    def show_choice(self, key: str) -> None:
        """Show that the overlay `key` is chosen."""
        self.choice.setCurrentIndex(self.choice.findData(key))
        self.opacity.setVisible(key != "none")
