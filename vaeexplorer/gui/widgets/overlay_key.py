"""The legend of an overlay: a line below the map, so that it covers none of its dots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.gui.widgets.theme import GRID, colours, tabular

translate = QCoreApplication.translate

BAR_WIDTH, BAR_HEIGHT = 120, 10
SWATCH = 14
MOST_ROWS = 3

Swatch = Callable[[QPainter, QRectF], None]
"""Draws what stands for a part of the overlay into a square."""


@dataclass(frozen=True)
class Entry:
    """One thing that is seen: how it looks, or None, and what it is."""

    text: str
    swatch: Swatch | None = None


@dataclass(frozen=True)
class Scale:
    """Colours from the left to the right end, and the values of the ends."""

    shades: Sequence[str]
    low: str
    high: str


@dataclass(frozen=True)
class Key:
    """What a legend says: entries, perhaps a scale, and the definitions for who rests on it."""

    entries: tuple[Entry, ...]
    tip: str
    scale: Scale | None = None

    @property
    def sentence(self) -> str:
        """All entries, for who cannot see them."""
        return "; ".join(entry.text for entry in self.entries)


class OverlayKey(QWidget):
    """Shows one `Key` in as many rows as it needs; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(tabular(self.font()))
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(translate("OverlayKey", "Legend of the overlay"))
        self._key: Key | None = None
        self._opacity = 1.0
        self.hide()

    def show_key(self, key: Key | None) -> None:
        """Show `key`; None: there is no overlay."""
        self._key = key
        self.setVisible(key is not None)
        if key is not None:
            self.setToolTip(key.tip)
            self.setAccessibleDescription(key.sentence)
            self.updateGeometry()
            self.update()

    @property
    def key(self) -> Key | None:
        """What is shown."""
        return self._key

    def set_opacity(self, opacity: float) -> None:
        """Draw the colours as opaque as the overlay is, in (0, 1], and say so."""
        self._opacity = opacity
        self.updateGeometry()
        self.update()

    def entries(self) -> tuple[Entry, ...]:
        """Return what stands there, the opacity last where one sees through the overlay."""
        if self._key is None:
            return ()
        if self._opacity == 1:
            return self._key.entries
        text = translate("OverlayKey", "opacity {share:.0f} %").format(share=100 * self._opacity)
        return (*self._key.entries, Entry(text))

    def sizeHint(self) -> QSize:
        return QSize(3 * BAR_WIDTH, self.heightForWidth(max(self.width(), 3 * BAR_WIDTH)))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height() + GRID // 2)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = len({row for row, _, _ in self._places(width)}) or 1
        return rows * self._row_height() + GRID // 2

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places(self.width())
        scale = None if self._key is None else self._key.scale
        if scale is not None:
            row, box, _ = places.pop(0)
            self._paint_scale(painter, scale, box.translated(0, row * self._row_height()))
        for entry, (row, box, _) in zip(self.entries(), places, strict=False):
            self._paint_entry(painter, entry, box.translated(0, row * self._row_height()))

    def _row_height(self) -> int:
        return max(self.fontMetrics().height(), SWATCH) + GRID // 4

    def _places(self, width: int) -> list[tuple[int, QRectF, int]]:
        """Row and box, as if in the first row, of the scale and of each entry; what fits."""
        wide = [self._entry_width(entry) for entry in self.entries()]
        if self._key is not None and self._key.scale is not None:
            wide.insert(0, self._scale_width(self._key.scale))
        places, x, row = [], 0, 0
        for part in wide:
            if x and x + part > width:
                x, row = 0, row + 1
            if row == MOST_ROWS:
                break
            box = QRectF(x, GRID // 4, min(part, width), self._row_height())
            places.append((row, box, part))
            x += part + 2 * GRID
        return places

    def _entry_width(self, entry: Entry) -> int:
        beside = 0 if entry.swatch is None else SWATCH + GRID // 2
        return beside + self.fontMetrics().horizontalAdvance(entry.text)

    def _scale_width(self, scale: Scale) -> int:
        metrics = self.fontMetrics()
        ends = metrics.horizontalAdvance(scale.low) + metrics.horizontalAdvance(scale.high)
        return ends + BAR_WIDTH + GRID

    def _paint_entry(self, painter: QPainter, entry: Entry, box: QRectF) -> None:
        if entry.swatch is not None:
            square = QRectF(box.left(), box.center().y() - SWATCH / 2, SWATCH, SWATCH)
            painter.save()
            painter.fillRect(square, QColor(colours().surface))
            painter.setClipRect(square)
            painter.setOpacity(self._opacity)
            entry.swatch(painter, square)
            painter.restore()
            box = box.adjusted(SWATCH + GRID // 2, 0, 0, 0)
        self._write(painter, box, entry.text)

    def _paint_scale(self, painter: QPainter, scale: Scale, box: QRectF) -> None:
        metrics = self.fontMetrics()
        self._write(painter, box, scale.low)
        left = box.left() + metrics.horizontalAdvance(scale.low) + GRID // 2
        bar = QRectF(left, box.center().y() - BAR_HEIGHT / 2, BAR_WIDTH, BAR_HEIGHT)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for number, name in enumerate(scale.shades):
            gradient.setColorAt(number / (len(scale.shades) - 1), QColor(name))
        painter.fillRect(bar, QColor(colours().surface))
        painter.setOpacity(self._opacity)
        painter.fillRect(bar, gradient)
        painter.setOpacity(1)
        painter.setPen(QPen(QColor(colours().border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar, 2, 2)
        self._write(
            painter, box.adjusted(bar.right() - box.left() + GRID // 2, 0, 0, 0), scale.high
        )

    def _write(self, painter: QPainter, box: QRectF, text: str) -> None:
        metrics: QFontMetrics = self.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()) + 1)
        painter.setPen(QColor(colours().text))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
