"""Picturing: the images themselves in place of their dots, where few are in view."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.document import Document
from vaeexplorer.jobs.thumbnails import InView, few_in_view
from vaeexplorer.latent.projection import Map


class Picturing(QObject):
    """The switch between pictures and dots. `read` brings a slot's InView, or None."""

    read = Signal(int, object)

    def __init__(self, session: Document) -> None:
        super().__init__(session)
        self._session = session
        self._wanted = True
        self._pictured: set[int] = set()
        for signal in (session.exhibit_changed, session.map_grew):
            signal.connect(self._take_away)
        for signal in (session.map_changed, session.model_changed, session.view_moved):
            signal.connect(self._read)
        session.labels_hidden.connect(self._read_all)

    def show(self, wanted: bool) -> None:
        """Draw images instead of dots where few are in view, or do not."""
        self._wanted = wanted
        self._read_all()

    def _read_all(self, *_: object) -> None:
        for slot in range(len(self._session.slots)):
            self._read(slot)

    def _read(self, slot: int, *_: object) -> None:
        """Find the dots in view and read their images, as far as these are at hand."""
        state, shown = self._session.slots[slot], self._session.shown_map(slot)
        exhibit, view = state.exhibit, self._session.views.get(slot)
        off = not self._wanted or state.growing or shown is None or view is None
        if off or exhibit is None or exhibit.dataset is None:
            self._take_away(slot)
            return
        # Hovering waits for a millisecond, not for what else is computed.
        self._session.lanes.decode.submit(
            ("thumbnails", slot),
            partial(
                few_in_view,
                shown.positions,
                (view.low, view.high),
                exhibit.labels,
                self._session.hidden_labels,
                exhibit.dataset,
            ),
            on_result=partial(self._take, slot, shown),
            on_error=self._session.tell,
        )

    def _take(self, slot: int, shown: Map, found: InView | None) -> None:
        there = slot < len(self._session.slots) and not self._session.slots[slot].growing
        if not there or self._session.shown_map(slot) is not shown:
            return
        if found is None:
            self._take_away(slot)
        else:
            self._pictured.add(slot)
            self.read.emit(slot, found)

    def _take_away(self, slot: int, *_: object) -> None:
        self._session.lanes.decode.cancel(("thumbnails", slot))
        if slot in self._pictured:
            self._pictured.remove(slot)
            self.read.emit(slot, None)
