"""The worst places of a latent space: evidence behind the scores, to be looked at.

Steepest steps are those of the continuity measurement with its first seed, half near codes and
half on chords between codes, and not random chords of their own: what is shown is what was scored.
Emptiest draws are those of the completeness measurement with its first seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity.continuity import STEP, draw_steps
from vaeexplorer.regularity.ground import (
    CHUNK,
    SCORE_SEEDS,
    Ground,
    Reconstructions,
    decode,
    nearest_squared,
    reconstruct,
    squared_lengths,
    symmetric_root,
    training_codes,
)
from vaeexplorer.regularity.laws import Drawn, own_law
from vaeexplorer.regularity.rounding import is_seen

APART = 0.5
"""Places nearer to a worse one than this, in standard deviations of the codes, are left out."""


@dataclass(frozen=True, eq=False)
class Places:
    """Places in latent space, the worst first.

    Attributes
    ----------
    z
        float32, (count, size).
    after
        Where the step from each of them ends, shaped as `z`; None where there is no step.
    amounts
        How bad each is, (count,), descending: see what made them.
    law
        What they were drawn from; empty for steps.
    whole
        Codes that the draws are decoded from, in the space that whole images are drawn in: `z`, or
        of a layer of a hierarchy codes of the lowest one; None for steps.
    """

    z: Tensor
    after: Tensor | None
    amounts: list[float]
    law: str = ""
    whole: Tensor | None = None


@torch.no_grad()
def steepest_steps(space: LatentSpace, held_out: Reconstructions, count: int) -> Places:
    """Return the steps, of those that continuity measures, that change the picture most.

    Amounts are in units of the change over such a step if the same pictures lay on straight
    lines: their mean square over all steps is 1 / C.
    """
    generator = torch.Generator().manual_seed(SCORE_SEEDS[0])
    root = symmetric_root(held_out.codes)
    _, base, direction = draw_steps(held_out.codes, root, generator)
    after = base + STEP * direction
    changes = torch.cat(
        [
            squared_lengths(decode(space, end) - decode(space, start))
            for start, end in zip(torch.split(base, CHUNK), torch.split(after, CHUNK), strict=True)
        ]
    )
    spread = float(held_out.images.var(dim=0, correction=1).sum(dtype=torch.float64))
    seen = is_seen(spread, held_out.images.shape[1])
    even = STEP * math.sqrt(spread)
    amounts = changes.sqrt() / even if seen else torch.full_like(changes, torch.nan)
    chosen = _worst(base, amounts, root, count)
    return Places(base[chosen], after[chosen], amounts[chosen].tolist())


@torch.no_grad()
def emptiest_draws(
    space: LatentSpace, ground: Ground, held_out: Reconstructions, count: int
) -> Places:
    """Return the draws, of those that completeness measures, that decode farthest from the data.

    Amounts are distances to the nearest real image in units of the median distance at which
    reconstructions of held-out images lie: 1 is as near as those. Of a layer of a hierarchy, whole
    images are drawn, as completeness has it.
    """
    law = own_law(space, lambda: training_codes(space, ground))
    generator = torch.Generator().manual_seed(SCORE_SEEDS[0])
    z = law.sample(ground.n, generator)
    drawn, whole = space.drawn_in, space.below(z, generator)
    away = torch.cat(
        [nearest_squared(decode(drawn, part), ground.real) for part in torch.split(whole, CHUNK)]
    ).sqrt()
    if drawn is not space:
        held_out = reconstruct(drawn, ground, ground.held_out)
    usual = float(nearest_squared(held_out.images, ground.real).sqrt().quantile(0.5))
    amounts = away / usual if usual > 0 else torch.full_like(away, torch.nan)
    chosen = _worst(z, amounts, symmetric_root(z), count)
    name = Drawn(space, law).name
    return Places(z[chosen], None, amounts[chosen].tolist(), name, whole[chosen])


def _worst(z: Tensor, amounts: Tensor, root: Tensor, count: int) -> list[int]:
    """Return up to `count` indices of the largest finite `amounts`, at places that differ."""
    whiten = torch.linalg.pinv(root, rtol=1e-5).float()
    places = z @ whiten
    chosen: list[int] = []
    for index in amounts.nan_to_num(-1, -1, -1).argsort(descending=True, stable=True).tolist():
        if len(chosen) == count or not math.isfinite(float(amounts[index])):
            break
        apart = (places[chosen] - places[index]).norm(dim=1)
        if not bool((apart < APART).any()):
            chosen.append(index)
    return chosen
