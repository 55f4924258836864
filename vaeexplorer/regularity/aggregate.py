"""The aggregate posterior q(z), the mixture of all posteriors, against the prior.

KL(q(z)||p(z)) = total correlation + sum of the KL of each dimension, and the rate is the mutual
information of image and code more (Hoffman and Johnson 2016; Chen et al. 2018, whose estimates from
minibatches are far off: here the mixture is that of all images).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.models.base import Prior

DRAWS = 1000
MOST_TERMS = 2e8
"""Draws x images x dimensions, at most: about two seconds."""
AT_ONCE = 4_000_000

BINS, FEW_BINS = 200, 60
"""Of the curves of one dimension; the few where codes have no posterior to smooth them."""

REACH, ROOM = 4.0, 5.0
"""Half the width of the curves, at least, and their margin in standard deviations."""


def aggregate_terms(
    mean: Tensor, log_variance: Tensor, prior: Prior, generator: torch.Generator
) -> dict[str, float | None]:
    """Estimate the terms of KL(q(z)||p(z)) from draws of q(z), in nats.

    Parameters
    ----------
    mean, log_variance
        Posteriors of images, (n, size) each.
    prior
        N(0, I) for the terms by dimension; any other law gives only the whole.

    Returns
    -------
    dict
        "aggregate_kl", "total_correlation", "dimension_kl", "mutual_information" and
        "mutual_information_limit" (log n); None for terms by dimension of another prior, and for
        the whole where the density of the prior is not known.
    """
    n, size = mean.shape
    draws = max(1, min(DRAWS, int(MOST_TERMS / (n * size))))
    chosen = torch.randint(n, (draws,), generator=generator)
    noise = torch.randn(draws, size, generator=generator).double()
    mean, log_variance = mean.double(), log_variance.double()
    z = mean[chosen] + noise * (0.5 * log_variance[chosen]).exp()
    own = -0.5 * (noise.square() + log_variance[chosen] + math.log(2 * math.pi)).sum(dim=1)
    whole, marginals = _log_mixture(z, mean, log_variance)
    log_prior = prior.log_prob(z.float())
    terms: dict[str, float | None] = {
        "aggregate_kl": None if log_prior is None else float((whole - log_prior.double()).mean()),
        "total_correlation": float((whole - marginals).mean()),
        "mutual_information": float((own - whole).mean()),
        "mutual_information_limit": math.log(n),
        "dimension_kl": None,
    }
    if prior.name == "standard normal":
        by_dimension = -0.5 * (z.square() + math.log(2 * math.pi)).sum(dim=1)
        terms["dimension_kl"] = float((marginals - by_dimension).mean())
    return terms


def code_terms(indices: Tensor, count: int) -> dict[str, float | None]:
    """Terms of KL(q(z)||p(z)) in nats where an image has its codes for certain, exactly.

    q(z) is how often images have each row of codes; the terms by dimension are those by position.

    Parameters
    ----------
    indices
        Codes of all images, (n, positions).
    count
        K: the prior is uniform over so many codes at every position.

    Returns
    -------
    dict
        As `aggregate_terms`. The mutual information is the entropy of the codes, hence with the
        KL exactly the rate, positions x ln K.
    """
    n, positions = indices.shape
    whole = _entropy(torch.unique(indices, dim=0, return_counts=True)[1])
    alone = sum(_entropy(torch.bincount(column)) for column in indices.T)
    rate = positions * math.log(count)
    return {
        "aggregate_kl": rate - whole,
        "total_correlation": alone - whole,
        "mutual_information": whole,
        "mutual_information_limit": math.log(n),
        "dimension_kl": rate - alone,
    }


def _entropy(counts: Tensor) -> float:
    """Nats of the law that has these counts."""
    shares = counts[counts > 0].double() / counts.sum()
    return float(-(shares * shares.log()).sum())


def _log_mixture(z: Tensor, mean: Tensor, log_variance: Tensor) -> tuple[Tensor, Tensor]:
    """log q(z), and the sum over dimensions of log q(z_j), (draws,) each."""
    n, size = mean.shape
    precision = (-log_variance).exp()
    constant = log_variance + math.log(2 * math.pi)
    whole, marginals = [], []
    for part in torch.split(z, max(1, AT_ONCE // (n * size))):
        squared = (part[:, None, :] - mean).square_().mul_(precision).add_(constant).mul_(-0.5)
        whole.append(squared.sum(dim=2).logsumexp(dim=1))
        marginals.append(squared.logsumexp(dim=1).sum(dim=1))
    log_n = math.log(n)
    return torch.cat(whole) - log_n, torch.cat(marginals) - size * log_n


@dataclass(frozen=True, eq=False)
class MarginalCurve:
    """Densities of one latent dimension.

    Attributes
    ----------
    dimension
        Which one.
    edges
        Edges of the bins, (bins + 1,).
    aggregate, prior
        Mean density in each bin of q(z_j), the mixture of all posteriors, and of p(z_j), (bins,);
        `prior` is None where the dimensions have no law of their own, or there is none.
    divergence
        KL(q(z_j) || p(z_j)) of the bins, in nats; None without a prior.
    """

    dimension: int
    edges: NDArray[np.float64] = field(repr=False)
    aggregate: NDArray[np.float64] = field(repr=False)
    prior: NDArray[np.float64] | None = field(repr=False)
    divergence: float | None


def marginal_curve(
    dimension: int, mean: Tensor, log_variance: Tensor | None, prior: Prior | None
) -> MarginalCurve:
    """Compare one dimension of all codes with N(0, 1), if `prior` is the standard normal law.

    Parameters
    ----------
    mean, log_variance
        Posteriors in this dimension, (n,) each; without a variance codes are points.
    """
    mean = mean.double()
    deviation = torch.zeros_like(mean) if log_variance is None else (0.5 * log_variance).exp()
    low = min(-REACH, float((mean - ROOM * deviation).amin()))
    high = max(REACH, float((mean + ROOM * deviation).amax()))
    edges = torch.linspace(low, high, (FEW_BINS if log_variance is None else BINS) + 1).double()
    # Masses of whole bins: exact however narrow the posteriors are.
    masses = _below(edges, mean, deviation).diff()
    widths = edges.diff()
    if prior is None or prior.name != "standard normal":
        return MarginalCurve(dimension, edges.numpy(), (masses / widths).numpy(), None, None)
    # In the upper tail from above: from below all of it is 1.
    upper, lower = -_normal_below(-edges).diff(), _normal_below(edges).diff()
    expected = torch.where(edges[:-1] > 0, upper, lower).clamp_min(torch.finfo(edges.dtype).tiny)
    seen = masses > 0
    divergence = (masses * (masses / expected).log())[seen].sum()
    return MarginalCurve(
        dimension,
        edges.numpy(),
        (masses / widths).numpy(),
        (expected / widths).numpy(),
        float(divergence),
    )


def _below(edges: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """Mass of the mixture below each edge, (edges,)."""
    if not deviation.any():
        return torch.searchsorted(mean.sort().values, edges, right=True).double() / len(mean)
    parts = [_normal_below((edge - mean) / deviation.double()).mean() for edge in edges]
    return torch.stack(parts)


def _normal_below(x: Tensor) -> Tensor:
    """Mass of N(0, 1) below `x`, exact far out too, where torch's own is 0 from six on."""
    mass: Tensor = 0.5 * torch.special.erfc(-x * math.sqrt(0.5))
    return mass
