"""Two trainings that take turns: fair, stopped together, and nothing of either is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_training_job import drive, failing_after_an_epoch

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.jobs import training as job_module
from vaeexplorer.jobs.training import train_both
from vaeexplorer.run import Config, PairProgress, TrainingProgress
from vaeexplorer.storage import RunLibrary, load_run
from vaeexplorer.training import TrainingError, train

EPOCHS = 3
MODEL = {"latent_dim": 3}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_data("digits")


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


def configs(ae_epochs: int = EPOCHS, vae_epochs: int = EPOCHS) -> tuple[Config, Config]:
    return Config("ae", MODEL, ae_epochs), Config("vae", MODEL, vae_epochs)


def pair(digits: Dataset, library: RunLibrary | None, **options: Any) -> Any:
    wanted = options.pop("configs", configs())
    return train_both(digits, wanted, library, names=("first", "second"), threads=1, **options)


def turns(reports: list[PairProgress]) -> list[tuple[int, int]]:
    """Which model did which epoch, in this order."""
    seen: dict[tuple[int, int], None] = {}
    for report in reports:
        if isinstance(report.part, TrainingProgress) and report.part.epoch:
            seen[report.model, report.part.epoch] = None
    return list(seen)


def test_both_take_turns_and_are_kept_as_if_alone(digits: Dataset, library: RunLibrary) -> None:
    reports: list[PairProgress] = []
    outcomes = drive(pair(digits, library), reports.append)
    assert turns(reports) == [(0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3)]
    fractions = [report.fraction for report in reports]
    assert fractions[-1] > 0.99
    for (run, path), config, name in zip(outcomes, configs(), ("first", "second"), strict=True):
        assert (run.name, run.status, run.config) == (name, "finished", config)
        assert load_run(path).codes["z"].mean.shape == (len(digits), 3)
        alone = drive(train(digits, config, threads=1))
        for key, weights in alone.weights.items():
            np.testing.assert_array_equal(weights, run.weights[key])


def test_the_longer_one_goes_on_alone(digits: Dataset) -> None:
    reports: list[PairProgress] = []
    wanted = configs(1, 3)
    first, second = drive(pair(digits, None, configs=wanted), reports.append)
    assert turns(reports) == [(0, 1), (1, 1), (1, 2), (1, 3)]
    assert (len(first[0].history), len(second[0].history)) == (1, 3)


def test_stop_keeps_both(digits: Dataset, library: RunLibrary) -> None:
    stopped = False

    def see(report: PairProgress) -> None:
        nonlocal stopped
        part = report.part
        stopped = stopped or (report.model == 1 and getattr(part, "epoch", 0) == 2)

    outcomes = drive(pair(digits, library, stop=lambda: stopped), see)
    for run, path in outcomes:
        assert run.status == "stopped"
        assert len(run.history) == 2
        assert load_run(path).codes


def test_stop_before_an_epoch_has_ended_keeps_nothing(digits: Dataset, library: RunLibrary) -> None:
    assert drive(pair(digits, library, stop=lambda: True)) == (None, None)
    assert library.list() == ()


def test_closing_keeps_both_snapshots(digits: Dataset, library: RunLibrary) -> None:
    job = pair(digits, library)
    for report in job:
        if report.model == 1 and getattr(report.part, "epoch", 0) == 1:
            break
    job.close()
    kept = library.list()
    assert {(run.name, run.status, run.epochs) for run in kept} == {
        ("first", "stopped", 1),
        ("second", "stopped", 1),
    }


def test_a_failure_of_one_keeps_the_other(
    digits: Dataset, library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = failing_after_an_epoch(TrainingError("It diverged."))

    def of_family(dataset: Dataset, config: Config, **options: Any) -> Any:
        return (broken if config.family == "vae" else train)(dataset, config, **options)

    monkeypatch.setattr(job_module, "train", of_family)
    with pytest.raises(TrainingError, match="first epoch is kept"):
        drive(pair(digits, library))
    assert {run.name for run in library.list()} == {"first", "second"}


def test_it_can_be_closed_before_it_has_begun(digits: Dataset, library: RunLibrary) -> None:
    pair(digits, library).close()
    job = pair(digits, library)
    next(job)
    job.close()
    assert library.list() == ()
