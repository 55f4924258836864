"""Every family goes the whole way: trained, encoded, mapped, saved, opened, scored, reported."""

import dataclasses
import math

import numpy as np
import pytest

from vaeexplorer.data import open_data
from vaeexplorer.jobs.opening import exhibit_of, with_model
from vaeexplorer.jobs.scoring import score_space
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.models import FAMILIES
from vaeexplorer.regularity.verdict import more_continuous, warnings
from vaeexplorer.run import Config, result_of
from vaeexplorer.storage import load_run


@pytest.fixture(scope="module")
def digits():
    """The first 360 digits, of which a sixth are held out."""
    whole = open_data("digits")
    return dataclasses.replace(
        whole,
        images=whole.images[:360],
        labels=whole.labels[:360],
        source=dataclasses.replace(whole.source, n=360),
    )


@pytest.mark.usefixtures("_one_thread")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_goes_the_whole_way(family, digits, tmp_path):
    config = Config(family, {"latent_dim": 4}, epochs=2)
    job = train_and_save(digits, config, None, folder=tmp_path / "run", threads=1)
    run, folder = result_of(job)
    opened = load_run(folder)
    assert opened.history == run.history
    exhibit = with_model(exhibit_of(opened, str(folder), digits))
    assert list(exhibit.spaces) == list(opened.codes) == list(opened.maps)
    for name, space in exhibit.spaces.items():
        np.testing.assert_array_equal(opened.codes[name].mean, run.codes[name].mean)
        assert opened.codes[name].mean.shape == (360, space.size)
        scores = result_of(score_space(space, digits, digits.split(0)))
        for score in (scores["continuity"]["score"], scores["completeness"]["score"]):
            assert 0 <= score <= 1
        law = space.drawn_in.prior
        declared = None if law is None else law.name
        assert scores["completeness"]["law"] == (declared or "fitted Gaussian")
        assert math.isfinite(scores["r2_train_minus_held_out"])
        assert scores["verdict"]
        jumps = "Codes snap to a codebook" in scores["verdict"][0]
        assert jumps is (space.codebook is not None)


def test_an_autoencoder_is_more_complete_under_a_mixture_than_under_one_gaussian(
    default_pair_scores,
):
    others = default_pair_scores["ae"]["completeness"]["others"]
    assert others["fitted mixture of 10"] > others["fitted Gaussian"] + 0.02


def test_no_verdict_on_the_continuity_of_codes_that_snap(default_pair_scores):
    first, second = default_pair_scores["vae"], default_pair_scores["ae"]
    assert more_continuous(first, second) == 1
    snapped = {**second, "snaps": True}
    assert more_continuous(first, snapped) == more_continuous(snapped, first) == 0
    assert "B snaps codes to a codebook: its continuity is no measure of evenness." in warnings(
        first, snapped
    )


def test_a_family_whose_data_are_not_images_as_they_are_says_what_its_nats_are_of():
    apart = {name for name, family in FAMILIES.items() if family.apart}
    assert apart >= {name for name, family in FAMILIES.items() if family.batches != "images"}
    assert apart == {"dae", "mlvae", "flowvae"}
