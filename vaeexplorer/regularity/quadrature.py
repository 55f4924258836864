"""log p(x) itself: p(x, z) integrated over all z of one or two dimensions.

log p(x) = ELBO + KL(q(z|x) || p(z|x)). In many dimensions log p(x) is only bounded (see
`evidence`); in one or two all three are integrated, and the identity can be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.regularity.grids import (
    Asked,
    Asking,
    FloatArray,
    Refined,
    doubled,
    halved,
    on_grid,
    points,
)

LogJoint = Callable[[NDArray[np.float32]], NDArray[np.floating]]
Placed = Callable[[FloatArray], tuple[NDArray[np.float32], NDArray[np.floating]]]

GREATEST_EXACT = 2
"""More latent dimensions than this are not integrated on a grid."""

REACH = 6.0
"""Half the side of the first grid over z."""

FIRST, CLOSER, MOST = {1: (201, 2), 2: (26, 2)}, {1: (51, 2), 2: (17, 1)}, {1: 12_801, 2: 1_025}
"""By number of dimensions: points per axis of the first grid, and of those that close in on what is
not negligible, with how often their steps are halved there; and points of the finest grid."""

ROUNDS = 30
"""Grids that close in, at most: each is less than half as wide as the one before."""

NEGLIGIBLE = 25.0
"""Nats below the highest point of p(x, z) that are left out: 1e-11 of it."""

STEPS, FIRST_STEPS, MOST_STEPS = 7.0, 29, {1: 3_585, 2: 225}
"""Standard deviations of q(z|x) that are gone through, and points per axis, least and most."""

USUAL = 8_000
"""Codes that are usually asked for."""

DEVIATIONS, TURN = (1.0, 2.0), 129
"""Standard deviations at which q(z|x) is outlined, and points of an outline."""


@dataclass(frozen=True, eq=False)
class ExactEvidence:
    """One image's log p(x) by quadrature, and both posteriors.

    Attributes
    ----------
    log_evidence, elbo, gap
        log p(x), E_q[log p(x, z) - log q(z|x)] and KL(q(z|x) || p(z|x)), in nats: the first
        integrated over p(x, z), the others over q(z|x).
    mean, deviation
        Of q(z|x), (size,) each.
    axes
        Coordinates of the grid along each latent dimension, one or two arrays.
    log_true
        Log density of p(z|x), of the grid's shape (first axis: first dimension).
    outlines
        In two dimensions where q(z|x) is one and two standard deviations from its middle,
        (TURN, 2) each.
    names
        What the dimensions are called, where it is not by their numbers.
    """

    log_evidence: float
    elbo: float
    gap: float
    mean: FloatArray
    deviation: FloatArray
    axes: tuple[FloatArray, ...] = field(repr=False)
    log_true: FloatArray = field(repr=False)
    outlines: tuple[FloatArray, ...] = field(repr=False)
    names: tuple[str, ...] = ()

    def in_units(self, lengths: NDArray[np.floating]) -> ExactEvidence:
        """Return the same of z times `lengths`, (size,), each above 0."""
        scale = np.asarray(lengths, np.float64)
        return replace(
            self,
            mean=self.mean * scale,
            deviation=self.deviation * scale,
            axes=tuple(axis * length for axis, length in zip(self.axes, scale, strict=True)),
            log_true=self.log_true - np.log(scale).sum(),
            outlines=tuple(outline * scale for outline in self.outlines),
        )


def exact_evidence(
    log_joint: LogJoint, placed: Placed, size: int, at_once: int = 8_192
) -> Generator[float, None, ExactEvidence]:
    """Integrate p(x, z) over z for one image and a latent space of one or two dimensions.

    Ever smaller grids close in on where p(x, z) is not negligible; there the step is halved until
    log p(x) is about 1e-4 nats off, or as close as single precision lets it come. The trapezoid
    rule on smooth densities that vanish at its ends converges faster than any power of the step;
    decoders with kinks need finer grids, but not everywhere. What is a mean over q(z|x) is
    integrated over the standard normal steps that z is reparametrised by, so that q may be as
    narrow as it likes.

    Parameters
    ----------
    log_joint
        log p(x, z) of codes (k, size), (k,), in nats.
    placed
        q(z|x): z at standard normal steps (k, size) from its middle, and log q(z|x) there, (k,).
    at_once
        Codes that are asked for at once, at most.

    Yields
    ------
    About the share of the work that is done.

    Raises
    ------
    ValueError
        If there are more than two dimensions.
    """
    if size not in (1, 2):
        raise ValueError(f"Exact evidence needs 1 or 2 latent dimensions, not {size}.")
    asking = _Asking(log_joint, at_once)
    axes, joint = yield from _integrated(asking, placed, size)
    log_evidence = _log_integral(joint, axes)
    steps, excess = yield from _followed(asking, placed, size)
    weights = _weights(steps)
    z = placed(points(steps))[0].astype(np.float64)
    share = weights.reshape(-1, 1)
    mean = (share * z).sum(axis=0)
    return ExactEvidence(
        log_evidence,
        float((weights * excess).sum()),
        float((weights * (log_evidence - excess)).sum()),
        mean,
        np.sqrt((share * (z - mean) ** 2).sum(axis=0)),
        tuple(axes),
        joint - log_evidence,
        _outlines(placed) if size == 2 else (),
    )


class _Asking:
    """Asks for log p(x, z) part by part."""

    def __init__(self, log_joint: LogJoint, at_once: int) -> None:
        self._log_joint, self._at_once, self._asked = log_joint, at_once, 0

    def at(self, z: NDArray[np.floating]) -> Asked:
        """log p(x, z) of codes (k, size), (k,)."""
        parts = [np.zeros(0)]
        for start in range(0, len(z), self._at_once):
            yield self._asked / (self._asked + USUAL)
            part = np.ascontiguousarray(z[start : start + self._at_once], np.float32)
            parts.append(np.asarray(self._log_joint(part), np.float64))
            self._asked += len(part)
        return np.concatenate(parts)


# --- p(x, z), over z ------------------------------------------------------------------------------


def _integrated(asking: _Asking, placed: Placed, size: int) -> Refined:
    """Axes and log p(x, z) of a grid that is fine enough, around all that is not negligible."""
    reached = placed(points([np.array([-STEPS, 0.0, STEPS])] * size))[0].astype(np.float64)
    low, high = np.minimum(reached.min(axis=0), -REACH), np.maximum(reached.max(axis=0), REACH)
    ends = [(float(one), float(other)) for one, other in zip(low, high, strict=True)]
    axes, joint = yield from _looked_at(asking.at, ends, FIRST[size])
    for _ in range(ROUNDS):
        closer = _around(axes, joint)
        if closer is None:
            break
        axes, joint = yield from _looked_at(asking.at, closer, CLOSER[size])
    return (yield from halved(asking.at, axes, joint, MOST[size], _log_integral, _shares))


def _looked_at(ask: Asking, ends: Sequence[tuple[float, float]], grid: tuple[int, int]) -> Refined:
    """Axes between `ends`, and log p(x, z), in detail only where it may not be negligible."""
    count, halvings = grid
    axes = [np.linspace(*both, count) for both in ends]
    joint = yield from on_grid(ask, axes)
    for _ in range(halvings):
        axes, joint = yield from doubled(ask, axes, joint, _matters(joint))
    return axes, joint


def _around(axes: Sequence[FloatArray], log_joint: FloatArray) -> list[tuple[float, float]] | None:
    """Return ends of axes worth closing in on, or widening to; None: these are good."""
    matters = _matters(log_joint)
    ends, good = [], True
    for dimension, axis in enumerate(axes):
        others = tuple(other for other in range(len(axes)) if other != dimension)
        found = np.flatnonzero(matters.any(axis=others))
        first, last = int(found[0]), int(found[-1])
        step, width = axis[1] - axis[0], axis[-1] - axis[0]
        beyond = first == 0, last == len(axis) - 1
        low = axis[0] - width / 2 if beyond[0] else axis[first] - step
        high = axis[-1] + width / 2 if beyond[1] else axis[last] + step
        good &= not any(beyond) and high - low > width / 2
        ends.append((float(low), float(high)))
    return None if good else ends


def _matters(log_joint: FloatArray) -> NDArray[np.bool_]:
    """Where p(x, z) may not be negligible, on a grid or between its points.

    Between two points it rises by less than from one of them to the next on its other side, as
    long as it falls off no slower than a Gaussian.
    """
    rise = np.zeros_like(log_joint)
    for axis in range(log_joint.ndim):
        change = np.abs(np.diff(log_joint, axis=axis))
        for side in ((1, 0), (0, 1)):
            room = [side if other == axis else (0, 0) for other in range(log_joint.ndim)]
            rise = np.maximum(rise, np.pad(change, room))
    return np.asarray(log_joint + rise > log_joint.max() - NEGLIGIBLE)


def _shares(log_joint: FloatArray) -> FloatArray:
    """Shares of points in the integral, in all 1: what log p(x) changes by per nat there."""
    shares: FloatArray = np.exp(log_joint - log_joint.max())
    return np.asarray(shares / shares.sum())


def _log_integral(logs: FloatArray, axes: Sequence[FloatArray]) -> float:
    highest = float(logs.max())
    step = math.prod(float(axis[1] - axis[0]) for axis in axes)
    return highest + math.log(float(np.exp(logs - highest).sum())) + math.log(step)


# --- means over q(z|x), over its steps ------------------------------------------------------------


def _followed(asking: _Asking, placed: Placed, size: int) -> Refined:
    """Axes of steps, and log p(x, z) - log q(z|x) of the z that they lead to."""

    def excess(steps: FloatArray) -> Asked:
        z, log_density = placed(steps)
        joint = yield from asking.at(z)
        return joint - np.asarray(log_density, np.float64)

    def mean(values: FloatArray, axes: Sequence[FloatArray]) -> float:
        return float((_weights(axes) * values).sum())

    axes = [np.linspace(-STEPS, STEPS, FIRST_STEPS)] * size
    values = yield from on_grid(excess, axes)
    return (yield from halved(excess, axes, values, MOST_STEPS[size], mean, _weights_of))


def _weights_of(excess: FloatArray) -> FloatArray:
    """Weights of values at steps in their mean, in all 1."""
    return _weights([np.linspace(-STEPS, STEPS, count) for count in excess.shape])


def _weights(axes: Sequence[FloatArray]) -> FloatArray:
    """Return the standard normal density on a grid, of its shape, in all 1."""
    total = np.ones(())
    for axis in axes:
        part = np.exp(-0.5 * axis**2)
        total = total[..., None] * (part / part.sum())
    return total


def _outlines(placed: Placed) -> tuple[FloatArray, ...]:
    turn = np.linspace(0, 2 * np.pi, TURN)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return tuple(placed(reach * circle)[0].astype(np.float64) for reach in DEVIATIONS)
