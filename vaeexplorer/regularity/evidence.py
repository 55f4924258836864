"""How probable a model finds images: the ELBO, importance-weighted bounds, and log p(x) itself.

log p(x) = ELBO + KL(q(z|x) || p(z|x)). In many dimensions it is bounded from below by weighting
draws from the posterior; in one or two it is integrated on a grid, and the identity can be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

REACH = 6.0
"""Half the side of the first grid, in standard deviations of the prior: 2e-9 lie beyond."""

COARSE, FINE = 201, 801
"""Points per axis of the first grid and of the second one."""

NEGLIGIBLE = 40.0
"""Nats below the highest point of p(x, z) that the second grid leaves out: 4e-18 of it."""

AT_ONCE = 8_192
"""Codes whose joint density is asked for at once."""


@dataclass(frozen=True, eq=False)
class ImportanceBound:
    """log 1/K sum_k w_k, w = p(x, z) / q(z|x): a lower bound of log p(x) in expectation only.

    Attributes
    ----------
    draws
        K.
    per_image
        Nats, (n,).
    standard_error
        Of the mean over images, from the spread between images, in nats; NaN for one image.
    effective
        Effective sample size (sum w)^2 / sum w^2 of each image's K draws, (n,): near 1, a single
        draw decides, and the bound says little.
    """

    draws: int
    per_image: FloatArray = field(repr=False)
    standard_error: float
    effective: FloatArray = field(repr=False)

    @property
    def mean(self) -> float:
        """Mean over images, in nats."""
        return float(self.per_image.mean())


def importance_bounds(
    log_weights: NDArray[np.floating], draws: Sequence[int]
) -> tuple[ImportanceBound, ...]:
    """Bounds from the first K of the draws, for each K.

    Parameters
    ----------
    log_weights
        log p(x, z) - log q(z|x), (draws, n), in nats; independent draws.
    draws
        Values of K, each from 1 to the number of draws. K = 1 is a one-sample ELBO.

    Raises
    ------
    ValueError
        If a K is not among the draws, or no image is given.

    References
    ----------
    Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", 2016.
    """
    weights = np.asarray(log_weights, np.float64)
    if weights.ndim != 2 or not weights.size:
        raise ValueError(f"Log weights must be (draws, images), not {weights.shape}.")
    bounds = []
    for count in draws:
        if not 1 <= count <= len(weights):
            raise ValueError(f"There is no bound of {count} draws among {len(weights)}.")
        first = weights[:count]
        per_image = log_mean(first)
        effective = _effective(first)
        bounds.append(ImportanceBound(count, per_image, _standard_error(per_image), effective))
    return tuple(bounds)


def _standard_error(values: FloatArray) -> float:
    """Of the mean of `values`; NaN where there is only one, or one is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def _effective(log_weights: FloatArray) -> FloatArray:
    """Effective sample sizes, (n,), of log weights (draws, n); 0 where all weights are 0."""
    highest = log_weights.max(axis=0)
    weights = np.exp(log_weights - np.where(np.isfinite(highest), highest, 0.0))
    squares = np.maximum((weights**2).sum(axis=0), np.finfo(float).tiny)
    sizes: FloatArray = weights.sum(axis=0) ** 2 / squares
    return sizes


def log_mean(logs: FloatArray) -> FloatArray:
    """log of the mean of exp(logs) over the first axis, without overflow; -inf where all are."""
    highest = logs.max(axis=0)
    anchor = np.where(np.isfinite(highest), highest, 0.0)
    with np.errstate(divide="ignore"):
        result: FloatArray = anchor + np.log(np.exp(logs - anchor).mean(axis=0))
    return result


@dataclass(frozen=True, eq=False)
class ExactEvidence:
    """One image's log p(x) by quadrature, and both posteriors on the grid.

    Attributes
    ----------
    log_evidence, elbo, gap
        log p(x), E_q[log p(x, z) - log q(z|x)] and KL(q(z|x) || p(z|x)), all integrated on the
        same grid, in nats.
    mean, deviation
        Of q(z|x), (size,) each.
    axes
        Coordinates of the grid along each latent dimension, one or two arrays.
    log_true, log_approximate
        Log densities of p(z|x) and q(z|x), of the grid's shape (first axis: first dimension).
    """

    log_evidence: float
    elbo: float
    gap: float
    mean: FloatArray
    deviation: FloatArray
    axes: tuple[FloatArray, ...] = field(repr=False)
    log_true: FloatArray = field(repr=False)
    log_approximate: FloatArray = field(repr=False)


