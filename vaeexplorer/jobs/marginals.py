"""One dimension of all codes against the prior, and draws of images from p(x|z)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.jobs.opening import decode_pixels, held_at, main_space, model_of
from vaeexplorer.latent.probe import Probe
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.regularity.aggregate import MarginalCurve

MOST_IMAGES = 10_000
"""Images whose posteriors make a curve, at most, evenly spread: 20 ms."""

DRAWS = 2


def compare_marginal(exhibit: Exhibit, dimension: int) -> MarginalCurve:
    """Compare what all images make of one dimension, q(z_j), with the prior's p(z_j)."""
    import torch

    from vaeexplorer.regularity.aggregate import marginal_curve

    name = main_space(exhibit)
    codes, space = exhibit.codes[name], exhibit.spaces[name]
    every = -(-len(codes.mean) // MOST_IMAGES)
    mean, log_variance = (
        None if one is None else torch.from_numpy(one[::every, dimension].copy())
        for one in (codes.mean, codes.log_variance)
    )
    assert mean is not None
    return marginal_curve(dimension, mean, log_variance, space.prior)


@dataclass(frozen=True, eq=False)
class ImageDraws:
    """What one code stands for: the mean image, and images drawn from p(x|z).

    likelihood: name of its class, such as "Bernoulli". mean: uint8, (channels, height, width).
    draws: uint8, (k, channels, height, width).
    """

    likelihood: str
    mean: NDArray[np.uint8] = field(repr=False)
    draws: NDArray[np.uint8] = field(repr=False)


def draw_images(
    exhibit: Exhibit, probe: Probe, seed: int, context: int | None = None
) -> ImageDraws | None:
    """Draw images from p(x|z) of the code that is probed.

    What the code lacks is held as in the window: taken from the image of the number `context`, or
    as by default. Of a flow VAE fields are drawn, which then warp the source; of PCA the images of
    probabilistic PCA.

    None of a model that was not trained here, for it tells no likelihood.
    """
    from vaeexplorer.models.likelihoods import Drawing, Likelihood

    name = main_space(exhibit)
    if exhibit.run is None:
        return None
    model = model_of(exhibit.run)
    likelihood = getattr(model, "likelihood", None)
    if not isinstance(likelihood, Likelihood):
        return None
    space = held_at(model.spaces()[name], exhibit.dataset, context)
    mean = decode_pixels(*probe.source(space))[0]
    model.likelihood = Drawing(likelihood, seed)
    drawing, z = probe.source(held_at(model.spaces()[name], exhibit.dataset, context))
    draws = decode_pixels(drawing, np.repeat(z, DRAWS, axis=0))
    return ImageDraws(type(likelihood).__name__, mean, draws)
