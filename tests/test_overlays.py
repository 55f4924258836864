"""What is laid over a map: decodes of its places, and how much they change."""

import numpy as np
import pytest
import torch
from analytic import as_bytes, blob_space, blobs, without_prior
from finishing import finish

from vaeexplorer.data import Dataset, Source
from vaeexplorer.jobs.draws import draws_on_map, draws_on_one_scale
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.jobs.overlays import MAX_CELLS, decode_grid, on_one_scale, stretch
from vaeexplorer.latent.lift import Lift
from vaeexplorer.models.base import CodeSpace, Posterior, StandardNormal
from vaeexplorer.regularity.laws import own_law


def affine(matrix):
    """A space whose pictures, 1 x 1 x k, are z @ matrix."""
    return CodeSpace(
        len(matrix),
        lambda images: Posterior(images.flatten(1), None),
        lambda z: (0.5 + z @ torch.tensor(matrix))[:, None, None],
        None,
    )


@pytest.fixture
def axes_lift():
    """A map of two latent axes: every place is its own code."""
    codes = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)
    return Lift(codes, codes, {"exact": True})


def centres(grid):
    rows, columns = grid.done.shape
    x = grid.low[0] + grid.step[0] * (np.arange(columns) + 0.5)
    y = grid.low[1] + grid.step[1] * (np.arange(rows) + 0.5)
    return np.stack(np.meshgrid(x, y), axis=-1)


def test_each_picture_is_the_decode_of_its_place_and_none_is_left_out(axes_lift):
    low, high, step = np.array([-2.1, -1.0]), np.array([1.3, 1.7]), np.array([0.2, 0.25])
    grid, seen = finish(decode_grid(blob_space(), axes_lift, low, high, step))
    assert grid.done.all()
    assert (grid.low <= low).all()
    assert (grid.low + grid.step * grid.done.shape[::-1] >= high).all()
    places = centres(grid).reshape(-1, 2).astype(np.float32)
    expected = decode_pixels(blob_space(), places).reshape(grid.images.shape)
    np.testing.assert_array_equal(grid.images, expected)
    np.testing.assert_array_equal(grid.inside.ravel(), axes_lift.near(places))
    assert [one.done.sum() for one in seen] == sorted({one.done.sum() for one in seen})


def test_the_first_pictures_are_spread_over_the_whole_window(axes_lift):
    window = np.array([-2.0, -2.0]), np.array([2.0, 2.0]), np.array([0.1, 0.1])
    _, seen = finish(decode_grid(blob_space(), axes_lift, *window))
    rows, columns = np.nonzero(seen[0].done)
    assert len(seen) > 3
    for indices, count in ((rows, seen[0].done.shape[0]), (columns, seen[0].done.shape[1])):
        assert np.diff(np.unique(indices)).max() <= 4
        assert indices.min() < 4
        assert indices.max() >= count - 4


def test_a_map_that_is_panned_keeps_its_pictures(axes_lift):
    low, high, step = np.array([-1.0, -1.0]), np.array([1.0, 1.0]), np.array([0.3, 0.3])
    grids = [
        finish(decode_grid(blob_space(), axes_lift, low + shift, high + shift, step))[0]
        for shift in (0.0, 0.37)
    ]
    first, second = (
        {tuple(place): image.tobytes() for place, image in zip(places, images, strict=True)}
        for places, images in (
            (centres(grid).reshape(-1, 2).round(6), grid.images.reshape(-1, *grid.images.shape[2:]))
            for grid in grids
        )
    )
    common = first.keys() & second.keys()
    assert len(common) > 20
    assert all(first[place] == second[place] for place in common)


def test_there_are_never_too_many_pictures(axes_lift):
    window = np.array([-9.0, -1.0]), np.array([9.0, 1.0]), np.array([0.01, 0.01])
    first = next(decode_grid(blob_space(), axes_lift, *window))
    assert first.done.size <= 1.2 * MAX_CELLS


def test_an_affine_decoder_is_stretched_alike_everywhere_by_what_is_known(axes_lift):
    matrix = np.array([[0.3, 0.0, 0.1], [0.0, 0.2, -0.1]], np.float32)
    field, seen = finish(stretch(affine(matrix), axes_lift))
    covariance = np.cov(axes_lift.codes.T.astype(float))
    expected = np.sqrt(np.trace(matrix.T @ covariance @ matrix) / 2)
    known = np.isfinite(field.changes)
    np.testing.assert_allclose(field.changes[known], expected, rtol=1e-3)
    assert field.median == pytest.approx(expected, rel=1e-3)
    fields = [one.changes for one in dict.fromkeys(seen) if one is not None]
    # With a frame of nothing, so that no picture of it is cut off.
    assert [max(changes.shape) for changes in fields] == [18, 34, 66]
    for changes in fields:
        edges = (changes[0], changes[-1], changes[:, 0], changes[:, -1])
        assert all(np.isnan(edge).all() for edge in edges)


def test_stretch_does_not_depend_on_the_coordinates_of_the_codes():
    rng = np.random.default_rng(1)
    codes = rng.standard_normal((300, 3)).astype(np.float32)
    matrix = np.array([[0.3, 0.1], [0.0, 0.2], [0.1, 0.1]], np.float32)
    scale = np.diag([10.0, 0.1, 1.0]).astype(np.float32)
    fields = []
    for moved, decoder in ((codes, matrix), (codes @ scale, np.linalg.inv(scale) @ matrix)):
        lift = Lift(codes[:, :2], moved, {})
        fields.append(finish(stretch(affine(decoder.astype(np.float32)), lift))[0])
    assert fields[0].median == pytest.approx(fields[1].median, rel=1e-3)


