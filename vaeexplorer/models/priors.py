"""Laws on a latent space that a model declares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Prior(Protocol):
    """A law on a latent space that a model declares."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, size)."""
        ...

    def log_prob(self, z: Tensor) -> Tensor | None:
        """log p(z) in nats, (batch,), for z of shape (batch, size); None where nobody knows it."""
        ...


@dataclass(frozen=True)
class StandardNormal:
    """The prior N(0, I) on `size` dimensions."""

    size: int
    name: str = "standard normal"

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, size)."""
        return torch.randn(n, self.size, generator=generator)

    def log_prob(self, z: Tensor) -> Tensor:
        """log N(z; 0, I) in nats, (batch,)."""
        return -0.5 * (z.square() + math.log(2 * math.pi)).sum(dim=1)


def reparametrised(mean: Tensor, log_variance: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """z that standard normal `steps`, (k, size), lead to in a Gaussian, and its log density, (k,).

    Mean and log variance are (k, size), or (1, size) where they are the same for all steps.
    """
    density = StandardNormal(steps.shape[1]).log_prob(steps) - log_variance.sum(dim=1) / 2
    return mean + (log_variance / 2).exp() * steps, density
