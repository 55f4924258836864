"""Model families: the one table of them, and how one is built and restored.

A new family is one file that ends in a `Family` record, and one line in `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.models import (
    autoencoder,
    denoising,
    flow,
    gaussian,
    hierarchical,
    linear,
    multilevel,
    quantized,
)
from vaeexplorer.models.base import Family, Model, ModelConfig, SettingError, check_settings
from vaeexplorer.models.options import departures, parse_settings

FAMILIES: dict[str, Family] = {
    "pca": linear.FAMILY,
    "ae": autoencoder.FAMILY,
    "dae": denoising.FAMILY,
    "vae": gaussian.FAMILY,
    "hvae": hierarchical.FAMILY,
    "vqvae": quantized.FAMILY,
    "mlvae": multilevel.FAMILY,
    "flowvae": flow.FAMILY,
}


class WeightsError(ValueError):
    """Weights that do not fit the model they are meant for; the message is one sentence."""


def settings(family: str, options: Mapping[str, Any]) -> ModelConfig:
    """Read the settings of a family from JSON values, and check them.

    Parameters
    ----------
    family
        Key in FAMILIES.
    options
        Values by the field names of the family's config dataclass; those left out have their
        defaults.

    Raises
    ------
    SettingError
        For an unknown family or option, and for a value of the wrong type or out of bounds.
    """
    if not isinstance(family, str) or family not in FAMILIES:
        raise SettingError(f"There is no family {family!r}; there are {', '.join(FAMILIES)}.")
    if not isinstance(options, Mapping):
        raise SettingError(f"The settings of a model must be named values, not {options!r}.")
    config = FAMILIES[family].config
    known = [about.name for about in fields(config)]
    for name in options:
        if name not in known:
            raise SettingError(
                f"The family {family} has no setting {name!r}; it has {', '.join(known)}."
            )
    # JSON has no tuples.
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
    }
    made = config(**values)
    check_settings(made)
    if problem := made.problem():
        raise SettingError(problem)
    return made


def run_name(family: str, options: Mapping[str, Any], data: str, epochs: int) -> str:
    """Name a run by its family, the data, the settings that are no defaults, and its epochs."""
    about = FAMILIES[family]
    parts = [f"{about.title} on {data}", *departures(settings(family, options))]
    if about.fit is None:
        parts.append("1 epoch" if epochs == 1 else f"{epochs:,} epochs")
    return ", ".join(parts)


def typed_settings(family: str, texts: Iterable[str]) -> dict[str, Any]:
    """Read options of a family from texts "name=value", as they are typed; see `settings`.

    Raises
    ------
    SettingError
        For an unknown family, a text without "=", and a setting that is named twice.
    """
    if family not in FAMILIES:
        raise SettingError(f"There is no family {family!r}; there are {', '.join(FAMILIES)}.")
    return parse_settings(FAMILIES[family].config, texts)


def build(
    family: str,
    options: Mapping[str, Any],
    image_shape: tuple[int, int, int],
    mean_image: Tensor,
    *,
    seed: int = 0,
) -> Model:
    """Make an untrained model.

    Parameters
    ----------
    family, options
        As for `settings`.
    image_shape
        (channels, height, width).
    mean_image
        Mean of the training images, float in [0, 1], of that shape.
    seed
        Decides the initial weights. torch's global generator is left as it was.

    Raises
    ------
    SettingError
        As `settings` does.
    """
    made = settings(family, options)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return FAMILIES[family].builder(made, image_shape, mean_image)


def restore(
    family: str,
    options: Mapping[str, Any],
    image_shape: tuple[int, int, int],
    weights: Mapping[str, NDArray[Any]],
) -> Model:
    """Make the model that has these weights.

    Parameters
    ----------
    family, options, image_shape
        As for `build`.
    weights
        State of the model by parameter name, as in `Run.weights`.

    Raises
    ------
    SettingError
        As `settings` does.
    WeightsError
        If names are missing or unexpected, a shape is not the model's, or a value is not finite.
    """
    made = settings(family, options)
    # Without memory, so that what a file claims costs nothing until its weights have been seen.
    # The mean image does have memory: arithmetic without it imports half of torch, 1.6 s.
    mean_image = torch.zeros(image_shape)
    with torch.device("meta"):
        model = FAMILIES[family].builder(made, image_shape, mean_image)
    expected = model.state_dict()
    lacking = {name: tuple(expected[name].shape) for name in model.later - weights.keys()}
    weights = {**weights, **{name: np.zeros(shape) for name, shape in lacking.items()}}
    _check_names(expected, weights)
    for name, tensor in expected.items():
        _check_array(name, weights[name], tuple(tensor.shape))
    state = {name: torch.from_numpy(np.array(weights[name], np.float32)) for name in expected}
    model.load_state_dict(state, assign=True)
    return model


def _check_names(expected: Iterable[str], weights: Mapping[str, NDArray[Any]]) -> None:
    missing = sorted(set(expected) - set(weights))
    if missing:
        raise WeightsError(
            f"The weights {', '.join(missing[:3])}{' ...' if missing[3:] else ''} are missing."
        )
    unexpected = sorted(set(weights) - set(expected))
    if unexpected:
        raise WeightsError(
            f"The weights {', '.join(unexpected[:3])}{' ...' if unexpected[3:] else ''} "
            "do not belong to this model."
        )


def _check_array(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise WeightsError(f"The weights {name} have shape {array.shape}, not {shape}.")
    if not np.issubdtype(array.dtype, np.floating) or not np.isfinite(array).all():
        raise WeightsError(f"The weights {name} are not all finite numbers.")
