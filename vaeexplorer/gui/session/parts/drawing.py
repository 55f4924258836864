"""Drawing: a path drawn with the mouse on one map, followed by the model of every slot."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.gui.session.parts.comparing import Comparing
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.paths import PathChoice
from vaeexplorer.latent.strokes import Stroke, lift_stroke
from vaeexplorer.run import Exhibit


class Drawing(Comparing):
    """The path, also drawn. `drawing_changed` tells whether the next drag over a map draws it."""

    drawing_changed = Signal(bool)

    def __init__(self, session: Holding) -> None:
        super().__init__(session)
        self.drawing = False
        self.watched.connect(self._draw_no_more)

    def draw(self, drawing: bool) -> None:
        """Let the next drag over a map draw a path, or not."""
        self._set_drawing(drawing)
        for slot in range(len(self._session.slots)):
            # The former path must not lie under the line that grows.
            if drawing:
                self.placed.emit(slot, None)
            else:
                self._place_path(slot)

    def _draw_no_more(self, watched: bool) -> None:
        """Draw nothing where nobody sees what becomes of it."""
        if not watched:
            self._set_drawing(False)

    def _set_drawing(self, drawing: bool) -> None:
        if drawing != self.drawing:
            self.drawing = drawing
            self.drawing_changed.emit(drawing)

    def take_stroke(self, slot: int, corners: NDArray[np.float64]) -> None:
        """Let the path follow the line through `corners`, (m, 2), on the map of `slot`."""
        state = self._session.slots[slot]
        if state.exhibit is None or state.lift is None or state.growing:
            self.draw(False)
            return
        self._set_drawing(False)
        codes = state.exhibit.codes[main_space(state.exhibit)].mean
        self._session.lanes.work.submit(
            "stroke",
            partial(lift_stroke, state.lift, slot, corners, codes),
            on_result=partial(self._follow_stroke, state.exhibit),
            on_error=self._session.tell,
        )

    def _follow_stroke(self, exhibit: Exhibit, stroke: Stroke) -> None:
        if not self._session.shows(stroke.slot, exhibit):
            return
        former = self.choice or PathChoice("", 0, 0)
        start, end = (int(stroke.images[which]) for which in (0, -1))
        fingerprint = exhibit.source.fingerprint
        self._choose(
            replace(
                former,
                fingerprint=fingerprint,
                start=start,
                end=end,
                way="drawn",
                stroke=stroke,
            )
        )
