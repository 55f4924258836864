"""State of the document: exhibits in slots, what is probed and held, and the lanes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Signal

from vaeexplorer.data import Dataset
from vaeexplorer.gui.background import Collector
from vaeexplorer.gui.session.lanes import Lanes
from vaeexplorer.jobs.opening import chosen_map, main_space
from vaeexplorer.latent.lattice import NoData
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.neighbours import CodeIndex
from vaeexplorer.latent.probe import Probe
from vaeexplorer.latent.process import ProjectionProcess
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Exhibit, Progress
from vaeexplorer.storage import RunLibrary, write_atomically

if TYPE_CHECKING:
    from vaeexplorer.models.base import Family

translate = QCoreApplication.translate
log = logging.getLogger(__name__)

MAX_SLOTS = 4


@dataclass(eq=False)
class Slot:
    """What one slot holds at present.

    Attributes
    ----------
    held_image
        Number of the image that is held, and was before a code was set by hand.
    holds, context
        Whether what the explored space lacks is taken from the held image, and the image that it
        is taken from; None: the default (see LatentSpace.holding).
    last_images
        Numbers of the images that were probed and held in the space explored before.
    """

    exhibit: Exhibit | None = None
    lift: Lift | None = None
    probe: Probe | None = None
    held: Probe | None = None
    growing: bool = False
    codes: CodeIndex | None = None
    no_data: NoData | None = None
    held_image: int | None = None
    holds: bool = True
    context: int | None = None
    last_images: tuple[int | None, int | None] = (None, None)


class View(NamedTuple):
    """The part of a map that is looked at: its corners, (2,), and the size of a picture, (2,)."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    step: NDArray[np.float64]


class Document(QObject):
    """Holds the state and tells of every change by a signal."""

    slots_changed = Signal(int)
    exhibit_changed = Signal(int, object)
    map_changed = Signal(int, object)
    map_grew = Signal(int, object)
    view_moved = Signal(int)
    lifted = Signal(int)
    map_method_changed = Signal(str)
    probe_moved = Signal(int, object)
    held_changed = Signal(int, object)
    decoded = Signal(int, object, object)
    surveyed = Signal(int, object)
    hatched = Signal(bool)
    went_round = Signal(int, object, float)
    model_changed = Signal(int, str)
    renamed = Signal(int, str)
    activated = Signal(int)
    labels_hidden = Signal(object)
    data_opened = Signal(object)
    progressed = Signal(str, object)
    ended = Signal(str)
    failed = Signal(str)
    runs_changed = Signal()
    families_loaded = Signal(object)

    def __init__(self, library: RunLibrary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.library = library
        self.slots: list[Slot] = [Slot(), Slot()]
        self.dataset: Dataset | None = None
        self.families: Mapping[str, Family] = {}
        self.active = 1
        self.map_method = "umap"
        self.views: dict[int, View] = {}
        self.hidden_labels: frozenset[int] = frozenset()
        self.hatching = True
        self.hovered_at = 0.0
        self._started = False
        self._projection = ProjectionProcess()
        self.lingering = False
        self._collector = Collector(self)
        self.lanes = Lanes.of(self)

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

    def activate(self, slot: int) -> None:
        """Choose the slot whose dimensions are shown."""
        if slot != self.active:
            self.active = slot
            self.activated.emit(slot)

    def shown_map(self, slot: int) -> Map | None:
        """Return the map that `slot` shows."""
        exhibit = self.slots[slot].exhibit
        return None if exhibit is None else chosen_map(exhibit, self.map_method)

    def look_at(
        self,
        slot: int,
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        step: NDArray[np.float64],
    ) -> None:
        """Say which part of the map of `slot` is looked at, and how large a picture is there."""
        self.views[slot] = View(low, high, step)
        self.view_moved.emit(slot)

    def rename(self, origin: str, name: str) -> None:
        """Call what was opened from `origin` by another name, in every slot that shows it."""
        for slot, state in enumerate(self.slots):
            exhibit = state.exhibit
            if exhibit is not None and exhibit.run is not None and exhibit.origin == origin:
                named = replace(exhibit.run, name=name)
                state.exhibit = replace(exhibit, name=name, run=named)
                self.renamed.emit(slot, name)

    def linked(self, first: int, second: int) -> bool:
        """Whether image k is the same image in both slots."""
        a, b = self.slots[first].exhibit, self.slots[second].exhibit
        return a is not None and b is not None and a.source.fingerprint == b.source.fingerprint

    def hide_labels(self, hidden: frozenset[int]) -> None:
        """Leave the images of these labels out of every map."""
        self.hidden_labels = hidden
        self.labels_hidden.emit(hidden)

    def hatch(self, hatching: bool) -> None:
        """Hatch the places of every map that have no data, or do not."""
        self.hatching = hatching
        self.hatched.emit(hatching)

    def _grow_to(self, count: int) -> None:
        if count > len(self.slots):
            self.set_slot_count(count)

    def shows(self, slot: int, exhibit: Exhibit) -> bool:
        """Whether `slot` still explores this space of it, whatever has been added to it since."""
        now = self.as_now(slot, exhibit)
        return now is not None and main_space(now) == main_space(exhibit)

    def as_now(self, slot: int, exhibit: Exhibit) -> Exhibit | None:
        """Return what has become of `exhibit` in `slot`; None where another stands there."""
        now = self.slots[slot].exhibit if slot < len(self.slots) else None
        return now if now is not None and now.codes is exhibit.codes else None

    def _work(
        self,
        key: Hashable,
        job: Callable[[], Any],
        on_result: Callable[[Any], None],
        ends: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        def failed(error: Exception) -> None:
            if ends is not None:
                self.ended.emit(ends)
            self.tell(error)

        def finished(result: Any) -> None:
            if ends is not None:
                self.ended.emit(ends)
            on_result(result)

        def progressed(progress: Progress) -> None:
            if on_progress is not None:
                on_progress(progress)

        self.lanes.work.submit(
            key, job, on_result=finished, on_progress=progressed, on_error=failed
        )

    def change_runs(
        self, change: Callable[[], object], then: Callable[[], None] = lambda: None
    ) -> None:
        """Do `change` in its turn, also when the window closes meanwhile."""

        def done(_: object) -> None:
            then()
            self.runs_changed.emit()

        self.save(change, done)

    def save(
        self, write: Callable[[], object], on_result: Callable[[Any], None] = lambda _: None
    ) -> None:
        """Let `write` change the disk in its turn, also when the window closes meanwhile."""
        self.lanes.work.submit(
            ("save", object()), write, on_result=on_result, on_error=self.tell, lasting=True
        )

    def save_picture(self, target: Path, content: bytes) -> None:
        """Write a picture file, also when the window closes meanwhile."""
        self.save(partial(write_atomically, target, content))

    def tell(self, error: Exception) -> None:
        """Say a user's mistake in its own sentence; a bug of ours is logged with its traceback."""
        if any(kind.__module__.startswith("vaeexplorer.") for kind in type(error).__mro__):
            self.failed.emit(str(error))
            return
        log.error("a job failed", exc_info=error)
        self.failed.emit(
            translate(
                "Session", "Something in vae-explorer went wrong ({what}): Help > Open the log."
            ).format(what=f"{type(error).__name__}: {error}".splitlines()[0])
        )

    def close(self) -> None:
        """Cancel everything, wait for the threads, end the projection process."""
        self._projection.close()
        self.lingering = not self.lanes.close()
        self._collector.close()
