"""What every family promises, and what the AE and the VAE are in particular.

The contract tests run over FAMILIES: a new family is tested by being registered.
"""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from vaeexplorer import models
from vaeexplorer.models import FAMILIES, WeightsError, build, restore
from vaeexplorer.models.base import (
    Batch,
    Posterior,
    SettingError,
    StandardNormal,
    Terms,
)
from vaeexplorer.models.contexts import DEFAULT_CONTEXTS
from vaeexplorer.models.gaussian import draw, log_density, rates
from vaeexplorer.models.networks import EncoderDecoder, uses_mlp

SHAPE = (1, 8, 8)
SIZES = [
    *[(1, side, side) for side in (1, 2, 7, 28, 33)],
    (1, 5, 90),
    (3, 37, 51),
    (3, 64, 64),
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(shape=SHAPE, n=6):
    return torch.rand((n, *shape), generator=generator(3))


def made(family, shape=SHAPE, seed=0, **options):
    return build(family, {"latent_dim": 5, **options}, shape, images(shape).mean(dim=0), seed=seed)


def arrays(model):
    return {name: one.numpy().copy() for name, one in model.state_dict().items()}


@pytest.fixture(params=list(FAMILIES))
def family(request):
    return request.param


# The contract of every family.


def test_terms_are_nats_per_image_and_dimension(family):
    model = made(family)
    terms = model(Batch(images()), generator())
    assert terms.distortion.shape == (6,)
    # Fields that do not move are drawn so well that their density is above 1.
    assert (terms.distortion > 0).all() or family == "flowvae"
    assert terms.penalty.shape == ()
    if terms.rates is None:
        assert terms.rate is None
    else:
        sizes = {name: space.size for name, space in model.spaces().items()}
        shapes = {name: tuple(rate.shape) for name, rate in terms.rates.items()}
        assert shapes == {name: (6, sizes[name]) for name in shapes}
        assert (terms.rate >= 0).all()


def test_equal_noise_gives_equal_terms(family):
    model = made(family)
    first, second = (model(Batch(images()), generator(1)) for _ in range(2))
    assert torch.equal(first.distortion, second.distortion)


def test_every_weight_learns(family):
    model = made(family)
    terms = model(Batch(images()), generator())
    loss = terms.distortion if terms.rate is None else terms.distortion + terms.rate
    (loss.mean() + terms.penalty).backward()
    assert all(one.grad is not None and one.grad.any() for one in model.parameters())


def test_spaces_encode_and_decode(family):
    for space in made(family).spaces().values():
        posterior = space.encode(images())
        assert posterior.mean.shape == (6, space.size)
        if posterior.log_variance is not None:
            assert posterior.log_variance.shape == (6, space.size)
        decoded = space.decode(20 * posterior.mean)
        assert decoded.shape == (6, *SHAPE)
        if family != "pca":  # straight lines leave any bounds
            assert decoded.min() >= 0
            assert decoded.max() <= 1


def test_a_prior_draws_codes_and_knows_their_density(family):
    for space in made(family).spaces().values():
        if space.prior is not None:
            z = space.prior.sample(7, generator())
            assert z.shape == (7, space.size)
            density = space.prior.log_prob(z)
            assert density is None or density.shape == (7,)


def test_a_space_comes_back_from_another_context_as_it_was(family):
    for space in made(family).spaces().values():
        held = space.holding(images()[1])
        assert held.given == space.given
        assert space.given is None or space.given in DEFAULT_CONTEXTS
        assert (held is space) is (space.given is None)
        assert torch.equal(held.encode(images()).mean, space.encode(images()).mean)
        z = torch.randn(3, space.size, generator=generator())
        for again in (space.holding(None), held.holding(None)):
            assert torch.equal(again.decode(z), space.decode(z))
            if space.prior is not None:
                drawn = [one.prior.sample(4, generator()) for one in (again, space)]
                assert torch.equal(*drawn)


def test_a_space_is_a_frozen_copy(family):
    model = made(family)
    space = next(iter(model.spaces().values()))
    z = torch.randn(3, space.size, generator=generator())
    before = space.decode(z).clone()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1)
    assert torch.equal(space.decode(z), before)
    assert not torch.equal(next(iter(model.spaces().values())).decode(z), before)


