"""A person looks at the default pair: hovers, holds, slides, filters, zooms."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

from vaeexplorer.gui.panels import PANELS
from vaeexplorer.gui.panels.probe import COMPACT_SIDE
from vaeexplorer.gui.session.parts import scoring
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.headlines import no_headlines
from vaeexplorer.gui.widgets.key_list import KeyList
from vaeexplorer.gui.widgets.theme import DARK, LIGHT
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import MappingProgress


def shown_picture(explorer, slot):
    return explorer.panel("probe").slots[slot].decode._picture


def expected_picture(explorer, slot):
    """What the model of `slot` makes of the probe, as a QImage's first channel."""
    space = next(iter(explorer.session.slots[slot].exhibit.spaces.values()))
    return decode_pixels(space, explorer.probe(slot).z[None])[0, 0]


def red_channel(picture):
    return np.array(
        [
            [picture.pixelColor(x, y).red() for x in range(picture.width())]
            for y in range(picture.height())
        ],
        np.uint8,
    )


def empty_place(explorer, slot):
    """A place inside the map of `slot` that is far from every dot."""
    view = explorer.map(slot)
    lift = explorer.session.slots[slot].lift
    best, room = None, 0.0
    for x in range(20, view.width() - 20, 8):
        for y in range(20, view.height() - 20, 8):
            place = view.to_map(QPointF(x, y))
            distance = np.linalg.norm(lift.positions - place, axis=1).min()
            if distance > room:
                best, room = QPoint(x, y), distance
    return best


def test_the_window_opens_on_an_ae_and_a_vae(explorer):
    first, second = (state.exhibit for state in explorer.session.slots)
    assert (first.run.config.family, second.run.config.family) == ("ae", "vae")
    assert len(first.dataset) == len(second.dataset) == 1797
    assert explorer.session.linked(0, 1)
    assert explorer.session.shown_map(0).method == "umap-learn"
    stage = sum(panel.width() * panel.height() for panel in explorer.window.maps)
    assert stage >= 0.55 * explorer.window.width() * explorer.window.height()


def test_hovering_a_dot_decodes_its_own_code_in_both_models(explorer):
    index = 1234
    explorer.hover(1, explorer.pixel(1, index))
    probe = explorer.probe(1)
    assert probe.kind == "dot"
    linked = explorer.probe(0)
    assert (linked.kind, linked.nearest) == ("linked", probe.nearest)
    for slot in (0, 1):
        codes = next(iter(explorer.session.slots[slot].exhibit.codes.values())).mean
        np.testing.assert_array_equal(explorer.probe(slot).z, codes[probe.nearest])
        shown = red_channel(shown_picture(explorer, slot))
        np.testing.assert_array_equal(shown, expected_picture(explorer, slot))


def test_the_hint_goes_away_after_the_first_hover(explorer):
    view, hint = explorer.map(0), explorer.window.hint
    assert hint.isVisible()
    assert hint.y() > view.mapTo(hint.parentWidget(), QPoint(0, 0)).y()
    before = view.size()
    explorer.hover(0, explorer.pixel(0, 0))
    assert not hint.isVisible()
    explorer.window.centralWidget().layout().activate()
    assert view.size() == before


def test_far_from_the_data_the_window_says_so_and_still_decodes(explorer):
    place = empty_place(explorer, 1)
    explorer.hover(1, place)
    assert explorer.probe(1).kind == "outside"
    assert explorer.probe(1).spread > 0
    shown = red_channel(shown_picture(explorer, 1))
    np.testing.assert_array_equal(shown, expected_picture(explorer, 1))


def test_where_there_is_no_data_the_map_is_hatched_unless_told_not_to(explorer):
    place = empty_place(explorer, 1)
    view = explorer.map(1)
    explorer.wait(lambda: all(state.no_data for state in explorer.session.slots))

    def colours_around(pixel):
        picture = view.grab().toImage()
        around = range(-6, 7)
        return {picture.pixel(pixel.x() + x, pixel.y() + y) for x in around for y in around}

    assert len(colours_around(place)) > 1
    action = next(
        one for one in explorer.window.findChildren(QAction) if one.text().startswith("Hatch")
    )
    action.trigger()
    assert len(colours_around(place)) == 1
    action.trigger()
    assert len(colours_around(place)) > 1


