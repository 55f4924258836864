"""How much posteriors overlap: what their variance is for, and what a regular space is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 2**21
"""Values that are held at a time."""


def nearest_overlaps(
    mean: NDArray[np.float32], log_variance: NDArray[np.float32], chosen: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how much each chosen posterior overlaps with the one that it overlaps with most.

    Parameters
    ----------
    mean, log_variance
        Posteriors of all images, (n, size) each, n > 1.
    chosen
        Indices of images, (k,).

    Returns
    -------
    overlaps, partners
        Bhattacharyya coefficients, (k,), the integral of sqrt(p q): 1 for equal posteriors, 0 for
        those that have nothing in common; and the indices of the others, (k,).

    References
    ----------
    A. Bhattacharyya, "On a measure of divergence between two statistical populations", 1943. For
    diagonal Gaussians it is the product over dimensions of
    sqrt(2 s t / (s^2 + t^2)) exp(-(m - l)^2 / (4 (s^2 + t^2))).
    """
    overlaps, partners = np.empty(len(chosen)), np.empty(len(chosen), np.int64)
    rows = max(1, AT_ONCE // mean.size)
    for start in range(0, len(chosen), rows):
        part = slice(start, start + rows)
        logs = _log_coefficients(mean, log_variance, chosen[part])
        logs[np.arange(len(logs)), chosen[part]] = -np.inf
        partners[part] = logs.argmax(axis=1)
        overlaps[part] = np.exp(logs.max(axis=1))
    return overlaps, partners


def _log_coefficients(
    mean: NDArray[np.float32], log_variance: NDArray[np.float32], chosen: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Logarithms of the coefficients of each of `chosen`, (k,), with every posterior: (k, n)."""
    logs = np.zeros((len(chosen), len(mean)))
    # By dimension: (k, n) stays in a cache where (k, n, size) would not.
    for axis in range(mean.shape[1]):
        centres = mean[:, axis].astype(np.float64)
        half = log_variance[:, axis].astype(np.float64) / 2
        deviations = np.exp(half)
        total = deviations[chosen, None] ** 2 + deviations**2
        logs += 0.5 * (np.log(2.0) + half[chosen, None] + half - np.log(total))
        logs -= (centres[chosen, None] - centres) ** 2 / (4 * total)
    return logs
