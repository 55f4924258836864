"""Opening: runs into slots, data to train on, models once torch is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from vaeexplorer.data import NAMED, Dataset, is_data, open_data
from vaeexplorer.drawing.dot_field import kernel_loaded
from vaeexplorer.gui.postponed import import_kernel, import_postponed, import_torch, import_trees
from vaeexplorer.gui.session.document import MAX_SLOTS, Slot
from vaeexplorer.gui.session.probing import Probing
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.opening import (
    exhibit_of,
    open_exhibit,
    with_images,
    with_located_images,
    with_model,
)
from vaeexplorer.run import Exhibit, Progress
from vaeexplorer.storage import load_run

if TYPE_CHECKING:
    from vaeexplorer.models.base import Family

translate = QCoreApplication.translate

MANY_DOTS = 5_000
"""What draws more dots than this is loaded at once; for others, once nothing else is waited for."""


class Opening(Probing):
    """The verbs that bring exhibits and data."""

    def start(self) -> None:
        """Begin to load models, for which torch is imported: called once the window is painted."""
        if self._started:
            return
        self._started = True
        for slot in range(len(self.slots)):
            self._prepare_lift(slot)
        for slot in range(len(self.slots)):
            self._prepare_model(slot)
        self._work("families", _load_families, self._families_loaded)

    def prepare(self, job: Callable[[], object]) -> None:
        """Do `job` on a lane that is mostly idle: what a later moment would have to wait for."""
        self.lanes.train.submit(("prepare", job), job, on_error=self.tell)

    def put(self, slot: int, exhibit: Exhibit) -> None:
        """Show `exhibit` in `slot`. What it replaces stays among the runs."""
        self._grow_to(slot + 1)
        self.slots[slot] = Slot(exhibit)
        self.exhibit_changed.emit(slot, exhibit)
        self.held_changed.emit(slot, None)
        if exhibit.dataset is not None:
            self._offer_data(exhibit.dataset)
        if self._started:
            # A dot is decoded before there is a lift.
            self._prepare_model(slot)
            self._prepare_lift(slot)
        self._prepare_drawing(exhibit.source.n)

    def _prepare_drawing(self, n: int) -> None:
        if n > MANY_DOTS and not kernel_loaded():
            self._work("raster", import_kernel, lambda _: None)

    def open_default_pair(self) -> None:
        """Open the AE and the VAE that ship with the program, in slots A and B.

        Read at once, in a few milliseconds: the first paint shows their maps.
        """
        for slot, folder in enumerate(default_pair_folders()):
            run = load_run(folder)
            self.put(slot, exhibit_of(run, ""))

    def open_paths(self, paths: list[str], first_slot: int = 0) -> None:
        """Open runs in slots, from `first_slot` on, and data as the data at hand."""
        slot = first_slot
        for path in paths:
            if path.partition(":")[0] in NAMED or is_data(Path(path)):
                self.open_data(path)
            elif slot < MAX_SLOTS:
                self.open_run(Path(path), slot)
                slot += 1
            else:
                self.failed.emit(
                    translate(
                        "Session", "There is room for four runs: {path} was not opened."
                    ).format(path=path)
                )

    def open_run(self, folder: Path, slot: int) -> None:
        """Read the run in `folder` into `slot`; encode its images where that was not done."""
        message = translate("Session", "Opening {name}").format(name=folder.name)
        self.progressed.emit("data", Progress(message))
        self._work(
            ("open", slot),
            lambda: open_exhibit(folder),
            partial(self._opened, slot),
            ends="data",
            on_progress=lambda progress: self.progressed.emit(
                "data", replace(progress, message=message)
            ),
        )

    def _opened(self, slot: int, exhibit: Exhibit) -> None:
        self.put(slot, exhibit)

    def open_data(self, what: str) -> None:
        """Make the data set that `what` names the data at hand."""
        message = translate("Session", "Reading {name}").format(name=what)
        self.progressed.emit("data", Progress(message))
        self._work("data", lambda: open_data(what), self._take_data, ends="data")

    def locate_data(self, slot: int, what: str) -> None:
        """Look for the images of `slot` in another place; refused where they are not the same."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return
        message = translate("Session", "Reading {name}").format(name=what)
        self.progressed.emit("data", Progress(message))
        self._work(
            ("locate", slot),
            lambda: with_located_images(exhibit, Path(what)),
            partial(self._enriched, slot, exhibit),
            ends="data",
        )

    def _take_data(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._prepare_drawing(len(dataset))
        self.data_opened.emit(dataset)

    def _offer_data(self, dataset: Dataset) -> None:
        """Make the images of an exhibit the data at hand, where there are none yet."""
        if self.dataset is None:
            self._take_data(dataset)

    def _prepare_model(self, slot: int) -> None:
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return
        self.model_changed.emit(slot, "loading")

        def job() -> Any:
            with_data = with_images(exhibit)
            yield with_data
            import_torch()
            import torch

            # One core is left to the window, whatever is decoded or scored.
            torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
            return with_model(with_data)

        self.lanes.work.submit(
            ("model", slot),
            job,
            on_progress=partial(self._enriched, slot, exhibit),
            on_result=partial(self._enriched, slot, exhibit),
            on_error=partial(self._model_failed, slot, exhibit),
        )

    def _enriched(self, slot: int, before: Exhibit, exhibit: Exhibit) -> None:
        """Take over the images and the model of an exhibit that is still in its slot."""
        now = self.as_now(slot, before)
        if now is None:
            return
        state = self.slots[slot]
        # Images may be located while the model is loading: neither takes the other away. The
        # spaces that are there may hold what they lack of an image.
        now = replace(now, spaces=now.spaces or exhibit.spaces)
        if now.dataset is None and exhibit.dataset is not None:
            source = exhibit.source
            run = None if now.run is None else replace(now.run, source=source)
            now = replace(now, dataset=exhibit.dataset, source=source, run=run)
            self._offer_data(exhibit.dataset)
        state.exhibit = now
        self.model_changed.emit(slot, "ready" if now.spaces else "loading")
        if state.probe is not None:
            self.probe_moved.emit(slot, state.probe)
            self._decode(slot, state.probe)

    def _model_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if self.as_now(slot, exhibit) is not None:
            self.model_changed.emit(slot, "failed")
        self.tell(error)

    def _families_loaded(self, families: Mapping[str, Family]) -> None:
        self.families = families
        self.families_loaded.emit(families)
        self.prepare(import_postponed)
        self.prepare(import_kernel)
        self.prepare(import_trees)


def _load_families() -> Mapping[str, Family]:
    import_torch()
    from vaeexplorer.models import FAMILIES

    return FAMILIES