def test_the_numbers_beside_the_probe_say_what_is_known_of_z(explorer):
    numbers = explorer.panel("probe").slots[1]._numbers
    explorer.hover(1, explorer.pixel(1, 5))
    assert (numbers.distance.text(), numbers.spread.text()) == ("0.00", "exact")
    explorer.hover(1, empty_place(explorer, 1))
    probe = explorer.probe(1)
    assert numbers.distance.text() == f"{probe.distance:.2f}"
    assert numbers.spread.text() == f"\N{PLUS-MINUS SIGN} {probe.spread:.2f}"
    assert explorer.map(1)._cross_hair.radius == probe.radius > 0
    explorer.wait(lambda: numbers.round_trip.text() != "...")
    explorer.session.set_map_method("pca")
    explorer.wait_for_the_maps()
    explorer.hover(1, empty_place(explorer, 1))
    spread = explorer.probe(1).spread
    assert numbers.spread.text() == f"on map, \N{PLUS-MINUS SIGN} {spread:.2f}"


def frame_of_growth(explorer, slot, seed):
    """The next frame of a growing map, with its lift, as the projection process sends it."""
    state = explorer.session.slots[slot]
    positions = np.random.default_rng(seed).normal(size=(1797, 2)).astype(np.float32)
    lift = Lift(positions, state.codes, {}, quick=True)
    explorer.session._map_grows(slot, state.exhibit, (MappingProgress("mapping"), lift))
    return positions


def is_probed(explorer, pixel):
    """Whether what is probed on map 1 lies at `pixel`, or is a dot that the cursor takes there."""
    at = explorer.map(1).to_pixel(explorer.probe(1).position)
    return (at - pixel).manhattanLength() <= 14


