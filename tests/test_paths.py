"""Paths between codes: their closed forms, their frames, and what a film says of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from analytic import blob_space, blobs

from vaeexplorer.jobs.paths import FRAMES, STEPS, Film, PathChoice, film_path, first_ends
from vaeexplorer.latent import paths
from vaeexplorer.models.base import CodeSpace, Posterior
from vaeexplorer.run import result_of

rng = np.random.default_rng(3)
AXES = rng.standard_normal((3, 20)).astype(np.float32)


def affine(z):
    return z @ AXES + 1


def cubic(z):
    """Changes nine times as fast at the end of the first axis, where it is 1, as in the middle."""
    return np.stack([z[:, 0] + 3 * z[:, 0] ** 3, z[:, 1]], axis=1)


def cliff(z):
    return np.where(z[:, :1] > 0.123, 1.0, 0.0).astype(np.float32)


def nothing(z):
    return np.full((len(z), 4), np.nan, np.float32)


def code(*values):
    return np.array(values, np.float32)


START, END = code(-1, 0.5, 2), code(1, -0.5, 0)


def test_an_affine_decoder_takes_equal_steps_along_a_straight_line():
    path = paths.straight(START, END)
    steps = paths.picture_steps(affine(paths.along(path, np.linspace(0, 1, 33))))
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-4)
    np.testing.assert_allclose(steps.sum(), np.linalg.norm((END - START) @ AXES), rtol=1e-5)
    np.testing.assert_allclose(
        paths.equal_steps(path, affine, 33), np.linspace(0, 1, 33), atol=1e-4
    )


def test_frames_of_a_bent_decoder_converge_to_equal_steps():
    path = paths.straight(code(-1, 0), code(1, 0))
    shares = paths.equal_steps(path, cubic, 25)
    assert (np.diff(shares) > 0).all()
    assert (shares[0], shares[-1]) == (0, 1)
    steps = paths.picture_steps(cubic(paths.along(path, shares)))
    np.testing.assert_allclose(steps, 8 / 24, rtol=paths.EVEN)


def test_at_a_cliff_no_frames_differ_equally_and_none_is_lost():
    path = paths.straight(code(-1), code(1))
    shares = paths.equal_steps(path, cliff, 25)
    assert (np.diff(shares) >= 0).all()
    assert (shares[0], shares[-1]) == (0, 1)
    steps = paths.picture_steps(cliff(paths.along(path, shares)))
    assert sorted(steps)[-2:] == [0, 1]


@pytest.mark.parametrize("decode", [nothing, lambda z: np.ones((len(z), 3), np.float32)])
def test_where_steps_mean_nothing_frames_stand_at_equal_distances(decode):
    path = paths.straight(START, END)
    np.testing.assert_array_equal(paths.equal_steps(path, decode, 9), np.linspace(0, 1, 9))


def test_between_equal_codes_the_path_stays_where_it_is():
    for path in (
        paths.straight(START, START),
        paths.slerp(START, START, np.zeros(3, np.float32)),
        paths.along_data(START, START, rng.standard_normal((50, 3)).astype(np.float32), affine),
    ):
        places = paths.along(path, np.linspace(0, 1, 7))
        np.testing.assert_allclose(places, np.tile(START, (7, 1)), atol=1e-6)


def test_slerp_turns_evenly_and_its_norms_go_evenly():
    first, last = code(2, 0, 0), code(0, 4, 0)
    path = paths.slerp(first, last, np.zeros(3, np.float32))
    norms = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(norms, np.linspace(2, 4, len(path)), rtol=1e-5)
    angles = np.arctan2(path[:, 1], path[:, 0])
    np.testing.assert_allclose(angles, np.linspace(0, np.pi / 2, len(path)), atol=1e-5)
    np.testing.assert_array_equal(path[[0, -1]], [first, last])


def test_slerp_turns_about_the_centre_that_it_is_given():
    centre = code(5, 5)
    path = paths.slerp(code(6, 5), code(5, 6), centre)
    np.testing.assert_allclose(np.linalg.norm(path - centre, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("end", [code(-3, 0), code(6, 0), code(0, 0)])
def test_slerp_is_straight_where_two_directions_span_no_plane(end):
    start = code(2, 0)
    path = paths.slerp(start, end, np.zeros(2, np.float32))
    np.testing.assert_array_equal(path, paths.straight(start, end))


def test_the_way_along_the_data_follows_a_ring_that_the_straight_line_leaves():
    angles = rng.uniform(0, 2 * np.pi, 600)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ends = code(1, 0), code(-1, 0)
    path = paths.along_data(*ends, ring, lambda z: z)
    np.testing.assert_array_equal(path[[0, -1]], ends)
    hugging = paths.along(path, np.linspace(0, 1, 50))
    assert np.abs(np.linalg.norm(hugging, axis=1) - 1).max() < 0.05
    direct = paths.along(paths.straight(*ends), np.linspace(0, 1, 50))
    assert paths.nearest_distances(direct, ring).max() > 0.9
    assert paths.nearest_distances(hugging, ring).max() < 0.05


def test_the_way_along_the_data_goes_through_a_flat_decoder_no_shorter():
    # The mean decoder is flat away from the data: without the density term that would be cheap.
    angles = rng.uniform(0, np.pi, 400)
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    path = paths.along_data(
        code(1, 0), code(-1, 0), arc, lambda z: z * (np.hypot(*z.T) > 0.9)[:, None]
    )
    assert np.hypot(*paths.along(path, np.linspace(0, 1, 50)).T).min() > 0.95


def test_clusters_far_apart_are_still_connected():
    clusters = np.concatenate([rng.normal(place, 0.01, (40, 2)) for place in (-5, 5)])
    path = paths.along_data(code(-5, -5), code(5, 5), clusters.astype(np.float32), lambda z: z)
    np.testing.assert_array_equal(path[[0, -1]], [code(-5, -5), code(5, 5)])


def test_the_way_along_data_without_finite_pictures_is_straight():
    path = paths.along_data(START, END, rng.standard_normal((30, 3)).astype(np.float32), nothing)
    np.testing.assert_array_equal(path, paths.straight(START, END))


def test_the_same_seed_gives_the_same_way():
    codes = rng.standard_normal((3000, 3)).astype(np.float32)
    first, again = (paths.along_data(START, END, codes, affine) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_distances_to_codes():
    codes = np.stack([np.arange(100), np.zeros(100)], axis=1).astype(np.float32)
    np.testing.assert_allclose(paths.nearest_distances(code(3, 2)[None], codes), [2])
    assert paths.nearest_distances(codes[:5], codes).max() == 0
    assert paths.typical_distance(codes) == 1
    assert paths.typical_distance(codes[:1]) == 0
    assert paths.typical_distance(np.zeros((9, 2), np.float32)) == 0


def made(space, codes, **options) -> Film:
    return result_of(film_path(space, codes, PathChoice("", 0, 1, **options)))


CODES = np.concatenate([[[-1.5, 0], [1.5, 0]], rng.uniform(-2, 2, (200, 2))]).astype(np.float32)


def linear_space(decoder) -> CodeSpace:
    return CodeSpace(2, lambda images: Posterior(images.flatten(1)[:, :2], None), decoder, None)


@pytest.mark.parametrize("way", paths.WAYS)
@pytest.mark.parametrize("even", [True, False])
def test_a_film_goes_from_one_image_to_the_other(way, even):
    film = made(blob_space(), CODES, way=way, even=even)
    assert film.z.shape == (FRAMES, 2)
    assert film.frames.shape == (FRAMES, 1, 12, 12)
    assert film.steps.shape == (STEPS,)
    np.testing.assert_array_equal(film.z[[0, -1]], CODES[:2])
    expected = (255 * blobs(torch.from_numpy(CODES[:2]))).round().to(torch.uint8).numpy()
    np.testing.assert_array_equal(film.frames[[0, -1]], expected)
    assert film.gaps.shape == (STEPS + 1,)
    assert film.gaps[[0, -1]].max() == 0
    assert film.ratio >= 1


def test_the_measured_steps_are_the_models_and_not_the_films():
    even, uneven = (made(blob_space(), CODES, even=even) for even in (True, False))
    np.testing.assert_array_equal(even.steps, uneven.steps)
    np.testing.assert_allclose(uneven.shares, np.linspace(0, 1, FRAMES))
    changes = paths.picture_steps(even.frames.reshape(FRAMES, -1))
    assert changes.max() / changes.mean() < 1.1


def test_an_affine_model_has_no_largest_step_to_speak_of():
    pictures = torch.from_numpy(AXES[:2]) / 20
    film = made(linear_space(lambda z: (0.5 + z @ pictures)[:, None, None]), CODES)
    assert film.ratio == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(film.film_places(np.array([0, 0.25, 1])), [0, 0.25, 1], atol=1e-3)


def test_a_jump_is_the_largest_step():
    film = made(linear_space(lambda z: (z[:, :1] > 0.1).float()[:, None, None]), CODES)
    assert film.largest == int((0.1 + 1.5) / 3 * STEPS)
    assert film.ratio == pytest.approx(STEPS)


@pytest.mark.parametrize("value", [0.5, torch.nan])
def test_a_model_that_shows_nothing_has_no_largest_step(value):
    film = made(linear_space(lambda z: torch.full((len(z), 1, 2, 2), value)), CODES)
    assert film.largest is None
    assert film.ratio is None


def test_what_float32_rounds_is_no_step():
    def jumping(z):
        return (0.5 + 1e-7 * (z[:, :1] > 0.1).float())[:, None, None].expand(-1, 1, 2, 2)

    film = made(linear_space(jumping), CODES)
    assert film.steps.sum() > 0
    assert film.largest is film.strip(0).largest is film.ratio is None


def test_the_first_path_joins_the_two_farthest_classes_by_typical_images():
    places = {0: (0, 0), 1: (10, 0), 2: (3, 1)}
    labels = np.tile([0, 1, 2], 30)
    codes = np.array([places[k] for k in labels]) + rng.normal(0, 0.1, (90, 2))
    start, end = first_ends(codes.astype(np.float32), labels)
    assert (labels[start], labels[end]) == (0, 1)
    assert np.linalg.norm(codes[start] - codes[labels == 0].mean(axis=0)) < 0.1


@pytest.mark.parametrize("labels", [None, np.zeros(100, int)])
def test_without_classes_the_first_path_joins_extremes(labels):
    codes = rng.standard_normal((100, 3)).astype(np.float32) * code(1, 9, 1)
    assert first_ends(codes, labels) == (codes[:, 1].argmin(), codes[:, 1].argmax())
