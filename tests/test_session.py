"""The document: what is refused, what wins, and what survives, without a window."""

import inspect
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vaeexplorer import gui as gui_package
from vaeexplorer.data import open_data
from vaeexplorer.gui.session import MAX_SLOTS, Session, probing
from vaeexplorer.gui.session.parts import overlaying
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.jobs.overlays import stretch
from vaeexplorer.latent.lift import lift_of
from vaeexplorer.run import Config
from vaeexplorer.storage import RunLibrary, load_run, save_run


class Gate:
    """A job that occupies a lane until it is let through."""

    def __init__(self, lane):
        self._entered, self._open = threading.Event(), threading.Event()
        lane.submit("gate", self._wait, on_error=print, urgent=True)
        assert self._entered.wait(30)

    def _wait(self):
        self._entered.set()
        assert self._open.wait(30)

    def open(self):
        self._open.set()


@pytest.fixture
def library(tmp_path):
    return RunLibrary(tmp_path / "runs")


@pytest.fixture
def session(qtbot, library):
    session = Session(library)
    session.decodes = []
    session.decoded.connect(lambda *answer: session.decodes.append(answer))
    session.told = []
    session.failed.connect(session.told.append)
    yield session
    session.close()


@pytest.fixture
def pair(session, qtbot):
    """The session on the default pair, decoding."""
    session.open_default_pair()
    session.start()
    qtbot.waitUntil(lambda: settled(session))
    return session


def settled(session):
    return (
        bool(session.families)
        and all(state.lift is not None and state.exhibit.spaces for state in session.slots)
        and not session.lanes.decode.busy
        and not session.lanes.work.busy
        and len(session.decodes) >= len(session.slots)
    )


def exhibit(number=0):
    return exhibit_of(load_run(default_pair_folders()[number]), "")


def position(session, slot, index):
    return session.slots[slot].lift.positions[index]


def wait_for_lanes(session, qtbot):
    lanes = (session.lanes.decode, session.lanes.work)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes))
    qtbot.wait(1)


def test_a_decode_for_an_exhibit_that_left_its_slot_is_refused(pair, qtbot):
    gate = Gate(pair.lanes.decode)
    pair.probe_image(0, 5)
    former = pair.slots[0].probe
    pair.put(0, exhibit(1))
    gate.open()
    qtbot.waitUntil(lambda: pair.slots[0].lift is not None)
    wait_for_lanes(pair, qtbot)
    assert former not in [probe for _, probe, _ in pair.decodes]


def test_what_was_probed_in_a_slot_that_is_gone_is_held_nowhere(pair):
    pair.set_slot_count(3)
    pair.put(2, exhibit(1))
    pair.probe_image(2, 7)
    pair.set_slot_count(2)
    pair.hold()
    assert pair.slots[0].held is pair.slots[0].probe
    assert pair.last_moved == 0


@pytest.mark.parametrize("way", ["clear", "fewer"])
def test_answers_for_a_slot_that_was_emptied_are_refused(pair, qtbot, way):
    decoding, working = Gate(pair.lanes.decode), Gate(pair.lanes.work)
    pair.set_map_method("pca")  # a lift waits
    pair.probe_image(0, 5)
    if way == "clear":
        pair.clear(1)
    else:
        pair.set_slot_count(1)
    shown = len(pair.decodes)
    decoding.open()
    working.open()
    qtbot.waitUntil(lambda: pair.slots[0].lift is not None)
    wait_for_lanes(pair, qtbot)
    assert all(slot == 0 for slot, _, _ in pair.decodes[shown:])
    assert way == "fewer" or pair.slots[1].lift is None
    assert pair.told == []


def test_images_that_are_located_after_the_exhibit_left_are_refused(pair, qtbot):
    gate = Gate(pair.lanes.work)
    pair.locate_data(1, "digits")
    pair.clear(1)
    gate.open()
    wait_for_lanes(pair, qtbot)
    assert pair.slots[1].exhibit is None


def test_of_many_moves_the_last_is_decoded(pair, qtbot):
    gate = Gate(pair.lanes.decode)
    before = len(pair.decodes)
    for index in range(100):
        pair.probe_image(0, index)
    gate.open()
    wait_for_lanes(pair, qtbot)
    answers = pair.decodes[before:]
    assert len(answers) == 2, "one for each slot"
    assert {probe.nearest for _, probe, _ in answers} == {99}
    assert pair.slots[0].probe in [probe for _, probe, _ in answers]


