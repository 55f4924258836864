"""A person reads the scorecard: numbers, sentences, warnings, and where there are none."""

import csv

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel

from vaeexplorer.gui.session.parts import scoring, supplementing
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.score_rows import GAUSSIAN, MIXTURE
from vaeexplorer.regularity import laws, verdict
from vaeexplorer.run import Progress


@pytest.fixture
def known_scores(monkeypatch, default_pair_scores):
    """Scores that were measured once, so that not every test waits for them."""

    def known(space):
        scores = dict(default_pair_scores["ae" if space.prior is None else "vae"])
        del scores["secondary"]
        return scores

    def score(space, dataset, split, with_others, grounds):
        assert not with_others
        yield Progress("measuring")
        scores = known(space)
        return {**scores, "completeness": {**scores["completeness"], "others": {}}}

    def others(space, dataset, split, scores, grounds):
        assert scores["completeness"]["others"] == {}
        yield Progress("measuring")
        return known(space)

    def beside(space, dataset, split, grounds):
        yield Progress("measuring")
        return default_pair_scores["ae" if space.prior is None else "vae"]["secondary"]

    monkeypatch.setattr(scoring, "score_space", score)
    monkeypatch.setattr(scoring, "score_others", others)
    monkeypatch.setattr(supplementing, "score_beside", beside)


@pytest.fixture
def reader(known_scores, explorer):
    """A person who has opened the scorecard from the line above a map."""
    return open_scorecard(explorer)


def open_scorecard(explorer):
    heading, place = explorer.window.maps[0]._scores, QPoint(30, 5)
    # A line gets its room only after it got its text: a click before that goes past it.
    explorer.wait(lambda: heading.text() and heading.rect().contains(place))
    QTest.mouseClick(heading, Qt.MouseButton.LeftButton, pos=place)
    explorer.wait(lambda: explorer.panel("scorecard").isVisible())
    return explorer


@pytest.fixture
def measured(reader):
    """The same person, once all has been measured."""
    reader.wait(lambda: set(reader.session.scores.states.values()) == {"scored"})
    return reader


def bar(explorer, slot, *keys):
    panel = explorer.panel("scorecard")
    index = next(k for k, row in enumerate(panel.rows) if row.keys == keys)
    # Rows are written in turns, those of a group once it is asked for.
    explorer.wait(lambda: (slot, index) in panel.bars)
    return panel.bars[slot, index]


def has_row(explorer, *keys):
    """Whether the table, once it is whole, has the row with that number."""
    panel = explorer.panel("scorecard")
    explorer.wait(lambda: not turns().busy())
    index = next(k for k, row in enumerate(panel.rows) if row.keys == keys)
    return (0, index) in panel.bars


def sentences(explorer):
    """What stands on the right, once it is whole."""
    explorer.wait(lambda: not turns().busy())
    labels = explorer.panel("scorecard")._words.findChildren(QLabel)
    assert all(label.isVisible() for label in labels)
    return [label.text() for label in labels]


def measured_beside(explorer, *slots):
    states = explorer.session.secondary.states
    return all(states.get(slot) == "measured" for slot in slots)


def change(explorer, slot, **continuity):
    """Let `slot` have other numbers, as another model would."""
    scores = explorer.session.scores.by_slot[slot]
    changed = {**scores, "continuity": {**scores["continuity"], **continuity}}
    explorer.session.scores.by_slot[slot] = changed
    explorer.session.scores.changed.emit(slot, "scored")


def test_the_laws_have_the_names_that_the_scores_give_them():
    assert (GAUSSIAN, MIXTURE) == (laws.FITTED_GAUSSIAN, laws.FITTED_MIXTURE)


def test_every_number_is_that_of_the_score(explorer, default_pair_scores):
    panel = open_scorecard(explorer).panel("scorecard")
    panel.parts.click()
    panel.beside.click()
    explorer.wait(lambda: measured_beside(explorer, 0, 1))
    explorer.wait(lambda: not turns().busy())
    for slot, family in enumerate(("ae", "vae")):
        measured = explorer.session.scores.by_slot[slot]["secondary"]
        assert measured == pytest.approx(default_pair_scores[family]["secondary"], abs=1e-5)
        for index, row in enumerate(panel.rows):
            expected = default_pair_scores[family]
            for key in row.keys:
                expected = expected[key]
            shown = panel.bars[slot, index]
            assert shown.toolTip() == (row.absence if expected is None else row.definition)
            if row.share:
                assert shown.value == pytest.approx(expected, abs=1e-5)
            elif expected is None or isinstance(expected, str):
                assert shown.text == (expected or "--")
            elif row.group == "beside":
                assert float(shown.text) == pytest.approx(expected, abs=6e-4)


def test_the_headline_comes_first_and_the_same_laws_after_it(reader):
    shown = {}

    def look(slot, state):
        others = bar(reader, 1, "completeness", "others", GAUSSIAN)
        if slot == 1:
            shown[state] = bar(reader, 1, "continuity", "score").value, others.value, others.text

    reader.wait(lambda: set(reader.session.scores.states.values()) == {"scored"})
    reader.session.scores.changed.connect(look)
    reader.session.put(1, reader.session.slots[1].exhibit)
    reader.wait(lambda: "scored" in shown)
    assert shown["measuring"][0] is None
    assert shown["comparing"][0] > 0
    assert shown["comparing"][1:] == (None, "...")
    assert shown["scored"][1] > 0


