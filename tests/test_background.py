"""Lanes: order, replacement, cancellation, errors, and an end that leaves no thread."""

import builtins
import gc
import sys
import threading

import pytest

from vaeexplorer.gui import _plain_import
from vaeexplorer.gui.background import Collector, Lane


@pytest.fixture
def lane(qtbot):
    lane = Lane("test")
    yield lane
    assert lane.close(5.0)


class Answers:
    """Collects what a lane delivers, and on which thread."""

    def __init__(self):
        self.results, self.progress, self.errors, self.threads = [], [], [], set()

    def _note(self, where, value):
        where.append(value)
        self.threads.add(threading.current_thread())

    def submit(self, lane, key, job, **options):
        return lane.submit(
            key,
            job,
            on_result=lambda value: self._note(self.results, value),
            on_progress=lambda value: self._note(self.progress, value),
            on_error=lambda value: self._note(self.errors, value),
            **options,
        )


@pytest.fixture
def answers():
    return Answers()


def gate():
    """Return a job that waits until it is let through, and the two events for that."""
    entered, let_through = threading.Event(), threading.Event()

    def job():
        entered.set()
        assert let_through.wait(5)
        return "gate"

    return job, entered, let_through


def test_a_function_answers_on_the_gui_thread(qtbot, lane, answers):
    answers.submit(lane, "a", lambda: threading.current_thread())
    qtbot.waitUntil(lambda: len(answers.results) == 1)
    assert answers.results[0] is not threading.main_thread()
    assert answers.threads == {threading.main_thread()}


def test_what_comes_before_each_job_is_done_on_its_thread(qtbot, answers):
    done = []
    lane = Lane("test", before=lambda: done.append(threading.current_thread()))
    for key in ("a", "b"):
        answers.submit(lane, key, threading.current_thread)
    qtbot.waitUntil(lambda: len(answers.results) == 2)
    assert lane.close(5.0)
    assert done == answers.results


def test_a_generator_reports_progress_then_its_result(qtbot, lane, answers):
    def job():
        yield 1
        yield 2
        return "done"

    answers.submit(lane, "a", job)
    qtbot.waitUntil(lambda: len(answers.results) == 1)
    assert (answers.progress, answers.results) == ([1, 2], ["done"])


def test_an_exception_is_an_error_and_the_lane_goes_on(qtbot, lane, answers):
    def broken():
        yield 1
        raise ValueError("broken")

    answers.submit(lane, "a", broken)
    answers.submit(lane, "b", lambda: "after")
    qtbot.waitUntil(lambda: answers.results == ["after"])
    assert [str(error) for error in answers.errors] == ["broken"]


def test_a_newer_request_replaces_a_waiting_one_of_its_key(qtbot, lane, answers):
    job, entered, let_through = gate()
    answers.submit(lane, "gate", job)
    assert entered.wait(5)
    for number in range(100):
        answers.submit(lane, "hover", lambda number=number: number)
    let_through.set()
    qtbot.waitUntil(lambda: len(answers.results) == 2)
    assert answers.results == ["gate", 99]


def test_urgent_jobs_pass_the_others(qtbot, lane, answers):
    job, entered, let_through = gate()
    answers.submit(lane, "gate", job)
    assert entered.wait(5)
    for key in ("a", "b"):
        answers.submit(lane, key, lambda key=key: key)
    answers.submit(lane, "probe", lambda: "probe", urgent=True)
    let_through.set()
    qtbot.waitUntil(lambda: len(answers.results) == 4)
    assert answers.results == ["gate", "probe", "a", "b"]


def test_a_running_generator_is_closed_at_its_next_yield(qtbot, lane, answers):
    closed = threading.Event()
    started = threading.Event()
    go_on = threading.Event()

    def job():
        try:
            while True:
                started.set()
                assert go_on.wait(5)
                yield "step"
        finally:
            closed.set()

    answers.submit(lane, "a", job)
    assert started.wait(5)
    lane.cancel("a")
    go_on.set()
    assert closed.wait(5)
    answers.submit(lane, "b", lambda: "after")
    qtbot.waitUntil(lambda: answers.results == ["after"])
    assert answers.progress == []


def test_no_callback_runs_after_cancel_even_if_the_answer_is_on_its_way(qtbot, lane, answers):
    finished = threading.Event()

    def job():
        finished.set()
        return "late"

    ticket = answers.submit(lane, "a", job)
    assert finished.wait(5)
    # The answer may stand in the event queue by now; it is not delivered while we hold this thread.
    ticket.cancel()
    answers.submit(lane, "b", lambda: "after")
    qtbot.waitUntil(lambda: answers.results == ["after"])


