"""Models of others: any object with `encode` and `decode`, adapted to a latent space.

It is asked only for what a latent space needs, and everything that it gives is checked, so that a
model that does not fit is refused in one sentence before anything is shown of it.
"""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vaeexplorer.data.dataset import InputError
from vaeexplorer.models.base import Posterior, Prior, StandardNormal

STANDARD_NORMAL = "standard normal"
TRIED = 8
"""Images that a model is tried on."""
OUTSIDE = 0.5
"""How far pixels may lie outside [0, 1]: straight axes overshoot, logits and bytes are far off."""
ALIKE = 1e-3
"""Share of the spread of codes by which they may depend on how the images are batched."""

Function = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class ExternalSpace:
    """The latent space of a model that was not trained here.

    Attributes
    ----------
    name
        What its messages call it.
    shape
        (channels, height, width) of its images.
    size
        Number of latent dimensions.
    prior
        N(0, I) if the model declares it.
    """

    name: str
    shape: tuple[int, int, int]
    size: int
    prior: Prior | None
    _encode: Function = field(repr=False)
    _decode: Function = field(repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def codebook(self) -> None:
        """None: its codes are free."""

    @property
    def given(self) -> None:
        """None: its codes are all there is."""

    @property
    def drawn_in(self) -> ExternalSpace:
        """Give this space: there is no other."""
        return self

    def below(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """Return `z`: there is no other space."""
        del generator
        return z

    @property
    def scored(self) -> None:
        """None: its pictures are scored."""

    def holding(self, context: Tensor | None) -> ExternalSpace:
        """Return this space: nothing is given that an image could replace."""
        del context
        return self

    @torch.no_grad()
    def encode(self, images: Tensor) -> Posterior:
        """Posterior of float images in [0, 1], (batch, channels, height, width)."""
        given = self._call(self._encode, images, "encode(x)")
        return _posterior(given, len(images), self.name, self.size)

    def exact(self, images: Tensor) -> Tensor:
        """Codes of `encode`: nothing snaps them."""
        return self.encode(images).mean

    @torch.no_grad()
    def decode(self, z: Tensor) -> Tensor:
        """Mean images, (batch, channels, height, width), of codes (batch, size)."""
        images = self._call(self._decode, z, "decode(z)")
        return _pictures(images, len(z), self.shape, self.name)

    def _call(self, function: Function, values: Tensor, what: str) -> Any:
        # One thread at a time: nobody has promised that a stranger's model bears two.
        with self._turn:
            try:
                return function(values)
            except Exception as error:
                raise InputError(_failure(self.name, what, error)) from error


def external_space(model: Any, images: Tensor, name: str) -> ExternalSpace:
    """Adapt `model` to a latent space, after trying it on some images.

    Parameters
    ----------
    model
        `encode(x)` gives the mean, (batch, size), or the mean and the log variance of codes;
        `decode(z)` gives images, (batch, channels, height, width), or without the channels where
        there is one. Both take float32 torch tensors, or numpy arrays if they cannot take those. An
        attribute `prior = "standard normal"` declares a prior. Of a torch module, a copy in eval
        mode is used.
    images
        Some images that it is for, float in [0, 1], (n, channels, height, width).
    name
        What the user calls it.

    Raises
    ------
    InputError
        It does not fit; the message is one sentence.
    """
    for method in ("encode", "decode"):
        if not callable(getattr(model, method, None)):
            raise InputError(
                f"The model {name} has no method {method}; it needs encode(x) and decode(z)."
            )
    frozen = _frozen(model)
    few = images[:TRIED].float()
    encode, given = _understood(frozen.encode, few, name, "encode(x)")
    mean = _posterior(given, len(few), name).mean
    decode, _ = _understood(frozen.decode, mean, name, "decode(z)")
    _, channels, height, width = images.shape
    size = mean.shape[1]
    space = ExternalSpace(
        name, (channels, height, width), size, _prior(model, size, name), encode, decode
    )
    _check_codes(space, few)
    _check_pictures(space, mean)
    return space


def _frozen(model: Any) -> Any:
    """Return a copy in eval mode of a torch module, so that its training may go on."""
    if not isinstance(model, nn.Module):
        return model
    try:
        return copy.deepcopy(model).eval().requires_grad_(False)
    except (RuntimeError, TypeError, ValueError):  # some modules refuse to be copied
        return model


def _understood(function: Function, values: Tensor, name: str, what: str) -> tuple[Function, Any]:
    """Return `function` of tensors, or its detour over arrays, and what it gives for `values`."""

    def over_arrays(tensor: Tensor) -> Any:
        return function(tensor.numpy())

    with torch.no_grad(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            given = function(values)
        except Exception as error:
            try:
                return over_arrays, over_arrays(values)
            except Exception:
                raise InputError(_failure(name, what, error)) from error
        if any("__array_wrap__" in str(warning.message) for warning in told):
            # It reckons with arrays, which take a tensor for one, under protest.
            return over_arrays, over_arrays(values)
        return function, given


def _failure(name: str, what: str, error: Exception) -> str:
    first = next(iter(str(error).splitlines()), "")
    return f"{what} of the model {name} failed: {type(error).__name__}: {first}"


def _posterior(given: Any, n: int, name: str, size: int | None = None) -> Posterior:
    """Check and convert what encode(x) gave for `n` images."""
    pair = given if isinstance(given, tuple | list) else (given, None)
    if len(pair) != 2:
        raise InputError(
            f"encode(x) of the model {name} gives {len(pair)} things: it must give the mean, or "
            "the mean and the log variance."
        )
    mean, log_variance = (_tensor(part, name, "encode(x)") for part in pair)
    if mean is None or mean.ndim != 2 or len(mean) != n or mean.shape[1] != (size or mean.shape[1]):
        raise InputError(
            f"encode(x) of the model {name} gives codes of the shape "
            f"{None if mean is None else tuple(mean.shape)} for {n} images: it must be ({n}, "
            f"{size or 'size'})."
        )
    if log_variance is not None and log_variance.shape != mean.shape:
        raise InputError(
            f"encode(x) of the model {name} gives log variances of the shape "
            f"{tuple(log_variance.shape)} for means of the shape {tuple(mean.shape)}: they must "
            "agree."
        )
    if not mean.shape[1]:
        raise InputError(f"encode(x) of the model {name} gives codes without any dimension.")
    if not all(part.isfinite().all() for part in (mean, log_variance) if part is not None):
        raise InputError(f"encode(x) of the model {name} gives codes that are not finite.")
    return Posterior(mean, log_variance)


def _pictures(given: Any, n: int, shape: tuple[int, int, int], name: str) -> Tensor:
    """Check and convert what decode(z) gave for `n` codes."""
    images = _tensor(given, name, "decode(z)")
    wanted = (n, *shape)
    if images is not None and shape[0] == 1 and tuple(images.shape) == (n, *shape[1:]):
        return images.unsqueeze(1)
    if images is None or tuple(images.shape) != wanted:
        raise InputError(
            f"decode(z) of the model {name} gives images of the shape "
            f"{None if images is None else tuple(images.shape)}: it must be {wanted}, the shape of "
            "the images that you gave."
        )
    return images


def _tensor(given: Any, name: str, what: str) -> Tensor | None:
    """Return a tensor or an array as a float32 tensor on the CPU; None stays None."""
    if given is None:
        return None
    if isinstance(given, np.ndarray) and np.issubdtype(given.dtype, np.number):
        given = torch.from_numpy(np.array(given, np.float32))
    if not isinstance(given, Tensor) or given.is_complex():
        raise InputError(
            f"{what} of the model {name} gives {type(given).__name__}: it must give torch tensors "
            "or numpy arrays of numbers."
        )
    return given.detach().to("cpu", torch.float32)


def _prior(model: Any, size: int, name: str) -> Prior | None:
    declared = getattr(model, "prior", None)
    if declared is None:
        return None
    if not isinstance(declared, str) or declared != STANDARD_NORMAL:
        what = repr(declared) if isinstance(declared, str) else type(declared).__name__
        raise InputError(
            f"The model {name} declares the prior {what}: the one that can be declared is "
            f"{STANDARD_NORMAL!r}; without it, a Gaussian is fitted to its codes."
        )
    return StandardNormal(size)


def _check_codes(space: ExternalSpace, images: Tensor) -> None:
    """Refuse codes that change, or that depend on the rest of the batch."""
    mean = space.encode(images).mean
    scale = ALIKE * float((mean - mean.mean(dim=0)).abs().max()) + ALIKE * 1e-3
    if float((space.encode(images).mean - mean).abs().max()) > scale:
        raise InputError(
            f"encode(x) of the model {space.name} gives other codes each time: it must give the "
            "mean, with whatever is random switched off."
        )
    backwards = space.encode(images.flip(0)).mean.flip(0)
    alone = space.encode(images[:1]).mean
    if max(float((backwards - mean).abs().max()), float((alone - mean[:1]).abs().max())) > scale:
        raise InputError(
            f"encode(x) of the model {space.name} gives an image another code when the other "
            "images of the batch change: it must keep their order and treat each by itself."
        )


def _check_pictures(space: ExternalSpace, z: Tensor) -> None:
    """Refuse pictures that are not finite or evidently not in [0, 1], and mixed-up ones."""
    images = space.decode(z)
    if not images.isfinite().all():
        raise InputError(f"decode(z) of the model {space.name} gives pixels that are not finite.")
    lowest, highest = float(images.min()), float(images.max())
    if lowest < -OUTSIDE or highest > 1 + OUTSIDE:
        raise InputError(
            f"decode(z) of the model {space.name} gives pixels from {lowest:.4g} to {highest:.4g}: "
            "they must be in [0, 1] (a sigmoid may be missing, or a division by 255)."
        )
    if float((space.decode(z.flip(0)).flip(0) - images).abs().max()) > ALIKE:
        raise InputError(
            f"decode(z) of the model {space.name} gives a code another image when the other codes "
            "of the batch change: it must keep their order and treat each by itself."
        )
