"""The projection process: UMAP where it can neither stall the window nor outlive it.

In a thread UMAP holds the GIL for seconds, and it can be neither stopped nor asked how far it is;
a process of its own can simply be killed. It runs `latent.worker`, started as a fresh program that
knows nothing of the user's script, and inherits one end of a private connection as its standard
input: there is no address to guess, no key to hand over, no file to leave behind, and each side
learns at once when the other one dies.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.projection import Map, ProjectionError, check_codes, pca_map
from vaeexplorer.latent.worker import METHODS

WORKER_FLAG = "--projection-worker"
"""What the frozen program is started with to become the projection process."""

PROGRESS_S = 0.1
"""Seconds between two reports: the longest that a fit takes to notice that it is closed."""

STOP_S = 0.06
"""Seconds that a process is given to give up a fit that is closed, before it is ended."""

LAST_BREATH_S = 1.0
"""Seconds that a process which has hung up is given to say by its exit code why."""

FEWEST_CODES = 4
"""Below this many codes there is no neighbourhood to keep, and PCA stands for UMAP."""


@dataclass(frozen=True)
class UmapSettings:
    """What UMAP is told.

    Attributes
    ----------
    neighbours
        Codes that count as near, >= 2, itself included; fewer where there are not so many.
    min_dist
        Smallest distance between dots, in units of the map, in [0, 1].
    epochs
        Passes of the layout, >= 1; None: 500 up to 2,000 codes ("umap-learn": 10,000), else 200.
    seed
        Equal seeds give equal maps on one machine.
    sample
        Codes that are mapped, >= 4; the others are placed by their 3 nearest ones. None: all.
    """

    neighbours: int = 15
    min_dist: float = 0.1
    epochs: int | None = None
    seed: int = 0
    sample: int | None = None


class FitProgress(NamedTuple):
    """How far a fit is.

    Attributes
    ----------
    message
        What it does.
    fraction
        Share in [0, 1] that is done; None where unknown.
    elapsed_s
        Seconds since it began.
    seconds_left
        Until it is done; None where unknown.
    positions
        float32, (n, 2): where the dots are, where that is news; else None.
    """

    message: str
    fraction: float | None
    elapsed_s: float
    seconds_left: float | None = None
    positions: NDArray[np.float32] | None = None


class ProjectionProcess:
    """Owner of the projection process. One fit at a time; `close` it when done.

    The process is started at need, so that `start` only saves time. It keeps the neighbours that
    it found last: a fit of the same codes with another min_dist, seed or number of epochs computes
    only the layout. After a crash, or where a cancelled fit did not end in time, the next fit gets
    a new process.
    """

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._closed = False
        self._ownership = threading.Lock()
        self._fitting = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Id of the process; None while there is none."""
        child = self._child
        return None if child is None else child.process.pid

    def start(self) -> None:
        """Start the process and let it load UMAP, without waiting for either.

        Raises
        ------
        ProjectionError
            If the process cannot be started, or after `close`.
        """
        child = self._running_child()
        try:
            child.connection.send(("warm-up",))
        except OSError as error:
            self._end_child()
            raise ProjectionError(child.obituary()) from error

    def fit(
        self,
        codes: NDArray[np.float32],
        method: str = "umap",
        settings: UmapSettings | None = None,
    ) -> Generator[FitProgress, None, Map]:
        """Map codes, reporting at least every 100 ms; closing the generator ends the work at once.

        While "umap" lays out, reports come up to 20 times a second and bring the positions.

        Parameters
        ----------
        codes
            float32, (n, size).
        method
            "umap", "umap-learn" (the reference: slow, without frames), or "pca" (which is quick
            enough to need no process: for tests).
        settings
            Default: `UmapSettings()`.

        Returns
        -------
        Map
            Of the asked method, except that codes which UMAP cannot tell apart (fewer than 4, or
            all equal) get a PCA map whose setting "fallback" says why.

        Raises
        ------
        InputError
            If there are no codes or some are not finite.
        ProjectionError
            If the fit failed, the process died, or another fit is running.
        """
        if method not in METHODS:
            raise ValueError(f"Unknown projection method: {method}.")
        codes = np.ascontiguousarray(codes, np.float32)
        check_codes(codes)
        reason = _why_pca(codes)
        if reason:
            quick = pca_map(codes)
            return replace(quick, settings={**quick.settings, "fallback": reason})
        if not self._fitting.acquire(blocking=False):
            raise ProjectionError("Another map is being computed; wait for it or stop it first.")
        try:
            request = ("fit", method, codes, asdict(settings or UmapSettings()))
            return (yield from self._converse(request))
        finally:
            self._fitting.release()

    def close(self) -> None:
        """End the process for good, also while another thread iterates a fit."""
        with self._ownership:
            self._closed = True
        self._end_child()

    def _running_child(self) -> _Child:
        with self._ownership:
            if self._closed:
                raise ProjectionError("The projection process has been closed.")
            if self._child is not None and self._child.process.poll() is not None:
                self._child.end()
                self._child = None
            if self._child is None:
                self._child = _Child()
            return self._child

    def _end_child(self) -> None:
        with self._ownership:
            child, self._child = self._child, None
        if child is not None:
            child.end()

    def _converse(self, request: tuple[Any, ...]) -> Generator[FitProgress, None, Map]:
        started = time.monotonic()
        child = self._running_child()
        answered = False
        try:
            if not child.ready:
                yield from _await_answer(child, "starting", started)
                child.ready = True
            child.connection.send(request)
            kind, *answer = yield from _await_answer(child, "computing", started)
            answered = True
        except (EOFError, OSError) as error:
            raise ProjectionError(child.obituary()) from error
        finally:
            if not answered and not child.stop():
                self._end_child()
        if kind == "failed":
            sentence, details = answer
            failure = ProjectionError(sentence)
            failure.add_note(details)
            raise failure
        return Map(*answer)


