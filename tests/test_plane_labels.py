"""Numbers beside the lines of the rate plane hide nothing."""

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt

from vaeexplorer.gui.widgets.evidence_plots import RatePlane
from vaeexplorer.gui.widgets.plane_labels import ABOVE, BELOW, places
from vaeexplorer.run import Measures

VIEW = ((0.0, 10.0), (0.0, 10.0))
SIZE = np.array([[3.0, 1.0]])


def box(place, size=SIZE[0]):
    """Left, bottom, right and top of a number of this size at its place."""
    x, y, anchor = place
    low = np.array([x, y]) - (size if anchor == BELOW else 0)
    return np.concatenate([low, low + size])


def around(x, y, reach=0.2):
    return np.array([[x - reach, y - reach, x + reach, y + reach]])


def test_a_number_stands_above_the_left_end_of_its_line_where_nothing_is():
    assert places([8.0], VIEW, SIZE, np.empty((0, 4))) == [(0.0, 8.0, ABOVE)]


def test_a_line_that_comes_in_at_the_top_has_its_number_within_the_view():
    ((x, y, anchor),) = places([18.0], VIEW, SIZE, np.empty((0, 4)))
    assert anchor == BELOW
    assert x + y == 18.0
    assert box((x, y, anchor)).min() >= 0
    assert box((x, y, anchor)).max() <= 10


def test_a_number_leaves_its_place_to_a_point_and_to_a_level_line():
    point = around(1.0, 8.5)
    (placed,) = places([8.0], VIEW, SIZE, point)
    left, bottom, _, top = box(placed)
    assert left >= point[0, 2] or bottom >= point[0, 3] or top <= point[0, 1]
    (placed,) = places([8.0], VIEW, SIZE, np.empty((0, 4)), heights=[8.5])
    _, bottom, _, top = box(placed)
    assert not bottom < 8.5 < top


def test_numbers_do_not_stand_upon_one_another():
    first, second = map(box, places([8.0, 8.4], VIEW, np.repeat(SIZE, 2, axis=0), np.empty((0, 4))))
    assert (first[2:] <= second[:2]).any() or (second[2:] <= first[:2]).any()


def test_a_number_that_would_lie_over_another_wherever_it_stood_has_no_place():
    narrow = ((0.0, 4.0), (0.0, 1.8))
    first, second = places([2.0, 2.2], narrow, np.repeat(SIZE, 2, axis=0), np.empty((0, 4)))
    assert first is not None
    assert second is None


@pytest.mark.parametrize("width", [320, 700])
def test_no_number_of_the_plane_lies_over_a_run(qtbot, width):
    plane = RatePlane()
    qtbot.addWidget(plane)
    plane.resize(width, 260)
    runs = [Measures(25.0 - 0.2 * rate, rate) for rate in np.linspace(0.1, 9.0, 12)]
    plane.show_runs([(str(run), run) for run in runs[:-1]], {0: runs[-1]})
    with qtbot.waitExposed(plane):
        plane.show()
    qtbot.waitUntil(lambda: plane.up_to_date)
    plane.resize(width + 60, 240)
    qtbot.waitUntil(lambda: plane.box.width() > width - 30)
    plane.grab()  # numbers find out where they are as they are painted
    numbers = [
        item.mapRectToView(item.boundingRect())
        for item in plane.scene().items()
        if isinstance(item, pg.TextItem) and "ELBO" in item.toPlainText()
    ]
    assert len(numbers) == 4
    for run in runs:
        assert not any(number.contains(run.rate, run.distortion) for number in numbers)


@pytest.mark.parametrize("rate", [3.0, None])
def test_what_is_not_of_single_images_has_another_mark(qtbot, rate):
    plane = RatePlane()
    qtbot.addWidget(plane)
    with qtbot.waitExposed(plane):
        plane.show()
    alone, apart = Measures(20.0, rate), Measures(18.0, rate)
    plane.show_runs([], {0: alone, 1: apart}, apart=[apart])
    qtbot.waitUntil(lambda: plane.up_to_date)
    if rate is None:
        lines = [item for item in plane._items if isinstance(item, pg.PlotCurveItem)][1:]
        styles = [line.opts["pen"].style() for line in lines]
        assert styles == [Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine]
    else:
        marks = [item for item in plane._items if isinstance(item, pg.ScatterPlotItem)]
        assert [mark.opts["symbol"] for mark in marks] == ["o", "d"]
        assert [mark.getData()[1].tolist() for mark in marks] == [[20.0], [18.0]]
