"""Nothing trained is ever lost: however a training ends, its last epoch is on the disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.jobs import training as job_module
from vaeexplorer.jobs.training import RunNotSavedError, train_and_save
from vaeexplorer.run import Config, Run, TrainingProgress
from vaeexplorer.storage import RunLibrary, load_run
from vaeexplorer.training import TrainingError, train

EPOCHS = 3


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_data("digits")


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


def config(family: str = "vae", epochs: int = EPOCHS) -> Config:
    return Config(family, {"latent_dim": 3}, epochs=epochs)


def drive(job: Generator[Any, None, Any], see: Callable[[Any], None] = lambda _: None) -> Any:
    while True:
        try:
            see(next(job))
        except StopIteration as end:
            return end.value


def advance(job: Generator[Any, None, Any], epoch: int) -> None:
    """Iterate until `epoch` epochs are done."""
    for progress in job:
        if isinstance(progress, TrainingProgress) and progress.epoch >= epoch:
            return
    pytest.fail(f"the training ended before epoch {epoch}")


def started(*arguments: Any, **options: Any) -> Generator[Any, None, Any]:
    """`train_and_save` on one thread: two on a busy machine wait for one another."""
    return train_and_save(*arguments, threads=1, **options)


def failing_after_an_epoch(error: Exception) -> Callable[..., Generator[Any, None, Run]]:
    """`train`, with an error thrown after its first epoch."""

    def broken(*args: Any, **options: Any) -> Generator[Any, None, Run]:
        for progress in train(*args, **options):
            yield progress
            if progress.epoch:
                raise error
        pytest.fail("no epoch was reported")

    return broken


@pytest.mark.parametrize("family", ["ae", "vae"])
def test_finished_run_is_kept_with_codes_and_a_map(
    family: str, digits: Dataset, library: RunLibrary
) -> None:
    run, path = drive(started(digits, config(family), library, name="mine"))
    (summary,) = library.list()
    assert summary.path == path
    assert (summary.name, summary.status, summary.epochs) == ("mine", "finished", EPOCHS)
    kept = load_run(path)
    (space,) = kept.codes
    assert kept.codes[space].mean.shape == (len(digits), 3)
    assert (kept.codes[space].log_variance is None) == (family == "ae")
    assert kept.maps[space]["pca"].positions.shape == (len(digits), 2)
    np.testing.assert_array_equal(kept.labels, digits.labels)
    assert kept.weights.keys() == run.weights.keys()


def test_stop_keeps_the_last_epoch_as_a_stopped_run(digits: Dataset, library: RunLibrary) -> None:
    epoch = 0

    def see(progress: Any) -> None:
        nonlocal epoch
        epoch = getattr(progress, "epoch", epoch)

    job = started(digits, config(epochs=500), library, stop=lambda: epoch >= 2)
    run, path = drive(job, see)
    kept = load_run(path)
    assert run.status == kept.status == "stopped"
    assert len(kept.history) == epoch < 500
    assert kept.codes
    assert len(library.list()) == 1


@pytest.mark.parametrize("given", ["", "mine", "VAE, 500 epochs planned"])
def test_a_run_that_nobody_named_tells_the_epochs_it_has(digits: Dataset, given: str) -> None:
    epoch = 0

    def see(progress: Any) -> None:
        nonlocal epoch
        epoch = getattr(progress, "epoch", epoch)

    job = started(digits, config(epochs=500), None, name=given, stop=lambda: epoch >= 2)
    run, _ = drive(job, see)
    assert run.name == (given or f"VAE on digits, latent dimensions 3, {epoch} epochs")


def test_stop_before_the_first_epoch_keeps_nothing(digits: Dataset, library: RunLibrary) -> None:
    assert drive(started(digits, config(), library, stop=lambda: True)) is None
    assert library.list() == ()


def test_closing_keeps_the_last_epoch(digits: Dataset, library: RunLibrary) -> None:
    job = started(digits, config(epochs=500), library)
    advance(job, 1)
    assert library.list() == ()
    job.close()
    (summary,) = library.list()
    assert summary.status == "stopped"
    assert summary.epochs >= 1
    assert load_run(summary.path).weights


def test_closing_before_the_first_epoch_keeps_nothing(digits: Dataset, library: RunLibrary) -> None:
    job = started(digits, config(), library)
    next(job)
    job.close()
    assert library.list() == ()


def test_autosave_renews_one_run_while_it_trains(digits: Dataset, library: RunLibrary) -> None:
    job = started(digits, config(), library, autosave_s=0.0)
    advance(job, 1)
    (first,) = library.list()
    assert (first.status, first.epochs) == ("training", 1)
    advance(job, 2)
    (second,) = library.list()
    assert (second.path, second.epochs) == (first.path, 2)
    _, path = drive(job)
    assert [run.status for run in library.list()] == ["finished"]
    assert path == first.path


def test_killed_program_leaves_its_last_autosave(library: RunLibrary) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from vaeexplorer.data import open_data\n"
        "from vaeexplorer.jobs.training import train_and_save\n"
        "from vaeexplorer.run import Config\n"
        "from vaeexplorer.storage import RunLibrary\n"
        "config = Config('ae', {'latent_dim': 2}, epochs=100_000)\n"
        "library = RunLibrary(Path(sys.argv[1]))\n"
        "data = open_data('digits')\n"
        "for progress in train_and_save(data, config, library, threads=1, autosave_s=0.0):\n"
        "    print(progress.epoch, flush=True)\n"
    )
    arguments = [sys.executable, "-c", program, str(library.folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        seen = next(int(line) for line in child.stdout if int(line) >= 3)
        child.kill()
    (summary,) = library.list()
    kept = load_run(summary.path)
    assert kept.status == "training"
    assert len(kept.history) >= seen - 1


def test_failed_training_keeps_its_good_epochs_and_says_where(
    digits: Dataset, library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = failing_after_an_epoch(TrainingError("The weights left the numbers."))
    monkeypatch.setattr(job_module, "train", broken)
    with pytest.raises(TrainingError, match=r"left the numbers\. .*kept in") as failure:
        drive(started(digits, config(), library))
    (summary,) = library.list()
    assert str(summary.path) in str(failure.value)
    assert (summary.status, summary.epochs) == ("stopped", 1)


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_whatever_ends_a_training_its_epochs_are_kept(
    error: Exception, digits: Dataset, library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "train", failing_after_an_epoch(error))
    with pytest.raises(type(error)):
        drive(started(digits, config(), library))
    assert [run.epochs for run in library.list()] == [1]


def test_training_goes_on_when_an_autosave_fails_and_the_run_is_handed_over(
    digits: Dataset, tmp_path: Path
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("a file where the library wants a folder")
    messages: list[str] = []
    job = started(digits, config(), RunLibrary(blocker / "runs"), autosave_s=0.0)
    with pytest.raises(RunNotSavedError, match="could not be written") as failure:
        drive(job, lambda progress: messages.append(progress.message))
    assert any("could not be written" in message for message in messages)
    assert len(failure.value.run.history) == EPOCHS


def test_folder_of_its_own_instead_of_the_library(digits: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    run, path = drive(started(digits, config(), None, folder=folder))
    assert path == folder
    assert load_run(folder).name == run.name


def test_without_library_and_folder_nothing_is_written(digits: Dataset) -> None:
    run, path = drive(started(digits, config(), None))
    assert path is None
    assert run.codes
