"""The vector-quantised VAE (VQ-VAE): a few codes out of a codebook stand for each image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaeexplorer.models.base import (
    Batch,
    CodeSpace,
    Family,
    LatentSpace,
    Model,
    Posterior,
    Terms,
    setting,
)
from vaeexplorer.models.likelihoods import ImageConfig, likelihood_of
from vaeexplorer.models.networks import EncoderDecoder, ImageShape

USAGE_SHARE = 0.01
"""Share of the newest batch in the running mean of how often each code is used."""
RARELY = 0.01
"""A code is dead if it is used less than this times as often as if all were used alike."""


@dataclass(frozen=True)
class VqVaeConfig(ImageConfig):
    """Settings of a VQ-VAE."""

    codes: int = setting(
        64,
        "codes K",
        "Codes in the codebook: each position of an image holds one of them.",
        minimum=2,
        maximum=4096,
        basic=True,
    )
    code_width: int = setting(
        0,
        "code width",
        "Numbers in a code, of which latent dimensions must be a multiple; 0: 2 where they are "
        "even, else 1.",
        minimum=0,
        maximum=512,
    )
    commitment: float = setting(
        0.25,
        "commitment",
        "Weight of the term that keeps the encoder near the codes that it chooses.",
        minimum=0,
        maximum=10,
    )

    @property
    def width(self) -> int:
        """Numbers in a code."""
        return self.code_width or (1 if self.latent_dim % 2 else 2)

    @property
    def positions(self) -> int:
        """Codes of one image."""
        return self.latent_dim // self.width

    def problem(self, image_shape: ImageShape | None = None) -> str:
        """Say why these settings do not go together; empty: they do."""
        if self.latent_dim % self.width == 0:
            return super().problem(image_shape)
        return (
            f"latent dimensions must be a multiple of the code width {self.width}, not "
            f"{self.latent_dim}."
        )


@dataclass(frozen=True, eq=False)
class UniformCodes:
    """The prior of a VQ-VAE: every code of the codebook alike, at every position."""

    codebook: Tensor
    positions: int
    name: str = "uniform codes"

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, positions x width)."""
        chosen = torch.randint(len(self.codebook), (n, self.positions), generator=generator)
        return self.codebook[chosen].flatten(1)

    def log_prob(self, z: Tensor) -> Tensor:
        """log of the probability of the codes nearest to z, (batch,): the same for all."""
        return z.new_full((len(z),), -self.positions * math.log(len(self.codebook)))


