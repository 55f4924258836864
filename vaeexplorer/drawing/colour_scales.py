"""Colours of numbers: even steps for the eye, for any colour vision, on light and on dark."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STEPS = 256
MISSING = (138, 143, 152)
"""Where there is no number."""
QUANTILES = (0.01, 0.99)
"""A scale spans these, so that a few odd values do not take all its colours."""

_VIA = np.array([[0.42, 265.0, 0.12], [0.63, 5.0, 0.20], [0.84, 80.0, 0.15]])
"""From blue past red to yellow: lightness, hue in degrees and chroma in Oklab. The lightness
grows all the way, and blue and yellow stay apart where red and green do not. Neither end is as
light as a light window or as dark as a dark one."""

_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def number_colours(values: NDArray[np.floating], low: float, high: float) -> NDArray[np.uint8]:
    """One colour per value, (n, 3): the first of the scale at `low` and below, the last at `high`.

    Values that are not finite get the colour MISSING.
    """
    values = np.asarray(values, np.float64)
    finite = np.isfinite(values)
    share = (np.where(finite, values, low) - low) / (high - low if high > low else 1.0)
    steps = np.clip(share * STEPS, 0, STEPS - 1).astype(np.intp)
    colours = scale()[steps]
    colours[~finite] = MISSING
    return colours


def robust_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Quantiles (QUANTILES) of what is finite of `values`, (n,); (0, 1) where nothing is."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = np.quantile(finite, QUANTILES)
    return float(low), float(high)


@lru_cache(maxsize=1)
def scale() -> NDArray[np.uint8]:
    """Return the colours of the scale, (STEPS, 3), equally far apart in Oklab.

    Oklab: B. Ottosson, "A perceptual color space for image processing", 2020.
    """
    hue = np.deg2rad(_VIA[:, 1])
    start, bend, end = np.stack(
        [_VIA[:, 0], _VIA[:, 2] * np.cos(hue), _VIA[:, 2] * np.sin(hue)], axis=1
    )
    t = np.linspace(0, 1, 4 * STEPS)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    even = np.linspace(0, length[-1], STEPS)
    lab = np.stack([np.interp(even, length, curve[:, axis]) for axis in range(3)], axis=1)
    linear = np.clip((lab @ _TO_LMS.T) ** 3 @ _TO_LINEAR.T, 0, 1)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.rint(255 * gamma).astype(np.uint8)
    return colours
