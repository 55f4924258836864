"""The document: exhibits in slots, the probe, the data at hand, and what runs in the background.

Panels call its verbs and draw what its signals bring. A verb is thin: what takes long lives in
`jobs`, on a lane.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Signal

from vaeexplorer.data import Dataset, InputError, is_data, open_data
from vaeexplorer.gui.background import Lane
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.opening import (
    chosen_map,
    decode_pixels,
    exhibit_of,
    main_space,
    open_exhibit,
    with_images,
    with_model,
)
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.probe import Probe, probe_at, probe_code, probe_image
from vaeexplorer.latent.process import ProjectionProcess
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Config, Exhibit, Progress, Run
from vaeexplorer.storage import RunLibrary, load_run, save_run

if TYPE_CHECKING:
    from vaeexplorer.models.base import Family

log = logging.getLogger(__name__)

translate = QCoreApplication.translate

MAX_SLOTS = 4
CLOSE_TIMEOUT_S = 10.0


@dataclass(eq=False)
class Slot:
    """What one slot holds at present."""

    exhibit: Exhibit | None = None
    lift: Lift | None = None
    probe: Probe | None = None
    held: Probe | None = None


class Session(QObject):
    """Holds the document, changes it by verbs, and tells of every change by a signal."""

    slots_changed = Signal(int)
    exhibit_changed = Signal(int, object)
    map_changed = Signal(int, object)
    probe_moved = Signal(int, object)
    held_changed = Signal(int, object)
    decoded = Signal(int, object, object)
    model_changed = Signal(int, str)
    activated = Signal(int)
    labels_hidden = Signal(object)
    data_opened = Signal(object)
    progressed = Signal(str, object)
    ended = Signal(str)
    failed = Signal(str)
    runs_changed = Signal()
    runs_listed = Signal(object)
    families_loaded = Signal(object)

    def __init__(self, library: RunLibrary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.library = library
        self.slots: list[Slot] = [Slot(), Slot()]
        self.dataset: Dataset | None = None
        self.families: Mapping[str, Family] = {}
        self.active = 1
        self.map_method = "umap-learn"
        self.hidden_labels: frozenset[int] = frozenset()
        self._started = False
        self._stop_training = threading.Event()
        self._projection = ProjectionProcess()
        self._train_lane = Lane("train", self)
        self._work_lane = Lane("work", self)
        self._decode_lane = Lane("decode", self)
        # A map waits for its process, for seconds: it must not hold up what is opened meanwhile.
        self._map_lane = Lane("map", self)

    # --- slots --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to load models: called once the window has been painted.

        Importing torch stalls the GUI thread once; maps are on the screen before that.
        """
        if self._started:
            return
        self._started = True
        for slot in range(len(self.slots)):
            self._prepare_lift(slot)
        for slot in range(len(self.slots)):
            self._prepare_model(slot)
        self._work("families", _load_families, self._families_loaded)

    def _families_loaded(self, families: Mapping[str, Family]) -> None:
        self.families = families
        self.families_loaded.emit(families)

    def put(self, slot: int, exhibit: Exhibit) -> None:
        """Show `exhibit` in `slot`. What it replaces stays among the runs."""
        self._grow_to(slot + 1)
        self.slots[slot] = Slot(exhibit)
        self.exhibit_changed.emit(slot, exhibit)
        self.map_changed.emit(slot, chosen_map(exhibit, self.map_method))
        self.held_changed.emit(slot, None)
        if exhibit.dataset is not None:
            self._offer_data(exhibit.dataset)
        if self._started:
            self._prepare_lift(slot)
            self._prepare_model(slot)

    def set_slot_count(self, count: int) -> None:
        """Show `count` slots; those beyond are emptied, their runs stay in the library."""
        count = min(max(count, 1), MAX_SLOTS)
        if count != len(self.slots):
            del self.slots[count:]
            self.slots += [Slot() for _ in range(count - len(self.slots))]
            self.activate(min(self.active, count - 1))
            self.slots_changed.emit(count)

    def clear(self, slot: int) -> None:
        """Empty `slot`."""
        self.slots[slot] = Slot()
        self.exhibit_changed.emit(slot, None)
        self.held_changed.emit(slot, None)

    def _grow_to(self, count: int) -> None:
        if count > len(self.slots):
            self.set_slot_count(count)

    def activate(self, slot: int) -> None:
        """Choose the slot whose dimensions are shown."""
        if slot != self.active:
            self.active = slot
            self.activated.emit(slot)

    def shown_map(self, slot: int) -> Map | None:
        """Return the map that `slot` shows."""
        exhibit = self.slots[slot].exhibit
        return None if exhibit is None else chosen_map(exhibit, self.map_method)

    def linked(self, first: int, second: int) -> bool:
        """Whether image k is the same image in both slots."""
        a, b = self.slots[first].exhibit, self.slots[second].exhibit
        return a is not None and b is not None and a.source.fingerprint == b.source.fingerprint

    def set_map_method(self, method: str) -> None:
        """Show the maps made by `method` wherever there is one."""
        self.map_method = method
        for slot, state in enumerate(self.slots):
            if state.exhibit is not None:
                self._map_replaced(slot, state.exhibit)

    def _map_replaced(self, slot: int, exhibit: Exhibit) -> None:
        """Draw another map of the same codes; what is probed and held stays, on its new place."""
        self.slots[slot].lift = None
        self.map_changed.emit(slot, chosen_map(exhibit, self.map_method))
        if self._started:
            self._prepare_lift(slot)

    def _prepare_lift(self, slot: int) -> None:
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return
        shown = chosen_map(exhibit, self.map_method)
        codes = exhibit.codes[main_space(exhibit)].mean
        self._work(
            ("lift", slot),
            lambda: Lift(shown.positions, codes, shown.settings),
            partial(self._lift_ready, slot, exhibit),
        )

    def _lift_ready(self, slot: int, exhibit: Exhibit, lift: Lift) -> None:
        if not self._shows(slot, exhibit):
            return
        state = self.slots[slot]
        state.lift = lift
        if state.held is not None:
            state.held = self._moved_to(lift, state.held)
            self.held_changed.emit(slot, state.held)
        if state.probe is not None:
            self._set_probe(slot, self._moved_to(lift, state.probe))
        else:
            self._probe_first(slot)

    @staticmethod
    def _moved_to(lift: Lift, probe: Probe) -> Probe:
        """Return the same code on another map."""
        if probe.kind in ("dot", "linked"):
            return probe_image(lift, probe.nearest, "dot")
        return probe_code(lift, probe.z)

    def _probe_first(self, slot: int) -> None:
        """Probe the image that the other slots probe, or the first one, so none stands empty."""
        for other, state in enumerate(self.slots):
            if other != slot and state.probe is not None and self.linked(slot, other):
                self._link(slot, state.probe)
                return
        lift = self.slots[slot].lift
        if lift is not None:
            self._set_probe(slot, probe_image(lift, 0, "dot"))

    def _prepare_model(self, slot: int) -> None:
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return
        self.model_changed.emit(slot, "loading")

        def job() -> Any:
            with_data = with_images(exhibit)
            yield with_data
            return with_model(with_data)

        self._work_lane.submit(
            ("model", slot),
            job,
            on_progress=partial(self._enriched, slot, exhibit),
            on_result=partial(self._enriched, slot, exhibit),
            on_error=partial(self._model_failed, slot, exhibit),
        )

    def _enriched(self, slot: int, before: Exhibit, exhibit: Exhibit) -> None:
        """Take over the images and the model of an exhibit that is still in its slot."""
        if not self._shows(slot, before):
            return
        state = self.slots[slot]
        assert state.exhibit is not None
        state.exhibit = replace(state.exhibit, dataset=exhibit.dataset, spaces=exhibit.spaces)
        if exhibit.dataset is not None:
            self._offer_data(exhibit.dataset)
        self.model_changed.emit(slot, "ready" if exhibit.spaces else "loading")
        if state.probe is not None:
            self.probe_moved.emit(slot, state.probe)
            self._decode(slot, state.probe)

    def _model_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if self._shows(slot, exhibit):
            self.model_changed.emit(slot, "failed")
        self._tell(error)

    def _shows(self, slot: int, exhibit: Exhibit) -> bool:
        """Whether `slot` still shows this exhibit, whatever has been added to it since."""
        now = self.slots[slot].exhibit if slot < len(self.slots) else None
        return now is not None and now.codes is exhibit.codes

    # --- probe --------------------------------------------------------------------------------

    def move_probe(self, slot: int, point: NDArray[np.float64], snap_distance: float) -> None:
        """Probe a place on the map of `slot`; the other slots follow by the nearest image."""
        lift = self.slots[slot].lift
        if lift is None:
            return
        probe = probe_at(lift, point, snap_distance)
        if probe.kind == "dot" and self._hides(slot, probe.nearest):
            probe = probe_at(lift, point, 0.0)
        self._show_probe(slot, probe)

    def _hides(self, slot: int, index: int) -> bool:
        """Whether the dot of image `index` is hidden by its label."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None or exhibit.labels is None:
            return False
        return int(exhibit.labels[index]) in self.hidden_labels

    def probe_image(self, slot: int, index: int) -> None:
        """Probe the code of image `index`."""
        lift = self.slots[slot].lift
        if lift is not None and 0 <= index < len(lift.codes):
            self._show_probe(slot, probe_image(lift, index, "dot"))

    def set_code(self, slot: int, z: NDArray[np.float32]) -> None:
        """Probe a code set by hand, and hold it."""
        lift = self.slots[slot].lift
        if lift is not None:
            self._show_probe(slot, probe_code(lift, np.asarray(z, np.float32)))
            self.hold()

    def hold(self) -> None:
        """Keep what is probed now, in every slot, when the cursor moves on."""
        for slot, state in enumerate(self.slots):
            state.held = state.probe
            self.held_changed.emit(slot, state.held)

    def release(self) -> None:
        """Let go of what is held."""
        for slot, state in enumerate(self.slots):
            state.held = None
            self.held_changed.emit(slot, None)

    def leave(self) -> None:
        """Take back the probe to what is held: the cursor has left the maps."""
        for slot, state in enumerate(self.slots):
            if state.held is not None and state.held is not state.probe:
                self._set_probe(slot, state.held)

    def hide_labels(self, hidden: frozenset[int]) -> None:
        """Leave the images of these labels out of every map."""
        self.hidden_labels = hidden
        self.labels_hidden.emit(hidden)

    def _show_probe(self, slot: int, probe: Probe) -> None:
        self._set_probe(slot, probe, urgent=True)
        for other in range(len(self.slots)):
            if other != slot and self.linked(slot, other):
                self._link(other, probe)

    def _link(self, slot: int, probe: Probe) -> None:
        lift = self.slots[slot].lift
        if lift is not None:
            self._set_probe(slot, probe_image(lift, probe.nearest, "linked"))

    def _set_probe(self, slot: int, probe: Probe, urgent: bool = False) -> None:
        self.slots[slot].probe = probe
        self.probe_moved.emit(slot, probe)
        self._decode(slot, probe, urgent)

    def _decode(self, slot: int, probe: Probe, urgent: bool = False) -> None:
        exhibit = self.slots[slot].exhibit
        if exhibit is None or not exhibit.spaces:
            return
        space = exhibit.spaces[main_space(exhibit)]
        self._decode_lane.submit(
            (slot, "probe"),
            lambda: decode_pixels(space, probe.z[None])[0],
            on_result=partial(self._probe_decoded, slot, exhibit, probe),
            on_error=self._tell,
            urgent=urgent,
        )

    def _probe_decoded(
        self, slot: int, exhibit: Exhibit, probe: Probe, image: NDArray[np.uint8]
    ) -> None:
        if self._shows(slot, exhibit):
            self.decoded.emit(slot, probe, image)

    # --- opening ------------------------------------------------------------------------------

    def open_paths(self, paths: list[str], first_slot: int = 0) -> None:
        """Open runs in slots, from `first_slot` on, and data as the data at hand."""
        slot = first_slot
        for path in paths:
            if is_data(Path(path)):
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

    def open_default_pair(self) -> None:
        """Open the AE and the VAE that ship with the program, in slots A and B.

        Read at once, in a few milliseconds: the first paint shows their maps.
        """
        for slot, folder in enumerate(default_pair_folders()):
            run = load_run(folder)
            self.put(slot, exhibit_of(run, ""))

    def open_run(self, folder: Path, slot: int) -> None:
        """Read the run in `folder` into `slot`."""
        self._work(("open", slot), lambda: open_exhibit(folder), partial(self.put, slot))

    def open_data(self, what: str) -> None:
        """Make the data set that `what` names the data at hand."""
        message = translate("Session", "Reading {name}").format(name=what)
        self.progressed.emit("data", Progress(message))
        self._work("data", lambda: open_data(what), self._take_data, ends="data")

    def _take_data(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.data_opened.emit(dataset)

    def _offer_data(self, dataset: Dataset) -> None:
        """Make the images of an exhibit the data at hand, where there are none yet."""
        if self.dataset is None:
            self._take_data(dataset)

    def locate_data(self, slot: int, what: str) -> None:
        """Look for the images of `slot` in another place; refused where they are not the same."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return

        def job() -> Exhibit:
            dataset = open_data(what)
            if dataset.source.fingerprint != exhibit.source.fingerprint:
                raise InputError(
                    f"{what} holds other images than those that {exhibit.name} was trained on: "
                    "choose the file or folder that it was trained from."
                )
            return replace(exhibit, dataset=dataset)

        self._work(("locate", slot), job, partial(self._enriched, slot, exhibit))

    # --- training and mapping -----------------------------------------------------------------

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
            on_error=self._training_failed,
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
            self.put(slot, exhibit_of(run, str(path), dataset))
            self.map_run(slot)

    def _training_failed(self, error: Exception) -> None:
        self.ended.emit("train")
        self.runs_changed.emit()
        self._tell(error)

    def map_run(self, slot: int) -> None:
        """Make the UMAP of the run in `slot`, in the projection process, and keep it with it."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None or exhibit.run is None:
            return
        run, folder = exhibit.run, Path(exhibit.origin)

        def job() -> Any:
            from vaeexplorer.jobs.mapping import project

            mapped = yield from project(run, self._projection)
            self.library.update(folder, mapped)
            return mapped

        self._map_lane.submit(
            "map",
            job,
            on_progress=partial(self.progressed.emit, "map"),
            on_result=partial(self._mapped, slot, exhibit),
            on_error=self._mapping_failed,
        )

    def cancel_map(self) -> None:
        """Give up the map that is being made; the former one stays."""
        self._map_lane.cancel("map")
        self.ended.emit("map")

    def _mapped(self, slot: int, exhibit: Exhibit, run: Run) -> None:
        self.ended.emit("map")
        state = self.slots[slot] if slot < len(self.slots) else Slot()
        if state.exhibit is not None and self._shows(slot, exhibit):
            state.exhibit = replace(state.exhibit, maps=run.maps, run=run)
            self._map_replaced(slot, state.exhibit)

    def _mapping_failed(self, error: Exception) -> None:
        self.ended.emit("map")
        self._tell(error)

    # --- runs ---------------------------------------------------------------------------------

    def rename_run(self, path: Path, name: str) -> None:
        """Give a run of the library another name."""
        self._change_runs(lambda: self.library.rename(path, name))

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

    # --- background ---------------------------------------------------------------------------

    def _work(
        self,
        key: Hashable,
        job: Callable[[], Any],
        on_result: Callable[[Any], None],
        ends: str | None = None,
    ) -> None:
        def failed(error: Exception) -> None:
            if ends is not None:
                self.ended.emit(ends)
            self._tell(error)

        def finished(result: Any) -> None:
            if ends is not None:
                self.ended.emit(ends)
            on_result(result)

        self._work_lane.submit(key, job, on_result=finished, on_error=failed)

    def _tell(self, error: Exception) -> None:
        """Say a user's mistake in its own sentence; a bug of ours is logged with its traceback."""
        if not isinstance(error, (ValueError, OSError, RuntimeError)):
            log.error("a job failed", exc_info=error)
        self.failed.emit(str(error) or type(error).__name__)

    def close(self) -> None:
        """Cancel everything, wait for the threads, end the projection process."""
        self._projection.close()
        for lane in (self._decode_lane, self._map_lane, self._work_lane, self._train_lane):
            if not lane.close(CLOSE_TIMEOUT_S):
                log.warning("a lane did not end within %s s", CLOSE_TIMEOUT_S)


def _load_families() -> Mapping[str, Family]:
    """Import torch and the models, and let torch do its lazy imports before anyone trains."""
    from vaeexplorer.models import FAMILIES
    from vaeexplorer.training import warm_up_torch

    warm_up_torch()
    return FAMILIES
