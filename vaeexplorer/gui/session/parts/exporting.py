"""Exporting: a map as a picture, as circles or as a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from vaeexplorer.drawing.map_files import DrawnMap, as_csv, as_svg
from vaeexplorer.gui.session.document import Document
from vaeexplorer.run import Exhibit
from vaeexplorer.storage import write_atomically

translate = QCoreApplication.translate

FORMATS = (".png", ".svg", ".csv")


class Exporting(QObject):
    """Writes maps. `written` brings a sentence once a file is there."""

    written = Signal(str)

    def __init__(self, session: Document) -> None:
        super().__init__(session)
        self._session = session

    def write(self, slot: int, path: Path, drawn: DrawnMap, png: Callable[[], bytes]) -> None:
        """Write the map of `slot` to `path`; what its name ends in decides about the format.

        `png` returns what is seen, as a file; `drawn` is the same for the other formats.
        """
        exhibit = self._session.slots[slot].exhibit
        if exhibit is None:
            return
        if path.suffix.lower() not in FORMATS:
            self._session.failed.emit(
                translate(
                    "Session", "{name} was not written: let its name end in .png, .svg or .csv."
                ).format(name=path.name)
            )
            return
        self._session.save(
            partial(_write, exhibit, path, drawn, png),
            lambda _: self.written.emit(
                translate("Session", "The map was saved as {path}.").format(path=path)
            ),
        )


def _write(exhibit: Exhibit, path: Path, drawn: DrawnMap, png: Callable[[], bytes]) -> None:
    suffix = path.suffix.lower()
    if suffix == ".svg":
        data = as_svg(drawn).encode()
    elif suffix == ".csv":
        data = as_csv(drawn.positions, exhibit.labels, exhibit.label_names, drawn.shown).encode()
    else:
        data = png()
    write_atomically(path, data)
