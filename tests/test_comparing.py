"""Comparing slots, without a window: which path is decoded, and which answers are refused."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from test_session import Gate, exhibit, library, pair, session  # noqa: F401

from vaeexplorer.data import open_data
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.session.parts import scoring
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.opening import chosen_map
from vaeexplorer.run import MappingProgress, Progress
from vaeexplorer.storage import load_run


@pytest.fixture
def walker(pair, qtbot) -> Session:  # noqa: F811
    """The pair with its path looked at, decoded in both slots."""
    pair.path.watch(True)
    qtbot.waitUntil(lambda: len(pair.path.films) == 2)
    return pair


def test_nothing_is_decoded_before_anybody_looks(pair):  # noqa: F811
    assert pair.path.choice is None
    assert pair.path.films == {}
    pair.path.set_way("slerp")
    pair.path.set_even(False)
    pair.path.step(3)
    assert pair.path.choice is None


def test_of_many_wishes_the_last_is_decoded(walker, qtbot):
    gate, filmed = Gate(walker.lanes.work), []
    walker.path.filmed.connect(lambda slot, film, _: filmed.append((slot, film.choice)))
    for way in ("slerp", "data", "slerp", "straight"):
        walker.path.set_way(way)
        walker.path.set_even(False)
    gate.open()
    qtbot.waitUntil(lambda: not walker.lanes.work.busy and len(filmed) >= 2)
    assert filmed == [(0, walker.path.choice), (1, walker.path.choice)]
    assert (walker.path.choice.way, walker.path.choice.even) == ("straight", False)


def test_a_film_of_an_exhibit_that_left_its_slot_is_refused(walker, qtbot):
    gate = Gate(walker.lanes.work)
    walker.path.set_way("slerp")
    walker.clear(0)
    gate.open()
    qtbot.waitUntil(lambda: not walker.lanes.work.busy)
    assert list(walker.path.films) == [1]


def test_the_ends_are_images_and_stay_with_another_model_of_the_same_data(walker, qtbot):
    walker.probe_image(1, 30)
    walker.path.set_end("end")
    assert walker.path.choice.end == 30
    walker.put(0, exhibit(1))
    qtbot.waitUntil(lambda: 0 in walker.path.films)
    assert walker.path.choice.end == 30
    codes = walker.slots[0].exhibit.codes["z"].mean
    np.testing.assert_array_equal(walker.path.films[0].z[-1], codes[30])


def test_other_data_has_no_such_path_until_it_is_chosen_there(walker, qtbot):
    reasons = {}
    walker.path.filmed.connect(lambda slot, film, reason: reasons.update({slot: reason}))
    other = exhibit(1)
    walker.put(1, replace(other, source=replace(other.source, fingerprint="00" * 32)))
    qtbot.waitUntil(lambda: walker.slots[1].lift is not None)
    assert reasons[1] == "other data"
    walker.probe_image(1, 12)
    walker.path.set_end("start")
    assert (walker.path.choice.fingerprint, walker.path.choice.start) == ("00" * 32, 12)
    qtbot.waitUntil(lambda: list(walker.path.films) == [1])
    assert reasons[0] == "other data"


def test_the_first_path_follows_the_data(walker, qtbot):
    other = exhibit(1)
    walker.put(1, replace(other, source=replace(other.source, fingerprint="00" * 32)))
    walker.clear(0)
    qtbot.waitUntil(lambda: list(walker.path.films) == [1])
    assert walker.path.choice.fingerprint == "00" * 32


def test_scoring_says_why_there_is_no_score(pair, library, qtbot):  # noqa: F811
    run = load_run(default_pair_folders()[1])
    gone = replace(run, source=replace(run.source, fingerprint="00" * 32))
    said = []
    pair.scores.changed.connect(lambda slot, state: said.append(state) if slot == 1 else None)
    pair.open_paths([str(library.add(gone))], 1)
    qtbot.waitUntil(lambda: said[-1:] == ["no images"])
    few = open_data("digits")
    few = replace(few, images=few.images[:60], labels=None, official_held_out=None)
    pair.put(1, replace(exhibit(1), dataset=few))
    qtbot.waitUntil(lambda: said[-1:] == ["too few"])
    pair.clear(1)
    assert said[-1] == "empty"
    assert 1 not in pair.scores.by_slot


def test_the_scores_of_what_leaves_its_slot_are_given_up(pair, qtbot, monkeypatch):  # noqa: F811
    begun, ended = threading.Event(), threading.Event()

    def endless(space, dataset, split, with_others, grounds):
        yield Progress("measuring")
        begun.set()
        try:
            while True:  # as a large model does, for seconds, between two yields
                space.decode(space.encode(dataset.batch(np.arange(2)).float()).mean)
        finally:
            ended.set()

    pair.clear(0)
    monkeypatch.setattr(scoring, "score_space", endless)
    pair.put(1, exhibit(1))
    qtbot.waitUntil(begun.is_set)
    assert pair.scores.states[1] == "measuring"
    pair.put(1, exhibit(0))
    qtbot.waitUntil(ended.is_set)
    assert 1 not in pair.scores.by_slot
    assert pair.told == []


def test_maps_of_the_same_images_are_turned_onto_the_first(pair, qtbot):  # noqa: F811
    made = [chosen_map(state.exhibit, pair.map_method) for state in pair.slots]
    assert pair.shown_map(0) is made[0]
    turned = pair.shown_map(1)
    assert turned.raw is made[1]
    assert pair.shown_map(1) is turned

    def apart(positions):
        return np.square(positions - made[0].positions).sum()

    assert apart(turned.positions) < apart(made[1].positions)
    pair.hold()
    pair.set_aligned(False)
    assert pair.shown_map(1) is made[1]
    qtbot.waitUntil(lambda: pair.slots[1].lift is not None)
    np.testing.assert_allclose(pair.slots[1].lift.positions, made[1].positions)
    np.testing.assert_allclose(pair.slots[1].held.position, made[1].positions[0], rtol=1e-6)
    pair.set_aligned(True)
    qtbot.waitUntil(lambda: pair.slots[1].lift is not None)
    np.testing.assert_allclose(pair.slots[1].lift.positions, turned.positions)


def test_a_growing_map_is_turned_frame_by_frame(pair, qtbot, monkeypatch):  # noqa: F811
    own, shown = chosen_map(pair.slots[1].exhibit, pair.map_method), pair.shown_map(1)
    # As if the frame that came were the very map that is shown in the end.
    frame = MappingProgress("mapping", positions=own.positions, space="z")
    grown, ended = [], []
    pair.map_grew.connect(lambda slot, lift: grown.append(lift.positions))
    pair.ended.connect(ended.append)

    def grow(*_):
        yield frame
        yield frame  # the first one may give way to a decode
        return pair.slots[1].exhibit.maps

    monkeypatch.setattr("vaeexplorer.jobs.mapping.project_codes", grow)
    for aligns, expected in ((True, shown.positions), (False, own.positions)):
        pair.set_aligned(aligns)
        pair.map_run(1)
        qtbot.waitUntil(lambda: "map" in ended)
        np.testing.assert_allclose(grown[-1], expected, rtol=1e-4, atol=1e-4)
        grown.clear()
        ended.clear()


@pytest.fixture
def grow(pair, monkeypatch):  # noqa: F811
    """Begin a map of slot B, of so many frames, while a gate keeps its probe from being decoded.

    After its first frame it waits for an event; returns that and the gate.
    """

    def begin(frames):
        own, more = pair.slots[1].exhibit, threading.Event()
        frame = MappingProgress("mapping", positions=own.maps["z"]["pca"].positions, space="z")

        def mapping(*_):
            yield frame
            assert more.wait(120)
            for _ in range(frames - 1):
                yield frame
            return own.maps

        monkeypatch.setattr("vaeexplorer.jobs.mapping.project_codes", mapping)
        gate = Gate(pair.lanes.decode)
        pair.probe_image(1, 3)
        pair.map_run(1)
        return more, gate

    return begin


def test_a_frame_of_a_growing_map_gives_way_to_a_decode_but_no_two_frames_do(
    pair,  # noqa: F811
    qtbot,
    grow,
):
    came, grown = [], []
    pair.progressed.connect(lambda job, _: came.append(job))
    pair.map_grew.connect(lambda slot, _: grown.append(slot))
    more, gate = grow(2)
    qtbot.waitUntil(lambda: came == ["map"])
    assert not grown
    more.set()
    qtbot.waitUntil(lambda: grown == [1])
    gate.open()
    qtbot.waitUntil(lambda: not pair.lanes.map.busy)


def test_a_frame_that_gave_way_is_shown_after_the_decode(pair, qtbot, grow):  # noqa: F811
    seen = []
    pair.progressed.connect(lambda *_: seen.append("frame"))
    pair.decoded.connect(lambda *_: seen.append("decoded"))
    pair.map_grew.connect(lambda *_: seen.append("shown"))
    more, gate = grow(1)
    qtbot.waitUntil(lambda: seen == ["frame"])
    gate.open()
    qtbot.waitUntil(lambda: "shown" in seen)
    assert seen.index("decoded") < seen.index("shown")
    more.set()
    qtbot.waitUntil(lambda: not pair.lanes.map.busy)


def test_a_map_that_grows_may_lose_its_slot_to_other_images(
    pair,  # noqa: F811
    qtbot,
    monkeypatch,
):
    own = pair.slots[1].exhibit
    codes, few = own.codes["z"], slice(100)
    fewer = replace(
        own,
        source=replace(own.source, fingerprint="00" * 32, n=100),
        codes={"z": replace(codes, mean=codes.mean[few], log_variance=codes.log_variance[few])},
        maps={
            "z": {
                key: replace(made, positions=made.positions[few])
                for key, made in own.maps["z"].items()
            }
        },
        labels=own.labels[few],
        dataset=None,
        run=None,
    )
    told, ended, replaced = [], [], threading.Event()
    pair.failed.connect(told.append)
    pair.ended.connect(ended.append)

    def mapping(*_):
        assert replaced.wait(120)
        positions = fewer.maps["z"]["pca"].positions
        yield MappingProgress("mapping", positions=positions, space="z")
        return fewer.maps

    monkeypatch.setattr("vaeexplorer.jobs.mapping.project_codes", mapping)
    pair.put(1, fewer)
    pair.map_run(1)
    pair.put(1, own)
    replaced.set()
    qtbot.waitUntil(lambda: "map" in ended)
    assert told == []
    assert len(pair.shown_map(1).positions) == own.source.n


def test_a_map_follows_when_the_first_one_leaves_or_is_of_other_images(pair, qtbot):  # noqa: F811
    changed = []
    pair.map_changed.connect(lambda slot, shown: changed.append((slot, shown)))
    own = chosen_map(pair.slots[1].exhibit, pair.map_method)
    first = pair.slots[0].exhibit
    pair.clear(0)
    assert changed == [(1, own)]
    other = replace(first, source=replace(first.source, fingerprint="00" * 32))
    pair.put(0, other)
    assert pair.shown_map(1) is own
    assert changed == [(1, own)]
    pair.put(0, first)
    assert [slot for slot, _ in changed] == [1, 1]
    assert pair.shown_map(1).raw is own
