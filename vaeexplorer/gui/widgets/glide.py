"""The dots of a map on their way to other places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QVariantAnimation, Signal
from PySide6.QtWidgets import QStyle, QWidget

GLIDE_MS = 200


class Glide(QVariantAnimation):
    """Emits `moved` with where the dots are, (n, 2), until they are at their goal."""

    moved = Signal(object)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setDuration(GLIDE_MS)
        self.valueChanged.connect(self._move)
        self._start = self._goal = np.zeros((0, 2), np.float32)

    @property
    def wanted(self) -> bool:
        """Whether things that move may be seen: on the screen, and the system does not object."""
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        style = self._widget.style()
        return style.styleHint(hint, None, self._widget) > 0 and self._widget.isVisible()

    @property
    def running(self) -> bool:
        """Whether the dots are on their way."""
        return self.state() == QVariantAnimation.State.Running

    def go(self, start: NDArray[np.float32], goal: NDArray[np.float32]) -> None:
        """Move the dots from `start` to `goal`, (n, 2) each."""
        self._start, self._goal = start, goal
        self.start()

    def _move(self, share: float) -> None:
        # The frames between two maps have no common scale: each is fitted to the window.
        start, goal = _normalised(self._start), _normalised(self._goal)
        self.moved.emit(self._goal if share >= 1.0 else (1 - share) * start + share * goal)


def _normalised(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift and scale `positions` into the unit square."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    return (positions - (low + high) / 2) / max(float((high - low).max()), 1e-9)
