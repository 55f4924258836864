"""Training: a model, or two in turns, on the data at hand; what is learned is shown in a slot."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject

from vaeexplorer.data import Dataset
from vaeexplorer.gui.session.mapping import MapMaking
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.latent.projection import ProjectionError
from vaeexplorer.run import Config, Run

translate = QCoreApplication.translate


class Training(QObject):
    """Trains. What the session says of it (`progressed`, `ended`) it says of "train"."""

    def __init__(self, session: MapMaking) -> None:
        super().__init__(session)
        self._session = session
        self.running = False
        self._stop = threading.Event()

    def begin(self, config: Config, name: str, slot: int) -> None:
        """Train on the data at hand; the run is saved and shown in `slot` when it ends."""
        dataset = self._session.dataset
        if dataset is None:
            return
        threads = _training_threads()

        def job(stop: Callable[[], bool]) -> Any:
            from vaeexplorer.jobs.training import train_and_save  # imports torch

            return train_and_save(
                dataset, config, self._session.library, name=name, threads=threads, stop=stop
            )

        self._begin(
            job,
            partial(self._trained, slot, dataset),
            partial(self._failed, slot, dataset),
        )

    def begin_both(self, configs: tuple[Config, Config], names: tuple[str, str]) -> None:
        """Train two models on the data at hand, in turns, and show them in slots A and B."""
        dataset = self._session.dataset
        if dataset is None:
            return
        threads = _training_threads()

        def job(stop: Callable[[], bool]) -> Any:
            from vaeexplorer.jobs.training import train_both  # imports torch

            return train_both(
                dataset, configs, self._session.library, names=names, threads=threads, stop=stop
            )

        def failed(error: Exception) -> None:
            # Which of the two it was stands in the run that the error may hold.
            run = getattr(error, "run", None)
            second = run is not None and run.config == configs[1]
            self._failed(int(second), dataset, error)

        self._begin(job, partial(self._both_trained, dataset), failed)

    def _begin(
        self,
        job: Callable[[Callable[[], bool]], Any],
        on_result: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Run `job`, which is given what to ask whether it shall stop, on its lane."""
        self._stop = stop = threading.Event()
        self.running = True
        # umap takes seconds to import: while the model trains, nobody waits for that. Where it
        # cannot be started, the map that needs it says so.
        with suppress(ProjectionError):
            self._session.start_projection()
        self._session.lanes.train.submit(
            "train",
            partial(job, stop.is_set),
            on_progress=partial(self._session.progressed.emit, "train"),
            on_result=on_result,
            on_error=on_error,
        )

    def stop(self) -> None:
        """End the training after the last epoch done, keep and show what it has learned."""
        self._stop.set()

    def _trained(self, slot: int, dataset: Dataset, outcome: Outcome) -> None:
        self._end()
        if outcome is not None:
            self._show(slot, dataset, *outcome)
        else:
            self._tell_of_nothing()

    def _both_trained(self, dataset: Dataset, outcomes: tuple[Outcome, Outcome]) -> None:
        self._end()
        for slot, outcome in enumerate(outcomes):
            if outcome is not None:
                self._show(slot, dataset, *outcome)
        if outcomes == (None, None):
            self._tell_of_nothing()

    def _tell_of_nothing(self) -> None:
        self._session.failed.emit(
            translate(
                "Session",
                "The training was stopped before its first epoch ended: there is nothing to keep.",
            )
        )

    def _failed(self, slot: int, dataset: Dataset, error: Exception) -> None:
        self._end()
        self._session.tell(error)
        # The disk refused it: it can still be looked at, and saved elsewhere.
        unsaved = getattr(error, "run", None)
        if unsaved is not None and unsaved.codes:
            self._show(slot, dataset, unsaved, None)

    def _end(self) -> None:
        self.running = False
        self._session.ended.emit("train")
        self._session.runs_changed.emit()

    def _show(self, slot: int, dataset: Dataset, run: Run, path: Path | None) -> None:
        self._session.put(slot, exhibit_of(run, "" if path is None else str(path), dataset))
        self._session.map_run(slot)


Outcome = tuple[Run, Path | None] | None
"""A trained run and its folder; None where nothing was learned (see jobs.training)."""


def _training_threads() -> int:
    """One core is left to the window."""
    return max(1, (os.cpu_count() or 2) - 1)
