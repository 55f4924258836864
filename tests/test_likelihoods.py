"""Likelihoods are normalised densities of torch.distributions, and keep the known identities."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from finishing import finish
from test_training import dataset

from vaeexplorer import models
from vaeexplorer.models import FAMILIES, build, learning, restore
from vaeexplorer.models.base import Batch, float_images
from vaeexplorer.models.likelihoods import (
    SMALLEST_LOG_SIGMA,
    Bernoulli,
    Categorical,
    Gaussian,
    LearnedGaussian,
    OptimalGaussian,
)
from vaeexplorer.run import Config
from vaeexplorer.training import train

SHAPE = (2, 3, 4)
PIXELS = math.prod(SHAPE)
KINDS = {
    "bernoulli": Bernoulli(),
    "gaussian": Gaussian(0.3),
    "straight": Gaussian(0.3, straight=True),
    "optimal": OptimalGaussian(),
    "learned": LearnedGaussian(),
    "categorical": Categorical(7),
}
NAMES = ["bernoulli", "gaussian", "optimal", "learned", "categorical"]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=5):
    return torch.rand((n, *SHAPE), generator=generator(1))


def output(kind, n=5):
    channels = kind.per_value * SHAPE[0]
    return torch.randn((n, channels, *SHAPE[1:]), generator=generator(2))


@pytest.mark.parametrize("name", KINDS)
def test_the_output_bias_draws_the_mean_image(name):
    mean_image = images(1)[0].mul(0.9).add(0.05)
    drawn = KINDS[name].mean(KINDS[name].bias(mean_image)[None])[0]
    torch.testing.assert_close(drawn, mean_image, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", KINDS)
def test_means_are_images(name):
    mean = KINDS[name].mean(output(KINDS[name]))
    assert mean.shape == (5, *SHAPE)
    if name != "straight":
        assert mean.min() >= 0
        assert mean.max() <= 1


def test_a_fixed_variance_is_the_normal_law_of_torch():
    for kind in (Gaussian(0.3), Gaussian(0.3, straight=True)):
        out = output(kind)
        law = torch.distributions.Normal(kind.mean(out), math.sqrt(0.3))
        expected = law.log_prob(images()).flatten(1).sum(dim=1)
        torch.testing.assert_close(kind.log_prob(out, images()), expected)


def test_a_learned_variance_is_the_normal_law_of_torch_and_has_a_floor():
    kind = LearnedGaussian()
    out = output(kind)
    law = torch.distributions.Normal(kind.mean(out), kind.log_sigma(out).exp())
    expected = law.log_prob(images()).flatten(1).sum(dim=1)
    torch.testing.assert_close(kind.log_prob(out, images()), expected)
    assert kind.log_sigma(out - 1000).min() == pytest.approx(-math.log(256))
    same = kind.mean(out - 1000)
    assert kind.log_prob(out - 1000, same).isfinite().all()


def test_grey_levels_are_the_categorical_law_of_torch_and_sum_to_1():
    kind = Categorical(7)
    out = output(kind)
    law = torch.distributions.Categorical(logits=out.unflatten(1, (7, 2)).movedim(1, -1))
    levels = images().mul(6).round()
    expected = law.log_prob(levels).flatten(1).sum(dim=1)
    torch.testing.assert_close(kind.log_prob(out, images()), expected)
    pixel = out[:1, ::2, :1, :1]
    greys = torch.arange(7).div(6).reshape(7, 1, 1, 1)
    total = kind.log_prob(pixel.expand(7, 7, 1, 1), greys).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-5)


def test_black_and_white_is_the_categorical_law_of_two_levels():
    out = output(Bernoulli())
    both = torch.cat([torch.zeros_like(out), out], dim=1)
    binary = images().round()
    torch.testing.assert_close(
        Categorical(2).log_prob(both, binary), Bernoulli().log_prob(out, binary)
    )


def test_the_optimal_variance_has_the_nats_of_the_mean_squared_error():
    kind = OptimalGaussian()
    out = output(kind)
    nats = -kind.log_prob(out, images()).mean().item()
    error = (images() - kind.mean(out)).square().mean().item()
    assert nats == pytest.approx(PIXELS / 2 * (math.log(2 * math.pi * error) + 1), rel=1e-5)
    for variance in (0.9 * error, 1.1 * error):
        assert -Gaussian(variance).log_prob(out, images()).mean().item() > nats


def test_perfect_pictures_have_the_variance_of_one_grey_level():
    kind = OptimalGaussian(straight=True)
    expected = PIXELS * (0.5 * math.log(2 * math.pi) + SMALLEST_LOG_SIGMA)
    assert -kind.log_prob(images(), images()).mean().item() == pytest.approx(expected, rel=1e-5)


def test_the_remembered_variance_is_the_one_at_the_end_of_the_training():
    data = dataset(n=600)
    config = Config("ae", {"latent_dim": 3, "hidden": [32], "likelihood": "optimal"}, epochs=30)
    run = finish(train(data, config, threads=1))[0]
    space = restore("ae", config.model, data.shape, run.weights).spaces()["z"]
    x = float_images(data.batch(data.split(0).train))
    error = (x - space.decode(space.encode(x).mean)).square().mean().item()
    remembered = float(run.weights["likelihood.squared_error"])
    assert abs(0.5 * math.log(remembered) - 0.5 * math.log(error)) < 0.02


def test_a_fixed_variance_c_trains_what_beta_c_trains():
    x = float_images(dataset().batch(slice(0, 40)))

    def gradient(variance, beta):
        options = {"likelihood": "gaussian", "variance": variance, "beta": beta, "warm_up": 0.0}
        model = build("vae", options, (1, 8, 8), x.mean(dim=0))
        terms = model(Batch(x), generator())
        settings = models.settings("vae", options)
        (variance * learning.objective(terms, settings.pressure(1.0))).backward()
        return torch.cat([one.grad.flatten() for one in model.parameters()])

    torch.testing.assert_close(gradient(0.2, 1.0), gradient(1.0, 0.2), rtol=1e-4, atol=1e-5)


def test_a_linear_autoencoder_spans_the_principal_axes():
    draws = torch.randn(2000, 6, generator=generator(3)) * torch.tensor([4.0, 2.8, 1, 0.7, 0.5, 0])
    turn, _ = torch.linalg.qr(torch.randn(16, 6, generator=generator(4)))
    x = (0.5 + draws @ turn.T).reshape(-1, 1, 4, 4)
    options = {"latent_dim": 2, "body": "linear", "likelihood": "gaussian", "variance": 1.0}
    settings = models.settings("ae", options)
    model = build("ae", options, (1, 4, 4), x.mean(dim=0))
    learner = learning.Learner(model, settings, 2e-2, 0)
    steps = 600
    for step in range(steps):
        chosen = torch.randint(len(x), (200,), generator=generator(step))
        learner.step(Batch(x[chosen]), step / steps)
    spanned, _ = torch.linalg.qr(model.network.decoder[0].weight.detach())
    cosines = torch.linalg.svdvals(spanned.T @ turn[:, :2])
    assert math.degrees(math.acos(min(1.0, cosines.min().item()))) < 5


@pytest.mark.slow
@pytest.mark.external_data
def test_a_linear_autoencoder_reconstructs_mnist_as_pca_does(external_data):
    from vaeexplorer.data import open_data

    whole = open_data(str(external_data / "mnist"))
    data = dataclasses.replace(
        whole,
        images=whole.pixels(np.arange(12_000)),
        labels=None,
        official_held_out=np.arange(12_000) >= 10_000,
    )
    x = float_images(data.batch(data.split(0).held_out))
    lost = {}
    linear = {"latent_dim": 10, "body": "linear", "likelihood": "gaussian", "variance": 1.0}
    trained = Config("ae", linear, epochs=20, learning_rate=5e-3)
    for config in (trained, Config("pca", {"latent_dim": 10})):
        run = finish(train(data, config))[0]
        space = restore(config.family, config.model, data.shape, run.weights).spaces()["z"]
        lost[config.family] = (x - space.decode(space.encode(x).mean)).square().sum().item()
    total = (x - x.mean(dim=0)).square().sum().item()
    r2 = {family: 1 - squared / total for family, squared in lost.items()}
    assert r2["ae"] == pytest.approx(r2["pca"], rel=0.005)


DRAWING = [
    name
    for name, family in FAMILIES.items()
    if "likelihood" in {about.name for about in dataclasses.fields(family.config)}
]


@pytest.mark.parametrize("likelihood", NAMES)
@pytest.mark.parametrize("family", DRAWING)
def test_every_likelihood_trains_and_comes_back(family, likelihood):
    data = dataset()
    options = {"latent_dim": 3, "hidden": [16], "likelihood": likelihood, "levels": 5}
    run = finish(train(data, Config(family, options, epochs=2), threads=1))[0]
    model = restore(family, options, data.shape, run.weights).eval()
    x = float_images(data.batch(data.split(0).held_out))
    with torch.no_grad():
        nats = model(Batch(x), generator()).distortion.mean().item()
    assert nats == pytest.approx(run.history[-1].held_out.distortion, rel=0.2, abs=2)


@pytest.mark.parametrize("body", ["mlp", "conv", "linear"])
def test_every_likelihood_fits_every_body(body):
    for likelihood in NAMES:
        options = {"body": body, "likelihood": likelihood}
        model = build("vae", options, (3, 9, 10), torch.full((3, 9, 10), 0.4))
        x = torch.rand(4, 3, 9, 10, generator=generator())
        assert model(Batch(x), generator()).distortion.isfinite().all()
        space = model.spaces()["z"]
        assert space.decode(space.encode(x).mean).shape == x.shape


def test_grey_images_are_bernoulli_and_colour_is_gaussian_by_default():
    for channels, expected in {1: Bernoulli, 3: OptimalGaussian}.items():
        shape = (channels, 8, 8)
        assert type(build("vae", {}, shape, torch.zeros(shape)).likelihood) is expected


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "pseudo-likelihood"),
        ({"likelihood": "learned"}, "may be negative"),
        ({"likelihood": "categorical", "levels": 5}, "rounded to 5 grey levels"),
    ],
)
def test_what_the_nats_are_is_said(options, told):
    assert told in models.settings("vae", options).nats((1, 8, 8))