def _await_answer(
    child: _Child, message: str, started: float
) -> Generator[FitProgress, None, tuple[Any, ...]]:
    """Report progress until another message comes, and return that."""
    fraction = seconds_left = None
    while True:
        received = child.receive(PROGRESS_S)
        positions = None
        is_news = received is None
        # Where they are drawn more slowly than they come, only the newest frame counts.
        while received is not None and received[0] == "progress":
            is_news = True
            _, message, fraction, seconds_left, frame = received
            positions = positions if frame is None else frame
            received = child.receive(0)
        if is_news:
            elapsed_s = time.monotonic() - started
            yield FitProgress(message, fraction, elapsed_s, seconds_left, positions)
        if received is not None:
            return received


def _why_pca(codes: NDArray[np.float32]) -> str | None:
    """Why UMAP cannot map these codes, in a few words; None if it can."""
    if len(codes) < FEWEST_CODES:
        return f"fewer than {FEWEST_CODES} codes"
    if not np.ptp(codes, axis=0).any():
        return "all codes are equal"
    return None


class _Child:
    """One projection process, as seen from outside."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        stdin = _duplicate(theirs)
        try:
            self.process = subprocess.Popen(
                _command(),
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                creationflags=_creation_flags(),
            )
        except OSError as error:
            self.connection.close()
            raise ProjectionError(f"The projection process cannot be started: {error}.") from error
        finally:
            os.close(stdin)
            theirs.close()
        self.ready = False
        self._reading = threading.Lock()
        # Also runs when this object is forgotten, and when the program exits.
        self.end = weakref.finalize(self, _end, self.process, self.connection, self._reading)

    def receive(self, timeout_s: float) -> tuple[Any, ...] | None:
        """Next message, or None if none comes in time; EOFError or OSError if none can come."""
        with self._reading:
            if not self.connection.poll(timeout_s):
                return None
            message: tuple[Any, ...] = self.connection.recv()
            return message

    def stop(self) -> bool:
        """Stop the fit; whether the process gave it up in time, and so can serve the next one."""
        give_up = time.monotonic() + STOP_S
        try:
            self.connection.send(("stop",))
            while (left_s := give_up - time.monotonic()) > 0:
                message = self.receive(left_s)
                if message is not None and message[0] == "stopped":
                    return True
        except (EOFError, OSError):
            return False
        return False

    def obituary(self) -> str:
        """One sentence on how a process ended that was not asked to."""
        try:
            code = self.process.wait(LAST_BREATH_S)
        except subprocess.TimeoutExpired:
            how = "it stopped answering"
        else:
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        return (
            f"The projection process ended unexpectedly ({how}); "
            "try again, with fewer images if memory is short."
        )


def _end(
    process: subprocess.Popen[bytes], connection: Connection[Any, Any], reading: threading.Lock
) -> None:
    # Killed, not asked: it holds nothing worth saving. Its end wakes whoever reads from it.
    process.kill()
    process.wait()
    with reading:
        connection.close()


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_FLAG]
    # -P: a umap.py that happens to lie in the user's folder is not ours to import.
    return [sys.executable, "-P", "-W", "ignore", "-m", "vaeexplorer.latent.worker"]


def _environment() -> dict[str, str]:
    """Return the environment, with a path on which the process finds what is found here."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path}


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
    return 0


def _duplicate(connection: Connection[Any, Any]) -> int:
    """Return a file descriptor of its own for `connection`, to be a child's standard input."""
    if sys.platform == "win32":
        import msvcrt
        from multiprocessing.reduction import duplicate

        return msvcrt.open_osfhandle(duplicate(connection.fileno()), os.O_RDWR)
    return os.dup(connection.fileno())
