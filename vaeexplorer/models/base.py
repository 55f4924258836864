"""The contract between a model and everything else.

A `Model` is what is trained; a `LatentSpace` is what is explored. Maps, paths, scores, panels and
reports know nothing of a model but its latent spaces.
"""

from __future__ import annotations

import copy
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.models.contexts import Given
from vaeexplorer.models.options import SettingError as SettingError
from vaeexplorer.models.options import check_settings as check_settings
from vaeexplorer.models.options import setting as setting
from vaeexplorer.models.posterior import Posterior as Posterior
from vaeexplorer.models.priors import Prior as Prior
from vaeexplorer.models.priors import StandardNormal as StandardNormal
from vaeexplorer.models.priors import reparametrised

COLLAPSED = 0.1
"""A model whose rate is below so many nats says nothing about its images."""


def float_images(pixels: Tensor) -> Tensor:
    """Images in [0, 1], float32, of uint8 `pixels` of the same shape."""
    return pixels.float().div_(255)


class Batch(NamedTuple):
    """What a model is trained on.

    images: float in [0, 1], (batch, channels, height, width). groups: subject or label ids,
    (batch,), or None. fields: where images are the sources of pairs, the displacement in pixels
    that carries each to its partner, (batch, 2, height, width); see `models.warping`.
    """

    images: Tensor
    groups: Tensor | None = None
    fields: Tensor | None = None


class Terms(NamedTuple):
    """The parts of the objective, in nats.

    distortion: -log p(x|z) summed over pixels, (batch,). rates: KL per space and dimension,
    {space: (batch, size)}, or None where there is no prior (then shown as "--", never as 0).
    penalty: further terms, already weighted, ().
    """

    distortion: Tensor
    rates: Mapping[str, Tensor] | None
    penalty: Tensor

    @property
    def rate(self) -> Tensor | None:
        """Sum of all rates over spaces and dimensions, (batch,), in nats; None without a prior."""
        if self.rates is None:
            return None
        return functools.reduce(torch.add, [rate.sum(dim=1) for rate in self.rates.values()])


class Scored(NamedTuple):
    """What scores look at in place of the pictures of a space.

    name: what it is, in words. origin: the same for spaces whose scores may be compared, beside
    data and split. pictures: what stands for images, uint8, (batch, channels, height, width), as
    pictures of its own, uint8. space: encodes those and decodes to them; codes and prior are those
    of the space that is explored.
    """

    name: str
    origin: str
    pictures: Callable[[Tensor], Tensor]
    space: LatentSpace


