"""One latent dimension: its name, a slider over the histogram of its codes, its value, a reset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from vaeexplorer.drawing.numbers import hyphened, typeset
from vaeexplorer.gui.widgets.dimension_texts import dimension_name
from vaeexplorer.gui.widgets.theme import colours, tabular
from vaeexplorer.jobs.describing import CodesDescription

translate = QCoreApplication.translate

STEPS = 1000
ROW_HEIGHT = 24
"""Of a slider: eight dimensions and their head go into a window of 1280 x 800."""


class HistogramSlider(QSlider):
    """A slider over [low, high], drawn on the histogram of the values that occur."""

    moved = Signal(float)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, STEPS)
        self.setSingleStep(STEPS // 100)
        self.setPageStep(STEPS // 10)
        self._low, self._high = -1.0, 1.0
        self._bars: NDArray[np.float64] = np.zeros(1)
        self._zero: float | None = None
        self._histogram: QPixmap | None = None
        self.valueChanged.connect(self._tell)

    def sizeHint(self) -> QSize:
        return QSize(120, ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, ROW_HEIGHT)

    def set_histogram(self, bars: NDArray[np.float64], low: float, high: float) -> None:
        """Draw a histogram over [low, high]; `bars`, (bins,), are heights from 0 to 1."""
        self._low, self._high = low, high
        self._bars = bars
        self._zero = -low / (high - low) if low < 0 < high else None
        self._histogram = None
        self.update()

    def place(self, value: float) -> None:
        """Move the handle to `value` without telling anyone."""
        share = (value - self._low) / (self._high - self._low)
        before = self.blockSignals(True)
        self.setValue(round(STEPS * min(max(share, 0.0), 1.0)))
        self.blockSignals(before)

    def _tell(self, step: int) -> None:
        self.moved.emit(self._low + (self._high - self._low) * step / STEPS)

    def _step_at(self, x: float) -> int:
        room = self.width() - 12
        return round(STEPS * min(max((x - 6) / max(room, 1), 0.0), 1.0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setValue(self._step_at(event.position().x()))
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self._step_at(event.position().x()))
            event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Escape to the window: it lets go of what is held."""
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._histogram = None

    def _draw_histogram(self, left: float, width: float, height: float) -> QPixmap:
        """Draw what stays while the handle moves."""
        theme = colours()
        pixmap = QPixmap(self.size())
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = width / len(self._bars)
        painter.setPen(Qt.PenStyle.NoPen)
        fill = QColor(theme.muted)
        fill.setAlpha(95)
        painter.setBrush(fill)
        for k, share in enumerate(self._bars):
            top = share * (height - 4)
            painter.drawRect(QRectF(left + k * bar, height - top, bar - 0.5, top))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(int(left), int(height), int(left + width), int(height))
        if self._zero is not None:
            x = int(left + self._zero * width)
            painter.drawLine(x, int(height) - 3, x, int(height) + 3)
        painter.end()
        return pixmap

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colours()
        left, width, height = 6.0, self.width() - 12.0, self.height() - 6.0
        if self._histogram is None or self._histogram.size() != self.size():
            self._histogram = self._draw_histogram(left, width, height)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._histogram)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = left + width * self.value() / STEPS
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawLine(int(x), 2, int(x), int(height))
        painter.setPen(QPen(QColor(theme.text if self.hasFocus() else theme.surface), 1.5))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(QRectF(x - 5, height - 5, 10, 10))


class ValueBox(QDoubleSpinBox):
    """A number with the minus sign of typography; a hyphen may be typed all the same."""

    def textFromValue(self, value: float) -> str:
        return typeset(super().textFromValue(value))

    def validate(self, text: str, place: int) -> object:
        # Qt reads this sign within a number, but takes it alone for nothing that may become one.
        state, _, place = super().validate(hyphened(text), place)
        return state, text, place


class LatentSlider(QWidget):
    """A row for one dimension. Emits `moved(dimension, value)` when the user changes it.

    Another dimension may take its place, of the same codes or of others.
    """

    moved = Signal(int, float)

    def __init__(self) -> None:
        super().__init__()
        self.dimension = 0
        self._home = 0.0
        self._name = QLabel()
        self._name.setMinimumWidth(30)
        self._measure = QLabel()
        self._measure.setFixedWidth(50)
        self._measure.setProperty("muted", True)
        self._measure.setFont(tabular(self._measure.font()))
        self._slider = HistogramSlider()
        self._editor = ValueBox()
        self._editor.setDecimals(2)
        self._editor.setRange(-1e4, 1e4)
        self._editor.setSingleStep(0.1)
        self._editor.setFixedWidth(66)
        self._editor.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self._editor.setFont(tabular(self._editor.font()))
        self._editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._editor.setKeyboardTracking(False)
        self._reset = QToolButton()
        self._reset.setText("\N{ANTICLOCKWISE OPEN CIRCLE ARROW}")
        self._reset.setAutoRaise(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(4)
        for part in (self._name, self._measure, self._slider, self._editor, self._reset):
            row.addWidget(part, 1 if part is self._slider else 0)
        self._slider.moved.connect(self._slid)
        self._editor.valueChanged.connect(self._edited)
        self._reset.clicked.connect(lambda: self._edited(self._home))
        self._reset.setToolTip(
            translate("LatentSlider", "Back to the mean of the codes in this dimension")
        )

    def _name_parts(self, name: str) -> None:
        if name == self._name.text():
            return
        self._name.setText(name)
        self._slider.setAccessibleName(
            translate("LatentSlider", "Value of latent dimension {name}").format(name=name)
        )
        self._editor.setAccessibleName(
            translate("LatentSlider", "Exact value of latent dimension {name}").format(name=name)
        )
        self._reset.setAccessibleName(
            translate("LatentSlider", "Reset latent dimension {name}").format(name=name)
        )

    def show_dimension(self, dimension: int, space: str, codes: CodesDescription) -> None:
        """Be the row of `dimension`, with the histogram that `codes` has of it."""
        self.dimension = dimension
        self._name_parts(dimension_name(dimension, space))
        self._home = float(codes.mean[dimension])
        low, high = float(codes.low[dimension]), float(codes.high[dimension])
        self._slider.set_histogram(codes.bars[dimension], low, high)

    def show_carried(self, measure: str, tooltip: str, active: bool) -> None:
        """Set what stands beside the name."""
        self._measure.setText(measure)
        for part in (self._name, self._measure, self._slider):
            part.setToolTip(tooltip)
        if self._name.property("muted") != (not active):
            self._name.setProperty("muted", not active)
            self._name.style().polish(self._name)

    def place(self, value: float) -> None:
        """Show `value` without telling anyone."""
        self.place_handle(value)
        before = self._editor.blockSignals(True)
        self._editor.setValue(value)
        self._editor.blockSignals(before)

    def place_handle(self, value: float) -> None:
        """Move the handle to `value`, and leave what is written."""
        self._slider.place(value)

    def _slid(self, value: float) -> None:
        before = self._editor.blockSignals(True)
        self._editor.setValue(value)
        self._editor.blockSignals(before)
        self.moved.emit(self.dimension, value)

    def _edited(self, value: float) -> None:
        self.place(value)
        self.moved.emit(self.dimension, value)
