"""A path drawn on a map: the lift of the line there, the same images everywhere else."""

import numpy as np
import pytest

from vaeexplorer.jobs.paths import FRAMES, PathChoice, film_path, place_path, probe_frame
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.strokes import KNOTS, PLACES, lift_stroke
from vaeexplorer.run import result_of


class Linear:
    """A decoder that shows the first four numbers of a code as an image."""

    def __init__(self, size):
        self.size, self.prior = size, None

    def decode(self, z):
        return z[:, :4].reshape(-1, 1, 2, 2).sigmoid()


@pytest.fixture(scope="module")
def map_and_codes():
    random = np.random.default_rng(0)
    positions = random.uniform(-1, 1, (400, 2)).astype(np.float32)
    codes = np.concatenate([positions, 0.1 * random.normal(size=(400, 4))], axis=1)
    others = random.normal(size=(400, 5)).astype(np.float32)
    codes = codes.astype(np.float32)
    return Lift(positions, codes, {}), codes, others


@pytest.fixture(scope="module")
def stroke(map_and_codes):
    lift, codes, _ = map_and_codes
    return lift_stroke(lift, 1, np.array([[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8]]), codes)


def test_the_line_is_lifted_at_equal_distances(map_and_codes, stroke):
    lift, codes, _ = map_and_codes
    assert stroke.places.shape == (PLACES, 2)
    lengths = np.linalg.norm(np.diff(stroke.places, axis=0), axis=1)
    np.testing.assert_allclose(lengths, lengths[0], rtol=0.01)
    for index in (0, 100, PLACES - 1):
        np.testing.assert_allclose(
            stroke.z[index], lift.lift(stroke.places[index], 0.0).z, rtol=1e-4, atol=1e-5
        )
    assert stroke.path_of(codes) is stroke.z


def test_other_models_pass_the_images_nearest_to_it(map_and_codes, stroke):
    lift, _, others = map_and_codes
    every = np.linspace(0, PLACES - 1, KNOTS).round().astype(int)
    nearest = [lift.nearest_code(z)[0] for z in stroke.z[every]]
    assert stroke.images.tolist() == [
        image for k, image in enumerate(nearest) if k == 0 or image != nearest[k - 1]
    ]
    path = stroke.path_of(others)
    assert len(path) == len(stroke.images)
    np.testing.assert_array_equal(path[[0, -1]], others[stroke.images[[0, -1]]])


def test_a_line_over_one_image_only_is_a_path_that_rests_there(map_and_codes):
    lift, codes, others = map_and_codes
    place = np.array(lift.positions[3], np.float64)
    short = lift_stroke(lift, 0, np.stack([place, place + 1e-6]), codes)
    assert len(short.images) == 1
    np.testing.assert_array_equal(short.path_of(others), others[[short.images[0]] * 2])


def test_the_film_follows_the_lift_where_it_was_drawn(map_and_codes, stroke):
    lift, codes, others = map_and_codes
    ends = int(stroke.images[0]), int(stroke.images[-1])
    choice = PathChoice("f", *ends, way="drawn", stroke=stroke)
    film = result_of(film_path(Linear(6), codes, choice))
    assert film.lifted
    np.testing.assert_array_equal(film.z[[0, -1]], stroke.z[[0, -1]])
    steps = np.linalg.norm(np.diff(film.way.astype(float), axis=0), axis=1)
    # Equal in latent space: what is judged is the change of the picture per step in z.
    assert steps.max() / np.median(steps) < 1.2
    np.testing.assert_array_equal(place_path(lift, film), stroke.places)
    other = result_of(film_path(Linear(5), others, choice))
    assert not other.lifted
    np.testing.assert_array_equal(other.z[[0, -1]], others[list(ends)])


def test_a_frame_puts_the_probe_on_the_line(map_and_codes, stroke):
    lift, codes, others = map_and_codes
    ends = int(stroke.images[0]), int(stroke.images[-1])
    choice = PathChoice("f", *ends, way="drawn", stroke=stroke)
    film = result_of(film_path(Linear(6), codes, choice))
    for frame in (0, FRAMES // 2, FRAMES - 1):
        probe = probe_frame(lift, film, frame)
        np.testing.assert_array_equal(probe.z, film.z[frame])
        assert np.linalg.norm(stroke.places - probe.position, axis=1).min() < 0.02
    np.testing.assert_allclose(
        probe_frame(lift, film, FRAMES - 1).position, stroke.places[-1], rtol=1e-6
    )
    # On another map of the same codes it has no place of its own.
    elsewhere = Lift(lift.positions[:, ::-1].copy(), codes, {})
    moved = probe_frame(elsewhere, film, 9)
    np.testing.assert_array_equal(moved.position, elsewhere.place(film.z[9]))
    assert len(place_path(elsewhere, film)) == len(film.way)
    other = result_of(film_path(Linear(5), others, choice))
    there = probe_frame(Lift(lift.positions, others, {}), other, FRAMES - 1)
    assert (there.kind, there.nearest) == ("dot", ends[1])


def test_new_ends_forget_the_line_but_another_way_keeps_it(stroke):
    choice = PathChoice("f", 1, 2, way="drawn", stroke=stroke)
    assert choice.drawn is stroke
    assert choice.without_stroke() == PathChoice("f", 1, 2)
    slerp = PathChoice("f", 1, 2, way="slerp", stroke=stroke)
    assert slerp.drawn is None
    assert slerp.without_stroke() == PathChoice("f", 1, 2, way="slerp")
