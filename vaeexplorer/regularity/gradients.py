"""Two estimates of the gradient of E_q[log p(x|z)], and by how much one is noisier than the other.

Through the draw, z = mean + deviation x noise (Kingma and Welling 2014, the reparametrisation), or
by the score function, log p(x|z) x d log q(z|x) / d mean (Williams 1992). They agree in the mean;
that the first varies less is why a VAE is trained with it. The rate's gradient needs no draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vaeexplorer.models.base import Posterior


@dataclass(frozen=True, eq=False)
class GradientNoise:
    """Gradients of E_q[log p(x|z)] by the posterior's means, from single draws.

    Attributes
    ----------
    reparametrised, score
        Mean gradients, (n, size) each.
    errors
        Standard error of their difference, (n, size).
    ratio
        Variance between draws of the score-function gradient over that of the reparametrised one,
        each summed over dimensions and averaged over images.
    """

    reparametrised: Tensor = field(repr=False)
    score: Tensor = field(repr=False)
    errors: Tensor = field(repr=False)
    ratio: float


@torch.enable_grad()
def gradient_noise(
    log_likelihood: Callable[[Tensor], Tensor],
    posterior: Posterior,
    draws: int,
    generator: torch.Generator,
) -> GradientNoise | None:
    """Estimate both gradients from `draws` draws of each image's z; None without a posterior.

    The score function has the mean of the other draws taken off as a baseline, which is free and
    leaves it unbiased: the plain one is noisier still.

    Parameters
    ----------
    log_likelihood
        log p(x|z) in nats, (n,), of one z of shape (n, size), through which gradients reach z.
    """
    mean, log_variance = posterior
    if log_variance is None:
        return None
    through, values, directions = [], [], []
    for _ in range(draws):
        noise = torch.randn(mean.shape, generator=generator)
        z = (mean + (0.5 * log_variance).exp() * noise).detach().requires_grad_()
        value = log_likelihood(z)
        through.append(torch.autograd.grad(value.sum(), z)[0].double())
        values.append(value.detach().double())
        directions.append(((z - mean) * log_variance.neg().exp()).detach().double())
    reparametrised, told = torch.stack(through), torch.stack(values)
    baseline = (told.sum(dim=0) - told) / (draws - 1)
    score = (told - baseline)[..., None] * torch.stack(directions)
    noise_of = [one.var(dim=0).sum(dim=1).mean() for one in (score, reparametrised)]
    return GradientNoise(
        reparametrised.mean(dim=0),
        score.mean(dim=0),
        (score - reparametrised).std(dim=0) / draws**0.5,
        float(noise_of[0] / noise_of[1]),
    )
