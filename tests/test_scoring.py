"""Scoring a space reports, can be stopped, and gives the published object."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from analytic import as_bytes, blob_space, blobs, without_prior
from finishing import finish

from vaeexplorer.cli.scorecard import print_scorecard
from vaeexplorer.data.dataset import Dataset, InputError, Source, fingerprint
from vaeexplorer.gui.session import Session
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.scoring import (
    Grounds,
    SpaceNameError,
    names_of,
    score_others,
    score_runs,
    score_space,
    with_comparisons,
)
from vaeexplorer.models.base import Posterior
from vaeexplorer.storage import RunLibrary, load_run, save_run


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    z = torch.randn(1200, 2, generator=torch.Generator().manual_seed(5))
    images = as_bytes(blobs(z.clamp(-2.4, 2.4)))
    source = Source("made", None, {}, len(images), (1, 12, 12), fingerprint(images))
    return Dataset("blobs", images, source)


def test_the_object_is_json_with_the_published_keys(dataset: Dataset) -> None:
    scores, reports = finish(score_space(blob_space(), dataset, dataset.split(0)))
    assert set(scores) >= {"latent_dim", "n", "continuity", "completeness", "verdict"}
    assert (scores["latent_dim"], scores["n"]) == (2, 200)
    assert scores["data"] == dataset.source.fingerprint
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_without_the_common_laws_it_is_the_same_score(dataset: Dataset) -> None:
    split = dataset.split(0)
    grounds = Grounds()
    full, _ = finish(score_space(blob_space(), dataset, split, grounds=grounds))
    quick, _ = finish(score_space(blob_space(), dataset, split, with_others=False, grounds=grounds))
    assert quick["completeness"]["others"] == {}
    assert (
        quick["completeness"] | {"others": full["completeness"]["others"]} == full["completeness"]
    )


@pytest.mark.parametrize("declared", [True, False])
def test_what_the_common_laws_add_can_be_measured_later(dataset: Dataset, declared: bool) -> None:
    split, grounds = dataset.split(0), Grounds()
    space = blob_space() if declared else without_prior(blob_space())
    full, _ = finish(score_space(space, dataset, split, grounds=grounds))
    quick, _ = finish(score_space(space, dataset, split, with_others=False, grounds=grounds))
    later, reports = finish(score_others(space, dataset, split, scores=quick, grounds=grounds))
    assert later == full
    assert reports[-1].fraction == 1


def test_nothing_of_it_draws_from_the_generators_that_everybody_shares(dataset: Dataset) -> None:
    def state() -> tuple[bytes, bytes]:
        shared = np.random.get_state()[1]  # noqa: NPY002
        return torch.random.get_rng_state().numpy().tobytes(), shared.tobytes()

    before = state()
    wanted = {"with_secondary": True, "with_halves": True, "laws": ["mixture:2"]}
    finish(score_space(blob_space(), dataset, dataset.split(0), **wanted))
    assert state() == before


def test_both_scores_of_10_000_images_cost_so_many_decodes_in_chunks_of_1_024() -> None:
    """What they take is that, and nothing else that grows with the model."""
    z = torch.randn(10_000, 2, generator=torch.Generator().manual_seed(5))
    images = as_bytes(blobs(z.clamp(-2.4, 2.4)))
    source = Source("made", None, {}, len(images), (1, 12, 12), fingerprint(images))
    official = np.arange(len(images)) >= 8_000
    many = Dataset("blobs", images, source, official_held_out=official)
    asked: dict[str, list[torch.Tensor]] = {"encode": [], "decode": []}
    exact = blob_space()

    def decoder(z: torch.Tensor) -> torch.Tensor:
        asked["decode"].append(z)
        return exact.decode(z)

    def encoder(images: torch.Tensor) -> Posterior:
        asked["encode"].append(images)
        return exact.encode(images)

    counted = replace(exact, encoder=encoder, decoder=decoder)
    finish(score_space(counted, many, many.split(0), with_others=False))
    cost = {what: sum(map(len, parts)) for what, parts in asked.items()}
    # Of held-out and training images once, and by each of three seeds: three lengths of step from
    # 4,096 places, of which half are codes that are decoded already, the 93 largest steps at both
    # ends of each tenth, and n draws.
    n, places, seeds = 2_000, 4_096, 3
    assert cost["decode"] == 2 * n + seeds * (3 * places + places // 2 + 93 * 11 + n)
    assert cost["encode"] == n + 8_000
    for parts in asked.values():
        assert max(map(len, parts)) <= 1_024
        assert {part.dtype for part in parts} == {torch.float32}


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
    scores, _ = finish(score_space(broken, dataset, dataset.split(0)))
    assert scores["continuity"]["J"] is None
    assert json.dumps(scores, allow_nan=False)


def test_too_few_images_are_refused(dataset: Dataset) -> None:
    few = replace(dataset, images=dataset.images[:30], official_held_out=np.arange(30) < 10)
    with pytest.raises(InputError, match="held-out images"):
        finish(score_space(blob_space(), few, few.split(0)))


@pytest.fixture(scope="module")
def pair() -> list[dict[str, Any]]:
    """The objects of `score --json` on the default pair."""
    scored, reports = finish(score_runs(default_pair_folders()))
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    return scored


def test_runs_are_scored_side_by_side_and_compared(pair: list[dict[str, Any]]) -> None:
    ae, vae = pair
    assert ae.keys() == vae.keys()
    assert (ae["family"], vae["family"], ae["space"]) == ("ae", "vae", "z")
    assert ae["comparison"] is None
    said = vae["comparison"]
    assert said["with"] == ae["run"]
    assert said["more_continuous"] == said["more_complete"] == vae["run"]
    assert f"{vae['run']} is more continuous than {ae['run']}." in said["verdict"]
    assert ["different laws" in line for line in said["warnings"]] == [True]
    for scores in pair:
        assert set(scores["completeness"]["others"]) == {"fitted Gaussian", "fitted mixture of 10"}


def test_what_rounds_to_nothing_is_printed_without_a_sign(
    pair: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    print_scorecard([pair[0] | {"r2_train_minus_held_out": -0.0002}])
    printed = capsys.readouterr().out
    assert "training minus held-out  0.000" in re.sub("  +", "  ", printed)
    assert "-0.000" not in printed


def test_the_window_shows_the_same_numbers(
    pair: list[dict[str, Any]], qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another number of threads, and with decodes in other portions."""
    threads = torch.get_num_threads()
    # One core is left to the window.
    monkeypatch.setattr(os, "cpu_count", lambda: threads + 2)
    session = Session(RunLibrary(tmp_path / "runs"))
    shown: dict[int, dict[str, Any]] = {}
    session.scores.measured.connect(shown.__setitem__)
    session.open_default_pair()
    session.start()
    try:
        qtbot.waitUntil(lambda: len(shown) == 2)
    finally:
        session.close()
    for slot, printed in enumerate(pair):
        for score in ("continuity", "completeness"):
            for key, value in shown[slot][score].items():
                if not isinstance(value, dict):
                    wanted = printed[score][key]
                    assert value == (
                        wanted if isinstance(wanted, str) else pytest.approx(wanted, abs=1e-5)
                    ), (slot, score, key)