def test_of_two_maps_in_a_row_the_last_is_lifted(pair, qtbot):
    gate = Gate(pair.lanes.work)
    umap = pair.map_method
    pair.set_map_method("pca")
    pair.set_map_method(umap)
    assert pair.slots[0].lift is None
    gate.open()
    qtbot.waitUntil(lambda: pair.slots[0].lift is not None)
    np.testing.assert_allclose(position(pair, 0, 7), pair.shown_map(0).positions[7])


def test_a_lift_of_a_map_that_is_shown_no_more_is_refused(pair):
    former, lift = pair.shown_map(0), pair.slots[0].lift
    pair.set_map_method("pca")
    pair._lift_ready(0, former, lift)
    assert pair.slots[0].lift is None


def test_many_dots_are_followed_before_there_are_search_trees(pair, qtbot, monkeypatch):
    planted = threading.Event()

    def lift_later(shown, codes, *, quick=False):
        assert quick or planted.wait(30)
        return lift_of(shown, codes, quick=quick)

    monkeypatch.setattr(probing, "FEW", 1_000)
    monkeypatch.setattr(probing, "lift_of", lift_later)
    pair.overlays.choose("stretch")
    measured = []
    pair.overlays.laid.connect(lambda slot, overlay: measured.append(overlay))
    slots, gate = pair.slots, Gate(pair.lanes.work)
    pair.set_map_method("pca")
    gate.open()
    qtbot.waitUntil(lambda: all(slot.lift and slot.lift.quick for slot in slots))
    pair.move_probe(0, np.array([0.4, -0.3]), probing.NO_SNAP)
    probed = slots[0].probe
    assert probed.kind == "between"
    assert (slots[1].probe.kind, slots[1].probe.nearest) == ("linked", probed.nearest)
    pair.overlays.choose("none")
    pair.overlays.choose("stretch")
    assert not pair.lanes.overlay.busy, "all over a map is not asked of what looks at every dot"
    planted.set()
    qtbot.waitUntil(lambda: not any(slot.lift.quick for slot in slots))
    assert slots[0].probe is probed, "it lies where it did"
    again = slots[0].lift.lift(probed.position, probing.NO_SNAP)
    np.testing.assert_allclose(again.z, probed.z, atol=1e-4)
    qtbot.waitUntil(lambda: any(measured))


def test_what_is_measured_over_a_map_goes_on_when_more_of_the_map_is_known(
    pair, qtbot, monkeypatch
):
    measured, begun, goes_on = [], threading.Event(), threading.Event()

    def slowly(space, lift):
        measured.append(lift)
        begun.set()
        assert goes_on.wait(30)
        return (yield from stretch(space, lift))

    monkeypatch.setattr(overlaying, "stretch", slowly)
    pair.overlays.choose("stretch")
    assert begun.wait(30)
    pair.surveyed.emit(0, pair.slots[0].no_data)
    goes_on.set()
    assert pair.lanes.overlay.settle(60)
    pair.surveyed.emit(1, pair.slots[1].no_data)  # what was found is on its way
    qtbot.waitUntil(lambda: not pair.lanes.overlay.busy)
    assert measured == [slot.lift for slot in pair.slots]


def test_where_nothing_is_probed_yet_a_map_that_has_grown_to_its_end_brings_a_probe(pair):
    state = pair.slots[1]
    lift, state.probe = state.lift, None
    pair.follow_growth(1, lift)
    assert state.probe is None
    pair._lift_ready(1, pair.shown_map(1), lift)
    assert state.probe.nearest == pair.slots[0].probe.nearest


def test_a_map_that_was_not_wanted_is_made_when_it_is(pair, monkeypatch):
    made = []
    monkeypatch.setattr(pair, "map_run", made.append)
    pair.set_map_method("pca")
    state = pair.slots[1]
    state.exhibit = replace(state.exhibit, maps={"z": {"pca": state.exhibit.maps["z"]["pca"]}})
    pair.set_map_method("pca")
    assert made == []
    pair.set_map_method("umap")
    assert made == [1]


def test_what_is_held_survives_moves_and_another_map(pair, qtbot):
    pair.probe_image(1, 8)
    pair.hold()
    held = [state.held for state in pair.slots]
    assert [probe.nearest for probe in held] == [8, 8]
    pair.move_probe(1, position(pair, 1, 1000), 0.0)
    assert [state.held for state in pair.slots] == held
    pair.leave()
    assert [state.probe for state in pair.slots] == held
    pair.set_map_method("pca")
    qtbot.waitUntil(lambda: all(state.lift for state in pair.slots))
    for slot, state in enumerate(pair.slots):
        assert state.held.nearest == 8
        np.testing.assert_allclose(state.held.position, pair.shown_map(slot).positions[8])
    pair.release()
    assert [state.held for state in pair.slots] == [None, None]


