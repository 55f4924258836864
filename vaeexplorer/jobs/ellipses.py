"""Posteriors as ellipses on a map with straight axes: what variance and mean regularise."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.overlap import nearest_overlaps
from vaeexplorer.latent.selection import spread_out
from vaeexplorer.run import Codes

MOST = 24
"""Posteriors that are drawn at a time, of a selection."""

AROUND = 12
"""Posteriors that are drawn about what is probed, where nothing is selected."""


@dataclass(frozen=True, eq=False)
class Ellipses:
    """Posteriors on a map.

    Attributes
    ----------
    images
        Whose posteriors they are, (k,).
    centres
        float64, (k, 2): the means.
    roots
        float64, (k, 2, 2): unit vectors of the plane u to u @ root lie one standard deviation
        from the mean. Across the map a posterior goes on: this is its shadow, its marginal.
    selected
        How many images are selected; 0 where these are the ones about the probe.
    size
        Latent dimensions.
    reach
        How far two standard deviations reach in the median, in units of half the map.
    overlap
        Mean over these of the overlap with the posterior that each overlaps with most, in all
        dimensions; None while it is not known.
    """

    images: NDArray[np.int64] = field(repr=False)
    centres: NDArray[np.float64] = field(repr=False)
    roots: NDArray[np.float64] = field(repr=False)
    selected: int
    size: int
    reach: float
    overlap: float | None = None


@dataclass(frozen=True)
class NoEllipses:
    """Why there are none.

    "no posterior" (an AE's codes have no variance), "one dimension", or "no axes" of the map.
    """

    why: Literal["no posterior", "one dimension", "no axes"]


def ellipses(
    lift: Lift,
    codes: Codes,
    selected: NDArray[np.int64] | None,
    probed: NDArray[np.float32] | None,
) -> Generator[Ellipses | NoEllipses, None, Ellipses | NoEllipses]:
    """Find the posteriors of some images on the map of `lift`, then how much they overlap.

    Parameters
    ----------
    codes
        Posteriors of all images.
    selected
        Indices of the selected images; of many, MOST that are spread out are drawn.
    probed
        A code, (size,): where nothing is selected, the AROUND images nearest to it are drawn.
    """
    spread = codes.log_variance
    if spread is None:
        return NoEllipses("no posterior")
    if spread.shape[1] == 1:
        return NoEllipses("one dimension")
    axes = lift.axes
    if axes is None:
        return NoEllipses("no axes")
    count = 0 if selected is None else len(selected)
    if selected is not None and count:
        chosen = spread_out(selected, MOST)
    else:
        place = codes.mean[0] if probed is None else probed
        chosen = lift.index.nearest(place, AROUND)[1].astype(np.int64)
    variance = np.exp(spread[chosen].astype(np.float64))
    # A diagonal Gaussian seen along other axes: covariance axes' diag(variance) axes.
    covariance = np.einsum("kj,ja,jb->kab", variance, axes, axes)
    values, vectors = np.linalg.eigh(covariance)
    roots = np.sqrt(np.maximum(values, 0))[:, :, None] * vectors.transpose(0, 2, 1)
    centres = lift.positions[chosen].astype(np.float64)
    reach = 2 * float(np.sqrt(np.median(values.max(axis=1)))) / _half(lift.positions)
    found = Ellipses(chosen, centres, roots, count, codes.mean.shape[1], reach)
    if len(codes.mean) < 2:
        return found
    yield found
    return replace(found, overlap=float(nearest_overlaps(codes.mean, spread, chosen)[0].mean()))


def _half(positions: NDArray[np.float32]) -> float:
    """Return half the longer side of the map of `positions`, (n, 2); 1 where all are one."""
    return float(np.ptp(positions, axis=0).max()) / 2 or 1.0
