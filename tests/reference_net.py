"""The net of the reference tables as they trained it: what the package trains, but for its start.

Ours begins with an output bias at the logit of the mean image. The tables were evidently made
without: from an output bias of 0, the logit of grey, the same training gives their numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch

from vaeexplorer import models
from vaeexplorer.data import Dataset
from vaeexplorer.models import restore
from vaeexplorer.models.base import Model
from vaeexplorer.run import Config, result_of
from vaeexplorer.training import train

HIDDEN = (400, 200)
TRAINED, HELD_OUT, EPOCHS, BATCH = 20_000, 2_000, 12, 128


class Recipe(NamedTuple):
    """Of which size the layers of a net are, and how long it is trained on batches of which size.

    Batch 0: as the program has it.
    """

    hidden: tuple[int, ...] = HIDDEN
    epochs: int = EPOCHS
    batch: int = BATCH


ON_MNIST = Recipe()


@contextmanager
def reference_start() -> Iterator[None]:
    """Let models begin with an output bias of 0 instead of one that draws the mean image."""
    build = models.build

    def grey(
        family: str, options: Mapping[str, Any], shape: Any, mean: torch.Tensor, **seed: int
    ) -> Model:
        return build(family, options, shape, torch.full_like(mean, 0.5), **seed)

    with mock.patch.object(models, "build", grey):
        yield


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """A model of a reference table: what is trained, from how many seeds, what the table says."""

    name: str
    family: str
    latent_dim: int
    beta: float | None = None
    seeds: int = 1
    reference: Mapping[str, float] = dataclasses.field(default_factory=dict)
    recipe: Recipe = ON_MNIST

    @property
    def key(self) -> str:
        return f"d{self.latent_dim}_{self.name.replace(' ', '_').lower()}"

    @property
    def options(self) -> dict[str, Any]:
        """Settings of the model."""
        net = {} if self.family == "pca" else {"body": "mlp", "hidden": self.recipe.hidden}
        rate = {} if self.beta is None else {"beta": self.beta}
        return {"latent_dim": self.latent_dim, **net, **rate}


def first_images(data: Dataset, trained: int, held_out: int) -> Dataset:
    """The first images that the publisher trains on, and the first that it holds out."""
    split = data.split(0)
    chosen = np.concatenate([split.train[:trained], split.held_out[:held_out]])
    kept_apart = np.arange(len(chosen)) >= len(split.train[:trained])
    images = data.pixels(chosen)
    return dataclasses.replace(data, images=images, labels=None, official_held_out=kept_apart)


def trained(row: Row, seed: int, dataset: Dataset) -> Model:
    """Train the model of `row` on `dataset`."""
    _, epochs, batch = row.recipe
    config = Config(row.family, row.options, epochs, batch, seed=seed)
    run = result_of(train(dataset, config))
    return restore(row.family, row.options, dataset.shape, run.weights)
