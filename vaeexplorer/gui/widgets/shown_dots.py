"""Which dots a map shows, where and in which colours, as they change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from vaeexplorer.drawing.dot_field import DotField, extent
from vaeexplorer.gui.widgets.dot_jobs import Dots

FloatArray = NDArray[np.float64]


class ShownDots(QObject):
    """The dots of a map as they are now. Their changes are counted.

    Attributes
    ----------
    positions
        float32, (n, 2), in units of the map, y upwards.
    visible
        (n,), which dots are drawn.
    standing_out
        (n,), which dots are drawn above the others, which fade; None: all alike.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.positions: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self.visible: NDArray[np.bool_] = np.zeros(0, bool)
        self.standing_out: NDArray[np.bool_] | None = None
        self._colours: NDArray[np.uint8] = np.zeros((0, 3), np.uint8)
        self._extent: tuple[FloatArray, FloatArray] | None = None
        self._sorted: DotField | None = None
        self._content = 0
        # The first count of the data set that is shown.
        self._since = 0

    def set_points(self, positions: NDArray[np.floating], dot_colours: NDArray[np.uint8]) -> None:
        """Draw dots at `positions`, (n, 2), in `dot_colours`, (n, 3).

        Another number of dots than before is a new data set: all of them are shown.
        """
        self._colours = dot_colours
        if len(self.visible) != len(positions):
            self.visible = np.ones(len(positions), bool)
            self.standing_out = None
            self._since = self._content + 1
        self.set_positions(positions)

    def set_positions(self, positions: NDArray[np.floating]) -> None:
        """Put the same dots to `positions`, (n, 2)."""
        self.positions = np.ascontiguousarray(positions, np.float32)
        self._extent = extent(self.positions)
        self._sorted = None
        self._change()

    def set_colours(self, dot_colours: NDArray[np.uint8]) -> None:
        """Draw the same dots in `dot_colours`, (n, 3)."""
        self._colours = dot_colours
        self._change()

    def set_visible(self, visible: NDArray[np.bool_]) -> None:
        """Draw only the dots where `visible`, (n,), is true."""
        if not np.array_equal(visible, self.visible):
            self.visible = visible
            self._change()

    def set_standing_out(self, standing_out: NDArray[np.bool_] | None) -> None:
        """Let the dots where `standing_out`, (n,), is true stand out; None: all are alike."""
        if standing_out is not None or self.standing_out is not None:
            self.standing_out = standing_out
            self._change()

    def _change(self) -> None:
        """Take note that they are not as they were."""
        self._content += 1

    def _dots(self) -> Dots:
        """Return the dots as they are now, for any thread at any time."""
        return Dots(self.positions, self._colours, self.visible, self.standing_out, self._sorted)

    def extent(self) -> tuple[FloatArray, FloatArray] | None:
        """Least and largest coordinates of all dots, shown or not, (2,) each; None without dots."""
        return self._extent

    @property
    def dot_colours(self) -> NDArray[np.uint8]:
        """Colours of all dots, (n, 3)."""
        return self._colours
