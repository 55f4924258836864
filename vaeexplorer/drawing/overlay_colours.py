"""Colours of what is laid over a map: the same in the window and in a report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.palette import rgb

LESS, MORE = "#2f7fd0", "#e0601c"
"""Ends of the scale of changes; its middle is no colour at all."""

SPAN = 3.0
"""The scale reaches from a third of the reference to three times as much."""

DISTANCES = ("#4cb7a5", "#f2c14e", "#d1264f")
"""Colours from no distance over half of the limit to the limit."""

EMPTY_LIGHT, EMPTY_DARK = "#b5179e", "#ff6fd8"
"""Colour of what is far from every posterior, on light and on dark."""

EMPTY_OPACITY, UNMAPPED_OPACITY = 90, 110
"""Of 255, of that colour and of the lines where no dot is near: dots stay to be seen through."""


def change_colours(
    changes: NDArray[np.floating], reference: float, middle: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """One colour per change on a logarithmic scale about `reference`, (..., 4): RGBA.

    Transparent where there is no change to tell of; `middle` is the colour of the reference.
    """
    known = np.isfinite(changes) & (reference > 0)
    relative = np.where(known, changes, 1.0) / (reference or 1.0)
    share = (np.log(np.maximum(relative, 1e-6)) / np.log(SPAN)).clip(-1, 1)
    less, none, more = (np.array(colour) for colour in (rgb(LESS), middle, rgb(MORE)))
    end = np.where(share[..., None] < 0, less, more)
    rgba = np.empty((*share.shape, 4), np.uint8)
    rgba[..., :3] = none + np.abs(share)[..., None] * (end - none)
    rgba[..., 3] = np.where(known, 255, 0)
    return rgba


def distance_colours(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """One colour per share of the limit, 0 to 1, (n,): (n, 3)."""
    stops = np.array([rgb(name) for name in DISTANCES], np.float64)
    at = np.clip(shares, 0, 1) * (len(stops) - 1)
    columns = [np.interp(at, np.arange(len(stops)), column) for column in stops.T]
    return np.stack(columns, axis=-1).round().astype(np.uint8)
