"""What posteriors cover: how far a code is from everything that they give.

One definition of "far from every posterior" for scores and maps. It looks at draws of the
posteriors rather than at their densities: so it is the same for an AE, whose codes have none, and
for a VAE whose posteriors are needles; and the draws of unseen images say by themselves how far
from those of the training images a code may lie that is not far.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from vaeexplorer.models.base import Posterior
from vaeexplorer.regularity.ground import SCORE_SEEDS, covariance, nearest_squared
from vaeexplorer.regularity.information import ACTIVE_VARIANCE
from vaeexplorer.regularity.laws import Law

POINTS, ASKED = 10_000, 2_000
"""Draws of the posteriors of training images, and of held-out ones, where they are fewer."""

COVER_SEED = 1_000
"""Not one of those of the scores: the noise of the posteriors must not be that of the law."""

DRAWS = 2_000
"""Draws of the law that are asked."""

COVERED = 0.99
"""Share of the draws of held-out images that count as covered."""

DEAD = 1e-6
"""Directions are dead below this share of the largest variance."""

AT_ONCE = 64
"""Points that are held against all draws at a time."""

CROWDED = 3
"""In so few dimensions draws lie so near to one another that float32 loses their distances."""

LEAST = 1e-3
"""No limit is smaller: codes of a codebook may lie on one another."""


@dataclass(frozen=True, eq=False)
class Cover:
    """Draws of the posteriors of training images, to be asked how far a code is from them.

    Attributes
    ----------
    centre, whiten
        (size,) and (size, k): (z - centre) @ whiten are the coordinates in which these draws have
        unit covariance. Dimensions that carry nothing are left out, unless none does.
    points
        The draws in these coordinates, (m, k).
    limit
        The distance to the nearest of them that COVERED of the draws of held-out images are
        within.
    """

    centre: Tensor = field(repr=False)
    whiten: Tensor = field(repr=False)
    points: Tensor = field(repr=False)
    limit: float

    def distances(self, z: Tensor) -> Tensor:
        """Distance of each of `z`, (n, size), to the nearest draw, in units of `limit`: (n,).

        Above 1 it is far from every posterior.
        """
        moved = (z.to(self.centre.dtype) - self.centre) @ self.whiten
        return (_nearest(moved, self.points) / self.limit).float()


class Emptiness(NamedTuple):
    """Draws of a law, (n, size), and how far each of them is, (n,): see `Cover.distances`."""

    draws: Tensor
    distances: Tensor

    @property
    def share(self) -> float:
        """Share of the law's mass that is far from every posterior."""
        return float((self.distances > 1).double().mean())


def emptiness(covered: Cover, law: Law) -> Emptiness:
    """Ask draws of `law` how far they are from every posterior: the same ones every time."""
    draws = law.sample(DRAWS, torch.Generator().manual_seed(SCORE_SEEDS[0])).float()
    return Emptiness(draws, covered.distances(draws))


@torch.no_grad()
def cover(train: Posterior, held_out: Posterior) -> Cover:
    """Take draws of the posteriors of training images, and measure those of held-out ones.

    Parameters
    ----------
    train, held_out
        Posteriors of images, (n, size) and (m, size), n > 1, m > 0. The code itself stands for a
        draw where it is deterministic.

    Notes
    -----
    The distance to the nearest draw tells the density of the aggregate posterior (Loftsgaarden and
    Quesenberry 1965); means instead of draws would leave out how wide a posterior is, and put
    almost all of a prior far away.
    """
    generator = torch.Generator().manual_seed(COVER_SEED)
    points, asked = _drawn(train, POINTS, generator), _drawn(held_out, ASKED, generator)
    active = torch.ones(points.shape[1], dtype=torch.bool)
    if train.log_variance is not None:
        carries = train.mean.double().var(dim=0) > ACTIVE_VARIANCE
        active = carries if bool(carries.any()) else active
    kept = points[:, active].double()
    values, vectors = torch.linalg.eigh(covariance(kept))
    alive = values > DEAD * values.amax()
    wide = torch.zeros(points.shape[1], int(alive.sum()), dtype=torch.float64)
    wide[active] = vectors[:, alive] / values[alive].sqrt()
    kind = torch.float64 if wide.shape[1] <= CROWDED else torch.float32
    centre, whiten = points.double().mean(dim=0).to(kind), wide.to(kind)
    whitened = (points.to(kind) - centre) @ whiten
    limit = float(_nearest((asked.to(kind) - centre) @ whiten, whitened).quantile(COVERED))
    return Cover(centre, whiten, whitened, max(limit, LEAST))


def _drawn(posterior: Posterior, count: int, generator: torch.Generator) -> Tensor:
    """Draw from every posterior as often as makes about `count`; its code if deterministic."""
    mean, log_variance = posterior
    if log_variance is None:
        return mean.float()
    times = max(1, round(count / max(len(mean), 1)))
    noise = torch.randn(times, *mean.shape, generator=generator)
    return (mean + noise * (0.5 * log_variance).exp()).reshape(-1, mean.shape[1])


def _nearest(points: Tensor, targets: Tensor) -> Tensor:
    """Distance of each of `points` to its nearest of `targets`, in parts that a cache can hold."""
    parts = [nearest_squared(part, targets) for part in torch.split(points, AT_ONCE)]
    return torch.cat(parts).sqrt_()
