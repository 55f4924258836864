"""A person lays decodes, the local stretch, holes and draws over the maps."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from vaeexplorer.gui.turns import Turns, turns
from vaeexplorer.gui.widgets.overlay_choice import OverlayChoice
from vaeexplorer.gui.widgets.overlay_texts import key_of
from vaeexplorer.jobs.draws import Draws
from vaeexplorer.jobs.ellipses import Ellipses, NoEllipses
from vaeexplorer.jobs.holes import Holes
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.jobs.overlays import DecodeGrid, Stretch

pytestmark = pytest.mark.slow

NO_RAISING = pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
"""Said by the offscreen platform of every tooltip."""


def shown(explorer, slot):
    return explorer.map(slot).overlay.shown


def controls(explorer):
    return explorer.window.findChild(OverlayChoice)


def choose(explorer, key):
    """Choose the overlay `key` by the keyboard."""
    box = controls(explorer).choice
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.findData(key)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert explorer.session.overlays.name == key


class Paints(QObject):
    """Notes down which of some widgets is painted, and between which turns."""

    def __init__(self, widgets, monkeypatch):
        super().__init__(widgets[0])
        self.widgets, self.seen = widgets, []
        for widget in widgets:
            widget.installEventFilter(self)
        real = Turns._do_next
        monkeypatch.setattr(Turns, "_do_next", lambda its: (self.seen.append("turn"), real(its)))

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.seen.append(self.widgets.index(watched))
        return False


def rest_on(view, pixel):
    """What Qt sends once the mouse has rested for a while."""
    QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, pixel, view.mapToGlobal(pixel)))


def whole(grid):
    return isinstance(grid, DecodeGrid) and grid.done.all()


def wait_for_the_turns(explorer):
    """Wait until every map has what is known, on one scale, and the height that it keeps."""
    explorer.wait(lambda: not (explorer.session.lanes.overlay.busy or turns().busy()))


def wait_for_decodes(explorer):
    explorer.wait(lambda: all(whole(shown(explorer, slot)) for slot in (0, 1)))


def wait_for_stretch(explorer):
    explorer.wait(lambda: all(isinstance(shown(explorer, slot), Stretch) for slot in (0, 1)))
    explorer.wait(lambda: not explorer.session.lanes.overlay.busy)
    explorer.wait(lambda: all(max(shown(explorer, s).changes.shape) == 66 for s in (0, 1)))
    wait_for_the_turns(explorer)


def test_decodes_cover_what_is_in_view_and_follow_it(explorer):
    explorer.wait_for_the_maps()
    # Before there is a lattice a place is lifted to nearly, not exactly, the same code.
    explorer.wait(lambda: all(state.lift.lattice for state in explorer.session.slots))
    choose(explorer, "decodes")
    wait_for_decodes(explorer)
    view, before = explorer.map(0), shown(explorer, 0)
    view.zoom(4.0)
    explorer.wait(
        lambda: (
            whole(shown(explorer, 0))
            and shown(explorer, 0).step[0] == pytest.approx(before.step[0] / 4)
        )
    )
    grid = shown(explorer, 0)
    lift = explorer.session.slots[0].lift
    space = next(iter(explorer.session.slots[0].exhibit.spaces.values()))
    place = grid.low + grid.step * (3.5, 2.5)
    np.testing.assert_array_equal(
        grid.images[2, 3], decode_pixels(space, lift.lift_grid(place[None]))[0]
    )
    assert explorer.map(1).accessibleDescription().startswith("decodes")
    assert explorer.window.maps[1].overlay_key.accessibleDescription().startswith("decodes")


def test_the_stretch_of_both_models_is_on_one_scale_and_kept(explorer):
    explorer.wait_for_the_maps()
    choose(explorer, "stretch")
    wait_for_stretch(explorer)
    first, second = shown(explorer, 0), shown(explorer, 1)
    assert first.reference == second.reference
    # The autoencoder's pictures change more per step: that is what its continuity says.
    assert first.median > 1.5 * second.median
    choose(explorer, "none")
    explorer.wait(lambda: shown(explorer, 0) is None)
    choose(explorer, "stretch")
    explorer.wait(lambda: all(shown(explorer, slot) is not None for slot in (0, 1)))
    assert shown(explorer, 0).changes is first.changes


def test_no_two_maps_are_drawn_in_one_turn(explorer, monkeypatch):
    choose(explorer, "stretch")
    wait_for_stretch(explorer)
    choose(explorer, "none")
    for name in ("stretch", "none"):
        wait_for_the_turns(explorer)
        paints = Paints([explorer.map(0), explorer.map(1)], monkeypatch)
        explorer.session.overlays.choose(name)
        explorer.wait(lambda now=paints: {0, 1} <= set(now.seen))
        first, second = sorted(paints.seen.index(slot) for slot in (0, 1))
        assert "turn" in paints.seen[first:second]


def test_another_map_gets_an_overlay_of_its_own(explorer):
    explorer.wait_for_the_maps()
    explorer.session.overlays.choose("stretch")
    wait_for_stretch(explorer)
    assert controls(explorer).choice.currentData() == "stretch"
    before = shown(explorer, 1).changes
    explorer.session.set_map_method("pca")
    assert shown(explorer, 1) is None
    wait_for_stretch(explorer)
    assert shown(explorer, 1).changes is not before
    explorer.session.clear(1)
    assert shown(explorer, 1) is None


def test_the_opacity_is_one_for_all_maps_also_later_ones(explorer):
    slider = controls(explorer).opacity
    assert not slider.isVisible(), "there is nothing to be seen through"
    explorer.session.overlays.choose("stretch")
    assert slider.isVisible()
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    explorer.session.set_slot_count(3)
    assert {panel.view.overlay.opacity for panel in explorer.window.maps} == {0.1}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dots_stay_to_be_seen_under_the_stretch(explorer, theme):
    explorer.wait_for_the_maps()
    explorer.window.set_theme(theme)
    view = explorer.map(0)
    positions = explorer.session.shown_map(0).positions
    apart = [np.partition(((positions - place) ** 2).sum(axis=1), 1)[1] for place in positions]
    explorer.hover(0, QPoint(3, 3))

    def contrast():
        picture, dot = view.grab().toImage(), explorer.pixel(0, int(np.argmax(apart)))
        one, other = picture.pixelColor(dot), picture.pixelColor(dot + QPoint(9, 0))
        return np.abs(np.subtract(one.getRgb(), other.getRgb())).max()

    before = contrast()
    explorer.session.overlays.choose("stretch")
    wait_for_stretch(explorer)
    assert contrast() > 0.4 * before


@NO_RAISING
def test_a_click_on_the_worst_draw_takes_the_probe_there(explorer):
    explorer.wait_for_the_maps()
    choose(explorer, "draws")
    explorer.wait(lambda: all(isinstance(shown(explorer, slot), Draws) for slot in (0, 1)))
    explorer.wait(lambda: all(len(shown(explorer, slot).codes) == 400 for slot in (0, 1)))
    wait_for_the_turns(explorer)
    ours, theirs = shown(explorer, 1), shown(explorer, 0)
    assert (theirs.law, ours.law) == ("fitted Gaussian", "standard normal")
    assert ours.limit == theirs.limit == max(ours.distances.max(), theirs.distances.max())
    worst, view = ours.worst[0], explorer.map(1)
    # The first hover takes the line away that asks for it, and the maps grow.
    explorer.hover(1, QPoint(3, 3))
    pixel = view.to_pixel(ours.places[worst]).toPoint()
    assert view.cursor().shape() == Qt.CursorShape.CrossCursor
    explorer.hover(1, pixel)
    assert view.cursor().shape() == Qt.CursorShape.PointingHandCursor
    rest_on(view, pixel)
    assert f"{ours.distances[worst]:.2f} from the nearest real image, number 1 of 400" in (
        QToolTip.text()
    )
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=pixel)
    explorer.wait(explorer.decoded)
    held = explorer.session.slots[1].held
    np.testing.assert_array_equal(held.z, ours.codes[worst])
    np.testing.assert_allclose(held.position, ours.places[worst], rtol=1e-5)


@NO_RAISING
def test_holes_say_how_much_of_the_law_they_swallow_and_lead_there(explorer):
    explorer.wait_for_the_maps()
    choose(explorer, "holes")
    explorer.wait(lambda: all(isinstance(shown(explorer, slot), Holes) for slot in (0, 1)))
    wait_for_the_turns(explorer)
    theirs, ours = shown(explorer, 0).emptied, shown(explorer, 1).emptied
    assert (theirs.law, ours.law) == ("fitted Gaussian", "standard normal")
    # More of even the most favourable law misses the codes of the autoencoder.
    assert theirs.share > 2 * ours.share > 0
    panel = explorer.window.maps[1]
    assert f"{100 * ours.share:.1f} % of the standard normal" in panel.view.accessibleDescription()
    legend = panel.overlay_key.mapTo(panel, QPoint(0, 0))
    assert legend.y() > panel.view.mapTo(panel, panel.view.rect().bottomLeft()).y()
    explorer.hover(1, QPoint(3, 3))
    pixel = panel.view.to_pixel(shown(explorer, 1).places[0]).toPoint()
    explorer.hover(1, pixel)
    rest_on(panel.view, pixel)
    assert "times as far from every posterior" in QToolTip.text()
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=pixel)
    explorer.wait(explorer.decoded)
    held = explorer.session.slots[1].held.z
    assert any(np.array_equal(held, z) for z in ours.codes)
    explorer.session.set_map_method("pca")
    explorer.wait(lambda: isinstance(shown(explorer, 1), Holes))
    assert shown(explorer, 1).emptied is ours, "what is true of the model was measured once"

    def others():
        """Whether there are holes of another law than before."""
        found = shown(explorer, 1)
        return isinstance(found, Holes) and found.emptied is not before

    before = ours
    explorer.session.samples.choose_law("mixture:3")
    explorer.wait(others)
    before = fitted = shown(explorer, 1).emptied
    assert fitted.cover is ours.cover
    assert (
        f"{100 * fitted.share:.1f} % of the fitted mixture of 3"
        in panel.view.accessibleDescription()
    )
    explorer.session.samples.choose_law("neighbours")
    explorer.wait(others)
    assert shown(explorer, 1).emptied is ours, "a model without a codebook is asked for its own"


def test_the_legend_is_below_the_map_and_tells_the_opacity(explorer):
    explorer.wait_for_the_maps()
    panel = explorer.window.maps[0]
    assert not panel.overlay_key.isVisible()
    height = panel.view.height()
    choose(explorer, "stretch")
    wait_for_stretch(explorer)
    key = panel.overlay_key
    explorer.wait(lambda: key.isVisible() and panel.view.height() < height)
    assert "per standard deviation" in key.accessibleDescription()
    assert not any("opacity" in entry.text for entry in key.entries())
    controls(explorer).opacity.setValue(40)
    assert key.entries()[-1].text == "opacity 40 %"


def test_ellipses_bring_their_axes_along_and_follow_what_is_looked_at(explorer):
    explorer.wait_for_the_maps()
    session = explorer.session

    def wait_for(kind, slot=1):
        explorer.wait(lambda: isinstance(shown(explorer, slot), kind))
        explorer.wait(lambda: not session.lanes.overlay.busy)
        explorer.wait_for_the_maps()

    choose(explorer, "ellipses")
    wait_for(Ellipses)
    assert session.map_method == "dimensions"
    # An autoencoder has none, and says why.
    assert shown(explorer, 0) == NoEllipses("no posterior")
    assert "no variance" in explorer.window.maps[0].overlay_key.accessibleDescription()
    across, up = session.axes_of(1)
    codes = next(iter(session.slots[1].exhibit.codes.values()))
    np.testing.assert_array_equal(session.slots[1].lift.positions, codes.mean[:, [across, up]])
    explorer.hover(1, explorer.pixel(1, 500))
    explorer.wait(lambda: session.slots[1].probe.nearest in shown(explorer, 1).images[:1])
    session.select(1, np.arange(10, 20))
    explorer.wait(lambda: shown(explorer, 1).images.tolist() == list(range(10, 20)))
    explorer.wait(lambda: shown(explorer, 1).overlap is not None)
    assert "10 selected posteriors" in explorer.map(1).accessibleDescription()
    for reach, told in ((0.01, "narrower than dots: zoom in"), (3, "3 times as wide")):
        assert told in key_of(replace(shown(explorer, 1), reach=reach)).entries[1].text
    # The same dimension for both: they change places.
    axes = explorer.window.maps[1].foot.axes
    assert (axes.across.currentIndex(), axes.up.currentIndex()) == (across, up)
    axes.across.setFocus()
    QTest.keyClick(axes.across, Qt.Key.Key_Home)
    for _ in range(up):
        QTest.keyClick(axes.across, Qt.Key.Key_Down)
    assert session.axes_of(1) == (axes.across.currentIndex(), axes.up.currentIndex())
    assert session.axes_of(1)[0] == up
    wait_for(Ellipses)
    assert not explorer.told
    choose(explorer, "none")
    assert session.map_method == "umap", "the map that gave way is back"
    assert not axes.isVisible()
