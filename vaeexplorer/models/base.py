"""The contract between a model and everything else.

A `Model` is what is trained; a `LatentSpace` is what is explored. Maps, paths, scores, panels and
reports know nothing of a model but its latent spaces.
"""

from __future__ import annotations

import copy
import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn


class Posterior(NamedTuple):
    """Diagonal Gaussian q(z|x): mean and log variance, (batch, size) each.

    `log_variance` is None for a deterministic code.
    """

    mean: Tensor
    log_variance: Tensor | None


def float_images(pixels: Tensor) -> Tensor:
    """Images in [0, 1], float32, of uint8 `pixels` of the same shape."""
    return pixels.float().div_(255)


class Batch(NamedTuple):
    """What a model is trained on.

    images: float in [0, 1], (batch, channels, height, width). groups: subject or label ids,
    (batch,), or None. partners: the second image of each pair, shaped as images, or None.
    """

    images: Tensor
    groups: Tensor | None = None
    partners: Tensor | None = None


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


class Prior(Protocol):
    """A law on a latent space that a model declares."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, size)."""
        ...

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats, (batch,), for z of shape (batch, size)."""
        ...


class LatentSpace(Protocol):
    """One latent space of a trained snapshot, bound to a frozen copy in eval mode."""

    @property
    def size(self) -> int:
        """Number of latent dimensions."""
        ...

    @property
    def prior(self) -> Prior | None:
        """The prior that the model declares; None for an AE."""
        ...

    def encode(self, images: Tensor) -> Posterior:
        """Posterior of float images in [0, 1], (batch, channels, height, width)."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """Mean images in [0, 1], (batch, channels, height, width), of codes (batch, size)."""
        ...


@dataclass(frozen=True)
class StandardNormal:
    """The prior N(0, I) on `size` dimensions."""

    size: int
    name: str = "standard normal"

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, size)."""
        return torch.randn(n, self.size, generator=generator)

    def log_prob(self, z: Tensor) -> Tensor:
        """log N(z; 0, I) in nats, (batch,)."""
        return -0.5 * (z.square() + math.log(2 * math.pi)).sum(dim=1)


@dataclass(frozen=True, eq=False)
class CodeSpace:
    """A latent space made of an encoder and a decoder: the one space of an AE or a VAE."""

    size: int
    encoder: Callable[[Tensor], Posterior]
    decoder: Callable[[Tensor], Tensor]
    prior: Prior | None = None

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Posterior:
        """Posterior of float images in [0, 1], (batch, channels, height, width)."""
        return self.encoder(images)

    @torch.inference_mode()
    def decode(self, z: Tensor) -> Tensor:
        """Mean images in [0, 1], (batch, channels, height, width), of codes (batch, size)."""
        return self.decoder(z)


class Model(nn.Module, ABC):
    """What is trained."""

    @abstractmethod
    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective on `batch`; all randomness comes from `generator`."""

    @abstractmethod
    def spaces(self) -> dict[str, LatentSpace]:
        """Latent spaces of a frozen copy of this model as it is now, the main one first."""

    def frozen(self) -> Self:
        """Copy of this model as it is now, in eval mode, that no optimiser can change."""
        return copy.deepcopy(self).eval().requires_grad_(False)

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """log p(x, z) - log q(z|x) for one draw of z, (batch,), in nats; None: no evidence."""
        del batch, generator
        return None


class SettingError(ValueError):
    """A setting that no model can be built with; the message is one sentence for the user."""


def setting(
    default: Any,
    label: str,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    longest: int | None = None,
    unit: str = "",
) -> Any:
    """Declare a field of a config dataclass with what a form and a check need to know.

    The bounds of a tuple hold for each of its values; `longest` bounds how many it has.
    """
    about = {
        "label": label,
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "longest": longest,
        "unit": unit,
    }
    return field(default=default, metadata=about)


def check_settings(config: Any) -> None:
    """Raise SettingError with one sentence if a field of `config` has a wrong type or value.

    A field's type is that of its default: a whole number, a finite number, text, or a tuple of
    whole numbers.
    """
    for about in fields(config):
        value, rule = getattr(config, about.name), about.metadata
        name = rule.get("label", about.name)
        wanted = _wrong_type(about, value)
        if wanted:
            raise SettingError(f"{name} must be {wanted}, not {value!r}.")
        if rule.get("choices") and value not in rule["choices"]:
            raise SettingError(f"{name} must be one of {', '.join(rule['choices'])}, not {value}.")
        values = value if isinstance(value, tuple) else (value,)
        if rule.get("longest") is not None and len(values) > rule["longest"]:
            raise SettingError(
                f"{name} must be at most {rule['longest']} values, not {len(values)}."
            )
        for one in values:
            _check_bounds(name, one, rule.get("minimum"), rule.get("maximum"))


def _check_bounds(name: str, value: Any, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and not value >= minimum:
        raise SettingError(f"{name} must be at least {minimum:g}, not {value}.")
    if maximum is not None and not value <= maximum:
        raise SettingError(f"{name} must be at most {maximum:g}, not {value}.")


def _wrong_type(about: Field[Any], value: Any) -> str | None:
    """Say what `value` should be if it is not of the type of the field's default."""
    default = about.default
    checks: dict[type, tuple[Callable[[Any], bool], str]] = {
        int: (_is_whole, "a whole number"),
        float: (_is_number, "a number"),
        str: (lambda one: isinstance(one, str), "text"),
        tuple: (
            lambda one: isinstance(one, tuple) and all(map(_is_whole, one)),
            "a list of whole numbers",
        ),
    }
    if default is MISSING or type(default) not in checks:
        return None
    fits, wanted = checks[type(default)]
    return None if fits(value) else wanted


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


@dataclass(frozen=True)
class ModelConfig:
    """Settings that every family has."""

    latent_dim: int = setting(
        8, "latent dimensions", "How many numbers describe an image.", minimum=1, maximum=512
    )
    body: str = setting(
        "auto",
        "body",
        "Encoder and decoder: multi-layer perceptron, convolutional, or chosen by image size.",
        choices=("auto", "mlp", "conv"),
    )
    hidden: tuple[int, ...] = setting(
        (),
        "hidden widths",
        "Widths of the encoder's hidden layers (convolutional: channels, each layer halving "
        "height and width), mirrored by the decoder; empty: chosen by image size.",
        minimum=1,
        maximum=8192,
        longest=8,
    )

    def rate_weight(self, done: float) -> float:
        """Weight of the rate in the loss when the share `done` of the training is over."""
        del done
        return 1.0


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
    """

    builder: Callable[[Any, tuple[int, int, int], Tensor], Model]
    config: type[ModelConfig]
    title: str
    story: str
    paper: str
    batches: str = "images"
