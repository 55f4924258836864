"""Faults planted into a trained VAE move the score that they should, and by enough.

And an AE, a VAE and beta = 0 are ranked as they should be.

On the digits that ship, and (slow, with real data) on MNIST, where the published bounds hold.
Three of these need its 2,000 held-out images and 50 kinds: ten images are most of 14 kinds, and
draws from the middle of the codes reach these 14 too; with 8 x 8 pixels 20 axes see almost all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from analytic import moved
from numpy.typing import NDArray
from reference_net import EPOCHS, HELD_OUT, TRAINED, reference_start
from torch import Tensor

from vaeexplorer.data import Dataset, find_data, open_data
from vaeexplorer.data.dataset import fingerprint
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.scoring import ground_of
from vaeexplorer.models import restore
from vaeexplorer.models.base import CodeSpace
from vaeexplorer.regularity.completeness import LawScore, completeness
from vaeexplorer.regularity.continuity import Continuity, continuity
from vaeexplorer.regularity.ground import Ground, common_ground, encode, reconstruct
from vaeexplorer.regularity.verdict import more_complete, more_continuous
from vaeexplorer.run import Config, result_of
from vaeexplorer.storage import load_run
from vaeexplorer.training import train

HOLE = 0.3


class Trained(NamedTuple):
    """A trained VAE and the images that it is scored on."""

    space: CodeSpace
    ground: Ground

    def decoding(self, decoder: Callable[[Tensor], Tensor]) -> Trained:
        return self._replace(space=replace(self.space, decoder=decoder))

    def completeness(self) -> LawScore:
        held_out = reconstruct(self.space, self.ground, self.ground.held_out)
        return completeness(self.space, self.ground, held_out, with_others=False).own

    def continuity(self) -> Continuity:
        held_out = reconstruct(self.space, self.ground, self.ground.held_out)
        return continuity(self.space, self.ground, held_out)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    found = find_data(load_run(default_pair_folders()[1]).source)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def digits(dataset: Dataset) -> Trained:
    run = load_run(default_pair_folders()[1])
    model = restore(run.config.family, run.config.model, run.source.shape, run.weights)
    space = model.spaces()["z"]
    assert isinstance(space, CodeSpace)
    return Trained(space, ground_of(dataset, dataset.split(run.split_seed)))


@pytest.fixture(scope="module")
def mnist(external_data: Path) -> Trained:
    """The reference net, 784-400-200-10, its training and its images."""
    data = open_data(external_data / "mnist")
    split = data.split(0)
    train_, held_out = data.pixels(split.train[:TRAINED]), data.pixels(split.held_out[:HELD_OUT])
    space = _train_on_mnist(data, "vae", 1.0, seed=0)
    return Trained(space, common_ground(train_, held_out))


def _train_on_mnist(data: Dataset, family: str, beta: float | None, *, seed: int) -> CodeSpace:
    images = data.pixels(data.split(0).train[:TRAINED])
    options = {"latent_dim": 10, **({} if beta is None else {"beta": beta})}
    with reference_start():
        return _train(data, images, options, epochs=EPOCHS, family=family, seed=seed)


SETTINGS = [
    "digits",
    pytest.param("mnist", marks=[pytest.mark.slow, pytest.mark.external_data]),
]
ON_MNIST = SETTINGS[1:]


@pytest.fixture(scope="module")
def trained(request: pytest.FixtureRequest) -> Trained:
    fixture: Trained = request.getfixturevalue(request.param)
    return fixture


Filling = Callable[[Trained, Tensor], Tensor]


def _noise(trained: Trained, z: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(len(z), *trained.ground.shape, generator=generator)


def _mean_image(trained: Trained, z: Tensor) -> Tensor:
    return trained.ground.mean.reshape(1, *trained.ground.shape)


def _ghost(trained: Trained, z: Tensor) -> Tensor:
    """Two pictures on top of one another."""
    return 0.5 * (trained.space.decoder(z) + trained.space.decoder(-z))


def _one_image(trained: Trained, z: Tensor) -> Tensor:
    return trained.ground.held_out[:1].reshape(1, *trained.ground.shape)


@pytest.mark.parametrize("filling", [_noise, _mean_image, _ghost, _one_image])
@pytest.mark.parametrize("trained", SETTINGS, indirect=True)
def test_a_hole_in_the_prior_is_found(trained: Trained, filling: Filling) -> None:
    """The 30 % of prior mass farthest from every code decode to something else."""
    space = trained.space
    codes = encode(space, trained.ground, trained.ground.train)
    assert space.prior is not None
    draws = space.prior.sample(4000, torch.Generator().manual_seed(9))
    edge = torch.cdist(draws, codes).amin(dim=1).quantile(1 - HOLE)

    def holed(z: Tensor) -> Tensor:
        far = torch.cdist(z, codes).amin(dim=1) > edge
        return torch.where(far[:, None, None, None], filling(trained, z), space.decoder(z))

    hole = trained.decoding(holed).completeness()
    assert hole.score <= trained.completeness().score - 0.05


@pytest.mark.parametrize("trained", ON_MNIST, indirect=True)
def test_codes_twice_as_wide_as_the_prior_are_found(trained: Trained) -> None:
    narrow = trained.decoding(lambda z: trained.space.decoder(z / 2))
    assert narrow.completeness().score <= trained.completeness().score - 0.15


@pytest.mark.parametrize("trained", ON_MNIST, indirect=True)
def test_ten_images_are_not_a_prior(trained: Trained) -> None:
    few = trained.ground.real[:10].reshape(-1, *trained.ground.shape)
    ten = trained.decoding(lambda z: few[(z[:, 0].abs() * 1e4).long() % 10])
    assert ten.completeness().score < 0.45


@pytest.mark.parametrize("trained", ON_MNIST, indirect=True)
def test_an_invisible_ripple_does_not_move_what_is_visible(trained: Trained) -> None:
    """A pattern of 1 % of the grey levels that comes and goes quickly with z."""
    generator = torch.Generator().manual_seed(4)
    pattern = 0.01 * torch.randn(1, *trained.ground.shape, generator=generator)
    along = torch.randn(trained.space.size, generator=generator)

    def rippled(z: Tensor) -> Tensor:
        return trained.space.decoder(z) + pattern * torch.sin(30 * z @ along)[:, None, None, None]

    plain, ripple = trained.continuity(), trained.decoding(rippled).continuity()
    assert ripple.evenness < plain.evenness - 0.02
    assert ripple.visible_evenness == pytest.approx(plain.visible_evenness, abs=0.03)


@pytest.mark.parametrize("trained", SETTINGS, indirect=True)
def test_other_coordinates_of_a_trained_vae_score_the_same(trained: Trained) -> None:
    """Turned, stretched by .1 to 10 and moved, its prior with it; scaling alone changes nothing."""
    size = trained.space.size
    turn, _ = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(6)))
    stretch = torch.diag(torch.logspace(-1, 1, size))
    plain = trained.continuity(), trained.completeness()
    for matrix, close in ((turn @ stretch, 0.03), (7 * torch.eye(size), 0.001)):
        other = trained._replace(space=moved(trained.space, matrix, torch.ones(size)))
        even, full = other.continuity(), other.completeness()
        assert even.score == pytest.approx(plain[0].score, abs=close)
        assert even.visible_evenness == pytest.approx(plain[0].visible_evenness, abs=close)
        assert full.score == pytest.approx(plain[1].score, abs=close)


@pytest.mark.parametrize("trained", SETTINGS, indirect=True)
def test_a_trained_vae_does_not_jump(trained: Trained) -> None:
    jumps = trained.continuity().jumps
    assert jumps is not None
    assert jumps < 0.05


@pytest.mark.parametrize("trained", SETTINGS, indirect=True)
def test_a_hash_table_of_training_images_is_not_continuous(trained: Trained) -> None:
    table = trained.ground.real.reshape(-1, *trained.ground.shape)

    def hashed(z: Tensor) -> Tensor:
        mixed = torch.sin(z.double().sum(dim=1) * 1e5) * 43758.5453
        return table[(mixed.frac().abs() * len(table)).long().clamp_max(len(table) - 1)]

    result = trained.decoding(hashed).continuity()
    assert result.score < 0.05
    assert result.jumps is not None
    assert result.jumps > 0.9


@pytest.mark.slow
def test_training_on_half_of_the_classes_costs_coverage(dataset: Dataset, digits: Trained) -> None:
    """Both VAEs are scored on all ten digits."""
    assert dataset.labels is not None
    everything = dataset.split(0).train
    half = np.intersect1d(everything, np.flatnonzero(dataset.labels < 5))
    coverage = []
    for indices in (everything, half):
        space = _train(dataset, dataset.pixels(indices), {"latent_dim": 8}, epochs=150)
        coverage.append(digits._replace(space=space).completeness().coverage)
    assert coverage[1] <= coverage[0] - 0.06


@pytest.mark.slow
def test_a_collapsed_vae_scores_nothing(dataset: Dataset, digits: Trained) -> None:
    """A rate of weight 200 is never worth paying."""
    images = dataset.pixels(dataset.split(0).train)
    space = _train(dataset, images, {"latent_dim": 8, "beta": 200.0}, epochs=30)
    collapsed = digits._replace(space=space)
    assert collapsed.continuity().score < 0.05
    assert collapsed.completeness().score < 0.2


@pytest.mark.slow
@pytest.mark.external_data
def test_ae_vae_and_beta_0_are_ranked_on_mnist(mnist: Trained, external_data: Path) -> None:
    """The published bounds, on means of three training seeds, trained from the reference's start.

    From our own start the C20 of the VAE is 1.197 times that of the AE: see docs/scores.md.
    """
    data = open_data(external_data / "mnist")
    vaes, aes, forgetful = (
        [mnist._replace(space=_train_on_mnist(data, *kind, seed=seed)) for seed in seeds]
        for kind, seeds in (
            (("vae", 1.0), (1, 2)),
            (("ae", None), (0, 1, 2)),
            (("vae", 0.0), (0, 1, 2)),
        )
    )
    vaes = [mnist, *vaes]
    ours, theirs = ([one.continuity() for one in models] for models in (vaes, aes))
    assert min(one.gate for one in (*ours, *theirs)) >= 0.95
    assert fmean(one.score for one in ours) > 1.3 * fmean(one.score for one in theirs)
    c20, c20_of_ae = (fmean(one.visible_evenness for one in both) for both in (ours, theirs))
    assert c20 > 1.2 * c20_of_ae
    complete, complete_ae, complete_beta_0 = (
        fmean(one.completeness().score for one in models) for models in (vaes, aes, forgetful)
    )
    assert complete > complete_ae + 0.01
    assert complete_beta_0 < complete - 0.5


def test_ae_and_vae_are_ranked_on_digits(default_pair_scores: dict[str, dict[str, Any]]) -> None:
    ae, vae = default_pair_scores["ae"], default_pair_scores["vae"]
    assert (more_continuous(vae, ae), more_complete(vae, ae)) == (1, 1)


@pytest.mark.slow
def test_beta_0_is_the_least_complete_on_digits(
    dataset: Dataset, digits: Trained, default_pair_scores: dict[str, dict[str, Any]]
) -> None:
    """Its codes have forgotten the prior that it declares."""
    images = dataset.pixels(dataset.split(0).train)
    space = _train(dataset, images, {"latent_dim": 8, "beta": 0.0}, epochs=100)
    complete = digits._replace(space=space).completeness().score
    for scores in default_pair_scores.values():
        assert complete < scores["completeness"]["score"] - 0.3


def _train(
    dataset: Dataset,
    images: NDArray[np.uint8],
    model: dict[str, float],
    *,
    epochs: int,
    family: str = "vae",
    seed: int = 0,
) -> CodeSpace:
    """Train a model on all of `images`, which are of the kind of `dataset`."""
    source = replace(dataset.source, n=len(images), fingerprint=fingerprint(images))
    part = Dataset("part", images, source, official_held_out=np.zeros(len(images), bool))
    run = result_of(train(part, Config(family, model, epochs, seed=seed)))
    space = restore(family, run.config.model, dataset.shape, run.weights).spaces()["z"]
    assert isinstance(space, CodeSpace)
    return space
