"""A score from 0 to 1 as a bar, with the interval of one standard deviation."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.theme import colours, tabular

BAR, TALL = 10, 26
TEXT_WIDTH, LEAST_TRACK = 104, 24


class ScoreBar(QWidget):
    """Shows a number of one slot; without one, the text alone."""

    def __init__(self, slot: int, name: str) -> None:
        super().__init__()
        self._colour = SLOT_COLOURS[slot]
        self._name = name
        self.value: float | None = None
        self._sd = 0.0
        self._measured = False
        self.text = ""
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(220, TALL)

    def minimumSizeHint(self) -> QSize:
        # In little room the number is all there is.
        return QSize(TEXT_WIDTH, TALL)

    def show_value(
        self, value: float | None, sd: float | None, text: str, *, measured: bool = False
    ) -> None:
        """Show `value`, 0 to 1, and what is written beside it; None draws no bar.

        measured: `text` is what was measured all the same, and not the reason why nothing was.
        """
        there = value is not None and math.isfinite(value)
        self.value, self._sd, self.text = (value if there else None), sd or 0.0, text
        self._measured = measured
        self.setAccessibleName(f"{self._name}: {text}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left_to_text = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if self.value is None:
            painter.setPen(QColor(theme.text if self._measured else theme.muted))
            room = QRectF(self.rect())
            if self.fontMetrics().horizontalAdvance(self.text) <= TEXT_WIDTH - 8:
                # Under the numbers of the bars.
                room.setLeft(room.right() - TEXT_WIDTH + 8)
            text = self.fontMetrics().elidedText(
                self.text, Qt.TextElideMode.ElideRight, int(room.width())
            )
            painter.drawText(room, left_to_text, text)
            return
        track = QRectF(0, (self.height() - BAR) / 2, self.width() - TEXT_WIDTH, BAR)
        if track.width() >= LEAST_TRACK:
            self._draw_bar(painter, track)
        painter.setPen(QColor(theme.text))
        room = QRectF(track.right() + 8, 0, TEXT_WIDTH - 8, self.height())
        painter.drawText(room, left_to_text, self.text)

    def _draw_bar(self, painter: QPainter, track: QRectF) -> None:
        assert self.value is not None
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().raised))
        painter.drawRoundedRect(track, 3, 3)
        filled = QRectF(track)
        filled.setWidth(track.width() * min(max(self.value, 0.0), 1.0))
        painter.setBrush(QColor(self._colour))
        painter.drawRoundedRect(filled, 3, 3)
        self._draw_interval(painter, track)

    def _draw_interval(self, painter: QPainter, track: QRectF) -> None:
        assert self.value is not None
        if not self._sd > 0:
            return
        low, high = (
            track.left() + track.width() * min(max(self.value + sign * self._sd, 0.0), 1.0)
            for sign in (-1, 1)
        )
        middle = track.center().y()
        painter.setPen(QPen(QColor(colours().text), 1.5))
        painter.drawLine(round(low), round(middle), round(high), round(middle))
        for x in (low, high):
            painter.drawLine(round(x), round(middle) - 4, round(x), round(middle) + 4)
