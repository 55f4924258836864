"""Secondary numbers: shown beside the scores and never inside them.

Each is written so that its value is known where everything is simple: 1 for an affine decoder, 0
for a perfect round trip, 0 nats where the aggregate posterior is the prior.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vaeexplorer.models.base import LatentSpace, Posterior
from vaeexplorer.models.posterior import join
from vaeexplorer.regularity.aggregate import aggregate_terms
from vaeexplorer.regularity.continuity import STEP
from vaeexplorer.regularity.cover import cover, emptiness
from vaeexplorer.regularity.definitions import DEFINITIONS
from vaeexplorer.regularity.ground import (
    CHUNK,
    MOST_FITTED,
    SCORE_SEEDS,
    Ground,
    Reconstructions,
    chunks,
    decode,
    encode,
    symmetric_root,
)
from vaeexplorer.regularity.information import ACTIVE_VARIANCE
from vaeexplorer.regularity.laws import Law, own_law
from vaeexplorer.regularity.rounding import is_seen

DECODES = 4096
"""Decodes that the local stretch may cost."""
LEAST_PLACES = 64
PATHS, PATH_STEPS = 64, 64
SMALL_STEP = 0.01
QUANTILES = {"stretch_q05": 0.05, "stretch_q50": 0.5, "stretch_q95": 0.95}
DEAD = 1e-6
"""Dimensions without a posterior are dead below this share of the largest variance."""


@torch.no_grad()
def secondary(
    space: LatentSpace, ground: Ground, held_out: Reconstructions
) -> dict[str, float | None]:
    """Measure every secondary number of `space`, by the keys of `DEFINITIONS`.

    None where a quantity does not exist: no declared prior or no posterior (the last five),
    nothing that varies, something that is not finite.
    """
    values: dict[str, float | None] = dict.fromkeys(DEFINITIONS)
    codes, log_variance = _posterior(space, ground, ground.train[:MOST_FITTED])
    if not (held_out.finite and bool(codes.isfinite().all())):
        return values
    law = own_law(space, lambda: codes)
    generator = torch.Generator().manual_seed(SCORE_SEEDS[0])
    draws = law.sample(ground.n, generator)
    values |= local_stretch(space, held_out, generator)
    values["largest_over_mean_step"] = largest_step(space, held_out.codes, generator)
    values["path_length"] = path_length(space, law, generator)
    active = active_dimensions(codes, log_variance is not None)
    values["cycle_error"] = cycle_error(space, ground, draws, active)
    unseen = _posterior(space, ground, (255 * ground.held_out).round().to(torch.uint8))
    values["far_share"] = emptiness(cover(Posterior(codes, log_variance), unseen), law).share
    if space.prior is not None and log_variance is not None:
        values |= aggregate_terms(codes, log_variance, space.prior, generator)
    return {
        key: value if value is not None and math.isfinite(value) else None
        for key, value in values.items()
    }


def local_stretch(
    space: LatentSpace, held_out: Reconstructions, generator: torch.Generator
) -> dict[str, float | None]:
    """Quantiles of the local stretch, see `DEFINITIONS`."""
    spread = float(held_out.images.var(dim=0, correction=1).sum(dtype=torch.float64))
    if not is_seen(spread, held_out.images.shape[1]):
        return {}
    root = symmetric_root(held_out.codes).float()
    places = _base_points(held_out.codes, max(LEAST_PLACES, DECODES // space.size), generator)
    squared = torch.zeros(len(places), dtype=torch.float64)
    still = _decode_all(space, places)
    for axis in root:
        change = _decode_all(space, places + STEP * axis) - still
        squared += change.square().sum(dim=1, dtype=torch.float64)
    stretch = (squared / (STEP**2 * spread)).sqrt()
    return {key: float(stretch.quantile(at)) for key, at in QUANTILES.items()}


def largest_step(space: LatentSpace, codes: Tensor, generator: torch.Generator) -> float | None:
    """Largest over mean decoded step of straight paths, median over paths."""
    along = torch.linspace(0, 1, PATH_STEPS + 1)[:, None]
    ratios = []
    for start, end in torch.randint(len(codes), (PATHS, 2), generator=generator).tolist():
        pictures = decode(space, (1 - along) * codes[start] + along * codes[end])
        steps = pictures.diff(dim=0).double().square().sum(dim=1).sqrt()
        if is_seen(float(steps.mean()) ** 2, pictures.shape[1]):
            ratios.append(steps.amax() / steps.mean())
    return float(torch.stack(ratios).quantile(0.5)) if ratios else None


def path_length(space: LatentSpace, law: Law, generator: torch.Generator) -> float | None:
    """Perceptual path length in pixels, 1 for an affine decoder (Karras et al. 2019)."""
    count = DECODES // 2
    first, second = law.sample(count, generator), law.sample(count, generator)
    along = torch.rand(count, 1, generator=generator)
    one = _decode_all(space, first + along * (second - first))
    other = _decode_all(space, first + (along + SMALL_STEP) * (second - first))
    change = (other - one).square().sum(dim=1, dtype=torch.float64).mean() / SMALL_STEP**2
    drawn = _decode_all(space, first).double()
    spread = float(drawn.var(dim=0, correction=1).sum())
    return float(change) / (2 * spread) if is_seen(spread, drawn.shape[1]) else None


def cycle_error(space: LatentSpace, ground: Ground, draws: Tensor, active: Tensor) -> float | None:
    """Relative squared error of a round trip of `draws`, mean over `active` dimensions."""
    if not active.any():
        return None
    again = encode(space, ground, _decode_all(space, draws))
    error = (again - draws).double().square().mean(dim=0) / draws.double().var(dim=0)
    return float(error[active].mean())


def active_dimensions(codes: Tensor, has_posterior: bool) -> Tensor:
    """Whether each dimension carries something, (size,), bool, of `codes` (n, size).

    With a posterior by the variance of its mean; an AE's scale is arbitrary, and there only dead
    dimensions are left out.
    """
    variance = codes.double().var(dim=0)
    return variance > (ACTIVE_VARIANCE if has_posterior else DEAD * variance.amax())


def _posterior(space: LatentSpace, ground: Ground, images: Tensor) -> Posterior:
    """Posteriors of uint8 `images`."""
    return join([space.encode(part.reshape(-1, *ground.shape)) for part in chunks(images)])


def _base_points(codes: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Half at codes, half on chords between two of them."""
    start, end = torch.randint(len(codes), (2, count), generator=generator)
    along = torch.rand(count, 1, generator=generator)
    along[::2] = 0
    return (1 - along) * codes[start] + along * codes[end]


def _decode_all(space: LatentSpace, z: Tensor) -> Tensor:
    return torch.cat([decode(space, part) for part in torch.split(z, CHUNK)])
