"""Writing so that a kill at any moment leaves the former file or the new one.

A writer prepares what it writes under a hidden name beside the target, `.NAME.new-PID-TOKEN`. A
folder that is replaced waits as `.NAME.old-PID-TOKEN`, a deleted one as `.NAME.gone-PID-TOKEN`.
The process number tells leftovers of a dead writer from the work of a living one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIVING_S = 3600.0
"""An aside that is older is a leftover even where a process has its number: numbers return."""

_ASIDE = re.compile(
    r"\.(?P<name>.+)\.(?P<kind>new|old|gone)-(?P<pid>\d{1,10})-[0-9a-f]{8}", re.DOTALL
)

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and save again",
    errno.EDQUOT: "your share of the disk is used up; free some space and save again",
    errno.EFBIG: "the disk takes no files of that size; choose another folder",
    errno.EROFS: "it lies on a read-only disk; choose another folder",
    errno.EACCES: "permission was denied; choose another folder",
    errno.EPERM: "permission was denied; choose another folder",
    errno.ENOTDIR: "a part of its path is not a folder; choose another folder",
    errno.ENAMETOOLONG: "its name is too long; choose a shorter one",
}

_own: set[str] = set()
"""Names of the asides that this process is working on (each is unique by its token)."""


class StorageError(OSError):
    """Something could not be written; the message is one sentence for the user."""


@contextlib.contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a StorageError that says why `path` was not written."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
        raise StorageError(f"{path} could not be written: {reason}.") from error


@dataclass(frozen=True)
class Aside:
    """A hidden name beside `target`: where it is, what it is for, and whose it is."""

    path: Path
    target: Path
    kind: str
    pid: int

    @property
    def living(self) -> bool:
        """Whether its writer may still be at work."""
        try:
            age_s = time.time() - os.lstat(self.path).st_mtime
        except OSError:
            return False
        if self.pid == os.getpid():
            return self.path.name in _own
        return age_s < LIVING_S and process_runs(self.pid)


class Asides:
    """Hidden names beside `target` that count as being worked on while the block lasts."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._taken: list[str] = []

    def __enter__(self) -> Asides:
        return self

    def __exit__(self, *_: object) -> None:
        _own.difference_update(self._taken)

    def name(self, kind: str) -> Path:
        """Return an unused name of `kind` "new", "old" or "gone"; nothing is made there."""
        token = secrets.token_hex(4)
        name = f".{self._target.name}.{kind}-{os.getpid()}-{token}"
        self._taken.append(name)
        _own.add(name)
        return self._target.with_name(name)


def asides(parent: Path, name: str | None = None) -> list[Aside]:
    """All asides in `parent`, or those of `name`, oldest first."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.listdir(parent):
            match = _ASIDE.fullmatch(entry)
            if match and name in (None, match["name"]):
                target = parent / match["name"]
                found.append(Aside(parent / entry, target, match["kind"], int(match["pid"])))
    return sorted(found, key=lambda aside: _modified_ns(aside.path))


def is_aside(name: str) -> bool:
    """Whether a file or folder of this name belongs to a writer."""
    return _ASIDE.fullmatch(name) is not None


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to the file `path`: a kill leaves the former content or the new one.

    Raises
    ------
    StorageError
        The disk is full, read-only, and so on; the former content is untouched.
    """
    with one_sentence(path), Asides(path) as names:
        for aside in asides(path.parent, path.name):
            if aside.kind == "new" and not aside.living:
                remove(aside.path)
        staging = names.name("new")
        try:
            write_synced(staging, data)
            os.replace(staging, path)
        finally:
            remove(staging)
        sync_folder(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write `data` to the new file `path` and wait until the disk has it."""
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in `folder`, where the system can tell."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """Remove the file or folder `path` as far as possible; missing is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def process_runs(pid: int) -> bool:
    """Whether a process with this number runs (where that cannot be known: yes)."""
    if sys.platform == "win32":
        # os.kill(pid, 0) would send it a Ctrl-C there.
        import ctypes

        kernel, code = ctypes.windll.kernel32, ctypes.c_ulong()
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return False
        known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return not known or code.value == 259  # STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _modified_ns(path: Path) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0
