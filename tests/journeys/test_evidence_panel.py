"""A person asks how probable the models find images."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

from vaeexplorer.data import open_data
from vaeexplorer.drawing.numbers import written
from vaeexplorer.gui.turns import turns
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.run import Config, Measures, result_of
from vaeexplorer.storage import RunSummary

pytestmark = pytest.mark.slow

OTHERS = {"vqvae": {"latent_dim": 8, "codes": 12}, "flowvae": {"latent_dim": 1, "hidden": [32]}}


def open_evidence(explorer):
    """Show the panel, and wait until the VAE in slot B has been measured."""
    explorer.window.show_panel("evidence")
    panel = explorer.panel("evidence")
    explorer.wait(lambda: 1 in explorer.session.evidence.by_slot and 0 in panel._reasons)
    wait_for_the_numbers(explorer)
    return panel


def wait_for_the_numbers(explorer):
    """Wait until all that is known has had its turn to be written down."""
    explorer.wait(lambda: not turns().busy())


def texts(panel):
    return [label.text() for label in panel._numbers.findChildren(QLabel)]


def test_the_numbers_of_the_vae_stand_there_and_the_ae_says_why_it_has_none(explorer):
    evidence = open_evidence(explorer)
    found = explorer.session.evidence.by_slot[1]
    said = texts(evidence)
    assert written(found.elbo.mean(), 1) in said
    assert f"{found.gap:.2f}" in said
    assert any("declares no probability" in text for text in said)
    assert 0 not in explorer.session.evidence.by_slot


def test_a_click_on_a_hard_image_takes_the_probe_there(explorer):
    evidence = open_evidence(explorer)
    found = explorer.session.evidence.by_slot[1]
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
    assert explorer.session.evidence.by_slot == {}
    wait_for_the_numbers(explorer)
    assert not evidence._numbers.findChildren(QToolButton)


def test_a_slot_that_is_gone_leaves_the_evidence(explorer):
    open_evidence(explorer)
    explorer.session.set_slot_count(1)
    assert explorer.session.evidence.by_slot == {}


def test_nothing_is_measured_until_somebody_looks(explorer):
    explorer.wait(lambda: not explorer.session.lanes.map.busy)
    assert explorer.session.evidence.by_slot == {}


def test_one_dimension_of_all_codes_stands_against_the_prior(explorer):
    evidence = open_evidence(explorer)
    page = evidence.pages
    QTest.mouseClick(page._buttons["marginal"], Qt.MouseButton.LeftButton)
    explorer.wait(lambda: page.marginal._curve is not None)
    first = page.marginal._curve
    assert first.dimension == page.dimension
    assert f"KL(q || p) = {first.divergence:.3f} nats" in page.marginal._title
    page._dimensions.setFocus()
    QTest.keyClick(page._dimensions, Qt.Key.Key_Down)
    explorer.wait(lambda: page.marginal._curve.dimension == page.dimension != first.dimension)
    explorer.session.activate(0)
    explorer.wait(lambda: page.marginal._curve.prior is None)
    assert "no prior" in page.marginal._title


def test_images_are_drawn_of_the_probe_once_it_rests(explorer):
    evidence = open_evidence(explorer)
    evidence.pages.turn_to("draws")
    drawn = {}
    explorer.session.evidence.images_drawn.connect(drawn.__setitem__)
    explorer.wait_for_the_maps()
    explorer.session.probe_image(1, 33)
    explorer.wait(lambda: len(drawn) == 2)
    for slot, views in enumerate(evidence.pages.draws.views):
        assert all(view.isVisible() for view in views), slot
    explorer.session.set_slot_count(3)
    assert len(evidence.pages.draws.views) == 3
    assert evidence.pages.page == "draws"


def test_the_noise_of_gradients_and_the_overfitting_stand_among_the_numbers(explorer):
    evidence = open_evidence(explorer)
    explorer.wait(lambda: len(explorer.session.scores.by_slot) == 2)
    ratio = explorer.session.evidence.by_slot[1].gradient_ratio
    assert ratio > 1
    wait_for_the_numbers(explorer)
    said = texts(evidence)
    assert any(text.startswith(f"{ratio:.1f}") for text in said)
    for scores in explorer.session.scores.by_slot.values():
        assert written(scores["r2_train_minus_held_out"], 3) in said


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Folders of a VQ-VAE and of a flow VAE of the digits."""
    folder, digits = tmp_path_factory.mktemp("runs"), open_data("digits")
    for family, options in OTHERS.items():
        config = Config(family, options, epochs=2)
        result_of(train_and_save(digits, config, None, folder=folder / family))
    return [str(folder / family) for family in OTHERS]


