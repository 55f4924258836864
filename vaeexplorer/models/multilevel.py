"""The multi-level VAE (ML-VAE): a content that images of one label share, and a style of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.models.base import (
    Batch,
    CodeSpace,
    Family,
    LatentSpace,
    Posterior,
    SettingError,
    StandardNormal,
    Terms,
    setting,
)
from vaeexplorer.models.gaussian import VaeConfig, VariationalAutoencoder, rates
from vaeexplorer.models.networks import ImageShape

Level = Literal["content", "style"]

SMALLEST_GROUP, LARGEST_GROUP = 2, 8
"""A whole label as one group would drive the variance of its content, and its rate, to 0."""


@dataclass(frozen=True)
class MlVaeConfig(VaeConfig):
    """Settings of a multi-level VAE."""

    content_dim: int = setting(
        0,
        "content dimensions",
        "How many of the latent dimensions images of one label share; 0: half of them.",
        minimum=0,
        maximum=511,
        basic=True,
    )

    @property
    def content(self) -> int:
        """Number of content dimensions; the others are style."""
        return self.content_dim or self.latent_dim // 2

    def problem(self, image_shape: ImageShape | None = None) -> str:
        """Say why these settings do not go together; empty: they do."""
        if self.latent_dim < 2:
            return "latent dimensions must be at least 2, one for content and one for style, not 1."
        if self.content >= self.latent_dim:
            return (
                f"content dimensions must be less than the {self.latent_dim} latent dimensions, "
                f"not {self.content}."
            )
        return super().problem(image_shape)


class MultiLevelAutoencoder(VariationalAutoencoder):
    """A VAE whose first dimensions, the content, have one posterior for every group of images.

    That posterior is the normalised product of the posteriors of its images; its rate is shared
    by them. In groups of one it is the VAE.
    """

    def __init__(self, config: MlVaeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__(config, image_shape, mean_image)
        self.content = config.content

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective; images without groups are groups of one."""
        posterior = self.network.encode(batch.images)
        count = len(batch.images)
        groups = torch.arange(count) if batch.groups is None else batch.groups
        _, member = torch.unique(groups, return_inverse=True)
        sizes = torch.bincount(member)
        shared = product(self._part(posterior, "content"), member)
        style = self._part(posterior, "style")
        assert shared.log_variance is not None
        assert style.log_variance is not None
        mean = torch.cat([shared.mean[member], style.mean], dim=1)
        log_variance = torch.cat([shared.log_variance[member], style.log_variance], dim=1)
        noise = torch.randn(mean.shape, generator=generator)
        # Images of one group have one content: the noise of the last of them.
        last = torch.zeros(len(sizes), dtype=torch.long)
        last[member] = torch.arange(count)
        own = torch.cat([noise[last[member], : self.content], noise[:, self.content :]], dim=1)
        z = torch.addcmul(mean, log_variance.mul(0.5).exp(), own)
        distortion = -self.likelihood.log_prob(self.network.decode(z), batch.images)
        by_level = {
            "content": rates(shared)[member] / sizes[member, None],
            "style": rates(style),
        }
        return Terms(distortion, by_level, distortion.new_zeros(()))

    def spaces(self) -> dict[str, LatentSpace]:
        """Give the joint code of one image, then its content and its style, of a frozen copy.

        Content is decoded with the style at the mean of the prior, or with that of an image (see
        LatentSpace.holding), and the other way round.
        """
        frozen = self.frozen()
        size = self.prior.size
        joint = CodeSpace(size, frozen.network.encode, frozen.decode, self.prior)
        return {"z": joint, "content": frozen.level("content"), "style": frozen.level("style")}

    def level(self, level: Level, context: Tensor | None = None) -> LatentSpace:
        """Space of the content or of the style of single images, of this very model.

        It is decoded with the other level of the image `context`, (channels, height, width); None:
        with that at the mean of its prior.
        """
        other: Level = "style" if level == "content" else "content"
        width = self.content if level == "content" else self.prior.size - self.content
        held = torch.zeros(1, self.prior.size - width)
        if context is not None:
            held = self.encode_level(context[None], other).mean
        return CodeSpace(
            width,
            partial(self.encode_level, level=level),
            partial(self.decode_level, level=level, held=held),
            StandardNormal(width),
            given=other,
            held_at=partial(self.level, level),
        )

    def encode_level(self, images: Tensor, level: Level) -> Posterior:
        """Posterior of the content or of the style of single images."""
        return self._part(self.network.encode(images), level)

    def decode_level(self, z: Tensor, level: Level, held: Tensor) -> Tensor:
        """Mean images of contents or of styles `z`, with the one code `held` of the other."""
        other = held.expand(len(z), -1)
        return self.decode(torch.cat([z, other] if level == "content" else [other, z], dim=1))

    def _part(self, posterior: Posterior, level: Level) -> Posterior:
        chosen = slice(self.content) if level == "content" else slice(self.content, None)
        mean, log_variance = posterior
        assert log_variance is not None
        return Posterior(mean[:, chosen], log_variance[:, chosen])


def product(posterior: Posterior, member: Tensor) -> Posterior:
    """Normalised product of Gaussians by group, (groups, size): precisions add up.

    `member` holds the group of each posterior, (batch,), counted from 0.
    """
    mean, log_variance = posterior
    if log_variance is None:
        raise TypeError("A deterministic code has no product.")
    precision = log_variance.neg().exp()
    groups = int(member.max()) + 1
    total = precision.new_zeros(groups, mean.shape[1]).index_add(0, member, precision)
    weighted = mean.new_zeros(groups, mean.shape[1]).index_add(0, member, precision * mean)
    return Posterior(weighted / total, -total.log())


def random_groups(labels: Tensor, generator: torch.Generator) -> list[Tensor]:
    """Cut images into groups of 2 to 8 of one label, in random order: indices of each group.

    The last group of a label may have one image.
    """
    groups = [group for label in labels.unique() for group in _cut(labels == label, generator)]
    return [groups[index] for index in torch.randperm(len(groups), generator=generator).tolist()]


def _cut(chosen: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    members = chosen.nonzero().flatten()
    members = members[torch.randperm(len(members), generator=generator)]
    most = len(members) // SMALLEST_GROUP + 1
    sizes = torch.randint(SMALLEST_GROUP, LARGEST_GROUP + 1, (most,), generator=generator)
    ends = sizes.cumsum(0)
    return iter(torch.tensor_split(members, ends[ends < len(members)]))


def check(config: MlVaeConfig, dataset: Dataset) -> None:
    """Raise SettingError if nothing says which images of `dataset` share their content."""
    del config
    if dataset.labels is None:
        raise SettingError(
            f"The family mlvae needs labels, which say what images share, and {dataset.name} has "
            "none: choose other data or another family."
        )


FAMILY = Family(
    builder=MultiLevelAutoencoder,
    config=MlVaeConfig,
    title="ML-VAE",
    story="Splits the code in two: what images of one label have in common, and what is each "
    "one's own.",
    paper="Bouchacourt, Tomioka and Nowozin 2018, Multi-level variational autoencoder, AAAI",
    batches="groups",
    apart="images of one group share the rate of their content, single ones would each pay it.",
    check=check,
)
