"""Data sets that need no file of the user's: `digits` and `shapes`."""

from __future__ import annotations

import gzip
import importlib.util
import math
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset, InputError, Source, fingerprint, quoted

DIGITS = 1797
DIGIT_SIDE = 8
GREY_LEVELS = 16
"""Largest grey level in the file of the digits: each counts the set pixels of a 4x4 block."""

SHAPE_NAMES = ("square", "triangle", "circle")
CORNERS: Mapping[str, int] = {"square": 4, "triangle": 3}
SHAPE_SIDE = 32
SIZES = (6.0, 11.0)
CENTRES = (9.5, 21.5)
"""Range of x and of y, in which the largest triangle stays inside the image at any rotation."""
IMAGES_PER_SUBJECT = 6
MOST_SHAPES = 200_000
IMAGES_AT_ONCE = 128
"""Images drawn together: their float64 pixels (1 MB) stay in a core's cache."""


def digits() -> Dataset:
    """Load the 1,797 handwritten digits of 8x8 pixels that scikit-learn brings, without it.

    Grey levels 0..16 are scaled to 0..255.

    Raises
    ------
    InputError
        scikit-learn is not installed, or its file is damaged.

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49 (its test set).
    """
    rows = _digit_rows(_digits_file())
    pixels = (rows[:, :-1].astype(np.uint16) * 255 + GREY_LEVELS // 2) // GREY_LEVELS
    images = pixels.astype(np.uint8).reshape(-1, 1, DIGIT_SIDE, DIGIT_SIDE)
    return Dataset(
        name="digits",
        images=images,
        source=_source("digits", images, {}),
        labels=rows[:, -1].astype(np.int64),
        label_names=tuple("0123456789"),
    )


def _digits_file() -> Path:
    # find_spec finds the package without importing it, which would take most of a second.
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            "The digits come with scikit-learn, which is not installed: install scikit-learn."
        )
    return Path(spec.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")


def _digit_rows(path: Path) -> NDArray[np.uint8]:
    """Return 64 grey levels and the label of each digit, (1797, 65)."""
    try:
        text = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"The digits cannot be read from {quoted(path)} ({error}): reinstall scikit-learn."
        ) from error
    # All numbers have one or two figures, so that each is read from the two characters before
    # the comma or newline that ends it: 3 ms where a parser of text takes 30.
    ends = np.flatnonzero(text < ord("0"))
    figures = text - ord("0")
    values = figures[ends - 1]
    tens = figures[ends - 2]
    values[1:] += 10 * np.where(tens <= 9, tens, 0)[1:]
    per_row = DIGIT_SIDE**2 + 1
    rows = values.reshape(-1, per_row) if len(values) % per_row == 0 else values[:0]
    if len(rows) != DIGITS or rows[:, :-1].max() > GREY_LEVELS or rows[:, -1].max() > 9:
        raise InputError(
            f"{quoted(path)} does not hold the {DIGITS:,} digits expected: reinstall scikit-learn."
        )
    return rows


def shapes(*, n: int = 3000, seed: int = 0) -> Dataset:
    """Draw `n` anti-aliased squares, triangles and circles of 32x32 pixels.

    A subject is one shape of one size; each has six images (the last may have fewer) that differ
    in position and rotation, and stands in `groups`. Factors, all drawn uniformly: `x` and `y`
    of the centroid and `size` as in `draw_shapes`; `rotation` in degrees, below the angle that
    brings the shape back onto itself: [0, 90) for squares, [0, 120) for triangles, 0 for circles.

    Parameters
    ----------
    n
        Number of images, 2..200,000.
    seed
        Non-negative; the same n and seed give the same images.

    Raises
    ------
    InputError
        n or seed is out of bounds.
    """
    if not _is_whole(n) or not 2 <= n <= MOST_SHAPES:
        raise InputError(f"The number n of shapes must be from 2 to {MOST_SHAPES:,}, not {n}.")
    if not _is_whole(seed) or seed < 0:
        raise InputError(f"The seed of shapes must be a whole number from 0 up, not {seed}.")
    generator = np.random.default_rng(seed)
    subjects = np.arange(n) // IMAGES_PER_SUBJECT
    labels = subjects % len(SHAPE_NAMES)
    periods = np.array([360 / CORNERS[name] if name in CORNERS else 0.0 for name in SHAPE_NAMES])
    factors = {
        "x": generator.uniform(*CENTRES, n),
        "y": generator.uniform(*CENTRES, n),
        "size": generator.uniform(*SIZES, subjects[-1] + 1)[subjects],
        "rotation": generator.random(n) * periods[labels],
    }
    kept = {name: values.astype(np.float32) for name, values in factors.items()}
    images = draw_shapes(labels, kept["x"], kept["y"], kept["size"], kept["rotation"])
    return Dataset(
        name="shapes",
        images=images,
        source=_source("shapes", images, {"n": n, "seed": seed}),
        labels=labels,
        label_names=SHAPE_NAMES,
        groups=subjects,
        factors=kept,
    )


