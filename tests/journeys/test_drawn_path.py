"""A person draws a path with the mouse on one map: every model follows it."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from vaeexplorer.jobs.paths import FRAMES

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def drawer(explorer):
    """A person with the path panel open, about to draw."""
    explorer.wait_for_the_maps()
    explorer.window.show_panel("path")
    explorer.wait(lambda: len(explorer.session.path.films) == 2)
    QTest.mouseClick(explorer.panel("path").draw_button, LEFT)
    return explorer


def drag(explorer, slot, corners, *, release=True):
    """Press at the first of `corners`, shares of the map's width and height; drag to the last."""
    view = explorer.map(slot)
    pixels = [QPoint(round(x * view.width()), round(y * view.height())) for x, y in corners]
    QTest.mousePress(view, LEFT, pos=pixels[0])
    for before, after in pairwise(pixels):
        for share in np.linspace(0, 1, 9)[1:]:
            QTest.mouseMove(view, before + (after - before) * float(share))
    if release:
        QTest.mouseRelease(view, LEFT, pos=pixels[-1])
    return np.array([view.to_map(pixel.toPointF()) for pixel in pixels])


def draw(explorer, slot, corners):
    drawn = drag(explorer, slot, corners)
    session = explorer.session
    explorer.wait(lambda: session.path.choice.drawn is not None)
    explorer.wait(
        lambda: {film.choice for film in session.path.films.values()} == {session.path.choice}
    )
    explorer.wait(lambda: not session.lanes.work.busy)
    return drawn


def test_a_line_on_one_map_is_followed_by_every_model(drawer):
    session, panel = drawer.session, drawer.panel("path")
    assert "Drag the mouse" in panel.note.text()
    view_before = drawer.map(0).to_map(drawer.map(0).rect().center().toPointF())
    selected = session.selection
    corners = draw(drawer, 0, [(0.3, 0.4), (0.6, 0.4), (0.6, 0.7)])
    # Neither panned nor selected.
    np.testing.assert_array_equal(
        drawer.map(0).to_map(drawer.map(0).rect().center().toPointF()), view_before
    )
    assert session.selection is selected
    assert not session.path.drawing
    assert not panel.draw_button.isChecked()
    stroke = session.path.choice.drawn
    np.testing.assert_allclose(stroke.places[[0, -1]], corners[[0, -1]], atol=0.1)
    np.testing.assert_array_equal(session.path.films[0].z[[0, -1]], stroke.z[[0, -1]])
    codes = session.slots[1].exhibit.codes["z"].mean
    np.testing.assert_array_equal(session.path.films[1].z[[0, -1]], codes[stroke.images[[0, -1]]])
    np.testing.assert_array_equal(drawer.map(0)._path, stroke.places)
    assert drawer.map(1)._path is not None
    assert "Drawn on map A" in panel.note.text()
    assert f"the same {len(stroke.images)} images" in panel.note.text()
    assert panel.way.currentText() == "drawn"

    strip = panel.films[1].view
    QTest.mouseClick(strip, LEFT, pos=QPoint(round(strip._x(0.5)), 20))
    drawer.wait(drawer.decoded)
    for slot in range(2):
        np.testing.assert_array_equal(drawer.probe(slot).z, session.path.films[slot].z[FRAMES // 2])
    near = np.linalg.norm(stroke.places - drawer.probe(0).position, axis=1).min()
    assert near < 0.05 * np.ptp(session.slots[0].lift.positions)

    # Another way goes between the images at the ends of the line, and the line is not forgotten.
    session.path.set_way("straight")
    drawer.wait(lambda: not session.path.films[0].lifted)
    assert panel.note.isHidden()
    assert panel.way.findData("drawn") >= 0
    session.path.set_way("drawn")
    drawer.wait(lambda: session.path.films[0].lifted)
    QTest.keyClick(drawer.window, Qt.Key.Key_S)
    drawer.wait(lambda: not session.path.films[0].lifted)
    assert session.path.choice.stroke is None
    assert panel.way.findData("drawn") < 0


def test_escape_gives_up_the_line_and_then_the_drawing(drawer):
    session = drawer.session
    before = session.path.choice
    assert drawer.map(1)._path is None
    drag(drawer, 1, [(0.3, 0.4), (0.6, 0.4)], release=False)
    assert drawer.map(1).tool.drawing
    QTest.keyClick(drawer.map(1), Qt.Key.Key_Escape)
    assert not drawer.map(1).tool.drawing
    QTest.mouseRelease(drawer.map(1), LEFT, pos=QPoint(200, 200))
    assert session.path.drawing
    QTest.keyClick(drawer.map(1), Qt.Key.Key_Escape)
    assert not session.path.drawing
    assert not drawer.panel("path").draw_button.isChecked()
    drawer.wait(lambda: drawer.map(1)._path is not None)
    # A drag pans again.
    drag(drawer, 1, [(0.3, 0.4), (0.6, 0.4)])
    drawer.wait(lambda: not session.lanes.work.busy)
    assert session.path.choice is before


def test_the_key_opens_the_panel_and_a_new_map_can_be_drawn_on_too(explorer):
    explorer.wait_for_the_maps()
    QTest.keyClick(explorer.window, Qt.Key.Key_D)
    assert explorer.session.path.drawing
    assert explorer.window.docks["path"].isVisible()
    explorer.session.set_slot_count(3)
    assert explorer.map(2).tool.draws_path
    explorer.window.docks["path"].hide()
    assert not explorer.session.path.drawing


def test_a_line_outlives_its_map_and_its_model(drawer):
    session = drawer.session
    draw(drawer, 1, [(0.3, 0.3), (0.7, 0.6)])
    stroke = session.path.choice.drawn
    session.set_map_method("pca")
    drawer.wait_for_the_maps()
    drawer.wait(lambda: drawer.map(1)._path is not None)
    assert len(drawer.map(1)._path) != len(stroke.places)
    session.clear(1)
    drawer.wait(lambda: list(session.path.films) == [0])
    assert session.path.choice.drawn is stroke
