"""Draws from any law of a model's codes, and all its laws compared: BIC and completeness."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset, InputError, Split
from vaeexplorer.jobs.opening import decode_pixels, main_space
from vaeexplorer.jobs.scoring import Grounds
from vaeexplorer.latent.selection import spread_out
from vaeexplorer.regularity.law_names import (
    GAUSSIAN,
    MOST_COMPONENTS,
    OF_CODEBOOKS,
    OWN,
    mixture_of,
)
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from torch import Tensor

    from vaeexplorer.jobs.holes import Emptied
    from vaeexplorer.models.base import LatentSpace
    from vaeexplorer.regularity.completeness import LawScore
    from vaeexplorer.regularity.laws import Law

MOST_FITTED = 10_000
"""Codes that a law is fitted to, at most: the first training images, as for the scores."""

REAL = 5_000
"""Real images that a draw is held against, at most."""

CHUNK = 1_024


class Fits:
    """The laws of one model's codes, each fitted once, when it is first asked for.

    emptied: by what a law is called, how much of it is far from every posterior, once it is known.
    """

    def __init__(self, exhibit: Exhibit) -> None:
        self._exhibit = exhibit
        self._name = main_space(exhibit)
        self.space: LatentSpace = exhibit.spaces[self._name]
        self._made: dict[str, Law] = {}
        self.emptied: dict[str, Emptied] = {}

    def are_of(self, exhibit: Exhibit) -> bool:
        """Whether these are the laws of `exhibit` as it is now, with its images and its model."""
        ours = self._exhibit
        same_space = main_space(exhibit) == self._name and exhibit.codes is ours.codes
        return (
            same_space
            and exhibit.spaces[self._name] is self.space
            and exhibit.dataset is ours.dataset
        )

    @cached_property
    def codes(self) -> NDArray[np.float32]:
        """What laws are fitted to: codes of training images, (n, size)."""
        codes = self._exhibit.codes[self._name].mean
        dataset = self._exhibit.dataset
        if dataset is not None:
            codes = codes[dataset.split(self._exhibit.split_seed).train[:MOST_FITTED]]
        return np.ascontiguousarray(codes[:MOST_FITTED])

    def law(self, name: str, pause: Callable[[], None] = lambda: None) -> Law:
        """Return the law of this name (see `regularity.law_names`).

        Raises
        ------
        LawError
            The model has no such law.
        InputError
            Its codes are not finite.
        """
        import torch

        from vaeexplorer.regularity.laws import law_of

        if name not in self._made:
            if not np.isfinite(self.codes).all():
                raise InputError("The codes of this model are not finite: no law can be fitted.")
            codes = torch.from_numpy(np.array(self.codes))
            self._made[name] = law_of(name, self.space, codes, pause)
        return self._made[name]


@dataclass(frozen=True, eq=False)
class Samples:
    """Draws from one law, decoded.

    Attributes
    ----------
    law
        What the law is called.
    z
        The draws, float32, (k, size).
    whole
        What is decoded: `z`, or of a hierarchy codes of the lowest layer drawn under it.
    pictures
        What they decode to, uint8, (k, channels, height, width): of a hierarchy with the layers
        below drawn under them.
    nearest
        Index of the real image that is nearest to each picture, of 5,000 at most; empty where
        there are no images.
    distances
        How far away that is: root of the sum over pixels of the squared difference, pixels in
        [0, 1].
    """

    law: str
    z: NDArray[np.float32] = field(repr=False)
    whole: NDArray[np.float32] = field(repr=False)
    pictures: NDArray[np.uint8] = field(repr=False)
    nearest: NDArray[np.int64] = field(repr=False)
    distances: NDArray[np.float64] = field(repr=False)


def draw_samples(fits: Fits, law: str, dataset: Dataset | None, count: int, seed: int) -> Samples:
    """Draw `count` codes from the law of this name, decode them, and look for their like."""
    import torch

    from vaeexplorer.regularity.laws import Drawn

    found, space = fits.law(law), fits.space
    generator = torch.Generator().manual_seed(seed)
    z = found.sample(count, generator).float()
    whole = space.below(z, generator).numpy()
    pictures = decode_pixels(space.drawn_in, whole)
    nearest, distances = np.zeros(0, np.int64), np.zeros(0)
    if dataset is not None and len(dataset):
        chosen = spread_out(np.arange(len(dataset)), REAL)
        nearest, distances = _nearest(torch.from_numpy(pictures), dataset, chosen)
    return Samples(Drawn(space, found).name, z.numpy(), whole, pictures, nearest, distances)


def _nearest(
    pictures: Tensor, dataset: Dataset, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the image of `chosen` nearest to each of the pictures, and its distance."""
    import torch

    from vaeexplorer.regularity.ground import unit_pixels

    ours = unit_pixels(pictures)
    nearest = torch.zeros(len(ours), dtype=torch.int64)
    squares = torch.full((len(ours),), torch.inf)
    for start in range(0, len(chosen), CHUNK):
        theirs = unit_pixels(dataset.batch(chosen[start : start + CHUNK]))
        apart = theirs.square().sum(dim=1) - 2 * ours @ theirs.T
        found, index = apart.min(dim=1)
        closer = found < squares
        squares[closer], nearest[closer] = found[closer], index[closer] + start
    distances = (squares + ours.square().sum(dim=1)).clamp_min(0).sqrt()
    return chosen[nearest.numpy()], distances.double().numpy()


