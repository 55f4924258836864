"""Trained VAEs with the images that they are scored on: of digits, and of MNIST as published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from analytic import Decoder
from numpy.typing import NDArray
from reference_net import EPOCHS, HELD_OUT, TRAINED, reference_start

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.data.dataset import fingerprint
from vaeexplorer.models import restore
from vaeexplorer.models.base import CodeSpace
from vaeexplorer.regularity.completeness import LawScore, completeness
from vaeexplorer.regularity.continuity import Continuity, continuity
from vaeexplorer.regularity.ground import Ground, common_ground, reconstruct
from vaeexplorer.run import Config, result_of
from vaeexplorer.training import train

CLASSES = 10
SETTINGS = [
    "digits_vae",
    pytest.param("mnist_vae", marks=[pytest.mark.slow, pytest.mark.external_data]),
]
ON_MNIST = SETTINGS[1:]


class Trained(NamedTuple):
    """A trained model and the images that it is scored on."""

    space: CodeSpace
    ground: Ground

    def decoding(self, decoder: Decoder) -> Trained:
        return self._replace(space=replace(self.space, decoder=decoder))

    def completeness(self) -> LawScore:
        held_out = reconstruct(self.space, self.ground, self.ground.held_out)
        return completeness(self.space, self.ground, held_out, with_others=False).own

    def continuity(self) -> Continuity:
        held_out = reconstruct(self.space, self.ground, self.ground.held_out)
        return continuity(self.space, self.ground, held_out)


def mnist_of(folder: Path) -> Dataset:
    """MNIST of the folder of real data."""
    return open_data(folder / "mnist")


def published_vae(mnist: Dataset) -> Trained:
    """The reference net, 784-400-200-10, its training and its images."""
    held_out = mnist.pixels(mnist.split(0).held_out[:HELD_OUT])
    ground = common_ground(_first_images(mnist, CLASSES), held_out)
    return Trained(trained_on_mnist(mnist, "vae", 1.0, seed=0), ground)


def trained_on_mnist(
    mnist: Dataset, family: str, beta: float | None, *, seed: int, classes: int = CLASSES
) -> CodeSpace:
    """Train as published, on images of the first `classes` classes."""
    options = {"latent_dim": 10, **({} if beta is None else {"beta": beta})}
    images = _first_images(mnist, classes)
    with reference_start():
        return trained_on(mnist, images, options, epochs=EPOCHS, family=family, seed=seed)


def _first_images(mnist: Dataset, classes: int) -> NDArray[np.uint8]:
    assert mnist.labels is not None
    first = mnist.split(0).train[:TRAINED]
    return mnist.pixels(first[mnist.labels[first] < classes])


def trained_on(
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
