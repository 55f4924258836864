"""Learning curves: one small plot per measure, training and held-out images together."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.run import EpochRecord, Measures

translate = QCoreApplication.translate


class LearningCurves(QWidget):
    """Distortion, rate and -ELBO against epochs; training dashed, held-out solid."""

    def __init__(self) -> None:
        super().__init__()
        pg.setConfigOptions(antialias=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._plots = []
        for title, read in (
            (translate("LearningCurves", "distortion, nats"), _distortion),
            (translate("LearningCurves", "rate, nats"), _rate),
            (translate("LearningCurves", "\N{MINUS SIGN}ELBO, nats"), _negative_elbo),
        ):
            plot = pg.PlotWidget()
            plot.setAccessibleName(title)
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setMinimumWidth(150)
            train = plot.plot(connect="finite")
            held_out = plot.plot(connect="finite")
            self._plots.append((plot, title, read, train, held_out))
            row.addWidget(plot, 1)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        theme = colours()
        for plot, title, _, train, held_out in self._plots:
            plot.setBackground(theme.surface)
            plot.setTitle(title, color=theme.text, size="9pt")
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(theme.border)
                plot.getAxis(side).setTextPen(theme.muted)
            train.setPen(pg.mkPen(theme.muted, width=1.5, style=Qt.PenStyle.DashLine))
            held_out.setPen(pg.mkPen(theme.accent, width=2))

    def show_history(self, history: Sequence[EpochRecord]) -> None:
        """Draw `history`; a measure that the family lacks leaves its plot empty."""
        epochs = [record.epoch for record in history]
        for _, _, read, train, held_out in self._plots:
            train.setData(epochs, [read(record.train) for record in history])
            held_out.setData(epochs, [read(record.held_out) for record in history])


def _distortion(measures: Measures | None) -> float:
    return float("nan") if measures is None else measures.distortion


def _rate(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.rate is None else measures.rate


def _negative_elbo(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.elbo is None else -measures.elbo
