"""Worst places: planted ones are found, amounts mean what they say, and nothing is random."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from analytic import blob_ground, blob_space, blobs, without_prior
from torch import Tensor

from vaeexplorer.models.base import CodeSpace, Posterior
from vaeexplorer.regularity.continuity import continuity
from vaeexplorer.regularity.ground import Ground, reconstruct
from vaeexplorer.regularity.worst import APART, Places, emptiest_draws, steepest_steps


@pytest.fixture(scope="module")
def ground() -> Ground:
    return blob_ground(600, 300)


def steps(space: CodeSpace, ground: Ground, count: int = 6) -> Places:
    return steepest_steps(space, reconstruct(space, ground, ground.held_out), count)


def draws(space: CodeSpace, ground: Ground, count: int = 6) -> Places:
    return emptiest_draws(space, ground, reconstruct(space, ground, ground.held_out), count)


def test_a_cliff_is_where_the_steepest_steps_are(ground: Ground) -> None:
    cliff = blob_space(lambda z: blobs(z) * (0.3 + 0.7 * (z[:, :1] > 0.4).float())[..., None, None])
    found = steps(cliff, ground)
    assert found.after is not None
    assert bool(((found.z[:, 0] > 0.4) != (found.after[:, 0] > 0.4)).all())
    assert found.amounts[0] > 2 * steps(blob_space(), ground).amounts[0]


def test_the_mean_square_of_all_steps_is_one_over_c(ground: Ground) -> None:
    space = blob_space()
    held_out = reconstruct(space, ground, ground.held_out)
    # Every step, also near ones.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaeexplorer.regularity.worst.APART", 0.0)
        patch.setattr("vaeexplorer.regularity.continuity.SCORE_SEEDS", (0, 0))
        found = steepest_steps(space, held_out, 4096)
        evenness = continuity(space, ground, held_out).evenness
    assert len(found.amounts) == 4096
    mean_square = math.fsum(amount**2 for amount in found.amounts) / 4096
    assert mean_square == pytest.approx(1 / evenness, rel=1e-4)


def test_a_hole_is_where_the_emptiest_draws_are(ground: Ground) -> None:
    noise = torch.rand(12, 12, generator=torch.Generator().manual_seed(0))

    def holed(z: Tensor) -> Tensor:
        return torch.where((z[:, :1] > 1)[..., None, None], noise, blobs(z))

    found = draws(blob_space(holed), ground)
    assert bool((found.z[:, 0] > 1).all())
    assert found.amounts[0] > 1.5
    assert found.law == "standard normal"


def test_without_a_prior_draws_come_from_the_fitted_gaussian(ground: Ground) -> None:
    assert draws(without_prior(blob_space()), ground).law == "fitted Gaussian"


@pytest.mark.parametrize("find", [steps, draws])
def test_places_are_the_worst_first_and_differ(ground: Ground, find) -> None:
    found = find(blob_space(), ground)
    assert found.amounts == sorted(found.amounts, reverse=True)
    assert len(found.amounts) == 6
    spread = reconstruct(blob_space(), ground, ground.held_out).codes.std(dim=0).amin()
    apart = torch.pdist(found.z)
    assert float(apart.amin()) > 0.8 * APART * float(spread)


@pytest.mark.parametrize("find", [steps, draws])
def test_the_same_places_every_time(ground: Ground, find) -> None:
    first, again = find(blob_space(), ground), find(blob_space(), ground)
    assert torch.equal(first.z, again.z)
    assert first.amounts == again.amounts


@pytest.mark.parametrize("find", [steps, draws])
@pytest.mark.parametrize("value", [0.5, torch.nan])
def test_a_model_that_shows_nothing_or_nan_has_no_places_that_are_not_finite(
    ground: Ground, find, value: float
) -> None:
    found = find(blob_space(lambda z: torch.full((len(z), 1, 12, 12), value)), ground)
    assert all(math.isfinite(amount) for amount in found.amounts)
    assert value == 0.5 or found.amounts == []


def test_what_float32_rounds_is_no_steep_step(ground: Ground) -> None:
    assert not steps(blob_space(lambda z: 0.3 + 1e-6 * blobs(z)), ground).amounts


def test_codes_that_do_not_vary_give_no_error(ground: Ground) -> None:
    dead = replace(
        blob_space(), encoder=lambda images: Posterior(torch.zeros(len(images), 2), None)
    )
    assert steps(dead, ground).amounts == []
