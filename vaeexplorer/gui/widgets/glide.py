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
        self._goal = self._first = self._last = np.zeros((0, 2), np.float32)

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
        # The frames between two maps have no common scale: each is fitted to the window.
        self._goal, self._first, self._last = goal, _normalised(start), _normalised(goal)
        self.start()

    def _move(self, share: float) -> None:
        between = (1 - share) * self._first + share * self._last
        self.moved.emit(self._goal if share >= 1.0 else between)


def _normalised(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift and scale `positions` into the unit square."""
    # Each coordinate by itself: numpy takes thirty times as long along pairs.
    low, high = (np.array([edge(axis) for axis in positions.T]) for edge in (np.min, np.max))
    return (positions - (low + high) / 2) / max(float((high - low).max()), 1e-9)
