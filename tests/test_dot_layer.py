import threading

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest

from vaeexplorer.drawing import dot_field
from vaeexplorer.drawing.dot_field import DotField, Frame, load_kernel
from vaeexplorer.drawing.palette import class_colours
from vaeexplorer.gui.widgets import dot_jobs, dot_layer, dot_pace, dot_thread
from vaeexplorer.gui.widgets.dot_thread import DotThread
from vaeexplorer.gui.widgets.hatch import Hatch
from vaeexplorer.gui.widgets.map_view import MapView
from vaeexplorer.latent.lattice import NoData


@pytest.fixture(scope="module", autouse=True)
def _kernel():
    load_kernel()


@pytest.fixture
def view(qtbot):
    view = MapView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    return view


def scatter(n, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    positions = rng.normal(0, 5, (10, 2))[labels] + rng.normal(0, 1.2, (n, 2))
    return positions.astype(np.float32), class_colours(10)[labels]


def pixels(view):
    image = painted(view).toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8)
    picture = flat.reshape(image.height(), image.width(), 4)[..., :3].astype(int)
    return picture[5:-5, 5:-5]  # without the frame of what has the focus


def settle(qtbot, view):
    """Wait until all dots are drawn."""
    qtbot.waitUntil(lambda: (painted(view), view.dots.whole)[1])


def painted(view):
    """Have the view painted now: Qt puts off a `repaint` soon after another while one is due."""
    return view.grab()


@pytest.fixture
def sorted_by_a_thread(monkeypatch):
    monkeypatch.setattr(dot_layer, "SORTED_AT_ONCE", 100)
    monkeypatch.setattr(dot_pace, "AT_ONCE", 50_000)
    monkeypatch.setattr(dot_layer, "SAMPLE", 1_000)


def test_many_dots_end_up_as_few_would_be_drawn(qtbot, view, monkeypatch, sorted_by_a_thread):
    positions, colours = scatter(20_000)
    view.set_points(positions, colours)
    painted(view)
    assert not view.dots.whole
    settle(qtbot, view)
    by_thread = pixels(view)
    monkeypatch.undo()
    view.dots.set_points(positions, colours)
    assert (pixels(view) == by_thread).all()


