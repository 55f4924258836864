"""The autoencoder (AE): a deterministic code, no prior, nothing that orders the latent space."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vaeexplorer.models.base import Batch, CodeSpace, Family, LatentSpace, Model, Terms
from vaeexplorer.models.likelihoods import ImageConfig, likelihood_of
from vaeexplorer.models.networks import EncoderDecoder, ImageShape


@dataclass(frozen=True)
class AeConfig(ImageConfig):
    """Settings of an AE: those of every family."""


class Autoencoder(Model):
    """Encoder and decoder trained on the distortion alone.

    The distortion is that of the VAE with z at the code, so that both are in the same nats.
    """

    def __init__(self, config: AeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__()
        self.size = config.latent_dim
        self.likelihood = likelihood_of(config, image_shape)
        bias = self.likelihood.bias(mean_image)
        self.network = EncoderDecoder(config, image_shape, bias, stochastic=False)

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective; `generator` is not used, nothing here is random."""
        del generator
        output = self.network.decode(self.network.encode(batch.images).mean)
        distortion = -self.likelihood.log_prob(output, batch.images)
        return Terms(distortion, None, distortion.new_zeros(()))

    def spaces(self) -> dict[str, LatentSpace]:
        """Give the one space, "z", of a frozen copy of this model as it is now."""
        frozen = self.frozen()
        return {"z": CodeSpace(self.size, frozen.network.encode, frozen.decode)}

    def decode(self, z: Tensor) -> Tensor:
        """Mean images in [0, 1], (batch, channels, height, width), of codes (batch, size)."""
        return self.likelihood.mean(self.network.decode(z))


FAMILY = Family(
    builder=Autoencoder,
    config=AeConfig,
    title="AE",
    story="Squeezes each image through a few numbers and draws it again; what lies between the "
    "codes of images is left to chance.",
    paper="Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural "
    "networks, Science 313",
)
