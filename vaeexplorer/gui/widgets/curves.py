"""Learning curves: one small plot per measure, training and held-out images together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.run import EpochRecord, Measures

translate = QCoreApplication.translate

LEAST_WIDTH = 136
"""Of a plot: three, a form and pictures stand beside one another in a window of 1280 pixels."""


class Trace:
    """The two curves of one model: values by epoch, on training and on held-out images."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin again with what is read next."""
        self.epochs: list[int] = []
        self.train: list[float] = []
        self.held_out: list[float] = []
        self.least, self.most = math.inf, -math.inf
        self.drawn = False

    def read(
        self, history: Sequence[EpochRecord], read: Callable[[Measures | None], float]
    ) -> None:
        """Take over what `read` finds in `history`."""
        # Only what is new is read: a training may have thousands of epochs.
        self.drawn = self.drawn and len(history) == len(self.epochs)
        for record in history[len(self.epochs) :]:
            self.epochs.append(record.epoch)
            for values, measures in ((self.train, record.train), (self.held_out, record.held_out)):
                value = read(measures)
                values.append(value)
                if math.isfinite(value):
                    self.least, self.most = min(self.least, value), max(self.most, value)


class CurvePlot(Plot):
    """One measure against epochs: training dashed, held-out images solid.

    Its ranges move seldom: drawing axes anew costs more than drawing curves.
    """

    def __init__(self, title: str, read: Callable[[Measures | None], float]) -> None:
        super().__init__(title)
        self.setMinimumWidth(LEAST_WIDTH)
        self._read = read
        self._models, self._epochs = 1, 1
        self._penned: tuple[object, ...] = ()
        self.traces = [Trace(), Trace()]
        self.lines: list[tuple[pg.PlotDataItem, pg.PlotDataItem]] = []
        self._forget()

    def start(self, epochs: int, models: int) -> None:
        """Empty the plot, and make room for `epochs` of one model or of two."""
        self._models, self._epochs = models, epochs
        self._forget()
        self.redraw()

    def _forget(self) -> None:
        for trace in self.traces:
            trace.forget()
        self._low = self._high = math.nan

    def show_history(self, model: int, history: Sequence[EpochRecord]) -> None:
        """Draw `history` of one model; what the family lacks leaves the plot empty."""
        trace = self.traces[model]
        if len(history) < len(trace.epochs):
            self._forget()
        trace.read(history, self._read)
        self.redraw()

    def _make(self) -> None:
        super()._make()
        for _ in self.traces:
            lines = [pg.PlotDataItem(connect="finite") for _ in range(2)]
            for line in lines:
                line.setDownsampling(auto=True, method="subsample")
                self.add(line)
            self.lines.append((lines[0], lines[1]))
        self.box.disableAutoRange()

    def _draw(self) -> None:
        self._give_pens()
        for trace, lines in zip(self.traces, self.lines, strict=True):
            if trace.drawn:
                continue
            trace.drawn = True
            for line, values in zip(lines, (trace.train, trace.held_out), strict=True):
                # pyqtgraph looks for the ends of a curve in silence, but a lane that silences
                # warnings at that moment lets it warn of one that has nothing finite.
                finite = any(math.isfinite(value) for value in values)
                line.setData(*((trace.epochs, values) if finite else ([], [])))
        self.box.setXRange(0, self._epochs, padding=0.02)
        least = min(one.least for one in self.traces)
        most = max(one.most for one in self.traces)
        if least <= most:
            self._make_room(least, most)

    def _give_pens(self) -> None:
        """Give the curves their colours, if they are others than before: each is drawn anew by it.

        Of one model the curves are told apart by colour too; of two, by the slot's.
        """
        theme, both = colours(), self._models > 1
        if self._penned == (theme, both):
            return
        self._penned = theme, both
        for lines, slot_colour in zip(self.lines, SLOT_COLOURS, strict=False):
            dashed, solid = (slot_colour,) * 2 if both else (theme.muted, theme.accent)
            lines[0].setPen(pg.mkPen(dashed, width=1.5, style=Qt.PenStyle.DashLine))
            lines[1].setPen(pg.mkPen(solid, width=2))

    def _make_room(self, low: float, high: float) -> None:
        """Change the range where the values leave it."""
        if self._low <= low and high <= self._high:
            return
        # Room for what is to come: values fall for most of a training.
        margin = 0.25 * max(high - low, 0.02 * max(abs(high), 1.0))
        self._low, self._high = low - margin, high + margin
        self.box.setYRange(self._low, self._high, padding=0)


class LearningCurves(QWidget):
    """Distortion, rate and -ELBO, side by side, each drawn in a turn of its own."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
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
        return all(plot.up_to_date for plot in self.plots)

    def start(self, epochs: int, models: int = 1) -> None:
        """Empty the plots, and make room for `epochs` of one model, or of two in their colours."""
        for plot in self.plots:
            plot.start(epochs, models)

    def show_history(self, history: Sequence[EpochRecord], model: int = 0) -> None:
        """Draw `history` of one model soon."""
        for plot in self.plots:
            plot.show_history(model, history)


def _distortion(measures: Measures | None) -> float:
    return float("nan") if measures is None else measures.distortion


def _rate(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.rate is None else measures.rate


def _negative_elbo(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.elbo is None else -measures.elbo
