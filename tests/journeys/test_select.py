"""A person selects dots by lasso, rectangle, click and name, and looks at what was selected."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from vaeexplorer.latent.selection import within

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


def drag(view, corners, keys=NONE, button=LEFT, release=True):
    QTest.mousePress(view, button, keys, corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(view, corner)
    if release:
        QTest.mouseRelease(view, button, keys, corners[-1])


def triangle(view):
    width, height = view.width(), view.height()
    return [
        QPoint(*(round(part) for part in corner))
        for corner in (
            (0.1 * width, 0.2 * height),
            (0.9 * width, 0.25 * height),
            (0.4 * width, 0.9 * height),
        )
    ]


def dots_in(explorer, slot, corners):
    """Indices of the dots of `slot` inside the polygon with these corners in pixels."""
    outline = np.array([explorer.map(slot).to_map(QPointF(corner)) for corner in corners])
    return np.flatnonzero(within(explorer.session.shown_map(slot).positions, outline)).tolist()


def selected(explorer):
    selection = explorer.session.selection
    return [] if selection is None else selection.indices.tolist()


def standing_out(explorer, slot):
    dots = explorer.map(slot).dots.standing_out
    return None if dots is None else np.flatnonzero(dots).tolist()


def trigger(explorer, text):
    """Choose a menu entry by what it says."""
    for menu in explorer.window.menuBar().actions():
        for action in menu.menu().actions():
            if action.text() == text:
                action.trigger()
                return
    raise LookupError(text)


def test_shift_and_a_drag_draw_a_lasso_linked_to_the_other_map(explorer):
    corners = triangle(explorer.map(1))
    expected = dots_in(explorer, 1, corners)
    drag(explorer.map(1), corners, SHIFT)
    explorer.wait(lambda: explorer.session.selection)
    assert 100 < len(expected) < 1700
    assert selected(explorer) == expected
    assert standing_out(explorer, 0) == standing_out(explorer, 1) == expected
    assert explorer.window.selected.text() == f"{len(expected):,} of 1,797 selected"
    QTest.keyClick(explorer.window, Qt.Key.Key_Escape)
    assert explorer.session.selection is None
    assert standing_out(explorer, 0) is None
    assert not explorer.window.selected.isVisible()


def test_control_and_a_drag_draw_a_rectangle_and_the_map_stays_where_it_is(explorer):
    view = explorer.map(0)
    first, second = QPoint(40, 300), QPoint(260, 80)
    place = view.to_map(QPointF(first))
    box = [first, QPoint(260, 300), second, QPoint(40, 80)]
    drag(view, [first, second], CONTROL)
    explorer.wait(lambda: explorer.session.selection)
    assert selected(explorer) == dots_in(explorer, 0, box)
    np.testing.assert_array_equal(view.to_map(QPointF(first)), place)
    assert explorer.session.active == 0
    assert all(state.held is None for state in explorer.session.slots)


def test_shift_and_a_click_add_and_remove_one_dot(explorer):
    for index in (10, 11):
        QTest.mouseClick(explorer.map(0), LEFT, SHIFT, explorer.pixel(0, index))
    assert len(selected(explorer)) == 2
    QTest.mouseClick(explorer.map(0), LEFT, SHIFT, explorer.pixel(0, 11))
    assert len(selected(explorer)) == 1
    assert explorer.session.slots[0].held is None


def test_escape_gives_up_a_lasso_before_anything_else(explorer):
    view = explorer.map(1)
    explorer.click(1, explorer.pixel(1, 5))
    view.setFocus()
    drag(view, triangle(view), SHIFT, release=False)
    assert view.tool.drawing
    before = view.to_map(QPointF(0, 0))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.tool.drawing
    QTest.mouseMove(view, QPoint(50, 50))
    QTest.mouseRelease(view, LEFT, SHIFT, QPoint(50, 50))
    np.testing.assert_array_equal(view.to_map(QPointF(0, 0)), before)
    assert explorer.session.selection is None
    assert explorer.session.slots[1].held is not None
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert explorer.session.slots[1].held is None


def test_in_the_lasso_mode_a_drag_selects_shift_adds_and_control_takes_away(explorer):
    QTest.mouseClick(explorer.window.mode_switch.button("lasso"), LEFT)
    view = explorer.map(1)
    whole = [QPoint(1, 1), QPoint(view.width() - 1, 1), QPoint(view.width() - 1, view.height() - 1)]
    first, second = dots_in(explorer, 1, triangle(view)), dots_in(explorer, 1, whole)
    drag(view, triangle(view))
    explorer.wait(lambda: selected(explorer) == first)
    drag(view, whole, SHIFT)
    explorer.wait(lambda: selected(explorer) == sorted({*first, *second}))
    drag(view, whole, CONTROL)
    left = sorted({*first} - {*second})
    explorer.wait(lambda: selected(explorer) == left)
    centre = view.to_map(QPointF(100, 100))
    drag(view, [QPoint(100, 100), QPoint(150, 130)], button=Qt.MouseButton.MiddleButton)
    np.testing.assert_allclose(view.to_pixel(centre).toTuple(), (150, 130))
    assert selected(explorer) == left


def test_the_mode_is_one_for_all_maps_buttons_keys_and_menu(explorer):
    QTest.keyClick(explorer.window, Qt.Key.Key_3)
    explorer.session.set_slot_count(3)
    assert {panel.view.tool.mode for panel in explorer.window.maps} == {"rectangle"}
    assert explorer.window.mode_switch.button("rectangle").isChecked()
    QTest.keyClick(explorer.window, Qt.Key.Key_1)
    assert {panel.view.tool.mode for panel in explorer.window.maps} == {"pan"}
    assert explorer.window.mode_switch.button("pan").isChecked()


def test_all_invert_nothing_and_zoom_by_keys(explorer):
    window, view = explorer.window, explorer.map(0)
    labels = explorer.session.slots[0].exhibit.labels
    explorer.session.hide_labels(frozenset({2}))
    QTest.keyClick(window, Qt.Key.Key_A, CONTROL)
    assert len(selected(explorer)) == np.count_nonzero(labels != 2)
    explorer.session.select_label(6)
    QTest.keyClick(window, Qt.Key.Key_Z)
    positions = explorer.session.shown_map(0).positions[labels == 6]
    for place in positions:
        assert view.rect().contains(view.to_pixel(place).toPoint())
    middle = view.to_pixel((positions.min(axis=0) + positions.max(axis=0)) / 2)
    np.testing.assert_allclose(middle.toTuple(), (view.width() / 2, view.height() / 2), atol=1)
    QTest.keyClick(window, Qt.Key.Key_I, CONTROL)
    assert set(labels[selected(explorer)]) == {0, 1, 3, 4, 5, 7, 8, 9}
    QTest.keyClick(window, Qt.Key.Key_A, CONTROL | SHIFT)
    assert explorer.session.selection is None


def test_the_panel_counts_by_label_and_its_pictures_lead_to_the_image(explorer):
    explorer.window.show_panel("selection")
    panel = explorer.panel("selection")
    assert panel.currentIndex() == 0
    explorer.session.select(0, np.arange(100))
    labels = explorer.session.slots[0].exhibit.labels
    assert panel.currentIndex() == 1
    for label, (name, _, count, total) in enumerate(panel.bars._rows):
        assert (name, count) == (str(label), np.count_nonzero(labels[:100] == label))
        assert total == np.count_nonzero(labels == label)
    assert f"7 {np.count_nonzero(labels[:100] == 7)} of" in panel.bars.accessibleName()
    explorer.wait(lambda: panel.pictures.count() == 24)
    assert panel.pictures.numbers()[0] == 0
    assert panel.pictures.numbers()[-1] == 99
    item = panel.pictures.item(5)
    area = panel.pictures.visualItemRect(item)
    QTest.mouseClick(panel.pictures.viewport(), LEFT, pos=area.center())
    index = panel.pictures.numbers()[5]
    assert [state.held.nearest for state in explorer.session.slots] == [index, index]


def test_the_panel_is_full_when_it_is_opened_after_the_selection(explorer):
    explorer.session.search.find("label 3")
    QTest.mouseClick(explorer.window.selected, LEFT)
    panel = explorer.panel("selection")
    explorer.wait(lambda: panel.pictures.count() == 24)
    assert [count for *_, count, _ in panel.bars._rows][3] == len(explorer.session.selection)


def test_the_search_field_finds_by_key_and_says_what_it_does_not_find(explorer):
    window = explorer.window
    QTest.keyClick(window, Qt.Key.Key_F, CONTROL)
    assert QApplication.focusWidget() is window.search
    explorer.map(0).zoom(8.0)
    QTest.keyClicks(window.search, "#1003")
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    explorer.wait(explorer.decoded)
    for slot in (0, 1):
        assert explorer.session.slots[slot].held.nearest == 1003
        assert explorer.map(slot).rect().contains(explorer.pixel(slot, 1003))
    QTest.keyClicks(window.search, "no such thing")
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    assert "no such thing" in window.messages.text
    assert window.messages.isVisible()


def test_the_selection_is_copied_and_saved_from_the_menu(explorer, tmp_path, monkeypatch):
    explorer.session.select(0, np.array([3, 1]))
    trigger(explorer, "Copy the selection")
    explorer.wait(lambda: QApplication.clipboard().text() == "index,label\n1,1\n3,3\n")
    target = tmp_path / "chosen.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    trigger(explorer, "Save the selection...")
    explorer.wait(target.exists)
    explorer.wait(lambda: not explorer.session.lanes.work.busy)
    assert target.read_text(encoding="utf-8") == QApplication.clipboard().text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_not_selected_fades_into_the_map(explorer, theme):
    explorer.window.set_theme(theme)
    view = explorer.map(1)
    # The dot that is farthest from all others: nothing is drawn over it.
    positions = explorer.session.shown_map(1).positions
    apart = [np.partition(((positions - place) ** 2).sum(axis=1), 1)[1] for place in positions]
    index = int(np.argmax(apart))
    explorer.hover(1, QPoint(3, 3))
    before = view.grab().toImage().pixelColor(explorer.pixel(1, index))
    surface = view.grab().toImage().pixelColor(2, view.height() - 3)
    explorer.session.select(1, np.flatnonzero(np.arange(len(positions)) != index))
    after = view.grab().toImage().pixelColor(explorer.pixel(1, index))
    assert distance(after, surface) < 0.5 * distance(before, surface)
    explorer.session.select(1, np.array([index]))
    assert view.grab().toImage().pixelColor(explorer.pixel(1, index)) == before


def distance(first, second):
    return max(
        abs(first.red() - second.red()),
        abs(first.green() - second.green()),
        abs(first.blue() - second.blue()),
    )


def test_selecting_leaves_every_map_where_it_is(explorer):
    explorer.hover(1, explorer.pixel(1, 5))
    before = [(view.size(), view.to_pixel(np.zeros(2))) for view in map(explorer.map, (0, 1))]
    explorer.session.select(0, np.arange(50))
    explorer.wait(explorer.window.selected.isVisible)
    QApplication.processEvents()
    after = [(view.size(), view.to_pixel(np.zeros(2))) for view in map(explorer.map, (0, 1))]
    assert after == before
