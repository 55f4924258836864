"""A number for every image, by which the dots of a map are coloured."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.jobs.layers import rates_of_images
from vaeexplorer.jobs.opening import main_space, model_of
from vaeexplorer.regularity.information import rate_per_image
from vaeexplorer.run import Codes, Exhibit, Progress, Run

CHUNK = 256
"""Images that are decoded between two looks at whether it is still wanted."""

OF_CODES = ("rate", "distance", "index")
OF_IMAGES = ("distortion", "loss")
MEASURES = (*OF_CODES, *OF_IMAGES)
"""What `measure` can measure."""


def measure(exhibit: Exhibit, what: str) -> Generator[Progress, None, NDArray[np.float32] | None]:
    """Measure one of MEASURES on every image of `exhibit`.

    rate: KL of the posterior from the standard normal, in nats. distance: of the code from the
    origin. index: number of the image. distortion: -log p(x|z) in nats, for one draw of z that
    is the same every time. loss: that distortion plus the rate, where there is one, weighted as at
    the end of the training, in nats: the share of one image in the objective. Free nats and a
    capacity are left out: they act on the mean rate of a batch.

    Returns
    -------
    Values, (n,); None where they do not exist: the rate of a model without a posterior, the
    distortion of one that was not trained here or whose images are not at hand, the loss of one
    that is trained on groups or pairs of images, or whose objective has terms of whole batches.
    """
    codes = exhibit.codes[main_space(exhibit)]
    if what in OF_IMAGES:
        if exhibit.run is None or exhibit.dataset is None:
            return None
        return (yield from _of_images(exhibit.run, exhibit.dataset, what))
    space = exhibit.spaces.get(main_space(exhibit))
    if what == "rate" and space is not None and space.given == "upper":
        if exhibit.run is None or exhibit.dataset is None:
            return None
        return (yield from rates_of_images(exhibit.run, exhibit.dataset, main_space(exhibit)))
    return _of_codes(codes, what)


def _of_codes(codes: Codes, what: str) -> NDArray[np.float32] | None:
    if what == "rate":
        if codes.log_variance is None:
            return None
        return rate_per_image(codes.mean, codes.log_variance)
    if what == "distance":
        distances: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", codes.mean, codes.mean))
        return distances
    return np.arange(len(codes.mean), dtype=np.float32)


def _of_images(
    run: Run, dataset: Dataset, what: str
) -> Generator[Progress, None, NDArray[np.float32] | None]:
    import torch

    from vaeexplorer.jobs.measured import measured_images
    from vaeexplorer.models import FAMILIES, settings
    from vaeexplorer.models.base import Batch

    model = model_of(run).frozen()
    weight = settings(run.config.family, run.config.model).pressure(1.0).weight
    if what == "loss" and FAMILIES[run.config.family].batches != "images":
        return None
    generator = torch.Generator().manual_seed(0)
    values = np.empty(len(dataset), np.float32)
    for start in range(0, len(dataset), CHUNK):
        part = slice(start, start + CHUNK)
        with torch.inference_mode():
            terms = model(Batch(measured_images(run, dataset.pixels(part))), generator)
            nats = terms.distortion
            if what == "loss":
                if float(terms.penalty):
                    return None
                nats = nats if terms.rate is None else nats + weight * terms.rate
        values[part] = nats.numpy()
        done = min(start + CHUNK, len(dataset)) / len(dataset)
        yield Progress(f"Measuring {what}", done)
    return values
