"""What stands below a map: which two dimensions it shows, and the legend of its overlay."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.overlay_key import OverlayKey
from vaeexplorer.gui.widgets.theme import GRID

translate = QCoreApplication.translate


class AxesChoice(QWidget):
    """Emits `chosen` with two dimensions, counted from 0: across and up."""

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.across, self.up = QComboBox(), QComboBox()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for text, box, name in (
            (
                translate("AxesChoice", "across"),
                self.across,
                translate("AxesChoice", "Dimension that the map shows from left to right"),
            ),
            (
                translate("AxesChoice", "up"),
                self.up,
                translate("AxesChoice", "Dimension that the map shows from bottom to top"),
            ),
        ):
            label = QLabel(text)
            label.setProperty("muted", True)
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.activated.connect(self._tell)
            row.addWidget(label)
            row.addWidget(box)
        row.addStretch()

    def show_axes(self, names: Sequence[str], across: int, up: int) -> None:
        """Offer the dimensions `names`, of which those numbered `across` and `up` are shown."""
        for box, axis in ((self.across, across), (self.up, up)):
            if [box.itemText(number) for number in range(box.count())] != list(names):
                box.clear()
                box.addItems(names)
            box.setCurrentIndex(axis)

    def _tell(self) -> None:
        self.chosen.emit(self.across.currentIndex(), self.up.currentIndex())


class MapFoot(QWidget):
    """The choice of dimensions, where a map shows two of more, above the legend."""

    def __init__(self) -> None:
        super().__init__()
        self.axes, self.overlay_key = AxesChoice(), OverlayKey()
        self.axes.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.axes)
        column.addWidget(self.overlay_key)
        column.addStretch()

    def show_axes(self, names: Sequence[str], axes: tuple[int, int] | None) -> None:
        """Offer the choice where a map shows `axes`, two of the dimensions `names`, not None."""
        if axes is not None:
            self.axes.show_axes(names, *axes)
        self.axes.setVisible(axes is not None)