def draw_shapes(
    labels: NDArray[np.int64],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    size: NDArray[np.float32],
    rotation: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """Draw white shapes on black, uint8, (n, 1, 32, 32).

    Parameters
    ----------
    labels
        Indices into `SHAPE_NAMES`, (n,).
    x, y
        Column and row of the centroid, (n,), in pixels; (0, 0) is the centre of the top left one.
    size
        Square root of the area, (n,), in pixels: shapes of one size are equally bright.
    rotation
        In degrees, (n,), clockwise on the screen; 0 points a side of the shape to the right.
    """
    images = np.empty((len(labels), 1, SHAPE_SIDE, SHAPE_SIDE), np.uint8)
    for label, name in enumerate(SHAPE_NAMES):
        members = np.flatnonzero(labels == label)
        for first in range(0, len(members), IMAGES_AT_ONCE):
            chosen = members[first : first + IMAGES_AT_ONCE]
            # float64: in single precision, rounding to grey levels would differ between processors
            # and with it the fingerprint.
            columns = np.arange(SHAPE_SIDE) - x[chosen].astype(np.float64)[:, None]
            rows = np.arange(SHAPE_SIDE) - y[chosen].astype(np.float64)[:, None]
            sizes = size[chosen].astype(np.float64)[:, None, None]
            if name in CORNERS:
                angles = np.radians(rotation[chosen].astype(np.float64))
                coverage = _polygon(columns, rows, sizes, angles, CORNERS[name])
            else:
                radii = np.sqrt(columns[:, None, :] ** 2 + rows[:, :, None] ** 2)
                coverage = _covered(radii - sizes / math.sqrt(math.pi))
            images[chosen, 0] = np.rint(255 * coverage).astype(np.uint8)
    return images


def _polygon(
    columns: NDArray[np.float64],
    rows: NDArray[np.float64],
    sizes: NDArray[np.float64],
    angles: NDArray[np.float64],
    corners: int,
) -> NDArray[np.float64]:
    """Return how far pixels lie within regular polygons, (batch, height, width), in [0, 1].

    columns, rows: from the centroids, (batch, width) and (batch, height). sizes: square roots of
    the areas, (batch, 1, 1). angles: of the first side's normal, (batch,), in radians.
    """
    inradii = sizes / math.sqrt(corners * math.tan(math.pi / corners))
    coverage = np.ones((len(columns), SHAPE_SIDE, SHAPE_SIDE))
    for side in range(corners):
        normals = angles[:, None] + 2 * math.pi * side / corners
        along = (columns * np.cos(normals))[:, None, :] + (rows * np.sin(normals))[:, :, None]
        coverage *= _covered(along - inradii)
    return coverage


def _covered(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of a pixel behind an edge at a signed distance (positive: outside)."""
    return np.clip(0.5 - distances, 0, 1)


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _source(kind: str, images: NDArray[np.uint8], options: Mapping[str, int]) -> Source:
    n, channels, height, width = images.shape
    return Source(kind, None, options, n, (channels, height, width), fingerprint(images))