def test_only_what_is_linked_to_what_was_probed_is_held(pair):
    other = exhibit(1)
    pair.put(1, replace(other, source=replace(other.source, fingerprint="00" * 32)))
    pair.activate(1)
    pair.probe_image(0, 8)
    pair.hold()
    assert pair.slots[0].held.nearest == 8
    assert pair.slots[1].held is None


def test_what_is_held_keeps_the_components_across_a_pca_map(pair, qtbot):
    pair.set_map_method("pca")
    qtbot.waitUntil(lambda: all(state.lift for state in pair.slots))
    place = position(pair, 1, 8) + np.float32([0.5, 0.5])
    pair.move_probe(1, place, 0.0)
    free = pair.slots[1].probe
    pair.probe_image(1, 8)
    pair.hold()
    pair.move_probe(1, place, 0.0)
    probe = pair.slots[1].probe
    assert free.exactness == probe.exactness == "map"
    assert not np.allclose(free.z, probe.z, atol=0.1)
    np.testing.assert_allclose(pair.slots[1].lift.place(probe.z), place, atol=1e-4)
    away = np.linalg.norm(probe.z - pair.slots[1].held.z)
    assert away == pytest.approx(np.hypot(0.5, 0.5), rel=1e-3)


def test_a_probe_that_rests_is_decoded_and_encoded_again(pair, qtbot):
    round_trips = []
    pair.went_round.connect(lambda *answer: round_trips.append(answer))
    for index in range(20):
        pair.probe_image(1, index)
    probe = pair.slots[1].probe
    qtbot.waitUntil(lambda: any(made is probe for _, made, _ in round_trips))
    space = pair.slots[1].exhibit.spaces["z"]
    again = space.encode(space.decode(torch.from_numpy(probe.z[None]))).mean.numpy()[0]
    found = next(distance for _, made, distance in round_trips if made is probe)
    assert found == pytest.approx(np.linalg.norm(again - probe.z), rel=1e-4)
    assert found > 0
    assert len(round_trips) < 20, "none for the probes that moved on"


def test_the_lattice_of_every_map_is_made_in_the_background(pair, qtbot):
    surveyed = []
    pair.surveyed.connect(lambda *news: surveyed.append(news))
    qtbot.waitUntil(lambda: all(state.lift.lattice for state in pair.slots))
    codes = [state.codes for state in pair.slots]
    pair.set_map_method("pca")
    qtbot.waitUntil(lambda: all(state.lift and state.lift.lattice for state in pair.slots))
    assert dict(surveyed) == dict(enumerate(state.no_data for state in pair.slots))
    assert [state.codes for state in pair.slots] == codes, "codes are indexed once"


def test_a_code_set_by_hand_is_held_as_it_is(pair):
    z = pair.slots[1].probe.z + np.float32(0.25)
    pair.set_code(1, z)
    np.testing.assert_array_equal(pair.slots[1].held.z, z)
    assert pair.slots[0].held.kind == "linked"


def test_another_exhibit_takes_what_was_held_with_it(pair):
    pair.hold()
    pair.put(1, exhibit(1))
    assert pair.slots[1].held is None
    assert pair.slots[0].held is not None


def test_slots_of_other_data_are_not_linked(pair):
    other = exhibit(1)
    pair.put(1, replace(other, source=replace(other.source, fingerprint="00" * 32)))
    assert not pair.linked(0, 1)
    before = pair.slots[1].probe
    pair.probe_image(0, 77)
    assert pair.slots[1].probe is before


def test_there_is_always_one_slot_and_never_more_than_four(session):
    counts = []
    session.slots_changed.connect(counts.append)
    session.set_slot_count(0)
    session.set_slot_count(9)
    assert counts == [1, MAX_SLOTS]
    session.activate(3)
    session.set_slot_count(2)
    assert session.active == 1


def test_a_verb_on_an_empty_slot_does_nothing(session, tmp_path):
    session.map_run(0)
    session.runs.save_copy(0, tmp_path / "copy")
    session.locate_data(0, str(tmp_path))
    session.probe_image(0, 3)
    session.move_probe(0, np.zeros(2), 1.0)
    session.set_code(0, np.zeros(8, np.float32))
    session.hold()
    session.training.begin(Config("ae"), "", 0)
    assert not session.training.running
    assert session.told == []
    assert not (tmp_path / "copy").exists()


def test_the_first_data_that_comes_is_the_data_at_hand(pair, qtbot):
    assert pair.dataset.name == "digits"
    pair.open_data("shapes:50")
    qtbot.waitUntil(lambda: len(pair.dataset) == 50)
    pair.put(1, exhibit(1))
    wait_for_lanes(pair, qtbot)
    assert pair.dataset.name == "shapes", "a run brings no other data to train on"


