"""The flow VAE: a code says how a source image moves, and its decode is the source, warped."""

from __future__ import annotations

import hashlib
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
    Scored,
    SettingError,
    StandardNormal,
    Terms,
    float_images,
)
from vaeexplorer.models.gaussian import RateConfig, draw, log_density, rates
from vaeexplorer.models.likelihoods import OptimalGaussian
from vaeexplorer.models.networks import EncoderDecoder, ImageShape, uses_mlp
from vaeexplorer.models.warping import (
    CHUNK,
    as_pictures,
    estimated_fields,
    of_pictures,
    warp,
)

CONTEXT = 32
"""Width of what the decoder is told of the source."""
CONTEXT_SIDE = 16
"""The source is shown to the decoder no larger than this, which tells where its figure is."""
GAIN = 4.0
"""Networks are given GAIN z. Early in a training, codes fly apart to draw fields of many pixels,
from where the rate brings them back too slowly: so they need not fly as far."""
SCORED = "displacement fields of one source, the first held-out image"
"""What scores say that they look at."""
FINEST = 0.1
"""Pixels: fields are not known better, and a smaller deviation would learn their errors."""


@dataclass(frozen=True)
class FlowVaeConfig(RateConfig):
    """Settings of a flow VAE: its likelihood is the Gaussian of the optimal variance."""

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
        sources, fields = pair(batch)
        posterior = self.posterior(fields, sources)
        expected = self.fields(draw(posterior, generator), sources)
        distortion = -self.likelihood.log_prob(expected, fields)
        return Terms(distortion, {"z": rates(posterior)}, distortion.new_zeros(()))

    def datum(self, images: Tensor) -> Batch:
        """Return the fields, estimated, that carry the default source to `images`, and it."""
        fields = estimated_fields(self.source[None], images)
        return Batch(self.source.expand(len(images), -1, -1, -1), fields=fields)

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """log p(F, z|s) - log q(z|F, s) for one draw of z, (batch,), in nats of a density of F."""
        sources, fields = pair(batch)
        posterior = self.posterior(fields, sources)
        z = draw(posterior, generator)
        return self.log_joint(batch, z) - log_density(posterior, z)

    def log_joint(self, batch: Batch, z: Tensor) -> Tensor:
        """log p(F, z|s) in nats, (batch,), of one z of shape (size,) per pair."""
        sources, fields = pair(batch)
        log_likelihood = self.likelihood.log_prob(self.fields(z, sources), fields)
        return log_likelihood + self.prior.log_prob(z)

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
            scored=self._scored(),
        )

    def _scored(self) -> Scored:
        """Fields of the default source, to and from pictures of them."""
        origin = hashlib.sha256(self.source.numpy().tobytes()).hexdigest()
        space = CodeSpace(self.prior.size, self._encode_pictures, self._picture, self.prior)
        return Scored(SCORED, origin, self.field_pictures, space)

    def field_pictures(self, images: Tensor) -> Tensor:
        """Pictures, uint8, (batch, 2, height, width), of the fields to uint8 `images`, estimated.

        Black is as many pixels to the left or up as the image is large, white to the right or down.
        """
        parts = [
            as_pictures(estimated_fields(self.source[None], float_images(part)))
            for part in images.split(CHUNK)
        ]
        return torch.cat(parts).mul_(255).round_().byte()

    def _encode_pictures(self, pictures: Tensor) -> Posterior:
        return self._posterior_of(of_pictures(pictures))

    def _picture(self, z: Tensor) -> Tensor:
        return as_pictures(self.fields(z, self.source[None]))

    def encode(self, images: Tensor) -> Posterior:
        """Posterior of the fields, estimated, that carry the default source to `images`."""
        sources, fields = pair(self.datum(images))
        return self.posterior(fields, sources)

    def decode(self, z: Tensor, source: Tensor) -> Tensor:
        """Warp one source, (1, channels, height, width), by the mean fields of codes."""
        return warp(source.expand(len(z), -1, -1, -1), self.fields(z, source))

    def _posterior_of(self, fields: Tensor) -> Posterior:
        """Posterior of fields of the default source."""
        return self.posterior(fields, self.source.expand(len(fields), -1, -1, -1))

    def posterior(self, fields: Tensor, sources: Tensor) -> Posterior:
        """Posterior given `fields` and their sources, (batch, channels, height, width)."""
        mean, log_variance = self.network.encode(torch.cat([fields / self.unit, sources], dim=1))
        assert log_variance is not None
        return Posterior(mean / GAIN, log_variance - 2 * math.log(GAIN))

    def fields(self, z: Tensor, sources: Tensor) -> Tensor:
        """Mean fields, (batch, 2, height, width), of codes (batch, size) and one source or each."""
        context = self.context(sources).expand(len(z), -1)
        expected = self.unit * self.network.decode(torch.cat([GAIN * z, context], dim=1))
        return self.likelihood.mean(expected)


def pair(batch: Batch) -> tuple[Tensor, Tensor]:
    """Give sources and fields of `batch`; images without fields are their own partners."""
    sources, fields = batch.images, batch.fields
    if fields is None:
        fields = sources.new_zeros(len(sources), 2, *sources.shape[2:])
    return sources, fields


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
    apart="distortion and rate are those of displacement fields, not of images.",
    check=check,
)