class LatentSpace(Protocol):
    """One latent space of a trained snapshot, bound to a frozen copy in eval mode.

    A space may be a part of what the model needs for an image. What else it needs is taken from
    the context: an image, or the default that `contexts.DEFAULT_CONTEXTS` says.
    """

    @property
    def size(self) -> int:
        """Number of latent dimensions."""
        ...

    @property
    def prior(self) -> Prior | None:
        """The prior that the model declares; None for an AE."""
        ...

    @property
    def codebook(self) -> Tensor | None:
        """Codes, (codes, width), that `decode` snaps to; None where z is free."""
        ...

    @property
    def given(self) -> Given | None:
        """What is taken from the context; None: the codes of this space are all there is.

        "style", "content": `decode` takes it from the context. "upper": the layers above, which
        decide what `prior` draws. "source": the image that `decode` warps.
        """
        ...

    @property
    def drawn_in(self) -> LatentSpace:
        """Space in which whole images are drawn: this one.

        Of a layer of a hierarchy the lowest layer, whose prior draws all layers above it first.
        """
        ...

    def below(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """Codes of `drawn_in`, (batch, its size), drawn under codes `z`: z where it is this space.

        Of a layer of a hierarchy they are drawn layer by layer, each from its law given the last.
        """
        ...

    @property
    def scored(self) -> Scored | None:
        """What scores look at in place of pictures; None: pictures."""
        ...

    def holding(self, context: Tensor | None) -> LatentSpace:
        """Return this space with what is given taken from an image, or as it is by default.

        `context` is a float image in [0, 1], (channels, height, width); None: the default. The
        codes that `encode` gives are the same in every context. A space without anything given
        returns itself.
        """
        ...

    def encode(self, images: Tensor) -> Posterior:
        """Posterior of float images in [0, 1], (batch, channels, height, width)."""
        ...

    def exact(self, images: Tensor) -> Tensor:
        """Codes before they are snapped to the codebook, (batch, size); else those of `encode`."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """Mean images, (batch, channels, height, width), of codes (batch, size).

        In [0, 1], but for those of a linear decoder, which pictures cut there and scores do not.
        """
        ...


@dataclass(frozen=True, eq=False)
class CodeSpace:
    """A latent space made of an encoder and a decoder.

    `held_at` makes the same space in another context, where something is given; `unsnapped` gives
    codes before they are snapped to the codebook; `lowest` is the space that images are drawn in,
    where it is another one, and `drawn_below` draws codes of that one under codes of this.
    """

    size: int
    encoder: Callable[[Tensor], Posterior]
    decoder: Callable[[Tensor], Tensor]
    prior: Prior | None = None
    codebook: Tensor | None = None
    given: Given | None = None
    held_at: Callable[[Tensor | None], LatentSpace] | None = None
    unsnapped: Callable[[Tensor], Tensor] | None = None
    lowest: LatentSpace | None = None
    drawn_below: Callable[[Tensor, torch.Generator], Tensor] | None = None
    scored: Scored | None = None

    @property
    def drawn_in(self) -> LatentSpace:
        """Space in which whole images are drawn: the lowest layer of a hierarchy, else this one."""
        return self.lowest or self

    @torch.inference_mode()
    def below(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """Draw codes of `drawn_in` under codes `z` of this space; z itself where it is this."""
        return z if self.drawn_below is None else self.drawn_below(z, generator)

    @torch.inference_mode()
    def holding(self, context: Tensor | None) -> LatentSpace:
        """Return this space with what is given taken from an image; None: as by default."""
        return self if self.held_at is None else self.held_at(context)

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Posterior:
        """Posterior of float images in [0, 1], (batch, channels, height, width)."""
        return self.encoder(images)

    @torch.inference_mode()
    def exact(self, images: Tensor) -> Tensor:
        """Codes before they are snapped to the codebook, (batch, size); else those of `encode`."""
        return self.encoder(images).mean if self.unsnapped is None else self.unsnapped(images)

    @torch.inference_mode()
    def decode(self, z: Tensor) -> Tensor:
        """Mean images in [0, 1], (batch, channels, height, width), of codes (batch, size)."""
        return self.decoder(z)


class Pressure(NamedTuple):
    """What the loss makes of the rates at one moment of a training; see `learning.objective`.

    weight: of the rate. free_nats: rate of each dimension, mean over the batch, that costs no less
    than this, so that it need not be smaller. capacity: nats that the rate is drawn to.
    """

    weight: float
    free_nats: float = 0.0
    capacity: float = 0.0


class Model(nn.Module, ABC):
    """What is trained.

    Attributes
    ----------
    later
        Names of weights that runs saved by former versions lack: zeros stand for them.
    """

    later: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective on `batch`; all randomness comes from `generator`."""

    @abstractmethod
    def spaces(self) -> dict[str, LatentSpace]:
        """Latent spaces of a frozen copy of this model as it is now, the main one first."""

    def meet(self, image: Tensor) -> None:
        """Take note of the first held-out image, float, (channels, height, width).

        It is the source of a space that warps one, as long as nobody chooses another.
        """
        del image

    def frozen(self) -> Self:
        """Copy of this model as it is now, in eval mode, that no optimiser can change."""
        return copy.deepcopy(self).eval().requires_grad_(False)

    def datum(self, images: Tensor) -> Batch:
        """Return what the codes of float `images` in the main space are codes of: the images."""
        return Batch(images)

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """log p(x, z) - log q(z|x) for one draw of z, (batch,), in nats; None: no evidence."""
        del batch, generator
        return None

    def remark(self) -> str:
        """Say in a few words what else there is to know of the training; empty: nothing."""
        return ""

    def trouble(self, rates: Mapping[str, float]) -> str:
        """One sentence on what goes wrong in the training and what to try; empty: nothing.

        Asked after an epoch on whose images `rates` were the mean rates by space, in nats; empty
        without a prior, and until the weight of the rate has grown to its full size.
        """
        if rates and sum(rates.values()) < COLLAPSED:
            return (
                f"The posterior has collapsed: the codes carry {sum(rates.values()):.2f} nats, so "
                "that every image is drawn alike. Try a smaller beta, a longer warm-up or free "
                "bits."
            )
        silent = [name for name, rate in rates.items() if rate < COLLAPSED]
        if not silent:
            return ""
        many = len(silent) > 1
        return (
            f"The code{'s' if many else ''} {' and '.join(silent)} carr{'y' if many else 'ies'} "
            f"less than {COLLAPSED} nats. Try a longer warm-up or more free bits."
        )

    def log_joint(self, batch: Batch, z: Tensor) -> Tensor | None:
        """log p(x, z) in nats, (batch,), of one z of shape (size,) per image; None: not told."""
        del batch, z
        return None

    def joint_of(self, z: Tensor) -> Callable[[Batch], Tensor | None]:
        """`log_joint` of codes `z`: what does not depend on the images is computed but once."""
        return functools.partial(self.log_joint, z=z)

    def joint_posterior(self, images: Tensor) -> Posterior:
        """q(z|x) of the z that `log_joint` takes, of float `images`: that of the main space."""
        return next(iter(self.spaces().values())).encode(images)

    def placed(self, images: Tensor, steps: Tensor) -> tuple[Tensor, Tensor] | None:
        """z of `log_joint` at standard normal `steps`, (k, size), of q(z|x), and its log, (k,).

        Of one float image. None: q(z|x) is a point mass.
        """
        mean, log_variance = self.joint_posterior(images)
        return None if log_variance is None else reparametrised(mean, log_variance, steps)

    def joint_names(self) -> tuple[str, ...]:
        """Names of the dimensions of the z that `log_joint` takes; empty: their numbers."""
        return ()

    def code_lengths(self) -> Tensor | None:
        """Units of codes of the main space in one of the z of `log_joint`, (size,); None: 1."""
        return None

    def joint_prior(self) -> Prior | None:
        """Law of the z that `log_joint` takes; None: that of the main space."""
        return None


@dataclass(frozen=True)
class ModelConfig:
    """Settings that every family has."""

    latent_dim: int = setting(
        8,
        "latent dimensions",
        "How many numbers describe an image.",
        minimum=1,
        maximum=512,
        basic=True,
    )

    def pressure(self, done: float) -> Pressure:
        """Return what the loss makes of the rates when the share `done` of the training is over."""
        del done
        return Pressure(1.0)

    @property
    def binarised(self) -> bool:
        """Whether images are drawn black and white before anything is learnt from them."""
        return False

    def problem(self, image_shape: tuple[int, int, int] | None = None) -> str:
        """Say in one sentence why these settings do not go together; empty: they do.

        With a shape: why images of it cannot be trained on.
        """
        del image_shape
        return ""

    def nats(self, image_shape: tuple[int, int, int]) -> str:
        """One sentence on what the nats of the distortion are; empty: nothing to be said."""
        del image_shape
        return ""


@dataclass(frozen=True)
class Family:
    """One kind of model: how to build it, its settings, and what to say about it.

    Attributes
    ----------
    builder
        builder(config, image_shape, mean_image) -> Model, where mean_image is a float tensor
        (channels, height, width) in [0, 1] from which the output bias is set.
    config
        The config dataclass, a subclass of ModelConfig.
    title
        What labels call it.
    story
        One line on what it is, for the form and the documentation.
    paper
        Where it was published.
    batches
        What `train` feeds it: "images", "groups" or "pairs".
    apart
        One sentence on what its rate and distortion are of, if not of single images as they are.
    fit
        fit(model, images) fits it to uint8 images (n, channels, height, width) at once and
        yields the share that is done, in place of the epochs; None: it is trained.
    check
        check(config, dataset) raises SettingError if it cannot be trained on that data; None: it
        takes any.
    """

    builder: Callable[[Any, tuple[int, int, int], Tensor], Model]
    config: type[ModelConfig]
    title: str
    story: str
    paper: str
    batches: str = "images"
    apart: str = ""
    fit: Callable[[Any, Tensor], Iterator[float]] | None = None
    check: Callable[[Any, Dataset], None] | None = None