class QuantizedAutoencoder(Model):
    """Snaps every position of the encoder's output to the nearest code, and draws from those.

    The gradient of the distortion reaches the encoder as if nothing had been snapped
    (straight-through); the codes are drawn to what is snapped to them. The rate is positions x
    ln K nats whatever is learnt.
    """

    usage: Tensor

    def __init__(self, config: VqVaeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__()
        self.positions, self.commitment = config.positions, config.commitment
        self.likelihood = likelihood_of(config, image_shape)
        bias = self.likelihood.bias(mean_image)
        self.network = EncoderDecoder(config, image_shape, bias, stochastic=False)
        codebook = torch.empty(config.codes, config.width)
        # On "meta" there is nothing to draw, and to try takes torch two seconds of imports.
        self.codebook = nn.Parameter(codebook if codebook.is_meta else codebook.normal_())
        # Sums to 1; all zeros before the first batch, from which the codebook is then taken.
        self.register_buffer("usage", torch.zeros(config.codes))

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective; `generator` only chooses the first codebook."""
        exact = self._split(self.exact(batch.images))
        if self.training and not self.usage.any():
            self._begin(exact.detach(), generator)
        chosen = self._nearest(exact)
        snapped = self.codebook[chosen]
        through = exact + (snapped - exact).detach()
        output = self.network.decode(through.flatten(1))
        distortion = -self.likelihood.log_prob(output, batch.images)
        pulled = (exact.detach() - snapped).square().flatten(1).sum(dim=1).mean()
        kept = (exact - snapped.detach()).square().flatten(1).sum(dim=1).mean()
        if self.training:
            self._count(chosen)
        nats = math.log(len(self.codebook)) / self.codebook.shape[1]
        rates = {"z": torch.full_like(exact.detach().flatten(1), nats)}
        return Terms(distortion, rates, pulled + self.commitment * kept)

    def spaces(self) -> dict[str, LatentSpace]:
        """Give the one space, "z", of a frozen copy of this model as it is now."""
        frozen = self.frozen()
        size = self.positions * self.codebook.shape[1]
        codebook = frozen.codebook.detach()
        prior = UniformCodes(codebook, self.positions)
        return {
            "z": CodeSpace(
                size, frozen.encode, frozen.decode, prior, codebook, unsnapped=frozen.exact
            )
        }

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """log p(x, z) in nats, (batch,), of the codes of each image, of which q(z|x) is certain.

        It is the same for every draw: minus distortion minus positions x ln K.
        """
        del generator
        return self.log_joint(batch, self.exact(batch.images))

    def log_joint(self, batch: Batch, z: Tensor) -> Tensor:
        """log p(x, z) in nats, (batch,), of the codes nearest to one `z` per image."""
        return self.joint_of(z)(batch)

    def joint_of(self, z: Tensor) -> Callable[[Batch], Tensor]:
        """`log_joint` of codes near `z`, which are decoded but once."""
        output = self.network.decode(self.snap(z))
        log_prior = -self.positions * math.log(len(self.codebook))
        return lambda batch: self.likelihood.log_prob(output, batch.images) + log_prior

    def exact(self, images: Tensor) -> Tensor:
        """Codes of float images before they are snapped, (batch, positions x width)."""
        return self.network.encode(images).mean

    def encode(self, images: Tensor) -> Posterior:
        """Codes of float images, snapped and flattened, (batch, positions x width)."""
        return Posterior(self.snap(self.exact(images)), None)

    def decode(self, z: Tensor) -> Tensor:
        """Mean images, (batch, channels, height, width), of the codes nearest to `z`."""
        return self.likelihood.mean(self.network.decode(self.snap(z)))

    def snap(self, z: Tensor) -> Tensor:
        """Codes nearest to every position of `z`, flattened, (batch, positions x width)."""
        return self.codebook[self._nearest(self._split(z))].flatten(1)

    @property
    def perplexity(self) -> float:
        """How many codes, used alike, would be used as evenly as these are: 1 to K."""
        used = self.usage[self.usage > 0]
        return math.exp(-(used * used.log()).sum().item()) if len(used) else 1.0

    @property
    def dead_codes(self) -> int:
        """Number of codes that are hardly ever used."""
        return int((self.usage * len(self.usage) < RARELY).sum())

    def remark(self) -> str:
        """Say how many codes are used, and how evenly."""
        return f"perplexity {self.perplexity:.1f} of {len(self.usage)}, {self.dead_codes} dead"

    def trouble(self, rates: Mapping[str, float]) -> str:
        """One sentence on codes that are not used, and what to try; empty: most are."""
        del rates  # are the same whatever is learnt
        count, dead = len(self.usage), self.dead_codes
        if 2 * dead < count:
            return ""
        return (
            f"{dead} of {count} codes are dead: images use no more than {self.perplexity:.1f} "
            "codes' worth (the perplexity). Try fewer codes, a smaller learning rate or more "
            "latent dimensions."
        )

    def _split(self, z: Tensor) -> Tensor:
        positions: Tensor = z.unflatten(1, (self.positions, -1))
        return positions

    def _nearest(self, exact: Tensor) -> Tensor:
        """Index of the code nearest to each of (batch, positions, width), (batch, positions)."""
        flat = exact.detach().flatten(0, 1)
        apart = self.codebook.square().sum(dim=1) - 2 * flat @ self.codebook.T
        chosen: Tensor = apart.argmin(dim=1).unflatten(0, exact.shape[:2])
        return chosen

    @torch.no_grad()
    def _begin(self, exact: Tensor, generator: torch.Generator) -> None:
        """Take the codebook from what the encoder gives now: codes far from it would never live."""
        flat = exact.flatten(0, 1)
        count = len(self.codebook)
        chosen = torch.randint(len(flat), (count,), generator=generator)
        spread = flat.std(dim=0, correction=0) + 1e-3
        noise = torch.randn(self.codebook.shape, generator=generator)
        self.codebook.copy_(flat[chosen] + 0.1 * spread * noise)

    @torch.no_grad()
    def _count(self, chosen: Tensor) -> None:
        shares = torch.bincount(chosen.flatten(), minlength=len(self.usage)) / chosen.numel()
        self.usage.lerp_(shares, USAGE_SHARE if self.usage.any() else 1.0)


FAMILY = Family(
    builder=QuantizedAutoencoder,
    config=VqVaeConfig,
    title="VQ-VAE",
    story="Writes each image in an alphabet: a few letters out of a codebook, which it learns "
    "together with how to read them; between two letters there is nothing.",
    paper="Van den Oord, Vinyals and Kavukcuoglu 2017, Neural discrete representation learning, "
    "arXiv:1711.00937",
)
