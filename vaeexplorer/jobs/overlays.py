"""What is drawn over a map: decodes all over it, and how much they change from place to place.

Generators that yield what they have by then, coarse first; each yield is also the point where
they can be stopped.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.overlay_colours import SPAN
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.latent.lift import Lift

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

FloatArray = NDArray[np.float64]

BATCH = 128
"""Codes decoded between two yields."""

MAX_CELLS = 3_000
"""Pictures in one grid at most: with more, each of them stands for more room."""

STRIDES = (4, 2, 1)
"""Every fourth row and column first, then what lies between."""

SIDES = (16, 32, 64)
"""Cells along the longer side of a map, of the fields that follow one another."""

STEP = 0.1
"""Length of a step in whitened codes: that of the score of continuity."""

DIRECTIONS = 8
"""In more dimensions than this, steps go in as many directions, drawn once."""


@dataclass(frozen=True, eq=False)
class DecodeGrid:
    """Pictures that a model decodes at the places of a grid over a map.

    Attributes
    ----------
    low
        (2,): the corner of the grid with the least coordinates.
    step
        (2,): width and height of a cell, in units of the map.
    images
        uint8, (rows, columns, channels, height, width), rows y upwards.
    done
        (rows, columns): which of them have been decoded by now.
    inside
        (rows, columns): where there is data near: elsewhere the model is guessing.
    """

    low: FloatArray
    step: FloatArray
    images: NDArray[np.uint8] = field(repr=False)
    done: NDArray[np.bool_] = field(repr=False)
    inside: NDArray[np.bool_] = field(repr=False)


def decode_grid(
    space: LatentSpace,
    lift: Lift,
    low: FloatArray,
    high: FloatArray,
    step: FloatArray,
) -> Generator[DecodeGrid, None, DecodeGrid]:
    """Decode a grid of places that covers the part of a map from `low` to `high`, (2,) each.

    Cells are `step`, (2,), wide and high, or a multiple of that where they would be too many.
    Their corners lie on multiples of it: a map that is panned keeps its pictures.
    """
    columns, rows = np.maximum((high - low) / step, 1)
    step = step * max(1, int(np.ceil(np.sqrt(columns * rows / MAX_CELLS))))
    first = np.floor(low / step).astype(int)
    columns, rows = (np.ceil(high / step).astype(int) - first).clip(1)
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    cells = np.stack([column, row], axis=-1) + first
    places = ((cells + 0.5) * step).reshape(-1, 2)
    codes = lift.lift_grid(places)
    inside = lift.near(places).reshape(rows, columns)
    order = _coarse_first(cells.reshape(-1, 2))
    images: NDArray[np.uint8] | None = None
    done = np.zeros(rows * columns, np.bool_)

    def grid() -> DecodeGrid:
        assert images is not None
        shape = (rows, columns)
        pictures = images.reshape(*shape, *images.shape[1:]).copy()
        return DecodeGrid(first * step, step, pictures, done.reshape(shape).copy(), inside)

    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        decoded = decode_pixels(space, codes[part])
        if images is None:
            images = np.zeros((len(order), *decoded.shape[1:]), np.uint8)
        images[part], done[part] = decoded, True
        yield grid()
    return grid()


def _coarse_first(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order in which `cells`, (n, 2), column and row, are decoded."""
    rank = np.full(len(cells), len(STRIDES))
    for number, stride in reversed(list(enumerate(STRIDES))):
        rank[(cells % stride == 0).all(axis=1)] = number
    return np.argsort(rank, kind="stable")


@dataclass(frozen=True, eq=False)
class Stretch:
    """How much the decoded picture changes per step, all over a map.

    Attributes
    ----------
    low, high
        (2,): the corners of the field.
    changes
        float32, (rows, columns), rows y upwards: root mean square distance between pictures (root
        of the sum over pixels of the squared difference, pixels in [0, 1]) per standard deviation
        of the codes; NaN where there is no data, as all around the edges.
    median
        Of these changes.
    reference
        The change that counts as 1: one for all maps that are compared.
    """

    low: FloatArray
    high: FloatArray
    changes: NDArray[np.float32] = field(repr=False)
    median: float
    reference: float


