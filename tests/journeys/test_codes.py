"""A person picks codes of a VQ-VAE out of its codebook."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vaeexplorer.data import open_data
from vaeexplorer.gui.widgets.headlines import headlines
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.run import Config

pytestmark = pytest.mark.slow

CODES = 12


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    """A small VQ-VAE of digits, as a run on disk."""
    folder = tmp_path_factory.mktemp("vq") / "run"
    config = Config("vqvae", {"latent_dim": 8, "codes": CODES}, epochs=6)
    for _ in train_and_save(open_data("digits"), config, None, name="VQ", folder=folder):
        pass
    return folder


@pytest.fixture
def reader(open_explorer, quantized):
    """A person on the VQ-VAE and the VAE, with the codes of the former before them."""
    person = open_explorer(str(quantized), str(default_pair_folders()[1])).wait_until_ready()
    person.session.activate(0)
    person.wait(lambda: 0 in person.session.codebooks.by_slot)
    person.wait_for_the_maps()
    picker = person.panel("dimensions").picker
    person.wait(lambda: picker.isVisible() and len(picker.positions.indices) == 4)
    person.session.probe_image(0, 17)
    person.session.hold()
    person.wait(person.decoded)
    person.wait(lambda: picker.positions.indices.tolist() == held(person))
    return person


def held(person):
    """Codes of the probe in slot A, by position."""
    usage = person.session.codebooks.by_slot[0]
    return usage.indices(person.probe(0).z).tolist()


def picker_of(person):
    return person.panel("dimensions").picker


def test_keys_choose_a_position_and_step_through_the_codes(reader):
    picker, before = picker_of(reader), held(reader)
    picker.positions.setFocus()
    QTest.keyClick(picker.positions, Qt.Key.Key_Right)
    assert picker.positions.position == 1
    QTest.keyClick(picker.positions, Qt.Key.Key_Up)
    expected = [before[0], (before[1] + 1) % CODES, *before[2:]]
    assert held(reader) == expected
    reader.wait(lambda: picker.positions.indices.tolist() == expected)
    reader.wait(reader.decoded)
    QTest.keyClick(picker.positions, Qt.Key.Key_Down)
    assert held(reader) == before
    assert reader.session.slots[0].held is reader.probe(0)


def test_the_wheel_steps_through_the_codes_of_the_position_under_it(reader):
    picker, before = picker_of(reader), held(reader)
    at = picker.positions.cell(2).center()
    turn = QWheelEvent(
        QPointF(at),
        QPointF(picker.positions.mapToGlobal(at)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(picker.positions, turn)
    assert held(reader) == [*before[:2], (before[2] + 1) % CODES, before[3]]


def test_a_tile_shows_what_its_code_decodes_to_and_a_click_takes_it(reader):
    picker, session = picker_of(reader), reader.session
    QTest.mouseClick(
        picker.positions, Qt.MouseButton.LeftButton, pos=picker.positions.cell(3).center()
    )
    shown = []
    session.codebooks.tried.connect(lambda slot, variants: shown.append(variants))
    session.codebooks.try_others(0, 3)
    reader.wait(lambda: shown and shown[-1].position == 3)
    variants = shown[-1]
    assert variants.codes.tolist() == list(range(CODES))
    reader.wait(lambda: 5 in picker.tiles.shown)
    QTest.mouseClick(picker.tiles, Qt.MouseButton.LeftButton, pos=picker.tiles.cell(5).center())
    assert held(reader)[3] == 5
    space = session.slots[0].exhibit.spaces["z"]
    np.testing.assert_array_equal(
        variants.pictures[5], decode_pixels(space, reader.probe(0).z[None])[0]
    )


def test_what_the_code_costs_and_how_it_is_used_is_said(reader):
    text = picker_of(reader)._about.text()
    usage = reader.session.codebooks.by_slot[0]
    assert f"{4 * np.log(CODES):.1f} nats" in text
    assert f"perplexity {usage.perplexity:.1f} of {CODES}, {usage.dead} dead" in text
    assert f"{4 * np.log2(CODES):.1f} bits" in picker_of(reader)._about.toolTip()
    reader.wait(lambda: 0 in reader.session.scores.by_slot)
    assert "continuity" not in reader.window.maps[0]._scores.text()
    measured = reader.session.scores.by_slot[0]
    enough = {**measured, "continuity": {**measured["continuity"], "gate": 1.0}}
    assert "codes snap" in headlines(enough)[0]


def test_the_other_model_has_its_sliders_still(reader):
    panel = reader.panel("dimensions")
    reader.session.activate(1)
    assert not panel.picker.isVisible()
    assert len(reader.rows(8)) == 8
    reader.session.activate(0)
    assert panel.picker.isVisible()
    assert not panel._rows
    reader.session.clear(0)
    assert not panel.picker.isVisible()


def test_laws_of_its_codebook_are_offered_for_draws(reader):
    reader.window.show_panel("samples")
    panel = reader.panel("samples")
    reader.wait(lambda: panel.choice.findData("neighbours") >= 0)
    panel.choice.setCurrentIndex(panel.choice.findData("neighbours"))
    panel.choice.activated.emit(panel.choice.currentIndex())
    reader.wait(
        lambda: (
            0 in reader.session.samples.by_slot
            and "Markov" in reader.session.samples.by_slot[0].law
        )
    )
    book = reader.session.codebooks.by_slot[0].codebook
    drawn = reader.session.samples.by_slot[0].z.reshape(-1, 1, book.shape[1])
    assert np.abs(drawn - book).sum(axis=2).min(axis=1).max() < 1e-6