@dataclass(frozen=True, eq=False)
class LawComparison:
    """What is known by now of the laws of one model.

    Attributes
    ----------
    bic
        By number of Gaussians: the Bayesian information criterion of their mixture over twice the
        number of codes, nats per code: -log q(z) + (parameters / 2n) ln n.
    scores
        Completeness by name of the law.
    whole
        Whether that is all.
    """

    bic: Mapping[int, float]
    scores: Mapping[str, LawScore]
    whole: bool = False

    @property
    def best(self) -> int | None:
        """Number of Gaussians with the least BIC, once all are known."""
        if len(self.bic) < MOST_COMPONENTS:
            return None
        return min(self.bic, key=lambda components: self.bic[components])


def compare_laws(
    space: LatentSpace,
    dataset: Dataset,
    split: Split,
    *,
    grounds: Grounds,
    fits: Fits,
    wanted: Callable[[], str],
    pause: Callable[[], None] = lambda: None,
) -> Generator[LawComparison, None, LawComparison]:
    """Fit and score all laws of `space`: what is `wanted` at each moment first.

    Of a layer of a hierarchy, whole images are scored, with the layers below drawn, as
    `score_space` scores them.
    `pause` is called between rounds of a fit. Yields what is known by then.

    Raises
    ------
    InputError
        With too few images for a score, or codes that are not finite.
    """
    from vaeexplorer.regularity.completeness import score_law
    from vaeexplorer.regularity.ground import nearest_squared, reconstruct
    from vaeexplorer.regularity.laws import GaussianMixture

    space, ground = grounds.measured(space, dataset, split)
    held_out = reconstruct(space.drawn_in, ground, ground.held_out)
    real = nearest_squared(held_out.images, ground.real)
    more = () if space.codebook is None else OF_CODEBOOKS
    mixtures = {mixture_of(k): k for k in range(1, MOST_COMPONENTS + 1)}
    to_fit, to_score = list(mixtures), [OWN, GAUSSIAN, *more, *mixtures]
    bic: dict[int, float] = {}
    scores: dict[str, LawScore] = {}
    while to_fit or to_score:
        name = wanted()
        if name not in to_score and to_fit:
            name = to_fit[0]
        elif name not in to_score:
            name = to_score[0]
        law = fits.law(name, pause)
        if name in to_fit:
            to_fit.remove(name)
            assert isinstance(law, GaussianMixture)
            if law.bic is not None:
                bic[mixtures[name]] = law.bic / (2 * len(fits.codes))
        if name == wanted() or name not in mixtures or not to_fit:
            scores[name] = score_law(law, space, ground, real)
            to_score.remove(name)
        yield LawComparison(dict(bic), dict(scores))
    return LawComparison(bic, scores, whole=True)