def test_the_stretch_is_largest_where_the_picture_changes_suddenly(axes_lift):
    cliff = blob_space(lambda z: blobs(torch.where(z[:, :1] > 0.5, 1.5, -1.5).expand(-1, 2)))
    field, _ = finish(stretch(cliff, axes_lift))
    x = np.linspace(field.low[0], field.high[0], field.changes.shape[1] + 1)
    x = (x[1:] + x[:-1]) / 2
    changes = np.nan_to_num(field.changes).max(axis=0)
    assert abs(x[np.argmax(changes)] - 0.5) < 0.15
    assert changes[np.abs(x - 0.5) > 0.3].max() == 0


def test_where_there_is_no_data_nothing_is_measured():
    codes = np.random.default_rng(2).standard_normal((60, 2)).astype(np.float32)
    positions = np.concatenate([codes[:30] * 0.1, codes[30:] * 0.1 + 10])
    lift = Lift(positions, codes, {})
    field, _ = finish(stretch(blob_space(), lift))
    middle = field.changes[tuple(np.array(field.changes.shape) // 2)]
    assert np.isnan(middle)
    assert np.isfinite(field.changes).any()


def test_a_decoder_without_finite_pictures_has_no_stretch(axes_lift):
    broken = blob_space(lambda z: blobs(z) * torch.nan)
    assert finish(stretch(broken, axes_lift))[0] is None


def test_all_maps_share_one_scale(axes_lift):
    small, large = np.eye(2, dtype=np.float32) * 0.1, np.eye(2, dtype=np.float32) * 0.4
    fields = {
        slot: finish(stretch(affine(m), axes_lift))[0] for slot, m in enumerate((small, large))
    }
    shared = on_one_scale(fields)
    assert shared[0].reference == shared[1].reference
    assert shared[0].reference == pytest.approx(2 * fields[0].median, rel=1e-3)
    flat = on_one_scale({0: finish(stretch(blob_space(lambda z: blobs(0 * z)), axes_lift))[0]})
    assert flat[0].reference == 0


def test_a_collapsed_decoder_has_no_say_in_the_common_scale(axes_lift):
    small, large = np.eye(2, dtype=np.float32) * 0.1, np.eye(2, dtype=np.float32) * 0.4
    fields = {
        slot: finish(stretch(affine(m), axes_lift))[0]
        for slot, m in enumerate((small, large, small / 1000))
    }
    without = on_one_scale({slot: fields[slot] for slot in (0, 1)})
    assert {one.reference for one in on_one_scale(fields).values()} == {without[0].reference}


@pytest.fixture
def blob_data():
    z = torch.randn(300, 2, generator=torch.Generator().manual_seed(3))
    images = as_bytes(blobs(z.clamp(-2.4, 2.4)))
    source = Source("idx", None, {}, len(images), images.shape[1:], "blobs")
    return Dataset("blobs", images, source), Lift(z.numpy(), z.numpy(), {"exact": True})


def test_draws_follow_the_declared_law_lie_at_their_codes_and_are_held_against_the_images(
    blob_data,
):
    dataset, lift = blob_data
    draws, seen = finish(draws_on_map(blob_space(), StandardNormal(2), lift, dataset))
    expected = StandardNormal(2).sample(400, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(draws.codes, expected.numpy())
    np.testing.assert_allclose(draws.places, draws.codes, rtol=1e-6)
    pictures = blobs(expected[:20]).flatten(1).numpy().astype(float)
    real = dataset.images.reshape(300, -1) / 255.0
    brute = np.linalg.norm(pictures[:, None] - real, axis=2).min(axis=1)
    np.testing.assert_allclose(draws.distances[:20], brute, atol=1e-3)
    assert draws.law == "standard normal"
    assert [len(one.distances) for one in seen] == list(range(50, 401, 50))
    assert draws.real < 0.1 < draws.distances.max()


def test_the_worst_draws_are_those_that_decode_to_nothing_real(blob_data):
    dataset, lift = blob_data
    hole = blob_space(lambda z: torch.where(z[:, :1, None, None] > 1.5, 1.0, blobs(z)))
    draws, _ = finish(draws_on_map(hole, hole.prior, lift, dataset))
    assert (draws.codes[draws.worst, 0] > 1.5).all()
    assert (np.diff(draws.distances[draws.worst]) <= 0).all()


def test_without_a_declared_law_the_draws_are_from_a_gaussian_fitted_to_the_codes(blob_data):
    dataset, lift = blob_data
    moved = Lift(lift.positions, lift.codes * [3, 1] + [10, 0], {})
    space = without_prior(blob_space())
    law = own_law(space, lambda: torch.from_numpy(moved.codes))
    draws, _ = finish(draws_on_map(space, law, moved, dataset))
    assert draws.law == "fitted Gaussian"
    np.testing.assert_allclose(draws.codes.mean(axis=0), [10, 0], atol=0.6)
    np.testing.assert_allclose(draws.codes.std(axis=0), [3, 1], rtol=0.15)


def test_draws_of_all_maps_share_one_scale(blob_data):
    dataset, lift = blob_data
    bright = blob_space(lambda z: blobs(z) + 1)
    good = finish(draws_on_map(blob_space(), StandardNormal(2), lift, dataset))[0]
    bad = finish(draws_on_map(bright, bright.prior, lift, dataset))[0]
    scaled = draws_on_one_scale({0: good, 1: bad})
    assert scaled[0].limit == scaled[1].limit == bad.distances.max() > good.distances.max()
