"""A person without a mouse: data, a training, its run and what it decodes, by keys alone."""

import shutil

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QWidget,
)

from vaeexplorer.gui.turns import turns
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.storage import load_run, runs_folder

pytestmark = [
    pytest.mark.slow,
    # Said by the offscreen platform of every menu that opens.
    pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)"),
]

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
ROUND = 120
"""More than all widgets that Tab reaches."""


def press(key, modifiers=Qt.KeyboardModifier.NoModifier):
    """Press a key where the focus is: in an open menu, else in the widget that has it."""
    app = QApplication
    target = app.activePopupWidget() or app.focusWidget() or app.activeWindow()
    QTest.keyClick(target, getattr(Qt.Key, f"Key_{key}"), modifiers)


def go_to(widget, key="Tab"):
    """Press Tab, or Backtab, until `widget` has the focus."""
    for _ in range(ROUND):
        if QApplication.focusWidget() is widget:
            return
        press(key)
    raise AssertionError(f"{key} does not reach {widget.accessibleName() or widget}")


def come_back(explorer):
    """Wait for the window after a menu or a dialog; a bare screen has no window manager for it."""
    explorer.wait(
        lambda: not (QApplication.activePopupWidget() or QApplication.activeModalWidget())
    )
    explorer.window.activateWindow()
    explorer.wait(explorer.window.isActiveWindow)


def write(text):
    """Write in place of all that the field with the focus holds."""
    press("A", CONTROL)
    QTest.keyClicks(QApplication.focusWidget(), text)


def entries():
    """The texts of the entries of the menu that is open."""
    menu = QApplication.activePopupWidget()
    return [action.text() for action in menu.actions()] if menu is not None else []


def choose_from_menu(explorer, letter, *titles):
    """Open the menu of Alt and `letter`, and go down to an entry, and on to one of its own."""
    press(letter, ALT)
    for depth, title in enumerate(titles):
        explorer.wait(lambda title=title: title in entries())
        for _ in range(ROUND):
            action = QApplication.activePopupWidget().activeAction()
            if action is not None and action.text() == title:
                break
            press("Down")
        assert action.text() == title
        press("Right" if depth + 1 < len(titles) else "Return")
    come_back(explorer)


def answer(text):
    """Write `text` into the dialog that the next key will open, and accept it."""
    timer = QTimer(QApplication.instance())

    def look():
        field = QApplication.focusWidget()
        if QApplication.activeModalWidget() is not None and isinstance(field, QLineEdit):
            timer.stop()
            timer.deleteLater()
            write(text)
            press("Return")

    timer.timeout.connect(look)
    timer.start(10)


def open_shapes(explorer):
    choose_from_menu(explorer, "F", "Bundled data", "Shapes")
    explorer.wait(lambda: explorer.session.dataset.name == "shapes")


def train_and_stop(explorer, name):
    """Train a VAE of three dimensions from the form, and stop it after an epoch."""
    press("T", CONTROL)
    panel = explorer.panel("training")
    explorer.wait(panel.train_button.isEnabled)
    explorer.wait(panel.data.hasFocus)
    assert panel.data.currentText() == "shapes"
    for field, text in (
        (panel.settings.editor("latent_dim"), "3"),
        (panel.epochs, "10000"),
        (panel.name, name),
    ):
        go_to(field)
        write(text)
    go_to(panel.train_button)
    press("Space")
    explorer.wait(panel.numbers.text)
    press("Period", CONTROL)
    explorer.wait(panel.train_button.isEnabled)
    explorer.wait(lambda: explorer.session.slots[1].exhibit.name == name)
    explorer.session.cancel_map()
    explorer.wait_for_the_maps()


def find_runs(explorer, count):
    """Bring the panel of runs, and find the first one chosen."""
    press("R", CONTROL)
    panel = explorer.panel("runs")
    explorer.wait(lambda: panel.table.topLevelItemCount() == count and panel.table.hasFocus())
    assert panel.table.selectedItems() == [panel.table.topLevelItem(0)]
    return panel


