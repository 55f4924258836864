"""The hatch over places without data, as what draws dots needs it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Hatching:
    """Lines over a map, but where it has data.

    Attributes
    ----------
    low, high
        (x, y): the corners of what `mask` covers, in units of the map; beyond them all is hatched.
    mask
        uint8, (side, side), rows y upwards: 255 where there are lines, 0 where there are none.
    tile
        uint16, (pixels, pixels): how much of each pixel the lines cover, 256: all of it; repeated.
    colour
        0xffRRGGBB.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    mask: NDArray[np.uint8] = field(repr=False)
    tile: NDArray[np.uint16] = field(repr=False)
    colour: int

    def edges(
        self, size: tuple[int, int], centre: tuple[float, float], scale: float
    ) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the mask in a picture of `size`, in pixels."""
        across, down = size[0] / 2 - centre[0] * scale, size[1] / 2 + centre[1] * scale
        return (
            across + self.low[0] * scale,
            down - self.high[1] * scale,
            across + self.high[0] * scale,
            down - self.low[1] * scale,
        )
