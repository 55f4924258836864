"""The legend of a map: its buttons."""

import numpy as np
import pytest

from vaeexplorer.drawing.palette import class_colours
from vaeexplorer.gui.widgets.legend import Legend

NAMES = ("a", "b", "c")


@pytest.fixture
def legend(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    legend.set_labels(NAMES, class_colours(3))
    return legend


def test_the_same_labels_of_another_run_keep_their_buttons_and_are_all_shown(legend):
    buttons = list(legend._buttons)
    legend.set_hidden(frozenset({1}))
    assert buttons[1].property("hides")
    legend.set_labels(NAMES, class_colours(3))
    assert legend._buttons == buttons
    assert not legend.hidden
    assert not buttons[1].property("hides")


@pytest.mark.parametrize(
    ("names", "colours"),
    [(("a", "b", "d"), class_colours(3)), (NAMES, 255 - class_colours(3)), (("a",), np.eye(1, 3))],
)
def test_other_labels_or_colours_have_buttons_of_their_own(legend, names, colours):
    former = list(legend._buttons)
    legend.set_labels(names, colours)
    assert [button.text() for button in legend._buttons] == list(names)
    assert not set(legend._buttons) & set(former)


def test_buttons_made_before_they_are_needed_are_those_that_are_shown(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    legend.hide()
    legend.prepare(NAMES, class_colours(3))
    made = list(legend._buttons)
    assert legend.isHidden(), "nothing is shown before there is a map"
    legend.set_labels(NAMES, class_colours(3))
    assert legend._buttons == made
    assert not legend.isHidden()
