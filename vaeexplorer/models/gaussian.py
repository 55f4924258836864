"""The variational autoencoder (VAE) with diagonal Gaussian posteriors and the prior N(0, I)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vaeexplorer.models.base import (
    Batch,
    CodeSpace,
    Family,
    LatentSpace,
    Model,
    Posterior,
    Pressure,
    StandardNormal,
    Terms,
    setting,
)
from vaeexplorer.models.likelihoods import ImageConfig, likelihood_of
from vaeexplorer.models.networks import EncoderDecoder, ImageShape, NetworkConfig

CAPACITY_SHARE = 0.5
"""Share of the training over which the capacity grows."""


@dataclass(frozen=True)
class RateConfig(NetworkConfig):
    """Settings of families that pay for a rate."""

    beta: float = setting(
        1.0,
        "beta",
        "Weight of the rate: above 1 orders the latent space at the cost of detail, 0 leaves "
        "the prior out of the training.",
        minimum=0,
        basic=True,
    )
    warm_up: float = setting(
        0.25,
        "warm-up",
        "Share of the training over which the weight of the rate grows from 0 to beta, against "
        "posterior collapse.",
        minimum=0,
        maximum=1,
    )

    free_bits: float = setting(
        0.0,
        "free bits",
        "Nats per dimension that cost nothing: below, a dimension is not pushed to the prior.",
        minimum=0,
        maximum=100,
        unit="nats",
    )
    capacity: float = setting(
        0.0,
        "capacity",
        "Nats that the rate is drawn to instead of to 0; grows from 0 over the first half of the "
        "training. 0: none.",
        minimum=0,
        unit="nats",
    )

    def pressure(self, done: float) -> Pressure:
        """Return what the loss makes of the rates when the share `done` of the training is over."""
        grown = min(1.0, done / self.warm_up) if self.warm_up else 1.0
        capacity = self.capacity * min(1.0, done / CAPACITY_SHARE)
        return Pressure(self.beta * grown, self.free_bits, capacity)


@dataclass(frozen=True)
class VaeConfig(RateConfig, ImageConfig):
    """Settings of a VAE."""


class VariationalAutoencoder(Model):
    """Kingma and Welling's model: distortion of a draw from the posterior, and its rate."""

    def __init__(self, config: VaeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__()
        self.prior = StandardNormal(config.latent_dim)
        self.likelihood = likelihood_of(config, image_shape)
        bias = self.likelihood.bias(mean_image)
        self.network = EncoderDecoder(config, image_shape, bias, stochastic=True)

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective, with one draw of z per image from `generator`."""
        posterior = self.network.encode(batch.images)
        output = self.network.decode(draw(posterior, generator))
        distortion = -self.likelihood.log_prob(output, batch.images)
        return Terms(distortion, {"z": rates(posterior)}, distortion.new_zeros(()))

    def spaces(self) -> dict[str, LatentSpace]:
        """Give the one space, "z", of a frozen copy of this model as it is now."""
        frozen = self.frozen()
        return {"z": CodeSpace(self.prior.size, frozen.network.encode, frozen.decode, self.prior)}

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """log p(x, z) - log q(z|x) for one draw of z, (batch,), in nats."""
        posterior = self.network.encode(batch.images)
        z = draw(posterior, generator)
        return self.log_joint(batch, z) - log_density(posterior, z)

    def log_joint(self, batch: Batch, z: Tensor) -> Tensor:
        """log p(x, z) in nats, (batch,), of one z of shape (size,) per image."""
        return self.joint_of(z)(batch)

    def joint_of(self, z: Tensor) -> Callable[[Batch], Tensor]:
        """`log_joint` of codes `z`, which are decoded but once."""
        output, density = self.network.decode(z), self.prior.log_prob(z)
        return lambda batch: self.likelihood.log_prob(output, batch.images) + density

    def decode(self, z: Tensor) -> Tensor:
        """Mean images in [0, 1], (batch, channels, height, width), of codes (batch, size)."""
        return self.likelihood.mean(self.network.decode(z))


def draw(posterior: Posterior, generator: torch.Generator) -> Tensor:
    """One z per image, (batch, size), through which gradients reach the posterior.

    The noise is drawn on the CPU, in the order of the batch (the reparametrisation of Kingma and
    Welling 2014). A deterministic posterior gives its mean.
    """
    mean, log_variance = posterior
    if log_variance is None:
        return mean
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
    return torch.addcmul(mean, log_variance.mul(0.5).exp(), noise)


def rates(posterior: Posterior) -> Tensor:
    """KL(q(z|x) || N(0, I)) per dimension in nats, (batch, size), in closed form."""
    mean, log_variance = posterior
    if log_variance is None:
        raise TypeError("A deterministic code has no rate.")
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)


def log_density(posterior: Posterior, z: Tensor) -> Tensor:
    """log q(z|x) in nats, (batch,), for one z of shape (size,) per image."""
    mean, log_variance = posterior
    if log_variance is None:
        raise TypeError("A deterministic code has no density.")
    scaled = (z - mean).square() * log_variance.neg().exp()
    return -0.5 * (scaled + log_variance + math.log(2 * math.pi)).sum(dim=1)


FAMILY = Family(
    builder=VariationalAutoencoder,
    config=VaeConfig,
    title="VAE",
    story="Gives each image a cloud of codes and pays for every nat by which the cloud differs "
    "from a standard normal, which fills the space between the images.",
    paper="Kingma and Welling 2014, Auto-encoding variational Bayes, arXiv:1312.6114; beta: "
    "Higgins et al. 2017, beta-VAE, ICLR; free bits: Kingma et al. 2016, arXiv:1606.04934; "
    "capacity: Burgess et al. 2018, arXiv:1804.03599",
)
