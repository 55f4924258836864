"""Encode a data set and map its codes: what is done once a model is trained."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vaeexplorer.data.dataset import Dataset, InputError
from vaeexplorer.latent.process import FitProgress, ProjectionProcess, UmapSettings
from vaeexplorer.latent.projection import Map, axes_map, pca_map
from vaeexplorer.run import Codes, MappingProgress, Progress, Run, passed_on

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace, Posterior

CHUNK = 1_024
"""Images encoded at a time. Fixed, because the size of a batch changes the last bits of codes."""

MAP_SETTINGS = UmapSettings(neighbours=40, min_dist=0.7)
"""Broad neighbourhoods and loose dots: classes that fill the map instead of far islands."""

PLANE = 2
"""Codes of at most this size are their own map."""

Maps = dict[str, dict[str, Map]]
"""{space: {method: Map}}."""


def encode(
    run: Run, spaces: Mapping[str, LatentSpace], dataset: Dataset
) -> Generator[Progress, None, Run]:
    """Encode all images, and map their codes in the ways that take no time.

    Parameters
    ----------
    run
        The run that the spaces belong to.
    spaces
        Latent spaces by name.
    dataset
        Its images have the shape that the spaces were trained on.

    Returns
    -------
    Run
        `run` with the codes of every space and their quick maps, as `encode_spaces` gives them,
        and the labels of the data set.

    Raises
    ------
    InputError
        If there are no images or some codes are not finite.
    """
    codes, maps = yield from encode_spaces(spaces, dataset)
    return replace(
        run, codes=codes, maps=maps, labels=dataset.labels, label_names=dataset.label_names
    )


def encode_spaces(
    spaces: Mapping[str, LatentSpace], dataset: Dataset
) -> Generator[Progress, None, tuple[dict[str, Codes], Maps]]:
    """Encode all images in every space.

    Returns
    -------
    codes, maps
        By space. The maps are those of PCA (size <= 2: the latent axes).

    Raises
    ------
    InputError
        As `encode` does.
    """
    chunks: dict[str, list[Posterior]] = {name: [] for name in spaces}
    started = time.monotonic()
    for start in range(0, len(dataset), CHUNK):
        images = dataset.batch(slice(start, start + CHUNK)).float() / 255
        for name, space in spaces.items():
            chunks[name].append(space.encode(images))
        fraction = (start + len(images)) / len(dataset)
        seconds_left = (time.monotonic() - started) * (1 - fraction) / fraction
        yield Progress("encoding", fraction, seconds_left)
    codes = {name: codes_of(chunks[name], space.size) for name, space in spaces.items()}
    maps: Maps = {}
    for name, of_space in codes.items():
        map_ = _quick_map(of_space)
        maps[name] = {map_.method: map_}
    return codes, maps


def project(
    run: Run,
    process: ProjectionProcess,
    method: str = "umap",
    settings: UmapSettings | None = None,
) -> Generator[MappingProgress, None, Run]:
    """Add the map of `method` to every encoded space of `run`: see `project_codes`."""
    maps = yield from project_codes(run.codes, run.maps, process, method, settings)
    return replace(run, maps=maps)


def project_codes(
    codes: Mapping[str, Codes],
    maps: Mapping[str, Mapping[str, Map]],
    process: ProjectionProcess,
    method: str = "umap",
    settings: UmapSettings | None = None,
) -> Generator[MappingProgress, None, Maps]:
    """Add the map of `method` to the `maps` of every space, showing it while it grows.

    Spaces of size <= 2 need none. Where the codes cannot be mapped so, the map that stands for it
    is added under its own method (see `ProjectionProcess.fit`).

    Raises
    ------
    InputError
        If some codes are not finite.
    ProjectionError
        If a fit failed, the process died, or another fit is running.
    """
    added = {name: dict(of_space) for name, of_space in maps.items()}
    for name, of_space in codes.items():
        if of_space.mean.shape[1] <= PLANE:
            continue
        fit = process.fit(of_space.mean, method, settings)
        map_ = yield from passed_on(fit, partial(_reported, name, len(codes) > 1))
        added.setdefault(name, {})[map_.method] = map_
    return added


def check_map(method: str, settings: UmapSettings, n: int, size: int) -> None:
    """Raise InputError, one sentence, unless `n` codes of `size` can be mapped so.

    Methods are those of `Map.method`.
    """
    if method == "axes":
        if size > PLANE:
            raise InputError(
                f"Latent axes show two dimensions and these codes have {size}: choose another "
                "method."
            )
        return
    if method == "pca":
        return
    if size <= PLANE:
        raise InputError(f"Codes of {size} dimensions are a map as they are: choose latent axes.")
    mapped = n if settings.sample is None else min(settings.sample, n)
    if settings.neighbours >= mapped:
        raise InputError(
            f"{settings.neighbours} neighbours are not to be found among {mapped:,} images: "
            "choose fewer neighbours or map more images."
        )


def _reported(space: str, named: bool, report: FitProgress) -> MappingProgress:
    """Tell of a fit, saying which space it maps where it is to be `named`."""
    message = f"{f'mapping {space}' if named else 'mapping'}: {report.message}"
    if report.seconds_left is None:
        message += f" ({report.elapsed_s:.0f} s)"
    return MappingProgress(message, report.fraction, report.seconds_left, space, report.positions)


def codes_of(posteriors: list[Posterior], size: int) -> Codes:
    """Codes, (n, size), whose posteriors are those of consecutive chunks of images."""
    means = [posterior.mean.numpy() for posterior in posteriors]
    log_variances = [
        posterior.log_variance.numpy()
        for posterior in posteriors
        if posterior.log_variance is not None
    ]
    empty = np.empty((0, size), np.float32)
    mean = np.concatenate([empty, *means], dtype=np.float32)
    if len(log_variances) < len(means):
        return Codes(mean)
    return Codes(mean, np.concatenate([empty, *log_variances], dtype=np.float32))


def _quick_map(codes: Codes) -> Map:
    small = codes.mean.shape[1] <= PLANE
    return axes_map(codes.mean) if small else pca_map(codes.mean)
