"""What codes are like, dimension by dimension."""

import numpy as np
import pytest

from vaeexplorer.jobs.describing import BINS, SAMPLE, describe_codes
from vaeexplorer.regularity.information import dimension_order, rate_per_dimension
from vaeexplorer.run import Codes


@pytest.fixture
def codes():
    rng = np.random.default_rng(0)
    mean = (rng.normal(size=(SAMPLE - 1, 3)) * (0.1, 1, 4) + (0, 5, -2)).astype(np.float32)
    return Codes(mean, rng.normal(-1, 0.1, mean.shape).astype(np.float32))


def test_codes_are_described_by_the_textbook(codes):
    found = describe_codes(codes)
    np.testing.assert_allclose(found.mean, codes.mean.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.variance, codes.mean.astype(float).var(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(found.rates, rate_per_dimension(codes.mean, codes.log_variance))
    assert found.by_variance.tolist() == [2, 1, 0]
    assert describe_codes(Codes(codes.mean)).rates is None


def test_histograms_are_those_of_numpy_over_a_range_that_holds_every_code(codes):
    found = describe_codes(codes)
    assert (found.low <= codes.mean.min(axis=0)).all()
    assert (found.high >= codes.mean.max(axis=0)).all()
    assert (found.low <= -1).all()
    assert (found.high >= 1).all()
    for dimension, bars in enumerate(found.bars):
        span = (found.low[dimension], found.high[dimension])
        counts, _ = np.histogram(codes.mean[:, dimension], bins=BINS, range=span)
        # A code on the edge of two bins may be counted in either.
        np.testing.assert_allclose(bars**2 * counts.max(), counts, atol=2)
        assert bars.max() == 1


def test_a_single_code_and_codes_that_are_all_alike_are_described():
    for codes in (np.full((1, 2), 3, np.float32), np.zeros((9, 2), np.float32)):
        found = describe_codes(Codes(codes))
        assert (found.variance == 0).all()
        assert (found.low < found.high).all()
        assert ((found.bars > 0).sum(axis=1) == 1).all()


def test_the_order_of_the_dimensions_is_that_of_what_they_carry():
    generator = np.random.default_rng(3)
    mean = (generator.normal(size=(400, 5)) * [0.1, 2.0, 0.5, 1.0, 0.0]).astype(np.float32)
    log_variance = np.log(np.array([0.9, 0.9, 0.01, 0.5, 1.0], np.float32)) + np.zeros_like(mean)
    for given in (None, log_variance):
        expected = dimension_order(mean, given)
        np.testing.assert_array_equal(describe_codes(Codes(mean, given)).by_carried, expected)
