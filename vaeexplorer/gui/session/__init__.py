"""The document of the window. Panels call its verbs and draw what its signals bring.

A verb is thin: what takes long lives in `jobs`, on a lane (lanes). What others build upon is one
class in a file each, in this order: the state (document), the probe (probing), what is opened
(opening), mapped (mapping, aligning), compared along a path (comparing, drawing), selected
(selecting), shown of two dimensions (planes), held beside the codes (holding), and here what is
trained.

What nothing else of these builds upon is a part: an object of its own in `parts`, with its own
verbs, signals and state, called `session.search` or `session.map_files`. To add one:

1. Write `parts/NAME.py`: a QObject that is given the session, and the parts that it needs. It
   calls public verbs, listens to signals and puts jobs on `session.lanes`. What it keeps for each
   slot stands in `by_slot`.
2. Make it in `Session.__init__`, under a noun of the field. Signals reach parts after the classes
   of the chain, and one part after the other as they stand there: that order is kept on purpose.
3. If it has begun what must be told to stop, give it `close()` and name it in `Session.close`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject

from vaeexplorer.data import Dataset
from vaeexplorer.gui.session.document import MAX_SLOTS, Slot
from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.gui.session.parts.bounding import Bounding
from vaeexplorer.gui.session.parts.colouring import Colouring
from vaeexplorer.gui.session.parts.describing import Describing
from vaeexplorer.gui.session.parts.exporting import Exporting
from vaeexplorer.gui.session.parts.finding import Finding
from vaeexplorer.gui.session.parts.judging import Judging
from vaeexplorer.gui.session.parts.outlining import Outlining
from vaeexplorer.gui.session.parts.picking import Picking
from vaeexplorer.gui.session.parts.picturing import Picturing
from vaeexplorer.gui.session.parts.sampling import Sampling
from vaeexplorer.gui.session.parts.scoring import Scoring
from vaeexplorer.gui.session.parts.supplementing import Supplementing
from vaeexplorer.gui.session.parts.swapping import Swapping
from vaeexplorer.gui.session.parts.trusting import Trusting
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.latent.projection import ProjectionError
from vaeexplorer.run import Config, Run
from vaeexplorer.storage import RunLibrary, save_run, write_atomically

__all__ = ["MAX_SLOTS", "Session", "Slot"]

translate = QCoreApplication.translate


class Session(Holding):
    """Holds the document, changes it by verbs, and tells of every change by a signal."""

    def __init__(self, library: RunLibrary, parent: QObject | None = None) -> None:
        super().__init__(library, parent)
        self.scores = Scoring(self)
        self.worst_places = Judging(self, self.scores)
        self.secondary = Supplementing(self, self.scores)
        self.search = Finding(self)
        self.evidence = Bounding(self)
        self.colours = Colouring(self)
        self.overlays = Outlining(self)
        self.thumbnails = Picturing(self)
        self.codebooks = Picking(self)
        self.samples = Sampling(self, self.scores, self.overlays)
        self.map_trust = Trusting(self)
        self.map_files = Exporting(self)
        self.swaps = Swapping(self)
        self.descriptions = Describing(self)

    def close(self) -> None:
        """Let the parts stop what they have begun, and close as the document does."""
        for part in (self.samples, self.secondary, self.worst_places, self.scores):
            part.close()
        super().close()

    def prepare_training(self) -> None:
        """Let torch do what its first step of training would wait for: two seconds of imports."""

        def job() -> None:
            from vaeexplorer.training import warm_up_torch

            warm_up_torch()

        self.lanes.train.submit("warm up", job, on_error=self.tell)

    def train(self, config: Config, name: str, slot: int) -> None:
        """Train on the data at hand; the run is saved and shown in `slot` when it ends."""
        dataset = self.dataset
        if dataset is None:
            return
        threads = _training_threads()

        def job(stop: Callable[[], bool]) -> Any:
            from vaeexplorer.jobs.training import train_and_save  # imports torch

            return train_and_save(
                dataset, config, self.library, name=name, threads=threads, stop=stop
            )

        self._begin_training(
            job,
            partial(self._trained, slot, dataset),
            partial(self._training_failed, slot, dataset),
        )

    def train_both(self, configs: tuple[Config, Config], names: tuple[str, str]) -> None:
        """Train two models on the data at hand, in turns, and show them in slots A and B."""
        dataset = self.dataset
        if dataset is None:
            return
        threads = _training_threads()

        def job(stop: Callable[[], bool]) -> Any:
            from vaeexplorer.jobs.training import train_both  # imports torch

            return train_both(
                dataset, configs, self.library, names=names, threads=threads, stop=stop
            )

        def failed(error: Exception) -> None:
            # Which of the two it was stands in the run that the error may hold.
            run = getattr(error, "run", None)
            second = run is not None and run.config == configs[1]
            self._training_failed(int(second), dataset, error)

        self._begin_training(job, partial(self._both_trained, dataset), failed)

    def _begin_training(
        self,
        job: Callable[[Callable[[], bool]], Any],
        on_result: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Run `job`, which is given what to ask whether it shall stop, on its lane."""
        self._stop_training = stop = threading.Event()
        self.training = True
        # umap takes seconds to import: while the model trains, nobody waits for that. Where it
        # cannot be started, the map that needs it says so.
        with suppress(ProjectionError):
            self._projection.start()
        self.lanes.train.submit(
            "train",
            partial(job, stop.is_set),
            on_progress=partial(self.progressed.emit, "train"),
            on_result=on_result,
            on_error=on_error,
        )

    def stop(self) -> None:
        """End the training after the last epoch done, keep and show what it has learned."""
        self._stop_training.set()

    def _trained(self, slot: int, dataset: Dataset, outcome: Outcome) -> None:
        self._training_ended()
        if outcome is not None:
            self._show_trained(slot, dataset, *outcome)
        else:
            self._tell_of_nothing()

    def _both_trained(self, dataset: Dataset, outcomes: tuple[Outcome, Outcome]) -> None:
        self._training_ended()
        for slot, outcome in enumerate(outcomes):
            if outcome is not None:
                self._show_trained(slot, dataset, *outcome)
        if outcomes == (None, None):
            self._tell_of_nothing()

    def _tell_of_nothing(self) -> None:
        self.failed.emit(
            translate(
                "Session",
                "The training was stopped before its first epoch ended: there is nothing to keep.",
            )
        )

    def _training_failed(self, slot: int, dataset: Dataset, error: Exception) -> None:
        self._training_ended()
        self.tell(error)
        # The disk refused it: it can still be looked at, and saved elsewhere.
        unsaved = getattr(error, "run", None)
        if unsaved is not None and unsaved.codes:
            self._show_trained(slot, dataset, unsaved, None)

    def _training_ended(self) -> None:
        self.training = False
        self.ended.emit("train")
        self.runs_changed.emit()

    def _show_trained(self, slot: int, dataset: Dataset, run: Run, path: Path | None) -> None:
        self.put(slot, exhibit_of(run, "" if path is None else str(path), dataset))
        self.map_run(slot)

    def rename_run(self, path: Path, name: str) -> None:
        """Give a run of the library another name."""
        self._change_runs(
            lambda: self.library.rename(path, name), lambda: self._run_renamed(path, name)
        )

    def _run_renamed(self, path: Path, name: str) -> None:
        for slot, state in enumerate(self.slots):
            exhibit = state.exhibit
            if exhibit is not None and exhibit.run is not None and exhibit.origin == str(path):
                named = replace(exhibit.run, name=name)
                state.exhibit = replace(exhibit, name=name, run=named)
                self.renamed.emit(slot, name)

    def delete_run(self, path: Path) -> None:
        """Delete a run of the library from the disk. A slot that shows it goes on showing it."""
        self._change_runs(lambda: self.library.delete(path))

    def copy_run(self, path: Path, target: Path) -> None:
        """Save a copy of a run of the library as `target`."""
        self._change_runs(lambda: self.library.copy_to(path, target))

    def list_runs(self) -> None:
        """Read the list of runs; `runs_listed` brings it."""
        self._work("list", self.library.list, self.runs_listed.emit)

    def save_copy(self, slot: int, target: Path) -> None:
        """Save the run in `slot` as the folder `target`."""
        exhibit = self.slots[slot].exhibit
        if exhibit is not None and exhibit.run is not None:
            run = exhibit.run
            self._change_runs(lambda: save_run(run, target))

    def save_picture(self, target: Path, content: bytes) -> None:
        """Write a picture file, also when the window closes meanwhile."""
        self.save(partial(write_atomically, target, content))


Outcome = tuple[Run, Path | None] | None
"""A trained run and its folder; None where nothing was learned (see jobs.training)."""


def _training_threads() -> int:
    """One core is left to the window."""
    return max(1, (os.cpu_count() or 2) - 1)