def test_from_the_data_to_a_slider_by_keys_alone(explorer, tmp_path):
    open_shapes(explorer)
    train_and_stop(explorer, "mine")

    panel = find_runs(explorer, 1)
    answer("better")
    press("F2")
    come_back(explorer)
    explorer.wait(lambda: panel.table.topLevelItem(0).text(0) == "better")
    go_to(panel._copy_button)
    answer(str(tmp_path / "copy"))
    press("Space")
    come_back(explorer)
    explorer.wait(lambda: not explorer.session.lanes.work.busy)
    assert load_run(tmp_path / "copy").name == "better"
    assert load_run(tmp_path / "copy").status == "stopped"

    go_to(panel._openers[0], "Backtab")
    press("Space")
    explorer.wait(lambda: explorer.session.slots[0].exhibit.name == "better")
    explorer.wait_for_the_maps()

    go_to(explorer.map(0))
    before = explorer.probe(0).position
    press("Right")
    press("Right")
    assert explorer.probe(0).position[0] > before[0]
    explorer.wait(explorer.decoded)

    press("H")
    go_to(explorer.panel("dimensions")._choice.button(0))
    press("Space")
    assert explorer.session.active == 0
    row = explorer.rows(3)[0]
    go_to(row._slider)
    press("PageUp")
    explorer.wait(explorer.decoded)
    codes = explorer.session.slots[0].exhibit.codes["z"].mean
    mean = codes[:, row.dimension].mean(dtype=float)
    assert explorer.probe(0).z[row.dimension] != pytest.approx(mean)
    go_to(row._reset)
    press("Space")
    assert explorer.probe(0).z[row.dimension] == pytest.approx(mean)
    explorer.wait(explorer.decoded)
    assert explorer.told == []


def test_the_table_of_runs_obeys_keys(explorer, monkeypatch):
    """Return opens what is chosen, as a double click does; after a deletion keys go on there."""
    for name in ("one", "other"):
        shutil.copytree(default_pair_folders()[0], runs_folder() / name)
    panel = find_runs(explorer, 2)
    press("Return")
    explorer.wait(lambda: explorer.session.slots[1].exhibit.run.config.family == "ae")
    press("Down")
    assert panel.table.currentIndex().row() == 1
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    press("Delete")
    explorer.wait(lambda: panel.table.topLevelItemCount() == 1)
    assert panel.table.selectedItems() == [panel.table.topLevelItem(0)]
    explorer.wait(explorer.decoded)
    assert explorer.told == []


def reached_by_tab(area):
    """The widgets of `area` that take the keys when Tab comes to them."""
    inside = (QAbstractSpinBox, QComboBox)
    return [
        widget
        for widget in area.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(widget.parent(), inside)
    ]


def is_one_of_several(widget):
    """Whether it is a button of those of which one is chosen: arrows go from one to another."""
    return isinstance(widget, QAbstractButton) and widget.group() is not None


def picture(widget):
    return widget.grab().toImage()


def test_whatever_tab_reaches_shows_that_it_has_the_keys(explorer):
    docks = explorer.window.docks
    for key in (None, "path", "scorecard", "samples", "evidence", "worst", "training"):
        if key:
            explorer.window.show_panel(key)
            explorer.wait(lambda key=key: docks[key].widget() and docks[key].widget().isVisible())
        area = docks[key] if key else explorer.window
        explorer.wait(lambda: not (turns().busy() or explorer.session.lanes.map.busy))
        waiting = reached_by_tab(area)
        assert len(waiting) > 1
        first = waiting[0]
        first.setFocus()
        for _ in range(2 * ROUND):
            press("Tab")
            widget = QApplication.focusWidget()
            if widget in waiting:
                waiting.remove(widget)
                with_keys = picture(widget)
                explorer.window.setFocus()
                assert picture(widget) != with_keys, widget.accessibleName() or widget
                widget.setFocus(Qt.FocusReason.TabFocusReason)
            if widget is first:
                break
        missed = [one.accessibleName() for one in waiting if not is_one_of_several(one)]
        assert missed == [], "Tab passes them by"
