"""Score a latent space: a generator that the verbs, the commands and the report iterate."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from vaeexplorer.data.dataset import Dataset, Split
from vaeexplorer.regularity import verdict
from vaeexplorer.run import Progress

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace
    from vaeexplorer.regularity.ground import Ground


def score_space(
    space: LatentSpace,
    dataset: Dataset,
    split: Split,
    *,
    with_others: bool = True,
    ground: Ground | None = None,
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure continuity and completeness of `space`; every yield is a cancel point.

    Parameters
    ----------
    dataset, split
        The data that the model was trained on, and how it was split then.
    with_others
        Also score draws from the laws that are the same for every model.
    ground
        What `ground_of` gave for the same data and split, to spare its second; None: made here.

    Returns
    -------
    dict
        JSON object: "latent_dim", "n", "data" (fingerprint), "continuity", "completeness",
        "r2_train_minus_held_out" and "verdict" (sentences on this space alone).

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.completeness import completeness
    from vaeexplorer.regularity.continuity import continuity
    from vaeexplorer.regularity.ground import reconstruct

    if ground is None:
        yield Progress("Preparing the images that are scored", 0.0)
        ground = ground_of(dataset, split)
    yield Progress("Reconstructing", 0.2)
    held_out = reconstruct(space, ground, ground.held_out)
    trained = reconstruct(space, ground, ground.real)
    yield Progress("Measuring continuity", 0.3)
    even = continuity(space, ground, held_out)
    yield Progress("Measuring completeness", 0.6)
    full = completeness(space, ground, held_out, with_others=with_others)
    scores = {
        "latent_dim": space.size,
        "n": ground.n,
        "data": dataset.source.fingerprint,
        "continuity": even.as_dict(),
        "completeness": full.as_dict(),
        "r2_train_minus_held_out": ground.r2(ground.real, trained.images) - even.r2,
    }
    yield Progress("Scored", 1.0)
    return {**scores, "verdict": verdict.about(scores)}


def ground_of(dataset: Dataset, split: Split) -> Ground:
    """Prepare what is the same for every model of `dataset` under `split`.

    Raises
    ------
    InputError
        With too few images for a score.
    """
    from vaeexplorer.regularity.ground import MOST_COMPARED, MOST_TRAINING, common_ground

    return common_ground(
        dataset.pixels(split.train[:MOST_TRAINING]), dataset.pixels(split.held_out[:MOST_COMPARED])
    )