def test_a_map_is_kept_under_the_name_that_the_run_has_by_then(pair, library, qtbot):
    run = load_run(default_pair_folders()[1])
    path = library.add(replace(run, name="first", maps={"z": {"pca": run.maps["z"]["pca"]}}))
    shown = exhibit_of(load_run(path), str(path))
    pair.put(1, shown)
    pair.runs.rename(path, "second")
    pair.clear(1)
    pair._mapped(1, shown, run.maps)
    wait_for_lanes(pair, qtbot)
    kept = load_run(path)
    assert kept.name == "second"
    assert set(kept.maps["z"]) == set(run.maps["z"])


def test_a_map_brings_no_deleted_run_back(pair, library, qtbot):
    run = load_run(default_pair_folders()[1])
    path = library.add(run)
    shown = exhibit_of(load_run(path), str(path))
    pair.put(1, shown)
    pair.runs.delete(path)
    pair._mapped(1, shown, run.maps)
    wait_for_lanes(pair, qtbot)
    assert library.list() == ()
    assert pair.told == []


def test_a_rename_that_fails_leaves_the_name(pair, library, qtbot):
    run = load_run(default_pair_folders()[1])
    path = library.add(replace(run, name="first"))
    pair.put(1, exhibit_of(load_run(path), str(path)))
    (path / "run.json").unlink()
    pair.runs.rename(path, "second")
    qtbot.waitUntil(lambda: bool(pair.told))
    assert pair.slots[1].exhibit.name == "first"


def test_a_run_on_images_that_changed_opens_without_them(pair, library, qtbot):
    run = load_run(default_pair_folders()[1])
    path = library.add(replace(run, source=replace(run.source, fingerprint="00" * 32)))
    pair.open_paths([str(path)], 1)
    qtbot.waitUntil(lambda: pair.slots[1].exhibit.origin == str(path))
    qtbot.waitUntil(lambda: bool(pair.slots[1].exhibit.spaces))
    assert pair.slots[1].exhibit.dataset is None


def test_a_run_without_codes_whose_images_are_gone_is_refused(pair, tmp_path, qtbot):
    run = load_run(default_pair_folders()[1])
    gone = replace(run.source, fingerprint="00" * 32)
    save_run(replace(run, source=gone, codes={}, maps={}), tmp_path / "run")
    before = pair.slots[1].exhibit
    pair.open_paths([str(tmp_path / "run")], 1)
    qtbot.waitUntil(lambda: bool(pair.told))
    assert pair.slots[1].exhibit is before
    assert str(tmp_path / "run") in pair.told[0]


def test_training_says_when_it_runs_and_when_it_ended(pair, qtbot):
    ended = []
    pair.ended.connect(lambda job: ended.append((job, pair.training.running)))
    assert open_data("digits").source == pair.dataset.source
    pair.training.begin(Config("ae", {"latent_dim": 2}, epochs=1), "mine", 0)
    assert pair.training.running
    qtbot.waitUntil(lambda: ("train", False) in ended)
    assert pair.slots[0].exhibit.name == "mine"
    assert pair.slots[1].exhibit.name != "mine"


def parts_of(session):
    return {
        name: thing
        for name, thing in vars(session).items()
        if type(thing).__module__.startswith("vaeexplorer.gui.session.parts.")
    }


def test_no_verb_hides_another_of_the_same_name(session):
    """The session is one class in many files: a name used twice must go on to the other."""
    for whole in (Session, *map(type, parts_of(session).values())):
        chain = [kind for kind in whole.__mro__ if kind.__module__.startswith("vaeexplorer.")]
        names = {name for kind in chain for name, verb in vars(kind).items() if callable(verb)}
        for name in sorted(names - {"__init__"}):
            owners = [kind for kind in chain if callable(vars(kind).get(name))]
            for owner in owners[:-1]:
                source = inspect.getsource(vars(owner)[name])
                assert f"super().{name}(" in source, f"{owner.__name__}.{name} hides another"


def test_no_part_hides_a_verb_and_each_is_an_object_of_the_session(session):
    parts = parts_of(session)
    assert "search" in parts
    assert [name for name in parts if hasattr(Session, name)] == []
    assert {part.parent() for part in parts.values()} == {session}


def test_parts_use_nothing_private_of_the_session_and_panels_no_lane():
    gui = Path(gui_package.__file__).parent
    for path in (gui / "session" / "parts").glob("*.py"):
        assert "self._session._" not in path.read_text(encoding="utf-8"), path.name
    for path in [*(gui / "panels").glob("*.py"), *gui.glob("*.py")]:
        assert ".lanes" not in path.read_text(encoding="utf-8"), path.name
