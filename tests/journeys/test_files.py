"""A person opens files: runs and data, whole, damaged, moved, and not meant for this."""

import json
import shutil
import struct

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from vaeexplorer.data import open_data
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.run import Config, result_of
from vaeexplorer.storage import load_run

N = 300
IMAGES_NAME, LABELS_NAME = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def write_idx(path, values):
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.astype(np.uint8).tobytes())


def write_bars(folder, seed=0, labels=True):
    """Write 28x28 images of upright and of lying bars; return the file of images."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    images = np.zeros((N, 28, 28), np.uint8)
    kinds = rng.integers(0, 2, N)
    for image, kind, place in zip(images, kinds, rng.integers(2, 22, N), strict=True):
        bar = image if kind else image.T
        bar[:, place : place + 4] = 255
    write_idx(folder / IMAGES_NAME, images)
    if labels:
        write_idx(folder / LABELS_NAME, kinds)
    return folder / IMAGES_NAME


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """Data, and a run that was trained on the folder before that was moved away."""
    place = tmp_path_factory.mktemp("bars")
    write_bars(place / "before")
    dataset = open_data(place / "before")
    config = Config("vae", {"latent_dim": 3}, epochs=1)
    result_of(train_and_save(dataset, config, None, threads=1, folder=place / "run"))
    (place / "before").rename(place / "after")
    return place


@pytest.fixture
def homeless_run(bars, tmp_path):
    """A run whose images are not where they were, in a folder of the test's own."""
    return shutil.copytree(bars / "run", tmp_path / "run")


def state(explorer):
    return [slot.exhibit for slot in explorer.session.slots], explorer.session.dataset


