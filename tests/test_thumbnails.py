import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QImage, QPainter

from vaeexplorer.data import open_data
from vaeexplorer.drawing.thumbnails import apart, thumbnails
from vaeexplorer.gui.widgets.dot_layer import DotLayer
from vaeexplorer.gui.widgets.map_thumbnails import MapThumbnails
from vaeexplorer.gui.widgets.viewport import Viewport
from vaeexplorer.jobs.thumbnails import FEW, InView, few_in_view

VIEW = (np.array([-1.0, -1.0]), np.array([1.0, 1.0]))


def overlap(a, b):
    return abs(a[0] - b[0]) < 30 and abs(a[1] - b[1]) < 20


def test_no_two_pictures_overlap_and_none_is_left_out_that_has_room():
    places = np.random.default_rng(0).uniform(0, 300, (150, 2))
    chosen = apart(places, 30, 20)
    shown = places[chosen]
    assert chosen[0]
    for number, place in enumerate(shown):
        assert not any(overlap(place, other) for other in shown[:number])
    assert all(any(overlap(place, other) for other in shown) for place in places[~chosen])


def test_a_small_image_keeps_its_pixels_and_a_large_one_is_averaged():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 9, 8), dtype=np.uint8)
    small = thumbnails(images, 48)
    assert small.shape == (2, 9, 8)
    assert small[1, 4, 5] == 0xFF000000 + int.from_bytes(images[1, :, 4, 5].tobytes())
    halved = thumbnails(images[:, :1], 5)
    assert halved.shape == (2, 4, 4)
    mean = round(images[0, 0, :2, 2:4].mean())
    assert halved[0, 0, 1] & 0xFF == pytest.approx(mean, abs=1)


def test_only_a_few_dots_in_view_become_pictures_and_hidden_ones_do_not_count():
    digits = open_data("digits")
    n = FEW + 10
    positions = np.full((n, 2), 5, np.float32)
    positions[:, 0] = np.linspace(-1, 1, n)
    positions[:, 1] = 0
    labels = np.zeros(n, np.int64)
    labels[:20] = 1
    assert few_in_view(positions, VIEW, None, (), digits) is None
    found = few_in_view(positions, VIEW, labels, {1}, digits)
    assert found is not None
    assert found.indices.tolist() == list(range(20, n))
    assert (found.pictures == thumbnails(digits.pixels(found.indices), 48)).all()
    assert few_in_view(positions + 7, VIEW, labels, (), digits) is None


@pytest.fixture
def drawn(qapp):
    """Three dots, the first two of which are close, as pictures of one colour each."""
    dots = DotLayer()
    dots.set_points(
        np.array([[0, 0], [0.1, 0], [2, 1]], np.float32),
        np.array([[255, 0, 0], [0, 0, 255], [0, 160, 0]], np.uint8),
    )
    greys = np.array([0xFF101010, 0xFF202020, 0xFF303030], np.uint32)
    found = InView(np.arange(3), np.tile(greys[:, None, None], (1, 8, 8)))
    plane, layer = Viewport(), MapThumbnails(dots)
    plane.size, plane.scale = QSize(400, 300), 50.0
    layer.show(found)

    def draw():
        image = QImage(400, 300, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        layer.draw(painter, plane, 1.0)
        painter.end()
        return image

    return dots, layer, draw


def test_a_picture_lies_where_its_dot_is_framed_in_its_colour(drawn):
    _, _, draw = drawn
    image = draw()
    assert image.pixel(195, 145) == 0xFF101010
    assert image.pixel(300, 100) == 0xFF303030
    column = {image.pixel(x, 100) for x in range(230, 300)}
    assert 0xFF00A000 in column
    # The dot that another picture covers is drawn above it.
    assert image.pixel(205, 150) == 0xFF0000FF


def test_what_is_selected_comes_first_and_what_is_hidden_not_at_all(drawn):
    dots, _, draw = drawn
    dots.set_standing_out(np.array([False, True, False]))
    assert draw().pixel(207, 145) == 0xFF202020
    dots.set_standing_out(None)
    dots.set_visible(np.array([False, True, False]))
    image = draw()
    assert image.pixel(207, 145) == 0xFF202020
    assert image.pixel(300, 100) == 0xFF000000


def test_all_of_a_picture_is_its_dot_but_for_a_dot_above_it(drawn):
    _, layer, draw = drawn
    draw()
    assert layer.dot_under(QPointF(310, 110), 6).tolist() == [2, 1]
    assert layer.dot_under(QPointF(190, 140), 6).tolist() == [0, 0]
    assert layer.dot_under(QPointF(206, 151), 6) is None
    assert layer.dot_under(QPointF(20, 20), 6) is None
    assert layer.box_at(QPointF(300, 100)) is not None
    assert layer.box_at(QPointF(305, 100)) is None
    layer.show(None)
    layer.clear()
    assert layer.dot_under(QPointF(310, 110), 6) is None
