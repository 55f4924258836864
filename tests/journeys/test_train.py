"""A person trains a model, stops one, and finds every run again."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton

from vaeexplorer.models import FAMILIES
from vaeexplorer.storage import load_run

EPOCHS = 3
ENDLESS = 10_000


def training_panel(explorer):
    """The Training panel, brought by its shortcut and ready to train."""
    QTest.keyClick(explorer.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    panel = explorer.panel("training")
    explorer.wait(panel.train_button.isEnabled)
    return panel


def start_training(explorer, family="vae", epochs=EPOCHS, name=""):
    panel = training_panel(explorer)
    panel.family.setCurrentIndex(panel.family.findData(family))
    panel.epochs.setValue(epochs)
    panel.settings.editor("latent_dim").setValue(3)
    panel.name.setText(name)
    QTest.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    return panel


def wait_for_an_epoch(explorer, panel):
    explorer.wait(lambda: panel.numbers.text())


def wait_for_the_end(explorer, panel):
    explorer.wait(panel.train_button.isEnabled)
    explorer.session.cancel_map()
    explorer.wait_for_the_maps()


def trained(explorer, **options):
    """Train to the end; return the exhibit."""
    panel = start_training(explorer, **options)
    wait_for_the_end(explorer, panel)
    return explorer.session.slots[1].exhibit


def runs_panel(explorer, count):
    """The Runs panel, once it lists `count` runs."""
    QTest.keyClick(explorer.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    panel = explorer.panel("runs")
    explorer.wait(lambda: panel.table.topLevelItemCount() == count)
    return panel


def row(panel, number=0):
    item = panel.table.topLevelItem(number)
    return [item.text(column) for column in range(item.columnCount())]


def choose(panel, number=0):
    """Click on a run."""
    place = panel.table.visualItemRect(panel.table.topLevelItem(number)).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.mark.parametrize(
    "family",
    [
        # The others do the same without a window, in test_families.
        pytest.param(name, marks=() if name in ("ae", "vae") else pytest.mark.slow)
        for name in FAMILIES
    ],
)
def test_a_trained_model_is_shown_saved_and_listed(explorer, family):
    before = [state.exhibit for state in explorer.session.slots]
    panel = start_training(explorer, family=family, name="mine")
    wait_for_the_end(explorer, panel)
    assert explorer.told == []
    assert explorer.window.minimumSizeHint().width() <= 1280
    first, second = (state.exhibit for state in explorer.session.slots)
    assert first is before[0]
    epochs = EPOCHS if FAMILIES[family].fit is None else 1
    assert (second.name, second.run.status, len(second.run.history)) == ("mine", "finished", epochs)
    assert explorer.session.shown_map(1).method == "pca"
    assert explorer.session.linked(0, 1)
    kept = load_run(explorer.session.library.folder / second.origin)
    assert list(kept.codes) == list(second.codes)
    for space, codes in second.codes.items():
        np.testing.assert_array_equal(kept.codes[space].mean, codes.mean)
    assert row(runs_panel(explorer, 1))[:6] == [
        *("mine", FAMILIES[family].title, "digits", "3", str(epochs), "finished")
    ]


def test_progress_shows_at_once_then_curves_and_reconstructions(explorer):
    training_panel(explorer)
    panel = start_training(explorer)
    assert panel.strip.isVisible()
    assert not panel.train_button.isEnabled()
    assert panel.stop_button.isEnabled()
    assert panel.stop_button.hasFocus()
    explorer.wait(lambda: panel.strip._text.text().startswith("Epoch"))
    assert panel.strip.isVisible()
    assert "left" in panel.strip._text.text()
    wait_for_the_end(explorer, panel)
    assert panel.train_button.hasFocus()
    explorer.wait(lambda: panel.curves.up_to_date)
    for plot in panel.curves.plots:
        for curve in plot.lines[0]:
            epochs, values = curve.getOriginalDataset()
            np.testing.assert_array_equal(epochs, range(1, EPOCHS + 1))
            assert np.isfinite(values).all()
    assert not panel.strip.isVisible()
    assert panel.pictures._count == 8
    assert not panel.pictures._sheet.isNull()
    assert "distortion" in panel.numbers.text()
    assert "rate" in panel.numbers.text()


def test_an_autoencoder_has_no_rate_curve(explorer):
    panel = start_training(explorer, family="ae")
    wait_for_the_end(explorer, panel)
    explorer.wait(lambda: panel.curves.up_to_date)
    distortion, *without = panel.curves.plots
    assert np.isfinite(distortion.traces[0].held_out).all()
    for plot in without:
        for values in (plot.traces[0].train, plot.traces[0].held_out):
            assert len(values) == EPOCHS
            assert np.isnan(values).all()
    assert "rate" not in panel.numbers.text()


def test_the_new_run_decodes_under_the_cursor_beside_the_old_one(explorer):
    trained(explorer)
    explorer.hover(1, explorer.pixel(1, 500))
    assert explorer.probe(0).nearest == explorer.probe(1).nearest
    assert len(explorer.probe(0).z) == 8
    assert len(explorer.probe(1).z) == 3
    assert len(explorer.rows(3)) == 3


def test_the_window_stays_usable_during_a_training(explorer):
    panel = start_training(explorer, epochs=ENDLESS)
    wait_for_an_epoch(explorer, panel)
    explorer.hover(0, explorer.pixel(0, 7))
    explorer.hover(1, explorer.pixel(1, 800))
    assert explorer.session.training.running
    QTest.keyClick(explorer.window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    wait_for_the_end(explorer, panel)
    assert explorer.session.slots[1].exhibit.run.status == "stopped"


def test_stop_keeps_what_was_learned(explorer):
    panel = start_training(explorer, epochs=ENDLESS)
    wait_for_an_epoch(explorer, panel)
    QTest.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    assert not panel.stop_button.isEnabled()
    assert panel.data.hasFocus()
    wait_for_the_end(explorer, panel)
    exhibit = explorer.session.slots[1].exhibit
    assert exhibit.run.status == "stopped"
    assert 1 <= len(exhibit.run.history) < ENDLESS
    assert load_run(explorer.session.library.folder / exhibit.origin).status == "stopped"
    assert row(runs_panel(explorer, 1))[5] == "stopped early"
    assert explorer.told == []


def test_stop_before_the_first_epoch_keeps_nothing_and_says_so(explorer):
    before = [state.exhibit for state in explorer.session.slots]
    panel = start_training(explorer)
    explorer.session.training.stop()
    explorer.wait(panel.train_button.isEnabled)
    assert [state.exhibit for state in explorer.session.slots] == before
    assert runs_panel(explorer, 0)._stack.currentIndex() == 0
    assert explorer.window.messages.isVisible()
    assert "nothing to keep" in explorer.window.messages.text
    assert panel._stack.currentIndex() == 0, "the form's story, not empty curves"


@pytest.mark.slow
def test_what_a_training_replaces_stays_among_the_runs(explorer):
    first = trained(explorer, name="one")
    second = trained(explorer, name="two")
    assert explorer.session.slots[1].exhibit is second
    panel = runs_panel(explorer, 2)
    names = [row(panel, number)[0] for number in (0, 1)]
    assert sorted(names) == ["one", "two"]
    choose(panel, names.index("one"))
    QTest.mouseClick(panel._openers[0], Qt.MouseButton.LeftButton)
    explorer.wait(lambda: explorer.session.slots[0].exhibit.name == "one")
    explorer.wait(explorer.decoded)
    opened = explorer.session.slots[0].exhibit
    np.testing.assert_array_equal(opened.codes["z"].mean, first.codes["z"].mean)
    assert explorer.session.slots[1].exhibit is second


def test_a_run_is_renamed_copied_and_deleted(explorer, monkeypatch, tmp_path):
    exhibit = trained(explorer, name="mine")
    panel = runs_panel(explorer, 1)
    choose(panel)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("  better  ", True))
    QTest.mouseClick(panel._rename_button, Qt.MouseButton.LeftButton)
    explorer.wait(lambda: row(panel)[0] == "better")
    assert explorer.window.maps[1]._title.text() == "better"
    assert load_run(explorer.session.library.folder / exhibit.origin).name == "better"
    target = tmp_path / "copy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    QTest.mouseClick(panel._copy_button, Qt.MouseButton.LeftButton)
    explorer.wait(target.exists)
    explorer.wait(lambda: not explorer.session.lanes.work.busy)
    assert load_run(target).name == "better"
    asked = []

    def answer(*question, **_):
        asked.append(question[2])
        return QMessageBox.StandardButton.Yes

    monkeypatch.setattr(QMessageBox, "question", answer)
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    explorer.wait(lambda: panel.table.topLevelItemCount() == 0)
    assert "better" in asked[0]
    assert explorer.session.library.list() == ()
    shown = explorer.session.slots[1].exhibit
    assert shown.name == "better", "a slot goes on showing what was deleted"
    explorer.window.save_copy(1)
    assert explorer.told == []


def test_a_copy_that_cannot_be_saved_is_one_sentence(explorer, monkeypatch, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(taken), ""))
    explorer.window.save_copy(1)
    explorer.wait(lambda: explorer.told)
    assert str(taken) in explorer.told[0]
    assert taken.read_text() == "mine"


def test_a_rename_that_is_cancelled_or_empty_changes_nothing(explorer, monkeypatch):
    trained(explorer, name="mine")
    panel = runs_panel(explorer, 1)
    choose(panel)
    answers = [("other", False), ("   ", True)]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: answers.pop())
    QTest.keyClick(panel.table, Qt.Key.Key_F2)
    QTest.keyClick(panel.table, Qt.Key.Key_F2)
    assert answers == []
    explorer.map(0).setFocus()
    # With no answers left, a question here would be an error.
    QTest.keyClick(explorer.map(0), Qt.Key.Key_F2)
    QTest.keyClick(explorer.map(0), Qt.Key.Key_Delete)
    explorer.wait(lambda: not explorer.session.lanes.work.busy)
    assert [run.name for run in explorer.session.library.list()] == ["mine"]


def test_data_that_cannot_be_read_is_not_what_train_takes(explorer, tmp_path):
    panel = training_panel(explorer)
    panel.data.addItem("gone", str(tmp_path / "gone"))
    panel.data.setCurrentIndex(panel.data.count() - 1)
    panel.data.activated.emit(panel.data.count() - 1)
    explorer.wait(lambda: explorer.told)
    assert panel.data.currentText() == explorer.session.dataset.name == "digits"


def test_the_data_that_the_form_names_is_what_is_trained_on(explorer):
    panel = training_panel(explorer)
    index = panel.data.findData("shapes")
    panel.data.setCurrentIndex(index)
    panel.data.activated.emit(index)
    assert panel.data.currentText() == "digits", "what Train would take now"
    explorer.wait(lambda: explorer.session.dataset.name == "shapes")
    assert panel.data.currentText() == "shapes"
    assert panel.train_button.isEnabled()


def test_a_run_that_the_disk_refuses_is_shown_and_can_be_saved_elsewhere(
    explorer, monkeypatch, tmp_path
):
    explorer.session.library.folder.parent.mkdir(parents=True, exist_ok=True)
    explorer.session.library.folder.write_text("a file where the folder of runs should be")
    panel = start_training(explorer, epochs=1, name="homeless")
    wait_for_the_end(explorer, panel)
    assert len(explorer.told) == 1
    assert str(explorer.session.library.folder) in explorer.told[0]
    exhibit = explorer.session.slots[1].exhibit
    assert exhibit.name == "homeless"
    target = tmp_path / "elsewhere"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    explorer.window.save_copy(1)
    explorer.wait(lambda: not explorer.session.lanes.work.busy)
    assert load_run(target).name == "homeless"


@pytest.mark.slow
def test_the_map_after_a_training_becomes_a_umap_and_is_kept(explorer):
    panel = start_training(explorer)
    strip = explorer.window._strips["map"]
    explorer.wait(strip.isVisible)
    wait_for_the_umap(explorer)
    assert not panel.strip.isVisible()
    explorer.click(1, explorer.pixel(1, 33))
    image = explorer.probe(1).nearest
    first = explorer.session.shown_map(1)
    explorer.session.map_run(1)
    explorer.wait(strip.isVisible)
    explorer.wait(lambda: explorer.session.shown_map(1) is not first)
    wait_for_the_umap(explorer)
    np.testing.assert_array_equal(explorer.session.shown_map(1).positions, first.positions)
    held = explorer.session.slots[1].held
    assert held.nearest == image
    np.testing.assert_allclose(held.position, first.positions[image])
    explorer.wait(lambda: not explorer.session.lanes.work.busy)
    exhibit = explorer.session.slots[1].exhibit
    kept = load_run(explorer.session.library.folder / exhibit.origin)
    assert set(kept.maps["z"]) == set(exhibit.maps["z"])
    assert explorer.told == []


@pytest.mark.slow
def test_a_map_that_is_cancelled_gives_way_to_the_former_one(explorer):
    former = explorer.session.shown_map(1)
    explorer.session.map_run(1)
    explorer.wait(lambda: explorer.session.slots[1].growing)
    QTest.mouseMove(explorer.map(1), QPoint(90, 90))
    explorer.session.cancel_map()
    explorer.wait_for_the_maps()
    assert explorer.session.shown_map(1) is former
    assert not explorer.window._strips["map"].isVisible()
    explorer.hover(1, explorer.pixel(1, 8))


@pytest.mark.slow
def test_the_cursor_decodes_all_the_while_that_a_map_grows(explorer):
    view, state = explorer.map(1), explorer.session.slots[1]
    former, seen = state.exhibit, []

    def look(slot, probe, _):
        # By then another frame may be drawn; but never has a probe been of another one.
        if slot == 1 and state.growing and explorer.session.slots[1].exhibit is former:
            seen.append(probe)

    explorer.session.decoded.connect(look)
    explorer.session.map_run(1)
    explorer.wait(lambda: state.growing)
    for share in (0.3, 0.5, 0.7):
        count = len(seen)
        QTest.mouseMove(view, QPoint(int(share * view.width()), int(share * view.height())))
        explorer.wait(lambda count=count: len(seen) > count or not state.growing)
    explorer.wait_for_the_maps()
    assert len({tuple(probe.position) for probe in seen}) >= 2
    explorer.hover(1, explorer.pixel(1, 8))
    assert explorer.probe(1).kind == "dot"


@pytest.mark.slow
def test_a_map_grows_only_where_it_will_be_shown(explorer):
    explorer.session.set_map_method("pca")
    explorer.wait(lambda: explorer.session.slots[1].lift is not None)
    strip = explorer.window._strips["map"]
    explorer.session.map_run(1)
    grown = []
    explorer.session.map_grew.connect(lambda slot, _: grown.append(slot))
    explorer.wait(strip.isVisible)
    explorer.wait(lambda: not strip.isVisible())
    assert grown == []
    assert explorer.session.shown_map(1).method == "pca"


def wait_for_the_umap(explorer):
    """Wait until slot B shows a UMAP that decodes."""
    explorer.wait(lambda: explorer.session.shown_map(1).method != "pca")
    explorer.wait_for_the_maps()


def test_an_ae_and_a_vae_are_trained_in_turns_and_shown_side_by_side(explorer):
    panel = training_panel(explorer)
    panel.epochs.setValue(EPOCHS)
    panel.seed.setValue(5)
    panel.settings.editor("latent_dim").setValue(3)
    panel.settings.editor("beta").setValue(2.0)
    QTest.mouseClick(panel.both_button, Qt.MouseButton.LeftButton)
    assert not panel.train_button.isEnabled()
    explorer.wait(lambda: all(len(trace.epochs) == EPOCHS for trace in held_out_traces(panel)))
    assert "A: distortion" in panel.numbers.text()
    assert "B: distortion" in panel.numbers.text()
    assert np.isfinite(held_out_traces(panel)[1].held_out).all()
    wait_for_the_end(explorer, panel)
    assert explorer.told == []
    runs = [state.exhibit.run for state in explorer.session.slots]
    assert [run.config.family for run in runs] == ["ae", "vae"]
    assert {run.config.seed for run in runs} == {5}
    assert runs[0].config.model["latent_dim"] == runs[1].config.model["latent_dim"] == 3
    assert runs[1].config.model["beta"] == 2
    assert explorer.session.linked(0, 1)
    listed = runs_panel(explorer, count=2)
    assert {row(listed, k)[0] for k in range(2)} == {run.name for run in runs}


def held_out_traces(panel):
    return panel.curves.plots[0].traces


@pytest.mark.slow
def test_stop_ends_both_of_a_pair_and_keeps_them(explorer):
    panel = training_panel(explorer)
    panel.epochs.setValue(ENDLESS)
    QTest.mouseClick(panel.both_button, Qt.MouseButton.LeftButton)
    explorer.wait(lambda: all(len(trace.epochs) >= 1 for trace in held_out_traces(panel)))
    QTest.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    wait_for_the_end(explorer, panel)
    runs = [state.exhibit.run for state in explorer.session.slots]
    assert [run.config.family for run in runs] == ["ae", "vae"]
    assert {run.status for run in runs} == {"stopped"}
    states = explorer.session.scores.states
    explorer.wait(lambda: {states.get(slot) for slot in (0, 1)} == {"scored"})
    # One picture of the next training again.
    panel.epochs.setValue(EPOCHS)
    QTest.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    wait_for_an_epoch(explorer, panel)
    assert "A:" not in panel.numbers.text()
    assert held_out_traces(panel)[1].epochs == []
    wait_for_the_end(explorer, panel)


def test_an_empty_slot_asks_for_a_training_that_fills_it(explorer):
    explorer.session.clear(0)
    explorer.wait(lambda: explorer.session.slots[0].exhibit is None)
    button = next(
        one for one in explorer.window.maps[0].findChildren(QPushButton) if "Train" in one.text()
    )
    explorer.wait(button.isVisible)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    panel = explorer.window.docks["training"].widget()
    explorer.wait(panel.isVisible)
    assert panel.slot.currentIndex() == 0
