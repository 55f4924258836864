"""Secondary numbers have the values that they must have where everything is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from analytic import blob_ground, blob_space, blobs, without_prior
from torch import Tensor

from vaeexplorer.models.base import CodeSpace, Posterior, StandardNormal
from vaeexplorer.regularity.aggregate import aggregate_terms
from vaeexplorer.regularity.definitions import DEFINITIONS, OF_THE_POSTERIOR, is_lower_bound
from vaeexplorer.regularity.ground import Ground, Reconstructions, reconstruct
from vaeexplorer.regularity.information import rate_per_dimension
from vaeexplorer.regularity.secondary import (
    QUANTILES,
    active_dimensions,
    cycle_error,
    largest_step,
    local_stretch,
    path_length,
    secondary,
)
from vaeexplorer.report.quantities import Quantity


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(n: int, size: int, seed: int = 1) -> Tensor:
    return torch.randn(n, size, generator=seeded(seed))


@pytest.fixture(scope="module")
def affine() -> tuple[CodeSpace, Reconstructions]:
    """Three latent dimensions of very different scale, decoded by straight lines."""
    matrix, offset = normal(16, 3, 2), torch.rand(16, generator=seeded(3))
    decoder = lambda z: (offset + z @ matrix.T).reshape(-1, 1, 4, 4)  # noqa: E731
    back = torch.linalg.pinv(matrix)
    space = CodeSpace(
        3, lambda x: Posterior((x.flatten(1) - offset) @ back.T, None), decoder, StandardNormal(3)
    )
    codes = normal(500, 3) * torch.tensor([0.1, 1.0, 10.0])
    return space, Reconstructions(codes, decoder(codes).flatten(1))


def test_an_affine_decoder_stretches_nothing(affine: tuple[CodeSpace, Reconstructions]) -> None:
    space, held_out = affine
    for value in local_stretch(space, held_out, seeded()).values():
        assert value == pytest.approx(1, abs=1e-3)
    assert largest_step(space, held_out.codes, seeded()) == pytest.approx(1, abs=1e-3)
    assert path_length(space, StandardNormal(3), seeded()) == pytest.approx(1, abs=0.05)


def test_a_circle_stretches_alike_everywhere() -> None:
    """Its chords over equal steps are equal; those of the definitions are known."""
    space = CodeSpace(
        1,
        lambda x: Posterior(x[:, 0, 0, :1], None),
        lambda z: torch.stack([z[:, 0].cos(), z[:, 0].sin()], dim=1).reshape(-1, 1, 1, 2),
        StandardNormal(1),
    )
    codes = 1.5 * normal(500, 1)
    held_out = Reconstructions(codes, space.decode(codes).flatten(1))
    step = 0.1 * float(codes.std())
    spread = float(held_out.images.var(dim=0).sum())
    for value in local_stretch(space, held_out, seeded()).values():
        assert value == pytest.approx(2 * math.sin(step / 2) / (0.1 * math.sqrt(spread)), rel=1e-3)
    assert largest_step(space, codes, seeded()) == pytest.approx(1, abs=1e-3)
    # Two draws are 2 apart in the mean square, and their pictures vary by 1 - 1/e.
    expected = 2 / (2 * (1 - math.exp(-1)))
    assert path_length(space, StandardNormal(1), seeded()) == pytest.approx(expected, rel=0.06)


def test_the_largest_step_of_a_square_is_its_last() -> None:
    space = CodeSpace(
        1, lambda x: Posterior(x[:, 0, 0], None), lambda z: z.square().reshape(-1, 1, 1, 1)
    )
    codes = torch.tensor([[0.0], [1.0]])
    assert largest_step(space, codes, seeded()) == pytest.approx(127 / 64, rel=1e-5)


def test_a_cliff_stretches_where_it_is() -> None:
    """Along one axis of 64 steps, all of the change is in one of them."""
    space = CodeSpace(
        1, lambda x: Posterior(x[:, 0, 0], None), lambda z: (z > 0).float().reshape(-1, 1, 1, 1)
    )
    codes = torch.cat([torch.full((50, 1), -1.0), torch.full((50, 1), 1.0)])
    assert largest_step(space, codes, seeded()) == pytest.approx(64)
    stretch = local_stretch(space, Reconstructions(codes, (codes > 0).float()), seeded())
    assert stretch["stretch_q50"] == 0


def test_a_round_trip_that_shrinks_codes_costs_its_square() -> None:
    ground = blob_ground(100, 100)
    shrinking = blob_space(
        lambda z: z.reshape(-1, 2, 1, 1).expand(-1, 2, 6, 12).reshape(-1, 1, 12, 12)
    )
    back = CodeSpace(2, lambda x: Posterior(0.7 * x[:, 0, ::6, 0], None), shrinking.decoder)
    draws = normal(20_000, 2)
    both = torch.ones(2, dtype=torch.bool)
    assert cycle_error(back, ground, draws, both) == pytest.approx(0.09, rel=1e-3)
    none = torch.zeros(2, dtype=torch.bool)
    assert cycle_error(back, ground, draws, none) is None


def test_dead_dimensions_are_not_active() -> None:
    codes = normal(1000, 3) * torch.tensor([1.0, 0.05, 0.0])
    assert active_dimensions(codes, has_posterior=True).tolist() == [True, False, False]
    assert active_dimensions(codes, has_posterior=False).tolist() == [True, True, False]


def terms(mean: Tensor, log_variance: Tensor) -> dict[str, Any]:
    return aggregate_terms(mean, log_variance, StandardNormal(mean.shape[1]), seeded())


def test_a_collapsed_posterior_is_the_prior() -> None:
    found = terms(torch.zeros(300, 4), torch.zeros(300, 4))
    for key in ("aggregate_kl", "total_correlation", "dimension_kl", "mutual_information"):
        assert found[key] == pytest.approx(0, abs=1e-6)


def test_far_posteriors_tell_which_image_it_was() -> None:
    mean = 50.0 * torch.arange(8.0)[:, None].expand(8, 2)
    found = terms(mean, torch.zeros(8, 2))
    assert found["mutual_information"] == pytest.approx(math.log(8), abs=1e-6)
    assert found["mutual_information_limit"] == pytest.approx(math.log(8))
    # One dimension tells all of the other: the correlation is what it says of the image.
    assert found["total_correlation"] == pytest.approx(math.log(8), abs=1e-6)


def test_correlated_dimensions_have_the_correlation_of_a_gaussian() -> None:
    correlation, noise = 0.8, 0.1
    covariance = torch.tensor([[1.0, correlation], [correlation, 1.0]]) - noise * torch.eye(2)
    root = torch.linalg.cholesky(covariance)
    found = terms(normal(20_000, 2) @ root.T, torch.full((20_000, 2), math.log(noise)))
    assert found["total_correlation"] == pytest.approx(
        -0.5 * math.log(1 - correlation**2), abs=0.06
    )
    assert found["dimension_kl"] == pytest.approx(0, abs=0.02)
    assert found["mutual_information"] == pytest.approx(
        0.5 * math.log((1 - correlation**2) / noise**2), abs=0.06
    )


def test_the_terms_add_up_to_the_rate() -> None:
    mean, log_variance = 0.7 * normal(4000, 3), -1 + 0.3 * normal(4000, 3, 5)
    found = terms(mean, log_variance)
    assert found["aggregate_kl"] == pytest.approx(
        found["total_correlation"] + found["dimension_kl"], abs=1e-6
    )
    rate = rate_per_dimension(mean.numpy(), log_variance.numpy()).sum()
    assert found["mutual_information"] + found["aggregate_kl"] == pytest.approx(rate, abs=0.2)


def test_the_terms_are_those_of_a_gaussian_whose_dimensions_are_not_the_prior() -> None:
    noise = 0.1
    covariance = torch.tensor([[1.5, 0.9], [0.9, 1.2]])
    root = torch.linalg.cholesky(covariance - noise * torch.eye(2))
    found = terms(normal(20_000, 2) @ root.T, torch.full((20_000, 2), math.log(noise)))
    spread, variances = float(covariance.det()), covariance.diag()
    whole = 0.5 * (float(variances.sum()) - 2 - math.log(spread))
    alone = 0.5 * float((variances - 1 - variances.log()).sum())
    assert found["aggregate_kl"] == pytest.approx(whole, abs=0.08)
    assert found["dimension_kl"] == pytest.approx(alone, abs=0.08)
    assert found["total_correlation"] == pytest.approx(whole - alone, abs=0.08)
    assert found["mutual_information"] == pytest.approx(0.5 * math.log(spread / noise**2), abs=0.08)


class _SeenNormal(StandardNormal):
    """Remembers the codes whose density was asked for."""

    seen: Tensor

    def log_prob(self, z: Tensor) -> Tensor:
        self.seen = z
        return super().log_prob(z)


def test_the_terms_telescope_to_the_kl_of_the_same_draws() -> None:
    # Some images have one posterior, and the others are far: a draw tells whose it is.
    of = torch.repeat_interleave(torch.arange(5), torch.tensor([1, 2, 4, 8, 25]))
    centres, log_variances = 30.0 * normal(5, 3), normal(5, 3, 5)
    prior = _SeenNormal(3)
    found = aggregate_terms(centres[of], log_variances[of], prior, seeded())
    z = prior.seen.double()
    whose = (z[:, None] - centres).square().sum(dim=2).argmin(dim=1)
    own = torch.distributions.Normal(centres.double(), (0.5 * log_variances).double().exp())
    sampled = own.log_prob(z[:, None]).sum(dim=2).gather(1, whose[:, None]).squeeze(1)
    kl = float((sampled - torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(dim=1)).mean())
    information = float(-(torch.bincount(of) / len(of)).log()[whose].mean())
    assert found["mutual_information"] == pytest.approx(information, abs=1e-6)
    assert found["mutual_information"] + found["aggregate_kl"] == pytest.approx(kl, rel=1e-5)
    assert found["total_correlation"] + found["dimension_kl"] == pytest.approx(
        found["aggregate_kl"], rel=1e-5
    )


@pytest.mark.parametrize(
    ("information", "limit", "text"),
    [(6.7, 7.0, "\N{GREATER-THAN OR EQUAL TO} 6.70"), (6.2, 7.0, "6.20"), (None, None, None)],
)
def test_information_near_its_limit_is_written_as_a_lower_bound(
    information: float | None, limit: float | None, text: str | None
) -> None:
    terms = {"mutual_information": information, "mutual_information_limit": limit}
    row = Quantity("", "", ("secondary", "mutual_information"))
    assert row.text({"secondary": terms}) == text
    assert not is_lower_bound("mutual_information_limit", terms)


def test_what_does_not_exist_is_none() -> None:
    ground = blob_ground(400, 200)
    space = without_prior(blob_space())
    found = secondary(space, ground, reconstruct(space, ground, ground.held_out))
    assert found.keys() == DEFINITIONS.keys()
    assert {key for key, value in found.items() if value is None} == set(OF_THE_POSTERIOR)


def test_a_decoder_of_nothing_has_no_numbers() -> None:
    ground = blob_ground(400, 200)
    broken = blob_space(lambda z: blobs(z) * torch.nan)
    found = secondary(broken, ground, reconstruct(broken, ground, ground.held_out))
    assert set(found.values()) == {None}


def test_what_float32_rounds_is_no_change() -> None:
    ground = blob_ground(400, 200)
    collapsed = blob_space(lambda z: 0.3 + 1e-6 * blobs(z))
    found = secondary(collapsed, ground, reconstruct(collapsed, ground, ground.held_out))
    of_change = {*QUANTILES, "largest_over_mean_step", "path_length"}
    assert {found[key] for key in of_change} == {None}


def test_a_space_with_posteriors_has_every_number() -> None:
    ground: Ground = blob_ground(400, 200)
    exact = blob_space()
    space = CodeSpace(
        2,
        lambda x: Posterior(exact.encoder(x).mean, torch.full((len(x), 2), -4.0)),
        exact.decoder,
        exact.prior,
    )
    found = secondary(space, ground, reconstruct(space, ground, ground.held_out))
    assert all(value is not None and np.isfinite(value) for value in found.values())
    assert found["cycle_error"] < 0.1
    assert found["stretch_q05"] < found["stretch_q50"] < found["stretch_q95"]


def test_every_definition_is_in_the_documentation() -> None:
    text = (Path(__file__).parent.parent / "docs" / "scores.md").read_text(encoding="utf-8")
    for key in DEFINITIONS:
        assert f"`{key}`" in text, key
