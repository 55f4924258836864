"""Learning curves: one small plot per measure, training and held-out images together."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.run import EpochRecord, Measures

translate = QCoreApplication.translate

TURN_MS = 25


class LearningCurves(QWidget):
    """Distortion, rate and -ELBO against epochs; training dashed, held-out solid."""

    def __init__(self) -> None:
        super().__init__()
        pg.setConfigOptions(antialias=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._plots = []
        self._history: Sequence[EpochRecord] = ()
        self._turn = self._behind = 0
        self._turns = QTimer(self)
        self._turns.timeout.connect(self._draw_next)
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
            plot.setDownsampling(auto=True, mode="subsample")
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
        """Draw `history` within a tenth of a second, one plot after the other.

        A measure that the family lacks leaves its plot empty.
        """
        self._history = history
        self._behind = len(self._plots)
        if not self._turns.isActive():
            self._turns.start(TURN_MS)

    def _draw_next(self) -> None:
        """Draw one plot: all three at once would hold up the window for too long."""
        self._turn = (self._turn + 1) % len(self._plots)
        _, _, read, train, held_out = self._plots[self._turn]
        epochs = [record.epoch for record in self._history]
        train.setData(epochs, [read(record.train) for record in self._history])
        held_out.setData(epochs, [read(record.held_out) for record in self._history])
        self._behind -= 1
        if not self._behind:
            self._turns.stop()


def _distortion(measures: Measures | None) -> float:
    return float("nan") if measures is None else measures.distortion


def _rate(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.rate is None else measures.rate


def _negative_elbo(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.elbo is None else -measures.elbo
