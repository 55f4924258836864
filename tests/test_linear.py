"""PCA is fitted, exact, and what scikit-learn finds; a linear autoencoder finds its subspace."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from vaeexplorer import cli, training
from vaeexplorer.data import open_data
from vaeexplorer.jobs.evidence import integrate_evidence, measure_evidence
from vaeexplorer.jobs.opening import model_of
from vaeexplorer.models import build, linear, restore
from vaeexplorer.models.base import Batch, SettingError, float_images
from vaeexplorer.run import Config, result_of
from vaeexplorer.training import train

SIZE = 6


@pytest.fixture(scope="module")
def digits():
    return open_data("digits")


@pytest.fixture(scope="module")
def run(digits):
    return result_of(train(digits, Config("pca", {"latent_dim": SIZE}, epochs=50), threads=1))


@pytest.fixture(scope="module")
def space(run):
    return restore("pca", run.config.model, run.source.shape, run.weights).spaces()["z"]


def split_images(dataset):
    return [float_images(dataset.batch(part)) for part in dataset.split(0)]


def test_its_axes_are_those_of_scikit_learn(run, reference):
    axes = run.weights["axes"].T
    np.testing.assert_allclose(run.weights["centre"], reference.mean_, atol=1e-6)
    np.testing.assert_allclose(np.abs(np.sum(axes * reference.components_, axis=1)), 1, atol=1e-5)
    assert (axes[np.arange(SIZE), np.abs(axes).argmax(axis=1)] > 0).all()


def test_one_epoch_is_all(run):
    assert len(run.history) == 1
    assert run.status == "finished"


def test_decoding_is_inverted_exactly(space):
    z = torch.randn(50, SIZE, generator=torch.Generator().manual_seed(1))
    images = space.decode(z)
    torch.testing.assert_close(space.encode(images).mean, z, atol=1e-5, rtol=0)
    torch.testing.assert_close(space.decode(space.encode(images).mean), images, atol=1e-5, rtol=0)


def test_it_declares_no_prior_and_its_codes_are_sharp(space, digits):
    assert space.prior is None
    assert space.encode(split_images(digits)[1]).log_variance is None


@pytest.fixture(scope="module")
def reference(digits):
    """The PCA of scikit-learn, its variances those of most likelihood: over n, not n - 1."""
    from sklearn.decomposition import PCA

    images, _ = split_images(digits)
    fitted = PCA(SIZE, svd_solver="full").fit(images.flatten(1).double().numpy())
    for name in ("explained_variance_", "noise_variance_"):
        setattr(fitted, name, getattr(fitted, name) * (len(images) - 1) / len(images))
    return fitted


def test_minus_distortion_minus_rate_is_log_p_as_scikit_learn_has_it(run, digits, reference):
    images, held_out = split_images(digits)
    model = restore("pca", run.config.model, run.source.shape, run.weights).frozen()
    terms = model(Batch(held_out), torch.Generator())
    expected = reference.score_samples(held_out.flatten(1).double().numpy())
    elbo = -(terms.distortion + terms.rate)
    np.testing.assert_allclose(elbo.numpy(), expected, atol=2e-3)
    for measured, those in ((run.history[0].train, images), (run.history[0].held_out, held_out)):
        mean = reference.score(those.flatten(1).double().numpy())
        assert measured.elbo == pytest.approx(mean, abs=1e-3)


def test_its_posterior_is_exact_so_that_every_draw_gives_log_p(run, digits, reference):
    found = result_of(measure_evidence(run, digits, images=20))
    pixels = digits.pixels(found.images).reshape(20, -1) / 255
    np.testing.assert_allclose(found.elbo, reference.score_samples(pixels), atol=5e-3)
    assert found.exact
    assert found.draw_deviation < 0.01
    assert [bound.mean for bound in found.bounds] == pytest.approx([found.elbo.mean()] * 9)
    assert found.gap == pytest.approx(0, abs=1e-3)
    assert found.best.effective == pytest.approx(500, rel=1e-3)
    assert found.rate == pytest.approx(-found.distortion - found.elbo.mean())
    assert found.prior_means[-1] < found.elbo.mean() - 1


def test_of_one_axis_the_integral_over_codes_is_log_p(digits):
    flat = result_of(train(digits, Config("pca", {"latent_dim": 1}), threads=1))
    (wanted,) = result_of(measure_evidence(flat, digits, images=1)).elbo
    first = np.sort(digits.split(0).held_out)[0]
    exact = result_of(integrate_evidence(flat, digits.pixels([first])[0]))
    assert exact.log_evidence == pytest.approx(wanted, abs=1e-3)
    assert exact.gap == pytest.approx(0, abs=1e-3)
    assert abs(exact.elbo + exact.gap - exact.log_evidence) < 1e-10
    # In units of the codes: there the posterior is as wide as in those of z, times its gain.
    model = model_of(flat).frozen()
    image = split_images(digits)[1][:1]
    code, z = model.encode(image).mean, model.joint_posterior(image)
    gain = (model.variances - model.noise_variance()).sqrt()
    assert exact.mean == pytest.approx((code * gain**2 / model.variances)[0].numpy(), rel=1e-4)
    assert exact.deviation == pytest.approx((z.log_variance / 2).exp()[0] * gain, rel=1e-4)


def test_as_many_axes_as_pixels_leave_nothing_to_be_probable():
    model = build("pca", {"latent_dim": 4}, (1, 2, 2), torch.zeros(1, 2, 2)).frozen()
    batch = Batch(torch.rand(3, 1, 2, 2))
    assert model(batch, torch.Generator()).rates is None
    assert model.log_weight(batch, torch.Generator()) is None


def test_a_run_saved_before_variances_were_kept_opens_and_has_no_evidence(run, digits):
    former = {name: one for name, one in run.weights.items() if name != "variances"}
    model = restore("pca", run.config.model, run.source.shape, former).frozen()
    batch = Batch(split_images(digits)[1])
    assert model(batch, torch.Generator()).rates is None
    now = restore("pca", run.config.model, run.source.shape, run.weights)
    for one, other in zip(model.spaces().values(), now.spaces().values(), strict=True):
        z = one.encode(batch.images).mean
        assert torch.equal(one.decode(z), other.decode(z))
    before = dataclasses.replace(run, weights=former)
    assert result_of(measure_evidence(before, digits, images=5)) is None


def test_the_noise_of_an_image_given_its_code_is_that_of_probabilistic_pca(run, reference):
    variance = reference.noise_variance_
    model = restore("pca", run.config.model, run.source.shape, run.weights).frozen()
    assert model.noise_variance().item() == pytest.approx(variance, rel=1e-4)
    output = torch.full((500, *run.source.shape), 0.5)
    drawn = model.likelihood.sample(output, torch.Generator().manual_seed(0))
    assert drawn.mean().item() == pytest.approx(0.5, abs=4 * (variance / drawn.numel()) ** 0.5)
    assert drawn.var().item() == pytest.approx(variance, rel=0.05)
    law = torch.distributions.Normal(output[:3], torch.tensor(variance, dtype=torch.float32).sqrt())
    log_prob = law.log_prob(drawn[:3]).flatten(1).sum(dim=1)
    torch.testing.assert_close(model.likelihood.log_prob(output[:3], drawn[:3]), log_prob)


def test_as_many_axes_as_pixels_leave_no_noise():
    model = build("pca", {"latent_dim": 4}, (1, 2, 2), torch.zeros(1, 2, 2))
    assert model.noise_variance().item() == 0


def test_large_images_are_fitted_by_iteration_as_exactly(digits, monkeypatch):
    images, _ = split_images(digits)
    pixels = images.mul(255).round().byte()
    exact, iterated = (build("pca", {"latent_dim": 2}, (1, 8, 8), images[0]) for _ in range(2))
    assert list(exact.fit(pixels))[-1] == 1
    monkeypatch.setattr(linear, "EXACT_PIXELS", 0)
    shares = list(iterated.fit(pixels))
    assert shares == sorted(shares)
    torch.testing.assert_close(iterated.axes, exact.axes, atol=1e-4, rtol=0)


def test_more_axes_than_pixels_are_refused_by_the_call(digits):
    with pytest.raises(SettingError, match="at most 64, the values of an image"):
        train(digits, Config("pca", {"latent_dim": 65}))


def test_the_command_says_that_epochs_do_not_matter(tmp_path, monkeypatch, capsys):
    typed = ["--family", "pca", "--latent-dim", "2", "--epochs", "99", "--json"]
    monkeypatch.setattr(
        "sys.argv",
        ["vae-explorer", "train", "--data", "digits", *typed, "--out", str(tmp_path / "run")],
    )
    assert cli.main() == 0
    printed = capsys.readouterr()
    assert "The family pca is fitted at once: epochs do not matter." in printed.err
    assert json.loads(printed.out)["epochs"] == 1


def test_fitting_can_be_stopped(digits, monkeypatch):
    monkeypatch.setattr(training, "REPORT_INTERVAL_S", 0.0)
    steps = train(digits, Config("pca", {"latent_dim": 2}), threads=1)
    reports = [next(steps) for _ in range(4)]
    steps.close()
    assert {report.message for report in reports[1:]} == {"Fitting"}
    assert reports[-1].snapshot is None


@pytest.mark.slow
@pytest.mark.external_data
@pytest.mark.parametrize(("size", "r2"), [(2, 0.157), (10, 0.466)])
def test_r2_on_mnist_is_the_known_one(external_data, size, r2):
    whole = open_data(str(external_data / "mnist"))
    split = whole.split(0)
    kept = np.concatenate([split.train[:20_000], split.held_out[:2_000]])
    data = dataclasses.replace(
        whole,
        images=whole.pixels(kept),
        labels=None,
        official_held_out=np.arange(len(kept)) >= 20_000,
    )
    run = result_of(train(data, Config("pca", {"latent_dim": size})))
    space = restore("pca", run.config.model, run.source.shape, run.weights).spaces()["z"]
    images, held_out = split_images(data)
    left = (held_out - space.decode(space.encode(held_out).mean)).square().sum()
    share = 1 - left / (held_out - images.mean(dim=0)).square().sum()
    assert share.item() == pytest.approx(r2, abs=0.001)


def test_terms_follow_the_weights(digits):
    images, _ = split_images(digits)
    model = build("pca", {"latent_dim": 2}, (1, 8, 8), images.mean(dim=0))
    before = model(Batch(images), None).distortion.mean().item()
    assert list(model.fit(images.mul(255).round().byte()))
    assert model(Batch(images), None).distortion.mean().item() < before
