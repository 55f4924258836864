"""Pairs of images of one subject, and what is known of the motion between the two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.bundled import CORNERS
from vaeexplorer.data.dataset import Dataset

SHARE_OF_EQUALS = 1 / 8
"""Share of the images whose partner is the image itself: what does not move is learnt too."""


def subjects(dataset: Dataset) -> NDArray[np.int64] | None:
    """Subject that each image shows, (n,): its group, else its label; None where nothing says.

    Of `shapes`, whose motions are known from any size to any other, the subject is the kind.
    """
    if dataset.groups is None or knows_motions(dataset):
        return dataset.labels
    return dataset.groups


def sources_of(
    dataset: Dataset, partners: NDArray[np.int64], seed: int | Sequence[int]
) -> NDArray[np.int64]:
    """Draw for each image at `partners` another one of its subject: the source of its pair.

    One image in eight, and one without another of its subject, is its own source.

    Raises
    ------
    ValueError
        Nothing says which images show one subject.
    """
    shown = subjects(dataset)
    if shown is None:
        raise ValueError(f"Nothing says which images of {dataset.name} show one subject.")
    generator = np.random.default_rng(seed)
    order = np.argsort(shown, kind="stable")
    _, first, count = np.unique(shown[order], return_index=True, return_counts=True)
    subject = np.searchsorted(shown[order][first], shown[partners])
    chosen = generator.random(len(partners)) * count[subject]
    drawn = order[first[subject] + chosen.astype(np.int64)]
    equal = generator.random(len(partners)) < SHARE_OF_EQUALS
    return np.where(equal, partners, drawn)


def knows_motions(dataset: Dataset) -> bool:
    """Whether the motion between two images of one subject is known exactly."""
    return dataset.source.kind == "shapes"


def known_motions(
    dataset: Dataset, sources: NDArray[np.int64], partners: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Affine maps, (n, 2, 3), that take a place on the partner to the same one on the source.

    Places are column and row in pixels; the last column is the shift. Of the rotations that bring
    a shape onto itself the least is meant.

    Parameters
    ----------
    dataset
        Data whose motions are known (`knows_motions`).
    sources, partners
        Indices of the images of each pair, (n,), of one subject.
    """
    factors = {name: values.astype(np.float64) for name, values in dataset.factors.items()}
    corners = np.array([CORNERS.get(name, 0) for name in dataset.label_names])
    assert dataset.labels is not None
    sides = corners[dataset.labels[partners]]
    period = 360 / np.maximum(sides, 1)
    turn = factors["rotation"][sources] - factors["rotation"][partners]
    turn = np.radians((turn + period / 2) % period - period / 2)
    scale = factors["size"][sources] / factors["size"][partners]
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    turned = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)
    there, here = (
        np.stack([factors["x"][chosen], factors["y"][chosen]], axis=1)
        for chosen in (sources, partners)
    )
    shift = there - np.einsum("bij,bj->bi", turned, here)
    return np.concatenate([turned, shift[:, :, None]], axis=2)
