"""Continuity: how evenly the decoded picture changes near and between codes.

The definition, what it can and cannot see and its reference values are in the page on the scores
in docs/. In short: C compares the change over a small step with the change that the same
pictures would show if they lay on straight lines; it is 1 exactly for an affine decoder. The
gate stops a collapsed posterior, which is even because it shows nothing, from scoring.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, stdev
from typing import NamedTuple

import torch
from torch import Tensor

from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity.ground import (
    CHUNK,
    SCORE_SEEDS,
    Ground,
    Reconstructions,
    decode,
    squared_lengths,
    symmetric_root,
)
from vaeexplorer.regularity.rounding import is_seen

STEP = 0.1
ALIKE_STEP = 0.25
ALIKE_QUANTILE = 0.05
BASE_POINTS = 4096
TENTHS = 10
FINE_STEP = STEP / TENTHS
FOLLOWED = CHUNK // (TENTHS + 1)
"""How many steps count with all their tenths in D(h/10): what one batch decodes."""


@dataclass(frozen=True)
class Continuity:
    """Continuity of one latent space: means over three score seeds.

    Attributes
    ----------
    score, sd
        Headline, C times gate, in [0, 1]; and its standard deviation over score seeds.
    evenness, evenness_sd
        C in [0, 1].
    visible_evenness, visible_evenness_sd
        C20: the same seen along the first 20 principal axes of the data, blind to sharpness
        and to ripples that nobody sees.
    gate
        R2 over that of PCA with as many axes (16 at most), at most 1.
    r2
        Share of the variation of held-out images that is reconstructed.
    alike_share
        A: share of steps of 1/4 standard deviation after which the picture is as alike as the
        5 % most alike pairs; None if something is not finite.
    jumps
        J: 0 where change is smooth at the step's scale, 1 where all of it is sudden; None where
        nothing changes but by rounding or something is not finite.
    """

    score: float
    sd: float
    evenness: float
    evenness_sd: float
    visible_evenness: float
    visible_evenness_sd: float
    gate: float
    r2: float
    alike_share: float | None
    jumps: float | None

    def as_dict(self) -> dict[str, float | None]:
        """JSON object with the short keys of the scores' definition."""
        return {
            "score": self.score,
            "sd": self.sd,
            "C": self.evenness,
            "C_sd": self.evenness_sd,
            "C20": self.visible_evenness,
            "C20_sd": self.visible_evenness_sd,
            "gate": self.gate,
            "R2": self.r2,
            "A": self.alike_share,
            "J": self.jumps,
        }


@dataclass(frozen=True)
class _Measured:
    """What one score seed measures."""

    evenness: float
    visible_evenness: float
    alike_share: float
    jumps: float | None


class Steps(NamedTuple):
    """Small steps in latent space, (steps, size) each but the first.

    start: index of the code that each one starts near, (steps,). base: where it starts: at that
    code in even rows, on a chord from it to another in odd ones. direction: where it goes; it has
    the covariance of the codes.
    """

    start: Tensor
    base: Tensor
    direction: Tensor


@torch.no_grad()
def continuity(space: LatentSpace, ground: Ground, held_out: Reconstructions) -> Continuity:
    """Score how evenly `space` decodes near and between the codes of held-out images.

    Parameters
    ----------
    held_out
        Codes and reconstructions of `ground.held_out` in `space`.
    """
    r2 = ground.r2(ground.held_out, held_out.images)
    gate = _gate(r2, ground.r2_of_axes(space.size))
    measured = _measure_seeds(space, ground, held_out) if held_out.finite else []
    if not measured:
        return Continuity(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, gate, r2, None, None)
    evenness = [seed.evenness for seed in measured]
    visible = [seed.visible_evenness for seed in measured]
    jumps = [seed.jumps for seed in measured if seed.jumps is not None]
    return Continuity(
        score=fmean(evenness) * gate,
        sd=stdev(evenness) * gate,
        evenness=fmean(evenness),
        evenness_sd=stdev(evenness),
        visible_evenness=fmean(visible),
        visible_evenness_sd=stdev(visible),
        gate=gate,
        r2=r2,
        alike_share=fmean(seed.alike_share for seed in measured),
        jumps=fmean(jumps) if jumps else None,
    )


def _gate(r2: float, r2_of_axes: float) -> float:
    if r2_of_axes <= 0:
        return 1.0 if r2 > 0 else 0.0
    return min(1.0, r2 / r2_of_axes)


