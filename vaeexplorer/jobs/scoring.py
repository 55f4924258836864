"""Score latent spaces: generators that the verbs, the commands and the report iterate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaeexplorer.data import find_data
from vaeexplorer.data.dataset import Dataset, InputError, Split
from vaeexplorer.jobs.opening import build_spaces
from vaeexplorer.regularity import verdict
from vaeexplorer.run import Progress, Run, part_of, passed_on

if TYPE_CHECKING:
    from torch import Tensor

    from vaeexplorer.models.base import LatentSpace
    from vaeexplorer.regularity.ground import Ground

EVERY_SPACE = "all"


class SpaceNameError(ValueError):
    """A latent space was named that a run does not have; the message is one sentence."""


@dataclass
class Grounds:
    """What scores are measured on, made once for each data set and split."""

    _made: dict[tuple[str, str], Ground] = field(default_factory=dict)

    def of(self, dataset: Dataset, split: Split) -> Ground:
        """Return the common ground of `dataset` under `split`, as `ground_of` makes it."""
        key = dataset.source.fingerprint, split_fingerprint(split)
        if key not in self._made:
            self._made[key] = ground_of(dataset, split)
        return self._made[key]

    def measured(
        self, space: LatentSpace, dataset: Dataset, split: Split
    ) -> tuple[LatentSpace, Ground]:
        """Return the space that is scored for `space`, and its ground: see LatentSpace.scored."""
        scored = space.scored
        if scored is None:
            return space, self.of(dataset, split)
        key = data_of(space, dataset), split_fingerprint(split)
        if key not in self._made:
            self._made[key] = ground_of(dataset, split, scored.pictures)
        return scored.space, self._made[key]


def score_runs(
    folders: Sequence[Path],
    dataset: Dataset | None = None,
    space: str | None = None,
    laws: Sequence[str] = (),
    with_halves: bool = False,
) -> Generator[Progress, None, list[dict[str, Any]]]:
    """Score the runs in `folders`, and compare each with the first.

    Parameters
    ----------
    dataset
        Images to score on; None: those that each run was trained on.
    space
        Name of the latent space to score, "all", or None for the first one of each run.
    laws
        Further laws to draw from (see `regularity.law_names`), where a space has them.
    with_halves
        Also score on random halves of the images (see `regularity.halves`).

    Returns
    -------
    list of dict
        One object per latent space, as `score_space` gives it, with "run", "folder", "space",
        "family" and "comparison" (see `verdict.comparison`; None for the first object and for
        further spaces of one run).

    Raises
    ------
    InputError
        A folder holds no readable run, its images are gone or too few, or `dataset` has images of
        another shape.
    SpaceNameError
        A run has no such space.
    """
    from vaeexplorer.storage import load_run

    grounds = Grounds()
    share = 1 / len(folders)
    scored: list[dict[str, Any]] = []
    for index, folder in enumerate(folders):
        yield Progress(f"Reading {folder.name}", index * share)
        run = load_run(folder)
        images = _images_of(run, folder, dataset)
        spaces = _chosen(build_spaces(run, folder), space, run.name)
        split = images.split(run.split_seed)
        for nth, (name, one) in enumerate(spaces.items()):
            part = share / len(spaces)
            job = score_space(
                one,
                images,
                split,
                with_secondary=True,
                with_halves=with_halves,
                grounds=grounds,
                laws=laws,
            )
            scores = yield from part_of(job, index * share + nth * part, part, run.name)
            about = {"run": run.name, "folder": str(folder), "space": name}
            scored.append({**about, "family": run.config.family, **scores})
    return with_comparisons(scored)


def with_comparisons(scored: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add "comparison" to score objects: the first space of each run against the very first."""
    names = names_of(scored)
    seen: set[tuple[str, str | None]] = set()
    compared = []
    for name, scores in zip(names, scored, strict=True):
        model = scores["run"], scores["folder"]
        further = bool(seen) and model not in seen
        seen.add(model)
        said = verdict.comparison(scored[0], scores, (names[0], name)) if further else None
        compared.append({**scores, "comparison": said})
    return compared


