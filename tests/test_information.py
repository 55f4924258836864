"""Rates, active units and the order of dimensions."""

import numpy as np
import pytest
import torch

from vaeexplorer.regularity import information
from vaeexplorer.regularity.information import (
    active_units,
    dimension_order,
    rate_per_dimension,
    rate_per_image,
)


@pytest.fixture
def posterior() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mean = rng.normal(0, (2, 0.5, 1e-3, 1), (500, 4)).astype(np.float32)
    log_variance = rng.normal((-4, -1, 0, -2), 0.1, (500, 4)).astype(np.float32)
    return mean, log_variance


def test_rate_is_the_kl_of_torch_distributions(posterior):
    mean, log_variance = (torch.from_numpy(one).double() for one in posterior)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (0.5 * log_variance).exp()),
        torch.distributions.Normal(0.0, 1.0),
    ).mean(dim=0)
    np.testing.assert_allclose(rate_per_dimension(*posterior), expected.numpy(), rtol=1e-6)


def test_the_mean_of_the_rates_of_images_is_the_sum_of_those_of_dimensions(posterior, monkeypatch):
    monkeypatch.setattr(information, "IMAGES_AT_ONCE", 33)
    rates = rate_per_image(*posterior)
    assert rates.shape == (500,)
    np.testing.assert_allclose(rates.mean(), rate_per_dimension(*posterior).sum(), rtol=1e-5)
    np.testing.assert_allclose(
        rate_per_image(*(part[7:8] for part in posterior)), rates[7:8], rtol=1e-6
    )


def test_rate_is_zero_at_the_prior_and_half_the_square_of_a_shift():
    mean = np.array([[0.0, 3.0]], np.float32)
    np.testing.assert_allclose(rate_per_dimension(mean, np.zeros_like(mean)), [0.0, 4.5])


def test_active_units_are_those_whose_mean_varies(posterior):
    mean, _ = posterior
    assert active_units(mean).tolist() == [True, True, False, True]


def test_a_constant_offset_makes_no_unit_active():
    assert not active_units(np.full((100, 3), 7.0, np.float32)).any()


def test_dimensions_are_ordered_by_rate(posterior):
    assert dimension_order(*posterior).tolist() == [0, 3, 1, 2]


def test_dimensions_of_an_ae_are_ordered_by_variance_not_by_offset(posterior):
    mean = posterior[0] + np.array([0, 100, 0, 0], np.float32)
    assert dimension_order(mean, None).tolist() == [0, 3, 1, 2]


def test_equal_dimensions_keep_their_own_order():
    mean = np.zeros((10, 5), np.float32)
    assert dimension_order(mean, None).tolist() == [0, 1, 2, 3, 4]