def test_other_data_of_the_same_shape_is_scored(pair: list[dict[str, Any]]) -> None:
    from vaeexplorer.data import open_data

    whole = open_data("digits")
    some = whole.images[:900]
    source = replace(whole.source, n=900, fingerprint=fingerprint(some))
    part = replace(whole, images=some, labels=None, source=source)
    (scores,), _ = finish(score_runs(default_pair_folders()[1:], part))
    assert scores["n"] == 150
    assert scores["data"] == source.fingerprint != pair[1]["data"]
    assert scores["continuity"]["C"] != pair[1]["continuity"]["C"]
    (again,), _ = finish(score_runs(default_pair_folders()[1:], whole))
    assert again == pair[1] | {"comparison": None}


def test_images_of_another_shape_are_refused(dataset: Dataset) -> None:
    with pytest.raises(InputError, match=r"blobs has images of 1x12x12 .* on 1x8x8"):
        finish(score_runs(default_pair_folders(), dataset))


def test_a_run_whose_images_are_gone_asks_for_them(tmp_path: Path) -> None:
    run = load_run(default_pair_folders()[0])
    save_run(replace(run, source=replace(run.source, fingerprint="0" * 64)), tmp_path / "run")
    with pytest.raises(InputError, match="--data"):
        finish(score_runs([tmp_path / "run"]))


def test_spaces_are_chosen_by_name(pair: list[dict[str, Any]]) -> None:
    (every,), _ = finish(score_runs(default_pair_folders()[:1], space="all"))
    (named,), _ = finish(score_runs(default_pair_folders()[:1], space="z"))
    assert every == named == pair[0]
    with pytest.raises(SpaceNameError, match="it has z"):
        finish(score_runs(default_pair_folders()[:1], space="style"))


def test_further_spaces_of_a_run_are_not_compared(pair: list[dict[str, Any]]) -> None:
    ae, vae = pair
    style = vae | {"space": "style"}
    of_content, of_style, of_other = with_comparisons([vae, style, ae])
    assert of_content["comparison"] is of_style["comparison"] is None
    assert of_other["comparison"]["with"] == f"{vae['run']}, z"


def test_names_are_told_apart(pair: list[dict[str, Any]]) -> None:
    ae, vae = pair
    assert names_of([ae, vae]) == [ae["run"], vae["run"]]
    assert names_of([ae, ae | {"space": "w"}]) == [f"{ae['run']}, z", f"{ae['run']}, w"]
    assert names_of([ae, ae]) == [f"1: {ae['run']}, z", f"2: {ae['run']}, z"]
