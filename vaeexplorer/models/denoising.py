"""The denoising autoencoder (DAE): an autoencoder that is shown spoilt images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vaeexplorer.models.autoencoder import AeConfig, Autoencoder
from vaeexplorer.models.base import Batch, Family, Terms, setting
from vaeexplorer.models.networks import ImageShape


@dataclass(frozen=True)
class DaeConfig(AeConfig):
    """Settings of a DAE."""

    corruption: str = setting(
        "masking",
        "corruption",
        "How images are spoilt: masking blackens pixels, gaussian adds noise to all.",
        choices=("masking", "gaussian"),
        basic=True,
    )
    strength: float = setting(
        0.3,
        "strength",
        "Share of the pixels that masking blackens, or standard deviation of the noise where "
        "pixels go from 0 to 1.",
        minimum=0,
        maximum=0.99,
        basic=True,
    )


class DenoisingAutoencoder(Autoencoder):
    """Encodes a spoilt image and draws the clean one; the distortion is that of the clean one.

    With squared error and small Gaussian noise of deviation s it learns to move a spoilt image x
    by s^2 grad log p_s(x), where p_s is the density of spoilt images (Tweedie's formula). Codes,
    maps and scores are those of clean images.
    """

    def __init__(self, config: DaeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__(config, image_shape, mean_image)
        self.corruption, self.strength = config.corruption, config.strength

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective; what spoils the images comes from `generator`."""
        spoilt = self.corrupt(batch.images, generator)
        output = self.network.decode(self.network.encode(spoilt).mean)
        distortion = -self.likelihood.log_prob(output, batch.images)
        return Terms(distortion, None, distortion.new_zeros(()))

    def corrupt(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Spoil float `images`; Gaussian noise may leave [0, 1]."""
        if self.corruption == "masking":
            kept = torch.rand(images.shape, generator=generator) >= self.strength
            return images * kept
        noise = torch.randn(images.shape, generator=generator)
        return images.add(noise, alpha=self.strength)


FAMILY = Family(
    builder=DenoisingAutoencoder,
    config=DaeConfig,
    title="DAE",
    story="Is shown spoilt images and must draw the clean ones, so that it learns which way real "
    "images lie.",
    paper="Vincent et al. 2010, Stacked denoising autoencoders, JMLR 11; what it learns: Alain and "
    "Bengio 2014, JMLR 15",
    apart="the distortion is that from spoilt images, from clean ones it is less.",
)
