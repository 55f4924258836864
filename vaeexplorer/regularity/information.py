"""How much information codes carry, by dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ACTIVE_VARIANCE = 0.01
"""A unit is active if the variance of its posterior mean over images is above this."""

IMAGES_AT_ONCE = 4_096
"""Of a million images nothing wide is held in memory for all of them: it stays in the cache."""


def rate_per_dimension(
    mean: NDArray[np.float32], log_variance: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Mean over images of KL(q(z_j|x) || N(0, 1)), in nats.

    Parameters
    ----------
    mean, log_variance
        Posteriors, (n, size) each.

    Returns
    -------
    Rates, (size,). By the closed form between Gaussians, 1/2 (mean^2 + e^lv - 1 - lv); they add
    up to the rate.
    """
    total = np.zeros(mean.shape[1])
    for start in range(0, len(mean), IMAGES_AT_ONCE):
        part = slice(start, start + IMAGES_AT_ONCE)
        total += _divergences(mean[part], log_variance[part]).sum(axis=0)
    return total / len(mean)


def active_units(mean: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each unit's posterior mean varies over images by more than ACTIVE_VARIANCE.

    Parameters
    ----------
    mean
        Posterior means, (n, size).

    Returns
    -------
    One bool per dimension, (size,). After Burda et al. 2016, Importance weighted autoencoders.
    """
    active: NDArray[np.bool_] = mean.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE
    return active


def dimension_order(
    mean: NDArray[np.float32], log_variance: NDArray[np.float32] | None
) -> NDArray[np.int64]:
    """Order latent dimensions by what they carry, most first.

    Parameters
    ----------
    mean, log_variance
        Codes of a data set, (n, size) each. Without `log_variance` (an AE) there is no rate and
        the variance of the codes decides.

    Returns
    -------
    Indices of dimensions, (size,); equal ones in their own order.
    """
    if log_variance is None:
        carried = mean.astype(np.float64).var(axis=0)
    else:
        carried = rate_per_dimension(mean, log_variance)
    return np.argsort(-carried, kind="stable")


def rate_per_image(
    mean: NDArray[np.float32], log_variance: NDArray[np.float32]
) -> NDArray[np.float32]:
    """KL(q(z|x) || N(0, I)) of every image, in nats.

    Parameters
    ----------
    mean, log_variance
        Posteriors, (n, size) each.

    Returns
    -------
    Rates, (n,), by the closed form of `rate_per_dimension`; their mean is the rate.
    """
    rates = np.empty(len(mean), np.float32)
    for start in range(0, len(mean), IMAGES_AT_ONCE):
        part = slice(start, start + IMAGES_AT_ONCE)
        rates[part] = _divergences(mean[part], log_variance[part]).sum(axis=1)
    return rates


def _divergences(
    mean: NDArray[np.float32], log_variance: NDArray[np.float32]
) -> NDArray[np.float64]:
    """KL(q(z_j|x) || N(0, 1)) of every image and dimension, in nats, (n, size)."""
    wide_mean, wide = mean.astype(np.float64), log_variance.astype(np.float64)
    divergences: NDArray[np.float64] = 0.5 * (wide_mean**2 + np.exp(wide) - 1.0 - wide)
    return divergences
