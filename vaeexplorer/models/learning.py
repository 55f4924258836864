"""One step of learning: the loss, its gradient, the optimiser, and the way back."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vaeexplorer.models.adam import Adam
from vaeexplorer.models.base import Batch, Model, ModelConfig, Pressure, Terms, float_images
from vaeexplorer.models.multilevel import random_groups
from vaeexplorer.models.warping import Pairs

GRADIENT_NORM = 200.0
"""Longer gradients are cut to this: one odd batch early on must not throw the model away."""


class DivergedError(Exception):
    """A loss, a gradient, a weight or a measure is not finite."""


def objective(terms: Terms, pressure: Pressure) -> Tensor:
    """Loss in nats per image, (): the distortion, the weighted rate where there is one, penalty.

    The weight multiplies |rate - capacity|, where the mean rate of each dimension counts as no
    less than the free nats (Burgess et al. 2018; Kingma et al. 2016). Without both it is the rate.
    """
    loss = terms.distortion.mean() + terms.penalty
    if terms.rates is None:
        return loss
    means = [rates.mean(dim=0) for rates in terms.rates.values()]
    rate = torch.stack([mean.clamp_min(pressure.free_nats).sum() for mean in means]).sum()
    return loss + pressure.weight * (rate - pressure.capacity).abs()


def one_cycle(done: float) -> tuple[float, float]:
    """Learning rate as a share of its peak, and beta_1 of Adam, at the share `done` of a training.

    The rate rises from 1/25 along a cosine for three tenths of the training and falls to almost
    nothing in the rest, beta_1 the other way (Smith and Topin 2018; torch's OneCycleLR, whose
    state would have to be rewound together with the weights).
    """
    rising = 0.3
    if done < rising:
        return _cosine(0.04, 1.0, done / rising), _cosine(0.95, 0.85, done / rising)
    falling = (done - rising) / (1 - rising)
    return _cosine(1.0, 4e-6, falling), _cosine(0.85, 0.95, falling)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def descend(loss: Tensor, optimiser: Adam, parameters: list[nn.Parameter]) -> None:
    """Take one step down the gradient of `loss`, unless something is not finite."""
    optimiser.zero_grad()
    loss.backward()
    # Not clip_grad_norm_: it rewrites every gradient, also those that are short enough.
    norm = nn.utils.get_total_norm([one.grad for one in parameters if one.grad is not None])
    length = norm.item()
    if not (math.isfinite(length) and math.isfinite(loss.item())):
        raise DivergedError
    if length > GRADIENT_NORM:
        nn.utils.clip_grads_with_norm_(parameters, GRADIENT_NORM, norm)
    optimiser.step()


Chosen = tuple[Tensor, Tensor | None]
"""Indices of the images of a batch, and the group of each where images are grouped."""


@dataclass(frozen=True, eq=False)
class Images:
    """What is learnt from: uint8 pixels, and labels where groups of one label are fed.

    pixels: (n, channels, height, width). labels: (n,), or None where each image stands for itself.
    pairs: the source of each image, where images are the partners of pairs; else None.
    flips: draws the pixels of every batch black and white, anew each time, with their grey as the
    chance of white; None: images are fed as they are.
    """

    pixels: Tensor
    labels: Tensor | None = None
    pairs: Pairs | None = None
    flips: torch.Generator | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def shuffled(self, size: int, generator: torch.Generator) -> list[Chosen]:
        """Batches of about `size` that go through all images once; groups are never divided."""
        if self.labels is None:
            order = torch.randperm(len(self), generator=generator)
            return [(chosen, None) for chosen in torch.split(order, size)]
        return self._grouped(size, generator)

    def in_order(self, size: int, seed: int) -> list[Chosen]:
        """Batches in the order of the file; where images are grouped, always the same groups."""
        if self.labels is None:
            return [(chosen, None) for chosen in torch.split(torch.arange(len(self)), size)]
        return self._grouped(size, torch.Generator().manual_seed(seed))

    def batch(self, chosen: Chosen) -> Batch:
        """Make the batch of the images `chosen`."""
        indices, groups = chosen
        if self.pairs is not None:
            return self.pairs.batch(indices)
        images = float_images(self.pixels.index_select(0, indices))
        if self.flips is not None:
            images = torch.bernoulli(images, generator=self.flips)
        return Batch(images, groups)

    def _grouped(self, size: int, generator: torch.Generator) -> list[Chosen]:
        assert self.labels is not None
        groups = random_groups(self.labels, generator)
        lengths = torch.tensor([len(group) for group in groups])
        numbers = torch.repeat_interleave(lengths)
        # A group belongs to the batch in which its first image would stand.
        batch = (lengths.cumsum(0) - lengths) // size
        ends = torch.bincount(batch, lengths.double()).long().cumsum(0)[:-1]
        parts = torch.tensor_split(torch.cat(groups), ends)
        named = torch.tensor_split(numbers, ends)
        return [(one, other) for one, other in zip(parts, named, strict=True) if len(one)]


class Learner:
    """The model and its optimiser: what a step changes, and what is gone back to."""

    def __init__(self, model: Model, settings: ModelConfig, peak: float, noise_seed: int) -> None:
        self.model = model
        self.settings = settings
        self.peak = peak
        self.noise = torch.Generator().manual_seed(noise_seed)
        self.parameters = list(model.parameters())
        self.optimiser = Adam(self.parameters)

    def step(self, batch: Batch, done: float) -> Terms:
        """Learn from one batch when the share `done` of the training is over."""
        share, self.optimiser.beta_1 = one_cycle(done)
        self.optimiser.rate = share * self.peak
        terms: Terms = self.model(batch, self.noise)
        loss = objective(terms, self.settings.pressure(done))
        descend(loss, self.optimiser, self.parameters)
        return terms

    def state(self) -> tuple[dict[str, Any], list[Tensor]]:
        """Copy of all that steps change."""
        return copy.deepcopy((self.model.state_dict(), self.optimiser.state()))

    def go_back(self, state: tuple[dict[str, Any], list[Tensor]]) -> None:
        """Return to a state from before the training diverged, with half the learning rate."""
        self.peak /= 2
        weights, moments = state
        self.model.load_state_dict(weights)
        self.optimiser.go_back(moments)

    def weights(self) -> dict[str, NDArray[Any]]:
        """State of the model as numpy arrays of their own."""
        return {name: one.numpy().copy() for name, one in self.model.state_dict().items()}

    def check_weights(self) -> None:
        """Refuse weights that the last step has made infinite."""
        if not all(bool(one.isfinite().all()) for one in self.parameters):
            raise DivergedError

    @torch.inference_mode()
    def measure(self, batch: Batch, noise: torch.Generator) -> Terms:
        """Terms of images that nothing is learnt from, in eval mode."""
        self.model.eval()
        terms: Terms = self.model(batch, noise)
        self.model.train()
        return terms
