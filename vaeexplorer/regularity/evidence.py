"""How probable a model finds images: importance-weighted bounds of log p(x).

log p(x) = ELBO + KL(q(z|x) || p(z|x)). It is bounded from below by weighting draws from the
posterior; in one or two dimensions it is integrated (see `quadrature`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


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
