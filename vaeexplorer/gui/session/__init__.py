"""The document of the window. Panels call its verbs and draw what its signals bring.

A verb is thin: what takes long lives in `jobs`, on a lane. The verbs stand in one file each for
the state (document), the probe (probing), what is opened (opening), and here what is trained.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from vaeexplorer.data import Dataset
from vaeexplorer.gui.session.document import MAX_SLOTS, Slot
from vaeexplorer.gui.session.opening import Opening
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.run import Config, Exhibit, Run
from vaeexplorer.storage import is_run, save_run

__all__ = ["MAX_SLOTS", "Session", "Slot"]


class Session(Opening):
    """Holds the document, changes it by verbs, and tells of every change by a signal."""

    def train(self, config: Config, name: str, slot: int) -> None:
        """Train on the data at hand; the run is saved and shown in `slot` when it ends."""
        dataset = self.dataset
        if dataset is None:
            return
        self._stop_training = stop = threading.Event()
        threads = max(1, (os.cpu_count() or 2) - 1)

        def job() -> Any:
            from vaeexplorer.jobs.training import train_and_save  # imports torch

            return (
                yield from train_and_save(
                    dataset, config, self.library, name=name, threads=threads, stop=stop.is_set
                )
            )

        # umap takes seconds to import: while the model trains, nobody waits for that.
        self._projection.start()
        self._train_lane.submit(
            "train",
            job,
            on_progress=partial(self.progressed.emit, "train"),
            on_result=partial(self._trained, slot, dataset),
            on_error=partial(self._training_failed, slot, dataset),
        )

    def stop(self) -> None:
        """End the training after the last epoch done, keep and show what it has learned."""
        self._stop_training.set()

    @property
    def training(self) -> bool:
        """Whether a training runs or waits."""
        return self._train_lane.busy

    def _trained(
        self, slot: int, dataset: Dataset, outcome: tuple[Run, Path | None] | None
    ) -> None:
        self.ended.emit("train")
        self.runs_changed.emit()
        if outcome is not None:
            run, path = outcome
            self._show_trained(slot, dataset, run, path)

    def _training_failed(self, slot: int, dataset: Dataset, error: Exception) -> None:
        self.ended.emit("train")
        self.runs_changed.emit()
        self._tell(error)
        # The disk refused it: it can still be looked at, and saved elsewhere.
        unsaved = getattr(error, "run", None)
        if unsaved is not None and unsaved.codes:
            self._show_trained(slot, dataset, unsaved, None)

    def _show_trained(self, slot: int, dataset: Dataset, run: Run, path: Path | None) -> None:
        self.put(slot, exhibit_of(run, "" if path is None else str(path), dataset))
        self.map_run(slot)

    def map_run(self, slot: int) -> None:
        """Make the UMAP of the run in `slot`, in the projection process, and keep it with it."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None or exhibit.run is None:
            return
        run = exhibit.run

        def job() -> Any:
            from vaeexplorer.jobs.mapping import project

            mapped = yield from project(run, self._projection)
            self._keep(slot, exhibit, mapped)
            return mapped

        self._map_lane.submit(
            "map",
            job,
            on_progress=partial(self.progressed.emit, "map"),
            on_result=partial(self._mapped, slot, exhibit),
            on_error=self._mapping_failed,
        )

    def _keep(self, slot: int, exhibit: Exhibit, run: Run) -> None:
        """Save `run` again where `exhibit` came from, under the name that it has by now."""
        folder = Path(exhibit.origin)
        if not exhibit.origin or not is_run(folder):
            return
        now = self.slots[slot].exhibit if self._shows(slot, exhibit) else None
        save_run(replace(run, name=run.name if now is None else now.name), folder)

    def cancel_map(self) -> None:
        """Give up the map that is being made; the former one stays."""
        self._map_lane.cancel("map")
        self.ended.emit("map")

    def _mapped(self, slot: int, exhibit: Exhibit, run: Run) -> None:
        self.ended.emit("map")
        state = self.slots[slot] if slot < len(self.slots) else Slot()
        if state.exhibit is not None and self._shows(slot, exhibit):
            named = replace(run, name=state.exhibit.name)
            state.exhibit = replace(state.exhibit, maps=run.maps, run=named)
            self._map_replaced(slot, state.exhibit)

    def _mapping_failed(self, error: Exception) -> None:
        self.ended.emit("map")
        self._tell(error)

    def rename_run(self, path: Path, name: str) -> None:
        """Give a run of the library another name."""
        self._change_runs(lambda: self.library.rename(path, name))
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

    def _change_runs(self, change: Callable[[], object]) -> None:
        self._work(("runs", object()), change, lambda _: self.runs_changed.emit())
