"""What a plot draws: lines, dots, words, a picture, each placed by the values of two axes."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPolygonF

Range = tuple[float, float]

PER_PIXEL = 2
"""Points of a line that are drawn for each pixel across, at most."""


class Frame(NamedTuple):
    """Where the values from `x` and `y`, (least, most) each, stand: in `area`, in pixels."""

    area: QRectF
    x: Range
    y: Range
    logarithmic: bool = False

    def across(self, values: ArrayLike) -> NDArray[np.float64]:
        """Pixels, from the left, of values of the axis below."""
        low, high = self._flat(self.x)
        shares = (self._flat(values) - low) / (high - low)
        return self.area.left() + shares * self.area.width()

    def up(self, values: ArrayLike) -> NDArray[np.float64]:
        """Pixels, from the top, of values of the axis on the left."""
        low, high = self.y
        shares = (np.asarray(values, float) - low) / (high - low)
        return self.area.bottom() - shares * self.area.height()

    def place(self, x: float, y: float) -> QPointF:
        """Pixel of one pair of values."""
        return QPointF(float(self.across(x)), float(self.up(y)))

    def value(self, pixel: float) -> float:
        """Value of the axis below that stands at `pixel`, from the left."""
        low, high = self._flat(self.x)
        flat = low + (pixel - self.area.left()) / self.area.width() * (high - low)
        return float(10**flat) if self.logarithmic else float(flat)

    def _flat(self, values: ArrayLike) -> NDArray[np.float64]:
        values = np.asarray(values, float)
        return np.log10(values) if self.logarithmic else values


class Mark(Protocol):
    """One thing that is drawn."""

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw it where its values stand in `frame`."""


class Line(NamedTuple):
    """A line through x and y, (n,) each, broken where one of them is not finite.

    With `steps` the values of y, (n,), hold between those of x, (n + 1,). It is filled down to 0
    with `fill`, if given.
    """

    x: ArrayLike
    y: ArrayLike
    colour: str
    width: float = 2
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    fill: QColor | None = None
    steps: bool = False

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw it, from as few points as the screen shows."""
        x, y = np.asarray(self.x, float), np.asarray(self.y, float)
        if self.steps:
            x, y = np.repeat(x, 2)[1:-1], np.repeat(y, 2)
        stride = max(1, int(len(x) / max(PER_PIXEL * frame.area.width(), 1)))
        x, y = frame.across(x[::stride]), frame.up(y[::stride])
        if self.fill is not None and len(x):
            ground = float(frame.up(0.0))
            outline = [QPointF(x[0], ground), *map(QPointF, x, y), QPointF(x[-1], ground)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.fill)
            painter.drawPolygon(QPolygonF(outline))
        painter.setPen(QPen(QColor(self.colour), self.width, self.style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        there = np.isfinite(x) & np.isfinite(y)
        # Where what is there begins and ends.
        edges = np.flatnonzero(np.diff(there, prepend=False, append=False))
        for first, end in edges.reshape(-1, 2):
            points = QPolygonF(list(map(QPointF, x[first:end], y[first:end])))
            painter.drawPolyline(points)


class Dots(NamedTuple):
    """Discs of `size` pixels at x and y, (n,) each, with a rim or without; no colour: rings."""

    x: ArrayLike
    y: ArrayLike
    size: float
    colour: str | None
    rim: str | None = None
    rim_width: float = 1.5

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw those that have a place."""
        no_pen, no_brush = QPen(Qt.PenStyle.NoPen), Qt.BrushStyle.NoBrush
        painter.setPen(no_pen if self.rim is None else QPen(QColor(self.rim), self.rim_width))
        painter.setBrush(no_brush if self.colour is None else QColor(self.colour))
        for x, y in zip(frame.across(self.x), frame.up(self.y), strict=True):
            if math.isfinite(x) and math.isfinite(y):
                painter.drawEllipse(QPointF(x, y), self.size / 2, self.size / 2)


class Words(NamedTuple):
    """A text at a place: `anchor` says which point of it lies there, from (0, 0), its top left."""

    x: float
    y: float
    text: str
    colour: str
    anchor: tuple[float, float] = (0.0, 0.0)

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw it a little beside its place."""
        painter.setPen(QColor(self.colour))
        box = self.box(painter.fontMetrics(), frame)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text)

    def box(self, metrics: QFontMetrics, frame: Frame) -> QRectF:
        """Return the room that it takes."""
        room = metrics.horizontalAdvance("0")
        wide, high = metrics.horizontalAdvance(self.text) + room, metrics.height()
        at = frame.place(self.x, self.y)
        at -= QPointF(self.anchor[0] * wide, self.anchor[1] * high)
        return QRectF(at.x(), at.y(), wide, high)


class Rule(NamedTuple):
    """An upright line at `x`."""

    x: float
    colour: str

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw it from the bottom to the top."""
        x = float(frame.across(self.x))
        painter.setPen(QPen(QColor(self.colour), 1))
        painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, frame.area.bottom()))


class Picture(NamedTuple):
    """An image from the place `low` to the place `high`, its first row at the top."""

    image: QImage
    low: tuple[float, float]
    high: tuple[float, float]

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw it, smoothed."""
        box = QRectF(frame.place(*self.low), frame.place(*self.high)).normalized()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(box, self.image)


def widened(values: Range, share: float) -> Range:
    """Return a range with so large a share of it more at both ends."""
    margin = share * (values[1] - values[0])
    return values[0] - margin, values[1] + margin
