"""Work in parts that a second thread lends a hand with, and is never waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")

HELPFUL = 4
"""A thread that computes less than one in so many parts is busy elsewhere."""
REST = 20
"""Asked so many times for parts, nobody shares: the other thread was of no help."""

_JOBS: SimpleQueue[Callable[[], None]] = SimpleQueue()
_STARTING = threading.Lock()
_THREADS: list[threading.Thread] = []
_resting = 0


def worth_sharing() -> bool:
    """Whether to cut work into parts: not while the other thread has been of no help."""
    global _resting
    _resting = max(_resting - 1, 0)
    return not _resting


def shared(count: int, compute: Callable[[int], Result]) -> list[Result]:
    """Return [compute(0), ..., compute(count - 1)], the last ones by another thread.

    That thread begins at the end while this one begins at the start. Where it has begun and not
    ended one, as on a machine that is busy, this thread computes that one too: nobody waits.
    `compute` must give the same whoever calls it, and pays only if it releases the interpreter's
    lock. `worth_sharing` says whether to have more than one part.
    """
    global _resting
    if count == 1:
        return [compute(0)]
    ended: dict[int, Result] = {}
    turn = 0

    def lend() -> None:
        for number in range(count - 1, -1, -1):
            if number <= turn:
                return
            # Whatever goes wrong there goes wrong here too, where it is told.
            with suppress(Exception):
                ended[number] = compute(number)

    _lend(lend)
    results = []
    for number in range(count):
        turn = number
        results.append(ended[number] if number in ended else compute(number))
    turn = count
    _resting = 0 if len(ended) * HELPFUL >= count else REST
    return results


def _lend(job: Callable[[], None]) -> None:
    with _STARTING:
        if not _THREADS:
            _THREADS.append(threading.Thread(target=_work, name="sharing", daemon=True))
            _THREADS[0].start()
    _JOBS.put(job)


def _work() -> None:
    while True:
        _JOBS.get()()
