"""Describing: what the codes of every slot are like, found beside the window's own thread."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.document import Document
from vaeexplorer.jobs.describing import CodesDescription, describe_codes
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Codes, Exhibit


class Describing(QObject):
    """Goes through the codes of what enters a slot. `described` brings its CodesDescription."""

    described = Signal(int, object)

    def __init__(self, session: Document) -> None:
        super().__init__(session)
        self._session = session
        self._known: dict[int, tuple[Codes, CodesDescription]] = {}
        session.exhibit_changed.connect(self._describe)

    def of(self, slot: int) -> CodesDescription | None:
        """Return what is known of the codes explored in `slot`; None while that is not yet."""
        codes, found = self._known.get(slot, (None, None))
        return found if codes is not None and codes is self._explored(slot) else None

    def _explored(self, slot: int) -> Codes | None:
        slots = self._session.slots
        exhibit = slots[slot].exhibit if slot < len(slots) else None
        return None if exhibit is None else exhibit.codes[main_space(exhibit)]

    def _describe(self, slot: int, exhibit: Exhibit | None) -> None:
        del exhibit
        self._session.lanes.work.cancel(("describe", slot))
        self._known.pop(slot, None)
        codes = self._explored(slot)
        if codes is not None:
            self._session.lanes.work.submit(
                ("describe", slot),
                partial(describe_codes, codes),
                on_result=partial(self._take, slot, codes),
                on_error=self._session.tell,
                urgent=True,
            )

    def _take(self, slot: int, codes: Codes, found: CodesDescription) -> None:
        if codes is self._explored(slot):
            self._known[slot] = codes, found
            self.described.emit(slot, found)
