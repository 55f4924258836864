"""Decode and measure what a report shows of runs: by the same jobs as the window."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data import Dataset, InputError
from vaeexplorer.jobs.draws import draws_on_map, draws_on_one_scale
from vaeexplorer.jobs.holes import Holes, holes
from vaeexplorer.jobs.laws import Fits, draw_samples
from vaeexplorer.jobs.mapping import MAP_SETTINGS, project_codes
from vaeexplorer.jobs.opening import (
    build_spaces,
    chosen_map,
    decode_pixels,
    main_space,
    open_exhibit,
)
from vaeexplorer.jobs.overlays import on_one_scale, stretch
from vaeexplorer.jobs.paths import Film, PathChoice, film_path, first_ends
from vaeexplorer.jobs.scoring import Grounds, score_space
from vaeexplorer.jobs.worst import WorstPlaces, worst_places
from vaeexplorer.latent.alignment import aligned
from vaeexplorer.latent.lift import Lift, lift_of
from vaeexplorer.latent.map_trust import measure_trust
from vaeexplorer.latent.paths import WAYS
from vaeexplorer.latent.process import ProjectionProcess
from vaeexplorer.latent.projection import Map, ProjectionError
from vaeexplorer.regularity.law_names import OWN
from vaeexplorer.report import Findings, Window
from vaeexplorer.run import Exhibit, Progress, part_of, result_of

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

GRID_SIDE = 20
SAMPLES = 64
PAIRS = 16
PAIRS_PER_ROW = 8
CHUNK = 1_024
SAMPLE_SEED = 0

Pictures = NDArray[np.uint8]


@dataclass
class Common:
    """What the runs of a report share: grounds of scores, and the first map of each data set.

    Later maps of the same images are turned onto that one, as the window turns them. Each draws
    from further `laws` too, where it has them.
    """

    process: ProjectionProcess
    laws: Sequence[str] = ()
    grounds: Grounds = field(default_factory=Grounds)
    first_maps: dict[str, Map] = field(default_factory=dict)


def find(
    folders: Sequence[Path], process: ProjectionProcess, laws: Sequence[str] = ()
) -> Generator[Progress, None, Any]:
    """Find what a report shows of the runs in `folders`: a list of Findings, in their order.

    Draws are from each model's own law and, beside it, from further `laws` (see
    `regularity.law_names`) where it has them.

    Raises
    ------
    InputError
        A folder holds no readable run.
    """
    common = Common(process, laws)
    found: list[Findings] = []
    spaces: list[LatentSpace] = []
    share = 0.9 / len(folders)
    for index, folder in enumerate(folders):
        yield Progress(f"Reading {folder.name}", index * share)
        job = _find(folder, common)
        one, space = yield from part_of(job, index * share, share, folder.name)
        found.append(one)
        spaces.append(space)
    films = yield from part_of(_films(found, spaces), 0.9, 0.1)
    return _on_one_scale(
        [replace(one, films=of_one) for one, of_one in zip(found, films, strict=True)]
    )


def _find(folder: Path, common: Common) -> Generator[Progress, None, tuple[Findings, LatentSpace]]:
    """Read one run, and decode and measure what the report shows of it."""
    from vaeexplorer.models import settings  # imports torch

    exhibit = yield from part_of(_open(folder), 0.0, 0.1)
    exhibit = yield from part_of(_with_umap(exhibit, common.process), 0.1, 0.2)
    run = exhibit.run
    assert run is not None
    name = main_space(exhibit)
    space, codes = exhibit.spaces[name], run.codes[name]
    chosen = chosen_map(exhibit, "")
    reference = common.first_maps.setdefault(run.source.fingerprint, chosen)
    if reference is not chosen:
        chosen = aligned(chosen, reference)
    yield Progress("decoding", 0.31)
    lift = lift_of(chosen, codes.mean)
    lift.lattice = result_of(lift.make_lattice())
    fits = Fits(exhibit)
    found = _decoded(exhibit, fits, chosen, lift, common.laws)
    yield Progress("measuring the local stretch", 0.35)
    changes = result_of(stretch(space, lift))
    yield Progress("drawing from the law of the codes", 0.45)
    dataset = exhibit.dataset
    draws = {}
    if dataset is not None:
        draws = {
            name: result_of(draws_on_map(space, fits.law(name), lift, dataset))
            for name in (OWN, *found["further"])
        }
    yield Progress("looking for holes", 0.48)
    emptied = _holes(exhibit, space, lift)
    scores = yield from part_of(_scores(exhibit, space, common), 0.5, 0.3)
    worst = None
    if scores is not None:
        worst = yield from part_of(_worst(exhibit, space, common.grounds), 0.8, 0.2)
    trust = result_of(measure_trust(codes.mean, chosen.positions))
    nats = settings(run.config.family, run.config.model).nats(run.source.shape)
    measured: dict[str, Any] = {"stretch": changes, "scores": scores}
    measured |= {"draws": draws.pop(OWN, None), "further_draws": draws}
    measured |= {"trust": trust, "holes": emptied}
    return Findings(**found, **measured, worst=worst, folder=str(folder), nats=nats), space


def _decoded(
    exhibit: Exhibit, fits: Fits, chosen: Map, lift: Lift, laws: Sequence[str]
) -> dict[str, Any]:
    """Fields of Findings that hold the run, its map, and what is decoded."""
    from vaeexplorer.regularity.laws import laws_had

    assert exhibit.run is not None
    space = fits.space
    window = Window.around(chosen.positions)
    places = window.centres(GRID_SIDE)
    had = laws_had(laws, space)
    drawn, *further = (draw_samples(fits, law, None, SAMPLES, SAMPLE_SEED) for law in (OWN, *had))
    originals, reconstructions = _pairs(exhibit, space)
    return {
        "run": exhibit.run,
        "space": main_space(exhibit),
        "chosen": chosen,
        "window": window,
        "grid": _decode(space, lift.lift_grid(places)),
        # A thin band of dots may pass through a square and miss its centre.
        "inside": window.holding(chosen.positions, GRID_SIDE) | lift.near(places),
        "samples": drawn.pictures,
        "law": drawn.law,
        "further": dict(zip(had, further, strict=True)),
        "declared": space.prior is not None,
        "originals": originals,
        "reconstructions": reconstructions,
    }


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


def _scores(
    exhibit: Exhibit, space: LatentSpace, common: Common
) -> Generator[Progress, None, dict[str, Any] | None]:
    """Continuity and completeness; None where the images are gone or too few."""
    if exhibit.dataset is None:
        return None
    split = exhibit.dataset.split(exhibit.split_seed)
    try:
        return (
            yield from score_space(
                space,
                exhibit.dataset,
                split,
                with_secondary=True,
                grounds=common.grounds,
                laws=common.laws,
            )
        )
    except InputError:
        return None


def _holes(exhibit: Exhibit, space: LatentSpace, lift: Lift) -> Holes | None:
    """Holes of the map and of the model; None where nobody knows which images are held out."""
    if exhibit.dataset is None:
        return None
    split = exhibit.dataset.split(exhibit.split_seed)
    if not len(split.held_out):
        return None
    return result_of(holes(space, lift, exhibit.codes[main_space(exhibit)], split))


def _worst(
    exhibit: Exhibit, space: LatentSpace, grounds: Grounds
) -> Generator[Progress, None, WorstPlaces]:
    """Steepest steps and emptiest draws, of a run that has scores."""
    assert exhibit.dataset is not None
    split = exhibit.dataset.split(exhibit.split_seed)
    return (yield from worst_places(space, exhibit.dataset, split, grounds))


def _films(
    found: Sequence[Findings], spaces: Sequence[LatentSpace]
) -> Generator[Progress, None, list[Mapping[str, Film]]]:
    """Film every way between the same two images, in the runs that know them.

    They are the images between which the window opens its path check. Runs on other data than
    the first have none.
    """
    first = found[0]
    fingerprint = first.run.source.fingerprint
    start, end = first_ends(first.codes.mean, first.run.labels)
    films: list[Mapping[str, Film]] = []
    for index, (one, space) in enumerate(zip(found, spaces, strict=True)):
        of_one = {}
        for nth, way in enumerate(WAYS):
            done = (index + nth / len(WAYS)) / len(found)
            yield Progress(f"{one.run.name}: decoding a path", done)
            if one.run.source.fingerprint == fingerprint:
                choice = PathChoice(fingerprint, start, end, way)
                of_one[way] = result_of(film_path(space, one.codes.mean, choice))
        films.append(of_one)
    return films


def _on_one_scale(found: Sequence[Findings]) -> list[Findings]:
    """Give what is compared between runs one scale, as the window does."""
    fields = {n: one.stretch for n, one in enumerate(found) if one.stretch is not None}
    draws = {(n, OWN): one.draws for n, one in enumerate(found) if one.draws is not None}
    draws |= {(n, law): of for n, one in enumerate(found) for law, of in one.further_draws.items()}
    fields, draws = on_one_scale(fields), draws_on_one_scale(draws)
    return [
        replace(
            one,
            stretch=fields.get(n),
            draws=draws.get((n, OWN)),
            further_draws={law: draws[n, law] for law in one.further_draws},
        )
        for n, one in enumerate(found)
    ]


def _pairs(exhibit: Exhibit, space: LatentSpace) -> tuple[Pictures | None, Pictures | None]:
    """Held-out images, evenly spaced in file order, and their reconstructions."""
    import torch

    dataset: Dataset | None = exhibit.dataset
    if dataset is None:
        return None, None
    held_out = dataset.split(exhibit.split_seed).held_out
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
