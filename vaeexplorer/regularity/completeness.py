"""Completeness: whether draws from the prior look real and reach all kinds of data.

P asks whether draws lie as close to real images as reconstructions of held-out images do: at
least 1 - P of the draws are farther, which is proven, and blur is not punished twice. Q asks
whether every kind of image (k-means cell) is hit at least half as often as in the data. The
score is their harmonic mean. Dropping one class of ten can stay invisible in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import torch
from torch import Tensor

from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity.ground import (
    CHUNK,
    SCORE_SEEDS,
    Ground,
    Reconstructions,
    all_finite,
    decode,
    nearest_cell,
    nearest_squared,
    squared_lengths,
    training_codes,
)
from vaeexplorer.regularity.law_names import OWN
from vaeexplorer.regularity.laws import (
    FITTED_GAUSSIAN,
    FITTED_MIXTURE,
    Drawn,
    Law,
    fit_gaussian,
    fit_mixture,
    law_of,
    own_law,
    title_of,
)

COMMON = {FITTED_GAUSSIAN: fit_gaussian, FITTED_MIXTURE: fit_mixture}
"""The laws that are the same for every model, and how they are fitted to its codes."""


@dataclass(frozen=True)
class LawScore:
    """Completeness under one law, means over three score seeds.

    score: 2PQ / (P + Q), with its standard deviation sd. realism: P. coverage: Q. All in [0, 1].
    """

    law: str
    score: float
    sd: float
    realism: float
    coverage: float


@dataclass(frozen=True)
class Completeness:
    """Completeness of one latent space.

    own: under the declared prior or, where none is declared, under a Gaussian fitted to the
    codes of training images. others: under the laws that are the same for every model.
    """

    own: LawScore
    others: tuple[LawScore, ...]

    def as_dict(self) -> dict[str, float | str | dict[str, float]]:
        """JSON object with the short keys of the scores' definition."""
        own = {key: getattr(self.own, field) for key, field in KEYS.items()}
        return {**own, "others": as_others(self.others)}


KEYS = {"score": "score", "sd": "sd", "P": "realism", "Q": "coverage", "law": "law"}
"""Keys of the JSON object, and what of the score under a space's own law stands there."""


def own_score(described: Mapping[str, Any]) -> LawScore:
    """Return the score under a space's own law in what `Completeness.as_dict` gave."""
    return LawScore(**{field: described[key] for key, field in KEYS.items()})


def as_others(scores: Sequence[LawScore]) -> dict[str, float]:
    """JSON object of the scores under laws beside a space's own."""
    return {other.law: other.score for other in scores}


@torch.no_grad()
def completeness(
    space: LatentSpace,
    ground: Ground,
    held_out: Reconstructions,
    *,
    codes: Tensor | None = None,
    with_others: bool = True,
    laws: Sequence[str] = (),
) -> Completeness:
    """Score what draws from a law on `space` decode to.

    Of a layer of a hierarchy, whole images are scored: the layers below are drawn under its codes,
    whatever law these are from.

    Parameters
    ----------
    held_out
        Codes and reconstructions of `ground.held_out` in `space.drawn_in`.
    codes
        What `training_codes` gives for `space`, where it is known already.
    with_others
        Also score the fitted Gaussian and the fitted mixture, the only fair comparison between
        a model that declares a prior and one that does not.
    laws
        Names of further laws to score (see `law_names`), each of which `space` has.
    """
    codes = training_codes(space, ground) if codes is None else codes
    if not (held_out.finite and all_finite(codes)):
        names = [*(COMMON if with_others else ()), *(title_of(law, space) for law in laws)]
        return Completeness(_nothing(title_of(OWN, space.drawn_in)), tuple(map(_nothing, names)))
    real = nearest_squared(held_out.images, ground.real)
    own = score_law(own_law(space, lambda: codes), space, ground, real)
    others = _common_scores(space, ground, real, codes, own) if with_others else []
    others += [score_law(law_of(law, space, codes), space, ground, real) for law in laws]
    return Completeness(own, tuple(others))


@torch.no_grad()
def common_scores(
    space: LatentSpace, ground: Ground, held_out: Reconstructions, own: LawScore
) -> tuple[LawScore, ...]:
    """Score the laws that are the same for every model alone, as `completeness` does with them.

    `own` is the score under the own law of `space`, with the other parameters as there.
    """
    codes = training_codes(space, ground)
    if not (held_out.finite and all_finite(codes)):
        return tuple(map(_nothing, COMMON))
    real = nearest_squared(held_out.images, ground.real)
    return tuple(_common_scores(space, ground, real, codes, own))


def _common_scores(
    space: LatentSpace, ground: Ground, real: Tensor, codes: Tensor, own: LawScore
) -> list[LawScore]:
    # A model without a prior of its own is scored under the fitted Gaussian already.
    return [
        own if name == own.law else score_law(fit(codes), space, ground, real)
        for name, fit in COMMON.items()
    ]


def _nothing(law: str) -> LawScore:
    return LawScore(law, 0.0, 0.0, 0.0, 0.0)


@torch.no_grad()
def score_law(law: Law, space: LatentSpace, ground: Ground, real: Tensor) -> LawScore:
    """Score whole images whose codes in `space` are drawn from `law`.

    `real` holds the distances of reconstructions, in `space.drawn_in`, to real images.
    """
    law, space = Drawn(space, law), space.drawn_in
    spread = _squared_from_mean(ground)
    realism, coverage, harmonic = [], [], []
    for seed in SCORE_SEEDS:
        draws = law.sample(ground.n, torch.Generator().manual_seed(seed))
        described = _describe(space, ground, draws)
        if described is None:
            return _nothing(law.name)
        distances, shares = described
        p = min(1 - _excess(real, distances), float((distances < spread).double().mean()))
        q = float(torch.minimum(ground.cell_shares, 2 * shares).sum())
        realism.append(p)
        coverage.append(q)
        harmonic.append(2 * p * q / (p + q) if p + q > 0 else 0.0)
    return LawScore(law.name, fmean(harmonic), stdev(harmonic), fmean(realism), fmean(coverage))


def _describe(space: LatentSpace, ground: Ground, draws: Tensor) -> tuple[Tensor, Tensor] | None:
    """Distance of each decoded draw to its nearest real image, and the share in each cell.

    None if a decoded pixel is not finite. The pictures are never held all at once.
    """
    distances, cells = [], []
    for z in torch.split(draws, CHUNK):
        pictures = decode(space, z)
        if not all_finite(pictures):
            return None
        distances.append(nearest_squared(pictures, ground.real))
        cells.append(nearest_cell(pictures, ground.centres))
    counts = torch.bincount(torch.cat(cells), minlength=len(ground.centres))
    return torch.cat(distances), counts.double() / len(draws)


def _squared_from_mean(ground: Ground) -> float:
    """Mean squared distance of held-out images to the mean image."""
    return float(squared_lengths(ground.held_out - ground.mean).mean())


def _excess(real: Tensor, drawn: Tensor) -> float:
    """max(0, sup over t of share(real <= t) - share(drawn <= t)).

    The supremum is reached where the first share jumps, at the distances of reconstructions.
    """
    at = real.sort().values
    ours = torch.searchsorted(at, at, right=True).double() / len(real)
    theirs = torch.searchsorted(drawn.sort().values, at, right=True).double() / len(drawn)
    return max(0.0, float((ours - theirs).amax()))
