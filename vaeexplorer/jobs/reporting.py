"""Write a report on runs: read them, decode what it shows, score them, and put it in place."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data import Dataset, InputError
from vaeexplorer.jobs.bundled import resource
from vaeexplorer.jobs.mapping import MAP_SETTINGS, project_codes
from vaeexplorer.jobs.opening import (
    build_spaces,
    chosen_map,
    decode_pixels,
    main_space,
    open_exhibit,
)
from vaeexplorer.jobs.scoring import Grounds, score_space
from vaeexplorer.latent.lift import lift_of
from vaeexplorer.latent.process import ProjectionProcess
from vaeexplorer.latent.projection import ProjectionError
from vaeexplorer.report import NUMBERS, PAGE, Findings, Window, write_files
from vaeexplorer.run import Exhibit, Progress
from vaeexplorer.storage import StorageError
from vaeexplorer.storage.atomic import Asides, one_sentence, remove, sync_folder

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

GRID_SIDE = 20
SAMPLES = 64
PAIRS = 16
PAIRS_PER_ROW = 8
MOST_FITTED = 10_000
CHUNK = 1_024
SAMPLE_SEED = 0

Pictures = NDArray[np.uint8]
Result = TypeVar("Result")


def write_report(folders: Sequence[Path], out: Path) -> Generator[Progress, None, dict[str, Any]]:
    """Write the report on the runs in `folders` as the folder `out`.

    A former report there is replaced, once the new one is whole.

    Returns
    -------
    dict
        What report.json holds.

    Raises
    ------
    InputError
        A folder holds no readable run.
    StorageError
        `out` holds other things than a report, or could not be written.
    """
    check_report_folder(out)
    findings = []
    grounds = Grounds()
    with closing(ProjectionProcess()) as process:
        for index, folder in enumerate(folders):
            yield Progress(f"Reading {folder.name}", index / len(folders))
            share = 1 / len(folders)
            job = _find(folder, grounds, process)
            findings.append((yield from _part(job, index * share, share, folder.name)))
    yield Progress("Writing", 1.0)
    return _put_in_place(findings, out)


def _part(
    job: Generator[Progress, None, Result], start: float, share: float, name: str = ""
) -> Generator[Progress, None, Result]:
    """Run `job` as the part of a whole that begins at the fraction `start`."""
    while True:
        try:
            progress = next(job)
        except StopIteration as end:
            return cast(Result, end.value)
        message = f"{name}: {progress.message}" if name else progress.message
        yield Progress(message, start + share * (progress.fraction or 0.0))


def check_report_folder(out: Path) -> None:
    """Raise StorageError with one sentence unless a report may be written as the folder `out`."""
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise StorageError(f"{out} is not a folder: choose another one for the report.")
    others = {entry.name for entry in out.iterdir()} - _files_of_report(out)
    if others:
        raise StorageError(
            f"{out} holds other things than a report ({min(others)}): choose another folder."
        )


def _files_of_report(folder: Path) -> set[str]:
    """Names of the files of the report in `folder`; empty if there is none."""
    try:
        report = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
        pictures = {name for run in report["runs"] for name in run["pictures"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return {NUMBERS, PAGE} | pictures


def _open(folder: Path) -> Generator[Progress, None, Exhibit]:
    exhibit = yield from open_exhibit(folder)
    assert exhibit.run is not None
    return replace(exhibit, spaces=build_spaces(exhibit.run, folder))


def _with_umap(exhibit: Exhibit, process: ProjectionProcess) -> Generator[Progress, None, Exhibit]:
    """Give the main space its UMAP where it has none: for the report only, the run stays as it is.

    Where that fails, the report shows the map that there is.
    """
    name = main_space(exhibit)
    if {"axes", "umap", "umap-learn"} & exhibit.maps[name].keys():
        return exhibit
    codes, maps = {name: exhibit.codes[name]}, {name: exhibit.maps[name]}
    try:
        made = yield from project_codes(codes, maps, process, settings=MAP_SETTINGS)
    except ProjectionError as error:
        yield Progress(str(error), 1.0)
        return exhibit
    return replace(exhibit, maps={**exhibit.maps, **made})


def _find(
    folder: Path, grounds: Grounds, process: ProjectionProcess
) -> Generator[Progress, None, Findings]:
    """Read one run, and decode and measure what the report shows of it."""
    from vaeexplorer.models import settings  # imports torch

    exhibit = yield from _part(_open(folder), 0.0, 0.2)
    exhibit = yield from _part(_with_umap(exhibit, process), 0.2, 0.3)
    run = exhibit.run
    assert run is not None
    name = main_space(exhibit)
    space, codes, chosen = exhibit.spaces[name], run.codes[name], chosen_map(exhibit, "")
    yield Progress("decoding", 0.5)
    window = Window.around(chosen.positions)
    lift = lift_of(chosen, codes.mean)
    places = window.centres(GRID_SIDE)
    samples, law = _draws(space, codes.mean, _training_indices(exhibit))
    originals, reconstructions = _pairs(exhibit, space)
    scores = yield from _scores(exhibit, space, grounds)
    return Findings(
        run=run,
        folder=str(folder),
        space=name,
        chosen=chosen,
        window=window,
        grid=_decode(space, lift.lift_grid(places)),
        # A thin band of dots may pass through a square and miss its centre.
        inside=window.holding(chosen.positions, GRID_SIDE)
        | np.array([lift.lift(place, 0.0).inside for place in places]),
        samples=samples,
        law=law,
        declared=space.prior is not None,
        originals=originals,
        reconstructions=reconstructions,
        scores=scores,
        nats=settings(run.config.family, run.config.model).nats(run.source.shape),
    )


def _scores(
    exhibit: Exhibit, space: LatentSpace, grounds: Grounds
) -> Generator[Progress, None, dict[str, Any] | None]:
    """Continuity and completeness; None where the images are gone or too few."""
    if exhibit.dataset is None or exhibit.run is None:
        return None
    split = exhibit.dataset.split(exhibit.run.split_seed)
    try:
        job = score_space(space, exhibit.dataset, split, with_secondary=True, grounds=grounds)
        return (yield from _part(job, 0.5, 0.5))
    except InputError:
        return None


def _training_indices(exhibit: Exhibit) -> NDArray[np.int64] | slice:
    """Images that a law is fitted to: training images, or all where the split is not known."""
    if exhibit.dataset is None or exhibit.run is None:
        return slice(MOST_FITTED)
    return exhibit.dataset.split(exhibit.run.split_seed).train[:MOST_FITTED]


def _draws(
    space: LatentSpace, codes: NDArray[np.float32], fitted: NDArray[np.int64] | slice
) -> tuple[Pictures, str]:
    """Decode draws from the declared prior, else from the Gaussian fitted to the codes."""
    import torch

    from vaeexplorer.regularity.laws import fit_gaussian

    law = space.prior or fit_gaussian(torch.from_numpy(codes[fitted]))
    z = law.sample(SAMPLES, torch.Generator().manual_seed(SAMPLE_SEED))
    return _decode(space, z.numpy()), law.name


def _pairs(exhibit: Exhibit, space: LatentSpace) -> tuple[Pictures | None, Pictures | None]:
    """Held-out images, evenly spaced in file order, and their reconstructions."""
    import torch

    dataset: Dataset | None = exhibit.dataset
    if dataset is None or exhibit.run is None:
        return None, None
    held_out = dataset.split(exhibit.run.split_seed).held_out
    count = min(PAIRS, len(held_out))
    if count > PAIRS_PER_ROW:
        count -= count % PAIRS_PER_ROW
    chosen = held_out[np.linspace(0, len(held_out) - 1, count).astype(np.int64)]
    originals = dataset.pixels(chosen)
    if not count:
        return originals, None
    images = torch.from_numpy(np.ascontiguousarray(originals)).float() / 255
    return originals, _decode(space, space.encode(images).mean.numpy())


def _decode(space: LatentSpace, z: NDArray[np.float32]) -> Pictures:
    return np.concatenate(
        [decode_pixels(space, z[start : start + CHUNK]) for start in range(0, len(z), CHUNK)]
    )


def _put_in_place(findings: Sequence[Findings], out: Path) -> dict[str, Any]:
    """Write the report beside `out` under a hidden name, then swap it in."""
    out = Path(os.path.realpath(out))
    template = resource("report.html").read_text(encoding="utf-8")
    with one_sentence(out), Asides(out) as names:
        out.parent.mkdir(parents=True, exist_ok=True)
        staging, former = names.name("new"), names.name("gone")
        try:
            staging.mkdir()
            report = write_files(findings, staging, template)
            check_report_folder(out)
            if out.exists():
                os.rename(out, former)
            os.rename(staging, out)
        finally:
            if former.exists() and not out.exists():
                os.rename(former, out)
            remove(staging)
            remove(former)
        sync_folder(out.parent)
    return report
