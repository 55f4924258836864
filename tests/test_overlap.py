"""How much posteriors overlap, against quadrature and closed forms."""

import numpy as np
import pytest

from vaeexplorer.latent.overlap import nearest_overlaps


def gaussian(x, mean, log_variance):
    return np.exp(-0.5 * ((x - mean) ** 2 / np.exp(log_variance) + log_variance)) / np.sqrt(
        2 * np.pi
    )


def test_in_one_dimension_it_is_the_integral_of_the_root_of_the_product():
    mean = np.array([[0.3], [1.7]], np.float32)
    spread = np.array([[-1.2], [0.4]], np.float32)
    x = np.linspace(-15, 15, 30_001)
    densities = [gaussian(x, m, v) for m, v in zip(mean[:, 0], spread[:, 0], strict=True)]
    wanted = np.trapezoid(np.sqrt(densities[0] * densities[1]), x)
    overlaps, partners = nearest_overlaps(mean, spread, np.array([0, 1]))
    np.testing.assert_allclose(overlaps, wanted, rtol=1e-6)
    assert partners.tolist() == [1, 0]


def test_in_two_dimensions_it_is_the_product_over_them():
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(2, 2)).astype(np.float32)
    spread = rng.normal(size=(2, 2)).astype(np.float32)
    x = np.linspace(-15, 15, 3001)
    factors = [
        np.trapezoid(
            np.sqrt(gaussian(x, mean[0, j], spread[0, j]) * gaussian(x, mean[1, j], spread[1, j])),
            x,
        )
        for j in range(2)
    ]
    overlaps, _ = nearest_overlaps(mean, spread, np.array([0]))
    assert overlaps[0] == pytest.approx(np.prod(factors), rel=1e-5)


def test_of_all_others_the_one_that_overlaps_most_counts():
    """The nearest mean is not it where its posterior is a needle."""
    mean = np.array([[0.0], [0.5], [1.0], [50.0]], np.float32)
    spread = np.array([[0.0], [-12.0], [0.0], [0.0]], np.float32)
    overlaps, partners = nearest_overlaps(mean, spread, np.array([0, 3]))
    assert partners[0] == 2
    assert overlaps[0] == pytest.approx(np.exp(-1 / 8), rel=1e-6)
    assert overlaps[1] < 1e-100


def test_equal_posteriors_overlap_wholly_and_an_image_not_with_itself():
    mean, spread = np.ones((3, 4), np.float32), np.full((3, 4), -2, np.float32)
    mean[2] += 100
    overlaps, partners = nearest_overlaps(mean, spread, np.arange(3))
    np.testing.assert_allclose(overlaps[:2], 1, rtol=1e-12)
    assert partners[:2].tolist() == [1, 0]
    assert overlaps[2] == 0


def test_many_images_are_taken_in_parts_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(1)
    mean, spread = (rng.normal(size=(200, 3)).astype(np.float32) for _ in range(2))
    whole = nearest_overlaps(mean, spread, np.arange(200))
    monkeypatch.setattr("vaeexplorer.latent.overlap.AT_ONCE", 1_500)
    for one, other in zip(whole, nearest_overlaps(mean, spread, np.arange(200)), strict=True):
        np.testing.assert_array_equal(one, other)
