"""How a round dot covers the pixels around it, and what many dots on one pixel add up to."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PHASES = 8
"""Sub-pixel positions per axis: a dot is drawn at most 1/16 of a pixel beside its place."""

_ROWS_PER_PIXEL = 16
_NEARLY_OPAQUE = 0.9995
"""255 of 255, at a finite optical depth."""
_FINENESS = 2048.0
"""Steps of optical depth per unit of it, where sums have the room."""
_ROOM = (2**32 - 1) // 255
"""What the depths of all dots on one pixel may add up to: times a colour it must fit 32 bits."""


class Stamps(NamedTuple):
    """Coverage of the pixels around a dot, for every sub-pixel position.

    Attributes
    ----------
    coverage
        (PHASES * PHASES, side * side), share of each pixel that the disc covers; row = y phase *
        PHASES + x phase.
    first
        (PHASES,), the first pixel that the disc may touch, counted from the one that holds its
        centre.
    """

    coverage: NDArray[np.float64]
    first: NDArray[np.int64]


def stamp_side(diameter: float) -> int:
    """Pixels per axis that a disc may touch: the side of its stamp, which need not be made."""
    return int(np.ceil(diameter)) + 1


@lru_cache(maxsize=64)
def stamps(diameter: float) -> Stamps:
    """Stamps of a disc: exact chords along one axis in thin rows of the other, and vice versa."""
    radius = diameter / 2
    phases = np.arange(PHASES) / PHASES
    first = np.floor(phases - radius).astype(np.int64)
    side = stamp_side(diameter)
    centre = phases - first
    thin = (np.arange(side * _ROWS_PER_PIXEL) + 0.5) / _ROWS_PER_PIXEL
    half_chord = np.sqrt(np.maximum(radius**2 - (thin - centre[:, None]) ** 2, 0.0))
    half_chord = half_chord[:, None, :, None]
    left, middle = np.arange(side), centre[None, :, None, None]
    covered = np.minimum(left + 1, middle + half_chord) - np.maximum(left, middle - half_chord)
    covered = np.maximum(covered, 0.0)
    covered = covered.reshape(PHASES, PHASES, side, _ROWS_PER_PIXEL, side).mean(axis=3)
    covered = (covered + covered.transpose(1, 0, 3, 2)) / 2
    return Stamps(covered.reshape(PHASES * PHASES, side * side), first)


class Ink(NamedTuple):
    """What stamps bring to the sums of a pixel, in whole numbers: their order cannot show.

    Attributes
    ----------
    weights
        uint64, shaped as Stamps.coverage: optical depths, -log(1 - alpha), times `scale`.
    scale
        Steps per unit of optical depth.
    share
        float32, (depths,): alpha / depth of a pixel whose weights add up to the index. Beyond the
        end alpha is 1.
    """

    weights: NDArray[np.uint64]
    scale: float
    share: NDArray[np.float32]


@lru_cache(maxsize=64)
def ink(diameter: float, opacity: float, crowd: int) -> Ink:
    """Ink of discs of `opacity` where no pixel is touched by more than `crowd` of them."""
    alphas = stamps(diameter).coverage * opacity
    optical = -np.log1p(-np.minimum(alphas, _NEARLY_OPAQUE))
    # Half a step is what rounding may add.
    scale = min(_FINENESS, (_ROOM / max(crowd, 1) - 0.5) / float(optical.max()))
    weights = np.rint(optical * scale).astype(np.uint64)
    end = int(np.ceil(-np.log1p(-_NEARLY_OPAQUE) * scale))
    depths = np.arange(1, max(end, 2))
    share = np.concatenate([[0.0], -np.expm1(-depths / scale) / depths])
    return Ink(weights, scale, share.astype(np.float32))
