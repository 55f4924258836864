"""A person looks at the path between two images: in every model, step by step, as files."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.jobs.paths import FRAMES, STEPS
from vaeexplorer.latent import paths

pytestmark = pytest.mark.slow


@pytest.fixture
def walker(explorer):
    """A person with the path panel open, once both films are there."""
    explorer.wait_for_the_maps()
    explorer.window.show_panel("path")
    wait_for_films(explorer)
    return explorer


def wait_for_films(explorer):
    session = explorer.session
    explorer.wait(lambda: not session.lanes.work.busy)
    explorer.wait(lambda: all(view(explorer, slot).film for slot in range(2)))
    explorer.wait(lambda: all(panel.view._path is not None for panel in explorer.window.maps))


def view(explorer, slot):
    return explorer.panel("path").films[slot].view


def film(explorer, slot):
    return explorer.session.path.films[slot]


def press(explorer, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(view(explorer, 0), key, modifier)


def test_no_slot_is_called_empty_while_its_path_is_filmed(explorer):
    explorer.window.show_panel("path")
    assert [view(explorer, slot)._placeholder for slot in range(2)] == ["", ""]
    explorer.session.set_slot_count(3)
    assert view(explorer, 2)._placeholder == "this slot is empty"
    assert [view(explorer, slot)._placeholder for slot in range(2)] == ["", ""]


def test_the_panel_opens_with_a_path_between_two_kinds_of_images(walker):
    path = walker.session.path.choice
    labels = walker.session.slots[0].exhibit.labels
    assert labels[path.start] != labels[path.end]
    panel = walker.panel("path")
    assert f"#{path.start}, label {labels[path.start]}" in panel.start.text()
    assert f"#{path.end}, label {labels[path.end]}" in panel.end.text()
    for slot, state in enumerate(walker.session.slots):
        codes = state.exhibit.codes["z"].mean
        shown = film(walker, slot)
        np.testing.assert_array_equal(shown.z[[0, -1]], codes[[path.start, path.end]])
        space = state.exhibit.spaces["z"]
        np.testing.assert_array_equal(shown.frames, decode_pixels(space, shown.z))
        assert f"{shown.ratio:.2f}" in panel.films[slot].numbers.text()


def test_the_path_is_drawn_on_each_map_as_the_places_of_its_codes(walker):
    for slot, state in enumerate(walker.session.slots):
        places = walker.map(slot)._path
        path = walker.session.path.choice
        assert len(places) == STEPS + 1
        np.testing.assert_allclose(places[0], state.lift.positions[path.start], rtol=1e-6)
        np.testing.assert_allclose(places[-1], state.lift.positions[path.end], rtol=1e-6)
        np.testing.assert_allclose(places[20], state.lift.place(film(walker, slot).way[20]))


def test_both_curves_have_one_scale(walker):
    scales = {(view(walker, slot)._scale, view(walker, slot)._gap_scale) for slot in range(2)}
    assert scales == {
        (
            max(film(walker, slot).steps.max() for slot in range(2)),
            max(film(walker, slot).gaps.max() for slot in range(2)),
        )
    }


def test_a_click_on_a_step_puts_the_probe_of_every_slot_there(walker):
    strip = view(walker, 1)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip._x(0.5)), 20))
    walker.wait(walker.decoded)
    for slot, state in enumerate(walker.session.slots):
        np.testing.assert_array_equal(state.probe.z, film(walker, slot).z[FRAMES // 2])
        assert state.held is state.probe
        assert view(walker, slot).frame == FRAMES // 2


def test_arrows_step_along_the_path_and_its_ends_are_the_images(walker):
    press(walker, Qt.Key.Key_Right)
    press(walker, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view(walker, 1).frame == 7
    press(walker, Qt.Key.Key_Left)
    assert view(walker, 1).frame == 6
    press(walker, Qt.Key.Key_End)
    assert [state.probe.nearest for state in walker.session.slots] == [
        walker.session.path.choice.end
    ] * 2
    assert {state.probe.kind for state in walker.session.slots} == {"dot"}
    press(walker, Qt.Key.Key_Home)
    assert walker.probe(1).nearest == walker.session.path.choice.start
    press(walker, Qt.Key.Key_Left)
    assert view(walker, 0).frame == 0


def test_space_plays_and_pauses(walker):
    press(walker, Qt.Key.Key_Space)
    assert walker.panel("path").play_button.text() == "Pause"
    walker.wait(lambda: view(walker, 0).frame >= 2)
    press(walker, Qt.Key.Key_Space)
    assert not walker.panel("path")._clock.isActive()
    # It turns round at the end.
    press(walker, Qt.Key.Key_End)
    press(walker, Qt.Key.Key_Space)
    walker.wait(lambda: view(walker, 0).frame == FRAMES - 3)
    walker.window.docks["path"].hide()
    assert not walker.panel("path")._clock.isActive()


def test_a_path_is_chosen_from_the_maps_by_two_keys(walker):
    press(walker, Qt.Key.Key_End)
    for index, key in ((159, Qt.Key.Key_S), (358, Qt.Key.Key_E)):
        walker.hover(1, walker.pixel(1, index))
        QTest.keyClick(walker.window, key)
    assert (walker.session.path.choice.start, walker.session.path.choice.end) == (159, 358)
    assert view(walker, 0).frame == 0, "of the former path, which led elsewhere"
    wait_for_films(walker)
    for slot, state in enumerate(walker.session.slots):
        codes = state.exhibit.codes["z"].mean
        np.testing.assert_array_equal(film(walker, slot).z[[0, -1]], codes[[159, 358]])


@pytest.mark.parametrize("way", ["slerp", "data"])
def test_another_way_is_shown(walker, way):
    panel = walker.panel("path")
    before = film(walker, 0)
    press(walker, Qt.Key.Key_Right)
    panel.way.setFocus()
    QTest.keyClick(panel.way, Qt.Key.Key_Down)
    if way == "data":
        QTest.keyClick(panel.way, Qt.Key.Key_Down)
    walker.wait(lambda: walker.session.path.choice.way == way and film(walker, 0) is not before)
    wait_for_films(walker)
    assert view(walker, 0).frame == 1, "as far between the same images"
    straight = paths.along(before.z[[0, -1]], np.linspace(0, 1, STEPS + 1))
    assert np.abs(film(walker, 0).way - straight).max() > 0.1
    np.testing.assert_array_equal(film(walker, 0).z[[0, -1]], before.z[[0, -1]])


def test_frames_at_equal_distances_are_a_switch(walker):
    before = film(walker, 0)
    QTest.mouseClick(walker.panel("path").even, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    walker.wait(lambda: film(walker, 0) is not before)
    np.testing.assert_allclose(film(walker, 0).shares, np.linspace(0, 1, FRAMES))
    np.testing.assert_array_equal(film(walker, 0).steps, before.steps)


def test_another_map_gets_a_line_of_its_own(walker):
    before = walker.map(0)._path
    walker.session.set_map_method("pca")
    assert walker.map(0)._path is None
    wait_for_films(walker)
    assert not np.allclose(before, walker.map(0)._path)


def test_nothing_is_drawn_or_computed_while_nobody_looks(walker):
    walker.window.show_panel("runs")
    walker.wait(lambda: all(panel.view._path is None for panel in walker.window.maps))
    before = dict(walker.session.path.films)
    walker.session.path.set_way("slerp")
    walker.wait(lambda: not walker.session.lanes.work.busy)
    assert walker.session.path.films == before
    walker.window.show_panel("path")
    wait_for_films(walker)
    walker.wait(lambda: walker.session.path.films[0] is not before[0])


def test_films_stand_as_the_maps_do(walker):
    films = walker.panel("path").films
    assert films[0].x() == films[1].x()
    walker.hover(1, walker.pixel(1, 5))
    assert walker.window.readout.text().startswith("B")
    walker.session.set_slot_count(4)
    films = walker.panel("path").films
    walker.wait(lambda: films[3].y() > films[0].y())
    assert films[0].y() == films[1].y()
    assert films[0].x() == films[2].x() < films[1].x() == films[3].x()
    # What the status bar says of a slot goes with it.
    walker.session.set_slot_count(1)
    assert not walker.window.readout.text().startswith("B")


def test_a_slot_without_a_path_says_why(walker):
    walker.session.set_slot_count(3)
    assert view(walker, 2).film is None
    assert view(walker, 2)._placeholder == "this slot is empty"
    walker.session.clear(1)
    assert view(walker, 1)._placeholder == "this slot is empty"
    assert walker.map(1)._path is None
    walker.session.set_slot_count(1)
    assert list(walker.session.path.films) == [0]
    walker.session.clear(0)
    assert not walker.panel("path").play_button.isEnabled()


@pytest.mark.parametrize(("action", "ending"), [(0, ".gif"), (1, ".png")])
def test_the_path_is_saved(walker, tmp_path, monkeypatch, action, ending):
    # A name without its ending gets it.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "path"), ""))
    walker.panel("path").save_button.menu().actions()[action].trigger()
    target = tmp_path / f"path{ending}"
    walker.wait(target.exists)
    with Image.open(target) as picture:
        assert getattr(picture, "n_frames", 1) == (2 * FRAMES - 2 if ending == ".gif" else 1)


def test_a_path_that_cannot_be_saved_is_one_sentence(walker, tmp_path, monkeypatch):
    nowhere = tmp_path / "no folder" / "path.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(nowhere), ""))
    walker.panel("path").save_button.menu().actions()[1].trigger()
    walker.wait(lambda: walker.told)
    assert "no folder" in walker.told[0]


def test_the_path_is_copied(walker):
    QGuiApplication.clipboard().clear()
    walker.panel("path").save_button.menu().actions()[2].trigger()
    assert QGuiApplication.clipboard().image().width() > 500
