"""Scores on random halves: how far they depend on the images that were at hand."""

from __future__ import annotations

import pytest
import torch
from analytic import as_bytes, blob_space, blobs
from finishing import finish

from vaeexplorer.cli.scorecard import print_scorecard
from vaeexplorer.data.dataset import Dataset, Source, fingerprint
from vaeexplorer.jobs.scoring import score_space, with_comparisons


def blobs_at(z: torch.Tensor) -> Dataset:
    images = as_bytes(blobs(z))
    source = Source("made", None, {}, len(images), (1, 12, 12), fingerprint(images))
    return Dataset("blobs", images, source)


def scored(dataset: Dataset) -> dict:
    made = score_space(blob_space(), dataset, dataset.split(0), with_others=False, with_halves=True)
    return finish(made)[0]


@pytest.fixture(scope="module")
def drawn() -> torch.Tensor:
    return torch.randn(1200, 2, generator=torch.Generator().manual_seed(5)).clamp(-2.4, 2.4)


def test_halves_of_many_images_score_nearly_as_all_of_them(drawn) -> None:
    scores = scored(blobs_at(drawn))
    halves = scores["halves"]
    assert halves["n"] == scores["n"] // 2
    for key in ("continuity", "completeness"):
        assert 0 < halves[key]["sd"] < 0.1
        assert halves[key]["score"] == pytest.approx(scores[key]["score"], abs=0.1)
    assert scored(blobs_at(drawn))["halves"] == halves


def test_where_one_kind_of_image_is_rare_halves_differ_more(drawn) -> None:
    rare = drawn.clone()
    rare[:, 0] = torch.where(torch.arange(len(rare)) % 40 == 0, 2.4, -2.0)
    spread = [scored(blobs_at(z))["halves"]["continuity"]["sd"] for z in (drawn, rare)]
    assert spread[1] > spread[0]


def test_the_table_says_what_halves_score_where_they_were_asked_for(drawn, capsys) -> None:
    scores = {"run": "blobs", "folder": "blobs", "space": "z", **scored(blobs_at(drawn))}
    print_scorecard(with_comparisons([scores]))
    assert capsys.readouterr().out.count("on random halves") == 2
    scores.pop("halves")
    print_scorecard(with_comparisons([scores]))
    assert "halves" not in capsys.readouterr().out
