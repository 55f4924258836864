"""Laws of the codes of a codebook, fitted to those of training images.

The declared law of a VQ-VAE draws every code alike; what images use is seldom so even.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

CODE_FREQUENCIES = "frequencies by position"
CODE_NEIGHBOURS = "left-neighbour Markov chain"


@dataclass(frozen=True, eq=False)
class CodeChain:
    """Codes drawn position by position, each given its left neighbour or by itself.

    codebook: (K, width). indices: int64, (n, positions), the codes of training images. Each
    position is copied from one of these images: any of them, or where `linked` one that holds the
    code just drawn on the left. That is the chain of their frequencies, and no table of K x K.
    """

    name: str
    codebook: Tensor = field(repr=False)
    indices: Tensor = field(repr=False)
    linked: bool

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, float32, (n, positions x width)."""
        count, positions = self.indices.shape
        chosen: list[Tensor] = []
        for position in range(positions):
            share = torch.rand(n, generator=generator, dtype=torch.float64)
            if chosen and self.linked:
                images = self._holders(position - 1, chosen[-1], share)
            else:
                images = (share * count).long()
            chosen.append(self.indices[images, position])
        drawn: Tensor = self.codebook[torch.stack(chosen, dim=1)].flatten(1).float()
        return drawn

    def _holders(self, position: int, codes: Tensor, share: Tensor) -> Tensor:
        """One of the images that hold each of `codes` at `position`: the one at `share` of them."""
        column = self.indices[:, position]
        counts = torch.bincount(column, minlength=len(self.codebook))
        first = counts.cumsum(dim=0) - counts
        holders: Tensor = column.argsort()[first[codes] + (share * counts[codes]).long()]
        return holders


def code_indices(codes: Tensor, codebook: Tensor) -> Tensor:
    """Index of the code of `codebook` (K, width) nearest to each position of `codes`.

    `codes` is (n, positions x width); the result int64, (n, positions).
    """
    split = codes.unflatten(1, (-1, codebook.shape[1]))
    apart = codebook.square().sum(dim=1) - 2 * split @ codebook.T
    indices: Tensor = apart.argmin(dim=2)
    return indices


def fit_frequencies(codes: Tensor, codebook: Tensor) -> CodeChain:
    """Every position by itself, as often as `codes`, (n, positions x width), hold each code."""
    return CodeChain(CODE_FREQUENCIES, codebook, code_indices(codes, codebook), linked=False)


def fit_neighbours(codes: Tensor, codebook: Tensor) -> CodeChain:
    """Every position given its left neighbour, as often as `codes` hold each pair there."""
    return CodeChain(CODE_NEIGHBOURS, codebook, code_indices(codes, codebook), linked=True)
