"""One dimension of all codes against the prior, draws from p(x|z), and the noise of gradients."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from vaeexplorer.data import open_data
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.marginals import DRAWS, compare_marginal, draw_images
from vaeexplorer.jobs.opening import (
    decode_pixels,
    held_at,
    model_of,
    open_exhibit,
    with_model,
)
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.latent.probe import Probe
from vaeexplorer.models.base import Posterior, StandardNormal
from vaeexplorer.models.likelihoods import (
    Bernoulli,
    Categorical,
    Gaussian,
    LearnedGaussian,
    OptimalGaussian,
)
from vaeexplorer.models.warping import warp
from vaeexplorer.regularity.aggregate import aggregate_terms, code_terms, marginal_curve
from vaeexplorer.regularity.gradients import gradient_noise
from vaeexplorer.run import Config, result_of


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module", params=[0, 1], ids=["ae", "vae"])
def exhibit(request):
    """Both models of the default pair."""
    return with_model(result_of(open_exhibit(default_pair_folders()[request.param])))


# --- q(z) against p(z) ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "deviation"), [(0.0, 1.0), (1.0, 1.0), (-0.5, 0.5), (0.2, 2.0), (12.0, 0.5)]
)
def test_the_divergence_of_one_gaussian_is_the_closed_form(mean, deviation):
    log_variance = torch.tensor([2 * math.log(deviation)])
    curve = marginal_curve(0, torch.tensor([mean]), log_variance, StandardNormal(1))
    closed = 0.5 * (mean**2 + deviation**2 - 1 - 2 * math.log(deviation))
    assert curve.divergence == pytest.approx(closed, rel=0.01, abs=0.01)
    widths = np.diff(curve.edges)
    for density in (curve.aggregate, curve.prior):
        assert (density * widths).sum() == pytest.approx(1, abs=0.01)


def test_divergences_of_the_dimensions_add_up_to_their_part_of_the_whole():
    mean = torch.randn(800, 3, generator=generator(1)) * torch.tensor([1.5, 0.8, 0.1])
    log_variance = torch.tensor([-1.0, -2.0, -0.1]).expand(800, 3)
    prior = StandardNormal(3)
    terms = aggregate_terms(mean, log_variance, prior, generator(2))
    curves = [marginal_curve(k, mean[:, k], log_variance[:, k], prior) for k in range(3)]
    added = sum(curve.divergence for curve in curves)
    assert added == pytest.approx(terms["dimension_kl"], abs=0.1)


def test_terms_of_certain_codes_are_those_of_how_often_they_occur():
    alone = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert code_terms(alone, 2)["aggregate_kl"] == pytest.approx(0)
    together = code_terms(alone[[0, 0, 3, 3]], 4)
    assert together == pytest.approx(
        {
            "aggregate_kl": math.log(16 / 2),
            "total_correlation": math.log(2),
            "mutual_information": math.log(2),
            "mutual_information_limit": math.log(4),
            "dimension_kl": 2 * math.log(4 / 2),
        }
    )


def test_posteriors_narrower_than_a_bin_lose_no_mass():
    mean = torch.tensor([-2.01, 1.01, 1.01, 1.01])
    curve = marginal_curve(0, mean, torch.full((4,), -20.0), StandardNormal(1))
    masses = curve.aggregate * np.diff(curve.edges)
    assert masses[masses > 1e-6].tolist() == pytest.approx([0.25, 0.75])


def test_codes_without_posterior_or_prior_are_counted_only():
    mean = torch.randn(500, generator=generator(3))
    curve = marginal_curve(4, mean, None, None)
    assert (curve.dimension, curve.prior, curve.divergence) == (4, None, None)
    counts, _ = np.histogram(mean.numpy(), curve.edges)
    np.testing.assert_allclose(curve.aggregate * np.diff(curve.edges), counts / 500, atol=1e-9)


def test_a_dimension_of_a_model_is_compared_with_what_it_declares(exhibit):
    curve = compare_marginal(exhibit, 2)
    declares = exhibit.run.config.family == "vae"
    assert curve.dimension == 2
    assert (curve.prior is not None) is declares
    assert (curve.divergence is not None) is declares


# --- p(x|z) ---------------------------------------------------------------------------------------

SHAPE = (4000, 1, 1, 2)


def optimal(error=0.04):
    likelihood = OptimalGaussian().eval()
    likelihood.squared_error.fill_(error)
    return likelihood


@pytest.mark.parametrize(
    ("likelihood", "channels", "deviation"),
    [
        (Bernoulli(), 1, None),
        (Gaussian(0.09), 1, 0.3),
        (optimal(), 1, 0.2),
        (LearnedGaussian(), 2, None),
        (Categorical(5), 5, None),
    ],
    ids=["bernoulli", "gaussian", "optimal", "learned", "categorical"],
)
def test_draws_have_the_mean_and_the_deviation_of_their_likelihood(likelihood, channels, deviation):
    row = torch.randn(1, channels, 1, 2, generator=generator(4))
    output = row.expand(SHAPE[0], -1, -1, -1)
    drawn = likelihood.sample(output, generator(5))
    assert drawn.shape == SHAPE
    mean = likelihood.mean(row)[0]
    spread = drawn.std(dim=0)
    assert ((drawn.mean(dim=0) - mean).abs() < 5 * spread / math.sqrt(len(drawn)) + 1e-6).all()
    if deviation is None and isinstance(likelihood, LearnedGaussian):
        deviation = likelihood.log_sigma(row)[0].exp()
    if deviation is not None:
        torch.testing.assert_close(
            spread, torch.as_tensor(deviation).expand_as(spread), rtol=0.06, atol=0
        )
    else:
        steps = drawn * (likelihood.per_value - 1 if likelihood.per_value > 1 else 1)
        torch.testing.assert_close(steps, steps.round())


def at(z):
    return Probe("code", np.zeros(2), z, 0, 0.0)


def test_images_are_drawn_beside_the_mean_that_the_window_shows(exhibit):
    z = exhibit.codes["z" if "z" in exhibit.codes else next(iter(exhibit.codes))].mean[7]
    found = draw_images(exhibit, at(z), seed=1)
    assert found.likelihood == "Bernoulli"
    space = next(iter(exhibit.spaces.values()))
    np.testing.assert_array_equal(found.mean, decode_pixels(space, z[None])[0])
    assert found.draws.shape == (DRAWS, *found.mean.shape)
    assert set(np.unique(found.draws)) <= {0, 255}
    assert not np.array_equal(found.draws[0], found.draws[1])
    np.testing.assert_array_equal(draw_images(exhibit, at(z), seed=1).draws, found.draws)
    assert not np.array_equal(draw_images(exhibit, at(z), seed=2).draws, found.draws)


HELD = {
    "pca": ({"latent_dim": 3}, ("z",)),
    "hvae": ({"latent_dim": 3, "layers": 2, "hidden": [16]}, ("z2", "z1")),
    "mlvae": ({"latent_dim": 4, "hidden": [16]}, ("content", "style")),
    "flowvae": ({"latent_dim": 3, "hidden": [16]}, ("z",)),
}


@pytest.fixture(scope="module", params=HELD)
def trained(request, tmp_path_factory):
    """An exhibit of each model that draws otherwise than a VAE does, and names of its spaces."""
    options, names = HELD[request.param]
    folder = tmp_path_factory.mktemp(request.param) / "run"
    config = Config(request.param, options, epochs=1)
    result_of(train_and_save(open_data("digits"), config, None, threads=1, folder=folder))
    return with_model(result_of(open_exhibit(folder))), names


def test_images_are_drawn_with_what_is_held(trained):
    exhibit, names = trained
    for name in names:
        explored = replace(exhibit, explored=name)
        z = exhibit.codes[name].mean[7]
        for context in (None, 12):
            found = draw_images(explored, at(z), 1, context)
            space = held_at(exhibit.spaces[name], exhibit.dataset, context)
            np.testing.assert_array_equal(found.mean, decode_pixels(space, z[None])[0])
            assert not np.array_equal(found.draws[0], found.draws[1])
            again = draw_images(explored, at(z), 1, context)
            np.testing.assert_array_equal(again.draws, found.draws)


@pytest.mark.parametrize("trained", ["flowvae"], indirect=True)
def test_a_flow_draws_fields_and_not_pixels(trained):
    exhibit, _ = trained
    z = exhibit.codes["z"].mean[7]
    model = model_of(exhibit.run).eval()
    drawn = draw_images(exhibit, at(z), 3).draws
    with torch.inference_mode():
        source = model.source[None].expand(DRAWS, -1, -1, -1)
        fields = model.fields(torch.from_numpy(z)[None].expand(DRAWS, -1), source[:1])
        fields = model.likelihood.sample(fields, generator(3))
        expected = warp(source, fields).mul(255).round()
    np.testing.assert_allclose(drawn, expected, atol=1)


# --- gradients ------------------------------------------------------------------------------------


def test_both_gradients_agree_in_the_mean_and_one_is_noisier():
    """For log p = -z^2 / 2 and q = N(1, 1): variances 1 and 4.5, worked out by hand."""
    posterior = Posterior(torch.ones(40, 1), torch.zeros(40, 1))
    noise = gradient_noise(lambda z: -0.5 * z.square().sum(dim=1), posterior, 500, generator(6))
    apart = (noise.score - noise.reparametrised) / noise.errors
    assert apart.abs().max() < 4.5
    assert noise.reparametrised.mean() == pytest.approx(-1, abs=0.03)
    assert noise.ratio == pytest.approx(4.5, rel=0.1)
    assert gradient_noise(lambda z: z, Posterior(torch.ones(2, 1), None), 5, generator()) is None