def test_under_the_cursor_a_growing_map_decodes_the_frame_that_is_drawn(explorer):
    explorer.click(1, explorer.pixel(1, 42))
    middle = QPoint(explorer.map(1).width() // 2, explorer.map(1).height() // 2)
    explorer.hover(1, middle)
    view = explorer.map(1)
    for seed in range(2):
        explorer.wait(lambda: not turns().busy())
        view.dots.drawn_at = 0.0  # as if there had been time for another frame
        positions = frame_of_growth(explorer, 1, seed)
        view.grab()
        np.testing.assert_array_equal(view.dots.positions, positions)
        # At once where the cursor rests; it has just moved.
        explorer.wait(lambda: is_probed(explorer, middle))
        held = explorer.session.slots[1].held
        np.testing.assert_allclose(held.position, positions[42])
        explorer.hover(1, explorer.pixel(1, 7))
        np.testing.assert_allclose(explorer.probe(1).position, positions[7])
        shown = red_channel(shown_picture(explorer, 1))
        np.testing.assert_array_equal(shown, expected_picture(explorer, 1))
        explorer.hover(1, middle)


def test_a_frame_that_there_is_no_time_to_draw_is_not_lifted_either(explorer):
    drawn = frame_of_growth(explorer, 1, 0)
    explorer.map(1).grab()
    explorer.map(1).dots.drawing_s = 1e6
    frame_of_growth(explorer, 1, 1)
    np.testing.assert_array_equal(explorer.map(1).dots.positions, drawn)
    np.testing.assert_array_equal(explorer.session.slots[1].lift.positions, drawn)


def test_a_click_holds_what_moves_leave_and_escape_lets_go(explorer):
    explorer.click(0, explorer.pixel(0, 10))
    held = explorer.session.slots[0].held
    assert held is not None
    assert explorer.session.active == 0
    explorer.hover(0, explorer.pixel(0, 900))
    assert explorer.session.slots[0].held is held
    assert explorer.probe(0) is not held
    explorer.session.leave()
    assert explorer.probe(0) is held
    QTest.keyClick(explorer.window, Qt.Key.Key_Escape)
    assert explorer.session.slots[0].held is None


def test_sliders_take_the_code_of_a_clicked_dot_and_decode_live(explorer):
    explorer.click(1, explorer.pixel(1, 77))
    rows = explorer.rows(8)
    code = explorer.probe(1).z
    explorer.wait(
        lambda: all(abs(row._editor.value() - code[row.dimension]) < 0.006 for row in rows)
    )
    row = rows[0]
    slider = row._slider
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    before = explorer.probe(1).z[row.dimension]
    QTest.mouseMove(slider, middle + QPoint(slider.width() // 4, 0))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton)
    explorer.wait(explorer.decoded)
    probe = explorer.probe(1)
    assert probe.kind == "code"
    assert probe.z[row.dimension] != before
    others = np.arange(len(code)) != row.dimension
    np.testing.assert_array_equal(probe.z[others], code[others])
    lift = explorer.session.slots[1].lift
    np.testing.assert_allclose(probe.position, lift.place(probe.z))
    assert explorer.session.slots[1].held is probe


def test_a_value_can_be_typed_and_reset(explorer):
    row = explorer.rows(8)[1]
    row._editor.setFocus()
    row._editor.selectAll()
    QTest.keyClicks(row._editor, "1.25")
    QTest.keyClick(row._editor, Qt.Key.Key_Return)
    assert explorer.probe(1).z[row.dimension] == pytest.approx(1.25)
    QTest.mouseClick(row._reset, Qt.MouseButton.LeftButton)
    codes = next(iter(explorer.session.slots[1].exhibit.codes.values())).mean
    mean = codes[:, row.dimension].mean(dtype=float)
    assert explorer.probe(1).z[row.dimension] == pytest.approx(mean)


def test_dimensions_are_ordered_by_rate_or_for_an_ae_by_variance(explorer):
    panel = explorer.panel("dimensions")
    codes = next(iter(explorer.session.slots[1].exhibit.codes.values()))
    rates = 0.5 * (codes.mean**2 + np.exp(codes.log_variance) - 1 - codes.log_variance).mean(0)
    shown = rates[[row.dimension for row in explorer.rows(8)]]
    assert (np.diff(shown) <= 1e-6).all()
    QTest.mouseClick(panel._choice.button(0), Qt.MouseButton.LeftButton)
    codes = next(iter(explorer.session.slots[0].exhibit.codes.values()))
    shown = codes.mean.var(axis=0)[[row.dimension for row in explorer.rows(8)]]
    assert (np.diff(shown) <= 1e-6).all()


def test_a_hidden_label_is_neither_drawn_nor_taken(explorer):
    legend = explorer.window.maps[1].legend
    exhibit = explorer.session.slots[1].exhibit
    index = int(np.flatnonzero(exhibit.labels == 3)[0])
    QTest.mouseClick(legend._buttons[3], Qt.MouseButton.LeftButton)
    assert explorer.session.hidden_labels == {3}
    for slot in (0, 1):
        assert not explorer.map(slot).dots.visible[exhibit.labels == 3].any()
        assert explorer.map(slot).dots.visible[exhibit.labels != 3].all()
        assert not explorer.window.maps[slot].legend._buttons[3].isChecked()
    explorer.hover(1, explorer.pixel(1, index))
    probe = explorer.probe(1)
    assert probe.kind != "dot" or exhibit.labels[probe.nearest] != 3


def test_wheel_zooms_about_the_cursor_drag_pans_and_double_click_fits(explorer):
    view = explorer.map(0)
    pixel = QPointF(120, 140)
    place, scale = view.to_map(pixel), view.plane.scale
    QApplication.sendEvent(
        view,
        QWheelEvent(
            pixel,
            view.mapToGlobal(pixel),
            QPoint(),
            QPoint(0, 240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    assert view.plane.scale > scale
    np.testing.assert_allclose(view.to_map(pixel), place)
    held = explorer.session.slots[0].held
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(view, QPoint(240, 230))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(240, 230))
    np.testing.assert_allclose(view.to_pixel(place).toTuple(), (160, 170), atol=1e-6)
    assert explorer.session.slots[0].held is held
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert view.plane.scale == pytest.approx(scale)


def test_arrow_keys_move_the_probe_and_plus_zooms(explorer):
    view = explorer.map(1)
    view.setFocus()
    explorer.hover(1, explorer.pixel(1, 5))
    before = explorer.probe(1).position
    QTest.keyClick(view, Qt.Key.Key_Right)
    small = explorer.probe(1).position - before
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    big = explorer.probe(1).position - before - small
    assert big[0] > small[0] > 0
    scale = view.plane.scale
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.plane.scale > scale
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.plane.scale == pytest.approx(scale)


def test_keys_pan_the_map_and_keep_the_probe_in_sight(explorer):
    view = explorer.map(1)
    view.setFocus()
    explorer.hover(1, explorer.pixel(1, 5))
    probed, place = explorer.probe(1), explorer.probe(1).position
    before = view.to_pixel(place)
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert view.to_pixel(place).x() == pytest.approx(before.x() - 48), "what is on the right comes"
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert view.to_pixel(place).y() == pytest.approx(before.y() + 48)
    assert explorer.probe(1) is probed
    for _ in range(8):
        view.zoom(2.0)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.rect().contains(view.to_pixel(explorer.probe(1).position).toPoint())


def test_another_projection_keeps_the_held_image(explorer):
    explorer.click(1, explorer.pixel(1, 42))
    image = explorer.session.slots[1].held.nearest
    explorer.session.set_map_method("pca")
    explorer.wait(lambda: explorer.session.slots[1].lift is not None)
    explorer.wait(explorer.decoded)
    held = explorer.session.slots[1].held
    assert held.nearest == image
    pca = explorer.session.shown_map(1)
    assert pca.method == "pca"
    np.testing.assert_allclose(held.position, pca.positions[image], rtol=1e-6)


def test_four_slots_show_and_decode_the_same_image(explorer):
    pair = [state.exhibit for state in explorer.session.slots]
    explorer.session.set_slot_count(4)
    for slot in (2, 3):
        explorer.session.put(slot, pair[slot - 2])
    explorer.wait(explorer.decoded)
    explorer.hover(3, explorer.pixel(3, 321))
    assert len({explorer.probe(slot).nearest for slot in range(4)}) == 1
    explorer.session.set_slot_count(2)
    explorer.wait(explorer.decoded)
    assert len(explorer.window.maps) == 2
    # What is left hears of every change; what is gone, of none.
    explorer.session.hatch(False)
    explorer.session.hatch(True)
    explorer.hover(1, explorer.pixel(1, 123))
    explorer.wait(explorer.decoded)


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_both_themes_reach_every_map(explorer, theme, colours):
    explorer.window.set_theme(theme)
    picture = explorer.map(0).grab().toImage()
    assert picture.pixelColor(2, picture.height() - 3).name() == colours.surface


def test_everything_that_takes_the_focus_or_paints_has_an_accessible_name(explorer):
    nameless = nameless_widgets(explorer)
    for panel in PANELS:
        explorer.window.show_panel(panel.key)
        dock = explorer.window.docks[panel.key]
        explorer.wait(lambda dock=dock: dock.widget() and dock.widget().isVisible())
        assert dock.widget().accessibleName() == panel.title()
        nameless += nameless_widgets(explorer)
        dock.close()
    explorer.session.set_slot_count(3)
    explorer.wait(explorer.window.maps[2].isVisible)
    nameless += nameless_widgets(explorer)
    explorer.wait(lambda: not turns().busy())
    assert nameless == []


@pytest.mark.slow
def test_the_help_lists_every_key_of_the_menus(explorer):
    QTest.keyClick(explorer.window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    found = explorer.window.findChildren(KeyList)
    explorer.wait(lambda: found and found[0].isVisible())
    everywhere = Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive
    items = found[0].table.findItems("?*", everywhere, 1)
    listed = [item.text(1) for item in items]
    keys = [action.shortcut() for action in explorer.window.findChildren(QAction)]
    native = QKeySequence.SequenceFormat.NativeText
    assert {key.toString(native) for key in keys if not key.isEmpty()} <= set(listed)
    assert len(listed) == len(set(listed)), "one key, one verb"
    found[0].close()


def nameless_widgets(explorer):
    """Name the kinds of those visible widgets without a name that a key reaches or that paint."""
    nameless = []
    for widget in explorer.window.findChildren(QWidget):
        inside = isinstance(widget.parent(), (QAbstractSpinBox, QComboBox, QLineEdit))
        inside = inside or isinstance(widget, QTabBar)  # whose tabs have texts
        ours = [kind for kind in type(widget).__mro__ if kind.__module__.startswith("vaeexplorer")]
        # A label is read as what is written on it, nothing where nothing is.
        paints = any("paintEvent" in vars(kind) for kind in ours) and not isinstance(widget, QLabel)
        reached = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if widget.isVisible() and (reached or paints) and not inside:
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            if not widget.accessibleName() and not text and not labelled(explorer, widget):
                nameless.append(f"{type(widget).__name__} {widget.objectName()}")
    return nameless


def labelled(explorer, widget):
    """Whether a form row names the widget (Qt gives a buddy's text to screen readers)."""
    return any(label.buddy() is widget for label in explorer.window.findChildren(QLabel))


@pytest.mark.slow
def test_painting_and_hovering_leak_no_references(explorer):
    """PySide6 6.12.0 loses references to None and True with every paint, and then aborts."""
    import sys

    # What the scores import refers to None thousands of times.
    explorer.wait(lambda: set(explorer.session.scores.states.values()) == {"scored"})
    explorer.wait(lambda: not any(lane.busy for lane in vars(explorer.session.lanes).values()))
    view = explorer.map(0)
    before = sys.getrefcount(None), sys.getrefcount(True)
    for number in range(1000):
        QTest.mouseMove(view, QPoint(100 + number % 300, 100 + number % 200))
        view.repaint()
    explorer.wait(explorer.decoded)
    after = sys.getrefcount(None), sys.getrefcount(True)
    for count, later in zip(before, after, strict=True):
        # Immortal singletons (Python 3.12 on) count alike before and after.
        assert abs(later - count) < 500


def test_the_heading_shows_the_scores_of_each_model(explorer, default_pair_scores):
    for slot, family in enumerate(("ae", "vae")):
        heading = explorer.window.maps[slot]._scores
        explorer.wait(heading.text)
        for name in ("continuity", "completeness"):
            measured = default_pair_scores[family][name]
            digits = 2 if measured["sd"] >= 0.005 else 3
            assert f"{name} {measured['score']:.{digits}f}" in heading.text()
        assert "straight lines" in heading.toolTip()


def test_a_model_that_forgets_gets_no_good_number(explorer, default_pair_scores):
    scores = default_pair_scores["vae"]
    forgetful = {**scores, "continuity": {**scores["continuity"], "gate": 0.4}}
    explorer.session.scores.measured.emit(1, forgetful)
    text = explorer.window.maps[1]._scores.text()
    assert text.startswith("carries 40 % of 8 straight axes")
    assert "completeness" in text


@pytest.mark.slow
def test_a_score_that_failed_and_one_of_too_few_images_are_told_apart(explorer, monkeypatch):
    session, heading = explorer.session, explorer.window.maps[0]._scores
    explorer.wait(lambda: 0 in session.scores.by_slot)
    known = session.slots[0].exhibit
    few = replace(known.dataset, images=known.dataset.images[:60], official_held_out=None)
    session.put(0, replace(known, dataset=few))
    explorer.wait(lambda: heading.text() == no_headlines("too few")[0])
    assert "at least 20" in heading.toolTip()

    def broken(*_, **__):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(scoring, "score_space", broken)
    session.put(0, known)
    explorer.wait(lambda: heading.text() == no_headlines("failed")[0])
    assert heading.property("warning")
    monkeypatch.undo()
    session.put(0, known)
    explorer.wait(lambda: heading.text().startswith("continuity"))
    assert not heading.property("warning")
    assert "straight lines" in heading.toolTip()


@pytest.mark.slow
def test_four_probes_are_seen_whole_in_a_small_window(explorer):
    explorer.window.resize(1280, 800)
    explorer.session.set_slot_count(4)
    panel = explorer.panel("probe")
    explorer.wait(lambda: len(panel.slots) == 4 and panel.slots[3].height() >= COMPACT_SIDE)
    explorer.wait(lambda: not panel.verticalScrollBar().maximum())
    assert explorer.window.minimumSizeHint().height() <= 720


def test_who_hovers_when_a_map_has_grown_goes_on_where_it_is(explorer):
    session, state = explorer.session, explorer.session.slots[1]
    middle = QPoint(explorer.map(1).width() // 2, explorer.map(1).height() // 2)
    explorer.hover(1, middle)
    frame_of_growth(explorer, 1, 0)
    explorer.wait(lambda: state.growing)
    explorer.wait(lambda: is_probed(explorer, middle))
    positions = np.random.default_rng(1).normal(size=(1797, 2)).astype(np.float32)
    maps = {"z": {**state.exhibit.maps["z"], "umap": Map("umap", positions, {})}}
    turned = session._turned_frame(1, state.exhibit, positions)
    session._mapped(1, state.exhibit, maps, Lift(turned, state.codes, {}, quick=True))
    quick = state.lift
    assert quick is not None, "the cursor need not wait for search trees"
    np.testing.assert_array_equal(quick.positions, session.shown_map(1).positions)
    explorer.wait(lambda: is_probed(explorer, middle))
    explorer.wait(lambda: state.lift is not quick)
    assert is_probed(explorer, middle)
