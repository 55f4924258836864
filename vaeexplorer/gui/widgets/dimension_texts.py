"""What the dimensions of a space carry, in words: rates, variances, or that it is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from vaeexplorer.jobs.describing import CodesDescription
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

CARRIES_NOTHING = 0.01
NOTHING = "--"


def dimension_name(dimension: int, space: str) -> str:
    """Return what `dimension`, counted from 0, is called: "z3", or "style 3" in a `space`.

    `space` is empty where a model has but one. Where it has several its name is needed: the layers
    of a hierarchy are themselves called z1, z2 and so on.
    """
    return f"z{dimension + 1}" if space in ("", "z") else f"{space} {dimension + 1}"


def dimension_names(exhibit: Exhibit) -> list[str]:
    """Return what the dimensions of the explored space of `exhibit` are called."""
    size = exhibit.codes[main_space(exhibit)].mean.shape[1]
    return [dimension_name(number, space_of_several(exhibit)) for number in range(size)]


def space_of_several(exhibit: Exhibit) -> str:
    """Return the space of `exhibit` that is explored; empty where there is no other."""
    return main_space(exhibit) if len(exhibit.codes) > 1 else ""


@dataclass(frozen=True, eq=False)
class Carried:
    """What each dimension of a space carries.

    Attributes
    ----------
    order
        Dimensions, (size,), those that carry most first.
    legend
        What stands above them.
    values
        Rates in nats or variances, (size,); None: not known (yet).
    tooltip
        Says what a value is, with `{value}` in its place.
    silent_below
        A smaller value is called nothing.
    """

    order: NDArray[np.int64]
    legend: str
    values: NDArray[np.float64] | None
    tooltip: str
    silent_below: float = 0.0

    def words(self, dimension: int) -> tuple[str, str, bool]:
        """Return the value in words, its tooltip, and whether the dimension carries nothing."""
        if self.values is None:
            return NOTHING, self.tooltip, False
        value = float(self.values[dimension])
        silent = value < self.silent_below
        text = translate("Dimensions", "nothing") if silent else f"{value:.2f}"
        return text, self.tooltip.format(value=value), silent


def carried(
    exhibit: Exhibit,
    description: CodesDescription,
    rates: Mapping[str, NDArray[np.float64]] | None,
) -> Carried:
    """Say what the dimensions of the explored space carry.

    `description` is that of its codes. `rates` are the mean rates of a hierarchy by space, where
    they have been measured: those of a layer below others are not to be had from its codes alone.
    """
    name = main_space(exhibit)
    own = description.rates
    if own is None:
        return Carried(
            description.by_variance,
            translate("Dimensions", "ordered by variance of the codes (no rate: no prior)"),
            description.variance,
            translate("Dimensions", "variance of the codes: {value:.3f}"),
        )
    space = exhibit.spaces.get(name)
    # Before the model is there, nobody knows whether a space of several is a layer below others.
    if space.given == "upper" if space is not None else len(exhibit.codes) > 1:
        return _of_layer(description, None if rates is None else rates.get(name), rates or {})
    legend = translate("Dimensions", "ordered by rate, in nats: what a dimension carries")
    return Carried(
        np.argsort(-own, kind="stable"),
        "\n".join([legend, *_all_layers(rates or {})]),
        own,
        translate("Dimensions", "rate: KL to the prior, mean over images: {value:.3f} nats"),
        CARRIES_NOTHING,
    )


def _of_layer(
    description: CodesDescription,
    own: NDArray[np.float64] | None,
    rates: Mapping[str, NDArray[np.float64]],
) -> Carried:
    if own is None:
        return Carried(
            description.by_variance,
            translate("Dimensions", "ordered by variance of the codes: the rates are not known"),
            None,
            translate(
                "Dimensions",
                "The rate of a layer below others is measured on the images, with the model.",
            ),
        )
    legend = translate("Dimensions", "ordered by rate, in nats, given the layers above")
    return Carried(
        np.argsort(-own, kind="stable"),
        "\n".join([legend, *_all_layers(rates)]),
        own,
        translate(
            "Dimensions",
            "rate: KL to what the layer above makes the model expect, mean over held-out images: "
            "{value:.3f} nats",
        ),
        CARRIES_NOTHING,
    )


def _all_layers(rates: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Return a line with the rates of all layers; none where they are not measured."""
    if not rates:
        return []
    layers = "   ".join(f"{name} {one.sum():.1f}" for name, one in rates.items())
    return [translate("Dimensions", "rates of the layers: {layers}").format(layers=layers)]
