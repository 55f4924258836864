"""Selecting and finding in the document, without a window."""

from dataclasses import replace

import numpy as np
import pytest

from vaeexplorer.gui.session import Session
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.selection import rectangle
from vaeexplorer.storage import RunLibrary, load_run


def exhibit(number):
    return exhibit_of(load_run(default_pair_folders()[number]), "")


@pytest.fixture
def session(qtbot, tmp_path):
    """The default pair with its maps, without its models."""
    session = Session(RunLibrary(tmp_path / "runs"))
    for slot in (0, 1):
        session.put(slot, exhibit(slot))
        lift(session, slot)
    session.told, session.framings = [], []
    session.failed.connect(session.told.append)
    session.framed.connect(session.framings.append)
    yield session
    session.close()


def lift(session, slot):
    shown = session.shown_map(slot)
    codes = next(iter(session.slots[slot].exhibit.codes.values())).mean
    session.slots[slot].lift = Lift(shown.positions, codes, shown.settings)


def labels(session, slot=0):
    return session.slots[slot].exhibit.labels


def selected(session):
    return [] if session.selection is None else session.selection.indices.tolist()


def test_what_is_selected_in_one_slot_is_selected_where_the_data_is_the_same(session):
    session.select(0, np.array([5, 3]))
    assert session.selected_in(1).tolist() == [3, 5]
    source = replace(session.slots[1].exhibit.source, fingerprint="other")
    session.put(1, replace(session.slots[1].exhibit, source=source))
    assert session.selected_in(1) is None
    assert selected(session) == [3, 5]
    session.clear(0)
    assert session.selection is None


def test_the_selection_of_slots_that_are_gone_is_forgotten(session):
    source = replace(session.slots[1].exhibit.source, fingerprint="other")
    session.put(1, replace(session.slots[1].exhibit, source=source))
    session.select(1, np.array([7]))
    with_one = []
    session.selection_changed.connect(with_one.append)
    session.set_slot_count(1)
    assert with_one == [None]


def test_an_outline_selects_the_dots_of_the_map_that_is_shown(session, qtbot):
    positions = session.shown_map(0).positions
    low, high = positions.min(axis=0), positions.mean(axis=0)
    with qtbot.waitSignal(session.selection_changed):
        session.select_within(0, rectangle(low - 1, high))
    expected = np.flatnonzero((positions < high).all(axis=1))
    assert selected(session) == expected.tolist()


def test_an_outline_on_a_map_that_has_been_replaced_is_refused(session, qtbot):
    session.select_within(0, rectangle([-100, -100], [100, 100]))
    session.set_map_method("pca")
    with qtbot.waitSignal(session.selection_changed):
        session.select_within(0, rectangle([-100, -100], [100, 100]), "toggle")
    # Had both been taken, nothing would be left.
    assert len(selected(session)) == len(labels(session))


def test_hidden_labels_are_not_selected_and_leave_the_selection_when_they_are_hidden(session):
    session.hide_labels(frozenset({3}))
    session.select_all()
    assert set(labels(session)[selected(session)]) == set(range(10)) - {3}
    session.hide_labels(frozenset({3, 4}))
    assert set(labels(session)[selected(session)]) == set(range(10)) - {3, 4}
    session.invert_selection()
    assert selected(session) == []
    session.hide_labels(frozenset())
    session.invert_selection()
    assert len(selected(session)) == len(labels(session))


def test_escape_lets_go_of_the_held_first_and_then_of_the_selection(session):
    session.select(0, np.array([1]))
    session.probe_image(0, 1)
    session.hold()
    session.let_go()
    assert session.slots[0].held is None
    assert selected(session) == [1]
    session.let_go()
    assert session.selection is None


def test_the_probed_image_can_be_selected_and_dropped(session):
    session.activate(0)
    session.probe_image(1, 12)
    session.toggle_probed()
    assert selected(session) == [12]
    session.toggle_probed()
    assert session.selection is None


@pytest.mark.parametrize("text", ["#123", "123", " # 123 "])
def test_an_image_is_found_by_its_number_held_and_brought_into_view_everywhere(session, text):
    session.search.find(text)
    assert [state.held.nearest for state in session.slots] == [123, 123]
    np.testing.assert_allclose(
        session.slots[0].held.position, session.shown_map(0).positions[123], rtol=1e-6
    )
    assert [framed.indices.tolist() for framed in session.framings] == [[123]]
    assert session.told == []


@pytest.mark.parametrize("text", ["label 7", "Label  7 "])
def test_a_label_is_found_by_its_name_and_shown_again(session, text):
    session.hide_labels(frozenset({7, 8}))
    session.search.find(text)
    assert selected(session) == np.flatnonzero(labels(session) == 7).tolist()
    assert session.hidden_labels == {8}


def test_labels_with_words_for_names_are_found_by_the_name_alone(session):
    names = tuple(f"digit {name}" for name in session.slots[1].exhibit.label_names)
    session.put(1, replace(session.slots[1].exhibit, label_names=names))
    session.search.find("DIGIT 4")
    assert selected(session) == np.flatnonzero(labels(session) == 4).tolist()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1797", ["#1797", "#0 to #1796"]),
        ("label x", ['"label x"', "labels 0, 1"]),
        ("-1", ['"-1"']),
        ("9" * 40, ["9" * 40]),
    ],
)
def test_what_is_not_found_is_said_in_one_sentence(session, text, parts):
    session.search.find(text)
    assert len(session.told) == 1
    assert all(part in session.told[0] for part in parts)
    assert session.selection is None
    assert session.slots[0].held is None


def test_searching_says_what_is_missing(session):
    session.search.find("  ")
    assert session.told == []
    session.hide_labels(frozenset({0}))
    session.search.find("0")
    assert "hidden" in session.told.pop()
    for slot in (0, 1):
        session.put(slot, replace(session.slots[slot].exhibit, labels=None, label_names=()))
    session.search.find("label 7")
    assert "no labels" in session.told.pop()
    session.search.find("1")
    assert "again in a moment" in session.told.pop()
    session.clear(0)
    session.clear(1)
    session.search.find("1")
    assert "no map" in session.told.pop()


def test_the_selection_is_copied_and_saved_as_a_table(session, qtbot, tmp_path):
    session.select(0, np.array([4, 2]))
    name = session.slots[0].exhibit.label_names
    first, second = labels(session)[[2, 4]]
    table = f"index,label\n2,{name[first]}\n4,{name[second]}\n"
    with qtbot.waitSignal(session.copied) as copied:
        session.copy_selection()
    assert copied.args == [table]
    session.save_selection(tmp_path / "table.csv")
    qtbot.waitUntil(lambda: (tmp_path / "table.csv").exists())
    qtbot.waitUntil(lambda: not session.lanes.work.busy)
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == table
    session.save_selection(tmp_path / "missing" / "table.csv")
    qtbot.waitUntil(lambda: bool(session.told))
    assert "missing" in session.told.pop()
    session.clear_selection()
    session.copy_selection()
    assert "Nothing is selected" in session.told.pop()
