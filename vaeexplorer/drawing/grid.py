"""Many small images as one picture, and pictures as files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def to_rgb(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn uint8 (..., channels, height, width) into (..., height, width, 3).

    One channel is grey, three are red, green and blue; another number raises ValueError.
    """
    channels = image.shape[-3]
    if channels not in (1, 3):
        raise ValueError(f"An image of {channels} channels cannot be shown: 1 or 3 are needed.")
    last = np.moveaxis(image, -3, -1)
    return np.ascontiguousarray(np.broadcast_to(last, (*last.shape[:-1], 3)))


def magnify(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Repeat every pixel of (height, width, ...) `factor` times along both axes."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def enlarge(picture: NDArray[np.uint8], min_side: int) -> NDArray[np.uint8]:
    """Magnify (height, width, ...) by the least whole factor that makes both sides `min_side`.

    Pixels stay squares: nothing is invented between them. A picture that is large enough is
    returned as it is.
    """
    factor = -(-min_side // min(picture.shape[:2]))
    return magnify(picture, factor) if factor > 1 else picture


def image_grid(
    images: NDArray[np.uint8],
    columns: int,
    scale: int = 1,
    gap: int = 1,
    background: tuple[int, int, int] = (255, 255, 255),
) -> NDArray[np.uint8]:
    """Lay images out in rows, the first at the top left.

    Parameters
    ----------
    images
        uint8, (n, channels, height, width), 1 or 3 channels.
    columns
        Images per row, >= 1; the last row may be shorter.
    scale
        Every pixel becomes scale x scale pixels.
    gap
        Pixels between neighbouring images; there are none around the grid.
    background
        Colour of the gaps and of the cells without an image.

    Returns
    -------
    uint8, (rows * (scale * height + gap) - gap, columns * (scale * width + gap) - gap, 3).
    """
    n, _, height, width = images.shape
    rows = max(1, -(-n // columns))
    height, width = scale * height + gap, scale * width + gap
    grid = np.empty((rows * height, columns * width, 3), dtype=np.uint8)
    grid[:] = background
    for index, image in enumerate(to_rgb(images)):
        top, left = index // columns * height, index % columns * width
        cell = magnify(image, scale)
        grid[top : top + len(cell), left : left + cell.shape[1]] = cell
    return np.ascontiguousarray(grid[: rows * height - gap, : columns * width - gap])


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a grey, RGB or RGBA picture (alpha not premultiplied) as PNG.

    uint8, (height, width), (height, width, 3) or (height, width, 4). Written beside `path` and
    renamed, so that no reader ever sees half a file. Raises OSError where that cannot be done.
    """
    from PIL import Image  # late: the window is painted without it

    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        Image.fromarray(picture).save(beside, format="PNG")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
