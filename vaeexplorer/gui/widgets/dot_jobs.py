"""What a thread does for the dots of a map; touches nothing of what shows them."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.dot_field import DotField, Frame, load_kernel
from vaeexplorer.drawing.dot_sample import paint_unsorted
from vaeexplorer.gui.widgets.dot_picture import Picture, panned


class Dots(NamedTuple):
    """The dots of a map, (n,) of each, as they are at one moment; `places`: sorted, if they are."""

    positions: NDArray[np.float32]
    colours: NDArray[np.uint8]
    visible: NDArray[np.bool_]
    standing_out: NDArray[np.bool_] | None
    places: DotField | None

    def sort(self) -> tuple[DotField, DotField]:
        """Return them sorted, without colours and with them."""
        load_kernel()
        places = self.places or DotField(self.positions)
        return places, places.coloured(self.colours, self.visible, self.standing_out)

    def paint(self, frame: Frame, most: int) -> NDArray[np.uint32]:
        """Draw `frame` without sorting them, with no more than `most` dots."""
        return paint_unsorted(
            self.positions, self.colours, frame, self.visible, self.standing_out, most
        )


class Prepared(NamedTuple):
    """Dots that are sorted, and coloured, and drawn; processor time of that."""

    places: DotField
    field: DotField
    pixels: NDArray[np.uint32] | None
    took_s: float


def prepare(dots: Dots, frame: Frame | None) -> Prepared:
    """Sort and colour `dots`, and draw all of them in `frame`, if there is one."""
    begun = time.thread_time()
    places, field = dots.sort()
    pixels = None if frame is None else field.paint(frame)
    return Prepared(places, field, pixels, time.thread_time() - begun)


class Moving(NamedTuple):
    """A picture of a view that moves on, and whether all dots are in it.

    It took `took_s` seconds to stamp `work` pixels; both are 0 where a picture had only to be
    shifted.
    """

    pixels: NDArray[np.uint32]
    whole: bool
    work: int
    took_s: float


def draw_moving(field: DotField, frame: Frame, most: int, before: Picture | None) -> Moving:
    """Draw `frame` with `most` stamped pixels at most, unless a pan leads to it.

    `before` is a picture of all these dots with the same hatch, which may be shifted.
    """
    if before is not None:
        shifted = panned(field, before, frame._replace(hatch=None))
        if shifted is not None:
            return Moving(shifted, True, 0, 0.0)
    begun, every = time.perf_counter(), field.work(frame)
    work = min(every, most)
    # Not shared: the GUI thread draws too.
    pixels = field.paint(frame, work, (0, 0, *frame.size))
    return Moving(pixels, work == every, work, time.perf_counter() - begun)
