"""One job at a time on a thread, for what draws: its result can be had before the next event."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import SimpleQueue
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Signal

NICENESS = 10
"""What it draws is waited for by nobody: where both cores are busy, the window comes first."""

Job = tuple[Callable[[], Any], Callable[[Any], None]]


class Bell(QObject):
    """Tells the GUI thread that a job is done.

    It outlives whatever is drawn: a signal of what is deleted while a thread emits it, as a map
    that is closed may be, would end the program.
    """

    rung = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.rung.connect(self._answer)

    def _answer(self, thread: DotThread) -> None:
        if shiboken6.isValid(thread):
            thread.deliver()


bell = cache(Bell)
"""The only one, made by the first who asks, on the GUI thread."""

_IDLE: deque[SimpleQueue[Callable[[], None]]] = deque()
"""What threads that have nothing to do wait for."""


def _on_a_thread(run: Callable[[], None]) -> None:
    """Call `run`, which raises nothing, on a thread that waits for work; on a new one if none does.

    Who starts a thread waits until it runs: for milliseconds, where both cores are busy.
    """
    try:
        work = _IDLE.pop()
    except IndexError:
        work = SimpleQueue()
        threading.Thread(target=_serve, args=(work,), name="dots", daemon=True).start()
    work.put(run)


def _serve(work: SimpleQueue[Callable[[], None]]) -> None:
    if sys.platform == "linux":  # elsewhere that is of whole programs
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    while True:
        work.get()()
        _IDLE.append(work)


class DotThread(QObject):
    """Runs the first half of a job on a thread, and gives what it returns to the second half.

    `ended` is emitted for each job, on the GUI thread; True: its second half has just run.

    Attributes
    ----------
    busy
        Whether a job has not come to its second half.
    """

    ended = Signal(bool)

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.busy = False
        self._result: tuple[Callable[[Any], None], Any] | None = None
        self._bell = bell()

    def start(self, job: Job) -> None:
        """Run `job`, unless one is running."""
        if self.busy:
            return
        self.busy = True
        compute, take = job
        ring = self._bell.rung

        def run() -> None:
            try:
                result = compute()
            except Exception as error:
                result = error
            self._result = take, result
            with suppress(RuntimeError):  # the program is closing
                ring.emit(self)

        _on_a_thread(run)

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

    def deliver(self) -> None:
        """Run the second half of a job, unless that has been done."""
        if self._result is not None and isinstance(self._result[1], Exception):
            error, self._result = self._result[1], None
            self.busy = False
            raise error
        self.ended.emit(self.collect())
