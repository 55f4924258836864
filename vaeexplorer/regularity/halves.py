"""How far both scores depend on the images that were at hand: measured again on halves of them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Any

import torch
from torch import Tensor

from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity.completeness import completeness
from vaeexplorer.regularity.continuity import continuity
from vaeexplorer.regularity.ground import Ground, Reconstructions, cell_shares

HALVES = 5
"""Random halves of the held-out and of the training images that are compared."""


@dataclass(frozen=True)
class OnHalves:
    """Both scores on each of the halves, (HALVES,), of `n` images each."""

    n: int
    continuity: tuple[float, ...]
    completeness: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON object: "n", and of each score its mean "score" and its "sd" between halves."""
        scores = {"continuity": self.continuity, "completeness": self.completeness}
        about = {key: {"score": fmean(one), "sd": stdev(one)} for key, one in scores.items()}
        return {"n": self.n, **about}


def on_halves(
    space: LatentSpace,
    ground: Ground,
    held_out: Reconstructions,
    drawn: Reconstructions,
    codes: Tensor,
) -> Generator[float, None, OnHalves]:
    """Score `space` on random halves; yields the share that is done.

    What is the same for every model (axes, centres of kinds, the law that is fitted) stays that of
    all images. As with every score, compare means at equal n only.

    Parameters
    ----------
    held_out
        As for `continuity`.
    drawn, codes
        `held_out` and `codes` as for `completeness`.
    """
    even, full = [], []
    for seed in range(HALVES):
        generator = torch.Generator().manual_seed(seed)
        chosen, real = (_half(ground.n, generator) for _ in range(2))
        part = replace(
            ground,
            held_out=ground.held_out[chosen],
            real=ground.real[real],
            cell_shares=cell_shares(ground.held_out[chosen], ground.centres),
        )
        even.append(continuity(space, part, _of(held_out, chosen)).score)
        own = completeness(space, part, _of(drawn, chosen), codes=codes, with_others=False).own
        full.append(own.score)
        yield (seed + 1) / HALVES
    return OnHalves(ground.n // 2, tuple(even), tuple(full))


def _half(n: int, generator: torch.Generator) -> Tensor:
    """Return the indices of a random half of n images, in their order."""
    return torch.randperm(n, generator=generator)[: n // 2].sort().values


def _of(all_of_them: Reconstructions, chosen: Tensor) -> Reconstructions:
    return Reconstructions(all_of_them.codes[chosen], all_of_them.images[chosen])
