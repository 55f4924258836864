from dataclasses import replace

import numpy as np
import pytest

from vaeexplorer.data import find_data
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.measuring import MEASURES, measure
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.run import result_of
from vaeexplorer.storage import load_run


@pytest.fixture(scope="module")
def pair():
    runs = [load_run(folder) for folder in default_pair_folders()]
    return [exhibit_of(run, "", find_data(run.source)) for run in runs]


def measured(exhibit, what):
    return result_of(measure(exhibit, what))


@pytest.mark.parametrize("what", MEASURES)
def test_every_image_of_a_vae_has_a_number(pair, what):
    values = measured(pair[1], what)
    assert values.shape == (pair[1].source.n,)
    assert np.isfinite(values).all()


def test_an_autoencoder_has_no_rate(pair):
    assert measured(pair[0], "rate") is None


def test_the_distance_is_that_of_the_code_and_the_index_that_of_the_image(pair):
    mean = pair[0].codes["z"].mean
    np.testing.assert_allclose(measured(pair[0], "distance")[3], np.linalg.norm(mean[3]), rtol=1e-5)
    assert measured(pair[0], "index").tolist() == list(range(len(mean)))


def test_the_mean_distortion_is_that_of_the_training(pair):
    for exhibit in pair:
        held_out = exhibit.dataset.split(exhibit.run.split_seed).held_out
        values = measured(exhibit, "distortion")
        recorded = exhibit.run.history[-1].held_out.distortion
        assert values[held_out].mean() == pytest.approx(recorded, rel=0.03)
        assert (measured(exhibit, "distortion") == values).all()


def test_without_images_there_is_no_distortion(pair):
    assert measured(replace(pair[1], dataset=None), "distortion") is None


def test_the_loss_is_the_distortion_and_the_rate_as_the_run_weighed_it(pair):
    run = pair[1].run
    strict = replace(run, config=replace(run.config, model={**run.config.model, "beta": 3.0}))
    for exhibit, beta in ((pair[1], 1.0), (replace(pair[1], run=strict), 3.0)):
        parts = measured(exhibit, "distortion") + beta * measured(exhibit, "rate")
        np.testing.assert_allclose(measured(exhibit, "loss"), parts, rtol=1e-4)
    # An autoencoder is trained on its distortion alone.
    assert (measured(pair[0], "loss") == measured(pair[0], "distortion")).all()


def test_there_is_no_loss_of_an_image_where_the_objective_is_that_of_groups_or_batches(pair):
    import torch

    from vaeexplorer.models import build

    dataset = pair[0].dataset
    mean = torch.full(dataset.shape, 0.3)
    for family in ("mlvae", "vqvae"):
        model = build(family, {}, dataset.shape, mean)
        weights = {name: value.numpy() for name, value in model.state_dict().items()}
        config = replace(pair[0].run.config, family=family, model={})
        exhibit = replace(pair[0], run=replace(pair[0].run, config=config, weights=weights))
        assert measured(exhibit, "loss") is None
        assert np.isfinite(measured(exhibit, "distortion")).all()