def drop(explorer, *paths, over=None):
    """Drop `paths` in the middle of the window, or of the widget `over`."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    over = over or explorer.window
    place = over.mapTo(explorer.window, over.rect().center())
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(explorer.window, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(explorer.window, event)


# --- what cannot be opened --------------------------------------------------------------------


def truncated_weights(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


def newer_format(folder):
    file = folder / "run.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["format"] = 99
    file.write_text(json.dumps(document), encoding="utf-8")


def without_description(folder):
    (folder / "run.json").unlink()


def broken_json(folder):
    (folder / "run.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    "spoil", [truncated_weights, newer_format, without_description, broken_json]
)
def test_a_bad_run_is_one_sentence_and_changes_nothing(explorer, tmp_path, caplog, spoil):
    folder = shutil.copytree(default_pair_folders()[1], tmp_path / "bad")
    spoil(folder)
    before = state(explorer)
    explorer.session.open_paths([str(folder)], 1)
    explorer.wait(lambda: explorer.told)
    assert state(explorer) == before
    assert one_sentence(explorer, folder)
    assert caplog.records == []
    explorer.hover(1, explorer.pixel(1, 9))


def one_sentence(explorer, path):
    """Whether the window says one sentence, and names `path` in it."""
    bar = explorer.window.messages
    (told,) = explorer.told
    assert bar.isVisible()
    assert bar.text == told
    assert "\n" not in told
    assert told.endswith(".")
    return str(path) in told


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (IMAGES_NAME, b""),
        (IMAGES_NAME, b"not an IDX file at all"),
        (IMAGES_NAME, struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 28)),
        (IMAGES_NAME, struct.pack(">HBB3I", 0, 8, 3, 60_000, 28, 28) + bytes(1000)),
        ("picture.png", b"\x89PNG"),
    ],
)
def test_a_bad_file_that_is_dropped_is_one_sentence(explorer, tmp_path, caplog, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    before = state(explorer)
    drop(explorer, path)
    explorer.wait(lambda: explorer.told)
    assert state(explorer) == before
    assert one_sentence(explorer, path)
    assert caplog.records == []


@pytest.mark.slow
def test_a_run_that_cannot_be_read_says_why_among_the_runs(explorer):
    damaged = explorer.session.library.folder / "damaged"
    damaged.mkdir(parents=True)
    (damaged / "run.json").write_text("{", encoding="utf-8")
    explorer.window.show_panel("runs")
    panel = explorer.panel("runs")
    explorer.wait(lambda: panel.table.topLevelItemCount() == 1 and panel.problem.isVisible())
    assert str(damaged / "run.json") in panel.problem.text()
    explorer.session.runs.delete(damaged)
    explorer.wait(lambda: not panel.problem.isVisible())


@pytest.mark.slow
def test_a_run_that_is_dropped_on_a_map_opens_there(explorer):
    ae, vae = default_pair_folders()
    names = [state.exhibit.name for state in explorer.session.slots]
    drop(explorer, vae, over=explorer.map(0))
    explorer.wait(lambda: explorer.session.slots[0].exhibit.name == names[1])
    drop(explorer, ae, over=explorer.panel("probe"))
    explorer.wait(lambda: explorer.session.slots[1].exhibit.name == names[0])
    assert explorer.told == []


def test_a_missing_path_is_one_sentence(open_explorer, tmp_path):
    explorer = open_explorer(str(tmp_path / "nothing"))
    explorer.wait(lambda: explorer.told)
    assert one_sentence(explorer, tmp_path / "nothing")
    for panel in explorer.window.maps:
        assert panel._stage.currentIndex() == 0, "the empty state says what to do"


def test_a_message_is_dismissed(explorer, tmp_path):
    explorer.session.open_data(str(tmp_path / "nothing"))
    explorer.wait(explorer.window.messages.isVisible)
    QTest.mouseClick(explorer.window.messages._close, Qt.MouseButton.LeftButton)
    assert not explorer.window.messages.isVisible()


def test_there_is_room_for_four_runs(explorer):
    folder = str(default_pair_folders()[0])
    explorer.session.open_paths([folder] * 5)
    explorer.wait(lambda: len(explorer.session.slots) == 4 and explorer.decoded())
    assert one_sentence(explorer, folder)


# --- data -------------------------------------------------------------------------------------


def test_data_that_is_opened_becomes_what_is_trained_on(explorer, tmp_path, monkeypatch):
    before, _ = state(explorer)
    images = write_bars(tmp_path / "bars")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(images), ""))
    QTest.keyClick(
        explorer.window,
        Qt.Key.Key_O,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    explorer.wait(lambda: len(explorer.session.dataset) == N)
    assert state(explorer)[0] == before
    assert "300 images of 28 x 28" in explorer.window.data_label.text()
    assert not explorer.window._strips["data"].isVisible()
    explorer.window.show_panel("training")
    panel = explorer.panel("training")
    assert panel.data.currentText() == explorer.session.dataset.name
    assert explorer.told == []


@pytest.mark.parametrize("labels", [True, False])
def test_dropped_images_are_trained_on_shown_and_decoded(explorer, tmp_path, labels):
    drop(explorer, write_bars(tmp_path / "bars", labels=labels))
    explorer.wait(lambda: len(explorer.session.dataset) == N)
    explorer.window.show_panel("training")
    panel = explorer.panel("training")
    explorer.wait(panel.train_button.isEnabled)
    panel.epochs.setValue(1)
    panel.train()
    explorer.wait(lambda: explorer.session.slots[1].exhibit.run.source.n == N)
    explorer.session.cancel_map()
    explorer.wait_for_the_maps()
    explorer.hover(1, explorer.pixel(1, 5))
    shown = explorer.panel("probe").slots[1]
    assert (shown.decode._picture.width(), shown.nearest._picture.width()) == (28, 28)
    assert len(explorer.window.maps[1].legend._buttons) == (2 if labels else 0)
    assert explorer.told == []


def test_slots_of_different_data_say_so_and_leave_each_other_alone(explorer, bars):
    explorer.click(0, explorer.pixel(0, 4))
    explorer.session.open_paths([str(bars / "run")], 1)
    explorer.wait(lambda: explorer.session.slots[1].exhibit.source.n == N)
    explorer.wait(explorer.decoded)
    assert not explorer.session.linked(0, 1)
    assert explorer.window.maps[1]._warning.text() == "different data, not linked"
    assert explorer.window.maps[0]._warning.text() == ""
    left = explorer.probe(0)
    before = explorer.probe(1)
    positions = explorer.session.slots[1].lift.positions
    far = int(np.linalg.norm(positions - before.position, axis=1).argmax())
    explorer.hover(1, explorer.pixel(1, far))
    right = explorer.probe(1)
    assert right.kind == "dot"
    assert right.nearest != before.nearest
    assert explorer.probe(0) is left
    explorer.hover(0, explorer.pixel(0, 1700))
    assert explorer.probe(1) is right
    explorer.session.open_default_pair()
    explorer.wait(lambda: explorer.session.linked(0, 1))
    assert explorer.window.maps[1]._warning.text() == ""


# --- images that have moved -------------------------------------------------------------------


@pytest.fixture
def without_images(open_explorer, homeless_run):
    explorer = open_explorer(str(homeless_run))
    explorer.wait(lambda: explorer.session.slots[0].exhibit and explorer.probe(0))
    explorer.wait(lambda: explorer.window.maps[0]._locate.isVisible())
    return explorer


def locate(explorer, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
    QTest.mouseClick(explorer.window.maps[0]._locate, Qt.MouseButton.LeftButton)


def test_a_run_without_its_images_still_decodes(without_images):
    explorer = without_images
    drawn = explorer.panel("probe").slots[0]
    QTest.mouseMove(explorer.map(0), explorer.pixel(0, 50))
    explorer.wait(lambda: drawn.decode.drawn is explorer.probe(0))
    assert explorer.probe(0).kind == "dot"
    assert drawn.nearest._picture is None
    assert drawn.nearest._placeholder == "images not found"
    assert len(explorer.window.maps[0].legend._buttons) == 2, "labels are kept with the run"
    assert explorer.told == []


def test_located_images_are_shown_and_found_again_the_next_time(
    without_images, open_explorer, homeless_run, bars, monkeypatch
):
    explorer = without_images
    locate(explorer, monkeypatch, bars / "after" / IMAGES_NAME)
    explorer.wait(lambda: explorer.session.slots[0].exhibit.dataset is not None)
    assert not explorer.window.maps[0]._locate.isVisible()
    assert explorer.session.dataset is explorer.session.slots[0].exhibit.dataset
    shown = explorer.panel("probe").slots[0]
    explorer.wait(lambda: shown.nearest._picture is not None)
    assert explorer.told == []
    explorer.close()
    again = open_explorer(str(homeless_run))
    again.wait(lambda: again.session.slots[0].exhibit)
    assert again.session.slots[0].exhibit.dataset is not None


def test_a_folder_of_several_files_is_located_by_any_of_them(
    open_explorer, tmp_path, monkeypatch, bars
):
    folder = tmp_path / "official"
    write_bars(folder)
    for name in (IMAGES_NAME, LABELS_NAME):
        shutil.copy(folder / name, folder / name.replace("train", "t10k"))
    config = Config("ae", {"latent_dim": 3}, epochs=1)
    dataset = open_data(folder)
    assert len(dataset) == 2 * N
    result_of(train_and_save(dataset, config, None, threads=1, folder=tmp_path / "run"))
    folder.rename(tmp_path / "moved")
    explorer = open_explorer(str(tmp_path / "run"))
    explorer.wait(lambda: explorer.window.maps[0]._locate.isVisible())
    locate(explorer, monkeypatch, tmp_path / "moved" / IMAGES_NAME)
    explorer.wait(lambda: explorer.session.slots[0].exhibit.dataset is not None)
    assert load_run(tmp_path / "run").source.path == str(tmp_path / "moved")


def test_other_images_are_refused(without_images, homeless_run, tmp_path, monkeypatch):
    explorer = without_images
    other = write_bars(tmp_path / "other", seed=1)
    locate(explorer, monkeypatch, other)
    explorer.wait(lambda: explorer.told)
    assert one_sentence(explorer, other)
    assert explorer.session.slots[0].exhibit.dataset is None
    assert explorer.window.maps[0]._locate.isVisible()


def test_an_empty_window_on_data_alone_says_what_to_do(open_explorer):
    explorer = open_explorer("digits")
    explorer.wait(lambda: explorer.session.dataset is not None and explorer.session.families)
    assert explorer.told == []
    panel = explorer.window.maps[0]
    assert panel._stage.currentIndex() == 0
    panel.train_requested.emit(0)
    training = explorer.panel("training")
    explorer.wait(training.train_button.isEnabled)
    assert training.data.currentText() == "digits"
