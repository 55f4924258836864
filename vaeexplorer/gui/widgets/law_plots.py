"""BIC and completeness of Gaussian mixtures against their number of Gaussians."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QMouseEvent

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.plot_marks import Dots, Line, Mark, Rule, widened
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
        self.ticks_below = (1, 5, 10, 15, MOST_COMPONENTS)
        self.set_range(widened((1, MOST_COMPONENTS), ROOM))

    def show_curves(
        self, curves: Mapping[int, Mapping[int, float]], marks: Mapping[int, int]
    ) -> None:
        """Draw values by number of components for each slot, and ring one point of some."""
        self._curves, self._marks = dict(curves), dict(marks)
        self.update()
        every = [value for values in self._curves.values() for value in values.values()]
        if every:
            low, high = min(every), max(every)
            margin = max(ROOM * (high - low), LEAST_ROOM)
            self.set_range(y=(low - margin, high + margin))

    def point_at(self, components: int) -> None:
        """Draw a line at the number that is chosen; 0: none is."""
        self._components = components
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        chosen = round(self.frame.value(event.position().x()))
        self.picked.emit(min(max(chosen, 1), MOST_COMPONENTS))

    def marks(self) -> Iterator[Mark]:
        """Return the chosen number, the curves, and the rings on them."""
        theme = colours()
        if self._components:
            yield Rule(self._components, theme.muted)
        for slot, values in self._curves.items():
            at = sorted(values)
            found = [values[k] for k in at]
            yield Line(at, found, SLOT_COLOURS[slot])
            yield Dots(at, found, 4, SLOT_COLOURS[slot])
            if slot in self._marks:
                ringed = self._marks[slot]
                yield Dots([ringed], [values[ringed]], 12, None, theme.text, 2)
