"""Work on the GUI thread in small pieces, so that the window paints and listens in between."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

AFTER_PAINTING = -2
"""Priority of an event that comes after requests to paint, whose priority is -1."""

Piece = Callable[[], object]


class Turns(QObject):
    """Does pieces of work, each once what the one before it changed has been painted.

    A piece takes the place of one of the same owner and key that has not had its turn yet, and is
    left undone where its owner is gone by then.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pieces: dict[tuple[QObject, Hashable], Piece] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._wait_for_painting)
        self._asked = False

    def busy(self, owner: QObject | None = None) -> bool:
        """Whether a piece waits for its turn: one of `owner`, or any."""
        return any(owner is None or who is owner for who, _ in self._pieces)

    def add(self, owner: QObject, key: Hashable, piece: Piece) -> None:
        """Do `piece` when its turn comes, after those that wait."""
        self._pieces[owner, key] = piece
        if not self._asked:
            self._asked = True
            self._timer.start(0)

    def drop(self, owner: QObject, key: Hashable) -> None:
        """Leave the piece of that owner and key undone."""
        self._pieces.pop((owner, key), None)

    def _wait_for_painting(self) -> None:
        QCoreApplication.postEvent(self, QEvent(QEvent.Type.User), AFTER_PAINTING)

    def customEvent(self, event: QEvent) -> None:
        """Do the next piece; what mouse and keys do comes before the one after it."""
        del event
        self._asked = False
        self._do_next()
        if self._pieces and not self._asked:
            self._asked = True
            self._timer.start(0)

    def _do_next(self) -> None:
        while self._pieces:
            owner, key = next(iter(self._pieces))
            piece = self._pieces.pop((owner, key))
            if shiboken6.isValid(owner):
                piece()
                break


_queues: WeakKeyDictionary[QCoreApplication, Turns] = WeakKeyDictionary()


def turns() -> Turns:
    """Return the one queue of the program: what is seen changes in one place at a time."""
    app = QCoreApplication.instance()
    assert app is not None
    if app not in _queues:
        _queues[app] = Turns(app)
    return _queues[app]


def paint_in_turn(widget: QWidget) -> None:
    """Have all of `widget` painted in a turn of its own; until then it looks as it did.

    At once where the window itself is another size: nothing of what it showed is there any more.
    """
    window = widget.window()
    if widget.isVisible() and window.backingStore().size() == window.size():
        widget.setUpdatesEnabled(False)
        turns().add(widget, "paint", partial(widget.setUpdatesEnabled, True))
    else:
        widget.update()
