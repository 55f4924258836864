"""The evidence of real runs: it agrees with the ELBO in closed form, and with quadrature."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from finishing import found_by

from vaeexplorer.data import InputError, find_data, open_data
from vaeexplorer.jobs import evidence
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.evidence import DRAWS, integrate_evidence, measure_evidence
from vaeexplorer.jobs.opening import model_of
from vaeexplorer.models import restore
from vaeexplorer.models.base import Batch, float_images
from vaeexplorer.models.networks import EncoderDecoder
from vaeexplorer.models.priors import reparametrised
from vaeexplorer.models.warping import estimated_fields, pairs_of
from vaeexplorer.regularity.code_laws import code_indices
from vaeexplorer.regularity.information import rate_per_dimension
from vaeexplorer.regularity.quadrature import exact_evidence
from vaeexplorer.run import Codes, Config, result_of
from vaeexplorer.storage import load_run
from vaeexplorer.training import train


@pytest.fixture(scope="module")
def pair():
    return [load_run(folder) for folder in default_pair_folders()]


@pytest.fixture(scope="module")
def flat():
    """A VAE with two latent dimensions, and its data."""
    dataset = open_data("digits")
    return found_by(
        train(dataset, Config("vae", {"latent_dim": 2, "hidden": [32]}, epochs=4))
    ), dataset


def test_the_elbo_is_minus_distortion_minus_rate(pair):
    run = pair[1]
    dataset = find_data(run.source)
    found = found_by(measure_evidence(run, dataset))
    model = restore(run.config.family, run.config.model, run.source.shape, run.weights).eval()
    images = float_images(dataset.batch(found.images))
    with torch.inference_mode():
        noise = torch.Generator().manual_seed(5)
        rounds = [model(Batch(images), noise) for _ in range(100)]
        elbo = -torch.stack([one.distortion + one.rate for one in rounds]).double()
    error = found.draw_deviation * (1 / 100 + 1 / DRAWS[-1]) ** 0.5 / len(images) ** 0.5
    assert found.elbo.mean() == pytest.approx(elbo.mean().item(), abs=4 * error)
    assert found.best.draws == 500
    assert 0 < found.gap < 2


def test_the_rate_is_the_information_and_what_all_codes_lack_of_the_prior(pair):
    run = pair[1]
    found = found_by(measure_evidence(run, find_data(run.source), images=10)).aggregate
    codes = run.codes["z"]
    rate = rate_per_dimension(codes.mean, codes.log_variance).sum()
    assert found["mutual_information"] + found["aggregate_kl"] == pytest.approx(rate, abs=0.3)
    assert 0 < found["total_correlation"] < found["aggregate_kl"] + 0.1


@pytest.fixture(scope="module")
def measured(pair):
    """The evidence of 20 images."""
    return found_by(measure_evidence(pair[1], find_data(pair[1].source), images=20))


def test_draws_from_the_prior_say_less_than_as_many_from_the_posterior(measured):
    found = measured
    assert len(found.images) == 20
    assert found.prior_means[0] < found.bounds[0].mean - 10
    assert found.prior_means[-1] < found.best.mean


def test_large_images_are_decoded_a_few_at_a_time_to_the_same_end(pair, measured, monkeypatch):
    run, data, counts = pair[1], find_data(pair[1].source), []
    decode = EncoderDecoder.decode

    def counted(self, z):
        counts.append(len(z))
        return decode(self, z)

    monkeypatch.setattr(EncoderDecoder, "decode", counted)
    monkeypatch.setattr(evidence, "VALUES_AT_ONCE", 16 * 64)
    small = found_by(measure_evidence(run, data, images=20))
    assert max(counts) == 20, "rates and gradients are of all images at once, all else of fewer"
    assert sum(counts) < 13_000, "those drawn from the prior are decoded once for all images"
    np.testing.assert_allclose(small.prior_means, measured.prior_means, rtol=1e-6)
    error = measured.draw_deviation * np.sqrt(2 / DRAWS[-1])
    assert np.abs(small.elbo - measured.elbo).max() < 10 * error


def test_an_autoencoder_has_no_evidence(pair):
    assert found_by(measure_evidence(pair[0], find_data(pair[0].source))) is None


def test_no_images_are_refused(pair):
    dataset = find_data(pair[1].source)
    none = replace(dataset, images=dataset.images[:0], labels=None, official_held_out=None)
    with pytest.raises(InputError, match="no images"):
        found_by(measure_evidence(pair[1], none))


def test_quadrature_lies_above_the_bounds_and_closes_the_identity(flat):
    run, dataset = flat
    bounds = found_by(measure_evidence(run, dataset, images=5))
    for place, index in enumerate(bounds.images[:3]):
        exact = found_by(integrate_evidence(run, dataset.pixels([index])[0]))
        assert abs(exact.elbo + exact.gap - exact.log_evidence) < 1e-10
        assert exact.gap > 0
        assert exact.log_evidence == pytest.approx(bounds.best.per_image[place], abs=0.25)
        assert exact.elbo == pytest.approx(bounds.elbo[place], abs=0.25)


def test_more_than_two_dimensions_are_not_integrated(pair):
    image = find_data(pair[1].source).pixels([0])[0]
    assert found_by(integrate_evidence(pair[1], image)) is None


def test_two_measurements_agree_to_the_last_bit(pair):
    dataset = find_data(pair[1].source)
    first, second = (found_by(measure_evidence(pair[1], dataset, images=10)) for _ in range(2))
    assert np.array_equal(first.elbo, second.elbo)
    assert np.array_equal(first.best.per_image, second.best.per_image)


# --- what is certain, and what is told given a source ---------------------------------------------


@pytest.fixture(scope="module")
def letters():
    """A VQ-VAE with two positions of three codes, so that all nine can be gone through."""
    dataset = open_data("digits")
    options = {"latent_dim": 4, "code_width": 2, "codes": 3, "hidden": [16]}
    run = found_by(train(dataset, Config("vqvae", options, epochs=2), threads=1))
    codes = {name: encode_space(space, dataset) for name, space in model_of(run).spaces().items()}
    return replace(run, codes=codes), dataset


def encode_space(space, dataset):
    images = float_images(dataset.batch(np.arange(len(dataset))))
    return Codes(space.encode(images).mean.numpy())


def test_the_elbo_of_a_point_mass_is_log_p_but_for_what_its_codes_miss(letters):
    run, dataset = letters
    found = found_by(measure_evidence(run, dataset, images=20))
    model = model_of(run).eval()
    images = float_images(dataset.batch(found.images))
    every = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    with torch.inference_mode():
        joint = torch.stack(
            [
                model.log_joint(Batch(images), model.codebook[both].flatten().expand(20, -1))
                for both in every
            ]
        ).double()
        own = code_indices(model.exact(images), model.codebook)
    log_p = joint.logsumexp(dim=0).numpy()
    missed = -joint.log_softmax(dim=0)[3 * own[:, 0] + own[:, 1], torch.arange(20)].numpy()
    np.testing.assert_allclose(found.elbo + missed, log_p, atol=1e-4)
    assert found.rate == pytest.approx(2 * np.log(3))
    assert found.elbo.mean() == pytest.approx(-found.distortion - found.rate)
    assert (found.bounds, found.best, found.gap, found.draw_deviation) == ((), None, None, 0)
    assert found.gradient_ratio is None
    assert found.log_evidence is found.elbo
    # Nine codes are all met by 500 draws from the prior.
    assert found.prior_means[-1] == pytest.approx(log_p.mean(), abs=0.5)


def test_of_certain_codes_information_and_what_they_lack_of_the_prior_are_the_rate(letters):
    run, dataset = letters
    found = found_by(measure_evidence(run, dataset, images=5)).aggregate
    total = found["mutual_information"] + found["aggregate_kl"]
    assert total == pytest.approx(2 * np.log(3), abs=1e-9)
    assert 0 < found["mutual_information"] < 2 * np.log(3)


@pytest.fixture(scope="module")
def fields():
    """A flow VAE with one latent dimension, and its data."""
    dataset = open_data("shapes:200")
    options = {"latent_dim": 1, "hidden": [16], "body": "mlp"}
    return found_by(train(dataset, Config("flowvae", options, epochs=2), threads=1)), dataset


def test_the_evidence_of_fields_is_that_of_quadrature_given_their_sources(fields):
    run, dataset = fields
    found = found_by(measure_evidence(run, dataset, images=4))
    model = model_of(run).eval().requires_grad_(False)
    pairs = result_of(pairs_of(dataset, found.images, run.config.seed))
    for place in range(3):
        pair = pairs.batch(torch.tensor([place]))

        def log_joint(z, pair=pair):
            many = Batch(
                pair.images.expand(len(z), -1, -1, -1), None, pair.fields.expand(len(z), -1, -1, -1)
            )
            with torch.inference_mode():
                return model.log_joint(many, torch.from_numpy(z)).numpy()

        with torch.inference_mode():
            mean, log_variance = model.posterior(pair.fields, pair.images)

        def placed(steps, mean=mean, log_variance=log_variance):
            z, density = reparametrised(mean, log_variance, torch.from_numpy(steps).float())
            return z.numpy(), density.numpy()

        exact = result_of(exact_evidence(log_joint, placed, 1))
        assert found.log_evidence[place] == pytest.approx(exact.log_evidence, abs=0.25)
        assert found.elbo[place] == pytest.approx(
            exact.elbo, abs=5 * found.draw_deviation / DRAWS[-1] ** 0.5
        )


def test_what_is_integrated_of_fields_is_that_from_the_default_source(fields):
    run, dataset = fields
    model = model_of(run).eval()
    images = float_images(dataset.batch(np.array([7])))
    exact = found_by(integrate_evidence(run, dataset.pixels([7])[0]))
    assert abs(exact.elbo + exact.gap - exact.log_evidence) < 1e-10
    with torch.inference_mode():
        code = model.spaces()["z"].encode(images)
        sources = model.source.expand(500, -1, -1, -1)
        carried = estimated_fields(model.source[None], images).expand(500, -1, -1, -1)
        weights = model.log_weight(Batch(sources, fields=carried), torch.Generator().manual_seed(0))
    np.testing.assert_allclose(exact.mean, code.mean[0].numpy(), rtol=1e-5)
    error = weights.std().item() / 500**0.5
    assert exact.elbo == pytest.approx(weights.mean().item(), abs=5 * error)
    assert exact.log_evidence > exact.elbo
