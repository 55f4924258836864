"""Completeness finds draws that look like nothing, and kinds of images that no draw reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from analytic import (
    EMPTY_DECODERS,
    Decoder,
    blob_ground,
    blob_space,
    blobs,
    hashed,
    moved,
    noise,
    without_prior,
)
from torch import Tensor

from vaeexplorer.models.base import CodeSpace, StandardNormal
from vaeexplorer.regularity.completeness import Completeness, completeness
from vaeexplorer.regularity.ground import Ground, reconstruct
from vaeexplorer.regularity.laws import (
    FITTED_GAUSSIAN,
    FITTED_MIXTURE,
    fit_gaussian,
    fit_mixture,
)

KEYS = {"score", "sd", "P", "Q", "law", "others"}


def score(space: CodeSpace, ground: Ground, *, with_others: bool = False) -> Completeness:
    held_out = reconstruct(space, ground, ground.held_out)
    return completeness(space, ground, held_out, with_others=with_others)


@pytest.fixture(scope="module")
def ground() -> Ground:
    return blob_ground()


def test_a_decoder_whose_prior_is_the_law_of_the_data_is_complete(ground: Ground) -> None:
    own = score(blob_space(), ground).own
    assert own.score > 0.9
    assert own.law == "standard normal"
    assert min(own.realism, own.coverage) > 0.9


@pytest.mark.parametrize("decoder", EMPTY_DECODERS.values(), ids=EMPTY_DECODERS)
def test_what_shows_nothing_is_not_complete(decoder: Decoder, ground: Ground) -> None:
    assert score(blob_space(decoder), ground).own.score < 0.2


def test_moving_the_prior_with_the_coordinates_changes_nothing(ground: Ground) -> None:
    plain = score(blob_space(), ground, with_others=True)
    turn = torch.tensor([[0.8, -0.6], [0.6, 0.8]])
    stretched = turn @ torch.diag(torch.tensor([0.1, 10.0]))
    bent = score(moved(blob_space(), stretched, torch.ones(2)), ground, with_others=True)
    assert bent.own.score == pytest.approx(plain.own.score, abs=0.03)
    for one, other in zip(plain.others, bent.others, strict=True):
        assert other.score == pytest.approx(one.score, abs=0.03)
    scaled = score(moved(blob_space(), 7 * torch.eye(2), torch.zeros(2)), ground)
    assert scaled.own.score == pytest.approx(plain.own.score, abs=0.001)


def test_a_hole_in_the_prior_costs_realism(ground: Ground) -> None:
    whole = score(blob_space(), ground).own
    hole = score(
        blob_space(
            lambda z: torch.where((z.norm(dim=1) > 1.55)[:, None, None, None], noise(z), blobs(z))
        ),
        ground,
    ).own
    assert hole.realism < whole.realism - 0.2
    assert hole.score < whole.score - 0.05


def test_half_of_the_data_missing_costs_coverage(ground: Ground) -> None:
    whole = score(blob_space(), ground).own

    def right_half(z: Tensor) -> Tensor:
        return blobs(torch.stack([z[:, 0].abs(), z[:, 1]], dim=1))

    half = score(blob_space(right_half), ground).own
    assert half.coverage < whole.coverage - 0.3
    assert half.realism > whole.realism - 0.1


def test_codes_twice_as_wide_as_the_prior_cost_coverage(ground: Ground) -> None:
    # The prior stays N(0, I) while the codes are doubled: draws only reach the middle.
    doubled = replace(
        moved(blob_space(), 2 * torch.eye(2), torch.zeros(2)), prior=StandardNormal(2)
    )
    whole, narrow = score(blob_space(), ground).own, score(doubled, ground).own
    assert narrow.score < whole.score - 0.15


def test_ten_fixed_images_are_no_prior(ground: Ground) -> None:
    few = blobs(torch.randn(10, 2, generator=torch.Generator().manual_seed(1)))
    result = score(blob_space(lambda z: few[hashed(z, 10)]), ground).own
    assert result.score < 0.45


def test_a_memoriser_is_complete(ground: Ground) -> None:
    """Completeness alone does not see it; continuity does."""
    table = ground.real.reshape(-1, *ground.shape)
    memoriser = blob_space(lambda z: table[hashed(z, len(table))])
    assert score(memoriser, ground).own.score > 0.9


def test_without_a_prior_the_gaussian_of_the_codes_is_the_law(ground: Ground) -> None:
    result = score(without_prior(blob_space()), ground, with_others=True)
    assert result.own.law == FITTED_GAUSSIAN
    assert [other.law for other in result.others] == [FITTED_GAUSSIAN, FITTED_MIXTURE]
    assert result.others[0] == result.own
    assert result.own.score == pytest.approx(score(blob_space(), ground).own.score, abs=0.03)


def test_a_fitted_gaussian_has_the_moments_of_the_codes() -> None:
    generator = torch.Generator().manual_seed(2)
    codes = torch.randn(4000, 3, generator=generator) @ torch.tensor(
        [[2.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.0, 0.0, 0.0]]
    )
    codes = codes + torch.tensor([5.0, -1.0, 0.0])
    for law in (fit_gaussian(codes), fit_mixture(codes)):
        drawn = law.sample(40_000, generator)
        assert torch.allclose(drawn.mean(dim=0), codes.mean(dim=0), atol=0.06)
        assert torch.allclose(torch.cov(drawn.T), torch.cov(codes.T), atol=0.15)
        assert drawn[:, 2].abs().max() < 1e-3  # a dead dimension stays dead


def test_a_mixture_follows_clusters_that_one_gaussian_bridges() -> None:
    generator = torch.Generator().manual_seed(2)
    side = torch.randint(2, (2000, 1), generator=generator) * 2.0 - 1
    codes = 5 * side + 0.1 * torch.randn(2000, 1, generator=generator)
    between = fit_gaussian(codes).sample(2000, generator).abs() < 4
    inside = fit_mixture(codes).sample(2000, generator).abs() < 4
    assert between.float().mean() > 0.3
    assert inside.float().mean() < 0.01


def test_a_decoder_that_is_not_finite_scores_nothing(ground: Ground) -> None:
    broken = blob_space(lambda z: torch.where(z[:, :1, None, None] > 1, torch.nan, blobs(z)))
    result = score(broken, ground, with_others=True)
    assert result.own.score == 0
    assert [other.score for other in result.others] == [0, 0]


def test_the_same_scores_twice_and_the_global_generator_untouched(ground: Ground) -> None:
    before = torch.random.get_rng_state()
    assert score(blob_space(), ground) == score(blob_space(), ground)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_json_keys_are_the_published_ones(ground: Ground) -> None:
    as_dict = score(blob_space(), ground, with_others=True).as_dict()
    assert set(as_dict) == KEYS
    assert set(as_dict["others"]) == {FITTED_GAUSSIAN, FITTED_MIXTURE}
