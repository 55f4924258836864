"""The window's life: its first paint, its keys, its end, and what is left of it then."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from vaeexplorer.gui import window
from vaeexplorer.gui.app import ENDING, Failures, Interrupt, start_log
from vaeexplorer.gui.panels import PANELS, load_panels
from vaeexplorer.storage import RunLibrary, load_run, runs_folder

DRIVEN = Path(__file__).parent / "driven_window.py"
ENDLESS = 10_000
CONTROL = Qt.KeyboardModifier.ControlModifier
# Said by the offscreen platform of every window, and by no other.
NO_FAULT = "This plugin does not support propagateSizeHints"


def lanes():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("lane-")]


def train(explorer, epochs=ENDLESS):
    """Start a training, and wait for its first epoch."""
    explorer.window.show_panel("training")
    panel = explorer.panel("training")
    explorer.wait(panel.train_button.isEnabled)
    panel.epochs.setValue(epochs)
    panel.settings.editor("latent_dim").setValue(2)
    panel.train()
    explorer.wait(lambda: panel.numbers.text() or not explorer.session.training.running)
    return panel


# --- the end ----------------------------------------------------------------------------------


def test_closing_during_a_training_keeps_it_and_leaves_nothing_running(open_explorer):
    explorer = open_explorer().wait_until_ready()
    train(explorer)
    child = explorer.session._projection._child.process
    explorer.close()
    assert lanes() == []
    assert child.poll() is not None
    (kept,) = RunLibrary(runs_folder()).list()
    assert kept.status == "stopped"
    assert kept.epochs >= 1
    assert load_run(kept.path).codes == {}


def test_a_run_that_closing_stopped_is_encoded_when_it_is_opened(open_explorer):
    explorer = open_explorer().wait_until_ready()
    train(explorer)
    explorer.close()
    again = open_explorer().wait_until_ready()
    again.window.show_panel("runs")
    panel = again.panel("runs")
    again.wait(lambda: panel.table.topLevelItemCount() == 1)
    item = panel.table.topLevelItem(0)
    assert (item.text(3), item.text(5)) == ("2", "stopped early")
    panel.table.setCurrentItem(item)
    panel.table.itemDoubleClicked.emit(item, 0)
    again.wait(lambda: again.session.slots[1].exhibit.origin)
    again.wait(again.decoded)
    exhibit = again.session.slots[1].exhibit
    assert exhibit.codes["z"].mean.shape == (1797, 2)
    assert again.session.linked(0, 1)
    assert load_run(Path(exhibit.origin)).codes
    assert again.told == []


def test_what_was_asked_for_is_done_though_the_window_closes(open_explorer, tmp_path):
    explorer = open_explorer().wait_until_ready()
    explorer.session.open_data("shapes:30000")  # the lane is busy with it for a while
    for number in (0, 1):
        explorer.session.runs.save_copy(number, tmp_path / str(number))
    explorer.close()
    assert [load_run(tmp_path / str(number)).config.family for number in (0, 1)] == ["ae", "vae"]


@pytest.mark.slow
def test_twenty_windows_in_one_process(open_explorer):
    for number in range(20):
        explorer = open_explorer().wait_until_ready()
        train(explorer, epochs=ENDLESS if number % 2 else 1)
        if not number % 2:
            explorer.wait(lambda person=explorer: not person.session.training.running)
        explorer.close()
        assert lanes() == []
        if number == 1:
            files = len(os.listdir("/dev/fd"))
    assert len(RunLibrary(runs_folder()).list()) == 20
    assert len(os.listdir("/dev/fd")) <= files + 2


def run_for_real(tmp_path, *command, **changes):
    """Run a program in a session of its own; return it, once it and all of its children ended."""
    environment = {
        **os.environ,
        "VAEEXPLORER_HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "settings"),
        **changes,
    }
    environment = {name: value for name, value in environment.items() if value is not None}
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        process.out, process.err = process.communicate(timeout=120)
        with pytest.raises(ProcessLookupError):  # no member of its group is left
            os.killpg(process.pid, 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process


def log_of(tmp_path):
    log = tmp_path / "home" / "vae-explorer.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line for line in lines if NO_FAULT not in line]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("close", 0),
        pytest.param("interrupt", 130, marks=pytest.mark.slow),
        pytest.param("mapping", 0, marks=pytest.mark.slow),
    ],
)
def test_a_real_window_opens_trains_and_closes(tmp_path, end, code):
    process = run_for_real(tmp_path, sys.executable, str(DRIVEN), end)
    assert (process.returncode, process.err) == (code, "")
    assert log_of(tmp_path) == []
    first, last = map(json.loads, process.out.splitlines())
    assert first == {"torch": False, "painted": [True, True]}
    assert last == {"torch": True, "umap": False}
    (run,) = RunLibrary(tmp_path / "home" / "runs").list()
    assert run.problem is None
    assert run.status == ("finished" if end == "mapping" else "stopped")


def test_a_mistake_of_ours_is_logged_and_changes_the_exit_code(tmp_path):
    process = run_for_real(tmp_path, sys.executable, str(DRIVEN), "fail")
    assert (process.returncode, process.err) == (70, "")
    log = "\n".join(log_of(tmp_path))
    assert "Traceback" in log
    assert "ZeroDivisionError: a mistake of ours" in log


def test_without_a_display_one_line_says_what_works_there(tmp_path):
    nowhere = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    process = run_for_real(tmp_path, sys.executable, "-m", "vaeexplorer", **nowhere)
    assert process.returncode == 69
    (line,) = process.err.splitlines()
    assert "display" in line
    assert "report" in line
    assert process.out == ""


# --- failures ---------------------------------------------------------------------------------


@pytest.fixture
def failures(tmp_path):
    before = list(logging.getLogger().handlers)
    failures = Failures(start_log(tmp_path / "log" / "vae-explorer.log"))
    yield failures
    failures.restore()
    for handler in set(logging.getLogger().handlers) - set(before):
        handler.close()
        logging.getLogger().removeHandler(handler)


def fail():
    raise ZeroDivisionError("a mistake of ours")


def dialogs(explorer):
    return [box for box in explorer.window.findChildren(QMessageBox) if box.isVisible()]


def test_a_mistake_in_a_slot_is_logged_and_told_once(explorer, failures, tmp_path):
    for _ in range(3):
        QTimer.singleShot(0, fail)
    explorer.wait(lambda: dialogs(explorer))
    log = tmp_path / "log" / "vae-explorer.log"
    explorer.wait(lambda: log.read_text().count("ZeroDivisionError: a mistake of ours") == 3)
    (box,) = dialogs(explorer)
    assert str(log) in box.text()
    assert "ZeroDivisionError" in box.detailedText()
    assert failures.seen
    explorer.hover(0, explorer.pixel(0, 3))  # the window goes on
    box.done(0)


def test_a_mistake_on_a_thread_is_logged(explorer, failures, tmp_path):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert failures.seen
    assert "in fail" in (tmp_path / "log" / "vae-explorer.log").read_text()


def test_a_mistake_in_a_job_is_logged_and_told_in_the_window(explorer, caplog):
    explorer.session._work("broken", fail, print)
    explorer.wait(lambda: explorer.told)
    assert "ZeroDivisionError: a mistake of ours" in explorer.window.messages.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("number", ENDING)
def test_ctrl_c_and_the_end_of_the_session_close_the_window(explorer, number):
    interrupt = Interrupt(explorer.window)
    closed = []
    explorer.window.destroyed.connect(lambda: closed.append(True))
    try:
        signal.raise_signal(number)
        explorer.closed = True
        explorer.wait(lambda: closed)
    finally:
        interrupt.restore()
    assert interrupt.signal == number
    assert lanes() == []


# --- keys -------------------------------------------------------------------------------------


def test_every_shortcut_belongs_to_one_action(explorer):
    keys = [
        shortcut.toString()
        for action in explorer.window.findChildren(QAction)
        for shortcut in action.shortcuts()
    ]
    assert len(keys) == len(set(keys))
    expected = {"Ctrl+O", "Ctrl+Q", "Ctrl+T", "Ctrl+R", "Ctrl+0", "Ctrl+.", "H", "Esc", "F1"}
    assert expected <= set(keys)


def in_front(explorer, key):
    """Whether the panel is seen: Qt moves one that another tab covers out of the window."""
    return not explorer.panel(key).visibleRegion().isEmpty()


@pytest.mark.parametrize(("key", "panel"), [("T", "training"), ("R", "runs")])
def test_a_key_brings_a_panel_and_the_focus(explorer, key, panel):
    QTest.keyClick(explorer.window, getattr(Qt.Key, f"Key_{key}"), CONTROL)
    explorer.wait(lambda: in_front(explorer, panel))
    shown = explorer.panel(panel)
    assert shown.hasFocus() or shown.isAncestorOf(QApplication.focusWidget())
    other = {"training": "runs", "runs": "training"}[panel]
    explorer.window.show_panel(other)
    explorer.wait(lambda: in_front(explorer, other) and not in_front(explorer, panel))
    QTest.keyClick(explorer.window, getattr(Qt.Key, f"Key_{key}"), CONTROL)
    explorer.wait(lambda: in_front(explorer, panel))


def test_h_holds_escape_lets_go_and_ctrl_0_fits(explorer):
    explorer.hover(1, explorer.pixel(1, 12))
    QTest.keyClick(explorer.window, Qt.Key.Key_H)
    assert [state.held for state in explorer.session.slots] == [
        explorer.probe(0),
        explorer.probe(1),
    ]
    QTest.keyClick(explorer.window, Qt.Key.Key_Escape)
    assert [state.held for state in explorer.session.slots] == [None, None]
    scales = [explorer.map(slot).plane.scale for slot in (0, 1)]
    for slot in (0, 1):
        explorer.map(slot).zoom(3.0)
    QTest.keyClick(explorer.window, Qt.Key.Key_0, CONTROL)
    np.testing.assert_allclose([explorer.map(slot).plane.scale for slot in (0, 1)], scales)


def test_a_letter_typed_into_a_field_is_no_shortcut(explorer):
    explorer.window.show_panel("training")
    name = explorer.panel("training").name
    name.setFocus()
    QTest.keyClicks(name, "huh")
    assert name.text() == "huh"
    assert explorer.session.slots[0].held is None


def test_ctrl_q_quits(explorer):
    QTest.keyClick(explorer.window, Qt.Key.Key_Q, CONTROL)
    assert lanes() == []
    explorer.closed = True


def test_tab_goes_from_map_to_map_then_to_the_sliders(explorer):
    sliders = [row._slider for row in explorer.rows(8)]
    explorer.map(0).setFocus()
    visited = []
    for _ in range(60):
        visited.append(QApplication.focusWidget())
        assert visited[-1] is not None
        QTest.keyClick(visited[-1], Qt.Key.Key_Tab)
        if QApplication.focusWidget() is visited[0]:
            break
    order = [visited.index(widget) for widget in (explorer.map(0), explorer.map(1), *sliders)]
    assert order == sorted(order)
    assert all(widget.isVisible() for widget in visited)


@pytest.mark.slow
def test_the_files_of_panels_are_read_beside_the_windows_thread(open_explorer, monkeypatch):
    read = []

    def noting():
        for module in load_panels():
            read.append((module, threading.current_thread().name))
            yield module

    monkeypatch.setattr(window, "load_panels", noting)
    explorer = open_explorer()
    late = sum(not panel.shown for panel in PANELS)
    explorer.wait(lambda: len(read) == late)
    assert {thread for _, thread in read} == {"lane-train"}
    assert all(module in sys.modules for module, _ in read)


# --- layout -----------------------------------------------------------------------------------


def layout(explorer):
    return {
        key: (dock.isVisible(), explorer.window.dockWidgetArea(dock))
        for key, dock in explorer.window.docks.items()
    }


def test_the_layout_is_remembered_and_can_be_reset(open_explorer):
    explorer = open_explorer().wait_until_ready()
    fresh = layout(explorer)
    explorer.window.docks["probe"].hide()
    explorer.window.addDockWidget(
        Qt.DockWidgetArea.LeftDockWidgetArea, explorer.window.docks["dimensions"]
    )
    explorer.window.show_panel("training")
    explorer.wait(explorer.window.docks["training"].isVisible)
    hatch = explorer.window.findChild(QAction, "hatch")
    hatch.trigger()
    changed = layout(explorer)
    assert changed != fresh
    explorer.close()
    again = open_explorer()
    again.wait(lambda: again.session.families)
    assert layout(again) == changed
    assert not again.window.findChild(QAction, "hatch").isChecked()
    assert not again.session.hatching
    assert again.panel("training") is not None
    again.window.reset_layout()
    assert layout(again) == fresh
    again.wait_until_ready()


def test_a_layout_that_cannot_be_read_is_left_alone(open_explorer):
    QSettings().setValue("layout", b"nonsense")
    QSettings().setValue("geometry", "more of it")
    explorer = open_explorer().wait_until_ready()
    assert explorer.panel("probe").isVisible()
