"""Train a model so that nothing trained is ever lost, then encode its data and map it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.jobs.mapping import encode
from vaeexplorer.jobs.opening import model_of
from vaeexplorer.models import run_name
from vaeexplorer.run import Config, PairProgress, Progress, Run
from vaeexplorer.storage import RunLibrary, save_run
from vaeexplorer.training import TrainingError, train

AUTOSAVE_S = 30.0
"""A program that is killed loses at most this much training, in seconds (and one epoch)."""


Outcome = tuple[Run, Path | None] | None
"""A trained run and its folder, None where it is kept nowhere; None where nothing was learned."""


class RunNotSavedError(OSError):
    """The disk refused a trained run. It is not lost: `run` holds it, to be saved elsewhere."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


def never() -> bool:
    """Answer "do not stop"."""
    return False


@dataclass
class _Keeper:
    """Keeps the newest state of one run in a library, in a folder of its own, or nowhere."""

    library: RunLibrary | None
    folder: Path | None
    autosave_s: float
    path: Path | None = None
    kept: Run | None = None
    saved_at: float = field(default_factory=time.monotonic)

    def keep(self, run: Run) -> None:
        """Save `run` in place of its former state."""
        try:
            if self.folder is not None:
                save_run(run, self.folder)
                self.path = self.folder
            elif self.library is not None and self.path is not None:
                self.library.update(self.path, run)
            elif self.library is not None:
                self.path = self.library.add(run)
        except OSError as error:
            raise RunNotSavedError(str(error), run) from error
        self.kept = run
        self.saved_at = time.monotonic()

    def autosave(self, snapshot: Run) -> str:
        """Save `snapshot` if it is time to; return what to tell the user, empty if nothing."""
        if snapshot is self.kept or time.monotonic() - self.saved_at < self.autosave_s:
            return ""
        try:
            self.keep(snapshot)
        except RunNotSavedError as error:
            # A full disk now is no reason to throw away the epochs to come: it is tried again.
            self.saved_at = time.monotonic()
            return f" ({error})"
        return ""


def train_and_save(
    dataset: Dataset,
    config: Config,
    library: RunLibrary | None,
    *,
    name: str = "",
    threads: int | None = None,
    stop: Callable[[], bool] = never,
    autosave_s: float = AUTOSAVE_S,
    folder: Path | None = None,
) -> Generator[Progress, None, Outcome]:
    """Train, save at once, encode the data, map it by PCA, and save again.

    While it trains, the newest snapshot is saved every `autosave_s` seconds (status "training").
    Closing the generator saves the last snapshot (status "stopped", not yet encoded) before it
    returns; so do a failure after the first epoch, and a `stop`, after which the snapshot is
    encoded like a finished run.

    Parameters
    ----------
    dataset, config, name, threads
        As for `training.train`.
    library
        Where the run is kept; None: nowhere.
    stop
        Asked at every yield of the training; True ends it early.
    autosave_s
        Seconds between saves of a run in training; 0: every epoch.
    folder
        Run folder to write instead of adding to `library`; what it holds is replaced.

    Yields
    ------
    Progress
        TrainingProgress while training, Progress while encoding.

    Returns
    -------
    tuple[Run, Path | None] | None
        The run with codes and maps, status "finished" or "stopped", and its folder; None where
        `stop` came before the first epoch ended, so that there is nothing to keep.

    Raises
    ------
    TrainingError
        The training failed; its message says where the good epochs were kept, if any.
    RunNotSavedError
        The trained run could not be written; the exception holds it, encoded.
    SettingError
        As `training.train`.
    """
    keeper = _Keeper(library, folder, autosave_s)
    run = yield from _train(dataset, config, keeper, name, threads, stop)
    if run is None:
        return None
    # Before the codes: a kill while encoding must not cost the training. A disk that refuses it
    # is asked again with the codes, so that what it refuses in the end can be looked at.
    with suppress(RunNotSavedError):
        keeper.keep(run)
    run = yield from encode(run, model_of(run).spaces(), dataset)
    keeper.keep(run)
    return run, keeper.path


