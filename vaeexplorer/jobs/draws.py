"""Draws from a law of the codes: where they lie on a map, and how unlike real images they are."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data import Dataset
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.selection import spread_out

if TYPE_CHECKING:
    from torch import Tensor

    from vaeexplorer.models.base import LatentSpace
    from vaeexplorer.regularity.laws import Law

COUNT = 400
BATCH = 50
"""Draws between two yields."""

REAL = 5_000
"""Real images that a draw is held against, at most."""

WORST = 10

Key = TypeVar("Key")


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws from the law of the codes, most of them perhaps by now.

    Attributes
    ----------
    law
        What the law is called: "standard normal", "fitted mixture of 7".
    codes
        float32, (k, size).
    whole
        What is decoded: `codes`, or of a hierarchy codes of the lowest layer drawn under them.
    places
        float64, (k, 2): on the map, among the nearest codes.
    distances
        float64, (k,): from the decoded picture to the nearest real image: root of the sum over
        pixels of the squared difference, pixels in [0, 1].
    real
        The median of the same for pictures that are decoded from the codes of real images.
    limit
        The largest distance that has a colour of its own: one for all maps that are compared.
    """

    law: str
    codes: NDArray[np.float32] = field(repr=False)
    whole: NDArray[np.float32] = field(repr=False)
    places: NDArray[np.float64] = field(repr=False)
    distances: NDArray[np.float64] = field(repr=False)
    real: float
    limit: float

    @property
    def worst(self) -> NDArray[np.int64]:
        """Those farthest from every real image, the farthest first."""
        return np.argsort(-self.distances, kind="stable")[:WORST]


@dataclass(frozen=True)
class NoDraws:
    """Says that the law draws out of a codebook, and the model has none."""


def draws_on_one_scale(draws: Mapping[Key, Draws]) -> dict[Key, Draws]:
    """Give all `draws` one limit: the largest distance among them."""
    limit = max((float(one.distances.max()) for one in draws.values()), default=0.0)
    return {key: replace(one, limit=limit) for key, one in draws.items()}


def draws_on_map(
    space: LatentSpace, law: Law, lift: Lift, dataset: Dataset
) -> Generator[Draws, None, Draws]:
    """Draw codes of `space` from `law`, and put them on the map of `lift`.

    Of a layer of a hierarchy, pictures are those of whole images, with the layers below drawn.
    Yields what has been decoded by now. The real images are up to 5,000, evenly spread.
    """
    import torch

    from vaeexplorer.regularity.ground import nearest_squared, unit_pixels
    from vaeexplorer.regularity.laws import Drawn

    chosen = spread_out(np.arange(len(dataset)), REAL)
    images = unit_pixels(dataset.batch(chosen)).flatten(1)
    generator = torch.Generator().manual_seed(0)
    codes = law.sample(COUNT, generator).float()
    whole, below = space.drawn_in, space.below(codes, generator)

    def away(z: Tensor) -> NDArray[np.float64]:
        with torch.no_grad():
            squares = nearest_squared(whole.decode(z).flatten(1), images)
        distances: NDArray[np.float64] = squares.sqrt().double().numpy()
        return distances

    few = spread_out(chosen, BATCH)
    real = float(np.median(away(_codes_of_images(space, lift, dataset, few))))
    distances, places = np.zeros(0), np.zeros((0, 2))
    name = Drawn(space, law).name
    for part, drawn in zip(codes.split(BATCH), below.split(BATCH), strict=True):
        distances = np.concatenate([distances, away(drawn)])
        places = np.concatenate([places, [lift.place(z) for z in part.numpy()]])
        known, under = (one[: len(distances)].numpy() for one in (codes, below))
        made = Draws(name, known, under, places, distances, real, float(distances.max()))
        yield made
    return made


def _codes_of_images(
    space: LatentSpace, lift: Lift, dataset: Dataset, indices: NDArray[np.int64]
) -> Tensor:
    """Codes of these images in the space that whole images are drawn in."""
    import torch

    from vaeexplorer.models.base import float_images

    whole = space.drawn_in
    if whole is space:
        return torch.from_numpy(lift.codes[indices])
    return whole.encode(float_images(dataset.batch(indices))).mean