def test_it_says_in_words_which_is_better_and_what_is_unfair(measured, default_pair_scores):
    texts = sentences(measured)
    pair = default_pair_scores["ae"], default_pair_scores["vae"]
    for sentence in verdict.compare(*pair, ("A", "B")):
        assert sentence in texts
    assert "B is more continuous than A." in texts
    for sentence in verdict.warnings(*pair, ("A", "B")):
        assert f"Mind: {sentence}" in texts
    for scores in pair:
        assert set(scores["verdict"]) <= set(texts)


def test_the_parts_are_shown_on_demand(measured):
    assert not has_row(measured, "continuity", "C20")
    measured.wait(bar(measured, 0, "continuity", "score").isVisible)
    measured.panel("scorecard").parts.click()
    measured.wait(bar(measured, 0, "continuity", "C20").isVisible)
    # Also for slots that come later.
    measured.session.set_slot_count(3)
    measured.wait(bar(measured, 2, "continuity", "C20").isVisible)
    assert bar(measured, 2, "continuity", "score").text == "this slot is empty"


def test_more_numbers_are_measured_once_they_are_looked_at(measured):
    panel = measured.panel("scorecard")
    assert not has_row(measured, "secondary", "cycle_error")
    assert "secondary" not in measured.session.scores.by_slot[1]
    panel.beside.setFocus()
    QTest.keyClick(panel.beside, Qt.Key.Key_Space)
    measured.wait(bar(measured, 1, "secondary", "cycle_error").isVisible)
    measured.wait(lambda: measured_beside(measured, 0, 1))
    assert bar(measured, 1, "secondary", "aggregate_kl").text != "--"
    assert bar(measured, 0, "secondary", "aggregate_kl").text == "--"
    assert "no prior" in bar(measured, 0, "secondary", "aggregate_kl").toolTip()
    assert not has_row(measured, "continuity", "C20")
    # What comes later is measured too, and nothing is shown of what has left.
    measured.session.put(0, measured.session.slots[1].exhibit)
    assert (
        bar(measured, 0, "secondary", "cycle_error").text
        != bar(measured, 1, "secondary", "cycle_error").text
    )
    measured.wait(lambda: measured_beside(measured, 0))
    assert bar(measured, 0, "secondary", "aggregate_kl").text != "--"


def test_more_numbers_that_could_not_be_measured_say_so(measured, monkeypatch, caplog):
    def fail(space, dataset, split, grounds):
        yield Progress("measuring")
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(supplementing, "score_beside", fail)
    measured.panel("scorecard").beside.click()
    measured.wait(lambda: measured.session.secondary.states.get(0) == "failed")
    shown = bar(measured, 0, "secondary", "path_length")
    assert shown.text == "--"
    assert "Measuring failed" in shown.toolTip()
    assert bar(measured, 0, "continuity", "score").value > 0
    assert "a mistake of ours" in caplog.text


def test_a_model_that_forgets_has_no_continuity_and_is_warned_of(measured):
    change(measured, 1, gate=0.4)
    shown = bar(measured, 1, "continuity", "score")
    assert shown.value is None
    assert shown.text == "-- carries 40 % of what 8 axes carry"
    assert any("40 %" in text for text in sentences(measured))


def test_what_does_not_exist_is_no_zero(measured):
    measured.panel("scorecard").parts.click()
    change(measured, 0, J=None)
    shown = bar(measured, 0, "continuity", "J")
    assert (shown.value, shown.text) == (None, "--")
    assert "does not exist" in shown.toolTip()


def test_what_leaves_a_slot_takes_its_scores_along(measured):
    measured.session.clear(1)
    panel = measured.panel("scorecard")
    assert bar(measured, 1, "continuity", "score").text == "this slot is empty"
    assert list(measured.session.scores.by_slot) == [0]
    assert not any("B is more" in text for text in sentences(measured))
    measured.session.set_slot_count(1)
    measured.session.clear(0)
    assert not panel.save_button.isEnabled()
    assert "once a model with its images" in sentences(measured)[0]


def test_scores_are_saved_as_a_table(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "numbers"), ""))
    QTest.mouseClick(measured.panel("scorecard").save_button, Qt.MouseButton.LeftButton)
    target = tmp_path / "numbers.csv"
    measured.wait(target.exists)
    head, *lines = csv.reader(target.read_text().splitlines())
    assert head == ["key", "A: AE on digits", "B: VAE on digits"]
    table = {key: values for key, *values in lines}
    for slot in range(2):
        scores = measured.session.scores.by_slot[slot]
        assert float(table["continuity.C20"][slot]) == scores["continuity"]["C20"]
        others = scores["completeness"]["others"]
        assert float(table[f"completeness.others.{MIXTURE}"][slot]) == others[MIXTURE]
    assert not any(key.startswith("verdict") for key in table)


def test_the_table_is_copied_as_text(measured):
    QTest.mouseClick(measured.panel("scorecard").copy_button, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    score, sd = (measured.session.scores.by_slot[1]["completeness"][key] for key in ("score", "sd"))
    assert f"{score:.2f} \N{PLUS-MINUS SIGN} {sd:.2f}" in text
    assert "B is more continuous than A." in text
