"""PCA and axes maps: where dots lie, that they repeat, and what cannot be mapped."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from vaeexplorer.data.dataset import InputError
from vaeexplorer.latent.projection import axes_map, pca_map


def random_codes(n, size, seed=0):
    scales = np.linspace(1, 3, size)
    codes = np.random.default_rng(seed).normal(2.0, scales, (n, size))
    return codes.astype(np.float32)


def test_pca_map_spans_the_two_leading_singular_vectors():
    codes = random_codes(500, 6)
    centred = codes - codes.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    positions = pca_map(codes).positions
    assert positions.dtype == np.float32
    np.testing.assert_allclose(np.abs(positions), np.abs(expected), atol=1e-3)


def test_pca_map_keeps_its_sides_when_images_come_in_another_order():
    codes = random_codes(500, 6)
    order = np.random.default_rng(1).permutation(500)
    np.testing.assert_allclose(
        pca_map(codes[order]).positions, pca_map(codes).positions[order], atol=1e-3
    )


def test_pca_map_repeats_bit_for_bit():
    codes = random_codes(2_000, 16)
    assert pca_map(codes).positions.tobytes() == pca_map(codes).positions.tobytes()


def test_pca_map_finds_small_codes_far_from_the_origin():
    codes = np.float32(1_000) + random_codes(500, 4)
    spread = pca_map(codes).positions.std(axis=0)
    np.testing.assert_allclose(spread, pca_map(codes - 1_000).positions.std(axis=0), rtol=1e-3)


@pytest.mark.parametrize("size", [1, 2, 3, 16])
@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(random_codes(1, 16), id="one"),
        pytest.param(random_codes(2, 16), id="two"),
        pytest.param(np.full((50, 16), 7.0, np.float32), id="constant"),
        pytest.param(np.repeat(random_codes(3, 16), 20, axis=0), id="duplicates"),
        pytest.param(random_codes(50, 16) * np.float32(1e14), id="huge"),
        pytest.param(random_codes(50, 16) * np.float32(1e-30), id="tiny"),
    ],
)
def test_codes_of_any_shape_get_finite_positions(codes, size):
    map_ = pca_map(codes[:, :size])
    assert map_.positions.shape == (len(codes), 2)
    assert np.isfinite(map_.positions).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("project", [pca_map, axes_map])
def test_codes_that_are_not_numbers_are_refused_in_one_sentence(project, bad):
    codes = random_codes(10, 2)
    codes[3, 1] = bad
    with pytest.raises(InputError, match="not finite") as caught:
        project(codes)
    assert str(caught.value).count(".") == 1


def test_no_codes_are_refused():
    with pytest.raises(InputError, match="no codes"):
        pca_map(np.zeros((0, 4), np.float32))


def test_codes_of_size_two_are_their_own_positions():
    codes = random_codes(20, 2)
    map_ = axes_map(codes)
    assert map_.method == "axes"
    assert map_.settings["exact"] is True
    np.testing.assert_array_equal(map_.positions, codes)
    assert not np.shares_memory(map_.positions, codes)


def test_codes_of_size_one_are_shown_against_their_density():
    codes = random_codes(3_000, 1)
    map_ = pca_map(codes)
    assert map_.method == "axes"
    np.testing.assert_array_equal(map_.positions[:, 0], codes[:, 0])
    density = map_.positions[:, 1] / map_.settings["density_scale"]
    reference = gaussian_kde(codes[:, 0], bw_method=0.9 * 3_000**-0.2)(codes[:, 0])
    np.testing.assert_allclose(density, reference, atol=0.03 * reference.max())
    assert map_.positions[:, 1].max() == pytest.approx(np.ptp(codes) / 2)


def test_larger_codes_have_no_axes_map():
    with pytest.raises(ValueError, match="size 3"):
        axes_map(random_codes(5, 3))
