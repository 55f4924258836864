"""Learning curves: one small plot per measure, training and held-out images together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.plot_marks import Line, Mark
from vaeexplorer.gui.widgets.theme import GRID, colours
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

    def read(
        self, history: Sequence[EpochRecord], read: Callable[[Measures | None], float]
    ) -> None:
        """Take over what `read` finds in `history`."""
        # Only what is new is read: a training may have thousands of epochs.
        for record in history[len(self.epochs) :]:
            self.epochs.append(record.epoch)
            for values, measures in (
                (self.train, record.train),
                (self.held_out, record.held_out),
            ):
                value = read(measures)
                values.append(value)
                if math.isfinite(value):
                    self.least, self.most = min(self.least, value), max(self.most, value)


class CurvePlot(Plot):
    """One measure against epochs: training dashed, held-out images solid.

    Its ranges move seldom: curves whose scale changes all the time cannot be followed.
    """

    def __init__(self, title: str, read: Callable[[Measures | None], float]) -> None:
        super().__init__(title)
        self.setMinimumWidth(LEAST_WIDTH)
        self._read = read
        self._models = 1
        self.traces = [Trace(), Trace()]
        self._forget()

    def marks(self) -> Iterator[Mark]:
        """Return the curves of the models."""
        theme = colours()
        for trace, slot_colour in zip(self.traces, SLOT_COLOURS, strict=False):
            # Of one model the curves are told apart by colour too; of two, by the slot's.
            both = self._models > 1
            dashed, solid = (slot_colour,) * 2 if both else (theme.muted, theme.accent)
            yield Line(trace.epochs, trace.train, dashed, 1.5, Qt.PenStyle.DashLine)
            yield Line(trace.epochs, trace.held_out, solid)

    def start(self, epochs: int, models: int) -> None:
        """Empty the plot, and make room for `epochs` of one model or of two."""
        self._models = models
        self._forget()
        self.set_range((0, epochs))

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
        self.update()
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
        self.set_range(y=(self._low, self._high))


class LearningCurves(QWidget):
    """Distortion, rate and -ELBO, side by side."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.plots = [
            CurvePlot(translate("LearningCurves", "distortion, nats"), _distortion),
            CurvePlot(translate("LearningCurves", "rate, nats"), _rate),
            CurvePlot(translate("LearningCurves", "\N{MINUS SIGN}ELBO, nats"), _negative_elbo),
        ]
        for plot in self.plots:
            row.addWidget(plot, 1)

    def start(self, epochs: int, models: int = 1) -> None:
        """Empty the plots, and make room for `epochs` of one model, or of two in their colours."""
        for plot in self.plots:
            plot.start(epochs, models)

    def show_history(self, history: Sequence[EpochRecord], model: int = 0) -> None:
        """Draw `history` of one model."""
        for plot in self.plots:
            plot.show_history(model, history)


def _distortion(measures: Measures | None) -> float:
    return float("nan") if measures is None else measures.distortion


def _rate(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.rate is None else measures.rate


def _negative_elbo(measures: Measures | None) -> float:
    return float("nan") if measures is None or measures.elbo is None else -measures.elbo
