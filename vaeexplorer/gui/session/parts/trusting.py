"""Trusting: how far every map that is shown can be trusted, once it rests."""

from __future__ import annotations

import threading
from collections.abc import Generator
from functools import partial

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.probing import Probing
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.latent.alignment import AlignedMap
from vaeexplorer.latent.map_trust import MapTrust, measure_trust
from vaeexplorer.latent.projection import Map


class Trusting(QObject):
    """Judges every map. `judged` brings a slot's MapTrust, or None while there is none."""

    judged = Signal(int, object)

    def __init__(self, session: Probing) -> None:
        super().__init__(session)
        self._session = session
        self._judged: dict[int, tuple[Map, MapTrust | None]] = {}
        for signal in (session.exhibit_changed, session.map_changed, session.map_grew):
            signal.connect(self._distrust)
        # Behind the lift: the cursor comes first.
        session.surveyed.connect(self._judge)

    def _distrust(self, slot: int, *_: object) -> None:
        self._session.lanes.map.cancel(("trust", slot))
        self.judged.emit(slot, None)

    def _judge(self, slot: int, *_: object) -> None:
        exhibit, shown = self._session.slots[slot].exhibit, self._session.shown_map(slot)
        if exhibit is None or shown is None:
            return
        # Turned onto another map it has the same neighbours.
        own = shown.raw if isinstance(shown, AlignedMap) else shown
        known = self._judged.get(slot)
        if known is not None and known[0] is own:
            self.judged.emit(slot, known[1])
            return
        codes = exhibit.codes[main_space(exhibit)].mean
        stop = threading.Event()

        def job() -> Generator[float, None, MapTrust | None]:
            measuring = measure_trust(codes, own.positions)
            while True:
                self._session.give_way(stop)
                try:
                    yield next(measuring)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]

        self._session.lanes.map.submit(
            ("trust", slot),
            job,
            on_result=partial(self._trusted, slot, own),
            on_error=self._session.tell,
        )

    def _trusted(self, slot: int, own: Map, trust: MapTrust | None) -> None:
        shown = self._session.shown_map(slot) if slot < len(self._session.slots) else None
        if shown is own or (isinstance(shown, AlignedMap) and shown.raw is own):
            self._judged[slot] = own, trust
            self.judged.emit(slot, trust)
