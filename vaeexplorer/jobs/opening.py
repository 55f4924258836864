"""From a run to an exhibit that can be decoded: its images, its model, its lift."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data import Dataset, InputError, Source, find_data, open_data
from vaeexplorer.latent.probe import Probe
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Exhibit, Progress, Run

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace, Model


def exhibit_of(run: Run, origin: str, dataset: Dataset | None = None) -> Exhibit:
    """Return the exhibit of `run`, without its model: see `with_model`."""
    return Exhibit(
        name=run.name,
        source=run.source,
        codes=run.codes,
        maps=run.maps,
        labels=run.labels,
        label_names=run.label_names,
        dataset=dataset,
        run=run,
        origin=origin,
    )


def open_exhibit(folder: Path) -> Generator[Progress, None, Exhibit]:
    """Read the run in `folder` and find its images again.

    A run that ended before its data was encoded is encoded now, and saved again.

    Raises
    ------
    InputError
        The folder holds no readable run, or one without codes whose images are gone.
    """
    from vaeexplorer.storage import load_run

    yield Progress("reading")
    run = load_run(folder)
    dataset = find_data(run.source)
    if not run.codes:
        run = yield from _encoded(run, folder, dataset)
    return exhibit_of(run, str(folder), dataset)


def _encoded(run: Run, folder: Path, dataset: Dataset | None) -> Generator[Progress, None, Run]:
    from vaeexplorer.jobs.mapping import encode
    from vaeexplorer.storage import save_run

    if dataset is None:
        raise InputError(
            f"{folder} was stopped before its images were encoded, and they are not where they "
            "were: put them back and open the run again."
        )
    run = yield from encode(run, model_of(run).spaces(), dataset)
    save_run(run, folder)
    return run


def with_model(exhibit: Exhibit) -> Exhibit:
    """Return `exhibit` with its model built, and with its images if they can be found."""
    run = exhibit.run
    if run is None or exhibit.spaces:
        return exhibit
    return replace(exhibit, spaces=model_of(run).spaces())


def build_spaces(run: Run, folder: Path) -> dict[str, LatentSpace]:
    """Return the latent spaces of `run`, which was read from `folder`.

    Raises
    ------
    InputError
        Its settings or its weights make no model.
    """
    from vaeexplorer.models import WeightsError
    from vaeexplorer.models.base import SettingError

    try:
        return model_of(run).spaces()
    except (SettingError, WeightsError) as error:
        raise InputError(f"The model in {folder} cannot be built: {error}") from error


def model_of(run: Run) -> Model:
    """Build the model of `run` from its weights.

    Raises
    ------
    SettingError, WeightsError
        As `models.restore`.
    """
    from vaeexplorer.models import restore  # imports torch

    return restore(run.config.family, run.config.model, run.source.shape, run.weights)


def with_images(exhibit: Exhibit) -> Exhibit:
    """Return `exhibit` with its images, if it lacks them and they can be found."""
    if exhibit.dataset is not None:
        return exhibit
    return replace(exhibit, dataset=find_data(exhibit.source))


def with_located_images(exhibit: Exhibit, path: Path) -> Exhibit:
    """Return `exhibit` with its images from `path`, or from the folder that `path` lies in.

    The folder, because a data set of several files is located by choosing one of them. The run
    remembers the place, and keeps it on the disk where it is kept there.

    Raises
    ------
    InputError
        There are no readable images, or they are not those that the exhibit was made from.
    """
    found = _images_like(exhibit.source, path)
    if found is None and path.is_file():
        with suppress(InputError):
            found = _images_like(exhibit.source, path.parent)
    if found is None:
        raise InputError(
            f"{path} holds other images than those that {exhibit.name} was trained on: choose "
            "the file or folder that it was trained from."
        )
    _change_kept(exhibit.origin, lambda run: replace(run, source=found.source))
    run = None if exhibit.run is None else replace(exhibit.run, source=found.source)
    return replace(exhibit, dataset=found, source=found.source, run=run)


def _images_like(source: Source, path: Path) -> Dataset | None:
    dataset = open_data(path)
    return dataset if dataset.source.fingerprint == source.fingerprint else None


def keep_maps(origin: str, maps: Mapping[str, Mapping[str, Map]]) -> None:
    """Save the `maps` of some spaces with the run in the folder `origin`, if it is still there."""
    _change_kept(origin, lambda run: replace(run, maps={**run.maps, **maps}))


def _change_kept(origin: str, change: Callable[[Run], Run]) -> None:
    from vaeexplorer.storage import is_run, load_run, save_run

    folder = Path(origin)
    if origin and is_run(folder):
        # Read again: it may have been renamed since it was opened.
        save_run(change(load_run(folder)), folder)


def main_space(exhibit: Exhibit) -> str:
    """Name of the space that is explored: the chosen one, or else the first."""
    return exhibit.explored or next(iter(exhibit.codes))


def chosen_map(exhibit: Exhibit, method: str) -> Map:
    """Return the map that `method` names, or the best one that the exhibit has instead."""
    maps = exhibit.maps[main_space(exhibit)]
    for name in (method, "axes", "umap", "umap-learn", "pca"):
        if name in maps:
            return maps[name]
    return next(iter(maps.values()))


def decode_pixels(space: LatentSpace, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Decode codes (batch, size) to pictures, uint8, (batch, channels, height, width)."""
    import torch

    images = space.decode(torch.from_numpy(np.ascontiguousarray(z, np.float32)))
    return (images * 255).round_().clamp_(0, 255).to(torch.uint8).numpy()


def held_at(space: LatentSpace, dataset: Dataset | None, image: int | None) -> LatentSpace:
    """Return `space` holding what it lacks of the image of that number; None: as by default."""
    if dataset is None or image is None:
        return space.holding(None)
    return space.holding(dataset.batch(slice(image, image + 1))[0].float() / 255)


def round_trip(space: LatentSpace, probe: Probe) -> float:
    """Distance from the code of `probe` to the posterior mean of what it decodes to."""
    import torch

    origin, code = probe.source(space)
    decoded = origin.decode(torch.from_numpy(np.array(code, np.float32)))
    return float((space.encode(decoded).mean - torch.from_numpy(probe.z[None])).norm())
