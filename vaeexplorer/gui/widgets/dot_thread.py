"""One job at a time on a thread, for what draws: its result can be had before the next event."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal

Job = tuple[Callable[[], Any], Callable[[Any], None]]


class DotThread(QObject):
    """Runs the first half of a job on a thread, and gives what it returns to the second half.

    `ended` is emitted for each job, on the GUI thread; True: its second half has just run.

    Attributes
    ----------
    busy
        Whether a job has not come to its second half.
    """

    ended = Signal(bool)
    _done = Signal()

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.busy = False
        self._result: tuple[Callable[[Any], None], Any] | None = None
        self._done.connect(self._deliver)

    def start(self, job: Job) -> None:
        """Run `job`, unless one is running."""
        if self.busy:
            return
        self.busy = True
        compute, take = job

        def run() -> None:
            try:
                result = compute()
            except Exception as error:
                result = error
            self._result = take, result
            with suppress(RuntimeError):  # the layer is gone: the program is closing
                self._done.emit()

        threading.Thread(target=run, name="dots", daemon=True).start()

    def collect(self) -> bool:
        """Run the second half of a job whose first half is done; whether there was one.

        An error is left to the event loop: it is not that of who happens to draw now.
        """
        if self._result is None or isinstance(self._result[1], Exception):
            return False
        (take, result), self._result = self._result, None
        self.busy = False
        take(result)
        return True

    def _deliver(self) -> None:
        if self._result is not None and isinstance(self._result[1], Exception):
            error, self._result = self._result[1], None
            self.busy = False
            raise error
        self.ended.emit(self.collect())
