"""Data and decoders that are written down, not trained, so that scores are known beforehand.

The data are round blobs on a 12 x 12 image, whose place follows a Gaussian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vaeexplorer.models.base import CodeSpace, Posterior, Prior, StandardNormal
from vaeexplorer.regularity.ground import Ground, common_ground

SIDE = 12
GRID = torch.arange(SIDE, dtype=torch.float32)
SPREAD = 1.7
WIDTH = 1.2

Decoder = Callable[[Tensor], Tensor]


def blobs(z: Tensor) -> Tensor:
    """Blobs, (batch, 1, 12, 12), whose place is 5.5 + 1.7 z, for z of shape (batch, 2)."""
    place = (SIDE - 1) / 2 + SPREAD * z
    profile = torch.exp(-0.5 * ((place[:, :, None] - GRID) / WIDTH) ** 2)
    return (profile[:, 0, :, None] * profile[:, 1, None, :])[:, None]


def places(images: Tensor) -> Tensor:
    """The z that `blobs` drew, from the centre of gravity."""
    mass = images[:, 0].sum(dim=(1, 2)).clamp_min(1e-6)
    rows = (images[:, 0].sum(dim=2) * GRID).sum(dim=1) / mass
    columns = (images[:, 0].sum(dim=1) * GRID).sum(dim=1) / mass
    return (torch.stack([rows, columns], dim=1) - (SIDE - 1) / 2) / SPREAD


def blob_ground(train: int = 2500, held_out: int = 1000) -> Ground:
    """Common ground of images of blobs."""
    z = torch.randn(train + held_out, 2, generator=torch.Generator().manual_seed(7))
    images = as_bytes(blobs(z.clamp(-2.4, 2.4)))
    return common_ground(images[:train], images[train:])


def as_bytes(images: Tensor) -> NDArray[np.uint8]:
    return (255 * images).round().to(torch.uint8).numpy()


def blob_space(decoder: Decoder = blobs, prior: Prior | None = None) -> CodeSpace:
    """The exact encoder of blobs with `decoder`; N(0, I) is declared unless `prior` is given."""
    prior = StandardNormal(2) if prior is None else prior
    return CodeSpace(2, lambda images: Posterior(places(images), None), decoder, prior)


def without_prior(space: CodeSpace) -> CodeSpace:
    return replace(space, prior=None)


@dataclass(frozen=True)
class Moved:
    """The law of z @ matrix.T + offset where z follows `prior`."""

    prior: Prior
    matrix: Tensor
    offset: Tensor
    name: str = "moved"

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.prior.sample(n, generator) @ self.matrix.T + self.offset

    def log_prob(self, z: Tensor) -> Tensor:
        back = (z - self.offset) @ torch.linalg.inv(self.matrix).T
        return self.prior.log_prob(back) - torch.linalg.slogdet(self.matrix).logabsdet


def moved(space: CodeSpace, matrix: Tensor, offset: Tensor) -> CodeSpace:
    """`space` in the coordinates z @ matrix.T + offset, its declared prior moved with it."""
    inverse = torch.linalg.inv(matrix.double()).float()
    return CodeSpace(
        space.size,
        lambda images: Posterior(space.encoder(images).mean @ matrix.T + offset, None),
        lambda z: space.decoder((z - offset) @ inverse.T),
        None if space.prior is None else Moved(space.prior, matrix, offset),
    )


def hashed(z: Tensor, count: int, salt: float = 0.0) -> Tensor:
    """An index below `count` that has nothing in common for neighbouring codes, (batch,)."""
    mixed = torch.sin(z.double() @ torch.tensor([12.9898e4, 78.233e4], dtype=torch.float64) + salt)
    return ((mixed * 43758.5453).frac().abs() * count).long().clamp_max(count - 1)


def noise(z: Tensor) -> Tensor:
    """Independent pixels that change wholly with z, (batch, 1, 12, 12)."""
    pixels = [hashed(z, 256, salt=float(pixel)) for pixel in range(SIDE**2)]
    return torch.stack(pixels, dim=1).reshape(-1, 1, SIDE, SIDE) / torch.tensor(255.0)


def constant(z: Tensor) -> Tensor:
    return torch.full((len(z), 1, SIDE, SIDE), 0.2)


def untrained() -> nn.Module:
    """A decoder with its initial weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = (nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, SIDE**2), nn.Sigmoid())
        return nn.Sequential(*layers, nn.Unflatten(1, (1, SIDE, SIDE)))


def collapsed(z: Tensor) -> Tensor:
    """All but the same blob for every code."""
    return blobs(1e-4 * z)


EMPTY_DECODERS = {
    "constant": constant,
    "noise": noise,
    "untrained": untrained(),
    "collapsed": collapsed,
}