def on_one_scale(fields: Mapping[int, Stretch]) -> dict[int, Stretch]:
    """Give all `fields` one reference: the geometric mean of their medians.

    So neither the number of places nor the map with the largest changes decides it. A collapsed
    decoder, whose median is less than the whole scale below the largest, has no say: the mean
    would put all others beyond the end of the scale, where they look alike.
    """
    largest = max((one.median for one in fields.values()), default=0.0)
    medians = [m for m in (one.median for one in fields.values()) if m * SPAN**2 > largest]
    reference = float(np.exp(np.mean(np.log(medians)))) if medians else 0.0
    return {key: replace(one, reference=reference) for key, one in fields.items()}


def stretch(space: LatentSpace, lift: Lift) -> Generator[Stretch | None, None, Stretch | None]:
    """Measure the local stretch of the decoder over the map of `lift`, in ever finer fields.

    At the lifted code z of a place it is the root mean square over directions u of
    ||g(z + h L u) - g(z)|| / h, where g decodes, L L' is the covariance of the codes and h = 0.1:
    the change of the picture for a step of one standard deviation. None where the map has no
    place with data near.
    """
    low, high = lift.positions.min(axis=0).astype(float), lift.positions.max(axis=0).astype(float)
    low, high = low - 1.2 * lift.reach, high + 1.2 * lift.reach
    steps = STEP * _directions(lift.codes)
    found: Stretch | None = None
    for side in SIDES:
        cell = float((high - low).max()) / side or 1.0
        columns, rows = np.ceil((high - low) / cell).astype(int).clip(1)
        x, y = (low[axis] + cell * (np.arange(n) + 0.5) for axis, n in ((0, columns), (1, rows)))
        places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        near = np.flatnonzero(lift.near(places))
        changes = np.full(len(places), np.nan)
        codes = lift.lift_grid(places[near])
        for start in range(0, len(near), BATCH):
            part = slice(start, start + BATCH)
            changes[near[part]] = _changes(space, codes[part], steps)
            yield found
        known = changes[np.isfinite(changes)]
        if len(known):
            median = float(np.median(known))
            corner = low + cell * np.array([columns, rows])
            measured = changes.reshape(rows, columns).astype(np.float32)
            # Nothing all around, so that a picture of it fades out at its edges too.
            framed = np.pad(measured, 1, constant_values=np.nan)
            found = Stretch(low - cell, corner + cell, framed, median, median)
        yield found
    return found


def _directions(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return steps of one standard deviation of `codes`, (n, size), in k directions: (k, size).

    The directions are orthonormal in whitened codes, and the same at every place, so that the
    field is not speckled by chance.
    """
    centred = codes - codes.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred / max(len(codes) - 1, 1)
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    size = codes.shape[1]
    if size > DIRECTIONS:
        noise = np.random.default_rng(0).standard_normal((size, DIRECTIONS))
        root = np.linalg.qr(noise)[0].T @ root
    return np.asarray(root, np.float32)


def _changes(
    space: LatentSpace, codes: NDArray[np.float32], steps: NDArray[np.float32]
) -> FloatArray:
    """Root mean square change of the picture over `steps`, (k, size), per step: (m,)."""
    import torch

    base = torch.from_numpy(codes)
    moved = torch.from_numpy((codes[:, None] + steps).reshape(-1, codes.shape[1]))
    with torch.no_grad():
        before = space.decode(base).flatten(1)
        after = space.decode(moved).reshape(len(codes), len(steps), -1)
    squares = ((after - before[:, None]) ** 2).sum(dim=2).mean(dim=1)
    changes: FloatArray = squares.sqrt().double().numpy() / STEP
    return changes