@pytest.mark.parametrize(
    ("family", "options", "epochs", "expected"),
    [
        ("vae", {}, 60, "VAE on digits, 60 epochs"),
        ("vae", {"latent_dim": 8, "beta": 4}, 1, "VAE on digits, beta 4, 1 epoch"),
        (
            "ae",
            {"latent_dim": 2, "hidden": [400, 20], "body": "mlp"},
            2000,
            "AE on digits, latent dimensions 2, body mlp, hidden widths 400-20, 2,000 epochs",
        ),
        ("pca", {"latent_dim": 2}, 1, "PCA on digits, latent dimensions 2"),
    ],
)
def test_a_run_is_named_by_what_makes_it_another(family, options, epochs, expected):
    assert models.run_name(family, options, "digits", epochs) == expected


def test_weights_come_back_as_the_same_model(family):
    model = made(family, seed=4)
    restored = restore(family, {"latent_dim": 5}, SHAPE, arrays(model))
    for before, after in zip(model.spaces().values(), restored.spaces().values(), strict=True):
        z = torch.randn(3, before.size, generator=generator())
        assert torch.equal(before.decode(z), after.decode(z))
        assert torch.equal(before.encode(images()).mean, after.encode(images()).mean)


def test_a_restored_model_owns_its_weights(family):
    weights = arrays(made(family))
    restored = restore(family, {"latent_dim": 5}, SHAPE, weights)
    space = next(iter(restored.spaces().values()))
    before = space.encode(images()).mean.clone()
    for array in weights.values():
        array[...] = 0
    assert torch.equal(next(iter(restored.spaces().values())).encode(images()).mean, before)


