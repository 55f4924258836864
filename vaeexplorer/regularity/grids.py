"""Grids of one or two dimensions whose step is halved where that changes an integral."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Asked = Generator[float, None, FloatArray]
Asking = Callable[[FloatArray], Asked]
"""Asks for values at points (k, dimensions), (k,), and yields about the share that is done."""

Refined = Generator[float, None, tuple[list[FloatArray], FloatArray]]
"""Gives axes, and values at the points of their grid."""

CLOSE, PRECISION = 1e-4, 2e-7
"""Nats that a result may be off; of p(x, z) in single precision such a share."""

SKIPPED = 0.05
"""Of that, what may come from the places, all together, where a finer grid asks for no values."""


def points(axes: Sequence[FloatArray]) -> FloatArray:
    """All points of a grid, (k, size)."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def on_grid(ask: Asking, axes: Sequence[FloatArray]) -> Asked:
    """Values at all points of a grid, of its shape."""
    values = yield from ask(points(axes))
    return values.reshape([len(axis) for axis in axes])


def halved(
    ask: Asking,
    axes: list[FloatArray],
    values: FloatArray,
    most: int,
    result: Callable[[FloatArray, Sequence[FloatArray]], float],
    weights: Callable[[FloatArray], FloatArray],
) -> Refined:
    """Halve the step of a grid, where it matters, until the result is close.

    `weights` says how much the result changes with each of the values.
    """
    while True:
        close = max(CLOSE, PRECISION * abs(float(values.max())))
        if _error(values, axes, result) < close or 2 * len(axes[0]) - 1 > most:
            return axes, values
        part = weights(values) * _bend(values)
        axes, values = yield from doubled(ask, axes, values, _all_but(SKIPPED * close, part))


def _error(
    values: FloatArray,
    axes: Sequence[FloatArray],
    result: Callable[[FloatArray, Sequence[FloatArray]], float],
) -> float:
    """About how far a result is off: half as far as those of every other point are from it.

    A decoder of piecewise linear layers has kinks, for which it is a third or less. There are as
    many ways to take every other point as a cell has corners; one alone may be close by chance.
    """
    whole = result(values, axes)
    apart = []
    for first in itertools.product((0, 1), repeat=len(axes)):
        part = tuple(slice(one, None, 2) for one in first)
        coarser = [axis[one] for axis, one in zip(axes, part, strict=True)]
        apart.append(result(values[part], coarser) - whole)
    return 0.5 * float(np.sqrt(np.mean(np.square(apart))))


def _bend(values: FloatArray) -> FloatArray:
    """How far means of two neighbours may be from the values between them, about."""
    bend = np.zeros_like(values)
    for axis in range(values.ndim):
        room = [(1, 1) if other == axis else (0, 0) for other in range(values.ndim)]
        bend += np.pad(np.abs(np.diff(values, 2, axis=axis)), room, mode="edge") / 8
    return bend


def _all_but(amount: float, parts: FloatArray) -> NDArray[np.bool_]:
    """Leave out the least parts, which add up to that amount at most."""
    order = np.argsort(parts, axis=None)
    some = np.empty(parts.size, bool)
    some[order] = np.cumsum(parts.ravel()[order]) > amount
    return some.reshape(parts.shape)


def doubled(
    ask: Asking,
    axes: Sequence[FloatArray],
    values: FloatArray,
    matters: NDArray[np.bool_],
) -> Refined:
    """Halve the step of a grid: beside points that matter values are asked for, else a mean."""
    even = (slice(None, None, 2),) * len(axes)
    wanted, finer = matters, values
    for dimension in range(len(axes)):
        wanted, finer = _between(wanted, dimension), _halfway(finer, dimension)
    wanted[even] = False
    axes = [np.linspace(axis[0], axis[-1], 2 * len(axis) - 1) for axis in axes]
    finer[wanted] = yield from ask(points(axes)[wanted.ravel()])
    return axes, finer


def _halfway(values: FloatArray, axis: int) -> FloatArray:
    """Put between two neighbours along `axis` their mean."""
    along = np.moveaxis(values, axis, 0)
    finer = np.repeat(along, 2, axis=0)[:-1]
    finer[1::2] = (along[:-1] + along[1:]) / 2
    return np.moveaxis(finer, 0, axis)


def _between(mask: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Put between two neighbours along `axis` whether either is in the mask."""
    along = np.moveaxis(mask, axis, 0)
    finer = np.repeat(along, 2, axis=0)[:-1]
    finer[1::2] |= along[1:]
    return np.moveaxis(finer, 0, axis)
