"""Holes of a map, of two kinds: no dot near there, or nothing in latent space.

The first says nothing about the model: a map tears where the codes do not. The second does: see
`regularity.cover` for what is far from every posterior.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Split
from vaeexplorer.latent.lattice import finer, no_data
from vaeexplorer.latent.lift import Lift
from vaeexplorer.run import Codes

if TYPE_CHECKING:
    from torch import Tensor

    from vaeexplorer.models.base import LatentSpace
    from vaeexplorer.regularity.cover import Cover, Emptiness
    from vaeexplorer.regularity.laws import Law

SIDES = (16, 32, 64)
"""Places along each side of the map that are asked, of the fields that follow one another."""

BATCH = 512
"""Places asked between two yields."""

FARTHEST = 10
"""Draws that are called the worst."""


@dataclass(frozen=True, eq=False)
class Emptied:
    """What a model's posteriors cover, whatever map its codes have.

    Attributes
    ----------
    cover
        Draws of the posteriors.
    law
        What draws were asked: "standard normal" or what else the model declares, "fitted Gaussian"
        where it declares none, or what else was chosen.
    share
        The share of its mass that is far from every posterior.
    codes
        float32, (k, size): the draws that are.
    distances
        float32, (k,): theirs from the nearest draw of a posterior, in units of the distance from
        which on a code is far.
    """

    cover: Cover = field(repr=False)
    law: str
    share: float
    codes: NDArray[np.float32] = field(repr=False)
    distances: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Holes:
    """Where a map has holes, and of which kind.

    Attributes
    ----------
    low, high
        (2,): the corners of the field.
    unmapped
        uint8, (side, side), rows y upwards: 255 where no dot is near, 0 where one is, something
        between on the border. None where every place of the map is a code.
    empty
        The same for the places whose code is far from every posterior.
    beyond
        Whether the places outside of the field are empty too.
    emptied
        What of this is true of the model on any map.
    places
        float64, (k, 2): where the draws of `emptied` lie on the map, among the nearest codes.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    unmapped: NDArray[np.uint8] | None = field(repr=False)
    empty: NDArray[np.uint8] = field(repr=False)
    beyond: bool
    emptied: Emptied
    places: NDArray[np.float64] = field(repr=False)


def holes(
    space: LatentSpace,
    lift: Lift,
    codes: Codes,
    split: Split,
    known: Emptied | None = None,
    law: Law | None = None,
) -> Generator[Holes | None, None, Holes]:
    """Look for holes all over the map of `lift`, which has its lattice, in ever finer fields.

    Parameters
    ----------
    codes, split
        Posteriors of all images, and which of these are held out.
    known
        What another map of the same codes has found, or another law.
    law
        What is asked for its mass in holes; None: the law that the model declares, or a Gaussian
        fitted to its codes.
    """
    emptied = _emptied(space, codes, split, known, law)
    yield None
    assert lift.lattice is not None
    low, high = lift.lattice.low, lift.lattice.high
    exact = lift.exactness == "code"
    if exact:
        # Posteriors reach beyond the dots, and here the places beyond them are codes too.
        border = (high - low) / 2
        low, high = low - border, high + border
    places = np.array([lift.place(z) for z in emptied.codes], np.float64).reshape(-1, 2)
    mask = None if exact else no_data(lift.lattice, lift.reach).mask
    for side in (2 * side if exact else side for side in SIDES):
        x, y = (np.linspace(low[axis], high[axis], side) for axis in (0, 1))
        asked = lift.lift_grid(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
        depths = np.empty(len(asked), np.float32)
        for start in range(0, len(asked), BATCH):
            part = slice(start, start + BATCH)
            depths[part] = _depths(emptied.cover, asked[part])
            yield None
        field_ = depths.reshape(side, side)
        empty = _edge(field_, mask)
        edges = np.concatenate([field_[[0, -1]].ravel(), field_[:, [0, -1]].ravel()])
        beyond = exact and bool((edges > 1).all())
        found = Holes(low, high, mask, empty, beyond, emptied, places)
        yield found
    return found


def _emptied(
    space: LatentSpace, codes: Codes, split: Split, known: Emptied | None, law: Law | None
) -> Emptied:
    """Measure what the posteriors cover, of the images that the scores take, and ask the law."""
    import torch

    from vaeexplorer.regularity.cover import emptiness
    from vaeexplorer.regularity.ground import MOST_FITTED
    from vaeexplorer.regularity.laws import own_law

    train = split.train[:MOST_FITTED]
    law = law or own_law(space, lambda: torch.from_numpy(codes.mean[train]))
    if known is not None and known.law == law.name:
        return known
    covered = _covered(codes, split) if known is None else known.cover
    found: Emptiness = emptiness(covered, law)
    far = (-found.distances).argsort(stable=True)[: int((found.distances > 1).sum())]
    return Emptied(
        covered, law.name, found.share, found.draws[far].numpy(), found.distances[far].numpy()
    )


def _covered(codes: Codes, split: Split) -> Cover:
    """Draw from the posteriors of the images that the scores take."""
    import torch

    from vaeexplorer.models.base import Posterior
    from vaeexplorer.regularity.cover import cover
    from vaeexplorer.regularity.ground import MOST_COMPARED, MOST_FITTED

    def posterior(indices: NDArray[np.int64]) -> Posterior:
        mean = torch.from_numpy(codes.mean[indices])
        spread = codes.log_variance
        return Posterior(mean, None if spread is None else torch.from_numpy(spread[indices]))

    train, held_out = split.train, split.held_out
    count = min(MOST_COMPARED, len(train), len(held_out))
    return cover(posterior(train[:MOST_FITTED]), posterior(held_out[:count]))


def _depths(covered: Cover, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    distances: Tensor = covered.distances(torch.from_numpy(codes))
    depths: NDArray[np.float32] = distances.numpy()
    return depths


def _edge(depths: NDArray[np.float32], unmapped: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return where `depths`, (side, side), are above 1 and the map has dots, as a mask."""
    fine = finer(depths)
    # About a pixel wide, wherever the depth rises at its usual pace.
    rise = max(float(np.abs(np.diff(fine, axis=0)).mean()), 1e-6)
    mask = np.clip((fine - 1) / rise + 0.5, 0, 1) * 255
    if unmapped is not None:
        mask = np.minimum(mask, 255 - unmapped)
    return np.asarray(mask, np.uint8)
