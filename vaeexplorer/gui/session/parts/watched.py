"""Work that is done only while somebody looks at what it brings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from vaeexplorer.gui.session.document import Document
from vaeexplorer.gui.session.parts.stops import Stops


class Watched(QObject):
    """A part whose jobs on the lane of maps, under the key (job, slot), are begun on demand.

    A subclass has `_look`, which begins what a slot lacks that somebody looks at.
    """

    _look: Callable[[int], None]

    def __init__(self, session: Document, job: str) -> None:
        super().__init__(session)
        self._session = session
        self._watched = False
        self._stops = Stops(session.lanes.map, job)

    def close(self) -> None:
        """Stop what has been begun."""
        self._stops.stop_all()

    def watch(self, watched: bool) -> None:
        """Say whether what this brings is looked at: only then is anything begun."""
        self._watched = watched
        if watched:
            for slot in range(len(self._session.slots)):
                self._look(slot)
