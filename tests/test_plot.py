"""A plot draws what it is given where its axes say it is, and writes numbers that can be read."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from vaeexplorer.gui.widgets.evidence_plots import BoundPlot, PosteriorPlot
from vaeexplorer.gui.widgets.plot import Plot, powers, round_values, written
from vaeexplorer.gui.widgets.plot_marks import Dots, Line

RED = "#ff0000"


class Drawing(Plot):
    """A plot of a few marks."""

    def __init__(self, *marks, **options):
        super().__init__("title", **options)
        self._marks = marks
        self.resize(320, 240)

    def marks(self):
        return self._marks


def pixels(widget):
    """Colours of a widget as it is drawn, (height, width, 3)."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    flat = np.frombuffer(picture.constBits(), np.uint8)
    return flat.reshape(picture.height(), picture.width(), 4)[..., :3].astype(int)


def middle_of(found):
    """Column and row of the middle of where `found`, (height, width), is true."""
    rows, columns = np.nonzero(found)
    return columns.mean(), rows.mean()


@pytest.mark.parametrize("options", [{}, {"square": True}, {"logarithmic": True}])
def test_a_dot_lies_where_the_numbers_of_the_axes_say(qapp, options):
    plot = Drawing(Dots([20.0], [3.0], 9, RED), **options)
    plot.set_range((10.0, 40.0), (2.0, 6.0))
    at = plot.frame.place(20.0, 3.0)
    assert middle_of((pixels(plot) == (255, 0, 0)).all(axis=2)) == pytest.approx(
        (at.x() - 0.5, at.y() - 0.5), abs=1
    )
    low, high = plot.frame.x
    share = (at.x() - plot.frame.area.left()) / plot.frame.area.width()
    expected = np.log(2) / np.log(4) if options.get("logarithmic") else (20 - low) / (high - low)
    assert share == pytest.approx(expected)
    assert plot.frame.value(at.x()) == pytest.approx(20)


def test_a_square_plot_has_one_scale(qapp):
    plot = Drawing(square=True)
    plot.set_range((0.0, 30.0), (0.0, 1.0))
    across = plot.frame.place(1, 0) - plot.frame.place(0, 0)
    up = plot.frame.place(0, 0) - plot.frame.place(0, 1)
    assert across.x() == pytest.approx(up.y())


def test_a_line_is_broken_where_a_value_is_missing(qapp):
    plot = Drawing(Line([0, 1, 2, 3, 4, 5], [1, 1, np.nan, np.nan, 1, 1], RED))
    plot.set_range((0.0, 5.0), (0.0, 2.0))
    columns = np.flatnonzero((pixels(plot) == (255, 0, 0)).all(axis=2).any(axis=0))
    for value, drawn in ((0.5, True), (2.5, False), (4.5, True)):
        assert (round(float(plot.frame.across(value))) in columns) == drawn


def test_the_true_posterior_is_dense_where_it_is_on_the_grid(qapp):
    plot = PosteriorPlot()
    plot.resize(320, 240)
    across, up = np.linspace(-3, 3, 61), np.linspace(-2, 4, 61)
    log_true = -((across[:, None] - 1.5) ** 2 + (up[None, :] - 3.0) ** 2) / 0.02
    plot.show_posterior("t", (across, up), log_true, np.array([-1.5, -1.0]), np.array([0.2, 0.2]))
    red, _, blue = np.moveaxis(pixels(plot), 2, 0)
    dense = blue - red > 100  # the accent is blue, whatever the theme
    at = plot.frame.place(1.5, 3.0)
    assert middle_of(dense) == pytest.approx((at.x(), at.y()), abs=3)


def test_bounds_of_every_slot_are_in_view(qapp):
    plot = BoundPlot()
    plot.show_bounds({0: ([1, 5, 50], [-9.0, -8.0, -7.5], None), 1: ([1, 500], [-3.0, -2.0], None)})
    across, up = plot.ranges
    assert across == (1, 500)
    assert up[0] < -9
    assert up[1] > -2
    assert {mark.style for mark in plot.marks()} == {Qt.PenStyle.SolidLine}


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (0, 20, 5, ["0", "5", "10", "15", "20"]),
        (-0.31, 0.31, 4, ["\N{MINUS SIGN}0.2", "0.0", "0.2"]),
        (-1100, 1100, 3, ["\N{MINUS SIGN}1,000", "0", "1,000"]),
        (1_230_000, 1_250_000, 2, ["1.23M", "1.24M", "1.25M"]),
        (5, 5, 4, []),
        (float("nan"), 1, 4, []),
    ],
)
def test_ticks_are_round_numbers_with_the_digits_that_they_need(low, high, most, texts):
    assert written(round_values(low, high, most)) == texts


def test_ticks_of_a_logarithmic_axis_are_powers_of_ten():
    assert written(powers(1, 5000, 8)) == ["1", "10", "100", "1,000"]
    assert powers(1, 1e9, 3) == [1, 1e3, 1e6, 1e9]