def train_both(
    dataset: Dataset,
    configs: tuple[Config, Config],
    library: RunLibrary | None,
    *,
    names: tuple[str, str] = ("", ""),
    threads: int | None = None,
    stop: Callable[[], bool] = never,
    autosave_s: float = AUTOSAVE_S,
) -> Generator[PairProgress, None, tuple[Outcome, Outcome]]:
    """Train two models in turns, an epoch each, so that both can be watched and stopped at once.

    Each is trained, kept, stopped and encoded as by `train_and_save`; with the same seed both see
    the same batches. If one fails, the other's epochs are kept too.

    Returns
    -------
    tuple
        What `train_and_save` returns, for each.
    """
    jobs = [
        train_and_save(
            dataset,
            config,
            library,
            name=name,
            threads=threads,
            stop=stop,
            autosave_s=autosave_s,
        )
        for config, name in zip(configs, names, strict=True)
    ]
    reports = [Progress("", 0.0), Progress("", 0.0)]
    outcomes: list[Outcome] = [None, None]
    epochs, turn = [0, 0], 0
    waiting = {0, 1}
    with closing(jobs[0]), closing(jobs[1]):
        while waiting:
            try:
                reports[turn] = next(jobs[turn])
                yield _joint(turn, reports)
                epoch = getattr(reports[turn], "epoch", 0)
                ended = epoch > epochs[turn]
                epochs[turn] = max(epoch, epochs[turn])
            except StopIteration as end:
                outcomes[turn], reports[turn] = end.value, Progress("", 1.0)
                waiting.remove(turn)
                ended = True
            if ended and waiting:
                turn = 1 - turn if 1 - turn in waiting else turn
    return outcomes[0], outcomes[1]


def _joint(turn: int, reports: list[Progress]) -> PairProgress:
    """Report on both: each one's clock counts the other's turns already."""
    fraction = sum(report.fraction or 0.0 for report in reports) / len(reports)
    left = [report.seconds_left for report in reports if report.seconds_left is not None]
    message = f"{'AB'[turn]}: {reports[turn].message}"
    return PairProgress(message, fraction, max(left, default=None), turn, reports[turn])


def _train(
    dataset: Dataset,
    config: Config,
    keeper: _Keeper,
    name: str,
    threads: int | None,
    stop: Callable[[], bool],
) -> Generator[Progress, None, Run | None]:
    """Iterate `train`, keeping its snapshots; return the finished or the stopped run, if any."""
    last: Run | None = None
    training = train(dataset, config, name=name, threads=threads)
    try:
        while True:
            try:
                progress = next(training)
            except StopIteration as end:
                finished: Run = end.value
                return finished
            last = progress.snapshot or last
            trouble = keeper.autosave(last) if last is not None else ""
            yield replace(progress, message=progress.message + trouble) if trouble else progress
            if stop():
                break
    except BaseException as error:  # a close, a failure, Ctrl-C: whatever ends it, keep the epochs
        if last is not None:
            keeper.keep(_stopped(last, dataset))
        if last is not None and isinstance(error, TrainingError):
            raise TrainingError(f"{error} {_what_was_kept(last, keeper.path)}") from error
        raise
    finally:
        training.close()
    return None if last is None else _stopped(last, dataset)


def _stopped(run: Run, dataset: Dataset) -> Run:
    """Return a snapshot as the run that it remains; one that nobody named tells its own epochs."""
    config = run.config
    planned, done = (
        run_name(config.family, config.model, dataset.name, epochs)
        for epochs in (config.epochs, len(run.history))
    )
    return replace(run, status="stopped", name=done if run.name == planned else run.name)


def _what_was_kept(run: Run, path: Path | None) -> str:
    done = len(run.history)
    epochs = "The first epoch" if done == 1 else f"The first {done} epochs"
    if path is None:
        return f"{epochs} went well."
    verb = "is" if done == 1 else "are"
    return f"{epochs} {verb} kept in {path}."
