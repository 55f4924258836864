"""What is done in turns: one piece at a time, with the window painted and heard in between."""

import pyqtgraph as pg
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.turns import Turns, paint_in_turn, turns
from vaeexplorer.gui.widgets.evidence_plots import BoundPlot, RatePlane
from vaeexplorer.gui.widgets.law_plots import ComponentsPlot
from vaeexplorer.run import Measures


@pytest.fixture
def queue(qapp):
    queue = Turns()
    yield queue
    shiboken6.delete(queue)


def test_pieces_are_done_in_order_and_the_last_of_a_key_only(qtbot, queue):
    done = []
    for key, what in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        queue.add(queue, key, lambda what=what: done.append(what))
    queue.drop(queue, "c")
    assert done == []
    qtbot.waitUntil(lambda: not queue.busy())
    assert done == [3, 2]


def test_a_piece_whose_owner_is_gone_is_left_undone(qtbot, queue):
    done, owner = [], QObject()
    queue.add(owner, "x", lambda: done.append("gone"))
    queue.add(queue, "x", lambda: done.append("here"))
    assert queue.busy(owner)
    shiboken6.delete(owner)
    qtbot.waitUntil(lambda: not queue.busy())
    assert done == ["here"]


def test_a_piece_may_ask_for_another_turn_and_lets_events_in_before_it(qtbot, queue):
    seen = []

    class Listener(QObject):
        def customEvent(self, event):
            seen.append("event")

    listener = Listener()

    def first():
        seen.append("first")
        queue.add(queue, "second", lambda: seen.append("second"))
        QCoreApplication.postEvent(listener, QEvent(QEvent.Type.User))

    queue.add(queue, "first", first)
    qtbot.waitUntil(lambda: "second" in seen)
    assert seen == ["first", "event", "second"]


def test_a_widget_is_painted_in_its_turn_unless_the_window_has_lost_what_it_showed(qtbot):
    window = QWidget()
    part = QWidget(window)
    qtbot.addWidget(window)
    window.resize(300, 200)
    window.show()
    qtbot.waitUntil(lambda: window.backingStore().size() == window.size())
    paint_in_turn(part)
    assert not part.updatesEnabled()
    qtbot.waitUntil(part.updatesEnabled)
    window.resize(400, 300)
    paint_in_turn(part)
    assert part.updatesEnabled()


@pytest.fixture
def stage(qtbot):
    """Three plots beside one another, which notes down what is done to each in which turn."""
    stage = QWidget()
    stage.plots = [RatePlane(), BoundPlot(), ComponentsPlot("completeness", "story")]
    row = QHBoxLayout(stage)
    for plot in stage.plots:
        row.addWidget(plot)
    stage.resize(900, 240)
    qtbot.addWidget(stage)
    return stage


def given(stage):
    """Give every plot something to draw."""
    plane, bounds, components = stage.plots
    plane.show_runs([("other", Measures(19.0, 4.0))], {0: Measures(18.0, 5.0)})
    bounds.show_bounds({0: ([1, 10, 100], [-9.0, -8.0, -7.5], None)})
    components.show_curves({0: {1: 0.5, 10: 0.9}, 1: {1: 0.4, 10: 0.7}}, {0: 10})


def test_plots_are_there_at_once_and_no_two_are_made_or_drawn_in_one_turn(
    qtbot, stage, monkeypatch
):
    turn, work = [0], []
    real = Turns._do_next

    def counted(self):
        turn[0] += 1
        real(self)

    monkeypatch.setattr(Turns, "_do_next", counted)
    for plot in stage.plots:
        for what in ("_make", "_draw"):
            method = getattr(plot, what)

            def noted(method=method):
                work.append(turn[0])
                method()

            monkeypatch.setattr(plot, what, noted)
    given(stage)
    with qtbot.waitExposed(stage):
        stage.show()
    assert all(plot.isVisible() and plot.accessibleName() for plot in stage.plots)
    qtbot.waitUntil(lambda: all(plot.up_to_date for plot in stage.plots))
    assert len(work) == len(set(work)) == 2 * len(stage.plots)


def test_a_plot_that_nobody_sees_is_not_made_and_catches_up_when_it_is_shown(qtbot, stage):
    given(stage)
    assert all(plot.box is None and not plot.up_to_date for plot in stage.plots)
    with qtbot.waitExposed(stage):
        stage.show()
    stage.hide()  # in the middle of it
    given(stage)
    stage.show()
    qtbot.waitUntil(lambda: all(plot.up_to_date for plot in stage.plots))
    curves = [one for one in stage.plots[2].scene().items() if isinstance(one, pg.PlotCurveItem)]
    assert {tuple(one.getData()[0]) for one in curves} == {(1, 10)}
    assert {one.opts["pen"].color().name() for one in curves} == {
        colour.lower() for colour in SLOT_COLOURS[:2]
    }
    draws = next(one for one in stage.plots[1].scene().items() if isinstance(one, pg.PlotCurveItem))
    assert list(draws.getData()[0]) == [0, 1, 2]  # the axis is logarithmic


def test_what_was_drawn_before_is_gone(qtbot, stage):
    given(stage)
    with qtbot.waitExposed(stage):
        stage.show()
    qtbot.waitUntil(lambda: all(plot.up_to_date for plot in stage.plots))
    plane = stage.plots[0]
    assert any(isinstance(one, pg.TextItem) for one in plane.scene().items())
    plane.show_runs([], {})
    qtbot.waitUntil(lambda: plane.up_to_date)
    kinds = (pg.TextItem, pg.PlotCurveItem, pg.ScatterPlotItem)
    assert not [one for one in plane.scene().items() if isinstance(one, kinds)]


def test_closing_in_the_middle_leaves_nothing_behind(qtbot, stage):
    given(stage)
    with qtbot.waitExposed(stage):
        stage.show()
    stage.hide()
    for plot in stage.plots:
        shiboken6.delete(plot)
    qtbot.waitUntil(lambda: not turns().busy())
