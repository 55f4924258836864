import numpy as np
import pytest

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.trust_label import TrustLabel
from vaeexplorer.latent import map_trust
from vaeexplorer.latent.map_trust import MapTrust, measure_trust
from vaeexplorer.latent.projection import pca_map
from vaeexplorer.run import result_of
from vaeexplorer.storage import RunLibrary, runs_folder


def measured(codes, positions):
    return result_of(measure_trust(codes, positions))


@pytest.fixture(scope="module")
def codes():
    rng = np.random.default_rng(0)
    clusters = rng.normal(size=(5, 6))[rng.integers(0, 5, 400)]
    return (3 * clusters + rng.normal(size=(400, 6))).astype(np.float32)


def test_both_numbers_are_those_of_sklearn(codes):
    from sklearn.manifold import trustworthiness

    positions = pca_map(codes).positions
    trust = measured(codes, positions)
    k = trust.neighbours
    assert trust.trustworthiness == pytest.approx(
        trustworthiness(codes, positions, n_neighbors=k), abs=1e-9
    )
    assert trust.continuity == pytest.approx(
        trustworthiness(positions, codes, n_neighbors=k), abs=1e-9
    )
    assert trust.trustworthiness < 0.97
    assert (trust.sampled, trust.n) == (400, 400)


def test_a_map_that_keeps_all_neighbours_has_ones_and_a_shuffled_one_about_a_half(codes):
    assert measured(codes[:, :2], codes[:, :2])[:2] == (1.0, 1.0)
    shuffled = np.random.default_rng(0).permutation(codes[:, :2])
    assert measured(codes, shuffled)[:2] == pytest.approx((0.5, 0.5), abs=0.05)


def test_a_sample_says_what_all_say(codes, monkeypatch):
    positions = pca_map(codes).positions
    whole = measured(codes, positions)
    monkeypatch.setattr(map_trust, "DISTANCES", 0)
    part = measured(codes, positions)
    assert (part.sampled, part.n) == (200, 400)
    assert part[:2] == pytest.approx(whole[:2], abs=0.02)


@pytest.mark.parametrize(("n", "there"), [(1, False), (4, False), (5, True), (9, True)])
def test_few_images_have_a_number_or_none(n, there):
    points = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    trust = measured(points, points[:, :2])
    assert (trust is not None) is there
    assert trust is None or 0 <= trust.trustworthiness <= 1


def test_codes_that_are_not_finite_have_none_and_equal_ones_one():
    points = np.ones((30, 3), np.float32)
    assert measured(points, points[:, :2])[:2] == (1.0, 1.0)
    points[3] = np.nan
    assert measured(points, np.zeros((30, 2), np.float32)) is None


def test_the_label_says_both_numbers_and_what_they_are(qtbot):
    label = TrustLabel()
    qtbot.addWidget(label)
    label.show_trust(MapTrust(0.976, 0.9512, 15, 2000, 60000))
    assert label.text() == "map trust 0.98"
    assert "0.976" in label.toolTip()
    assert "0.951" in label.toolTip()
    assert "2,000 images among all 60,000" in label.toolTip()
    label.show_trust(None)
    assert not label.text()


@pytest.mark.slow
def test_every_map_is_judged_once_it_rests_and_not_again_when_it_is_turned(qtbot):
    session = Session(RunLibrary(runs_folder()))
    heard = []
    session.map_trust.judged.connect(lambda slot, trust: heard.append((slot, trust)))
    session.open_default_pair()
    session.start()
    qtbot.waitUntil(lambda: {slot for slot, trust in heard if trust} == {0, 1})
    umap = dict(heard)
    del heard[:]
    submitted = []
    submit = session.lanes.map.submit
    session.lanes.map.submit = lambda key, *rest, **more: (
        submitted.append(key),
        submit(key, *rest, **more),
    )
    session.set_aligned(False)
    qtbot.waitUntil(lambda: dict(heard).get(1) is not None)
    assert dict(heard)[1] is umap[1]
    assert ("trust", 1) not in submitted
    session.set_map_method("pca")
    qtbot.waitUntil(lambda: dict(heard).get(1) not in (None, umap[1]))
    assert dict(heard)[1].trustworthiness < umap[1].trustworthiness
    session.clear(1)
    assert heard[-1] == (1, None)
    session.close()
