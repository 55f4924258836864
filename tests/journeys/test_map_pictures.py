"""What a person sees of single images on a map: few dots in view, and before there is a lift."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

pytestmark = pytest.mark.slow


def zoomed_in(explorer, slot=1):
    explorer.wait_for_the_maps()
    view = explorer.map(slot)
    view.zoom(12, view.to_pixel(explorer.session.slots[slot].lift.positions[700]))
    explorer.wait(lambda: view.thumbnails._boxes)
    return view


def first_box(explorer, view):
    """The first picture that is whole and under no other dot, and its image."""
    for index, box in view.thumbnails._boxes:
        corner = box.bottomRight() - QPointF(4, 4)
        inside = view.rect().contains(box.toAlignedRect())
        if inside and view.thumbnails.dot_under(corner, 12) is not None:
            return corner.toPoint(), index
    raise AssertionError("no picture stands free")


def test_few_dots_become_their_images_and_all_of_a_picture_is_its_dot(explorer):
    view = zoomed_in(explorer)
    corner, index = first_box(explorer, view)
    explorer.hover(1, corner)
    assert (explorer.probe(1).kind, explorer.probe(1).nearest) == ("dot", index)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, corner)
    assert explorer.session.selected_in(1).tolist() == [index]
    explorer.click(1, corner)
    assert explorer.session.slots[1].held.nearest == index


def test_zooming_out_brings_the_dots_back(explorer):
    view = zoomed_in(explorer)
    view.fit()
    explorer.wait(lambda: not view.thumbnails._boxes)


def test_a_hidden_label_hides_its_pictures(explorer):
    view = zoomed_in(explorer)
    _, index = first_box(explorer, view)
    labels = explorer.session.slots[1].exhibit.labels
    explorer.session.hide_labels(frozenset({int(labels[index])}))
    explorer.wait(lambda: index not in set(view.thumbnails._found.indices.tolist()))


def test_the_switch_in_the_menu_is_remembered(explorer):
    view = zoomed_in(explorer)
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(explorer.window, Qt.Key.Key_I, keys)
    explorer.wait(lambda: not view.thumbnails._boxes)
    assert explorer.window._settings.value("dots/pictures", type=bool) is False
    QTest.keyClick(explorer.window, Qt.Key.Key_I, keys)
    explorer.wait(lambda: view.thumbnails._boxes)


def test_pictures_give_way_to_an_overlay(explorer):
    view = zoomed_in(explorer)
    explorer.session.overlays.choose("stretch")
    explorer.wait(lambda: view.overlay.shown is not None)
    explorer.wait(lambda: not view.thumbnails._boxes)


def test_a_dot_decodes_before_the_map_has_a_lift(explorer):
    explorer.wait_for_the_maps()
    state = explorer.session.slots[1]
    target = explorer.pixel(1, 321)
    state.lift = None
    explorer.hover(1, target)
    probe = explorer.probe(1)
    assert probe.kind == "dot"
    np.testing.assert_array_equal(
        probe.position, explorer.session.shown_map(1).positions[probe.nearest]
    )
    np.testing.assert_array_equal(probe.z, state.exhibit.codes["z"].mean[probe.nearest])
    # The other map follows; a place without a dot waits for the lift.
    assert explorer.probe(0).nearest == probe.nearest
    explorer.hover(1, QPoint(3, 3))
    assert explorer.probe(1) is probe
    explorer.session._prepare_lift(1)
    explorer.wait(lambda: state.lift is not None)
    assert explorer.probe(1).nearest == probe.nearest
