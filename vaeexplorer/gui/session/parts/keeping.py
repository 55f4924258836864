"""Keeping: the runs of the library, listed, renamed, copied and deleted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.document import Document
from vaeexplorer.storage import save_run


class Keeping(QObject):
    """Changes the library; the session says so by `runs_changed`. `listed` brings the runs."""

    listed = Signal(object)

    def __init__(self, session: Document) -> None:
        super().__init__(session)
        self._session = session

    def rename(self, path: Path, name: str) -> None:
        """Give a run of the library another name."""
        self._session.change_runs(
            lambda: self._session.library.rename(path, name),
            lambda: self._session.rename(str(path), name),
        )

    def delete(self, path: Path) -> None:
        """Delete a run of the library from the disk. A slot that shows it goes on showing it."""
        self._session.change_runs(lambda: self._session.library.delete(path))

    def copy(self, path: Path, target: Path) -> None:
        """Save a copy of a run of the library as `target`."""
        self._session.change_runs(lambda: self._session.library.copy_to(path, target))

    def list(self) -> None:
        """Read the list of runs; `listed` brings it."""
        self._session.lanes.work.submit(
            "list",
            self._session.library.list,
            on_result=self.listed.emit,
            on_error=self._session.tell,
        )

    def save_copy(self, slot: int, target: Path) -> None:
        """Save the run in `slot` as the folder `target`."""
        exhibit = self._session.slots[slot].exhibit
        if exhibit is not None and exhibit.run is not None:
            run = exhibit.run
            self._session.change_runs(lambda: save_run(run, target))
