"""Content and style swapped: every content of some images decoded with every style of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.jobs.opening import decode_pixels, held_at
from vaeexplorer.latent.selection import spread_out
from vaeexplorer.run import Exhibit

OF_LABELS = 5
"""Images that are chosen where nobody has selected any: one of each of so many labels."""

MOST = 8
"""Images whose contents and styles are swapped, at most."""


@dataclass(frozen=True, eq=False)
class SwapGrid:
    """Contents (rows) decoded with styles (columns) of the same images.

    Attributes
    ----------
    images
        Numbers of the images, (k,).
    originals
        The images, uint8, (k, channels, height, width).
    cells
        uint8, (k, k, channels, height, width): [i, j] has the content of image i and the style of
        image j; on the diagonal stand the reconstructions.
    content, style
        Codes of the images, float32, (k, size) each.
    """

    images: NDArray[np.int64]
    originals: NDArray[np.uint8] = field(repr=False)
    cells: NDArray[np.uint8] = field(repr=False)
    content: NDArray[np.float32] = field(repr=False)
    style: NDArray[np.float32] = field(repr=False)


def swapped_spaces(exhibit: Exhibit) -> tuple[str, str] | None:
    """Names of the spaces of content and of style of `exhibit`; None where there are none."""
    lacking = {space.given: name for name, space in exhibit.spaces.items()}
    content, style = lacking.get("style"), lacking.get("content")
    return None if content is None or style is None else (content, style)


def images_to_swap(
    exhibit: Exhibit, selected: NDArray[np.int64] | None, first: int
) -> NDArray[np.int64]:
    """Choose images: those selected, or else `first` and one of each of some other labels.

    Of many selected ones MOST, evenly spread.
    """
    if selected is not None and len(selected):
        return spread_out(selected, MOST)
    if exhibit.labels is None:
        return np.array([first], np.int64)
    _, each = np.unique(exhibit.labels, return_index=True)
    others = [index for index in each if exhibit.labels[index] != exhibit.labels[first]]
    return np.array([first, *others[: OF_LABELS - 1]], np.int64)


def swap(exhibit: Exhibit, images: NDArray[np.int64]) -> SwapGrid:
    """Decode every content of `images` with every style of them; the model and images are there."""
    names, dataset = swapped_spaces(exhibit), exhibit.dataset
    assert names is not None
    assert dataset is not None
    content, style = (exhibit.spaces[name] for name in names)
    pixels = dataset.batch(images)
    contents, styles = (space.encode(pixels.float() / 255).mean for space in (content, style))
    rows = [decode_pixels(held_at(style, dataset, int(one)), styles.numpy()) for one in images]
    return SwapGrid(images, pixels.numpy(), np.stack(rows), contents.numpy(), styles.numpy())
