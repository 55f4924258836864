"""Which part of a map is in view: from places on the map to pixels of a widget, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QTransform

MARGIN = 0.06
"""Share of the view that is left free on each side of what is fitted into it."""
CLOSEST = 0.02
"""Share of the whole map that is shown at least when some dots are brought into view."""
FloatArray = NDArray[np.float64]


class Viewport:
    """The view of a map, y upwards.

    Attributes
    ----------
    centre
        (2,), the place on the map in the middle of the view.
    scale
        Pixels per unit of the map.
    size
        Of the view, in pixels.
    whole
        Whether the view is fitted to all of the map, and to be fitted again when that changes.
    """

    def __init__(self) -> None:
        self.centre: FloatArray = np.zeros(2)
        self.scale = 1.0
        self.size = QSize(1, 1)
        self.whole = True

    def fit(self, extent: tuple[FloatArray, FloatArray] | None) -> None:
        """Show all between the corners of `extent`, (2,) each."""
        self.whole = True
        if extent is not None:
            self._show(*extent)

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom by `factor`; the place under `about` (the middle if None) stays where it is."""
        pixel = about if about is not None else QPointF(*self.middle)
        before = self.to_map(pixel)
        self.scale *= factor
        self.centre = self.centre + before - self.to_map(pixel)
        self.whole = False

    def pan(self, moved: QPointF) -> None:
        """Let the map follow a hand that `moved` by so many pixels."""
        self.centre = self.centre + np.array([-moved.x(), moved.y()]) / self.scale
        self.whole = False

    def frame(
        self,
        positions: NDArray[np.floating],
        extent: tuple[FloatArray, FloatArray] | None,
    ) -> None:
        """Fill the view with `positions`, (k, 2), of a map of `extent`; one is only centred."""
        low, high = positions.min(axis=0), positions.max(axis=0)
        if len(positions) > 1:
            whole = extent or (low, high)
            self._show(low, high, CLOSEST * float((whole[1] - whole[0]).max()))
        self.centre = (low + high) / 2
        self.whole = False

    def _show(self, low: FloatArray, high: FloatArray, least: float = 0.0) -> None:
        self.centre = (low + high) / 2
        room = 2 * np.array(self.middle) * (1 - 2 * MARGIN)
        self.scale = float((room / np.maximum(high - low, max(least, 1e-9))).min())

    @property
    def middle(self) -> tuple[float, float]:
        """The pixel in the middle of the view."""
        return self.size.width() / 2, self.size.height() / 2

    def to_map(self, pixel: QPointF) -> FloatArray:
        """Return the place on the map, (2,), under `pixel`."""
        x, y = self.middle
        return self.centre + np.array([pixel.x() - x, y - pixel.y()]) / self.scale

    def to_pixel(self, position: FloatArray) -> QPointF:
        """Return the pixel at the place `position`, (2,), of the map."""
        x, y = (position - self.centre) * self.scale
        return QPointF(self.middle[0] + x, self.middle[1] - y)

    def transform(self) -> QTransform:
        """Return `to_pixel` in the form that Qt applies to many places at once."""
        (left, top), (x, y) = self.middle, self.centre * self.scale
        return QTransform(self.scale, 0, 0, -self.scale, left - x, top + y)
