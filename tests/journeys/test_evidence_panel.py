"""A person asks how probable the models find images."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

pytestmark = pytest.mark.slow


def open_evidence(explorer):
    """Show the panel, and wait until the VAE in slot B has been measured."""
    explorer.window.show_panel("evidence")
    panel = explorer.panel("evidence")
    explorer.wait(lambda: 1 in explorer.session.evidence and 0 in panel._reasons)
    return panel


def texts(panel):
    return [label.text() for label in panel._numbers.findChildren(QLabel)]


def test_the_numbers_of_the_vae_stand_there_and_the_ae_says_why_it_has_none(explorer):
    evidence = open_evidence(explorer)
    found = explorer.session.evidence[1]
    said = texts(evidence)
    assert f"{found.elbo.mean():.1f}" in said
    assert f"{found.gap:.2f}" in said
    assert any("declares no probability" in text for text in said)
    assert 0 not in explorer.session.evidence


def test_a_click_on_a_hard_image_takes_the_probe_there(explorer):
    evidence = open_evidence(explorer)
    found = explorer.session.evidence[1]
    hardest = int(found.images[found.best.per_image.argmin()])
    button = evidence._numbers.findChildren(QToolButton)[0]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    explorer.wait(explorer.decoded)
    assert explorer.probe(1).nearest == hardest
    assert explorer.probe(0).nearest == hardest
    assert explorer.session.slots[1].held is explorer.probe(1)


def test_what_leaves_its_slot_leaves_the_evidence(explorer):
    evidence = open_evidence(explorer)
    explorer.session.clear(1)
    assert explorer.session.evidence == {}
    assert not evidence._numbers.findChildren(QToolButton)


def test_a_slot_that_is_gone_leaves_the_evidence(explorer):
    open_evidence(explorer)
    explorer.session.set_slot_count(1)
    assert explorer.session.evidence == {}


def test_nothing_is_measured_until_somebody_looks(explorer):
    explorer.wait(lambda: not explorer.session._map_lane.busy)
    assert explorer.session.evidence == {}