def _measure_seeds(
    space: LatentSpace, ground: Ground, held_out: Reconstructions
) -> list[_Measured]:
    """One record per score seed; empty if a decoded picture is not finite."""
    root = symmetric_root(held_out.codes)
    spread = _total_variance(held_out.images)
    visible_spread = _total_variance(held_out.images @ ground.axes)
    measured = []
    for seed in SCORE_SEEDS:
        generator = torch.Generator().manual_seed(seed)
        steps = draw_steps(held_out.codes, root, generator)
        changes = _changes(space, steps, held_out.images, ground.axes)
        if not all(bool(change.isfinite().all()) for change in changes):
            return []
        step, visible_step, fine_step, alike_step = changes
        alike = _pair_distances(held_out.images, generator).quantile(ALIKE_QUANTILE)
        measured.append(
            _Measured(
                evenness=_evenness(spread, float(step.mean())),
                visible_evenness=_evenness(visible_spread, float(visible_step.mean())),
                alike_share=float((alike_step <= alike).double().mean()),
                jumps=_jumps(float(fine_step.mean()), float(step.mean()), ground.mean.numel()),
            )
        )
    return measured


def draw_steps(codes: Tensor, root: Tensor, generator: torch.Generator) -> Steps:
    """Draw base points, half at codes and half on chords between codes, and unit steps.

    The chords see the voids between clusters. A unit step has the covariance of the codes.
    """
    start, end = torch.randint(len(codes), (2, BASE_POINTS), generator=generator)
    along = torch.rand(BASE_POINTS, 1, generator=generator)
    along[::2] = 0
    noise = torch.randn(BASE_POINTS, codes.shape[1], generator=generator)
    base = (1 - along) * codes[start] + along * codes[end]
    return Steps(start, base, (noise.double() @ root).float())


def _changes(
    space: LatentSpace, steps: Steps, reconstructions: Tensor, axes: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Squared change of the picture, float64, (steps,), over four lengths of step.

    In order: the step, the same along `axes` only, the fine step, the step of the alike share.
    """
    parts: list[tuple[Tensor, ...]] = []
    for start, point, unit in zip(*(torch.split(each, CHUNK) for each in steps), strict=True):
        # What is decoded at a code is known already.
        still = reconstructions[start]
        still[1::2] = decode(space, point[1::2])
        change = torch.empty_like(still)
        found = []
        for length in (STEP, FINE_STEP, ALIKE_STEP):
            torch.sub(decode(space, point + length * unit), still, out=change)
            found.append(squared_lengths(change))
            if length == STEP:
                found.append(squared_lengths(change @ axes))
        parts.append(tuple(found))
    step, visible, fine, alike = (torch.cat(column) for column in zip(*parts, strict=True))
    return step, visible, _followed(space, steps, step, fine), alike


def _followed(space: LatentSpace, steps: Steps, change: Tensor, fine: Tensor) -> Tensor:
    """Fine changes, the mean of all ten tenths for those steps of which `change` is the largest.

    One in ten of the steps that fall off a cliff does so in its first tenth: of a cliff on a
    twentieth of the codes that is one or two of them, and J would be a throw of dice.
    """
    rows = change.topk(min(FOLLOWED, len(change))).indices
    lengths = torch.linspace(0, STEP, TENTHS + 1)[:, None]
    points = steps.base[rows, None] + lengths * steps.direction[rows, None]
    pictures = decode(space, points.flatten(0, 1)).unflatten(0, points.shape[:2])
    tenths = squared_lengths(pictures.diff(dim=1).flatten(0, 1)).unflatten(0, (-1, TENTHS))
    return fine.index_copy(0, rows, tenths.mean(dim=1))


def _pair_distances(images: Tensor, generator: torch.Generator) -> Tensor:
    """Squared distances of random pairs of different rows of `images`, float64."""
    first = torch.randint(len(images), (BASE_POINTS,), generator=generator)
    offset = torch.randint(1, len(images), (BASE_POINTS,), generator=generator)
    second = (first + offset) % len(images)
    pairs = zip(torch.split(first, CHUNK), torch.split(second, CHUNK), strict=True)
    return torch.cat([squared_lengths(images[one] - images[other]) for one, other in pairs])


def _total_variance(pictures: Tensor) -> float:
    """Trace of the covariance of the rows of `pictures`."""
    return float(pictures.var(dim=0, correction=1).sum(dtype=torch.float64))


def _evenness(spread: float, change: float) -> float:
    """min(1, h^2 V / D(h)); 0 where no step changes anything, as in a collapsed decoder."""
    return min(1.0, STEP**2 * spread / change) if change > 0 else 0.0


def _jumps(fine_change: float, change: float, pixels: int) -> float | None:
    """Share of sudden change: D grows as h^2 where the decoder is smooth, as h at a cliff."""
    if not is_seen(change, pixels):
        return None
    ratio = (STEP / FINE_STEP) ** 2 * fine_change / change
    return min(1.0, max(0.0, (ratio - 1) / 9))
