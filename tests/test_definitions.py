"""The scores are those of their definition, written down a second time: numpy, all at once."""

from __future__ import annotations

import math
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import pytest
import torch
from analytic import blob_ground, blob_space
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.models.base import CodeSpace, Posterior
from vaeexplorer.regularity.completeness import completeness
from vaeexplorer.regularity.continuity import Continuity, continuity, draw_steps
from vaeexplorer.regularity.ground import (
    SCORE_SEEDS,
    Ground,
    Reconstructions,
    reconstruct,
    symmetric_root,
)

Array = NDArray[np.float64]


def array(values: Tensor) -> Array:
    return values.double().numpy()


def apart(these: Array, those: Array) -> Array:
    """Squared distances, (these, those)."""
    return ((these[:, None] - those) ** 2).sum(axis=2)


@pytest.fixture(scope="module")
def ground() -> Ground:
    return blob_ground(400, 240)


@pytest.fixture(scope="module")
def space() -> CodeSpace:
    return blob_space()


@pytest.fixture(scope="module")
def held_out(ground: Ground, space: CodeSpace) -> Reconstructions:
    return reconstruct(space, ground, ground.held_out)


def test_the_kinds_of_images_are_those_of_k_means(ground: Ground) -> None:
    images = array(ground.train.flatten(1)) / 255
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    centres = images[chosen[: min(50, ground.n // 20)].numpy()]
    for _ in range(15):
        nearest = apart(images, centres).argmin(axis=1)
        centres = np.stack([images[nearest == k].mean(axis=0) for k in range(len(centres))])
    np.testing.assert_allclose(array(ground.centres), centres, atol=1e-5)
    shares = np.bincount(apart(array(ground.held_out), centres).argmin(axis=1)) / ground.n
    np.testing.assert_allclose(array(ground.cell_shares), shares)


def test_the_gate_asks_for_no_more_than_sixteen_axes(ground: Ground) -> None:
    fifteen, sixteen, more = map(ground.r2_of_axes, (15, 16, 40))
    assert fifteen < sixteen == more
    assert ground.axes.shape[1] == 20


def test_completeness_is_that_of_its_definition(
    ground: Ground, space: CodeSpace, held_out: Reconstructions
) -> None:
    real, centres, data = map(array, (ground.real, ground.centres, ground.held_out))
    r = apart(array(held_out.images), real).min(axis=1)
    d0 = ((data - array(ground.mean)) ** 2).sum(axis=1).mean()
    p_k = np.bincount(apart(data, centres).argmin(axis=1), minlength=len(centres)) / len(data)
    realism, coverage, scores = [], [], []
    assert space.prior is not None
    for seed in SCORE_SEEDS:
        z = space.prior.sample(ground.n, torch.Generator().manual_seed(seed))
        drawn = array(space.decode(z).flatten(1))
        f = apart(drawn, real).min(axis=1)
        excess = max((r <= t).mean() - (f <= t).mean() for t in [*r, *f])
        p = min(1 - max(0.0, excess), (f < d0).mean())
        f_k = np.bincount(apart(drawn, centres).argmin(axis=1), minlength=len(centres)) / len(drawn)
        q = np.minimum(p_k, 2 * f_k).sum()
        realism.append(p)
        coverage.append(q)
        scores.append(2 * p * q / (p + q))
    own = completeness(space, ground, held_out, with_others=False).own
    assert own.realism == pytest.approx(np.mean(realism), abs=0.003)  # float32 may swap neighbours
    assert own.coverage == pytest.approx(np.mean(coverage), abs=1e-9)
    assert own.score == pytest.approx(np.mean(scores), abs=0.002)
    assert own.sd == pytest.approx(np.std(scores, ddof=1), abs=0.002)


def test_half_of_the_steps_begin_at_codes_and_half_on_chords() -> None:
    codes = torch.tensor([[0.0], [1.0], [1.0], [1.0]])
    steps = draw_steps(codes, torch.eye(1, dtype=torch.float64), torch.Generator().manual_seed(0))
    at_codes, on_chords = (array(steps.base[first::2, 0]) for first in (0, 1))
    assert len(steps.base) == 4096
    assert set(at_codes) == {0, 1}
    assert at_codes.mean() == pytest.approx(3 / 4, abs=0.03)
    between = on_chords[(on_chords > 0) & (on_chords < 1)]
    assert len(between) / len(on_chords) == pytest.approx(6 / 16, abs=0.03)
    quarters = np.histogram(between, bins=4, range=(0, 1))[0] / len(between)
    np.testing.assert_allclose(quarters, 1 / 4, atol=0.05)


def test_continuity_is_that_of_its_definition(
    ground: Ground, space: CodeSpace, held_out: Reconstructions
) -> None:
    codes, pictures, data = map(array, (held_out.codes, held_out.images, ground.held_out))
    training, mean = array(ground.train.flatten(1)) / 255, array(ground.mean)
    axes = np.linalg.svd(training - mean, full_matrices=False)[2]
    values, vectors = np.linalg.eigh(np.cov(codes.T))
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    pairs = apart(pictures, pictures)[np.triu_indices(len(pictures), 1)]
    found: dict[str, list[float]] = {"C": [], "C20": [], "A": [], "J": []}
    for seed in SCORE_SEEDS:
        generator = torch.Generator().manual_seed(seed)
        _, base, direction = draw_steps(held_out.codes, symmetric_root(held_out.codes), generator)
        still = array(space.decode(base).flatten(1))
        change = {
            h: array(space.decode(base + h * direction).flatten(1)) - still
            for h in (0.1, 0.01, 0.25)
        }
        squared = {h: (moved**2).sum(axis=1) for h, moved in change.items()}
        for row in np.argsort(-squared[0.1])[:93]:
            on_the_way = torch.stack([base[row] + k / 100 * direction[row] for k in range(11)])
            tenths = np.diff(array(space.decode(on_the_way).flatten(1)), axis=0)
            squared[0.01][row] = (tenths**2).sum(axis=1).mean()
        d = {h: each.mean() for h, each in squared.items()}
        v, v20 = np.trace(np.cov(pictures.T)), np.trace(np.cov((pictures @ axes[:20].T).T))
        d20 = ((change[0.1] @ axes[:20].T) ** 2).sum(axis=1).mean()
        found["C"].append(min(1, 0.01 * v / d[0.1]))
        found["C20"].append(min(1, 0.01 * v20 / d20))
        found["A"].append(((change[0.25] ** 2).sum(axis=1) <= np.quantile(pairs, 0.05)).mean())
        found["J"].append(np.clip((100 * d[0.01] / d[0.1] - 1) / 9, 0, 1))
        np.testing.assert_allclose(np.cov(array(direction).T), root @ root, rtol=0.1, atol=0.05)
    r2 = 1 - ((data - pictures) ** 2).sum() / ((data - mean) ** 2).sum()
    straight = mean + (data - mean) @ axes[:2].T @ axes[:2]
    r2_pca = 1 - ((data - straight) ** 2).sum() / ((data - mean) ** 2).sum()
    ours = continuity(space, ground, held_out)
    assert ours.evenness == pytest.approx(np.mean(found["C"]), abs=1e-4)
    assert ours.evenness_sd == pytest.approx(np.std(found["C"], ddof=1), abs=1e-4)
    assert ours.visible_evenness == pytest.approx(np.mean(found["C20"]), abs=1e-3)
    assert ours.alike_share == pytest.approx(np.mean(found["A"]), abs=0.03)  # of other pairs
    assert ours.jumps == pytest.approx(np.mean(found["J"]), abs=1e-3)
    assert ours.r2 == pytest.approx(r2, abs=1e-5)
    assert ours.gate == pytest.approx(min(1, r2 / r2_pca), abs=1e-4)
    assert ours.score == pytest.approx(ours.evenness * ours.gate)


def circle(z: Tensor) -> Tensor:
    """Two pixels that run once around for 2 pi of the one latent dimension, (batch, 1, 1, 2)."""
    return 0.5 + 0.5 * torch.stack([z[:, 0].cos(), z[:, 0].sin()], dim=1).reshape(-1, 1, 1, 2)


def test_a_circle_has_the_continuity_of_its_closed_form() -> None:
    """For codes of variance s^2: V = (1 - exp(-s^2)) / 4, D(h) = (1 - exp(-h^2 s^2 / 2)) / 2."""
    size, step = 1.5, 0.1
    codes = size * torch.randn(20_000, 1, generator=torch.Generator().manual_seed(1))
    found = _continuity_of(CodeSpace(1, _no_encoder, circle), codes)
    spread = (1 - math.exp(-(size**2))) / 4
    change = (1 - math.exp(-((step * size) ** 2) / 2)) / 2
    assert found.evenness == pytest.approx(step**2 * spread / change, rel=0.03)
    fine = (1 - math.exp(-((step * size / 10) ** 2) / 2)) / 2
    assert found.jumps == pytest.approx((100 * fine / change - 1) / 9, abs=1e-3)


@pytest.mark.parametrize("above", [0.05, 0.01])
def test_a_cliff_has_the_share_of_its_closed_form(above: float) -> None:
    """Normal codes, a decoder of slope 1 that rises by `height` where so many codes lie above.

    D(h) = h^2 + height^2 h p E|eps|, p the density of base points at the cliff; of which the
    second term is sudden. A chord between normal codes has variance (1 - t)^2 + t^2.
    """
    normal = NormalDist()
    edge = normal.inv_cdf(1 - above)
    chords = fmean(NormalDist(0, math.hypot(1 - t, t)).pdf(edge) for t in np.linspace(0, 1, 1001))
    density = (normal.pdf(edge) + chords) / 2
    height = math.sqrt(0.1 / density)
    cliff = CodeSpace(
        1, _no_encoder, lambda z: (z + height * (z > edge))[..., None, None].expand(-1, 1, 1, 1)
    )
    codes = torch.tensor([[normal.inv_cdf((i + 0.5) / 20_000)] for i in range(20_000)])
    sudden = height**2 * 0.1 * density * math.sqrt(2 / math.pi)
    assert _continuity_of(cliff, codes).jumps == pytest.approx(sudden / (0.1**2 + sudden), abs=0.08)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_evenness_near_gaussian_codes_is_one_over_the_degree_of_a_hermite_decoder(
    degree: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all steps begin at codes, none on chords."""
    polynomial = {
        1: lambda z: z,
        2: lambda z: z**2 - 1,
        3: lambda z: z**3 - 3 * z,
    }[degree]
    module = "vaeexplorer.regularity.continuity"
    draw = draw_steps

    def at_codes(codes: Tensor, root: Tensor, generator: torch.Generator) -> Any:
        steps = draw(codes, root, generator)
        return steps._replace(base=codes[steps.start])

    monkeypatch.setattr(f"{module}.draw_steps", at_codes)
    codes = torch.randn(2000, 1, generator=torch.Generator().manual_seed(1))
    space = CodeSpace(1, _no_encoder, lambda z: polynomial(z).reshape(-1, 1, 1, 1))
    assert _continuity_of(space, codes).evenness == pytest.approx(1 / degree, rel=0.15)


def _no_encoder(images: Tensor) -> Posterior:
    raise AssertionError


def _continuity_of(space: CodeSpace, codes: Tensor) -> Continuity:
    """Continuity at `codes`, on images that are what these decode to."""
    pictures = space.decode(codes).flatten(1)
    pixels = pictures.shape[1]
    ground = Ground(
        shape=(1, 1, pixels),
        train=torch.zeros(1, 1, 1, pixels, dtype=torch.uint8),
        held_out=pictures,
        real=pictures,
        mean=pictures.mean(dim=0),
        axes=torch.eye(pixels),
        centres=pictures[:1],
        cell_shares=torch.ones(1, dtype=torch.float64),
    )
    return continuity(space, ground, Reconstructions(codes, pictures))