def exact_evidence(
    log_joint: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    mean: NDArray[np.floating],
    log_variance: NDArray[np.floating],
) -> Generator[float, None, ExactEvidence]:
    """Integrate p(x, z) over z for one image and a latent space of one or two dimensions.

    A coarse grid finds where p(x, z) and q(z|x) are not negligible; the fine one covers that. The
    trapezoid rule on smooth densities that vanish at its ends converges faster than any power of
    the step, as long as the step is no longer than their narrowest standard deviation.

    Parameters
    ----------
    log_joint
        log p(x, z) of codes (k, size), (k,), in nats.
    mean, log_variance
        The approximate posterior q(z|x), (size,) each.

    Yields
    ------
    Share of the work that is done.

    Raises
    ------
    ValueError
        If there are more than two dimensions.
    """
    size = len(mean)
    if size not in (1, 2):
        raise ValueError(f"Exact evidence needs 1 or 2 latent dimensions, not {size}.")
    centre, deviation = np.asarray(mean, float), np.exp(np.asarray(log_variance, float) / 2)
    wide = [
        np.linspace(min(-REACH, m - REACH * s), max(REACH, m + REACH * s), COARSE)
        for m, s in zip(centre, deviation, strict=True)
    ]
    total = COARSE**size + FINE**size
    coarse = yield from _on_grid(log_joint, wide, 0, total)
    axes = _where_it_matters(coarse, wide, centre, deviation)
    joint = yield from _on_grid(log_joint, axes, COARSE**size, total)
    step = math.prod(axis[1] - axis[0] for axis in axes)
    approximate = _log_gaussian(axes, centre, deviation)
    # Exactly 1 on this grid too: the identity is to hold to the last digits.
    approximate -= _log_sum(approximate) + math.log(step)
    log_evidence = _log_sum(joint) + math.log(step)
    weights = np.exp(approximate) * step
    there = weights > 0
    elbo = float((weights[there] * (joint - approximate)[there]).sum())
    true = joint - log_evidence
    gap = float((weights[there] * (approximate - true)[there]).sum())
    return ExactEvidence(log_evidence, elbo, gap, centre, deviation, tuple(axes), true, approximate)


def _on_grid(
    log_joint: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    axes: Sequence[FloatArray],
    before: int,
    total: int,
) -> Generator[float, None, FloatArray]:
    """log p(x, z) at all points of a grid, of its shape."""
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    parts = []
    for start in range(0, len(points), AT_ONCE):
        yield (before + start) / total
        part = points[start : start + AT_ONCE].astype(np.float32)
        parts.append(np.asarray(log_joint(part), np.float64))
    return np.concatenate(parts).reshape([len(axis) for axis in axes])


def _where_it_matters(
    log_joint: FloatArray, axes: Sequence[FloatArray], centre: FloatArray, deviation: FloatArray
) -> list[FloatArray]:
    """Axes of a fine grid around all that is not negligible of p(x, z) and of q(z|x)."""
    matters = log_joint > log_joint.max() - NEGLIGIBLE
    fine = []
    for dimension, axis in enumerate(axes):
        others = tuple(other for other in range(len(axes)) if other != dimension)
        found = np.flatnonzero(matters.any(axis=others))
        step = axis[1] - axis[0]
        reach = math.sqrt(2 * NEGLIGIBLE) * deviation[dimension]
        low = min(axis[found[0]] - step, centre[dimension] - reach)
        high = max(axis[found[-1]] + step, centre[dimension] + reach)
        fine.append(np.linspace(low, high, FINE))
    return fine


def _log_gaussian(
    axes: Sequence[FloatArray], centre: FloatArray, deviation: FloatArray
) -> FloatArray:
    """Log density of a diagonal Gaussian on a grid."""
    parts: list[FloatArray] = [
        -0.5 * ((axis - m) / s) ** 2 - math.log(s) - 0.5 * math.log(2 * math.pi)
        for axis, m, s in zip(axes, centre, deviation, strict=True)
    ]
    total: FloatArray = parts[0]
    for part in parts[1:]:
        total = total[..., None] + part
    return total


def _log_sum(logs: FloatArray) -> float:
    return float(log_mean(logs.ravel())) + math.log(logs.size)
