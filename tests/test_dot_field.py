import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeexplorer.drawing import dot_field
from vaeexplorer.drawing.dot_field import DotField, Frame, load_kernel
from vaeexplorer.drawing.raster import raster_points

SIZE = (60, 50)


@pytest.fixture(scope="module", autouse=True)
def _kernel():
    load_kernel()


def crowd(n, seed=0, spread=2.0):
    rng = np.random.default_rng(seed)
    places = rng.normal(0, spread, (n, 2)).astype(np.float32)
    return places, rng.integers(0, 256, (n, 3), dtype=np.uint8)


def frame(scale=6.0, diameter=2.0, centre=(0.0, 0.0), background=0xFFFFFFFF, size=SIZE):
    return Frame(size, centre, scale, diameter, 0.8, background)


def channels(picture):
    return picture.view(np.uint8).reshape(*picture.shape, 4).astype(int)


@pytest.mark.parametrize("diameter", [1.3, 2.0, 5.0])
def test_compiled_code_draws_what_numpy_draws(diameter, monkeypatch):
    places, colours = crowd(4_000, spread=12)
    places += (30, 25)
    compiled = [raster_points(places, colours, SIZE, diameter, 0.8) for _ in range(2)]
    monkeypatch.setattr(dot_field, "_KERNEL", [])
    by_numpy = raster_points(places, colours, SIZE, diameter, 0.8)
    assert by_numpy.any()
    # The second time on the work space of the first.
    for picture in compiled:
        assert np.abs(picture.astype(int) - by_numpy).max() <= 1


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_dots_does_not_show(seed):
    places, colours = crowd(300, seed)
    order = np.random.default_rng(seed).permutation(300)
    one = DotField(places).coloured(colours).paint(frame())
    other = DotField(places[order]).coloured(colours[order]).paint(frame())
    assert (one == other).all()


def test_dots_are_drawn_where_the_view_has_them():
    field = DotField(np.array([[0, 0], [4, 3]], np.float32)).coloured(np.zeros((2, 3), np.uint8))
    picture = field.paint(frame(scale=5.0, centre=(0.0, 0.0)))
    dark = {(int(x), int(y)) for y, x in np.argwhere(channels(picture)[..., 1] < 128)}
    assert dark == {
        (x + dx, y + dy) for x, y in ((29, 24), (49, 9)) for dx in (0, 1) for dy in (0, 1)
    }


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 59),
    st.integers(0, 49),
    st.integers(1, 60),
    st.integers(1, 50),
)
def test_a_part_of_a_picture_is_that_part_of_the_whole(seed, left, top, width, height):
    field = DotField(crowd(400, seed)[0]).coloured(crowd(400, seed)[1])
    area = (left, top, min(left + width, 60), min(top + height, 50))
    part = field.paint(frame(), area=area)
    whole = field.paint(frame())[area[1] : area[3], area[0] : area[2]]
    assert np.abs(channels(part) - channels(whole)).max() <= 1


def test_a_view_shifted_by_whole_pixels_shows_the_same():
    field = DotField(crowd(2_000)[0]).coloured(crowd(2_000)[1])
    one = field.paint(frame(scale=7.3))
    other = field.paint(frame(scale=7.3, centre=(5 / 7.3, -3 / 7.3)))
    assert (one[3:, 5:] == other[:-3, :-5]).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.floats(1.0, 400.0))
def test_the_found_dot_is_the_nearest_of_all(seed, n, reach_px):
    rng = np.random.default_rng(seed)
    # On a coarse lattice, so that some coincide and some are equally near.
    places = rng.integers(-8, 8, (n, 2)).astype(np.float32) / 2
    shown = rng.random(n) < 0.7
    field = DotField(places).coloured(np.zeros((n, 3), np.uint8), shown)
    for place in rng.integers(-20, 20, (20, 2)) / 4:
        reach = reach_px / 100
        distances = np.where(shown, ((places - place) ** 2).sum(axis=1), np.inf)
        best = int(distances.argmin())
        expected = best if distances[best] <= reach**2 else None
        assert field.nearest(place, reach) == expected


def test_what_is_hidden_or_nowhere_is_neither_drawn_nor_found():
    places = np.array([[0, 0], [np.nan, 0], [0, np.inf], [1, 1]], np.float32)
    field = DotField(places).coloured(np.zeros((4, 3), np.uint8), np.array([0, 1, 1, 0], bool))
    assert (field.paint(frame()) == 0xFFFFFFFF).all()
    assert field.nearest(np.zeros(2), 10.0) is None
    nowhere = DotField(places[1:3]).coloured(np.zeros((2, 3), np.uint8))
    assert (nowhere.paint(frame()) == 0xFFFFFFFF).all()
    none = DotField(places[:0]).coloured(np.zeros((0, 3), np.uint8))
    assert none.nearest(np.zeros(2), 10.0) is None


@pytest.mark.parametrize("places", [np.zeros((500, 2)), np.outer(np.arange(500.0), (1, 0))])
def test_dots_on_one_spot_or_on_a_line_are_drawn_and_found(places):
    field = DotField(places.astype(np.float32)).coloured(np.zeros((500, 3), np.uint8))
    assert field.nearest(np.array([0.0, 0.1]), 0.2) == 0
    assert (field.paint(frame()) != 0xFFFFFFFF).any()


def test_a_million_dots_on_one_spot_do_not_overflow():
    colours = np.tile(np.array([[200, 100, 50]], np.uint8), (1_000_000, 1))
    field = DotField(np.zeros((1_000_000, 2), np.float32)).coloured(colours)
    assert field.paint(frame())[25, 30] == 0xFFC86432


def test_a_thinned_picture_keeps_its_lightness_and_its_lonely_dots():
    places, colours = crowd(60_000, spread=1.5)
    colours[:, 1] = 0
    lonely = np.array([[8.5, 7.5]], np.float32)
    field = DotField(np.concatenate([places, lonely]))
    field = field.coloured(np.concatenate([colours, [[0, 0, 0]]]).astype(np.uint8))
    view = frame(scale=10.0, size=(200, 180))
    whole, thinned = channels(field.paint(view)), channels(field.paint(view, field.work(view) // 4))
    assert (whole != thinned).any()
    green = [p[..., 1].reshape(18, 10, 20, 10).mean(axis=(1, 3)) for p in (whole, thinned)]
    assert np.abs(green[0] - green[1]).max() < 8
    assert whole[15, 185, 1] == thinned[15, 185, 1] < 255
