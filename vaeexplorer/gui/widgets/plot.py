"""A small plot, painted by itself: a widget of a plotting library takes tens of milliseconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.gui.widgets.plot_marks import Frame, Mark, Range
from vaeexplorer.gui.widgets.theme import GRID, colours, tabular

AXIS_WIDTH = 52
"""Room for the numbers on the left: if it grew with them, plots would move under the eyes."""

TICK, MINOR_TICK = 4, 2
MILLION = 1e6
APART, APART_UP = 44, 30
"""Between ticks of the axis below, and on the left, in pixels, at least."""


class Plot(QWidget):
    """A title and two axes, and between them the `marks` of a subclass. Nothing moves in it.

    `square` gives both axes the same scale; `logarithmic` the axis below one of powers of ten.
    """

    def __init__(
        self,
        title: str,
        across: str = "",
        up: str = "",
        *,
        square: bool = False,
        logarithmic: bool = False,
    ) -> None:
        super().__init__()
        self._across, self._up = across, up
        self._square, self._logarithmic = square, logarithmic
        self.ticks_below: Sequence[float] | None = None
        self.set_range((1.0, 10.0) if logarithmic else (0.0, 1.0), (0.0, 1.0))
        self.set_title(title)
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 96)

    def sizeHint(self) -> QSize:
        return QSize(240, 160)

    def set_title(self, title: str) -> None:
        """Let it be called `title`."""
        self._title = title
        self.setAccessibleName(title)
        self.update()

    def set_range(self, x: Range | None = None, y: Range | None = None) -> None:
        """Show the values between the two of `x` and of `y`; None: as before."""
        self._x = x or self._x
        self._y = y or self._y
        self.update()

    @property
    def ranges(self) -> tuple[Range, Range]:
        """Least and largest values that are shown, of both axes."""
        return self._x, self._y

    def marks(self) -> Iterable[Mark]:
        """Return what is drawn, from below, in the colours of the theme in force."""
        return ()

    # --- where things are ---------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """Where the values stand."""
        line = self.fontMetrics().height()
        left = AXIS_WIDTH + (line if self._up else 0)
        top = line + GRID + GRID // 2 if self._title else GRID
        bottom = TICK + line + (line if self._across else 0) + GRID // 2
        wide = max(self.width() - left - GRID, 1)
        high = max(self.height() - top - bottom, 1)
        x, y = self._x, self._y
        if self._square:
            scale = max((x[1] - x[0]) / wide, (y[1] - y[0]) / high)
            x, y = _around(x, scale * wide), _around(y, scale * high)
        return Frame(QRectF(left, top, wide, high), x, y, self._logarithmic)

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, frame = colours(), self.frame
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.surface))
        painter.setPen(QColor(theme.text))
        head = QRectF(0, 0, self.width(), frame.area.top())
        title = self.fontMetrics().elidedText(
            self._title, Qt.TextElideMode.ElideRight, self.width() - 2 * GRID
        )
        painter.drawText(head, Qt.AlignmentFlag.AlignCenter, title)
        marks = tuple(self.marks())
        if not marks:
            return  # axes of nothing would have numbers that mean nothing
        self._draw_below(painter, frame)
        self._draw_left(painter, frame)
        # Half of a thick line, or of a dot, may lie beyond the last value.
        painter.setClipRect(frame.area.adjusted(-2, -GRID // 2, GRID // 2, 2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark in marks:
            mark.draw(painter, frame)

    def _draw_below(self, painter: QPainter, frame: Frame) -> None:
        theme, area = colours(), frame.area
        most = max(int(area.width() / APART), 1)
        ticks = self.ticks_below
        if ticks is None:
            ticks = (powers if self._logarithmic else round_values)(*frame.x, most)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        places = [float(frame.across(value)) for value in ticks]
        for x in places:
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + TICK))
        for x in frame.across(minor(ticks)) if self._logarithmic else ():
            if area.left() <= x <= area.right():
                painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + MINOR_TICK))
        painter.setPen(QColor(theme.muted))
        line = self.fontMetrics().height()
        for x, text in zip(places, written(ticks), strict=True):
            half = self.fontMetrics().horizontalAdvance(text) / 2
            x = min(x, self.width() - half)  # the last one may stand at the very edge
            box = QRectF(x - APART, area.bottom() + TICK, 2 * APART, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if self._across:
            box = QRectF(area.left(), area.bottom() + TICK + line, area.width(), line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._across)

    def _draw_left(self, painter: QPainter, frame: Frame) -> None:
        theme, area = colours(), frame.area
        ticks = round_values(*frame.y, max(int(area.height() / APART_UP), 2))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(area.topLeft(), area.bottomLeft())
        places = [float(frame.up(value)) for value in ticks]
        for y in places:
            painter.drawLine(QPointF(area.left() - TICK, y), QPointF(area.left(), y))
        painter.setPen(QColor(theme.muted))
        line, right = self.fontMetrics().height(), area.left() - 2 * TICK
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for y, text in zip(places, written(ticks), strict=True):
            painter.drawText(QRectF(0, y - line / 2, right, line), side, text)
        if self._up:
            painter.save()
            painter.translate(0, area.bottom())
            painter.rotate(-90)
            box = QRectF(0, GRID // 4, area.height(), line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._up)
            painter.restore()


def round_values(low: float, high: float, most: int) -> list[float]:
    """Return values from `low` to `high`, about `most` steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    if not (math.isfinite(rough) and rough > 0):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def powers(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten from `low` to `high`, at most about `most` of them; both positive."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first) / most))
    return [10.0**number for number in range(first, last + 1, every)]


def minor(ticks: Sequence[float]) -> list[float]:
    """Return the values between powers of ten, below the first and above the last too."""
    around = [ticks[0] / 10, *ticks] if ticks else []
    return [times * value for value in around for times in range(2, 10)]


def written(values: Sequence[float]) -> list[str]:
    """Write numbers that stand along one axis, with as many digits as tell them apart."""
    many = max(map(abs, values), default=0.0) >= MILLION
    unit, sign = (MILLION, "M") if many else (1.0, "")
    apart = min((abs(b - a) for a, b in pairwise(values)), default=unit) / unit
    digits = max(0, -math.floor(math.log10(apart) + 1e-9))
    # The z: no minus sign before a zero that is not quite one.
    return [f"{value / unit:z,.{digits}f}{sign}".replace("-", "\N{MINUS SIGN}") for value in values]


def _around(values: Range, length: float) -> Range:
    """Return a range of that length about the same middle."""
    middle = sum(values) / 2
    return middle - length / 2, middle + length / 2