def test_the_global_generator_is_never_touched(family):
    before = torch.get_rng_state()
    model = made(family)
    model(Batch(images()), generator())
    model.log_weight(Batch(images()), generator())
    restore(family, {"latent_dim": 5}, SHAPE, arrays(model))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_seed_decides_the_weights(family):
    first, again, other = (arrays(made(family, seed=seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_a_family_tells_what_it_is(family):
    about = FAMILIES[family]
    assert about.title
    assert about.story
    assert about.paper
    assert about.batches in ("images", "groups", "pairs")
    for setting in dataclasses.fields(about.config):
        assert setting.metadata["label"]
        assert setting.metadata["description"]


# Settings and weights that cannot be used.


@pytest.mark.parametrize(
    ("family", "options", "named"),
    [
        ("gan", {}, "no family 'gan'; there are pca, ae, dae, vae, hvae, vqvae, mlvae, flowvae"),
        (["vae"], {}, "no family"),
        ("vae", [1], "named values"),
        ("ae", {"beta": 1.0}, "no setting 'beta'"),
        ("vae", {"latent_dim": 0}, "latent dimensions must be at least 1"),
        ("vae", {"latent_dim": 513}, "latent dimensions must be at most 512"),
        ("vae", {"latent_dim": 2.0}, "latent dimensions must be a whole number"),
        ("vae", {"latent_dim": True}, "latent dimensions must be a whole number"),
        ("vae", {"beta": -1.0}, "beta must be at least 0"),
        ("vae", {"beta": math.nan}, "beta must be a number"),
        ("vae", {"beta": math.inf}, "beta must be a number"),
        ("vae", {"beta": "4"}, "beta must be a number"),
        ("vae", {"warm_up": 1.5}, "warm-up must be at most 1"),
        ("vae", {"body": "resnet"}, "body must be one of auto, mlp, conv, linear"),
        ("vae", {"body": None}, "body must be text"),
        ("vae", {"hidden": 400}, "hidden widths must be a list of whole numbers"),
        ("vae", {"hidden": [400, "200"]}, "hidden widths must be a list of whole numbers"),
        ("vae", {"hidden": [0]}, "hidden widths must be at least 1"),
        ("vae", {"hidden": [9] * 9}, "hidden widths must be at most 8 values"),
        ("vae", {"free_bits": -0.1}, "free bits must be at least 0"),
        ("vae", {"capacity": -1}, "capacity must be at least 0"),
        ("dae", {"strength": 1.0}, "strength must be at most 0.99"),
        ("hvae", {"layers": 9}, "layers T must be at most 5, not 9"),
        ("hvae", {"layers": 0}, "layers T must be at least 1, not 0"),
        ("vqvae", {"codes": 1}, "codes K must be at least 2, not 1"),
        ("vqvae", {"latent_dim": 8, "code_width": 3}, "a multiple of the code width 3, not 8"),
        ("vqvae", {"beta": 1.0}, "no setting 'beta'"),
        ("mlvae", {"latent_dim": 1}, "at least 2, one for content and one for style, not 1"),
        ("mlvae", {"latent_dim": 4, "content_dim": 4}, "less than the 4 latent dimensions, not 4"),
        ("vae", {"variance": 0}, "variance must be at least 0.0001, not 0"),
        ("vae", {"variance": -1.0}, "variance must be at least 0.0001"),
        ("ae", {"levels": 1}, "grey levels must be at least 2, not 1"),
        ("pca", {"hidden": [9]}, "no setting 'hidden'; it has latent_dim"),
    ],
)
def test_a_bad_setting_is_one_sentence(family, options, named):
    with pytest.raises(SettingError, match=named) as error:
        build(family, options, SHAPE, torch.zeros(SHAPE))
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_settings_take_json_values():
    config = models.settings("vae", {"hidden": [30, 20], "beta": 2})
    assert config.hidden == (30, 20)
    assert config.beta == 2


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda w: w.pop("network.mean.bias"), "network.mean.bias are missing"),
        (lambda w: w.update(more=np.zeros(1, np.float32)), "more do not belong"),
        (
            lambda w: w.update({"network.mean.bias": np.zeros(6, np.float32)}),
            r"have shape \(6,\), not \(5,\)",
        ),
        (lambda w: w["network.mean.bias"].fill(np.nan), "not all finite"),
        (
            lambda w: w.update({"network.mean.bias": np.zeros(5, np.complex64)}),
            "not all finite numbers",
        ),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(spoil, named):
    weights = arrays(made("vae"))
    spoil(weights)
    with pytest.raises(WeightsError, match=named):
        restore("vae", {"latent_dim": 5}, SHAPE, weights)


def test_claimed_sizes_cost_no_memory():
    # 3 x 8192^2 pixels at width 8192 would be 6 TB of weights.
    options = {"body": "mlp", "hidden": [8192]}
    with pytest.raises(WeightsError, match="missing"):
        restore("vae", options, (3, 8192, 8192), {})


# Networks.


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("body", ["mlp", "conv"])
def test_bodies_take_images_of_any_size(body, shape):
    model = made("vae", shape, body=body, hidden=() if body == "conv" else (16,))
    terms = model(Batch(images(shape)), generator())
    terms.distortion.mean().backward()
    assert all(one.grad is not None for one in model.parameters())
    space = model.spaces()["z"]
    assert space.decode(space.encode(images(shape)).mean).shape == (6, *shape)


@pytest.mark.parametrize(
    ("shape", "mlp"),
    [((1, 28, 28), True), ((1, 32, 32), True), ((3, 32, 32), False), ((1, 33, 33), False)],
)
def test_the_body_is_chosen_by_the_number_of_pixels(shape, mlp):
    assert uses_mlp(models.settings("vae", {}), shape) is mlp


def test_a_28_pixel_image_is_padded_to_32_and_every_pixel_reaches_the_code():
    network = made("ae", (1, 28, 28), body="conv").network
    padded = network.body[0](torch.ones(1, 1, 28, 28))
    assert padded.shape == (1, 1, 32, 32)
    assert padded.sum() == 28 * 28
    assert padded[0, 0, 2:30, 2:30].all()
    x = images((1, 28, 28), 1).requires_grad_()
    network.encode(x).mean.sum().backward()
    assert (x.grad != 0).all()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 37, 51)])
def test_an_untrained_decoder_draws_the_mean_image(shape):
    mean_image = torch.rand(shape, generator=generator()).mul(0.9).add(0.05)
    model = build("vae", {}, shape, mean_image)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith("network.decoder") and weight.dim() > 1 and weight.shape != shape:
                weight.zero_()
    decoded = model.spaces()["z"].decode(torch.zeros(1, 8))[0]
    torch.testing.assert_close(decoded, mean_image, atol=1e-5, rtol=0)


def test_a_mean_image_of_zeros_and_ones_keeps_the_logits_finite():
    mean_image = torch.zeros(SHAPE)
    mean_image[..., 4:] = 1
    terms = build("ae", {}, SHAPE, mean_image)(Batch(images()), generator())
    assert torch.isfinite(terms.distortion).all()