def test_a_point_mass_and_fields_have_numbers_and_say_what_they_are(open_explorer, others):
    letters, flow = others
    person = open_explorer(letters, str(default_pair_folders()[1]), flow).wait_until_ready()
    person.window.show_panel("evidence")
    panel = person.panel("evidence")
    person.wait(lambda: set(person.session.evidence.by_slot) == {0, 1, 2})
    wait_for_the_numbers(person)
    said = texts(panel)
    point = person.session.evidence.by_slot[0]
    assert written(point.elbo.mean(), 1) in said
    assert sum("point mass" in text for text in said) == 1
    assert sum("log p(F|s)" in text for text in said) == 1
    rate = next(one for one in panel._numbers.findChildren(QLabel) if "ln 12" in one.toolTip())
    assert rate.text() == f"{point.rate:.1f}"
    assert "4 positions" in rate.toolTip()
    assert "14.3 bits" in rate.toolTip()
    person.session.activate(0)
    assert set(panel.plane._slots) == {0, 1}
    assert panel.plane.accessibleName().endswith("(other nats: C)")
    assert set(panel.bounds._curves) == {0, 1}
    person.session.activate(2)
    assert set(panel.plane._slots) == set(panel.bounds._curves) == {2}
    panel.pages.turn_to("posterior")
    person.wait(lambda: panel.pages.posterior.accessibleName())
    assert "log p(F|s)" in panel.pages.posterior.accessibleName()
    assert "q(z|F, s)" in panel.pages.posterior.toolTip()
    assert f"image #{person.probe(2).nearest}." in panel.pages.posterior.toolTip()
    panel.pages.turn_to("draws")
    fields = panel.pages.draws.views[2]
    person.wait(lambda: all(view.isVisible() for view in fields))


def test_other_runs_stand_in_the_plane_if_their_nats_are_of_one_kind(explorer):
    evidence = open_evidence(explorer)
    images = explorer.session.slots[1].exhibit.source.fingerprint
    told = Measures(20.0, 4.0)
    explorer.session.runs.listed.emit(
        [
            RunSummary(Path(name), name, "vae", fingerprint=images, measures=told, settings=options)
            for name, options in (
                ("as it is", {}),
                ("a density", {"likelihood": "gaussian"}),
                ("black and white", {"binarise": "dynamic"}),
                ("of no version", {"likelihood": "unheard of"}),
            )
        ]
    )
    assert [name for name, _ in evidence.plane._others] == ["as it is"]


def test_what_is_not_of_single_images_is_told_below_the_plane(explorer):
    evidence = open_evidence(explorer)
    assert not evidence._apart.isVisible()
    images = explorer.session.slots[1].exhibit.source.fingerprint
    groups = Measures(20.0, 1.0)
    explorer.session.runs.listed.emit(
        [
            RunSummary(Path("g"), "g", "mlvae", fingerprint=images, measures=groups, settings={}),
            RunSummary(
                Path("v"), "v", "vae", fingerprint=images, measures=Measures(19.0, 4.0), settings={}
            ),
        ]
    )
    assert evidence._apart.isVisible()
    assert "\N{WHITE DIAMOND} ML-VAE: images of one group share" in evidence._apart.text()
    assert evidence.plane._apart == (groups,)
    explorer.session.runs.listed.emit([])
    assert not evidence._apart.isVisible()


def test_the_numbers_of_four_slots_need_no_scrolling_sideways(open_explorer):
    folders = [str(folder) for folder in default_pair_folders()]
    person = open_explorer(*folders, *folders).wait_until_ready()
    person.window.resize(1440, 900)
    person.window.show_panel("evidence")
    panel = person.panel("evidence")
    person.wait(lambda: set(person.session.evidence.by_slot) == {1, 3})
    wait_for_the_numbers(person)
    person.wait(lambda: panel._numbers.widget().width() > 400)
    assert not panel._numbers.horizontalScrollBar().maximum()
    assert min(panel.plane.width(), panel.pages.width()) > 200
