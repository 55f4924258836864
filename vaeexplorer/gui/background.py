"""Lanes: work on a thread, answers on the GUI thread.

A job is a function or a generator function without arguments. Of a generator, each yield is a
report of progress and a cancel point, and what it returns is the result.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from vaeexplorer.gui import plain_imports

log = logging.getLogger(__name__)


def _ignore(_: Any) -> None:
    """Stand in for an answer that nobody waits for."""


@dataclass(eq=False)
class Ticket:
    """One submitted job. After `cancel` none of its callbacks runs."""

    key: Hashable
    job: Callable[[], Any]
    on_result: Callable[[Any], None]
    on_progress: Callable[[Any], None]
    on_error: Callable[[Exception], None]
    urgent: bool
    lasting: bool
    cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Drop the job if it waits, stop it at its next yield if it runs, mute it if it is done."""
        self.cancelled.set()


class Lane(QObject):
    """One thread that runs jobs one after another, in order, urgent ones first.

    A job that waits is replaced by a newer one of the same key: the latest wins on the way in,
    and what was computed is always delivered. `before` is called on the thread before each job.
    """

    _answered = Signal(object, object)

    def __init__(
        self, name: str, parent: QObject | None = None, before: Callable[[], None] | None = None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self._before = before
        self._waiting: dict[Hashable, Ticket] = {}
        self._running: Ticket | None = None
        # How many answers of a job are on their way: it may be done long before they arrive.
        self._unheard: dict[Ticket, int] = {}
        self._closing = False
        self._changed = threading.Condition()
        self._idle = threading.Event()
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name=f"lane-{name}", daemon=True)
        self._thread.start()

    def submit(
        self,
        key: Hashable,
        job: Callable[[], Any],
        *,
        on_result: Callable[[Any], None] = _ignore,
        on_progress: Callable[[Any], None] = _ignore,
        on_error: Callable[[Exception], None],
        urgent: bool = False,
        lasting: bool = False,
    ) -> Ticket:
        """Run `job` when its turn comes; its answers arrive on the GUI thread.

        A `lasting` job that still waits when the lane closes is done before the thread ends.
        """
        ticket = Ticket(key, job, on_result, on_progress, on_error, urgent, lasting)
        with self._changed:
            self._waiting[key] = ticket
            self._changed.notify()
        return ticket

    def cancel(self, key: Hashable) -> None:
        """Cancel the waiting and the running job of `key`, and mute those that are done."""
        with self._changed:
            waiting = self._waiting.pop(key, None)
            known = (waiting, self._running, *self._unheard)
        for ticket in known:
            if ticket is not None and ticket.key == key:
                ticket.cancel()

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits, or an answer of one is still on its way."""
        with self._changed:
            return self._running is not None or bool(self._waiting or self._unheard)

    def has(self, key: Hashable) -> bool:
        """Whether a job of `key` waits, runs or is to be heard, and is still wanted."""
        with self._changed:
            jobs = (self._waiting.get(key), self._running, *self._unheard)
        return any(job and job.key == key and not job.cancelled.is_set() for job in jobs)

    def settle(self, timeout_s: float) -> bool:
        """Let the lane work undisturbed until it has nothing to do; False if it has, after that."""
        with self._changed:
            if self._running is None and not self._waiting:
                return True
            self._idle.clear()
        return self._idle.wait(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Cancel what does not last and wait for the thread; False if it did not end in time."""
        with self._changed:
            self._closing = True
            for key, ticket in list(self._waiting.items()):
                if not ticket.lasting:
                    ticket.cancel()
                    del self._waiting[key]
            if self._running is not None:
                self._running.cancel()
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _next(self) -> Ticket | None:
        """Wait for a job and take it; None when the lane closes."""
        with self._changed:
            self._running = None
            if not self._waiting:
                self._idle.set()
            self._changed.wait_for(lambda: self._closing or bool(self._waiting))
            if not self._waiting:
                return None
            urgent = (key for key, ticket in self._waiting.items() if ticket.urgent)
            self._running = self._waiting.pop(next(urgent, next(iter(self._waiting))))
            return self._running

    def _work(self) -> None:
        while (ticket := self._next()) is not None:
            if ticket.cancelled.is_set():
                continue
            try:
                with plain_imports():
                    result = self._run(ticket)
                self._answer(ticket, ticket.on_result, result)
            except Exception as error:  # every failure of a job is its owner's to show
                log.debug("job %r failed", ticket.key, exc_info=True)
                self._answer(ticket, ticket.on_error, error)

    def _run(self, ticket: Ticket) -> Any:
        if self._before is not None:
            self._before()
        outcome = ticket.job()
        if not isinstance(outcome, Generator):
            return outcome
        while True:
            try:
                progress = next(outcome)
            except StopIteration as stop:
                return stop.value
            if ticket.cancelled.is_set():
                outcome.close()
                return None
            self._answer(ticket, ticket.on_progress, progress)

    def _answer(self, ticket: Ticket, callback: Callable[[Any], None], value: Any) -> None:
        if ticket.cancelled.is_set() or callback is _ignore:
            return
        with self._changed:
            self._unheard[ticket] = self._unheard.get(ticket, 0) + 1
        try:
            self._answered.emit(ticket, (callback, value))
        except RuntimeError:  # the QObject is gone: the program is closing
            ticket.cancel()

    @Slot(object, object)
    def _deliver(self, ticket: Ticket, answer: tuple[Callable[[Any], None], Any]) -> None:
        with self._changed:
            self._unheard[ticket] -= 1
            if not self._unheard[ticket]:
                del self._unheard[ticket]
        if not ticket.cancelled.is_set() and not self._closing:
            callback, value = answer
            callback(value)


class Collector(QObject):
    """Runs Python's garbage collector on the GUI thread, and nowhere else, until it is closed.

    Left alone it runs in whichever thread happens to allocate. A widget that is part of a cycle is
    then deleted by a lane, and Qt crashes: its timers cannot be stopped from another thread.

    While a lane imports, nothing is collected, and what a large import has brought is never gone
    through: it stays for good, and torch alone would hold up the window for a fifth of a second.
    """

    PERIOD_MS = 500
    MANY_MODULES = 100

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modules = self._frozen = len(sys.modules)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._collect)
        self._timer.start(self.PERIOD_MS)
        gc.disable()

    def _collect(self) -> None:
        modules = len(sys.modules)
        if modules != self._modules:
            self._modules = modules
            return
        if modules > self._frozen + self.MANY_MODULES:
            gc.freeze()
            self._frozen = modules
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def close(self) -> None:
        """Leave the collector to Python again."""
        self._timer.stop()
        gc.enable()
