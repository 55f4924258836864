"""Size and opacity of the dots, behind one small button, and whether few become pictures."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSettings, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from vaeexplorer.gui.widgets.theme import GRID, tabular

translate = QCoreApplication.translate

DEFAULT = (100, 85)
"""Size and opacity, in percent."""
KEYS = ("dots/size", "dots/opacity")
PICTURES_KEY = "dots/pictures"
LIMITS = ((25, 400), (5, 100))


class DotControls(QToolButton):
    """Emits `changed(size, opacity)`: both in percent, the size of the usual one.

    `pictures` is the switch between images and dots where few are in view. What was chosen is kept
    in the `settings`.
    """

    changed = Signal(int, int)

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings
        self.setText(translate("DotControls", "Dots"))
        self.setToolTip(translate("DotControls", "How large and how opaque the dots are drawn"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        grid.setSpacing(GRID)
        self.sliders = []
        for row, (name, tip) in enumerate(
            (
                (
                    translate("DotControls", "size"),
                    translate(
                        "DotControls", "Diameter of a dot, in percent of what fits their number."
                    ),
                ),
                (
                    translate("DotControls", "opacity"),
                    translate("DotControls", "How much of what lies behind it one dot covers."),
                ),
            )
        ):
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(*LIMITS[row])
            slider.setPageStep(10)
            slider.setMinimumWidth(20 * GRID)
            slider.setAccessibleName(name)
            slider.setToolTip(tip)
            value = QLabel()
            value.setFont(tabular(value.font()))
            value.setMinimumWidth(value.fontMetrics().horizontalAdvance("400 %"))
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            slider.valueChanged.connect(lambda number, value=value: value.setText(f"{number} %"))
            slider.setValue(settings.value(KEYS[row], DEFAULT[row], type=int))
            value.setText(f"{slider.value()} %")
            slider.valueChanged.connect(self._tell)
            self.sliders.append(slider)
            for column, widget in enumerate((QLabel(name), slider, value)):
                grid.addWidget(widget, row, column)
        reset = QPushButton(translate("DotControls", "Reset"))
        reset.setToolTip(translate("DotControls", "Dots as they are at first."))
        reset.clicked.connect(lambda: self.set_style(DEFAULT))
        grid.addWidget(reset, 2, 2)
        action = QWidgetAction(menu)
        action.setDefaultWidget(page)
        menu.addAction(action)
        self.setMenu(menu)
        self.pictures = QAction(
            translate("DotControls", "Show images where few dots are in view"), self
        )
        self.pictures.setToolTip(
            translate(
                "DotControls",
                "Draw the images themselves in place of their dots, framed in their colours, once "
                "the map is zoomed in so far that few are in view.",
            )
        )
        self.pictures.setCheckable(True)
        self.pictures.setChecked(settings.value(PICTURES_KEY, True, type=bool))
        self.pictures.toggled.connect(lambda on: settings.setValue(PICTURES_KEY, on))
        self.reset = reset

    @property
    def style_chosen(self) -> tuple[int, int]:
        """Size and opacity, in percent."""
        size, opacity = (slider.value() for slider in self.sliders)
        return size, opacity

    def set_style(self, style: tuple[int, int]) -> None:
        """Choose size and opacity."""
        for slider, value in zip(self.sliders, style, strict=True):
            slider.setValue(value)

    def _tell(self) -> None:
        for key, value in zip(KEYS, self.style_chosen, strict=True):
            self._settings.setValue(key, value)
        self.changed.emit(*self.style_chosen)