def lightness(picture):
    """Return the mean colours of squares of 10 x 10 pixels."""
    return picture.reshape(29, 10, 39, 10, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("factor", [1.01, 1.2, 1 / 1.2])
def test_a_view_that_moves_is_drawn_at_once_and_in_full_when_it_rests(
    qtbot, view, sorted_by_a_thread, monkeypatch, factor
):
    monkeypatch.setattr(dot_pace, "AT_ONCE", 400_000)
    view.set_points(*scatter(60_000))
    settle(qtbot, view)
    view.zoom(factor)
    moving = pixels(view)
    assert not view.dots.whole
    settle(qtbot, view)
    apart = np.abs(lightness(pixels(view)) - lightness(moving))
    assert apart.mean() < 6
    assert np.percentile(apart, 99) < 60


def test_what_comes_into_view_while_a_map_moves_has_its_dots_at_once(
    qtbot, view, sorted_by_a_thread, monkeypatch
):
    monkeypatch.setattr(dot_pace, "AT_ONCE", 1_400_000)
    view.set_points(*scatter(60_000))
    view.zoom(2.0)
    settle(qtbot, view)
    view.zoom(1 / 1.6)
    moving = lightness(pixels(view))
    assert view.dots.stretched == pytest.approx(1 / 1.6)
    settle(qtbot, view)
    rest = lightness(pixels(view))
    # What was drawn before covers the middle, 330 x 267 pixels: all around comes into view.
    around = np.ones(rest.shape[:2], bool)
    around[2:-2, 4:-4] = False
    assert rest[around].std() > 20
    assert np.abs(moving - rest)[around].mean() < 6


def test_no_edge_is_seen_in_the_hatch_where_what_comes_into_view_begins(
    qtbot, view, sorted_by_a_thread, monkeypatch
):
    monkeypatch.setattr(dot_pace, "AT_ONCE", 1_400_000)
    view.set_points(*scatter(60_000))
    view.hatch.set_places(
        NoData(np.full(2, -12.0), np.full(2, 12.0), np.full((8, 8), 255, np.uint8))
    )
    view.set_visible(np.arange(60_000) < 1)
    view.zoom(2.0)
    settle(qtbot, view)
    view.zoom(1 / 1.6)
    stretched = pixels(view)[..., 0] < 250
    assert view.dots.stretched == pytest.approx(1 / 1.6)
    # Lines are as far apart at the edges as in the middle: drawn afresh there would be fewer.
    ends = np.diff(stretched, axis=1)
    middle, edges = ends[60:-60], np.concatenate([ends[:10], ends[-10:]])
    assert edges.mean() == pytest.approx(middle.mean(), rel=0.1)


def test_who_zooms_back_sees_what_was_there_at_once(qtbot, view, sorted_by_a_thread, monkeypatch):
    monkeypatch.setattr(dot_pace, "AT_ONCE", 400_000)
    view.set_points(*scatter(60_000))
    settle(qtbot, view)
    before = pixels(view)
    for factor in (1.2, 1.2):
        view.zoom(factor)
        settle(qtbot, view)
    for factor in (1 / 1.2, 1 / 1.2):
        view.zoom(factor)
    assert (pixels(view) == before).all()
    assert view.dots.whole


@pytest.mark.parametrize("cost", [50_000, 400_000, 10_000_000])
def test_dots_of_another_size_or_opacity_are_drawn_anew(
    qtbot, view, sorted_by_a_thread, monkeypatch, cost
):
    monkeypatch.setattr(dot_pace, "AT_ONCE", cost)
    view.set_points(*scatter(20_000))
    settle(qtbot, view)
    for change in ((200, 85), (200, 20), (100, 85)):
        before = pixels(view)
        view.set_dot_style(*change)
        settle(qtbot, view)
        apart = np.abs(pixels(view) - before)
        assert (apart.max(axis=-1) > 20).mean() > 0.05


def test_an_error_on_the_thread_is_told_by_the_event_loop_and_the_next_job_runs(qtbot):
    thread = DotThread(None)
    thread.start((lambda: 1 // 0, lambda _: None))
    with qtbot.captureExceptions() as told:
        qtbot.waitUntil(lambda: not thread.busy)
    assert told[0][0] is ZeroDivisionError
    taken = []
    thread.start((lambda: 7, taken.append))
    qtbot.waitUntil(lambda: thread.collect() or bool(taken))
    assert taken == [7]
    assert not thread.busy


def test_a_panned_map_shows_what_it_shows_when_drawn_afresh(qtbot, view):
    positions, colours = scatter(20_000)
    view.set_points(positions, colours)
    view.zoom(3.0)
    settle(qtbot, view)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    for place in (QPoint(170, 160), QPoint(60, 90), QPoint(220, 299)):
        QTest.mouseMove(view, place)
        painted(view)
        assert view.dots.whole
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(220, 299))
    panned = pixels(view)
    view.dots.set_points(positions, colours)
    fresh = pixels(view)
    # A dot on the border of two sub-pixel positions may round to either.
    assert (np.abs(panned - fresh).max(axis=-1) > 1).mean() < 1e-3


def test_hidden_dots_are_neither_drawn_nor_found(qtbot, view):
    positions, colours = scatter(500)
    view.set_points(positions, colours)
    assert view.dots.nearest(positions[7], 0.01) == 7
    view.set_visible(np.arange(500) != 7)
    assert view.dots.nearest(positions[7], 1e-6) is None
    view.set_visible(np.zeros(500, bool))
    assert (np.ptp(pixels(view).reshape(-1, 3), axis=0) == 0).all()


def test_a_dot_is_found_before_the_dots_are_sorted(qtbot, view, sorted_by_a_thread):
    positions, colours = scatter(5_000)
    view.set_points(positions, colours)
    before = view.dots.nearest(positions[42], 1.0)
    settle(qtbot, view)
    assert before == view.dots.nearest(positions[42], 1.0) == 42


def test_other_colours_replace_the_former_ones_without_a_gap(qtbot, view, sorted_by_a_thread):
    positions, colours = scatter(20_000)
    view.set_points(positions, colours)
    settle(qtbot, view)
    former = pixels(view)
    view.dots.set_colours(np.zeros_like(colours))
    assert (pixels(view) == former).all()
    settle(qtbot, view)
    now = pixels(view)
    assert (now[..., 0] == now[..., 1]).all()
    assert (now != former).any()


def test_what_does_not_stand_out_fades_with_and_without_the_kernel(view, monkeypatch):
    positions, colours = scatter(300)
    view.set_points(positions, colours)
    alike = pixels(view)
    view.set_standing_out(np.arange(300) < 100)
    above = pixels(view)
    monkeypatch.setattr(dot_field, "_KERNEL", [])
    view.set_points(positions, colours)
    by_numpy = pixels(view)
    assert above.mean() > alike.mean()
    assert np.abs(above - by_numpy).max() <= 3


def test_a_map_without_a_dot_is_empty(view):
    view.set_points(np.zeros((0, 2), np.float32), np.zeros((0, 3), np.uint8))
    assert (np.ptp(pixels(view).reshape(-1, 3), axis=0) == 0).all()
    assert view.dots.nearest(np.zeros(2), 5.0) is None
    view.zoom(2.0, QPointF(10, 10))
    assert view.dots.extent() is None


def test_other_data_may_come_while_the_former_is_sorted(qtbot, view, sorted_by_a_thread):
    # Fewer dots each time: what was taken of one data set must not meet what is of another.
    for n in (20_000, 9_000, 3_000, 1_500):
        view.set_points(*scatter(n))
        painted(view)
    settle(qtbot, view)
    assert len(view.dots.positions) == 1_500
    assert view.dots.nearest(view.dots.positions[1_499], 1.0) == 1_499


def test_a_view_that_came_to_rest_while_a_thread_was_busy_is_drawn_in_full(
    qtbot, view, sorted_by_a_thread
):
    view.set_points(*scatter(20_000))
    settle(qtbot, view)
    view.zoom(1.01)
    painted(view)
    view.dots._refine()
    # The thread is at work on the former view when this one wants to be drawn.
    view.zoom(1.01)
    painted(view)
    view.dots._rest.stop()
    view.dots._refine()
    settle(qtbot, view)


@pytest.mark.parametrize(("allowed_s", "whole"), [(1e-6, False), (60.0, True)])
def test_how_many_dots_a_moving_view_has_depends_on_how_quick_the_machine_is(
    qtbot, view, monkeypatch, allowed_s, whole
):
    monkeypatch.setattr(dot_pace, "MOVING_S", allowed_s)
    monkeypatch.setattr(dot_pace, "AT_ONCE", 120_000)
    view.set_points(*scatter(20_000))
    settle(qtbot, view)
    drawn = []

    def move():
        view.zoom(1.001)
        painted(view)
        drawn.append(view.dots.whole)
        return drawn[-1] if whole else len(drawn) >= 30

    qtbot.waitUntil(move)
    assert any(drawn) is whole


class OnGuiThread:
    """Counts what the GUI thread does for the dots: how many it sorts, and the pixels it stamps."""

    def __init__(self, monkeypatch):
        self.sorted, self.stamped = [], []
        sort, paint, gui = DotField.__init__, DotField.paint, threading.current_thread()

        def counted_sort(field, positions):
            if threading.current_thread() is gui:
                self.sorted.append(len(positions))
            sort(field, positions)

        def counted_paint(field, frame, work=None, area=None):
            if threading.current_thread() is gui:
                left, top, right, bottom = area or (0, 0, *frame.size)
                share = (right - left) * (bottom - top) / (frame.size[0] * frame.size[1])
                self.stamped.append(field.work(frame) * share if work is None else work)
            return paint(field, frame, work, area)

        monkeypatch.setattr(DotField, "__init__", counted_sort)
        monkeypatch.setattr(DotField, "paint", counted_paint)


@pytest.mark.parametrize("notches", [(-1,), (1, 1, -1), (1, 1, 1, -1, -1, -1, -1)])
def test_who_turns_the_wheel_by_a_notch_waits_for_no_dots_that_come_into_view(
    qtbot, view, sorted_by_a_thread, monkeypatch, notches
):
    view.set_points(*scatter(20_000))
    settle(qtbot, view)
    done = OnGuiThread(monkeypatch)
    for notch in notches:
        view.zoom(1.0015 ** (120 * notch))
        painted(view)
    assert not done.stamped


def test_whatever_one_does_with_many_dots_the_gui_thread_sorts_and_draws_few(
    qtbot, view, monkeypatch
):
    done = OnGuiThread(monkeypatch)
    view.resize(800, 600)
    positions, colours = scatter(90_000)
    for act in (
        lambda: view.set_points(positions, colours),
        lambda: view.set_colours(colours[::-1]),
        lambda: view.set_standing_out(np.arange(90_000) < 100),
        lambda: view.set_dot_style(150, 50),
        lambda: view.move_points(positions[::-1]),
        lambda: view.frame(positions[:50]),
        lambda: view.zoom(0.2),
        view.fit,
        lambda: view.set_points(*scatter(80_000)),
    ):
        act()
        painted(view)
        settle(qtbot, view)
    assert max(done.sorted, default=0) <= dot_layer.SORTED_AT_ONCE
    assert max(done.stamped, default=0) <= dot_layer.QUICK * view.dots._pace.at_once


def test_the_first_picture_of_many_dots_has_a_sample_that_looks_like_all(qtbot, view):
    view.set_points(*scatter(60_000))
    sampled = pixels(view)
    assert not view.dots.whole
    settle(qtbot, view)
    apart = np.abs(lightness(pixels(view)) - lightness(sampled))
    assert apart.mean() < lightness(sampled).std() / 4


def test_dots_that_move_on_are_shown_where_they_were_meanwhile(qtbot, view):
    positions, colours = scatter(30_000)
    view.set_points(positions, colours)
    settle(qtbot, view)
    taken = []
    view.dots.refined.connect(lambda: taken.append(view.dots._picture.pixels))
    with dot_field._LOADING:  # what the thread begins with: it is not done before they move on
        view.move_points(positions * (1, -1))
        painted(view)
        view.dots.set_positions(positions)
    qtbot.waitUntil(lambda: bool(taken))
    view.dots.set_positions(positions * (1, -1))
    settle(qtbot, view)
    assert (taken[0] == view.dots._picture.pixels).all()


def no_data():
    """Return a ring without data around the middle of `scatter`, and nothing beyond it."""
    across = np.linspace(-1, 1, 64)
    away = np.hypot(across, across[:, None])
    mask = np.clip(255 * 4 * (away - 0.5), 0, 255).astype(np.uint8)
    return NoData(np.full(2, -12.0), np.full(2, 12.0), mask)


def test_the_hatch_that_a_thread_draws_is_the_one_that_qt_draws(qtbot, view):
    hatch = Hatch()
    hatch.set_places(no_data())
    size, centre, scale = (400, 300), (1.3, -0.7), 14.3
    field = DotField(np.zeros((1, 2), np.float32)).coloured(np.zeros((1, 3), np.uint8))
    frame = Frame(size, centre, scale, 3.0, 1.0, 0xFFFFFFFF)
    drawn = field.paint(frame._replace(hatch=hatch.hatching(1.0)))
    expected = field.paint(frame)
    image = QImage(expected.data, *size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    hatch.draw(painter, np.array(centre), scale, view.size())
    painter.end()
    apart = np.abs(drawn.view(np.uint8).astype(int) - expected.view(np.uint8))
    assert apart.max() <= 2
    assert (drawn != 0xFFFFFFFF).mean() > 0.1


def test_many_dots_that_are_panned_look_as_if_drawn_afresh_with_their_hatch(
    qtbot, view, monkeypatch
):
    monkeypatch.setattr(dot_pace, "AT_ONCE", 400_000)
    positions, colours = scatter(60_000)
    view.set_points(positions, colours)
    view.hatch.set_places(no_data())
    view.zoom(3.0)
    settle(qtbot, view)
    place = QPoint(200, 150)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    # Beyond what has been drawn around the view, too.
    for step in [QPoint(9, 14)] * 12 + [QPoint(-90, 3)]:
        place += step
        QTest.mouseMove(view, place)
        painted(view)
        qtbot.waitUntil(lambda: not view.dots.busy)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, view)
    panned = pixels(view)
    view.dots.set_points(positions, colours)
    settle(qtbot, view)
    # A dot, or a line, on the border of two sub-pixel positions may be on either.
    assert (np.abs(panned - pixels(view)).max(axis=-1) > 2).mean() < 1e-3


def test_few_dots_that_are_panned_without_compiled_code_look_as_if_drawn_afresh(
    qtbot, view, monkeypatch
):
    monkeypatch.setattr(dot_field, "_KERNEL", [])
    positions, colours = scatter(500)
    view.set_points(positions, colours)
    view.zoom(2.0)
    settle(qtbot, view)
    place = QPoint(200, 150)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    for step in [QPoint(9, 14)] * 12 + [QPoint(-90, 3)]:
        place += step
        QTest.mouseMove(view, place)
        painted(view)
        assert view.dots.whole
        qtbot.waitUntil(lambda: not view.dots.busy)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place)
    panned = pixels(view)
    view.dots.set_points(positions, colours)
    assert (np.abs(panned - pixels(view)).max(axis=-1) > 2).mean() < 1e-3


@pytest.mark.parametrize("factor", [1.2, 1 / 1.3])
def test_few_dots_that_are_zoomed_without_compiled_code_are_drawn_by_a_thread(
    qtbot, view, monkeypatch, factor
):
    monkeypatch.setattr(dot_field, "_KERNEL", [])
    positions, colours = scatter(500)
    view.set_points(positions, colours)
    painted(view)
    assert view.dots.whole
    goes_on, paint = threading.Event(), dot_jobs.Dots.paint

    def paint_later(*arguments):
        assert threading.current_thread() is not threading.main_thread()
        assert goes_on.wait(10)
        return paint(*arguments)

    monkeypatch.setattr(dot_jobs.Dots, "paint", paint_later)
    view.zoom(factor)
    painted(view)
    assert not view.dots.whole
    assert view.dots.stretched == pytest.approx(factor)
    assert pixels(view).std() > 0
    goes_on.set()
    settle(qtbot, view)
    zoomed = pixels(view)
    monkeypatch.setattr(dot_jobs.Dots, "paint", paint)
    view.dots.set_points(positions, colours)
    assert (np.abs(zoomed - pixels(view)).max(axis=-1) > 2).mean() < 1e-3


def test_a_map_may_be_closed_while_a_thread_draws_its_dots(qtbot):
    view, goes_on, taken = MapView(), threading.Event(), []
    thread = view.dots._thread
    thread.start((goes_on.wait, taken.append))
    shiboken6.delete(view)
    idle = len(dot_thread._IDLE)
    goes_on.set()
    qtbot.waitUntil(lambda: len(dot_thread._IDLE) > idle)
    later = DotThread(None)
    later.start((lambda: 7, taken.append))
    qtbot.waitUntil(lambda: bool(taken))
    assert taken == [7]
