"""A person sets how maps are made: what is taken, refused, made again and kept."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from vaeexplorer.gui.panels.map_settings import MapSettings

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(explorer):
    """The settings of map B, opened by its button."""
    explorer.wait_for_the_maps()
    QTest.mouseClick(explorer.window.maps[1]._settings, Qt.MouseButton.LeftButton)
    dialog = explorer.window.findChild(MapSettings)
    yield dialog
    dialog.close()


def press_apply(settings):
    QTest.mouseClick(settings.apply_button, Qt.MouseButton.LeftButton)


def test_the_settings_are_those_of_the_map_that_is_shown(explorer, settings):
    shown = explorer.session.shown_map(1)
    assert settings.method.currentData() == shown.method
    assert settings.neighbours.value() == shown.settings["neighbours"]
    assert settings.min_dist.value() == pytest.approx(shown.settings["min_dist"])
    assert settings.sample.text() == "all"


def test_a_map_is_made_as_it_is_set_and_only_there(explorer, settings):
    other = explorer.session.shown_map(0)
    settings.method.setCurrentIndex(settings.method.findData("umap"))
    settings.neighbours.setValue(7)
    settings.min_dist.setValue(0.35)
    settings.epochs.setValue(12)
    settings.seed.setValue(5)
    settings.sample.setValue(800)
    press_apply(settings)
    assert settings.message.text() == ""
    explorer.wait(lambda: explorer.session.shown_map(1).method == "umap")
    made = explorer.session.shown_map(1)
    assert made.settings == {
        "neighbours": 7,
        "min_dist": 0.35,
        "epochs": 12,
        "seed": 5,
        "sample": 800,
    }
    explorer.wait_for_the_maps()
    assert explorer.session.shown_map(0) is other
    np.testing.assert_array_equal(explorer.session.slots[1].lift.positions, made.positions)


def test_what_makes_no_map_is_refused_in_one_sentence_and_the_map_stays(explorer, settings):
    former = explorer.session.shown_map(1)
    settings.neighbours.setValue(40)
    settings.sample.setValue(30)
    press_apply(settings)
    assert "40 neighbours" in settings.message.text()
    assert settings.message.text().count(".") == 1
    settings.method.setCurrentIndex(settings.method.findData("axes"))
    assert settings.message.text() == ""
    assert not settings.neighbours.isEnabled()
    press_apply(settings)
    assert "these codes have 8" in settings.message.text()
    assert explorer.session.shown_map(1) is former
    assert not explorer.session.lanes.map.busy or not explorer.session.slots[1].growing


def test_pca_is_shown_at_once_in_every_slot_and_on_the_toolbar(explorer, settings):
    settings.method.setCurrentIndex(settings.method.findData("pca"))
    press_apply(settings)
    assert [explorer.session.shown_map(slot).method for slot in (0, 1)] == ["pca", "pca"]
    explorer.wait_for_the_maps()
