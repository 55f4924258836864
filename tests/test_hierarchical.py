"""A hierarchy of one layer is the VAE; of more, each layer has a rate of its own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vaeexplorer.data import open_data
from vaeexplorer.jobs.draws import draws_on_map
from vaeexplorer.jobs.evidence import integrate_evidence, measure_evidence
from vaeexplorer.jobs.laws import Fits, compare_laws, draw_samples
from vaeexplorer.jobs.layers import mean_rates, rates_of_images
from vaeexplorer.jobs.mapping import encode
from vaeexplorer.jobs.marginals import draw_images
from vaeexplorer.jobs.opening import decode_pixels, exhibit_of, model_of, round_trip, with_model
from vaeexplorer.jobs.scoring import Grounds, score_space
from vaeexplorer.jobs.worst import worst_places
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.probe import probe_code
from vaeexplorer.models import build, learning
from vaeexplorer.models.base import Batch, Posterior
from vaeexplorer.models.hierarchical import relative_rates
from vaeexplorer.regularity.law_names import OWN
from vaeexplorer.regularity.laws import Drawn, fit_gaussian
from vaeexplorer.regularity.quadrature import exact_evidence
from vaeexplorer.run import Config, result_of
from vaeexplorer.training import train

SHAPE = (1, 8, 8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=6):
    return torch.rand((n, *SHAPE), generator=generator(3))


def made(family="hvae", seed=0, **options):
    return build(family, {"latent_dim": 4, **options}, SHAPE, images().mean(dim=0), seed=seed)


def test_one_layer_is_the_vae_weight_by_weight_and_term_by_term():
    vae, hvae = made("vae", seed=5), made("hvae", seed=5, layers=1)
    assert vae.state_dict().keys() == hvae.state_dict().keys()
    assert all(torch.equal(one, hvae.state_dict()[k]) for k, one in vae.state_dict().items())
    first, second = (model(Batch(images()), generator(1)) for model in (vae, hvae))
    assert torch.equal(first.distortion, second.distortion)
    assert torch.equal(first.rates["z"], second.rates["z"])
    weights = [model.log_weight(Batch(images()), generator(1)) for model in (vae, hvae)]
    torch.testing.assert_close(*weights)


def test_one_layer_learns_what_the_vae_learns_bit_for_bit():
    options = {"latent_dim": 3, "hidden": [16], "warm_up": 0.25, "free_bits": 0.0}
    runs = []
    for family, more in (("vae", {}), ("hvae", {"layers": 1})):
        steps = train(open_data("digits"), Config(family, options | more, epochs=1), threads=1)
        *_, last = steps
        runs.append(last.snapshot)
    assert all((runs[1].weights[name] == one).all() for name, one in runs[0].weights.items())
    assert runs[0].history == runs[1].history


def test_rates_between_gaussians_are_those_of_torch():
    q, p = (
        Posterior(*torch.randn(2, 6, 4, generator=generator(seed), dtype=torch.float64))
        for seed in (1, 2)
    )
    laws = [Normal(one.mean, (0.5 * one.log_variance).exp()) for one in (q, p)]
    torch.testing.assert_close(relative_rates(q, p), kl_divergence(*laws))


def test_each_layer_is_a_space_the_top_first():
    model = made(layers=3)
    assert list(model.spaces()) == ["z3", "z2", "z1"]
    terms = model(Batch(images()), generator())
    assert list(terms.rates) == ["z3", "z2", "z1"]
    assert all((rate.sum(dim=1) >= 0).all() for rate in terms.rates.values())


def test_a_layer_is_decoded_through_the_means_of_those_below():
    model = made(layers=3)
    spaces = model.spaces()
    z3 = torch.randn(5, 4, generator=generator(2))
    z2 = model.priors[0](z3).mean.detach()
    z1 = model.priors[1](z2).mean.detach()
    for name, z in {"z2": z2, "z1": z1}.items():
        torch.testing.assert_close(spaces["z3"].decode(z3), spaces[name].decode(z))


def test_draws_of_the_lowest_layer_go_through_all_others():
    model = made(layers=2)
    prior = model.spaces()["z1"].prior
    drawn = prior.sample(20_000, generator(4))
    top = torch.randn(20_000, 4, generator=generator(5))
    expected = model.priors[0](top)
    torch.testing.assert_close(
        drawn.mean(dim=0), expected.mean.mean(dim=0).detach(), atol=0.05, rtol=0
    )
    spread = (expected.mean.var(dim=0) + expected.log_variance.exp().mean(dim=0)).sqrt().detach()
    torch.testing.assert_close(drawn.std(dim=0), spread, atol=0.05, rtol=0)
    assert prior.log_prob(drawn) is None


def test_the_mean_log_weight_is_the_elbo():
    model = made(layers=3)
    batch = Batch(images(1).expand(20_000, *SHAPE))
    with torch.no_grad():
        terms = model(batch, generator(1))
        log_weight = model.log_weight(batch, generator(2))
    elbo = -(terms.distortion + terms.rate)
    error = (elbo.var() + log_weight.var()).div(len(elbo)).sqrt()
    assert (elbo.mean() - log_weight.mean()).abs() < 4 * error


def test_a_silent_layer_is_said():
    model = made(layers=2)
    assert model.trouble({"z2": 0.01, "z1": 3.0}).startswith(
        "The code z2 carries less than 0.1 nats."
    )
    assert model.trouble({"z2": 0.01, "z1": 0.02}).startswith("The posterior has collapsed")
    assert model.trouble({"z2": 0.5, "z1": 3.0}) == ""


@pytest.mark.slow
def test_three_layers_stay_alive_on_digits():
    config = Config("hvae", {"latent_dim": 8, "layers": 3}, epochs=40)
    *_, last = train(open_data("digits"), config, threads=1)
    told = dict(part.split() for part in last.remark.removeprefix("rates ").split(", "))
    assert set(told) == {"z3", "z2", "z1"}
    assert all(float(rate) > 0.3 for rate in told.values())
    assert last.warning == ""


def test_free_bits_hold_for_every_layer():
    terms = made(layers=2)(Batch(images()), generator())
    free = learning.Pressure(1.0, free_nats=50.0)
    loss = learning.objective(terms, free) - terms.distortion.mean()
    assert loss.item() == pytest.approx(2 * 4 * 50)


def test_a_lower_layer_is_drawn_below_the_upper_layers_of_an_image():
    model = made(layers=3)
    space = model.spaces()["z1"]
    held = space.holding(images()[2])
    z2 = model.spaces()["z2"].encode(images()[2:3]).mean.clone()
    mean, log_variance = (one.detach() for one in model.priors[1](z2))
    drawn = held.prior.sample(20_000, generator())
    torch.testing.assert_close(drawn.mean(dim=0), mean[0], atol=0.05, rtol=0)
    law = Normal(mean, (0.5 * log_variance).exp())
    torch.testing.assert_close(held.prior.log_prob(drawn), law.log_prob(drawn).sum(dim=1))
    torch.testing.assert_close(held.decode(drawn[:9]), space.decode(drawn[:9]))


def test_the_joint_density_is_that_of_every_layer_given_the_one_above():
    model = made(layers=3)
    z = torch.randn(6, 12, generator=generator(2))
    layers = z.split(4, dim=1)
    expected = Normal(0.0, 1.0).log_prob(layers[0]).sum(dim=1)
    for prior, above, below in zip(model.priors, layers, layers[1:], strict=False):
        mean, log_variance = prior(above)
        expected = expected + Normal(mean, (0.5 * log_variance).exp()).log_prob(below).sum(dim=1)
    law = model.joint_prior()
    torch.testing.assert_close(law.log_prob(z), expected)
    likelihood = model.likelihood.log_prob(model.network.decode(layers[2]), images())
    torch.testing.assert_close(model.log_joint(Batch(images()), z), expected + likelihood)
    assert model.log_joint(Batch(images()), layers[2]) is None
    drawn = law.sample(5, generator(1))
    lowest = model.spaces()["z1"].prior.sample(5, generator(1))
    torch.testing.assert_close(drawn[:, 8:], lowest)


def test_the_joint_density_of_one_layer_is_that_of_the_vae():
    vae, hvae = made("vae", seed=5), made("hvae", seed=5, layers=1)
    z = torch.randn(6, 4, generator=generator(2))
    densities = [model.log_joint(Batch(images()), z) for model in (vae, hvae)]
    torch.testing.assert_close(*densities)


@pytest.fixture(scope="module")
def trained():
    """A hierarchy of two layers, a little trained."""
    config = Config("hvae", {"latent_dim": 3}, epochs=2)
    *_, last = train(open_data("digits"), config, threads=1)
    return last.snapshot


def test_completeness_is_that_of_draws_of_all_layers_whichever_is_scored(trained):
    data = open_data("digits")
    spaces, grounds = model_of(trained).spaces(), Grounds()
    scores = {
        name: result_of(score_space(one, data, data.split(0), with_others=False, grounds=grounds))
        for name, one in spaces.items()
    }
    assert scores["z2"]["completeness"] == scores["z1"]["completeness"]
    assert scores["z2"]["completeness"]["law"] == spaces["z1"].prior.name
    assert scores["z2"]["continuity"] != scores["z1"]["continuity"]
    assert scores["z1"]["verdict"][-1].startswith("Measured with the layers above at")


def test_codes_below_a_layer_are_drawn_as_all_layers_are():
    spaces = made(layers=3).spaces()
    whole = spaces["z1"].prior.sample(6, generator(3))
    for name, space in spaces.items():
        law = Drawn(space, space.prior)
        torch.testing.assert_close(law.sample(6, generator(3)), whole, msg=name)
        assert law.name == "hierarchy of layers"
    held = spaces["z2"].holding(images()[1])
    below_an_image = Drawn(held, held.prior)
    assert below_an_image.name == held.prior.name != "hierarchy of layers"
    # Of another law of the top layer nothing above it is left to be drawn.
    assert Drawn(spaces["z3"], fit_gaussian(whole)).name == "fitted Gaussian"


@pytest.fixture(scope="module")
def explored(trained):
    """The same with codes of all layers, as an exhibit by the layer that is explored."""
    data = open_data("digits")
    encoded = result_of(encode(trained, model_of(trained).spaces(), data))
    exhibit = with_model(exhibit_of(encoded, "", data))
    return {name: replace(exhibit, explored=name) for name in exhibit.spaces}


def test_draws_of_any_layer_are_pictures_of_all_layers(explored):
    fits = {name: Fits(exhibit) for name, exhibit in explored.items()}
    drawn = {name: draw_samples(one, OWN, None, 8, 5) for name, one in fits.items()}
    np.testing.assert_array_equal(drawn["z2"].pictures, drawn["z1"].pictures)
    assert drawn["z2"].law == drawn["z1"].law == "hierarchy of layers"
    # They lie at the codes of their own layer.
    assert (drawn["z2"].z != drawn["z1"].z).all()
    expected = fits["z2"].space.prior.sample(8, generator(5))
    np.testing.assert_allclose(drawn["z2"].z, expected.numpy())


def test_the_probe_of_a_draw_shows_the_picture_that_was_drawn(explored):
    exhibit = explored["z2"]
    space, codes = exhibit.spaces["z2"], exhibit.codes["z2"].mean
    drawn = draw_samples(Fits(exhibit), OWN, None, 8, 5)
    lift = Lift(codes[:, :2].copy(), codes, {})
    for z, whole, picture in zip(drawn.z, drawn.whole, drawn.pictures, strict=True):
        probe = probe_code(lift, z, whole)
        np.testing.assert_array_equal(decode_pixels(*probe.source(space))[0], picture)
        np.testing.assert_array_equal(draw_images(exhibit, probe, 1).mean, picture)
        again = space.encode(torch.from_numpy(space.drawn_in.decode(probe_whole(probe)).numpy()))
        expected = float((again.mean - torch.from_numpy(z)).norm())
        assert round_trip(space, probe) == pytest.approx(expected, rel=1e-4)
    by_means = decode_pixels(*probe_code(lift, z).source(space))[0]
    assert not np.array_equal(by_means, picture), "or the layer below would draw nothing"


def probe_whole(probe):
    return torch.from_numpy(probe.whole[None])


def test_draws_on_the_map_of_any_layer_are_as_far_from_the_images(explored):
    on_map = {}
    for name, exhibit in explored.items():
        codes, space = exhibit.codes[name].mean, exhibit.spaces[name]
        lift = Lift(codes[:, :2].copy(), codes, {})
        on_map[name] = result_of(draws_on_map(space, space.prior, lift, exhibit.dataset))
    np.testing.assert_allclose(on_map["z2"].distances, on_map["z1"].distances, rtol=1e-5)
    assert on_map["z2"].real == pytest.approx(on_map["z1"].real, rel=1e-3)
    assert on_map["z2"].law == "hierarchy of layers"
    assert (on_map["z2"].codes != on_map["z1"].codes).any()
    np.testing.assert_allclose(on_map["z2"].whole, on_map["z1"].codes, rtol=1e-5, atol=1e-6)


def test_the_emptiest_draw_of_any_layer_is_the_emptiest_picture_of_all_layers(explored):
    grounds, found = Grounds(), {}
    for name, exhibit in explored.items():
        split = exhibit.dataset.split(exhibit.split_seed)
        job = worst_places(exhibit.spaces[name], exhibit.dataset, split, grounds)
        found[name] = result_of(job)
    upper, lower = found["z2"], found["z1"]
    assert upper.law == lower.law == "hierarchy of layers"
    assert upper.draws[0].amount == lower.draws[0].amount
    np.testing.assert_array_equal(upper.draws[0].pictures, lower.draws[0].pictures)
    np.testing.assert_array_equal(upper.draws[0].whole, lower.draws[0].z)
    assert upper.steps[0].whole is None
    assert (upper.draws[0].z != lower.draws[0].z).all()


def test_the_declared_prior_of_a_layer_has_the_completeness_of_the_model(explored):
    exhibit, grounds = explored["z2"], Grounds()
    data, space = exhibit.dataset, exhibit.spaces["z2"]
    split = data.split(exhibit.split_seed)
    steps = compare_laws(
        space, data, split, grounds=grounds, fits=Fits(exhibit), wanted=lambda: OWN
    )
    own = next(steps).scores[OWN]
    steps.close()
    job = score_space(space, data, split, with_others=False, grounds=grounds)
    wanted = result_of(job)["completeness"]
    assert (own.law, own.score, own.sd) == (wanted["law"], wanted["score"], wanted["sd"])


def test_a_law_is_fitted_to_the_layer_that_is_scored_by_the_command_as_by_the_window(explored):
    grounds, law, scores = Grounds(), "mixture:2", []
    for name, exhibit in explored.items():
        data, space = exhibit.dataset, exhibit.spaces[name]
        split = data.split(exhibit.split_seed)
        steps = compare_laws(
            space, data, split, grounds=grounds, fits=Fits(exhibit), wanted=lambda: law
        )
        shown = next(steps).scores[law].score
        steps.close()
        job = score_space(space, data, split, with_others=False, grounds=grounds, laws=[law])
        scores.append(result_of(job)["completeness"]["others"]["fitted mixture of 2"])
        assert scores[-1] == pytest.approx(shown, rel=1e-3), name
    assert scores[0] != pytest.approx(scores[1], rel=1e-3)


def test_rates_of_layers_add_up_to_the_rate_that_was_measured_in_the_training(trained):
    data = open_data("digits")
    found = result_of(mean_rates(trained, data))
    total = sum(rates.sum() for rates in found.values())
    assert list(found) == ["z2", "z1"]
    assert total == pytest.approx(trained.history[-1].held_out.rate, rel=0.1)
    of_images = result_of(rates_of_images(trained, data, "z1"))
    held_out = data.split(trained.split_seed).held_out
    assert of_images[held_out].mean() == pytest.approx(found["z1"].sum(), rel=0.1)


def test_draws_of_all_layers_find_the_log_probability_that_draws_of_the_posterior_find(trained):
    # The rate is half a nat: of 500 draws from the prior many explain an image.
    found = result_of(measure_evidence(trained, open_data("digits"), images=20))
    assert found.prior_means is not None
    assert found.prior_means[-1] == pytest.approx(found.best.mean, abs=0.1)
    assert found.prior_means[0] < found.best.mean - 0.1


# --- log p(x) integrated over two layers of one dimension each ------------------------------------


def test_the_evidence_of_a_linear_hierarchy_is_that_of_its_closed_form():
    # z2 ~ N(0, 1), z1 = .8 z2 + .6 e, x = w z1 + .5 e': x is Gaussian with 1 * w w' + .25 I.
    w, noise = torch.tensor([1.0, -0.5, 0.25]), 0.5
    x = torch.tensor([0.4, 0.2, -0.3])
    likelihood = Normal(0.0, noise)

    def log_joint(z):
        z2, z1 = torch.from_numpy(z).double().T
        below = Normal(0.8 * z2, 0.6).log_prob(z1)
        return (
            (Normal(0.0, 1.0).log_prob(z2) + below)
            + likelihood.log_prob(x - z1[:, None] * w).sum(dim=1)
        ).numpy()

    # The top-down posterior is exact where its parts are: q(z2|x), then q(z1|z2, x).
    weight, below = float(w @ w) / noise**2, 1 / 0.36
    precision = torch.tensor([[1 + 0.64 * below, -0.8 * below], [-0.8 * below, below + weight]])
    covariance = precision.double().inverse()
    mean = covariance @ torch.tensor([0.0, float(w @ x) / noise**2], dtype=torch.float64)

    def placed(steps):
        top = mean[0] + covariance[0, 0].sqrt() * steps[:, 0]
        spread = precision[1, 1].rsqrt()
        lower = mean[1] - precision[1, 0] / precision[1, 1] * (top - mean[0]) + spread * steps[:, 1]
        density = Normal(0.0, 1.0).log_prob(steps).sum(dim=1)
        density = density - covariance[0, 0].sqrt().log() - spread.log()
        return torch.stack([top, lower], dim=1), density

    def steps_of(steps):
        z, density = placed(torch.from_numpy(steps))
        return z.float().numpy(), density.numpy()

    law = MultivariateNormal(torch.zeros(3), torch.outer(w, w) + noise**2 * torch.eye(3))
    found = result_of(exact_evidence(log_joint, steps_of, 2))
    assert found.log_evidence == pytest.approx(law.log_prob(x).item(), abs=1e-5)
    assert found.gap == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(found.mean, mean.numpy(), atol=1e-5)
    assert abs(found.elbo + found.gap - found.log_evidence) < 1e-10


def test_two_layers_of_one_dimension_are_integrated():
    digits = open_data("digits")
    options = {"latent_dim": 1, "layers": 2, "hidden": [32]}
    *_, last = train(digits, Config("hvae", options, epochs=3), threads=1)
    run = last.snapshot
    bounds = result_of(measure_evidence(run, digits, images=3))
    for place, index in enumerate(bounds.images):
        found = result_of(integrate_evidence(run, digits.pixels([index])[0]))
        assert found.names == ("z2", "z1")
        assert abs(found.elbo + found.gap - found.log_evidence) < 1e-10
        assert found.gap > -1e-4
        error = 5 * bounds.draw_deviation / 500**0.5
        assert found.elbo == pytest.approx(bounds.elbo[place], abs=error)
        assert found.log_evidence == pytest.approx(bounds.log_evidence[place], abs=error)


def test_steps_of_all_layers_lead_to_draws_of_the_posterior():
    model = made(layers=3)
    image, steps = images(1), torch.randn(5, 12, generator=generator(4))
    z, density = model.placed(image, steps)
    posterior, expected, first = model.network.encode(image), 0.0, None
    for depth, part in enumerate(z.split(4, dim=1)):
        if depth:
            features = model.network.body(image).expand(5, -1)
            posterior = model.posteriors[depth - 1](torch.cat([features, first], dim=1))
        law = Normal(posterior.mean, (posterior.log_variance / 2).exp())
        own = steps[:, 4 * depth : 4 * depth + 4]
        torch.testing.assert_close(law.mean + law.stddev * own, part)
        expected, first = expected + law.log_prob(part).sum(dim=1), part
    torch.testing.assert_close(density, expected, rtol=1e-4, atol=1e-4)
    for name, middle in zip(
        model.names, model.joint_posterior(image).mean.split(4, dim=1), strict=True
    ):
        torch.testing.assert_close(middle, model.spaces()[name].encode(image).mean)
