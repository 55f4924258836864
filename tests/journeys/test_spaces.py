"""A person explores the spaces of one model, and holds what the explored one lacks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from vaeexplorer.data import open_data
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.run import Config, result_of
from vaeexplorer.storage import load_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Runs of digits by family, a little trained, without any UMAP."""
    data, home = open_data("digits"), tmp_path_factory.mktemp("spaces")
    made = {"mlvae": {"latent_dim": 6}, "hvae": {"latent_dim": 3, "layers": 2}}
    for family, settings in made.items():
        config = Config(family, settings, epochs=2)
        result_of(train_and_save(data, config, None, folder=home / family, threads=1))
    return {family: str(home / family) for family in made}


def press(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def hold(explorer, slot, index):
    explorer.wait_for_the_maps()
    explorer.click(slot, explorer.pixel(slot, index))


def pixels(space, z):
    return decode_pixels(space, np.asarray(z, np.float32)[None])[0]


def test_a_style_is_explored_with_the_content_of_the_held_image(open_explorer, folders):
    explorer = open_explorer(folders["mlvae"], folders["mlvae"])
    explorer.wait_until_ready()
    session, choice = explorer.session, explorer.window.maps[0].spaces
    decodes = {}
    session.decoded.connect(lambda slot, probe, image: decodes.update({slot: (probe, image)}))
    explorer.wait_for_the_maps()
    assert list(choice.buttons) == ["z", "content", "style"]
    assert choice.buttons["z"].isChecked()
    assert choice.context.isHidden()
    hold(explorer, 0, 30)
    press(choice.buttons["style"])
    explorer.wait(lambda: session.shown_map(0).method == "umap")
    explorer.wait_for_the_maps()
    assert session.slots[0].held.nearest == 30
    assert len(explorer.probe(0).z) == 3
    assert len(explorer.probe(1).z) == 6
    explorer.wait(lambda: choice.context.text() == "content of image #30")
    session.release()
    explorer.wait(lambda: choice.context.text() == "content: prior mean")
    row = explorer.rows(3)[0]
    hold(explorer, 0, 12)
    explorer.wait(lambda: choice.context.text() == "content of image #12")
    # Another style, set by hand: the content stays that of image 12.
    joint = session.slots[1].exhibit
    codes = joint.codes["z"].mean
    row.moved.emit(row.dimension, 1.5)
    z = explorer.probe(0).z
    assert z.max() == 1.5
    whole = np.concatenate([codes[12, :3], z])
    expected = pixels(joint.spaces["z"], whole)
    explorer.wait(lambda: decodes[0][0].z is explorer.probe(0).z)
    np.testing.assert_allclose(decodes[0][1].astype(int), expected, atol=1)
    assert choice.context.text() == "content of image #12"
    press(choice.context)
    explorer.wait(lambda: choice.context.text() == "content: prior mean")
    mean = pixels(joint.spaces["z"], np.concatenate([np.zeros(3), z]))
    explorer.wait(lambda: np.abs(decodes[0][1].astype(int) - mean).max() <= 1)
    # What was mapped is kept with the run, beside what it had.
    explorer.wait(lambda: "umap" in load_run(Path(folders["mlvae"])).maps["style"])
    assert "pca" in load_run(Path(folders["mlvae"])).maps["content"]
    assert explorer.told == []


def test_spaces_are_chosen_with_the_keyboard_and_scored_each_by_itself(open_explorer, folders):
    explorer = open_explorer(folders["hvae"], folders["mlvae"])
    explorer.wait_until_ready()
    session, choice = explorer.session, explorer.window.maps[0].spaces
    session.set_map_method("pca")
    explorer.wait(lambda: 0 in session.scores.by_slot)
    first = session.scores.by_slot[0]["continuity"]
    session.activate(0)
    QTest.keyClick(explorer.window, "L", Qt.KeyboardModifier(0x06000000))  # Ctrl+Shift
    explorer.wait(lambda: choice.buttons["z1"].isChecked())
    assert 0 not in session.scores.by_slot
    explorer.wait(lambda: 0 in session.scores.by_slot)
    assert session.scores.by_slot[0]["continuity"] != first
    assert choice.context.text() == "upper layers drawn"
    # The rates of a lower layer are those that the objective has, given the layer above.
    dimensions = explorer.panel("dimensions")
    explorer.wait(lambda: session.rates.of(0) is not None)
    explorer.wait(lambda: "given the layers above" in dimensions._legend.text())
    rates = session.rates.of(0)["z1"]
    assert [row.dimension for row in explorer.rows(3)] == np.argsort(-rates).tolist()
    assert f"z1 {rates.sum():.1f}" in dimensions._legend.text()
    hold(explorer, 0, 12)
    explorer.wait(lambda: choice.context.text() == "upper layers of image #12")
    prior = session.slots[0].exhibit.spaces["z1"].prior
    assert prior.log_prob(torch.zeros(1, 3)).shape == (1,)
    choice.buttons["z2"].setFocus()
    QTest.keyClick(choice.buttons["z2"], Qt.Key.Key_Space)
    explorer.wait_for_the_maps()
    assert session.slots[0].exhibit.explored == "z2"
    assert choice.context.isHidden()
    assert session.slots[0].held.nearest == 12
    assert explorer.told == []


def test_a_click_on_a_draw_of_all_layers_probes_the_very_picture(open_explorer, folders):
    explorer = open_explorer(folders["hvae"], folders["mlvae"])
    explorer.wait_until_ready()
    session = explorer.session
    decodes = {}
    session.decoded.connect(lambda slot, probe, image: decodes.update({slot: (probe, image)}))
    session.set_map_method("pca")
    explorer.window.show_panel("samples")
    part = explorer.panel("samples").slots[0]
    explorer.wait_for_the_maps()
    explorer.wait(lambda: 0 in session.samples.by_slot and part.grid.isVisible())
    explorer.wait(lambda: 1 in part.grid.shown)
    samples = session.samples.by_slot[0]

    def is_shown(picture):
        explorer.wait(lambda: decodes[0][0] is explorer.probe(0))
        np.testing.assert_array_equal(decodes[0][1], picture)
        assert explorer.panel("probe").slots[0]._place.text() == "a draw"

    QTest.mouseClick(part.grid, Qt.MouseButton.LeftButton, pos=part.grid.cell(1).center())
    is_shown(samples.pictures[1])
    np.testing.assert_array_equal(explorer.probe(0).z, samples.z[1])
    session.set_map_method("umap")
    explorer.wait(lambda: session.shown_map(0).method == "umap")
    explorer.wait_for_the_maps()
    is_shown(samples.pictures[1])
    # A slider lets go of the layer below.
    row = explorer.rows(3)[0]
    row.moved.emit(row.dimension, 1.5)
    explorer.wait(lambda: decodes[0][0] is explorer.probe(0))
    space = session.slots[0].exhibit.spaces["z2"]
    np.testing.assert_array_equal(decodes[0][1], pixels(space, explorer.probe(0).z))
    explorer.window.show_panel("worst")
    places = explorer.panel("worst").slots[0]
    explorer.wait(lambda: 0 in session.worst_places.by_slot and places.draws.isVisible())
    QTest.mouseClick(places.draws.buttons[1], Qt.MouseButton.LeftButton)
    worst = session.worst_places.by_slot[0].draws[1].pictures[0]
    is_shown(worst)
    # The cursor wanders over the map, and leaves it.
    explorer.wait_for_the_maps()
    explorer.hover(0, explorer.pixel(0, 30))
    explorer.wait(lambda: explorer.probe(0).kind == "dot")
    session.leave()
    is_shown(worst)
    assert explorer.told == []


def test_a_dimension_of_a_layer_is_called_after_it(open_explorer, folders):
    explorer = open_explorer(folders["hvae"], folders["hvae"])
    explorer.wait_until_ready()
    explorer.window.show_panel("evidence")
    explorer.wait(lambda: explorer.window.docks["evidence"].widget().isVisible())
    pages = explorer.window.docks["evidence"].widget().pages
    press(pages._buttons["marginal"])
    for space in ("z2", "z1"):
        press(explorer.window.maps[explorer.session.active].spaces.buttons[space])
        explorer.wait(lambda space=space: pages._dimensions.currentText().startswith(f"{space} "))
        names = [pages._dimensions.itemText(row) for row in range(pages._dimensions.count())]
        assert sorted(names) == [f"{space} 1", f"{space} 2", f"{space} 3"]
        named = f"{pages._dimensions.currentText()}: "
        explorer.wait(lambda named=named: pages.marginal._title.startswith(named))


def test_one_space_needs_no_choice(explorer):
    assert all(panel.spaces.isHidden() for panel in explorer.window.maps)


def test_a_cell_of_the_swap_grid_is_probed_in_whatever_space_is_explored(open_explorer, folders):
    explorer = open_explorer(folders["hvae"], folders["mlvae"])
    explorer.wait_until_ready()
    session = explorer.session
    session.set_map_method("pca")
    explorer.wait_for_the_maps()
    decodes = {}
    session.decoded.connect(lambda slot, probe, image: decodes.update({slot: image.astype(int)}))
    QTest.keyClick(explorer.window, "G", Qt.KeyboardModifier.ControlModifier)
    panel = explorer.panel("swap")
    explorer.wait(lambda: session.swaps.grid is not None and panel.view.isVisible())
    grid = session.swaps.grid
    assert session.swaps.slot == 1
    assert len(set(session.slots[1].exhibit.labels[grid.images])) == 5
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=panel.view.cell(0, 2).center())
    assert panel.view.current == (0, 2)

    def shows(row, column):
        return 1 in decodes and np.abs(decodes[1] - grid.cells[row, column]).max() <= 1

    explorer.wait(lambda: shows(0, 2))
    choice = explorer.window.maps[1].spaces
    for name in ("style", "content"):
        press(choice.buttons[name])
        explorer.wait_for_the_maps()
        # The first cell again: in this space it is the code of one image, with another one held.
        row, column = panel.view.current
        panel.view.setFocus()
        QTest.keyClick(panel.view, Qt.Key.Key_Down)
        own, other = (column, row + 1) if name == "style" else (row + 1, column)
        assert session.slots[1].held.nearest == grid.images[own]
        lacks = {"style": "content", "content": "style"}[name]
        words = f"{lacks} of image #{grid.images[other]}"
        explorer.wait(lambda words=words: choice.context.text() == words)
        explorer.wait(lambda row=row, column=column: shows(row + 1, column))
        assert session.swaps.grid is grid
    # Other images, once some are selected.
    session.select(1, np.array([5, 50, 500]))
    explorer.wait(lambda: session.swaps.grid.images.tolist() == [5, 50, 500])
    session.clear(1)
    explorer.wait(lambda: panel._reason.isVisible())
    assert "Train an ML-VAE" in panel._reason.text()
    assert explorer.told == []
