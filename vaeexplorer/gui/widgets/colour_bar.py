"""The colours of numbers with their least and largest value: stands where a legend stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF, QSize
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.drawing.colour_scales import robust_range, scale
from vaeexplorer.drawing.numbers import typeset, written
from vaeexplorer.gui.widgets.theme import GRID, colours, tabular

translate = QCoreApplication.translate

BAR_WIDTH, BAR_HEIGHT = 160, 10
STOPS = 16


class ColourBar(QWidget):
    """A title, the least value, the scale, and the largest value."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(translate("ColourBar", "Colour scale of the dots"))
        self._texts = ("", "", "")
        self._drawn = False

    def sizeHint(self) -> QSize:
        return QSize(3 * BAR_WIDTH, self.fontMetrics().height() + GRID)

    @property
    def texts(self) -> tuple[str, str, str]:
        """What stands there: title, least value, largest value."""
        return self._texts

    def show_values(
        self, title: str, unit: str, values: NDArray[np.floating], definition: str = ""
    ) -> None:
        """Show the scale of `values`, (n,), called `title`, in `unit` (may be empty).

        What they are, `definition`, stands in the tooltip before what the scale is.
        """
        low, high = robust_range(values)
        finite = values[np.isfinite(values)]
        least, most = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
        named = f"{title}, {unit}" if unit else title
        self._texts = (named, number_text(low), number_text(high))
        self._drawn = True
        scale_tip = translate(
            "ColourBar",
            "From the 1 % to the 99 % quantile of all images, {low} to {high}; what lies "
            "beyond has the colour of the end. The least value is {least}, the largest {most}.",
        ).format(
            low=number_text(low),
            high=number_text(high),
            least=number_text(least),
            most=number_text(most),
        )
        self.setToolTip(f"{definition}\n{scale_tip}" if definition else scale_tip)
        self.update()

    def show_none(self, title: str, reason: str) -> None:
        """Say that there are no values, and why in the tooltip."""
        self._texts = (title, "--", "")
        self._drawn = False
        self.setToolTip(reason)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colours()
        metrics = painter.fontMetrics()
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        x = float(GRID // 2)
        for number, text in enumerate(self._texts):
            painter.setPen(QColor(theme.muted if number == 0 else theme.text))
            painter.drawText(round(x), round(base), text)
            x += metrics.horizontalAdvance(text) + GRID
            if number == 1 and self._drawn:
                bar = QRectF(x, (self.height() - BAR_HEIGHT) / 2, BAR_WIDTH, BAR_HEIGHT)
                self._paint_bar(painter, bar)
                x += BAR_WIDTH + GRID

    @staticmethod
    def _paint_bar(painter: QPainter, bar: QRectF) -> None:
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        steps = scale()
        for stop in np.linspace(0, 1, STOPS):
            red, green, blue = (int(part) for part in steps[round(stop * (len(steps) - 1))])
            gradient.setColorAt(float(stop), QColor(red, green, blue))
        painter.setPen(QPen(QColor(colours().border), 1))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)


def number_text(value: float) -> str:
    """Write `value` in about three digits, whole numbers in full; "--" where there is none."""
    if not np.isfinite(value):
        return "--"
    if float(value).is_integer() or abs(value) >= 1000:
        return written(value, 0)
    return typeset(f"{value:.3g}")
