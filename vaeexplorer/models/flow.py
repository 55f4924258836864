"""The flow VAE: a code says how a source image moves, and its decode is the source, warped."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.data.pairs import subjects
from vaeexplorer.models.base import (
    Batch,
    CodeSpace,
    Family,
    LatentSpace,
    Model,
    Posterior,
    SettingError,
    StandardNormal,
    Terms,
)
from vaeexplorer.models.gaussian import RateConfig, draw, rates
from vaeexplorer.models.likelihoods import OptimalGaussian
from vaeexplorer.models.networks import EncoderDecoder, ImageShape, uses_mlp
from vaeexplorer.models.options import replaced
from vaeexplorer.models.warping import estimated_fields, warp

CONTEXT = 32
"""Width of what the decoder is told of the source."""
CONTEXT_SIDE = 16
"""The source is shown to the decoder no larger than this, which tells where its figure is."""
FINEST = 0.1
"""Pixels: fields are not known better, and a smaller deviation would learn their errors."""


@dataclass(frozen=True)
class FlowVaeConfig(RateConfig):
    """Settings of a flow VAE: its likelihood is the Gaussian of the optimal variance."""

    # The values of a smooth field are no independent evidence: with 1 each pixel counts as such,
    # and the codes fly far apart for nothing.
    beta: float = replaced(RateConfig, "beta", 10.0)

    def nats(self, image_shape: ImageShape) -> str:
        """One sentence on what the nats of the distortion are."""
        del image_shape
        return (
            "These are nats of a density of displacement fields in pixels, not of images: compare "
            "them only with those of flow VAEs of the same images."
        )


class FlowAutoencoder(Model):
    """p(F|z, s) of the field F that carries a source s to its partner: see `models.warping`.

    z ~ N(0, I) whatever the source is; the posterior is that given F and s.
    """

    source: Tensor

    def __init__(self, config: FlowVaeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__()
        channels, height, width = image_shape
        size = config.latent_dim
        self.prior = StandardNormal(size)
        self.likelihood = OptimalGaussian(straight=True, smallest=math.log(FINEST))
        self.unit = max(height, width) / 4  # pixels: networks are given and give fields about 1
        chosen = config.body
        if chosen == "auto":
            chosen = "mlp" if uses_mlp(config, image_shape) else "conv"
        wide = replace(config, body=chosen, latent_dim=size + CONTEXT)
        still = torch.zeros(2, height, width)
        self.network = EncoderDecoder(wide, (2 + channels, height, width), still, stochastic=True)
        # The decoder is given a code and what it is told of the source; drawn is the code alone.
        width_of_body = self.network.mean.in_features
        self.network.mean = nn.Linear(width_of_body, size)
        self.network.log_variance = nn.Linear(width_of_body, size)
        sides = min(height, CONTEXT_SIDE), min(width, CONTEXT_SIDE)
        self.context = nn.Sequential(
            nn.AdaptiveAvgPool2d(sides),
            nn.Flatten(),
            nn.Linear(channels * math.prod(sides), 2 * CONTEXT),
            nn.ReLU(),
            nn.Linear(2 * CONTEXT, CONTEXT),
            nn.ReLU(),
        )
        self.register_buffer("source", mean_image.clone())

    def meet(self, image: Tensor) -> None:
        """Take the first held-out image for the source that is warped by default."""
        self.source.copy_(image)

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective; images without fields are their own partners."""
        sources, fields = batch.images, batch.fields
        if fields is None:
            fields = sources.new_zeros(len(sources), 2, *sources.shape[2:])
        posterior = self.posterior(fields, sources)
        expected = self.fields(draw(posterior, generator), sources)
        distortion = -self.likelihood.log_prob(expected, fields)
        return Terms(distortion, {"z": rates(posterior)}, distortion.new_zeros(()))

    def spaces(self) -> dict[str, LatentSpace]:
        """Give the one space, "z", of a frozen copy of this model as it is now.

        The code of an image is that of the field, estimated, which carries the first held-out
        image to it; decoding warps that source, or the one that is held.
        """
        return {"z": self.frozen().warping()}

    def warping(self, source: Tensor | None = None) -> LatentSpace:
        """Space of this very model that warps `source`, (channels, height, width)."""
        warped = self.source if source is None else source
        return CodeSpace(
            self.prior.size,
            self.encode,
            partial(self.decode, source=warped[None]),
            self.prior,
            given="source",
            held_at=self.warping,
        )

    def encode(self, images: Tensor) -> Posterior:
        """Posterior of the fields, estimated, that carry the default source to `images`."""
        source = self.source[None]
        fields = estimated_fields(source, images)
        return self.posterior(fields, source.expand(len(images), -1, -1, -1))

    def decode(self, z: Tensor, source: Tensor) -> Tensor:
        """Warp one source, (1, channels, height, width), by the mean fields of codes."""
        return warp(source.expand(len(z), -1, -1, -1), self.fields(z, source))

    def posterior(self, fields: Tensor, sources: Tensor) -> Posterior:
        """Posterior given `fields` and their sources, (batch, channels, height, width)."""
        return self.network.encode(torch.cat([fields / self.unit, sources], dim=1))

    def fields(self, z: Tensor, sources: Tensor) -> Tensor:
        """Mean fields, (batch, 2, height, width), of codes (batch, size) and one source or each."""
        context = self.context(sources).expand(len(z), -1)
        return self.unit * self.network.decode(torch.cat([z, context], dim=1))


def check(config: FlowVaeConfig, dataset: Dataset) -> None:
    """Raise SettingError if nothing says which images of `dataset` show one subject."""
    del config
    if subjects(dataset) is None:
        raise SettingError(
            "The family flowvae needs pairs of images of one subject, and nothing says which "
            f"images of {dataset.name} show one: choose data with labels or another family."
        )


FAMILY = Family(
    builder=FlowAutoencoder,
    config=FlowVaeConfig,
    title="Flow VAE",
    story="Learns how images of one subject move into one another: a code is a displacement "
    "field, and its decode is a source image, warped.",
    paper="Zhou et al. 2016, View synthesis by appearance flow, arXiv:1605.03557; conditional "
    "VAE: Sohn, Lee and Yan 2015, NeurIPS; optimal variance: Rybkin, Daniilidis and Levine 2021, "
    "ICML",
    batches="pairs",
    check=check,
)
