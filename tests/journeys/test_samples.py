"""A person looks at draws from laws of the codes, and chooses another law."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest

from vaeexplorer.gui.turns import turns
from vaeexplorer.jobs.draws import Draws, NoDraws
from vaeexplorer.jobs.opening import decode_pixels

pytestmark = pytest.mark.slow


@pytest.fixture
def visitor(explorer):
    """A person with the panel open, once draws of both models are there."""
    explorer.window.show_panel("samples")
    explorer.wait(lambda: len(explorer.session.samples.by_slot) == 2)
    return explorer


def drawn_from(explorer, law):
    explorer.wait(
        lambda: all(
            explorer.session.samples.by_slot[slot].law == law
            for slot in range(2)
            if slot in explorer.session.samples.by_slot
        )
    )


def choose_mixture(panel):
    """Choose it by keys: it is the third law, and has ten Gaussians at first."""
    panel.choice.setFocus()
    for _ in range(2):
        QTest.keyClick(panel.choice, Qt.Key.Key_Down)
    assert panel.number.isEnabled()
    assert "full covariance" in panel.number.toolTip()
    assert panel.number.value() == 10


def test_each_model_draws_from_its_own_law_at_first(visitor):
    assert visitor.session.samples.by_slot[0].law == "fitted Gaussian"
    assert visitor.session.samples.by_slot[1].law == "standard normal"
    panel = visitor.panel("samples")
    for slot, part in enumerate(panel.slots):
        assert visitor.session.samples.by_slot[slot].law in part.about.text()
        assert part.grid.isVisible()


def test_four_slots_with_posteriors_over_their_maps_fit_a_small_window(visitor):
    window, session = visitor.window, visitor.session
    window.resize(1280, 800)
    session.set_slot_count(4)
    for slot in (2, 3):
        session.put(slot, session.slots[slot - 2].exhibit)
    session.overlays.choose("ellipses")
    visitor.wait(lambda: len(session.samples.by_slot) == 4)
    visitor.wait(lambda: all(panel.overlay_key.isVisible() for panel in window.maps))
    visitor.wait(lambda: not turns().busy())
    assert window.size() == QSize(1280, 800)
    for part in visitor.panel("samples").slots:
        number = part.about.text().splitlines()[1]
        assert part.about.fontMetrics().horizontalAdvance(number) <= part.about.width()
        assert "completeness" in part.about.accessibleName(), "a number has a name"


def test_a_click_puts_the_probe_on_the_draw_beside_its_nearest_image(visitor):
    visitor.wait_for_the_maps()
    part, samples = visitor.panel("samples").slots[0], visitor.session.samples.by_slot[0]
    # Before it has its room some of the draws are those that its last cell counts.
    visitor.wait(lambda: part.grid.isVisible() and len(part.grid.shown) == len(samples.z))
    QTest.mouseClick(part.grid, Qt.MouseButton.LeftButton, pos=part.grid.cell(3).center())
    visitor.wait(visitor.decoded)
    np.testing.assert_array_equal(visitor.probe(0).z, samples.z[3])
    assert visitor.session.slots[0].held is visitor.probe(0)
    assert f"#{samples.nearest[3]}" in part._pair_text.text()
    assert part.draw_view.isVisible()
    assert part.real_view.isVisible()
    QTest.keyClick(part.grid, Qt.Key.Key_Right)
    visitor.wait(visitor.decoded)
    np.testing.assert_array_equal(visitor.probe(0).z, samples.z[4])
    space = visitor.session.slots[0].exhibit.spaces["z"]
    np.testing.assert_array_equal(samples.pictures, decode_pixels(space, samples.z))


def test_the_dial_chooses_a_mixture_and_a_key_makes_new_draws(visitor):
    panel = visitor.panel("samples")
    for part in (panel.dial, panel.number):
        assert not part.isEnabled(), "a declared prior has no components"
        assert "Only a mixture" in part.toolTip()
    choose_mixture(panel)
    panel.number.setFocus()
    QTest.keyClick(panel.number, Qt.Key.Key_Up)
    assert visitor.session.samples.law == "mixture:11"
    assert panel.choice.currentText() == "mixture of Gaussians"
    assert panel.dial.value() == 11
    drawn_from(visitor, "fitted mixture of 11")
    before = visitor.session.samples.by_slot[1].z
    panel.dial.setFocus()
    QTest.keyClick(visitor.window, Qt.Key.Key_N)
    visitor.wait(lambda: not np.array_equal(visitor.session.samples.by_slot[1].z, before))
    assert visitor.session.samples.by_slot[1].law == "fitted mixture of 11"


def test_the_completeness_of_the_chosen_law_is_measured_before_the_others(visitor):
    visitor.session.samples.choose_law("mixture:17")
    visitor.wait(
        lambda: (
            all(
                "mixture:17" in found.scores
                for found in visitor.session.samples.comparisons.values()
            )
            and len(visitor.session.samples.comparisons) == 1
        )
    )
    (found,) = visitor.session.samples.comparisons.values()
    assert not found.whole
    slot = next(iter(visitor.session.samples.comparisons))
    score = found.scores["mixture:17"].score
    visitor.wait(lambda: f"{score:.3f}" in visitor.panel("samples").slots[slot].about.text())


def test_a_law_of_codebooks_is_refused_in_words_by_models_without_one(visitor):
    visitor.session.samples.choose_law("neighbours")
    part = visitor.panel("samples").slots[0]
    visitor.wait(lambda: part._reason.isVisible())
    assert "no codebook" in part._reason.text()
    assert not part.grid.isVisible()


def test_the_draws_over_the_maps_are_from_the_law_that_is_chosen(visitor):
    visitor.wait_for_the_maps()
    visitor.session.overlays.choose("draws")

    def drawn(slot):
        return visitor.window.maps[slot].view.overlay.shown

    def come_from(*laws):
        visitor.wait(
            lambda: all(
                isinstance(drawn(slot), Draws)
                and drawn(slot).law == law
                and len(drawn(slot).codes) == 400
                for slot, law in enumerate(laws)
            )
        )

    come_from("fitted Gaussian", "standard normal")
    panel = visitor.panel("samples")
    choose_mixture(panel)
    panel.number.setFocus()
    QTest.keyClick(panel.number, Qt.Key.Key_Up)
    come_from("fitted mixture of 11", "fitted mixture of 11")
    fits = visitor.session.samples._fits[1]
    expected = fits.law("mixture:11").sample(400, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(drawn(1).codes, expected.numpy())
    for map_panel in visitor.window.maps:
        assert "400 draws (fitted mixture of 11)" in map_panel.view.accessibleDescription()
    visitor.session.samples.choose_law("neighbours")
    visitor.wait(lambda: isinstance(drawn(0), NoDraws) and isinstance(drawn(1), NoDraws))
    assert "no codebook" in visitor.window.maps[0].view.accessibleDescription()


def test_what_leaves_a_slot_takes_its_draws_along(visitor):
    visitor.session.clear(1)
    part = visitor.panel("samples").slots[1]
    assert part._reason.text() == "This slot is empty."
    assert 1 not in visitor.session.samples.by_slot
    visitor.session.set_slot_count(1)
    assert len(visitor.panel("samples").slots) == 1


def test_nothing_is_drawn_before_anybody_asks(explorer):
    explorer.wait(lambda: set(explorer.session.scores.states.values()) == {"scored"})
    assert explorer.session.samples.by_slot == {}
    assert explorer.session.samples.comparisons == {}
