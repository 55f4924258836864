import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vaeexplorer.drawing.grid import enlarge, image_grid, to_rgb, write_png
from vaeexplorer.drawing.palette import class_colours, packed
from vaeexplorer.drawing.raster import lay, over, raster_points

RED, BLUE = (255, 0, 0), (0, 0, 255)


def dots(*places, colours=None):
    colours = colours or [RED] * len(places)
    return np.array(places, dtype=np.float32).reshape(-1, 2), np.array(colours, dtype=np.uint8)


@pytest.mark.parametrize("opacity", [0.25, 0.7, 1.0])
@pytest.mark.parametrize("diameter", [1.0, 2.5, 3.0, 7.0, 18.0])
@pytest.mark.parametrize("centre", [(20.0, 20.0), (20.5, 20.5), (20.3, 19.8)])
def test_the_mass_of_a_dot_is_its_area_times_its_opacity(diameter, opacity, centre):
    picture = raster_points(*dots(centre), (40, 40), diameter, opacity)
    mass = picture[..., 3].sum() / 255
    area = np.pi * diameter**2 / 4
    assert mass == pytest.approx(area * opacity, rel=0.01, abs=0.03)


def test_a_dot_is_opaque_inside_and_clear_outside():
    picture = raster_points(*dots((10.5, 10.5)), (21, 21), 7.0, 1.0)
    y, x = np.mgrid[:21, :21]
    distance = np.hypot(x - 10, y - 10)
    assert (picture[distance <= 2.7] == (255, 0, 0, 255)).all()
    assert (picture[distance >= 4.3] == 0).all()


@pytest.mark.parametrize("centre", [10.0, 10.5])
def test_a_dot_on_a_pixel_or_between_pixels_is_symmetric(centre):
    picture = raster_points(*dots((centre, centre)), (int(2 * centre),) * 2, 5.0, 0.8)
    for mirrored in (picture[::-1], picture[:, ::-1], picture.swapaxes(0, 1)):
        assert (picture == mirrored).all()


def test_a_dot_lies_where_it_was_put():
    picture = raster_points(*dots((12.25, 30.75)), (60, 50), 9.0, 1.0)
    alpha = picture[..., 3] / picture[..., 3].sum()
    y, x = np.mgrid[:50, :60] + 0.5
    assert picture.shape == (50, 60, 4)
    assert ((x * alpha).sum(), (y * alpha).sum()) == pytest.approx((12.25, 30.75), abs=0.02)


def test_two_dots_blend_by_the_mean_of_their_colours():
    places = dots((10.5, 10.5), (10.5, 10.5), colours=[RED, BLUE])
    red, green, blue, alpha = raster_points(*places, (21, 21), 7.0, 0.5)[10, 10].astype(int)
    assert alpha == pytest.approx(255 * 0.75, abs=1)
    assert (red, green, blue) == pytest.approx((alpha / 2, 0, alpha / 2), abs=1)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.5, 3.0, 7.0]), st.floats(0.05, 1.0))
def test_the_order_of_the_dots_does_not_show(seed, diameter, opacity):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-3, 33, (60, 2))
    colours = rng.integers(0, 256, (60, 3), dtype=np.uint8)
    order = rng.permutation(60)
    one = raster_points(places, colours, (30, 20), diameter, opacity)
    other = raster_points(places[order], colours[order], (30, 20), diameter, opacity)
    assert (one == other).all()


@given(st.integers(0, 2**32 - 1))
def test_the_picture_is_the_one_of_the_formula(seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 16, (12, 2))
    colours = rng.integers(0, 256, (12, 3), dtype=np.uint8)
    together = raster_points(places, colours, (16, 16), 5.0, 0.6).astype(float)
    alphas = np.stack(
        [
            raster_points(p[None], c[None], (16, 16), 5.0, 0.6)[..., 3] / 255
            for p, c in zip(places, colours, strict=True)
        ]
    )
    alpha = 1 - np.prod(1 - alphas, axis=0)
    depths = -np.log1p(-alphas)
    weight = np.maximum(depths.sum(axis=0), 1e-9)
    mean = np.einsum("nyx,nc->yxc", depths, colours.astype(float)) / weight[..., None]
    assert together[..., 3] == pytest.approx(255 * alpha, abs=2)
    assert together[..., :3] == pytest.approx(mean * alpha[..., None], abs=4)


def test_dots_outside_and_dots_without_a_place_are_left_out():
    outside = dots((-4, 10), (24.1, 10), (10, -1e30), (10, 24.1), (np.nan, 5), (5, np.inf))
    assert not raster_points(*outside, (20, 20), 7.0, 1.0).any()
    assert not raster_points(*dots(), (20, 20), 7.0, 1.0).any()


