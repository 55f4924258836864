"""The worst places of a latent space, with their pictures."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset, Split
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.jobs.scoring import Grounds
from vaeexplorer.run import Progress

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace
    from vaeexplorer.regularity.worst import Places

STEPS, DRAWS = 5, 8


@dataclass(frozen=True, eq=False)
class WorstPlace:
    """One place.

    Attributes
    ----------
    z
        Its code, float32, (size,).
    pictures
        What is decoded there, for a step before and after it: uint8,
        (1 or 2, channels, height, width). Of a draw in a hierarchy, with the layers below drawn.
    amount
        How bad it is, as regularity.worst defines it.
    whole
        Of a draw, what is decoded: `z`, or of a hierarchy the code of the lowest layer drawn under
        it; None of a step.
    """

    z: NDArray[np.float32] = field(repr=False)
    pictures: NDArray[np.uint8] = field(repr=False)
    amount: float
    whole: NDArray[np.float32] | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class WorstPlaces:
    """Steepest steps and emptiest draws of one model, the worst first; `law` of the draws."""

    steps: tuple[WorstPlace, ...]
    draws: tuple[WorstPlace, ...]
    law: str


def worst_places(
    space: LatentSpace, dataset: Dataset, split: Split, grounds: Grounds
) -> Generator[Progress, None, WorstPlaces]:
    """Find the five steepest steps and the eight emptiest draws of `space`.

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.ground import reconstruct, unsnapped
    from vaeexplorer.regularity.worst import emptiest_draws, steepest_steps

    yield Progress("Preparing the images that are scored", 0.0)
    measured, ground = grounds.measured(space, dataset, split)
    yield Progress("Reconstructing", 0.3)
    held_out = reconstruct(measured, ground, ground.held_out)
    yield Progress("Looking for the steepest steps", 0.4)
    exact = unsnapped(measured, ground, held_out)
    steps = _pictured(space, steepest_steps(measured, exact, STEPS))
    yield Progress("Looking for the emptiest draws", 0.7)
    draws = emptiest_draws(measured, ground, held_out, DRAWS)
    return WorstPlaces(steps, _pictured(space, draws), draws.law)


def _pictured(space: LatentSpace, places: Places) -> tuple[WorstPlace, ...]:
    if not places.amounts:
        return ()
    if places.whole is not None:
        whole = list(places.whole.numpy())
        pictures = decode_pixels(space.drawn_in, places.whole.numpy())[:, None]
    else:
        assert places.after is not None
        whole = [None] * len(places.z)
        ends = (places.z, places.after)
        pictures = np.stack([decode_pixels(space, end.numpy()) for end in ends], axis=1)
    return tuple(
        WorstPlace(*place)
        for place in zip(places.z.numpy(), pictures, places.amounts, whole, strict=True)
    )