def test_an_ae_and_a_vae_of_one_seed_share_their_weights():
    for body in ("mlp", "conv"):
        ae, vae = (arrays(made(family, seed=7, body=body)) for family in ("ae", "vae"))
        assert set(vae) - set(ae) == {"network.log_variance.weight", "network.log_variance.bias"}
        assert all(np.array_equal(ae[name], vae[name]) for name in ae)


def test_log_variance_is_clamped():
    network = EncoderDecoder(
        models.settings("vae", {}), SHAPE, torch.full(SHAPE, 0.5), stochastic=True
    )
    with torch.no_grad():
        network.log_variance.weight.zero_()
        network.log_variance.bias[0], network.log_variance.bias[1] = 1e3, -1e3
    log_variance = network.encode(images()).log_variance
    assert log_variance[0, :2].tolist() == [10, -20]


# The mathematics.


def posterior(n=6, size=5):
    return Posterior(
        torch.randn(n, size, generator=generator(1), dtype=torch.float64),
        torch.randn(n, size, generator=generator(2), dtype=torch.float64),
    )


def normal(q):
    return Normal(q.mean, (0.5 * q.log_variance).exp())


def test_rates_are_the_kl_of_torch_distributions():
    q = posterior()
    torch.testing.assert_close(rates(q), kl_divergence(normal(q), Normal(0.0, 1.0)))


def test_rates_of_independent_dimensions_add_up():
    q = posterior()
    joint = kl_divergence(
        torch.distributions.MultivariateNormal(q.mean, torch.diag_embed(q.log_variance.exp())),
        torch.distributions.MultivariateNormal(
            torch.zeros(5, dtype=torch.float64), torch.eye(5, dtype=torch.float64)
        ),
    )
    zero = torch.zeros(())
    torch.testing.assert_close(Terms(zero, {"z": rates(q)}, zero).rate, joint)


def test_the_rate_is_the_sum_over_spaces():
    rate = Terms(torch.zeros(2), {"a": torch.ones(2, 3), "b": torch.ones(2, 4)}, torch.zeros(()))
    assert rate.rate.tolist() == [7, 7]


def test_draws_have_the_moments_of_the_posterior():
    q = Posterior(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 2 * math.log(3.0)]]))
    many = Posterior(q.mean.expand(40_000, 2), q.log_variance.expand(40_000, 2))
    z = draw(many, generator())
    torch.testing.assert_close(z.mean(dim=0), q.mean[0], atol=0.06, rtol=0)
    torch.testing.assert_close(z.std(dim=0), torch.tensor([1.0, 3.0]), atol=0.05, rtol=0)


def test_densities_are_those_of_torch_distributions():
    q = posterior()
    z = torch.randn(6, 5, generator=generator(5), dtype=torch.float64)
    torch.testing.assert_close(log_density(q, z), normal(q).log_prob(z).sum(dim=1))
    prior = Normal(torch.zeros((), dtype=torch.float64), 1.0)
    torch.testing.assert_close(StandardNormal(5).log_prob(z), prior.log_prob(z).sum(dim=1))


def test_distortion_is_the_bernoulli_log_probability_of_binary_images():
    ae = made("ae")
    binary = images().round()
    logits = ae.network.decode(ae.network.encode(binary).mean)
    expected = -Bernoulli(logits=logits).log_prob(binary).flatten(1).sum(dim=1)
    torch.testing.assert_close(ae(Batch(binary), generator()).distortion, expected)


def test_the_mean_log_weight_is_the_elbo():
    vae = made("vae")
    batch = Batch(images(n=1).expand(20_000, *SHAPE))
    with torch.no_grad():
        terms = vae(batch, generator(1))
        log_weight = vae.log_weight(batch, generator(2))
    elbo = -(terms.distortion + terms.rate)
    error = (elbo.var() + log_weight.var()).div(len(elbo)).sqrt()
    assert (elbo.mean() - log_weight.mean()).abs() < 4 * error
    assert made("ae").log_weight(batch, generator()) is None


def test_the_weight_of_the_rate_grows_to_beta():
    config = models.settings("vae", {"beta": 4.0, "warm_up": 0.5})
    assert [config.pressure(done).weight for done in (0, 0.25, 0.5, 1)] == [0, 2, 4, 4]
    assert models.settings("vae", {"warm_up": 0}).pressure(0.0).weight == 1


def test_the_capacity_grows_over_the_first_half():
    config = models.settings("vae", {"capacity": 8.0})
    assert [config.pressure(done).capacity for done in (0, 0.25, 0.5, 1)] == [0, 4, 8, 8]