def test_a_dot_on_the_border_shows_the_part_inside():
    whole = raster_points(*dots((20.5, 20.5)), (40, 40), 7.0, 0.9)
    cut = raster_points(*dots((0.5, 0.5)), (20, 20), 7.0, 0.9)
    assert (cut == whole[20:, 20:]).all()


def test_one_picture_leaves_nothing_in_the_next():
    first = raster_points(*dots((5.5, 5.5), (30, 30)), (50, 40), 7.0, 0.9)
    raster_points(*dots((25, 20), (2, 39)), (50, 40), 9.0, 0.9)
    assert not raster_points(*dots(), (50, 40), 7.0, 0.9).any()
    assert (raster_points(*dots((5.5, 5.5), (30, 30)), (50, 40), 7.0, 0.9) == first).all()


def test_a_hundred_thousand_dots_on_one_spot_do_not_overflow():
    places = np.full((100_000, 2), 10.5)
    colours = np.tile(np.array([[200, 100, 50]], dtype=np.uint8), (100_000, 1))
    picture = raster_points(places, colours, (21, 21), 3.0, 1.0)
    assert picture[10, 10].tolist() == [200, 100, 50, 255]


def test_a_picture_over_a_background():
    picture = np.array([[[255, 0, 0, 255], [100, 0, 0, 100], [0, 0, 0, 0]]], dtype=np.uint8)
    assert over(picture, (255, 255, 255)).tolist() == [
        [[255, 0, 0], [255, 155, 155], [255, 255, 255]]
    ]
    assert over(picture, (0, 0, 0)).tolist() == [[[255, 0, 0], [100, 0, 0], [0, 0, 0]]]


def test_grey_and_coloured_images_become_rgb():
    grey = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    assert to_rgb(grey)[1, 2].tolist() == [5, 5, 5]
    colour = np.arange(18, dtype=np.uint8).reshape(3, 2, 3)
    assert to_rgb(colour)[1, 2].tolist() == [5, 11, 17]
    assert to_rgb(np.zeros((4, 3, 2, 5), dtype=np.uint8)).shape == (4, 2, 5, 3)


def test_an_image_of_two_channels_is_refused():
    with pytest.raises(ValueError, match="2 channels cannot be shown"):
        to_rgb(np.zeros((2, 4, 4), dtype=np.uint8))


def test_enlarging_repeats_whole_pixels_until_both_sides_are_long_enough():
    picture = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.uint8)
    large = enlarge(picture, 5)
    assert large.shape == (9, 6)
    assert (large[::3, ::3] == picture).all()
    assert (large[2::3, 2::3] == picture).all()
    assert enlarge(large, 6) is large


def test_a_grid_puts_images_in_rows_with_gaps_between():
    images = np.arange(1, 6, dtype=np.uint8)[:, None, None, None].repeat(2, 2).repeat(3, 3)
    grid = image_grid(images, columns=3, scale=2, gap=1, background=(9, 8, 7))
    assert grid.shape == (2 * 5 - 1, 3 * 7 - 1, 3)
    assert (grid[:4, 7:13] == 2).all()
    assert (grid[5:, :6] == 4).all()
    assert (grid[4] == (9, 8, 7)).all()
    assert (grid[:, 6] == (9, 8, 7)).all()
    assert (grid[5:, 14:] == (9, 8, 7)).all()


def test_a_grid_without_gaps_is_filled_to_its_edge():
    images = np.ones((4, 1, 2, 2), dtype=np.uint8)
    assert (image_grid(images, columns=2, gap=0) == 1).all()


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3), (5, 4, 4)])
def test_a_written_picture_is_read_back(tmp_path, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_png(tmp_path / "a.png", picture)
    write_png(tmp_path / "a.png", picture)
    with Image.open(tmp_path / "a.png") as image:
        assert (np.asarray(image) == picture).all()
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_picture_that_cannot_be_written_leaves_the_former_one(tmp_path):
    write_png(tmp_path / "a.png", np.zeros((2, 2), dtype=np.uint8))
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises((TypeError, ValueError)):
        write_png(tmp_path / "a.png", np.zeros((2, 2, 7), dtype=np.uint8))
    assert (tmp_path / "a.png").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_dots_are_laid_on_words_as_they_are_on_colours():
    rng = np.random.default_rng(3)
    dots = raster_points(
        rng.uniform(0, 40, (60, 2)), class_colours(10)[rng.integers(0, 10, 60)], (40, 30), 5.0, 0.6
    )
    under = rng.integers(0, 256, (30, 40, 3), np.uint8)
    words = packed(under)
    lay(dots, words)
    expected = over(dots, under)
    laid = np.stack([words >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(int)
    assert np.abs(laid - expected).max() <= 1
    assert (words >> 24 == 255).all()
