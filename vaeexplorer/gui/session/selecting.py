"""Selecting: images chosen on any map, shared by all slots that show the same data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Signal

from vaeexplorer.gui.session.aligning import Aligning
from vaeexplorer.latent.projection import Map
from vaeexplorer.latent.selection import (
    Change,
    Selection,
    as_csv,
    changed,
    spread_out,
    within,
)
from vaeexplorer.run import Exhibit
from vaeexplorer.storage import write_atomically

translate = QCoreApplication.translate

THUMBNAILS = 24
"""Selected images that are shown as pictures."""


class Selecting(Aligning):
    """The verbs that select images; those of hidden labels are never selected.

    `selection_changed` brings the Selection, or None; `pictured` a selection and some of its
    images; `framed` what is to be brought into view; `copied` text for the clipboard.
    """

    selection_changed = Signal(object)
    pictured = Signal(object, object, object)
    framed = Signal(object)
    copied = Signal(str)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.selection: Selection | None = None
        self.exhibit_changed.connect(self._drop_foreign_selection)
        self.slots_changed.connect(self._drop_foreign_selection)
        self.model_changed.connect(self.picture_selection)

    # --- selecting ----------------------------------------------------------------------------

    def select(self, slot: int, indices: NDArray[np.int64], change: Change = "new") -> None:
        """Select images of `slot`, or add them to what is selected, or take them away."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None:
            return
        shown = indices[self._shown_images(exhibit)[indices]]
        source = exhibit.source
        self._show_selection(changed(self.selection, source.fingerprint, source.n, shown, change))

    def select_within(
        self, slot: int, outline: NDArray[np.float64], change: Change = "new"
    ) -> None:
        """Select the dots that `outline`, (m, 2), goes round on the map of `slot`."""
        shown = self.shown_map(slot)
        if shown is None or self.slots[slot].growing:
            return
        # A million dots take longer than a frame. Each outline is one of its own: none replaces
        # another one that waits.
        self.lanes.decode.submit(
            ("select", object()),
            lambda: np.flatnonzero(within(shown.positions, outline)),
            on_result=partial(self._select_found, slot, shown, change),
            on_error=self.tell,
            urgent=True,
        )

    def _select_found(
        self, slot: int, shown: Map, change: Change, indices: NDArray[np.int64]
    ) -> None:
        if slot < len(self.slots) and self.shown_map(slot) is shown:
            self.select(slot, indices, change)

    def toggle_selected(self, slot: int, point: NDArray[np.float64], snap_distance: float) -> None:
        """Select the dot at `point`, or take it away; nothing where no dot is that near."""
        lift = self.slots[slot].lift
        if lift is not None:
            lifted = lift.lift(point, snap_distance)
            if lifted.snapped:
                self.select(slot, np.array([lifted.nearest]), "toggle")

    def select_all(self) -> None:
        """Select every image whose label is shown, of the data of the slot that is looked at."""
        self._select_by(lambda exhibit: self._shown_images(exhibit))

    def invert_selection(self) -> None:
        """Select the shown images that are not selected, and only these."""
        self._select_by(lambda exhibit: self._shown_images(exhibit) & ~self._selected(exhibit))

    def select_label(self, label: int) -> None:
        """Select the images of the label with this index."""
        self._select_by(lambda exhibit: exhibit.labels == label)

    def clear_selection(self) -> None:
        """Select nothing."""
        if self.selection is not None:
            self._show_selection(None)

    def selected_in(self, slot: int) -> NDArray[np.int64] | None:
        """Return the selected images of `slot`; None where nothing is, or its data is another."""
        exhibit = self.slots[slot].exhibit
        chosen = self.selection
        if chosen is None or exhibit is None or exhibit.source.fingerprint != chosen.fingerprint:
            return None
        return chosen.indices

    def selected_slot(self) -> int | None:
        """Return a slot that shows the selected images, the one that is looked at if it does."""
        order = sorted(range(len(self.slots)), key=lambda slot: slot != self.active)
        return next((slot for slot in order if self.selected_in(slot) is not None), None)

    def hide_labels(self, hidden: frozenset[int]) -> None:
        """Leave the images of these labels out of every map, and out of the selection."""
        super().hide_labels(hidden)
        slot = self.selected_slot()
        if slot is not None and self.selection is not None:
            before = len(self.selection)
            shown = self._shown_images(self.slots[slot].exhibit)[self.selection.indices]
            if np.count_nonzero(shown) < before:
                self.select(slot, self.selection.indices)

    def toggle_probed(self) -> None:
        """Select the image that is probed, or take it away; nothing between the images."""
        slot = self.looked_at()
        probe = None if slot is None else self.slots[slot].probe
        if slot is not None and probe is not None and probe.kind in ("dot", "linked"):
            self.select(slot, np.array([probe.nearest]), "toggle")

    def _select_by(self, choose: Callable[[Exhibit], NDArray[np.bool_]]) -> None:
        slot = self.looked_at()
        exhibit = None if slot is None else self.slots[slot].exhibit
        if slot is not None and exhibit is not None:
            self.select(slot, np.flatnonzero(choose(exhibit)))

    def looked_at(self) -> int | None:
        """Return the slot that verbs without one mean: the active one, or else the first filled."""
        order = sorted(range(len(self.slots)), key=lambda slot: slot != self.active)
        return next((slot for slot in order if self.slots[slot].exhibit is not None), None)

    def _shown_images(self, exhibit: Exhibit) -> NDArray[np.bool_]:
        """Whether each image is shown: its label is not hidden, (n,)."""
        if exhibit.labels is None:
            return np.ones(exhibit.source.n, np.bool_)
        return ~np.isin(exhibit.labels, sorted(self.hidden_labels))

    def _selected(self, exhibit: Exhibit) -> NDArray[np.bool_]:
        chosen = self.selection
        if chosen is None or chosen.fingerprint != exhibit.source.fingerprint:
            return np.zeros(exhibit.source.n, np.bool_)
        return chosen.mask

    def _show_selection(self, chosen: Selection | None) -> None:
        self.selection = chosen
        self.selection_changed.emit(chosen)
        self.picture_selection()

    def _drop_foreign_selection(self, *_: object) -> None:
        """Forget the selection once no slot shows its data."""
        if self.selection is not None and self.selected_slot() is None:
            self._show_selection(None)

    # --- what is done with it -----------------------------------------------------------------

    def picture_selection(self, *_: object) -> None:
        """Read some of the selected images: `pictured` brings them."""
        chosen, slot = self.selection, self.selected_slot()
        if chosen is None or slot is None:
            return
        dataset = next(
            (
                state.exhibit.dataset
                for number, state in enumerate(self.slots)
                if self.selected_in(number) is not None and state.exhibit.dataset is not None
            ),
            None,
        )
        if dataset is None:
            return
        few = spread_out(chosen.indices, THUMBNAILS)

        def pictured(images: NDArray[np.uint8]) -> None:
            if self.selection is chosen:
                self.pictured.emit(chosen, few, images)

        self.lanes.decode.submit(
            "pictures of the selection",
            lambda: dataset.pixels(few),
            on_result=pictured,
            on_error=self.tell,
        )

    def frame_selection(self) -> None:
        """Bring the selected dots into view on every map that has them."""
        if self.selection is not None:
            self.framed.emit(self.selection)

    def copy_selection(self) -> None:
        """Put the selected images as lines "index,label" on the clipboard."""
        chosen, exhibit = self._what_is_selected()
        if chosen is not None:
            self._work(
                "copy selection",
                lambda: as_csv(chosen, exhibit.labels, exhibit.label_names),
                self.copied.emit,
            )

    def save_selection(self, path: Path) -> None:
        """Write the selected images to `path` as lines "index,label"."""
        chosen, exhibit = self._what_is_selected()
        if chosen is not None:
            self.save(partial(_save_lines, chosen, exhibit, path))

    def _what_is_selected(self) -> tuple[Selection | None, Exhibit | None]:
        slot = self.selected_slot()
        if slot is None:
            self.failed.emit(
                translate(
                    "Session",
                    "Nothing is selected: hold Shift and draw around some dots of a map.",
                )
            )
            return None, None
        return self.selection, self.slots[slot].exhibit


def _save_lines(chosen: Selection, exhibit: Exhibit, path: Path) -> None:
    write_atomically(path, as_csv(chosen, exhibit.labels, exhibit.label_names).encode())
