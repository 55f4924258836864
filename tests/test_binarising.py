"""Images drawn black and white: anew for training, once where they are held out."""

import numpy as np
import pytest
import torch
from finishing import finish
from test_training import config, dataset, trained

from vaeexplorer import cli, models
from vaeexplorer.jobs import evidence
from vaeexplorer.jobs.evidence import measure_evidence
from vaeexplorer.jobs.mapping import encode
from vaeexplorer.jobs.measuring import measure
from vaeexplorer.jobs.opening import exhibit_of, model_of, with_model
from vaeexplorer.models.base import Batch, SettingError, float_images
from vaeexplorer.models.binarising import binarised_once
from vaeexplorer.models.learning import Images
from vaeexplorer.regularity.aggregate import aggregate_terms
from vaeexplorer.run import result_of
from vaeexplorer.storage import load_run, save_run
from vaeexplorer.training import train

DYNAMIC = {"binarise": "dynamic"}


def grey(n, level, side=4):
    return torch.full((n, 1, side, side), level, dtype=torch.uint8)


def different(n):
    """Images that are all different, of which the first row is black and the last white."""
    pixels = torch.arange(n * 16).view(n, 1, 4, 4).mul(7).remainder(254).byte()
    pixels[:, :, 0], pixels[:, :, 3] = 0, 255
    return pixels


def test_a_pixel_is_white_as_often_as_it_is_bright():
    images = Images(grey(4_000, 51), flips=torch.Generator().manual_seed(0))
    drawn = images.batch((torch.arange(4_000), None)).images
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert drawn.mean().item() == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / 64_000) ** 0.5)


def test_what_is_learnt_from_is_drawn_anew_each_time():
    images = Images(different(20), flips=torch.Generator().manual_seed(0))
    first, second = (images.batch((torch.arange(20), None)).images for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(images.pixels, different(20))


def test_what_is_held_out_is_drawn_once_whatever_stands_beside_it():
    pixels = different(20)
    once = binarised_once(pixels)
    assert set(once.unique().tolist()) == {0, 255}
    assert not once[:, :, 0].any()
    assert (once[:, :, 3] == 255).all()
    assert torch.equal(binarised_once(pixels.flip(0)).flip(0), once)
    assert torch.equal(pixels, different(20))


def test_the_one_draw_is_white_as_often_as_pixels_are_bright():
    levels = torch.arange(256, dtype=torch.uint8).repeat(400).view(100, 1, 32, 32)
    levels[:, 0, 0, 0] = torch.arange(100)  # no two of them alike
    once = binarised_once(levels).float() / 255
    assert (once - levels / 255).mean().abs().item() < 4 * (0.25 / levels.numel()) ** 0.5


def test_a_run_that_binarises_is_repeatable_and_is_not_the_one_that_does_not():
    first, second, other = (
        trained(model=model, threads=1) for model in (DYNAMIC, DYNAMIC, {"binarise": "no"})
    )
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert any(not np.array_equal(first.weights[k], other.weights[k]) for k in first.weights)
    plain = trained(threads=1)
    assert all(np.array_equal(other.weights[name], plain.weights[name]) for name in plain.weights)


def test_the_held_out_measure_and_the_pictures_are_those_of_the_one_draw():
    data = dataset()
    run, reports = finish(train(data, config("ae", model=DYNAMIC), threads=1))
    once = binarised_once(data.batch(data.split(0).held_out))
    model = models.restore("ae", run.config.model, data.shape, run.weights).eval()
    with torch.no_grad():
        nats = model(Batch(float_images(once)), torch.Generator()).distortion.mean().item()
    assert run.history[-1].held_out.distortion == pytest.approx(nats, rel=1e-4)
    np.testing.assert_array_equal(reports[-1].reconstructions[0], once[:8].numpy())


def test_the_evidence_of_a_run_that_binarises_is_that_of_black_and_white_images(tmp_path):
    data = dataset()
    save_run(trained(data, model=DYNAMIC), tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert run.config.model["binarise"] == "dynamic"
    found = result_of(measure_evidence(run, data))
    model = models.restore("vae", run.config.model, data.shape, run.weights).eval()
    once = float_images(binarised_once(data.batch(found.images)))
    with torch.no_grad():
        draws = [model(Batch(once), torch.Generator().manual_seed(k)) for k in range(200)]
    elbo = -torch.stack([one.distortion + one.rate for one in draws]).mean().item()
    assert found.elbo.mean() == pytest.approx(elbo, abs=4 * found.draw_deviation / 5_000**0.5)


def test_what_codes_say_of_images_is_measured_on_those_that_the_rate_is_of(monkeypatch):
    data = dataset()
    run = trained(data, model=DYNAMIC)
    space = model_of(run).spaces()["z"]
    run = result_of(encode(run, {"z": space}, data))
    asked = []

    def remember(mean, log_variance, *others):
        asked.append((mean, log_variance))
        return aggregate_terms(mean, log_variance, *others)

    monkeypatch.setattr(evidence, "aggregate_terms", remember)
    found = result_of(measure_evidence(run, data, images=5)).aggregate
    assert found["mutual_information"] is not None
    once = space.encode(float_images(binarised_once(data.batch(np.arange(len(data))))))
    ((mean, log_variance),) = asked
    torch.testing.assert_close(mean, once.mean)
    torch.testing.assert_close(log_variance, once.log_variance)
    assert (mean - torch.from_numpy(run.codes["z"].mean)).abs().max() > 0.01


def test_the_distortion_of_an_image_is_that_of_its_draw():
    data = dataset()
    run = trained(data, config("ae", model=DYNAMIC))
    model = model_of(run).eval()
    exhibit = with_model(exhibit_of(result_of(encode(run, model.spaces(), data)), "", data))
    shown = result_of(measure(exhibit, "distortion"))
    once = float_images(binarised_once(data.batch(np.arange(len(data)))))
    with torch.no_grad():
        nats = model(Batch(once), torch.Generator()).distortion
    np.testing.assert_allclose(shown, nats.numpy(), rtol=1e-4)


@pytest.mark.parametrize("likelihood", ["gaussian", "optimal", "learned", "categorical"])
@pytest.mark.parametrize("family", ["vae", "vqvae", "mlvae"])
def test_another_likelihood_is_refused_in_one_sentence(family, likelihood):
    with pytest.raises(SettingError, match=f"need the likelihood bernoulli, not {likelihood}\\.$"):
        models.settings(family, {**DYNAMIC, "likelihood": likelihood})


def test_colour_is_refused_before_anything_starts_unless_it_is_bernoulli():
    colour = dataset(shape=(3, 8, 8))
    with pytest.raises(SettingError, match="not optimal"):
        train(colour, config(model=DYNAMIC))
    run = trained(colour, config(epochs=1, model={**DYNAMIC, "likelihood": "bernoulli"}))
    assert run.status == "finished"


def test_the_command_trains_with_it_and_says_what_the_nats_are(tmp_path, monkeypatch, capsys):
    typed = ["--data", "digits", "--epochs", "1", "--set", "hidden=16", "--set", "binarise=dynamic"]
    for wrong, code in (([], 0), (["--set", "likelihood=optimal"], 2)):
        out = ["--out", str(tmp_path / f"run {code}")]
        monkeypatch.setattr("sys.argv", ["vae-explorer", "train", *typed, *wrong, *out])
        assert cli.main() == code
        said = capsys.readouterr().err.splitlines()
        assert ("binarised too" if code == 0 else "not optimal") in said[-1]
    assert len(said) == 1
    assert load_run(tmp_path / "run 0").config.model["binarise"] == "dynamic"