def test_no_callback_runs_after_its_key_is_cancelled_even_if_the_job_is_done(qtbot, lane, answers):
    def job():
        yield "progress"
        return "late"

    answers.submit(lane, "a", job)
    after, entered, let_through = gate()
    answers.submit(lane, "b", after)
    # Both answers of the first job stand in the event queue now, and another one runs.
    assert entered.wait(5)
    lane.cancel("a")
    let_through.set()
    qtbot.waitUntil(lambda: answers.results == ["gate"])
    assert not answers.progress


def test_a_lane_has_what_waits_or_runs_and_is_still_wanted(lane, answers):
    job, entered, let_through = gate()
    answers.submit(lane, "runs", job)
    assert entered.wait(5)
    answers.submit(lane, "waits", print)
    assert [lane.has(key) for key in ("runs", "waits", "other")] == [True, True, False]
    lane.cancel("runs")
    lane.cancel("waits")
    assert [lane.has(key) for key in ("runs", "waits")] == [False, False]
    let_through.set()
    answers.submit(lane, "unheard", lambda: 1)
    assert lane.settle(5)
    assert lane.has("unheard")


def test_a_lane_settles_when_all_its_jobs_are_done(lane, answers):
    assert lane.settle(0.0)
    job, entered, let_through = gate()
    done = []
    answers.submit(lane, "runs", job)
    answers.submit(lane, "waits", lambda: done.append(1))
    assert entered.wait(5)
    assert not lane.settle(0.01)
    let_through.set()
    assert lane.settle(5.0)
    assert done == [1]


def test_a_lane_is_busy_until_its_answers_have_arrived(qtbot, lane, answers):
    answers.submit(lane, "a", lambda: 1)
    assert lane.settle(5), "its thread has nothing to do"
    assert lane.busy, "what it found has not been heard: to cancel it now would lose it"
    qtbot.waitUntil(lambda: not lane.busy)
    assert answers.results == [1]


def test_close_cancels_what_runs_and_what_waits(qtbot, answers):
    lane = Lane("closing")
    closed, started = threading.Event(), threading.Event()

    def endless():
        try:
            while True:
                started.set()
                yield "step"
        finally:
            closed.set()

    answers.submit(lane, "a", endless)
    answers.submit(lane, "b", lambda: "never")
    assert started.wait(5)
    assert lane.close(5.0)
    assert closed.is_set()
    qtbot.wait(1)
    assert answers.results == []


class Cycle:
    """Something that only the garbage collector can delete, and that tells who did."""

    def __init__(self, threads):
        self.itself, self.threads = self, threads

    def __del__(self):
        self.threads.append(threading.current_thread())


def test_what_is_imported_is_never_gone_through(qtbot, monkeypatch):
    done = []
    monkeypatch.setattr(gc, "freeze", lambda: done.append("freeze"))
    monkeypatch.setattr(gc, "collect", done.append)
    monkeypatch.setattr(gc, "get_count", lambda: (10**6, 0, 0))
    collector = Collector()
    try:
        collector._collect()
        assert done == [0]
        for number in range(Collector.MANY_MODULES + 1):
            monkeypatch.setitem(sys.modules, f"imported_{number}", sys)
            collector._collect()
        assert done == [0], "while something is being imported"
        for _ in range(2):
            collector._collect()
        assert done == [0, "freeze", 0, 0]
    finally:
        collector.close()


def test_garbage_is_collected_on_the_gui_thread_only(qtbot, lane, answers):
    collector = Collector()
    try:
        deleted_by = []
        Cycle(deleted_by)
        answers.submit(lane, "a", lambda: len([[] for _ in range(200_000)]))
        qtbot.waitUntil(lambda: answers.results == [200_000])
        hoard = [[] for _ in range(5_000)]
        qtbot.waitUntil(lambda: len(deleted_by) == 1)
        assert deleted_by == [threading.main_thread()]
        assert len(hoard) == 5_000
    finally:
        collector.close()
    assert gc.isenabled()


def test_jobs_import_without_the_hook_of_pyside_which_comes_back(qtbot, answers, monkeypatch):
    def hook(*arguments, **named):
        return _plain_import(*arguments, **named)

    monkeypatch.setattr(builtins, "__import__", hook)
    seen = []
    both = threading.Barrier(2)

    def job():
        both.wait(5)
        seen.append(builtins.__import__)
        both.wait(5)

    lanes = [Lane("one"), Lane("other")]
    for lane in lanes:
        answers.submit(lane, "job", job)
    qtbot.waitUntil(lambda: len(answers.results) == 2)
    for lane in lanes:
        assert lane.close(5.0)
    assert seen == [_plain_import, _plain_import]
    assert builtins.__import__ is hook
