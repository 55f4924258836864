"""Scoring a space reports, can be stopped, and gives the published object."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from analytic import as_bytes, blob_space, blobs

from vaeexplorer.data.dataset import Dataset, InputError, Source, fingerprint
from vaeexplorer.jobs.scoring import ground_of, score_space


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    z = torch.randn(1200, 2, generator=torch.Generator().manual_seed(5))
    images = as_bytes(blobs(z.clamp(-2.4, 2.4)))
    source = Source("made", None, {}, len(images), (1, 12, 12), fingerprint(images))
    return Dataset("blobs", images, source)


def finish(steps):
    reports = []
    while True:
        try:
            reports.append(next(steps))
        except StopIteration as end:
            return reports, end.value


def test_the_object_is_json_with_the_published_keys(dataset: Dataset) -> None:
    reports, scores = finish(score_space(blob_space(), dataset, dataset.split(0)))
    assert set(scores) >= {"latent_dim", "n", "continuity", "completeness", "verdict"}
    assert (scores["latent_dim"], scores["n"]) == (2, 200)
    assert scores["data"] == dataset.source.fingerprint
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_without_the_common_laws_it_is_the_same_score(dataset: Dataset) -> None:
    split = dataset.split(0)
    ground = ground_of(dataset, split)
    _, full = finish(score_space(blob_space(), dataset, split, ground=ground))
    _, quick = finish(score_space(blob_space(), dataset, split, with_others=False, ground=ground))
    assert quick["completeness"]["others"] == {}
    assert (
        quick["completeness"] | {"others": full["completeness"]["others"]} == full["completeness"]
    )


def test_it_can_be_stopped_at_every_report(dataset: Dataset) -> None:
    calls = []

    def counted(z: torch.Tensor) -> torch.Tensor:
        calls.append(len(z))
        return blobs(z)

    steps = score_space(blob_space(counted), dataset, dataset.split(0))
    next(steps)
    steps.close()
    assert calls == []


def test_scores_that_do_not_exist_are_null_and_the_object_is_still_json(dataset: Dataset) -> None:
    broken = blob_space(lambda z: blobs(z) * torch.nan)
    _, scores = finish(score_space(broken, dataset, dataset.split(0)))
    assert scores["continuity"]["J"] is None
    assert json.dumps(scores, allow_nan=False)


def test_too_few_images_are_refused(dataset: Dataset) -> None:
    few = replace(dataset, images=dataset.images[:30], official_held_out=np.arange(30) < 10)
    with pytest.raises(InputError, match="held-out images"):
        finish(score_space(blob_space(), few, few.split(0)))
