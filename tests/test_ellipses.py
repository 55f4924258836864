"""Posteriors as ellipses: their place and their shape on maps with straight axes."""

import numpy as np
import pytest
from finishing import finish

from vaeexplorer.jobs.ellipses import AROUND, MOST, NoEllipses, ellipses
from vaeexplorer.latent.lift import lift_of
from vaeexplorer.latent.overlap import nearest_overlaps
from vaeexplorer.latent.projection import Map, axes_map, dimensions_map, pca_map
from vaeexplorer.run import Codes


@pytest.fixture(scope="module")
def codes():
    rng = np.random.default_rng(0)
    mean = (rng.standard_normal((300, 4)) * [1, 3, 2, 0.5]).astype(np.float32)
    return Codes(mean, rng.normal(-2, 0.5, (300, 4)).astype(np.float32))


def last(shown, codes, selected=None, probed=None):
    found, seen = finish(ellipses(lift_of(shown, codes.mean), codes, selected, probed))
    return [*seen, found]


def covariances(found):
    return found.roots.transpose(0, 2, 1) @ found.roots


def test_on_two_dimensions_the_axes_are_the_standard_deviations(codes):
    chosen = np.array([3, 50, 299])
    first, found = last(dimensions_map(codes.mean, 2, 0), codes, chosen)
    assert first.overlap is None, "the picture comes before the number"
    np.testing.assert_array_equal(found.images, chosen)
    np.testing.assert_array_equal(found.centres, codes.mean[chosen][:, [2, 0]])
    variance = np.exp(codes.log_variance[chosen][:, [2, 0]].astype(float))
    np.testing.assert_allclose(covariances(found), [np.diag(v) for v in variance], atol=1e-9)
    assert found.selected == 3
    assert found.overlap == pytest.approx(
        nearest_overlaps(codes.mean, codes.log_variance, chosen)[0].mean()
    )


def test_how_far_they_reach_is_told_in_units_of_the_map(codes):
    shown = dimensions_map(codes.mean, 1, 0)
    half = np.ptp(codes.mean[:, [1, 0]], axis=0).max() / 2
    wide = Codes(codes.mean, np.full_like(codes.log_variance, 2 * np.log(10 * half)))
    assert last(shown, wide)[-1].reach == pytest.approx(20, rel=1e-3)
    one = Codes(np.repeat(codes.mean[:1], 3, axis=0), np.zeros((3, 4), np.float32))
    assert last(dimensions_map(one.mean, 0, 1), one)[-1].reach == pytest.approx(2)


def test_on_principal_axes_an_ellipse_is_the_shadow_of_its_posterior(codes):
    """Draws of a posterior, put on the map, have its covariance."""
    shown = pca_map(codes.mean)
    lift = lift_of(shown, codes.mean)
    found = last(shown, codes, np.array([7]))[-1]
    noise = np.random.default_rng(1).standard_normal((40_000, 4))
    draws = codes.mean[7] + noise * np.exp(codes.log_variance[7] / 2)
    placed = (draws - codes.mean[7]) @ lift.axes + found.centres[0]
    np.testing.assert_allclose(np.cov(placed.T), covariances(found)[0], rtol=0.05, atol=0.01)


def test_two_latent_dimensions_are_their_own_plane(codes):
    two = Codes(codes.mean[:, :2], codes.log_variance[:, :2])
    found = last(axes_map(two.mean), two, np.array([0]))[-1]
    wanted = np.diag(np.exp(two.log_variance[0].astype(float)))
    np.testing.assert_allclose(covariances(found)[0], wanted, atol=1e-9)


def test_without_a_selection_the_images_around_the_probe_are_shown(codes):
    found = last(dimensions_map(codes.mean, 0, 1), codes, None, codes.mean[5])[-1]
    nearest = np.argsort(np.linalg.norm(codes.mean - codes.mean[5], axis=1))[:AROUND]
    assert found.images.tolist() == nearest.tolist()
    assert found.selected == 0


def test_of_many_selected_images_some_are_shown_spread_out(codes):
    found = last(dimensions_map(codes.mean, 0, 1), codes, np.arange(300))[-1]
    assert len(found.images) == MOST
    assert found.images[[0, -1]].tolist() == [0, 299]
    assert found.selected == 300


def test_where_there_is_none_it_is_said_why(codes):
    bent = Map("umap", codes.mean[:, :2].copy())
    assert last(bent, codes, np.array([1])) == [NoEllipses("no axes")]
    of_one = Codes(codes.mean[:, :1], codes.log_variance[:, :1])
    assert last(axes_map(of_one.mean), of_one) == [NoEllipses("one dimension")]
    of_an_ae = Codes(codes.mean)
    assert last(dimensions_map(codes.mean, 0, 1), of_an_ae) == [NoEllipses("no posterior")]


def test_a_place_on_two_dimensions_decodes_as_it_stands_there(codes):
    """The others are those of the codes around, or of what is held."""
    lift = lift_of(dimensions_map(codes.mean, 3, 1), codes.mean)
    assert lift.exactness == "map"
    held = codes.mean[10]
    z = lift.lift((0.25, -1.5), 0.0, held).z
    np.testing.assert_allclose(z[[3, 1]], (0.25, -1.5), atol=1e-6)
    np.testing.assert_array_equal(z[[0, 2]], held[[0, 2]])
    np.testing.assert_allclose(lift.place(z), (0.25, -1.5), atol=1e-6)
