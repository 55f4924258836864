"""Laws that codes are drawn from: the declared prior, or one fitted to training codes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vaeexplorer.regularity.ground import symmetric_root

FITTED_GAUSSIAN = "fitted Gaussian"
FITTED_MIXTURE = "fitted mixture of 10"
COMPONENTS = 10
EM_ROUNDS = 20
NEGLIGIBLE_VARIANCE = 1e-10


class Law(Protocol):
    """Something that draws codes; a declared prior is one."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, float32, (n, size)."""
        ...


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Gaussians with full covariance, drawn in proportion to their weights.

    weights: float64, (k,). means: float64, (k, size). roots: float64, (k, rank, size), where
    noise @ root, with `rank` numbers of noise, has the covariance of a component.
    """

    name: str
    weights: Tensor
    means: Tensor
    roots: Tensor

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, float32, (n, size)."""
        component = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.roots.shape[1], generator=generator).double()
        codes = self.means[component]
        for index, root in enumerate(self.roots):
            drawn = component == index
            codes[drawn] += noise[drawn] @ root
        return codes.float()


def fit_gaussian(codes: Tensor) -> GaussianMixture:
    """Full-covariance Gaussian of `codes` (n, size): the most favourable single Gaussian."""
    mean = codes.double().mean(dim=0, keepdim=True)
    return GaussianMixture(
        FITTED_GAUSSIAN, torch.ones(1, dtype=torch.float64), mean, symmetric_root(codes)[None]
    )


def fit_mixture(codes: Tensor) -> GaussianMixture:
    """Mixture of 10 full-covariance Gaussians fitted to `codes` (n, size) by EM, seed 0.

    Fitted in whitened coordinates, so that neither the scale of an axis nor a dead one decides
    where EM starts or how much it regularises.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture as Fit

    exact = codes.double()
    mean = exact.mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov(exact.T).reshape(codes.shape[1], -1))
    alive = values > NEGLIGIBLE_VARIANCE * values.amax()
    if not alive.any():
        return fit_gaussian(codes)
    scale = values[alive].sqrt()
    components = min(COMPONENTS, len(codes))
    fit = Fit(components, max_iter=EM_ROUNDS, init_params="k-means++", random_state=0)
    with warnings.catch_warnings():
        # Any mixture is a law; one that EM would still improve a little is no worse a one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit.fit(((exact - mean) @ vectors[:, alive] / scale).numpy())
    back = scale[:, None] * vectors[:, alive].T
    cholesky = torch.linalg.cholesky(torch.from_numpy(fit.covariances_))
    return GaussianMixture(
        FITTED_MIXTURE,
        torch.from_numpy(fit.weights_),
        mean + torch.from_numpy(fit.means_) @ back,
        cholesky.mT @ back,
    )