def names_of(scored: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name every score object so that no two have the same name."""
    plain = [str(scores["run"]) for scores in scored]
    spaces = [f"{scores['run']}, {scores['space']}" for scores in scored]
    for names in (plain, spaces):
        if len(set(names)) == len(names):
            return names
    return [f"{index}: {name}" for index, name in enumerate(spaces, 1)]


def _images_of(run: Run, folder: Path, dataset: Dataset | None) -> Dataset:
    if dataset is None:
        found = find_data(run.source)
        if found is None:
            raise InputError(
                f"The images that {folder} was trained on are not where they were: name them, or "
                "others of the same shape, with --data."
            )
        return found
    if dataset.shape != run.source.shape:
        theirs, ours = ("x".join(map(str, one)) for one in (dataset.shape, run.source.shape))
        raise InputError(
            f"{dataset.name} has images of {theirs} (channels, height, width), and {folder} was "
            f"trained on {ours}: choose data of that shape."
        )
    return dataset


def _chosen(
    spaces: Mapping[str, LatentSpace], wanted: str | None, run: str
) -> Mapping[str, LatentSpace]:
    if wanted == EVERY_SPACE:
        return spaces
    name = next(iter(spaces)) if wanted is None else wanted
    if name not in spaces:
        raise SpaceNameError(
            f"{run} has no latent space {name!r}; it has {', '.join(spaces)} (or say all)."
        )
    return {name: spaces[name]}


def score_space(
    space: LatentSpace,
    dataset: Dataset,
    split: Split,
    *,
    with_others: bool = True,
    with_secondary: bool = False,
    with_halves: bool = False,
    grounds: Grounds | None = None,
    laws: Sequence[str] = (),
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure continuity and completeness of `space`; every yield is a cancel point.

    Parameters
    ----------
    dataset, split
        The data that the model was trained on, and how it was split then.
    with_others
        Also score draws from the laws that are the same for every model.
    with_secondary
        Also measure what stands beside the scores (see `regularity.secondary`).
    with_halves
        Also score on random halves of the images (see `regularity.halves`).
    grounds
        Where what is the same for every model of a data set is kept, to spare its second; None:
        made here and forgotten.
    laws
        Further laws to draw from (see `regularity.law_names`); those of a codebook only where
        there is one.

    Returns
    -------
    dict
        JSON object: "latent_dim", "n", "data" and "split" (fingerprints), "continuity",
        "completeness", "r2_train_minus_held_out", "verdict" (sentences on this space alone) and,
        where they were wanted, "secondary" and "halves"; "snaps" (True) where decoding snaps to a
        codebook; "scored" where something else than pictures is (see LatentSpace.scored). Of a
        hierarchy completeness is that of draws of all layers, whichever of them is scored; other
        laws are fitted to the codes of that layer, and those below are drawn under them.

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.completeness import completeness
    from vaeexplorer.regularity.continuity import continuity
    from vaeexplorer.regularity.ground import decoded, reconstruct, training_codes, unsnapped
    from vaeexplorer.regularity.laws import laws_had

    yield Progress("Preparing the images that are scored", 0.0)
    data, about = data_of(space, dataset), space.scored
    space, ground = (grounds or Grounds()).measured(space, dataset, split)
    yield Progress("Reconstructing", 0.2)
    held_out = reconstruct(space, ground, ground.held_out)
    codes = training_codes(space, ground)
    trained = decoded(space, codes[: ground.n])
    yield Progress("Measuring continuity", 0.3)
    around = unsnapped(space, ground, held_out)
    even = continuity(space, ground, around)
    yield Progress("Measuring completeness", 0.6)
    whole = space.drawn_in
    drawn = held_out if whole is space else reconstruct(whole, ground, ground.held_out)
    had = laws_had(laws, space)
    full = completeness(space, ground, drawn, codes=codes, with_others=with_others, laws=had)
    scores = {
        "latent_dim": space.size,
        "n": ground.n,
        "data": data,
        "split": split_fingerprint(split),
        "continuity": even.as_dict(),
        "completeness": full.as_dict(),
        "r2_train_minus_held_out": ground.r2(ground.real, trained.images) - even.r2,
        **({} if space.codebook is None else {"snaps": True}),
        **({} if about is None else {"scored": about.name}),
    }
    if with_secondary:
        from vaeexplorer.regularity.secondary import secondary

        yield Progress("Measuring what stands beside the scores", 0.8)
        scores["secondary"] = secondary(space, ground, held_out)
    if with_halves:
        from vaeexplorer.regularity.halves import on_halves

        halves = passed_on(
            on_halves(space, ground, around, drawn, codes),
            lambda done: Progress("Measuring on random halves of the images", 0.9 + 0.1 * done),
        )
        scores["halves"] = (yield from halves).as_dict()
    yield Progress("Scored", 1.0)
    return _with_verdict(scores, space)


def score_others(
    space: LatentSpace,
    dataset: Dataset,
    split: Split,
    *,
    scores: Mapping[str, Any],
    grounds: Grounds | None = None,
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure what `scores`, as `score_space` gives them, lack without the others; only that.

    Returns
    -------
    dict
        What `score_space` gives with the others.

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.completeness import as_others, common_scores, own_score
    from vaeexplorer.regularity.ground import reconstruct

    yield Progress("Preparing the images that are scored", 0.0)
    measured, ground = (grounds or Grounds()).measured(space, dataset, split)
    yield Progress("Measuring completeness", 0.2)
    full = scores["completeness"]
    held_out = reconstruct(measured.drawn_in, ground, ground.held_out)
    others = common_scores(measured, ground, held_out, own_score(full))
    yield Progress("Scored", 1.0)
    return _with_verdict(
        {**scores, "completeness": {**full, "others": as_others(others)}}, measured
    )


def _with_verdict(scores: Mapping[str, Any], space: LatentSpace) -> dict[str, Any]:
    """Add the sentences on `space` alone."""
    from vaeexplorer.models.contexts import DEFAULT_CONTEXTS

    held = [] if space.given is None else [f"Measured with the {DEFAULT_CONTEXTS[space.given]}."]
    return {**scores, "verdict": [*verdict.about(scores), *held]}


def score_beside(
    space: LatentSpace, dataset: Dataset, split: Split, *, grounds: Grounds | None = None
) -> Generator[Progress, None, dict[str, float | None]]:
    """Measure what stands beside the scores alone, as `score_space` does with them.

    Returns
    -------
    dict
        What stands under "secondary" there, by the keys of `regularity.definitions`; None where a
        quantity does not exist.

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.ground import reconstruct
    from vaeexplorer.regularity.secondary import secondary

    yield Progress("Preparing the images that are scored", 0.0)
    space, ground = (grounds or Grounds()).measured(space, dataset, split)
    yield Progress("Measuring what stands beside the scores", 0.1)
    return secondary(space, ground, reconstruct(space, ground, ground.held_out))


def ground_of(
    dataset: Dataset, split: Split, pictures: Callable[[Tensor], Tensor] | None = None
) -> Ground:
    """Prepare what is the same for every model of `dataset` under `split`.

    `pictures` makes what is scored of images; None: these are. It is given 10,000 at most.

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.ground import (
        MOST_COMPARED,
        MOST_FITTED,
        MOST_TRAINING,
        common_ground,
    )

    chosen = split.train[:MOST_TRAINING], split.held_out[:MOST_COMPARED]
    if pictures is None:
        return common_ground(*map(dataset.pixels, chosen))
    made = (pictures(dataset.batch(part[:MOST_FITTED])).numpy() for part in chosen)
    return common_ground(*made)


def data_of(space: LatentSpace, dataset: Dataset) -> str:
    """Fingerprint of what is scored: that of the images, or with what stands for them."""
    images = dataset.source.fingerprint
    if space.scored is None:
        return images
    return hashlib.sha256(f"{space.scored.origin} {images}".encode()).hexdigest()


def split_fingerprint(split: Split) -> str:
    """SHA-256 of the indices of the images that are held out, in hex."""
    return hashlib.sha256(np.ascontiguousarray(split.held_out, "<i8").data).hexdigest()
