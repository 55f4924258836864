"""What is far from every posterior, where it is known beforehand."""

import math

import pytest
import torch

from vaeexplorer.models.base import Posterior, StandardNormal
from vaeexplorer.regularity.cover import cover, emptiness


def normal(n, size, seed=0):
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed))


def codes(z):
    return Posterior(z, None)


class Uniform:
    """Uniform on (-width, width), one dimension."""

    name = "uniform"

    def __init__(self, width):
        self.width = width

    def sample(self, n, generator):
        return (2 * torch.rand(n, 1, generator=generator) - 1) * self.width


@pytest.mark.parametrize(("shift", "wanted"), [(0.0, 0.01), (20.0, 1.0)])
def test_draws_of_the_law_of_the_codes_are_near(shift, wanted):
    scale = torch.tensor([0.01, 100.0])
    train, held_out, draws = (normal(4000, 2, seed) * scale for seed in range(3))
    far = cover(codes(train), codes(held_out)).distances(draws + shift * scale) > 1
    assert float(far.double().mean()) == pytest.approx(wanted, abs=0.008)


def test_the_share_of_a_law_beyond_the_codes_is_its_mass_there():
    generator = torch.Generator().manual_seed(1)
    train, held_out = (Uniform(1).sample(n, generator) for n in (4000, 1000))
    found = emptiness(cover(codes(train), codes(held_out)), Uniform(4))
    assert found.share == pytest.approx(0.75, abs=0.03)
    inside = found.draws[:, 0].abs() < 1
    assert float((found.distances[inside] > 1).double().mean()) < 0.03
    assert (found.distances[~inside] > 1).double().mean() > 0.99


def test_distances_are_those_to_the_nearest_code_in_whitened_coordinates():
    train, held_out, asked = normal(500, 3), normal(100, 3, 1), normal(40, 3, 2)
    found = cover(codes(train), codes(held_out))
    precision = torch.linalg.inv(torch.cov(train.double().T))
    apart = (asked[:, None] - train).double()
    brute = torch.einsum("ijk,kl,ijl->ij", apart, precision, apart).amin(dim=1).sqrt()
    measured = found.distances(asked).double() * found.limit
    torch.testing.assert_close(measured, brute, rtol=1e-3, atol=1e-3)


def test_coordinates_of_the_codes_do_not_matter():
    matrix, offset = torch.tensor([[3.0, 0.2], [0.0, 0.01]]), torch.tensor([50.0, -1.0])
    train, held_out, asked = normal(2000, 2), normal(500, 2, 1), 2 * normal(500, 2, 2)
    one = cover(codes(train), codes(held_out)).distances(asked)
    other = cover(codes(train @ matrix + offset), codes(held_out @ matrix + offset)).distances(
        asked @ matrix + offset
    )
    torch.testing.assert_close(one, other, rtol=0.02, atol=0.005)


def test_posteriors_cover_as_far_as_they_are_wide():
    """Means on two points, a gap of 6 between them: wide posteriors fill it, narrow ones do not."""
    mean = torch.tensor([[-3.0], [3.0]]).repeat(300, 1)
    middle = torch.zeros(1, 1)
    for deviation, empty in ((0.2, True), (2.0, False)):
        spread = torch.full_like(mean, 2 * math.log(deviation))
        found = cover(Posterior(mean, spread), Posterior(mean[:100], spread[:100]))
        assert bool(found.distances(middle) > 1) is empty


def test_a_collapsed_posterior_covers_its_prior():
    train, held_out = (Posterior(torch.zeros(n, 4), torch.zeros(n, 4)) for n in (2000, 500))
    assert emptiness(cover(train, held_out), StandardNormal(4)).share == pytest.approx(
        0.01, abs=0.008
    )


def test_dimensions_that_carry_nothing_count_for_nothing():
    ring = normal(2000, 2)
    ring = 3 * ring / ring.norm(dim=1, keepdim=True)
    shares = []
    for silent in (0, 6):
        mean = torch.cat([ring, torch.zeros(2000, silent)], dim=1)
        spread = torch.full_like(mean, -4.0)
        spread[:, 2:] = 0
        found = cover(Posterior(mean[:1600], spread[:1600]), Posterior(mean[1600:], spread[1600:]))
        shares.append(emptiness(found, StandardNormal(2 + silent)).share)
    assert shares[0] > 0.8
    assert shares[1] == pytest.approx(shares[0], abs=0.03)
