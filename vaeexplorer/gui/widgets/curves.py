"""Learning curves: one small plot per measure, training and held-out images together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.run import EpochRecord, Measures

translate = QCoreApplication.translate

TURN_MS = 25
LEAST_WIDTH = 136
"""Of a plot: three, a form and pictures stand beside one another in a window of 1280 pixels."""


class Trace:
    """The two curves of one model, and what they show."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        self.train = plot.plot(connect="finite")
        self.held_out = plot.plot(connect="finite")
        self.forget()

    def forget(self) -> None:
        """Begin again with what is drawn next."""
        self.epochs: list[int] = []
        self._values: tuple[list[float], list[float]] = ([], [])
        self.least, self.most = math.inf, -math.inf

    def draw(
        self, history: Sequence[EpochRecord], read: Callable[[Measures | None], float]
    ) -> None:
        """Draw what `read` finds in `history`."""
        # Only what is new is read: a training may have thousands of epochs.
        for record in history[len(self.epochs) :]:
            self.epochs.append(record.epoch)
            for values, measures in zip(self._values, (record.train, record.held_out), strict=True):
                value = read(measures)
                values.append(value)
                if math.isfinite(value):
                    self.least, self.most = min(self.least, value), max(self.most, value)
        for curve, values in zip((self.train, self.held_out), self._values, strict=True):
            curve.setData(self.epochs, values)


class CurvePlot(Plot):
    """One measure against epochs: training dashed, held-out images solid.

    Its ranges move seldom: drawing axes anew costs more than drawing curves.
    """

    def __init__(self, title: str, read: Callable[[Measures | None], float]) -> None:
        super().__init__(title)
        self.setMinimumWidth(LEAST_WIDTH)
        self._read = read
        self._models = 1
        self.setDownsampling(auto=True, mode="subsample")
        self.traces = [Trace(self), Trace(self)]
        self.disableAutoRange()
        self._forget()
        self.dress()

    def dress(self) -> None:
        """Take over the colours of the theme."""
        super().dress()
        theme = colours()
        for trace, slot_colour in zip(self.traces, SLOT_COLOURS, strict=False):
            # Of one model the curves are told apart by colour too; of two, by the slot's.
            both = self._models > 1
            dashed, solid = (slot_colour,) * 2 if both else (theme.muted, theme.accent)
            trace.train.setPen(pg.mkPen(dashed, width=1.5, style=Qt.PenStyle.DashLine))
            trace.held_out.setPen(pg.mkPen(solid, width=2))

    @property
    def train(self) -> pg.PlotDataItem:
        """Curve of the first model on training images."""
        return self.traces[0].train

    @property
    def held_out(self) -> pg.PlotDataItem:
        """Curve of the first model on held-out images."""
        return self.traces[0].held_out

    def start(self, epochs: int, models: int) -> None:
        """Empty the plot, and make room for `epochs` of one model or of two."""
        self._models = models
        self._forget()
        self.dress()
        self.setXRange(0, epochs, padding=0.02)

    def _forget(self) -> None:
        for trace in self.traces:
            trace.forget()
        self._low = self._high = math.nan

    def draw(self, model: int, history: Sequence[EpochRecord]) -> None:
        """Draw `history` of one model; what the family lacks leaves the plot empty."""
        trace = self.traces[model]
        if len(history) < len(trace.epochs):
            self._forget()
        trace.draw(history, self._read)
        least = min(one.least for one in self.traces)
        most = max(one.most for one in self.traces)
        if least <= most:
            self._make_room(least, most)

    def _make_room(self, low: float, high: float) -> None:
        """Change the range where the values leave it."""
        if self._low <= low and high <= self._high:
            return
        # Room for what is to come: values fall for most of a training.
        margin = 0.25 * max(high - low, 0.02 * max(abs(high), 1.0))
        self._low, self._high = low - margin, high + margin
        self.setYRange(self._low, self._high, padding=0)


class LearningCurves(QWidget):
    """Distortion, rate and -ELBO, side by side."""

    def __init__(self) -> None:
        super().__init__()
        pg.setConfigOptions(antialias=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._histories: list[Sequence[EpochRecord]] = [(), ()]
        self._turn = self._behind = 0
        self._turns = QTimer(self)
        self._turns.timeout.connect(self._draw_next)
        self.plots = [
            CurvePlot(translate("LearningCurves", "distortion, nats"), _distortion),
            CurvePlot(translate("LearningCurves", "rate, nats"), _rate),
            CurvePlot(translate("LearningCurves", "\N{MINUS SIGN}ELBO, nats"), _negative_elbo),
        ]
        for plot in self.plots:
            row.addWidget(plot, 1)

    @property
    def up_to_date(self) -> bool:
        """Whether every plot shows the last history that was given."""
        return not self._turns.isActive()

    def start(self, epochs: int, models: int = 1) -> None:
        """Empty the plots, and make room for `epochs` of one model, or of two in their colours."""
        for plot in self.plots:
            plot.start(epochs, models)
        for model in range(len(self._histories)):
            self.show_history((), model)

    def show_history(self, history: Sequence[EpochRecord], model: int = 0) -> None:
        """Draw `history` of one model within a tenth of a second, one plot after the other."""
        self._histories[model] = history
        self._behind = len(self.plots)
        if not self._turns.isActive():
            self._turns.start(TURN_MS)

    def _draw_next(self) -> None:
        """Draw one plot: all three at once would hold up the window for too long."""
        self._turn = (self._turn + 1) % len(self.plots)
        for model, history in enumerate(self._histories):
            self.plots[self._turn].draw(model, history)
        self._behind -= 1
        if not self._behind:
            self._turns.stop()


def _distortion(measures: Measures | None) -> float:
    return float("nan") if measures is None else measures.distortion


def _rate(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.rate is None else measures.rate


def _negative_elbo(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.elbo is None else -measures.elbo
