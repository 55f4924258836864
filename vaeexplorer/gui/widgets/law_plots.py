"""BIC and completeness of Gaussian mixtures against their number of Gaussians."""

from __future__ import annotations

from collections.abc import Mapping

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QMouseEvent

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.regularity.law_names import MOST_COMPONENTS

translate = QCoreApplication.translate

ROOM, LEAST_ROOM = 0.08, 0.05


class ComponentsPlot(Plot):
    """One curve per slot over 1 to 20 components; a click asks for a number of them."""

    picked = Signal(int)

    def __init__(self, title: str, story: str) -> None:
        super().__init__(title, translate("Laws", "components"))
        self.setToolTip(story)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._curves: dict[int, Mapping[int, float]] = {}
        self._marks: dict[int, int] = {}
        self._components = 0

    def show_curves(
        self, curves: Mapping[int, Mapping[int, float]], marks: Mapping[int, int]
    ) -> None:
        """Draw values by number of components for each slot, and ring one point of some."""
        self._curves, self._marks = dict(curves), dict(marks)
        self.redraw()

    def point_at(self, components: int) -> None:
        """Draw a line at the number that is chosen; 0: none is."""
        self._components = components
        self.redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.box is None:
            return
        at = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        self.picked.emit(min(max(round(at.x()), 1), MOST_COMPONENTS))

    def _make(self) -> None:
        super()._make()
        ticks = [(k, str(k)) for k in (1, 5, 10, 15, MOST_COMPONENTS)]
        self._axes["bottom"].setTicks([ticks])

    def _draw(self) -> None:
        theme = colours()
        self.clear()
        self.box.setXRange(1, MOST_COMPONENTS, padding=0.08)
        if self._components:
            line = pg.InfiniteLine(self._components, pen=pg.mkPen(theme.muted, width=1))
            self.add(line, ranged=False)
        for slot, values in self._curves.items():
            at = sorted(values)
            found = [values[k] for k in at]
            colour = SLOT_COLOURS[slot]
            self.add(pg.PlotCurveItem(at, found, pen=pg.mkPen(colour, width=2)))
            self.add(pg.ScatterPlotItem(at, found, size=4, brush=colour, pen=None))
            if slot in self._marks:
                ring = pg.ScatterPlotItem(
                    pos=[(self._marks[slot], values[self._marks[slot]])],
                    size=12,
                    brush=None,
                    pen=pg.mkPen(theme.text, width=2),
                )
                self.add(ring)
        every = [value for values in self._curves.values() for value in values.values()]
        if every:
            low, high = min(every), max(every)
            margin = max(ROOM * (high - low), LEAST_ROOM)
            self.box.setYRange(low - margin, high + margin, padding=0)
