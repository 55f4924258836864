"""How many images of each label are selected: a bar per label, with its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.gui.widgets.theme import GRID, colours, tabular

translate = QCoreApplication.translate

ROW = 18
BAR = 8
FAINT = 0.35
NAME_SHARE = 0.4
"""Of the width, at most, for the names of the labels."""


class LabelBars(QWidget):
    """One row per label: its colour and name, how many are selected, of how many.

    The track is as long as there are images of the label, next to the label that has most; the
    part of it that is selected is filled.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, QColor, int, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(tabular(self.font()))
        self.setToolTip(
            translate(
                "LabelBars",
                "For each label how many of its images are selected, of how many there are",
            )
        )

    def show_counts(
        self,
        names: Sequence[str],
        label_colours: NDArray[np.uint8],
        selected: NDArray[np.int64],
        total: NDArray[np.int64],
    ) -> None:
        """Show the `selected` of the `total` images of each label, (len(names),) each.

        Beyond a dozen labels only those of which something is selected are shown.
        """
        shown = range(len(names)) if len(names) <= 12 else np.flatnonzero(selected).tolist()
        self._rows = [
            (
                names[label],
                QColor(*label_colours[label].tolist()),
                int(selected[label]),
                int(total[label]),
            )
            for label in shown
        ]
        self.setAccessibleName(
            translate("LabelBars", "Selected by label: {counts}").format(
                counts=", ".join(
                    translate("LabelBars", "{name} {selected} of {total}").format(
                        name=name, selected=count, total=all_of_it
                    )
                    for name, _, count, all_of_it in self._rows
                )
            )
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, ROW * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, text_width = self.width(), self.fontMetrics().horizontalAdvance
        number_width = max(text_width(_number(count, total)) for *_, count, total in self._rows)
        name_width = max(text_width(name) for name, *_ in self._rows)
        name_width = min(name_width, int(NAME_SHARE * width))
        left = 3 * GRID + name_width
        most = max(total for *_, total in self._rows)
        for row, (name, colour, count, total) in enumerate(self._rows):
            top = row * ROW
            self._paint_words(painter, top, name, colour, (count, total), name_width)
            track = QRectF(left, top + (ROW - BAR) / 2, width - left - GRID - number_width, BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            for share, brush in ((total / most, QColor(colours().raised)), (count / most, colour)):
                painter.setBrush(brush)
                whole = QRectF(track)
                whole.setWidth(share * track.width())
                painter.drawRoundedRect(whole, 2, 2)

    def _paint_words(
        self,
        painter: QPainter,
        top: int,
        name: str,
        colour: QColor,
        counts: tuple[int, int],
        name_width: int,
    ) -> None:
        """Paint the dot and the name at the left, and the number at the right."""
        theme, faint = colours(), counts[0] == 0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.setOpacity(FAINT if faint else 1.0)
        painter.drawEllipse(QRectF(0, top + (ROW - GRID) / 2, GRID, GRID))
        painter.setOpacity(1.0)
        painter.setPen(QColor(theme.muted if faint else theme.text))
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, name_width)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(2 * GRID, top, name_width, ROW, middle, shown)
        right = middle | Qt.AlignmentFlag.AlignRight
        painter.drawText(0, top, self.width(), ROW, right, _number(*counts))


def _number(count: int, total: int) -> str:
    return f"{count:,} / {total:,}"
