"""Colours of classes and slots, told apart by people with any colour vision, on light and dark."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

CLASS_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#007878", "#92dadd",
)  # fmt: skip
"""Ten class colours: M. A. Petroff, "Accessible Color Sequences for Data Visualization",
arXiv:2107.02270 (2021), but for his second grey, #717581. As dots it is taken for the other one;
the teal is farther from all others, for any colour vision, than his two nearest are apart."""

SLOT_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Colours of the slots A to D: M. Okabe and K. Ito, "Color Universal Design" (2002); each has a
contrast of at least 3 against white and against a dark window."""
SLOT_LETTERS = "ABCD"


def slot_letter(index: int) -> str:
    """Name of the slot at `index`, of which a report may have more: A to Z, then 27 and on."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def slot_colour(index: int) -> str:
    """Colour of the slot at `index`, "#rrggbb": the same one again after four slots."""
    return SLOT_COLOURS[index % len(SLOT_COLOURS)]


_GOLDEN_RATIO = (5**0.5 - 1) / 2


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour written "#rrggbb"."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return colours, (..., 3), each as one word, 0xffRRGGBB."""
    red, green, blue = np.moveaxis(colours, -1, 0).astype(np.uint32)
    words: NDArray[np.uint32] = (
        np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    )
    return words


def class_colours(n: int) -> NDArray[np.uint8]:
    """One colour per class, (n, 3).

    The first ten are CLASS_COLOURS. Further ones differ by hue, in three lightnesses; so many
    cannot all be told apart by colour alone.
    """
    colours = [rgb(colour) for colour in CLASS_COLOURS[:n]]
    for extra in range(n - len(colours)):
        hue = (extra + 0.5) * _GOLDEN_RATIO % 1.0
        lightness = (0.5, 0.36, 0.66)[extra % 3]
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.6)
        colours.append((round(255 * red), round(255 * green), round(255 * blue)))
    return np.array(colours, dtype=np.uint8).reshape(n, 3)
