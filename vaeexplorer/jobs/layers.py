"""What every layer of a hierarchy carries, as the terms of its own objective have it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.jobs.opening import model_of
from vaeexplorer.run import Progress, Run

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 256
"""Images between two looks at whether it is still wanted."""

MEASURED_IMAGES = 2_000
"""Images that mean rates are measured on, at most."""


def mean_rates(
    run: Run, dataset: Dataset
) -> Generator[Progress, None, dict[str, NDArray[np.float64]]]:
    """Mean rate of each dimension of every space over held-out images, in nats.

    Over training images where none are held out. Of a layer below others it is the KL from the law
    that it has given the draw of the layer above, which no closed form of its codes alone gives.

    Returns
    -------
    {space: (size,)}, empty for a family without rates.
    """
    split = dataset.split(run.split_seed)
    chosen = np.sort(split.held_out if len(split.held_out) else split.train)[:MEASURED_IMAGES]
    sums: dict[str, NDArray[np.float64]] = {}
    for _, rates in _chunks(run, dataset, chosen):
        for name, of_space in rates.items():
            sums[name] = sums.get(name, 0.0) + of_space.double().sum(dim=0).numpy()
        yield Progress("measuring rates")
    return {name: of_space / len(chosen) for name, of_space in sums.items()}


def rates_of_images(
    run: Run, dataset: Dataset, space: str
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Rate of every image in one space, (n,), in nats: see `mean_rates`."""
    values = np.empty(len(dataset), np.float32)
    for part, rates in _chunks(run, dataset, np.arange(len(dataset))):
        values[part] = rates[space].sum(dim=1).numpy()
        yield Progress("measuring rates", float(part[-1] + 1) / len(dataset))
    return values


def _chunks(
    run: Run, dataset: Dataset, chosen: NDArray[np.int64]
) -> Generator[tuple[NDArray[np.int64], dict[str, Tensor]], None, None]:
    """Terms of the chosen images, some at a time, with the same draws every time."""
    import torch

    from vaeexplorer.jobs.measured import measured_images
    from vaeexplorer.models.base import Batch

    model = model_of(run).frozen()
    generator = torch.Generator().manual_seed(0)
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        with torch.inference_mode():
            terms = model(Batch(measured_images(run, dataset.pixels(part))), generator)
        yield part, dict(terms.rates or {})
