"""The learning curves show every epoch of the history that they are given, and nothing else."""

import math

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import Qt

from vaeexplorer.gui.widgets.curves import LearningCurves
from vaeexplorer.run import EpochRecord, Measures

SOLID, DASHED = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine


def records(first, last, offset=0.0):
    """Epochs `first` to `last`, of a family without a rate on the training images."""
    return tuple(
        EpochRecord(epoch, Measures(100.0 - epoch + offset, None), Measures(110.0 - epoch, 5.0))
        for epoch in range(first, last + 1)
    )


@pytest.fixture
def curves(qapp):
    curves = LearningCurves()
    curves.start(50)
    yield curves
    shiboken6.delete(curves)


def drawn(plot, style):
    """Epochs and values that a plot draws for its first model in lines of that style."""
    line = next(mark for mark in plot.marks() if mark.style == style)
    return list(line.x), list(line.y)


def test_a_growing_history_is_drawn_whole(curves):
    history = records(1, 3)
    curves.show_history(history)
    curves.show_history(history + records(4, 9))
    distortion, rate, negative_elbo = curves.plots
    epochs = list(range(1, 10))
    assert drawn(distortion, DASHED) == (epochs, [100.0 - e for e in epochs])
    assert drawn(distortion, SOLID) == (epochs, [110.0 - e for e in epochs])
    assert np.isnan(drawn(rate, DASHED)[1]).all()
    assert drawn(negative_elbo, SOLID)[1] == [115.0 - e for e in epochs]


def test_every_value_is_inside_the_range(curves):
    curves.show_history(records(1, 40))
    low, high = curves.plots[0].ranges[1]
    assert low < 60.0
    assert high > 109.0
    assert math.isfinite(low + high)


def test_another_training_begins_with_empty_curves(curves):
    curves.show_history(records(1, 9))
    curves.start(20)
    curves.show_history(records(1, 2, offset=7.0))
    plot = curves.plots[0]
    assert drawn(plot, DASHED) == ([1, 2], [106.0, 105.0])
