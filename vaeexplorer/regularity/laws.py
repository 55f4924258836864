"""Laws that codes are drawn from: the declared prior, or one fitted to training codes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity.code_laws import (
    CODE_FREQUENCIES,
    CODE_NEIGHBOURS,
    fit_frequencies,
    fit_neighbours,
)
from vaeexplorer.regularity.ground import covariance, symmetric_root
from vaeexplorer.regularity.law_names import (
    FREQUENCIES,
    GAUSSIAN,
    OF_CODEBOOKS,
    OWN,
    LawError,
    components_of,
)

FITTED_GAUSSIAN = "fitted Gaussian"
FITTED_MIXTURE = "fitted mixture of 10"
COMPONENTS = 10
EM_ROUNDS, ROUNDS_AT_ONCE = 20, 2
NEGLIGIBLE_VARIANCE = 1e-10

_silence = threading.Lock()


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
class Drawn:
    """The law of whole images whose codes in `space` are drawn from `law`: codes of its `drawn_in`.

    Of a layer of a hierarchy, the layers below are drawn under its codes. Where those above are
    drawn by its declared prior, that is the law that completeness is about.
    """

    space: LatentSpace
    law: Law

    @property
    def name(self) -> str:
        """What reports call it: at the top of a hierarchy its prior draws all layers."""
        whole = self.space.drawn_in.prior
        from_the_top = self.law is self.space.prior and self.space.given is None
        return whole.name if from_the_top and whole is not None else self.law.name

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes of `space.drawn_in`, float32, (n, its size)."""
        return self.space.below(self.law.sample(n, generator), generator)


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Gaussians with full covariance, drawn in proportion to their weights.

    weights: float64, (k,). means: float64, (k, size). roots: float64, (k, rank, size), where
    noise @ root, with `rank` numbers of noise, has the covariance of a component. bic: Bayesian
    information criterion on the codes that it was fitted to, in nats: parameters x ln n - 2 ln of
    their likelihood; None where it is not known.
    """

    name: str
    weights: Tensor
    means: Tensor
    roots: Tensor
    bic: float | None = None

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


def fit_mixture(
    codes: Tensor, components: int = COMPONENTS, pause: Callable[[], None] = lambda: None
) -> GaussianMixture:
    """Mixture of so many full-covariance Gaussians fitted to `codes` (n, size) by EM, seed 0.

    Fitted in whitened coordinates, so that neither the scale of an axis nor a dead one decides
    where EM starts or how much it regularises. Between rounds `pause` is called: it may wait, or
    raise to give up.
    """
    exact = codes.double()
    mean = exact.mean(dim=0)
    values, vectors = torch.linalg.eigh(covariance(codes))
    alive = values > NEGLIGIBLE_VARIANCE * values.amax()
    if not alive.any():
        return replace(fit_gaussian(codes), name=mixture_name(components))
    scale = values[alive].sqrt()
    white = ((exact - mean) @ vectors[:, alive] / scale).numpy()
    fit = _expectation_maximisation(white, min(components, len(codes)), pause)
    back = scale[:, None] * vectors[:, alive].T
    cholesky = torch.linalg.cholesky(torch.from_numpy(fit.covariances_))
    return GaussianMixture(
        mixture_name(components),
        torch.from_numpy(fit.weights_),
        mean + torch.from_numpy(fit.means_) @ back,
        cholesky.mT @ back,
        float(fit.bic(white)) + 2 * len(codes) * float(scale.log().sum()),
    )


def _expectation_maximisation(
    white: NDArray[np.float64], components: int, pause: Callable[[], None]
) -> Any:
    """Fit scikit-learn's mixture to whitened codes, a few rounds at a time."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture as Fit
    from threadpoolctl import threadpool_limits

    fit = Fit(
        components,
        max_iter=ROUNDS_AT_ONCE,
        init_params="k-means++",
        random_state=0,
        warm_start=True,
    )
    for _ in range(EM_ROUNDS // ROUNDS_AT_ONCE):
        pause()
        # Products of such narrow matrices are slower on two threads, much so on a busy machine.
        # Of two threads that fit, one would take the other's silence of warnings away.
        with _silence, threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
            # Any mixture is a law; one that EM would still improve a little is no worse a one.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit.fit(white)
        if fit.converged_:
            break
    return fit


def mixture_name(components: int) -> str:
    """Return what reports call a fitted mixture of so many Gaussians."""
    return f"fitted mixture of {components}"


def title_of(law: str, space: LatentSpace) -> str:
    """Return what reports call the law that `law_of` gives; LawError as there."""
    components = components_of(law)
    if components:
        return mixture_name(components)
    if law in OF_CODEBOOKS:
        if space.codebook is None:
            raise LawError("This model has no codebook that such a law could draw from.")
        return CODE_FREQUENCIES if law == FREQUENCIES else CODE_NEIGHBOURS
    return FITTED_GAUSSIAN if law == GAUSSIAN or space.prior is None else space.prior.name


def laws_had(laws: Iterable[str], space: LatentSpace) -> list[str]:
    """Return those of `laws` that `space` has: laws of a codebook need one."""
    return [law for law in laws if space.codebook is not None or law not in OF_CODEBOOKS]


def own_law(space: LatentSpace, codes: Callable[[], Tensor]) -> Law:
    """Return the prior that `space` declares; where it declares none, a Gaussian fitted to codes.

    `codes` gives them, (n, size), and is called only where they are needed: to encode the images
    may take seconds.
    """
    return fit_gaussian(codes()) if space.prior is None else space.prior


def law_of(
    law: str, space: LatentSpace, codes: Tensor, pause: Callable[[], None] = lambda: None
) -> Law:
    """Return the law of one of the names in `law_names`, fitted to `codes` (n, size) of `space`.

    Raises
    ------
    LawError
        There is no such law, or not for a space without a codebook.
    """
    title_of(law, space)
    components = components_of(law)
    if components:
        return fit_mixture(codes, components, pause)
    if law in OF_CODEBOOKS:
        assert space.codebook is not None
        fit = fit_frequencies if law == FREQUENCIES else fit_neighbours
        return fit(codes, space.codebook)
    return own_law(space, lambda: codes) if law == OWN else fit_gaussian(codes)
