"""What a person does with the looks of the dots."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog

from vaeexplorer.drawing.palette import class_colours
from vaeexplorer.gui.session.parts.colouring import COLOURINGS

pytestmark = pytest.mark.slow


def choose_colour(explorer, what):
    boxes = explorer.window.findChildren(QComboBox)
    box = next(box for box in boxes if box.findData(what) >= 0)
    box.setFocus()
    while box.currentData() != what:
        down = box.findData(what) > box.currentIndex()
        QTest.keyClick(box, Qt.Key.Key_Down if down else Qt.Key.Key_Up)


def colours(explorer, slot):
    return explorer.map(slot).dots._colours


def test_dots_are_coloured_by_a_number_and_by_their_labels_again(explorer):
    keys = [panel.key for panel in explorer.window.maps]
    by_label = colours(explorer, 1)
    choose_colour(explorer, "rate")
    explorer.wait(lambda: all(key.bar.isVisible() for key in keys))
    assert not keys[1].legend.isVisible()
    assert keys[1].bar.texts[0] == "rate, nats"
    assert float(keys[1].bar.texts[1]) < float(keys[1].bar.texts[2])
    assert len(np.unique(colours(explorer, 1), axis=0)) > 50
    # An autoencoder has no rate: it is not shown as 0.
    assert keys[0].bar.texts == ("rate", "--", "")
    assert len(np.unique(colours(explorer, 0), axis=0)) == 1
    choose_colour(explorer, "label")
    explorer.wait(lambda: keys[1].legend.isVisible())
    assert (colours(explorer, 1) == by_label).all()


def test_the_choice_shows_a_colouring_that_was_chosen_elsewhere(explorer):
    boxes = explorer.window.findChildren(QComboBox)
    box = next(box for box in boxes if box.findData("rate") >= 0)
    explorer.session.colours.choose("rate")
    assert box.currentData() == "rate"


def test_a_run_that_is_opened_gets_the_colours_that_were_chosen(explorer):
    choose_colour(explorer, "distance")
    key = explorer.window.maps[0].key
    explorer.wait(lambda: key.bar.isVisible())
    explorer.session.put(0, explorer.session.slots[1].exhibit)
    explorer.wait(lambda: key.bar.isVisible())
    assert key.bar.texts[0] == "distance from the origin"


def test_every_colouring_can_be_chosen_and_shows_what_it_is(explorer):
    key = explorer.window.maps[1].key
    for what in COLOURINGS[1:]:
        before = key.bar.texts
        choose_colour(explorer, what)
        explorer.wait(lambda before=before: key.bar.texts != before)
        assert key.bar.texts[2]


def test_dots_are_made_larger_and_fainter_and_as_they_were(explorer):
    controls, view = explorer.window.dot_controls, explorer.map(0)
    size, opacity = controls.sliders
    usual = view.dots.size, view.dots.opacity
    size.setFocus()
    QTest.keyClick(size, Qt.Key.Key_PageUp)
    QTest.keyClick(opacity, Qt.Key.Key_PageDown)
    assert (view.dots.size, view.dots.opacity) == (1.1, 0.75)
    assert explorer.window._settings.value("dots/size", type=int) == 110
    explorer.session.set_slot_count(3)
    assert explorer.map(2).dots.size == 1.1
    QTest.mouseClick(controls.reset, Qt.MouseButton.LeftButton)
    assert (view.dots.size, view.dots.opacity) == usual


def test_a_hidden_label_stays_hidden_while_a_number_is_shown(explorer):
    explorer.session.hide_labels(frozenset({3}))
    choose_colour(explorer, "index")
    key = explorer.window.maps[1].key
    explorer.wait(lambda: key.bar.isVisible())
    labels = explorer.session.slots[1].exhibit.labels
    assert not explorer.map(1).dots.visible[labels == 3].any()
    assert (class_colours(10)[labels] != colours(explorer, 1)).any()


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_a_map_is_exported_as_it_is_seen(explorer, tmp_path, monkeypatch, ending):
    target = tmp_path / f"map.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    explorer.wait(lambda: all(state.no_data for state in explorer.session.slots))
    explorer.session.hide_labels(frozenset({3}))
    QTest.keyClick(explorer.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    explorer.wait(lambda: str(target) in explorer.window.readout.text())
    shown = int((explorer.session.slots[1].exhibit.labels != 3).sum())
    text = target.read_bytes()
    if ending == "png":
        view, image = explorer.map(1), QImage(str(target))
        assert image.width() == view.width()
        assert image.height() > view.height()
        assert image.pixel(5, 5) == view.grab().toImage().pixel(5, 5)
    elif ending == "svg":
        # All dots and the nine labels that are shown.
        assert text.count(b"<circle") == shown + 9
    else:
        assert sum(line.endswith(b",1") for line in text.splitlines()) == shown
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_map_is_copied_to_the_clipboard(explorer):
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(explorer.window, Qt.Key.Key_C, keys)
    image = QGuiApplication.clipboard().image()
    assert image.width() == explorer.map(1).width()


def test_what_cannot_be_exported_is_said_in_one_sentence(explorer, tmp_path, monkeypatch):
    for name, said in (
        ("map.bmp", "let its name end in"),
        ("none/map.svg", "could not be written"),
    ):
        target = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, t=target: (str(t), ""))
        explorer.session.activate(0)
        QTest.keyClick(explorer.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        explorer.wait(lambda said=said: said in explorer.window.messages.text)
    assert not list(tmp_path.iterdir())
