"""The learning curves show every epoch of the history that they are given, and nothing else."""

import math

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.curves import LearningCurves
from vaeexplorer.gui.widgets.theme import DARK, LIGHT, apply_theme
from vaeexplorer.run import EpochRecord, Measures

TRAIN, HELD_OUT = 0, 1


def records(first, last, offset=0.0):
    """Epochs `first` to `last`, of a family without a rate on the training images."""
    return tuple(
        EpochRecord(epoch, Measures(100.0 - epoch + offset, None), Measures(110.0 - epoch, 5.0))
        for epoch in range(first, last + 1)
    )


@pytest.fixture
def curves(qtbot):
    curves = LearningCurves()
    qtbot.addWidget(curves)
    curves.resize(600, 200)
    curves.start(50)
    with qtbot.waitExposed(curves):
        curves.show()
    return curves


def drawn(plot, which):
    """Epochs and values that a plot shows of its first model, on curve 0 (training) or 1."""
    x, y = plot.lines[0][which].getOriginalDataset()
    return ([], []) if x is None else (list(x), list(y))


def test_a_growing_history_is_drawn_whole(curves, qtbot):
    history = records(1, 3)
    curves.show_history(history)
    qtbot.waitUntil(lambda: curves.up_to_date)
    curves.show_history(history + records(4, 9))
    qtbot.waitUntil(lambda: curves.up_to_date)
    distortion, rate, negative_elbo = curves.plots
    epochs = list(range(1, 10))
    assert drawn(distortion, TRAIN) == (epochs, [100.0 - e for e in epochs])
    assert drawn(distortion, HELD_OUT) == (epochs, [110.0 - e for e in epochs])
    assert np.isnan(drawn(rate, TRAIN)[1]).all()
    assert drawn(negative_elbo, HELD_OUT)[1] == [115.0 - e for e in epochs]


def test_every_value_is_inside_the_range(curves, qtbot):
    curves.show_history(records(1, 40))
    qtbot.waitUntil(lambda: curves.up_to_date)
    low, high = curves.plots[0].box.viewRange()[1]
    assert low < 60.0
    assert high > 109.0
    assert math.isfinite(low + high)


def test_numbers_beside_the_axes_have_the_minus_sign_of_typography(curves, qtbot):
    curves.show_history(records(1, 3))
    qtbot.waitUntil(lambda: curves.up_to_date)
    axes = [item for item in curves.plots[0].scene().items() if isinstance(item, pg.AxisItem)]
    assert [axis.tickStrings([-20.0, 20.0], 1.0, 20.0) for axis in axes] == [
        ["\N{MINUS SIGN}20", "20"]
    ] * 2
    assert axes[0].logTickStrings([0.0, 1.0, 3.0], 1.0, 1.0) == ["1", "10", "1,000"]


def test_another_training_begins_with_empty_curves(curves, qtbot):
    curves.show_history(records(1, 9))
    qtbot.waitUntil(lambda: curves.up_to_date)
    curves.start(20)
    curves.show_history(records(1, 2, offset=7.0))
    qtbot.waitUntil(lambda: curves.up_to_date)
    plot = curves.plots[0]
    assert drawn(plot, TRAIN) == ([1, 2], [106.0, 105.0])


@pytest.mark.parametrize("models", [1, 2])
def test_another_theme_colours_what_is_drawn_already(curves, qtbot, qapp, models):
    curves.start(50, models)
    curves.show_history(records(1, 9))
    qtbot.waitUntil(lambda: curves.up_to_date)
    plot = curves.plots[0]
    try:
        for choice, theme in (("dark", DARK), ("light", LIGHT)):
            apply_theme(qapp, choice)
            qtbot.waitUntil(lambda: curves.up_to_date)
            pens = [line.opts["pen"].color().name() for line in plot.lines[0]]
            wanted = [theme.muted, theme.accent] if models == 1 else [SLOT_COLOURS[0]] * 2
            assert pens == [QColor(one).name() for one in wanted]
            assert plot.backgroundBrush().color() == QColor(theme.surface)
    finally:
        apply_theme(qapp, "light")
