"""Training promises reports, repeatable weights, a stop at any moment, and a way back."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from finishing import finish

import vaeexplorer
from vaeexplorer import models, training
from vaeexplorer.data.dataset import Dataset, Source, fingerprint
from vaeexplorer.models import FAMILIES, build, learning, restore
from vaeexplorer.models.adam import Adam
from vaeexplorer.models.base import Batch, Pressure, SettingError, Terms, float_images
from vaeexplorer.models.learning import one_cycle
from vaeexplorer.run import Config
from vaeexplorer.training import TrainingError, train


def dataset(n=150, shape=(1, 8, 8), held_out=30):
    """Bars: smooth images that a few dimensions describe."""
    rng = np.random.default_rng(0)
    rows = np.linspace(0, 1, shape[1])[:, None]
    place, width = rng.uniform(0.2, 0.8, n), rng.uniform(0.1, 0.4, n)
    bars = np.exp(-(((rows - place[:, None, None]) / width[:, None, None]) ** 2))
    pixels = (255 * np.broadcast_to(bars[:, None], (n, *shape))).astype(np.uint8)
    official = np.arange(n) >= n - held_out
    source = Source("bars", None, {}, n, shape, fingerprint(pixels))
    labels = (place > 0.5).astype(np.int64)
    return Dataset("bars", pixels, source, labels, ("high", "low"), official_held_out=official)


def config(family="vae", epochs=3, **changes):
    options = {"latent_dim": 3, **changes.pop("model", {})}
    if family != "pca":
        options = {"hidden": [32], **options}
    return Config(family, options, epochs=epochs, **changes)


def trained(data=None, settings=None, threads=1, **changes):
    steps = train(data or dataset(), settings or config(**changes), threads=threads)
    return finish(steps)[0]


@pytest.fixture
def report_each_step(monkeypatch):
    monkeypatch.setattr(training, "REPORT_INTERVAL_S", 0.0)


@pytest.fixture(params=list(FAMILIES))
def family(request):
    return request.param


@pytest.fixture(params=[name for name, about in FAMILIES.items() if about.fit is None])
def trained_family(request):
    return request.param


# Every family.


def test_a_run_says_all_that_made_it(family):
    data, settings = dataset(), config(family)
    run, _ = finish(train(data, settings, name="mine", threads=1))
    assert (run.name, run.config, run.source) == ("mine", settings, data.source)
    assert (run.status, run.threads, run.split_seed) == ("finished", 1, 0)
    assert [record.epoch for record in run.history] == ([1] if family == "pca" else [1, 2, 3])
    assert run.label_names == ("high", "low")
    assert run.labels is data.labels
    paired = {"fields"} if FAMILIES[family].batches == "pairs" else set()
    assert set(run.versions) == {"python", "torch", "numpy", "vaeexplorer"} | paired
    assert run.versions["vaeexplorer"] == vaeexplorer.__version__
    assert run.created.endswith("+00:00")


def test_training_lowers_the_held_out_distortion(trained_family):
    history = trained(family=trained_family, epochs=20, batch_size=10, learning_rate=5e-3).history
    assert history[-1].held_out.distortion < history[0].held_out.distortion - 1


def test_a_family_without_a_prior_has_no_rate_and_no_elbo(family):
    model = build(family, {}, (1, 8, 8), torch.zeros(1, 8, 8))
    # That of probabilistic PCA is no law of its codes, which are not in units of it.
    has_prior = model.joint_prior() is not None or any(
        space.prior is not None for space in model.spaces().values()
    )
    for measures in (
        trained(family=family).history[-1].train,
        trained(family=family).history[-1].held_out,
    ):
        assert (measures.rate is not None) is has_prior
        assert (measures.elbo is not None) is has_prior


def test_the_same_seed_gives_the_same_weights_bit_for_bit(family):
    for threads in (1, 2):
        first, second = (trained(family=family, threads=threads) for _ in range(2))
        assert all(np.array_equal(first.weights[k], second.weights[k]) for k in first.weights)
        assert first.history == second.history


def test_another_seed_gives_other_weights(trained_family):
    first, second = (trained(family=trained_family, seed=seed) for seed in (0, 1))
    assert any(not np.array_equal(first.weights[k], second.weights[k]) for k in first.weights)


def test_the_global_generator_is_neither_read_nor_changed(family):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = trained(family=family)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    second = trained(family=family)
    assert all(np.array_equal(first.weights[k], second.weights[k]) for k in first.weights)


def test_measuring_never_changes_the_training(family, monkeypatch):
    measured = trained(family=family)
    monkeypatch.setattr(training, "MEASURED_IMAGES", 5)
    less = trained(family=family)
    assert all(np.array_equal(measured.weights[k], less.weights[k]) for k in less.weights)
    assert [one.train for one in measured.history] == [one.train for one in less.history]
    assert measured.history[-1].held_out != less.history[-1].held_out


def test_without_held_out_images_only_training_is_measured(family):
    run, reports = finish(train(dataset(held_out=0), config(family), threads=1))
    assert all(record.held_out is None for record in run.history)
    assert reports[-1].reconstructions is None


# Reports and stopping.


def test_the_first_report_comes_before_any_work(monkeypatch):
    monkeypatch.setattr(models, "build", None)
    first = next(train(dataset(), config()))
    assert (first.fraction, first.epoch, first.snapshot) == (0.0, 0, None)


def test_reports_tell_how_far_it_is(report_each_step):
    _, reports = finish(train(dataset(), config(batch_size=40), threads=1))
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {round(9 * one) for one in fractions} == set(range(10))
    assert reports[-1].seconds_left == 0
    assert all(one.seconds_left >= 0 for one in reports if one.fraction)
    assert reports[1].message == "Epoch 1 of 3"


def test_an_epoch_is_reported_from_inside_at_the_interval(monkeypatch):
    clock = iter(range(100_000))
    monkeypatch.setattr(training.time, "perf_counter", lambda: 0.03 * next(clock))
    _, reports = finish(train(dataset(), config(epochs=1, batch_size=2), threads=1))
    inside = [one for one in reports if one.fraction and one.epoch == 0]
    assert len(inside) >= 60 / 5
    assert inside[0].seconds_left > inside[-1].seconds_left >= 0


def test_each_epoch_ends_with_a_snapshot_and_reconstructions():
    data = dataset()
    _, reports = finish(train(data, config(), threads=1))
    ends = {report.epoch: report for report in reports if report.snapshot}
    assert list(ends) == [1, 2, 3]
    for epoch, report in ends.items():
        assert report.snapshot.status == "training"
        assert len(report.snapshot.history) == epoch
        assert report.reconstructions.dtype == np.uint8
        assert report.reconstructions.shape == (2, 8, 1, 8, 8)
        held_out = data.pixels(data.split(0).held_out[:8])
        assert np.array_equal(report.reconstructions[0], held_out)


def test_reconstructions_are_those_of_the_snapshot():
    _, reports = finish(train(dataset(), config(epochs=1), threads=1))
    run, shown = reports[-1].snapshot, reports[-1].reconstructions
    model = restore("vae", run.config.model, run.source.shape, run.weights)
    space = model.spaces()["z"]
    mean = space.encode(float_images(torch.from_numpy(shown[0]))).mean
    np.testing.assert_allclose(255 * space.decode(mean).numpy(), shown[1], atol=0.501)


def test_stopping_at_any_report_leaves_the_last_snapshot(report_each_step):
    whole = [one.snapshot for one in finish(train(dataset(), config(), threads=1))[1]]
    for stop in range(len(whole)):
        steps = train(dataset(), config(), threads=1)
        last = [next(steps) for _ in range(stop + 1)][-1].snapshot
        steps.close()
        if whole[stop] is None:
            assert last is None
        else:
            assert last.history == whole[stop].history
            assert all(
                np.array_equal(last.weights[k], one) for k, one in whole[stop].weights.items()
            )


def test_a_snapshot_does_not_change_while_the_training_goes_on():
    steps = train(dataset(), config(), threads=1)
    snapshot = next(one.snapshot for one in steps if one.snapshot)
    before = {name: one.copy() for name, one in snapshot.weights.items()}
    for _ in steps:
        pass
    assert all(np.array_equal(before[name], one) for name, one in snapshot.weights.items())


def test_threads_are_those_asked_for_and_given_back_at_each_report(report_each_step, monkeypatch):
    seen = []
    step = learning.Learner.step
    monkeypatch.setattr(
        learning.Learner,
        "step",
        lambda *given: (seen.append(torch.get_num_threads()), step(*given))[1],
    )
    before = torch.get_num_threads()
    for _ in train(dataset(), config(), threads=before + 1):
        assert torch.get_num_threads() == before
    assert set(seen) == {before + 1}
    assert torch.get_num_threads() == before


# What is learnt from.


def test_an_ae_and_a_vae_see_the_same_batches(monkeypatch):
    def batches(family):
        seen = []
        step = learning.Learner.step
        with monkeypatch.context() as patch:
            patch.setattr(
                learning.Learner,
                "step",
                lambda self, batch, done: (seen.append(batch.images), step(self, batch, done))[1],
            )
            trained(family=family)
        return seen

    ae, vae = batches("ae"), batches("vae")
    assert len(ae) == 3 * math.ceil(120 / 64)
    assert all(torch.equal(one, other) for one, other in zip(ae, vae, strict=True))
    epoch = torch.cat(ae[:2]).mul(255).round().byte().numpy()
    data = dataset()
    expected = data.pixels(data.split(0).train)
    assert sorted(one.tobytes() for one in epoch) == sorted(one.tobytes() for one in expected)
    assert not torch.equal(ae[0], ae[2])


@pytest.mark.parametrize(("n", "size"), [(4999, 64), (5000, 128)])
def test_the_batch_size_is_chosen_by_the_number_of_training_images(n, size, monkeypatch):
    sizes = []
    monkeypatch.setattr(
        learning.Learner, "step", lambda self, batch, done: sizes.append(len(batch.images)) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        trained(dataset(n, (1, 2, 2), held_out=0))
    assert sizes == [size]


def test_measures_are_means_over_images_not_over_batches():
    data = dataset(held_out=3)
    run = trained(data, config("ae", epochs=1, batch_size=2))
    model = restore("ae", run.config.model, data.shape, run.weights)
    batch = Batch(float_images(data.batch(data.split(0).held_out)))
    with torch.inference_mode():
        expected = model(batch, torch.Generator()).distortion.mean().item()
    assert run.history[0].held_out.distortion == pytest.approx(expected, rel=1e-5)


def test_the_loss_is_distortion_and_weighted_rate_and_penalty():
    terms = Terms(
        torch.tensor([1.0, 3.0]), {"z": torch.tensor([[1.0, 1.0], [4.0, 0.0]])}, torch.tensor(0.5)
    )
    assert learning.objective(terms, Pressure(10.0)).item() == 2 + 10 * 3 + 0.5
    assert learning.objective(terms._replace(rates=None), Pressure(10.0)).item() == 2.5


def test_free_nats_cost_the_same_however_little_is_used_of_them():
    rates = torch.tensor([[1.0, 0.1], [4.0, 0.0]], requires_grad=True)  # means 2.5 and 0.05
    terms = Terms(torch.zeros(2), {"z": rates}, torch.zeros(()))
    loss = learning.objective(terms, Pressure(10.0, free_nats=0.5))
    assert loss.item() == 10 * (2.5 + 0.5)
    loss.backward()
    assert rates.grad.tolist() == [[5, 0], [5, 0]]


def test_a_capacity_draws_the_rate_to_it_from_both_sides():
    terms = Terms(torch.zeros(1), {"z": torch.tensor([[2.0, 1.0]])}, torch.zeros(()))
    for capacity, cost in {0.0: 30, 2.0: 10, 3.0: 0, 5.0: 20}.items():
        assert learning.objective(terms, Pressure(10.0, capacity=capacity)).item() == cost


def test_the_rate_reaches_the_capacity():
    model = {"capacity": 3.0, "beta": 20.0}
    settings = config(epochs=30, batch_size=10, learning_rate=5e-3, model=model)
    assert trained(settings=settings).history[-1].train.rate == pytest.approx(3, abs=0.5)


def test_free_bits_keep_a_rate_that_a_great_beta_would_end():
    model = {"free_bits": 0.5, "beta": 200.0}
    settings = config(epochs=20, batch_size=10, learning_rate=5e-3, model=model)
    assert trained(settings=settings).history[-1].train.rate > 1


def test_a_great_beta_collapses_the_posterior_and_beta_0_lets_it_go():
    rate = {}
    for beta in (0.0, 1.0, 200.0):
        settings = config(epochs=20, batch_size=10, learning_rate=5e-3, model={"beta": beta})
        rate[beta] = trained(settings=settings).history[-1].held_out.rate
    assert rate[200.0] < 0.1
    assert 1 < rate[1.0] < rate[0.0] / 2


def test_a_collapse_is_said_once_the_weight_has_grown_and_what_to_try():
    settings = config(epochs=20, batch_size=10, learning_rate=5e-3, model={"beta": 200.0})
    reports = finish(train(dataset(), settings, threads=1))[1]
    warnings = {one.epoch: one.warning for one in reports if one.snapshot}
    assert not any(warnings[epoch] for epoch in range(1, 5))
    assert warnings[20].startswith("The posterior has collapsed: the codes carry 0.0")
    assert "Try a smaller beta" in warnings[20]


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_a_good_training_is_not_warned_of(beta):
    settings = config(epochs=20, batch_size=10, learning_rate=5e-3, model={"beta": beta})
    reports = finish(train(dataset(), settings, threads=1))[1]
    assert {one.warning for one in reports} == {""}


def test_a_step_back_after_a_nan_is_said(monkeypatch):
    spoil_steps(monkeypatch, {3})
    reports = finish(train(dataset(), config(batch_size=60), threads=1))[1]
    assert "diverged (a value became infinite) in epoch 2" in reports[-1].warning


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (3, 128, 128), (3, 37, 51)])
def test_convolutional_bodies_learn(shape):
    data = dataset(6, shape, held_out=2)
    run = trained(data, Config("vae", {"body": "conv"}, epochs=1, batch_size=4))
    assert math.isfinite(run.history[0].held_out.distortion)


def test_the_schedule_is_that_of_torch():
    steps, peak = 1000, 2e-3
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps)
    for step in range(steps):
        (group,) = optimiser.param_groups
        share, momentum = one_cycle(step / steps)
        assert share * peak == pytest.approx(group["lr"], abs=0.01 * peak)
        assert momentum == pytest.approx(group["betas"][0], abs=1e-3)
        optimiser.step()
        if step + 1 < steps:
            schedule.step()


def test_adam_is_that_of_torch_bit_by_bit():
    generator = torch.Generator().manual_seed(0)
    shapes = (3, 4), (5,), ()
    theirs, ours = (
        [torch.nn.Parameter(torch.full(shape, 0.5)) for shape in shapes] for _ in range(2)
    )
    reference, adam = torch.optim.Adam(theirs, fused=True), Adam(ours)
    for step in range(6):
        rate, beta_1 = 1e-3 * (step + 1), 0.95 - 0.01 * step
        reference.param_groups[0].update(lr=rate, betas=(beta_1, 0.999))
        adam.rate, adam.beta_1 = rate, beta_1
        for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            if number != 1 or step > 1:  # one of them is not learnt at first
                one.grad = torch.randn(one.shape, generator=generator)
                other.grad = one.grad.clone()
        reference.step()
        adam.step()
        assert all(torch.equal(one, other) for one, other in zip(theirs, ours, strict=True))


@pytest.mark.slow
def test_a_training_imports_no_compiler_of_torch():
    """It would take two seconds of a process whose other thread is the window's."""
    program = """
import sys
from vaeexplorer.data import open_data
from vaeexplorer.run import Config
from vaeexplorer.training import train
for _ in train(open_data("digits"), Config("vae", epochs=1)):
    pass
assert "torch._dynamo" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_long_gradients_are_cut():
    weight = torch.nn.Parameter(torch.zeros(2))
    learning.descend((1e6 * weight).sum(), Adam([weight]), [weight])
    assert weight.grad.norm().item() == pytest.approx(learning.GRADIENT_NORM, rel=1e-4)
    weight.grad = None
    learning.descend(3 * weight.sum(), Adam([weight]), [weight])
    assert weight.grad.tolist() == [3, 3]


# When it goes wrong.


def spoil_steps(monkeypatch, bad):
    """Make the loss NaN at the steps whose number is in `bad`; give a list of all steps."""
    steps = []
    right = learning.objective

    def objective(terms, pressure):
        steps.append(None)
        loss = right(terms, pressure)
        return loss * math.nan if len(steps) - 1 in bad else loss

    monkeypatch.setattr(learning, "objective", objective)
    return steps


def test_after_a_nan_the_epoch_is_tried_again_at_half_the_rate(monkeypatch, report_each_step):
    rates = []
    step = learning.Learner.step
    monkeypatch.setattr(
        learning.Learner,
        "step",
        lambda self, batch, done: (rates.append((self.peak, done)), step(self, batch, done))[1],
    )
    spoil_steps(monkeypatch, {3})
    run, _ = finish(train(dataset(), config(batch_size=60), threads=1))
    assert rates[:4] == [(2e-3, 0 / 6), (2e-3, 1 / 6), (2e-3, 2 / 6), (2e-3, 3 / 6)]
    assert rates[4:] == [(1e-3, 2 / 6), (1e-3, 3 / 6), (1e-3, 4 / 6), (1e-3, 5 / 6)]
    assert len(run.history) == 3
    assert all(np.isfinite(one).all() for one in run.weights.values())
    assert all(math.isfinite(one.train.distortion) for one in run.history)


def test_going_back_returns_to_the_weights_of_the_last_snapshot(monkeypatch, report_each_step):
    spoil_steps(monkeypatch, {3})
    seen = []
    back = learning.Learner.go_back
    monkeypatch.setattr(
        learning.Learner,
        "go_back",
        lambda self, state: (back(self, state), seen.append(self.weights()))[0],
    )
    _, reports = finish(train(dataset(), config(batch_size=60), threads=1))
    first = next(one.snapshot for one in reports if one.snapshot)
    assert all(np.array_equal(seen[0][name], one) for name, one in first.weights.items())


def test_a_training_that_always_diverges_ends_in_one_sentence(monkeypatch):
    tried = spoil_steps(monkeypatch, range(1000))
    with pytest.raises(TrainingError, match="also at an eighth of its learning rate") as error:
        trained()
    assert len(tried) == 4
    assert str(error.value).count(". ") == 0


def test_an_absurd_learning_rate_is_noticed():
    with pytest.raises(TrainingError):
        trained(learning_rate=1e38, epochs=30)


def test_a_failed_training_gives_the_threads_back(monkeypatch):
    before = torch.get_num_threads()
    spoil_steps(monkeypatch, range(1000))
    with pytest.raises(TrainingError):
        trained(threads=before + 1)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"epochs": 0}, "number of epochs must be at least 1"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"batch_size": -1}, "batch size"),
        ({"learning_rate": 0.0}, "learning rate must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a number"),
        ({"seed": -1}, "seed"),
        ({"model": {"latent_dim": 0}}, "latent dimensions"),
        ({"model": {"beta": -1.0}}, "beta"),
        ({"model": {"beta": math.nan}}, "beta"),
        ({"family": "gan"}, "no family"),
    ],
)
def test_bad_settings_are_refused_by_the_call(changes, named):
    with pytest.raises(SettingError, match=named):
        train(dataset(), config(**changes))


def test_no_threads_and_no_images_are_refused_by_the_call():
    with pytest.raises(SettingError, match="threads"):
        train(dataset(), config(), threads=0)
    empty = dataclasses.replace(dataset(), images=np.zeros((0, 1, 8, 8), np.uint8))
    with pytest.raises(SettingError, match="no images in bars"):
        train(empty, config())


def test_one_image_can_be_trained_on():
    run = trained(dataset(1, held_out=0))
    assert len(run.history) == 3
