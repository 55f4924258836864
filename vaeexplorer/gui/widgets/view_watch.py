"""Tells which part of a map is in view, whenever that has changed and rests again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

REST_MS = 60
"""A view of the map that has not changed for so long rests."""


class ViewWatch(QTimer):
    """Emits `rested` with the corners of the part of the map in view, (2,) each."""

    rested = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(REST_MS)
        self.timeout.connect(self._tell)
        self._view: tuple[tuple[float, float], float, tuple[int, int]] | None = None

    def look(self, centre: NDArray[np.float64], scale: float, size: tuple[int, int]) -> None:
        """Take note that a view of `size` pixels shows `centre`, `scale` pixels to a unit."""
        view = ((float(centre[0]), float(centre[1])), scale, size)
        if view != self._view:
            self._view = view
            self.start()

    def _tell(self) -> None:
        if self._view is not None:
            centre, scale, size = self._view
            reach = np.array(size) / 2 / scale
            self.rested.emit(np.array(centre) - reach, np.array(centre) + reach)
