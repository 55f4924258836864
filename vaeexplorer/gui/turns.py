"""Work on the GUI thread in small pieces, so that the window paints and listens in between."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

AFTER_PAINTING = -2
"""Priority of an event that comes after requests to paint, whose priority is -1."""

Piece = Callable[[], object]


class Turns(QObject):
    """Does pieces of work, each once what the one before it changed has been painted.

    A piece takes the place of one of the same key that has not had its turn yet. They go with
    their parent; `done` says that none is left.
    """

    done = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pieces: dict[Hashable, Piece] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._wait_for_painting)

    @property
    def busy(self) -> bool:
        """Whether a piece waits for its turn."""
        return bool(self._pieces)

    def add(self, key: Hashable, piece: Piece) -> None:
        """Do `piece` when its turn comes."""
        if not self._pieces:
            self._timer.start(0)
        self._pieces[key] = piece

    def drop(self, key: Hashable) -> None:
        """Leave the piece of `key` undone."""
        self._pieces.pop(key, None)

    def _wait_for_painting(self) -> None:
        QCoreApplication.postEvent(self, QEvent(QEvent.Type.User), AFTER_PAINTING)

    def customEvent(self, event: QEvent) -> None:
        """Do the next piece; mouse and keys come before the one after it."""
        del event
        if self._pieces:
            self._pieces.pop(next(iter(self._pieces)))()
        if self._pieces:
            self._timer.start(0)
        else:
            self.done.emit()
