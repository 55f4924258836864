"""The codes of a codebook: how images use them, and what becomes of a picture with another one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.jobs.opening import decode_pixels

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

AT_ONCE = 4_096
"""Images whose codes are looked up at once."""

MOST_VARIANTS = 64
"""Codes that are tried at one position, at most: those that images hold there most often."""


@dataclass(frozen=True, eq=False)
class CodeUsage:
    """How the images of a data set use the codes of a codebook.

    Attributes
    ----------
    codebook
        float32, (K, width).
    shares
        How often images hold each code at each position, (positions, K); rows sum to 1.
    dead
        Number of codes that are hardly ever used at all, as while training.
    """

    codebook: NDArray[np.float32] = field(repr=False)
    shares: NDArray[np.float64] = field(repr=False)
    dead: int

    @property
    def positions(self) -> int:
        """Codes of one image."""
        return len(self.shares)

    @property
    def perplexity(self) -> float:
        """How many codes, used alike, would be used as evenly as these are: 1 to K."""
        used = self.shares.mean(axis=0)
        used = used[used > 0]
        return math.exp(-float((used * np.log(used)).sum()))

    @property
    def nats(self) -> float:
        """The rate: positions x ln K, whatever the model has learnt."""
        return self.positions * math.log(len(self.codebook))

    def indices(self, z: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the code nearest to each position of `z`, (positions x width); (positions,)."""
        split = z.reshape(self.positions, 1, -1)
        nearest: NDArray[np.int64] = np.square(split - self.codebook).sum(axis=2).argmin(axis=1)
        return nearest

    def with_code(self, z: NDArray[np.float32], position: int, code: int) -> NDArray[np.float32]:
        """Return `z`, (size,), with every position on its code, and `code` at `position`."""
        indices = self.indices(z)
        indices[position] = code
        return self.codebook[indices].reshape(-1)

    def tried(self, position: int) -> NDArray[np.int64]:
        """Return the codes to try at `position`, in their order: the 64 most frequent ones."""
        frequent = np.argsort(-self.shares[position], kind="stable")[:MOST_VARIANTS]
        return np.sort(frequent)


def count_codes(space: LatentSpace, codes: NDArray[np.float32]) -> CodeUsage | None:
    """Count what `codes`, (n, size), hold at each position; None for a space without a codebook."""
    import torch

    from vaeexplorer.models.quantized import RARELY
    from vaeexplorer.regularity.code_laws import code_indices

    if space.codebook is None:
        return None
    count, width = space.codebook.shape
    held = np.zeros((codes.shape[1] // width, count))
    for start in range(0, len(codes), AT_ONCE):
        part = torch.from_numpy(np.array(codes[start : start + AT_ONCE]))
        for position, column in enumerate(code_indices(part, space.codebook).T.numpy()):
            held[position] += np.bincount(column, minlength=count)
    shares = held / max(1, len(codes))
    dead = int((shares.mean(axis=0) * count < RARELY).sum())
    return CodeUsage(space.codebook.numpy(), shares, dead)


@dataclass(frozen=True, eq=False)
class Variants:
    """What one code decodes to with other codes at one position.

    pictures: uint8, (k, channels, height, width), one for each of `codes`, (k,).
    """

    position: int
    codes: NDArray[np.int64] = field(repr=False)
    pictures: NDArray[np.uint8] = field(repr=False)


def decode_variants(
    space: LatentSpace, usage: CodeUsage, z: NDArray[np.float32], position: int
) -> Variants:
    """Decode `z`, (size,), with each of the codes to try at `position`."""
    codes = usage.tried(position)
    tried = np.stack([usage.with_code(z, position, int(code)) for code in codes])
    return Variants(position, codes, decode_pixels(space, tried))
