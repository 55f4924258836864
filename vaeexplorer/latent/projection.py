"""Codes to 2-D: the Map record, and the projections that take no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import InputError

LARGEST_CODE = 1e15
"""Beyond this, sums of squares overflow float32; such codes are refused like infinite ones."""

DENSITY_BINS = 512


@dataclass(frozen=True, eq=False)
class Map:
    """Positions of a data set's codes in the plane.

    Attributes
    ----------
    method
        "pca", "umap", "umap-learn", "axes" (the latent axes themselves, for size <= 2) or
        "dimensions" (two of more of them: `across` and `up` in the settings, counted from 0).
    positions
        float32, (n, 2).
    settings
        What the method was told (neighbours, min_dist, seed ...), JSON values. `exact` is True
        where the map loses nothing, so that a place on it is a code. `fallback` says why this
        method stands where another one was asked for.
    """

    method: str
    positions: NDArray[np.float32] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


class ProjectionError(RuntimeError):
    """A projection that failed; the message is one sentence for the user."""


def check_codes(codes: NDArray[np.float32]) -> None:
    """Raise InputError with one sentence unless `codes`, (n, size), can be mapped."""
    if codes.ndim != 2 or codes.size == 0:
        raise InputError("There are no codes to map; encode at least one image first.")
    # NaN compares false, so that one pass finds it too.
    if not np.abs(codes).max() <= LARGEST_CODE:
        raise InputError(
            "Some codes are not finite numbers, so there is no map of them; "
            "train the model again with a lower learning rate."
        )


def pca_map(codes: NDArray[np.float32]) -> Map:
    """Project codes onto their two principal axes.

    The sign of an axis is fixed by making its largest component positive. Codes of size 1 have no
    second axis and get their `axes_map`.

    Parameters
    ----------
    codes
        float32, (n, size), n >= 1.

    Raises
    ------
    InputError
        If there are no codes or some are not finite.

    References
    ----------
    K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901.
    """
    check_codes(codes)
    if codes.shape[1] == 1:
        return axes_map(codes)
    centre, axes = principal_axes(codes)
    positions = np.asarray((np.asarray(codes, np.float32) - centre) @ axes, np.float32)
    return Map("pca", positions, {"centred": True, "scaled": False})


def principal_axes(
    codes: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean of codes, (size,), and their two principal axes, (size, 2), size >= 2."""
    # float32 throughout: twice as fast, and the two largest axes need no more.
    centre = codes.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = np.asarray(codes, np.float32) - centre
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, :-3:-1]
    largest = np.abs(axes).argmax(axis=0)
    signs = np.where(axes[largest, [0, 1]] < 0, -1, 1)
    return centre, np.asarray(axes * signs, np.float32)


def axes_map(codes: NDArray[np.float32]) -> Map:
    """Show codes of size <= 2 as they are.

    Codes of size 2 are their own positions. Codes of size 1 are shown against their density,
    scaled so that it rises to half the range of the codes (`density_scale` in the settings).

    Parameters
    ----------
    codes
        float32, (n, size), n >= 1, size 1 or 2.

    Raises
    ------
    InputError
        If there are no codes or some are not finite.
    ValueError
        If size > 2.
    """
    check_codes(codes)
    size = codes.shape[1]
    if size > 2:
        raise ValueError(f"Codes of size {size} are not positions in the plane.")
    if size == 2:
        return Map("axes", np.array(codes, np.float32), {"exact": True})
    z = codes[:, 0].astype(np.float64)
    density = _density(z)
    scale = (np.ptp(z) or 1.0) / (2 * density.max())
    positions = np.stack([z, density * scale], axis=1).astype(np.float32)
    return Map("axes", positions, {"exact": True, "density_scale": float(scale)})


def dimensions_map(codes: NDArray[np.float32], across: int, up: int) -> Map:
    """Show codes, (n, size), by two of their dimensions, counted from 0."""
    positions = np.ascontiguousarray(codes[:, [across, up]], np.float32)
    return Map("dimensions", positions, {"across": across, "up": up})


def _density(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density of `z` at each of its values, (n,): a histogram smoothed by a Gaussian.

    The bandwidth is Silverman's rule (Density Estimation, 1986, eq. 3.31).
    """
    if np.ptp(z) == 0:
        return np.ones_like(z)
    quartiles = np.percentile(z, [25, 75])
    spread = min(z.std(), np.ptp(quartiles) / 1.34) or z.std()
    bandwidth = 0.9 * spread * len(z) ** -0.2
    margin = 3 * bandwidth
    counts, edges = np.histogram(z, DENSITY_BINS, (z.min() - margin, z.max() + margin))
    width = edges[1] - edges[0]
    # A kernel narrower than a bin would vanish between the bins.
    reach = np.arange(-DENSITY_BINS, DENSITY_BINS + 1) * width / max(bandwidth, width)
    kernel = np.exp(-0.5 * reach**2)
    smooth = np.convolve(counts, kernel / kernel.sum(), mode="full")
    smooth = smooth[DENSITY_BINS : 2 * DENSITY_BINS]
    centres = (edges[:-1] + edges[1:]) / 2
    density: NDArray[np.float64] = np.interp(z, centres, smooth / (len(z) * width))
    return density
