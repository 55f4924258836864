"""How many dots this machine draws in the time that a view that moves has."""

from __future__ import annotations

import numpy as np

from vaeexplorer.drawing.dot_field import EMPTY, Frame

AT_ONCE = 2_000_000
"""What one picture may cost that is drawn on the GUI thread, at first; then by how long it took."""
MOVING_S = 0.006
"""What one picture may take on the GUI thread."""
TIMED = 7
"""Pictures whose median time says whether the next ones may have more dots, or must have fewer."""
PACES = 0.125, 8.0
"""The least and the most that machines differ by, as multiples of AT_ONCE."""


class Pace:
    """Says what a picture may cost, in stamped pixels, and learns from how long pictures take."""

    def __init__(self) -> None:
        self._pace = 1.0
        self._times: list[float] = []

    @property
    def at_once(self) -> float:
        """What is drawn in MOVING_S."""
        return self._pace * AT_ONCE

    def learn(self, took_s: float, cost: float) -> None:
        """Take note of how long a picture of so much `cost` took."""
        if 4 * cost >= self.at_once:
            self._times.append(took_s / cost)
        if len(self._times) == TIMED:
            pace = MOVING_S / (float(np.median(self._times)) * AT_ONCE)
            # In steps, for dots that come and go from picture to picture flicker.
            if not 0.7 < pace / self._pace < 1.4:
                self._pace = float(np.clip(2.0 ** (round(2 * np.log2(pace)) / 2), *PACES))
            self._times.clear()


def cost(work: int, frame: Frame) -> float:
    """Cost of a picture of which `work` pixels are stamped: the others are not free either."""
    return work + EMPTY * frame.size[0] * frame.size[1]
