"""Models stand where they should: those that carry nothing below, AE, VAE and beta 0 in order.

On the digits that ship, and (slow, with real data) on MNIST, where the published bounds hold.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from analytic import Decoder
from torch import Tensor
from trained_vaes import SETTINGS, Trained, mnist_of, trained_on, trained_on_mnist

from vaeexplorer.data import open_data
from vaeexplorer.models import build
from vaeexplorer.models.base import CodeSpace
from vaeexplorer.regularity.verdict import more_complete, more_continuous


def assert_nothing(model: Trained) -> None:
    """Hold a model that shows nothing of the data to the bounds of acceptance (c)."""
    assert model.continuity().score < 0.05
    assert model.completeness().score < 0.2


def constant(trained_vae: Trained) -> Decoder:
    mean = trained_vae.ground.mean.reshape(1, *trained_vae.ground.shape)
    return lambda z: mean.expand(len(z), -1, -1, -1)


def noise(trained_vae: Trained) -> Decoder:
    """Pixels that have nothing in common for neighbouring codes, nor with one another."""
    generator = torch.Generator().manual_seed(8)
    pixels = trained_vae.ground.held_out.shape[1]
    weights = 1e5 * torch.randn(trained_vae.space.size, pixels, generator=generator).double()

    def decoder(z: Tensor) -> Tensor:
        mixed = (torch.sin(z.double() @ weights) * 43758.5453).frac().abs()
        return mixed.float().reshape(-1, *trained_vae.ground.shape)

    return decoder


def untrained(trained_vae: Trained) -> CodeSpace:
    """A VAE as training begins with it."""
    options = {"latent_dim": trained_vae.space.size}
    mean = trained_vae.ground.mean.reshape(trained_vae.ground.shape)
    space = build("vae", options, trained_vae.ground.shape, mean).spaces()["z"]
    assert isinstance(space, CodeSpace)
    return space


EMPTY: dict[str, Callable[[Trained], Decoder]] = {
    "constant": constant,
    "noise": noise,
    "untrained": lambda trained_vae: untrained(trained_vae).decoder,
}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("trained_vae", SETTINGS, indirect=True)
def test_a_decoder_of_nothing_behind_a_trained_encoder_scores_nothing(
    trained_vae: Trained, empty: Callable[[Trained], Decoder]
) -> None:
    assert_nothing(trained_vae.decoding(empty(trained_vae)))


@pytest.mark.parametrize("trained_vae", SETTINGS, indirect=True)
def test_a_model_that_was_not_trained_scores_nothing(trained_vae: Trained) -> None:
    assert_nothing(trained_vae._replace(space=untrained(trained_vae)))


@pytest.mark.slow
def test_a_collapsed_vae_scores_nothing(digits_vae: Trained) -> None:
    """A rate of weight 200 is never worth paying."""
    digits = open_data("digits")
    images = digits.pixels(digits.split(0).train)
    space = trained_on(digits, images, {"latent_dim": 8, "beta": 200.0}, epochs=30)
    assert_nothing(digits_vae._replace(space=space))


@pytest.mark.slow
@pytest.mark.external_data
def test_a_vae_that_collapsed_on_mnist_scores_nothing(
    mnist_vae: Trained, external_data: Path
) -> None:
    space = trained_on_mnist(mnist_of(external_data), "vae", 200.0, seed=0)
    assert_nothing(mnist_vae._replace(space=space))


@pytest.mark.slow
@pytest.mark.external_data
def test_ae_vae_and_beta_0_are_ranked_on_mnist(mnist_vae: Trained, external_data: Path) -> None:
    """The published bounds, on means of three training seeds, trained from the reference's start.

    From our own start the C20 of the VAE is 1.197 times that of the AE: see docs/scores.md.
    """
    data = mnist_of(external_data)
    vaes, aes, forgetful = (
        [mnist_vae._replace(space=trained_on_mnist(data, *kind, seed=seed)) for seed in seeds]
        for kind, seeds in (
            (("vae", 1.0), (1, 2)),
            (("ae", None), (0, 1, 2)),
            (("vae", 0.0), (0, 1, 2)),
        )
    )
    vaes = [mnist_vae, *vaes]
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
    digits_vae: Trained, default_pair_scores: dict[str, dict[str, Any]]
) -> None:
    """Its codes have forgotten the prior that it declares."""
    digits = open_data("digits")
    images = digits.pixels(digits.split(0).train)
    space = trained_on(digits, images, {"latent_dim": 8, "beta": 0.0}, epochs=100)
    complete = digits_vae._replace(space=space).completeness().score
    for scores in default_pair_scores.values():
        assert complete < scores["completeness"]["score"] - 0.3
