"""A person compares models side by side: one place, one selection, one direction, one scale."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtTest import QTest

from vaeexplorer.data import open_data
from vaeexplorer.drawing.overlay_colours import SPAN
from vaeexplorer.gui.session.parts import overlaying
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.headlines import headlines
from vaeexplorer.jobs.ellipses import NoEllipses
from vaeexplorer.jobs.overlays import Stretch
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.run import Config, result_of

pytestmark = pytest.mark.slow

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def four(explorer):
    """A person with four maps: the pair, and the pair again."""
    pair = [state.exhibit for state in explorer.session.slots]
    explorer.session.set_slot_count(4)
    for slot in (2, 3):
        explorer.session.put(slot, pair[slot - 2])
    explorer.wait(lambda: not turns().busy())
    explorer.wait_for_the_maps()
    return explorer


def trained(folder, family, epochs, **settings):
    """Train on the digits; return the folder of the run."""
    config = Config(family, settings, epochs=epochs)
    result_of(train_and_save(open_data("digits"), config, None, folder=folder, threads=1))
    return str(folder)


def free_pixel(explorer, slot):
    """Return a place between the dots of `slot`, from which that of the nearest code is seen."""
    view, lift = explorer.map(slot), explorer.session.slots[slot].lift
    for pixel in (QPoint(x, y) for y in range(8, view.height(), 4) for x in range(8, 400, 4)):
        lifted = lift.lift(np.array(view.to_map(QPointF(pixel))), 2 * view.snap_distance)
        if lifted.inside and not lifted.snapped:
            way = explorer.pixel(slot, lift.nearest_code(lifted.z)[0]) - pixel
            if way.manhattanLength() > 40 and view.rect().contains(pixel + way):
                return pixel
    raise LookupError("dots everywhere")


def stretch(explorer, slot):
    shown = explorer.map(slot).overlay.shown
    return shown if isinstance(shown, Stretch) else None


def wait_for_stretch(explorer, *slots):
    """Wait until these maps have all of it, and nothing more is to come."""
    explorer.wait(lambda: all(stretch(explorer, slot) for slot in slots))
    explorer.wait(lambda: not (explorer.session.lanes.overlay.busy or turns().busy()))


def test_between_dots_a_line_leads_to_the_image_that_the_other_maps_show(four):
    four.hover(2, QPoint(3, 3))
    four.map(2).zoom(3.0)
    four.wait_for_the_maps()
    pixel = free_pixel(four, 2)
    before = four.map(2).grab().toImage()
    four.hover(2, pixel)
    probe = four.probe(2)
    assert probe.kind == "between"
    for other in (0, 1, 3):
        assert (four.probe(other).kind, four.probe(other).nearest) == ("linked", probe.nearest)
    end = four.pixel(2, probe.nearest)
    middle = (pixel + end) / 2
    after = four.map(2).grab().toImage()
    around = [middle + QPoint(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    bare, crossed = (
        min(picture.pixelColor(place).lightness() for place in around)
        for picture in (before, after)
    )
    assert crossed < 90 < bare
    four.hover(2, end)
    assert four.map(2)._cross_hair.link is None, "on the dot there is nowhere to lead to"


def test_a_lasso_on_one_of_four_maps_is_seen_on_all(four):
    view = four.map(3)
    corners = [
        QPoint(round(x * view.width()), round(y * view.height()))
        for x, y in ((0.2, 0.2), (0.8, 0.2), (0.5, 0.9), (0.2, 0.2))
    ]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, SHIFT, corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(view, corner)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, SHIFT, corners[-1])
    four.wait(lambda: four.session.selection)
    expected = four.session.selection.mask
    assert 50 < expected.sum() < 1750
    for panel in four.window.maps:
        np.testing.assert_array_equal(panel.view.dots.standing_out, expected)


def test_the_button_of_the_toolbar_shows_maps_as_they_were_made_and_turned_again(explorer):
    explorer.wait_for_the_maps()
    session, button = explorer.session, explorer.window.align_action
    turned = session.slots[1].lift.positions
    assert button.isChecked()
    button.trigger()
    explorer.wait_for_the_maps()
    raw = session.slots[1].exhibit.maps["z"]
    made = session.slots[1].lift.positions
    assert any(np.array_equal(made, one.positions) for one in raw.values())
    assert not np.allclose(made, turned)
    button.trigger()
    explorer.wait_for_the_maps()
    np.testing.assert_array_equal(session.slots[1].lift.positions, turned)


def test_only_a_model_that_changed_is_measured_again_and_other_images_have_another_scale(
    explorer, monkeypatch
):
    measured, before = [], overlaying.stretch
    monkeypatch.setattr(
        overlaying, "stretch", lambda space, lift: (measured.append(lift), before(space, lift))[1]
    )
    explorer.wait_for_the_maps()
    explorer.session.overlays.choose("stretch")
    wait_for_stretch(explorer, 0, 1)
    left, right = stretch(explorer, 0), stretch(explorer, 1)
    assert left.reference == right.reference
    for name in ("none", "decodes", "stretch"):
        explorer.session.overlays.choose(name)
    wait_for_stretch(explorer, 0, 1)
    assert len(measured) == 2
    assert stretch(explorer, 1).changes is right.changes
    other = explorer.session.slots[0].exhibit
    other = replace(other, source=replace(other.source, fingerprint="00" * 32))
    explorer.session.put(1, other)
    wait_for_stretch(explorer, 1)
    assert len(measured) == 3
    assert stretch(explorer, 0).changes is left.changes
    for slot in (0, 1):
        assert stretch(explorer, slot).reference == pytest.approx(stretch(explorer, slot).median)
    low = explorer.window.maps[0].overlay_key.key.scale.low
    assert low == f"{left.median / SPAN:.2g}", "the legend of what stayed says so"


def test_one_latent_dimension_has_overlays_all_over_its_columns(open_explorer, tmp_path):
    folder = trained(tmp_path / "run", "vae", 3, latent_dim=1)
    explorer = open_explorer(folder, folder).wait_until_ready()
    explorer.wait_for_the_maps()
    explorer.session.overlays.choose("stretch")
    wait_for_stretch(explorer, 0)
    changes = stretch(explorer, 0).changes[1:-1, 1:-1]
    assert np.isfinite(changes).any(axis=0).mean() > 0.5
    np.testing.assert_allclose(changes, np.broadcast_to(changes[0], changes.shape), rtol=1e-4)
    explorer.session.overlays.choose("ellipses")
    explorer.wait(lambda: explorer.map(0).overlay.shown == NoEllipses("one dimension"))
    assert "one latent dimension" in explorer.map(0).accessibleDescription()
    explorer.session.overlays.choose("none")
    explorer.hover(0, QPoint(3, 3))
    view = explorer.map(0)
    position = np.median(explorer.session.slots[0].lift.positions[:, 0])
    pixel = QPoint(round(view.to_pixel((position, 0.0)).x()), 12)
    explorer.hover(0, pixel)
    assert explorer.probe(0).kind == "between", "far above its dots, but among its codes"


def test_without_a_rate_or_with_too_much_of_it_there_is_no_green_light(open_explorer, tmp_path):
    folders = [
        trained(tmp_path / "beta0", "vae", 20, latent_dim=8, beta=0.0),
        trained(tmp_path / "beta200", "vae", 12, latent_dim=8, beta=200.0),
    ]
    explorer = open_explorer(*folders).wait_until_ready()
    session = explorer.session
    session.set_slot_count(3)
    explorer.wait(lambda: {session.scores.states.get(slot) for slot in (0, 1)} == {"scored"})
    loose, collapsed = (session.scores.by_slot[slot] for slot in (0, 1))
    # What the default pair's VAE has is more than four times as much (tests/test_default_pair.py).
    assert loose["completeness"]["score"] < 0.5
    assert collapsed["completeness"]["score"] < 0.2
    line = explorer.window.maps[1]._scores.text()
    assert line.startswith(headlines(collapsed)[0])
    assert "continuity" not in line, "it would be a good number"
    explorer.window.show_panel("scorecard")
    panel = explorer.panel("scorecard")
    explorer.wait(lambda: (1, 0) in panel.bars and not turns().busy())
    assert panel.bars[1, 0].value is None
    assert "carries" in panel.bars[1, 0].text
    assert "carries" in panel.bars[1, 0].toolTip()
    said = [text for text, _ in panel._said]
    assert not any(text.startswith("B is more continuous") for text in said)
    assert any("too little" in text for text in said)


def test_four_maps_with_all_that_stands_around_them_fit_a_small_window(open_explorer, tmp_path):
    folder = trained(tmp_path / "run", "hvae", 1, latent_dim=4)
    explorer = open_explorer(*4 * [folder]).wait_until_ready()
    window = explorer.window
    window.resize(1280, 800)
    explorer.session.overlays.choose("ellipses")
    explorer.wait(lambda: all(panel.overlay_key.isVisible() for panel in window.maps))
    for key in ("training", "samples", "scorecard", "path", "worst"):
        window.show_panel(key)
        dock = window.docks[key]
        explorer.wait(lambda dock=dock: dock.widget() and dock.widget().isVisible())
        explorer.wait(lambda: not turns().busy())
        assert window.size() == QSize(1280, 800), key
    foot, head = window.maps[3].foot, window.maps[3].spaces
    assert foot.axes.isVisible()
    assert head.isVisible()
    across = foot.axes.across
    names = [across.itemText(number) for number in range(across.count())]
    assert names == ["z2 1", "z2 2", "z2 3", "z2 4"], "z1 is the name of the other layer"
