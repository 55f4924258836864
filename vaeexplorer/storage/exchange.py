"""Replacing a run's folder by another in one step, and taking up an exchange that was cut off.

No system renames a folder over a full one, so there is a moment with the former folder aside and
the new one not yet in place. Who finds that state of a dead writer moves the former one back; who
finds that of a living one reads the former one where it is.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from vaeexplorer.storage.atomic import (
    Aside,
    Asides,
    StorageError,
    asides,
    is_aside,
    one_sentence,
    remove,
    sync_folder,
    write_synced,
)

DESCRIPTION = "run.json"
WEIGHTS = "model.safetensors"
CODES = "codes.npz"
MARK = "vae-explorer run"
"""Says that a run.json is ours."""

_OURS = frozenset({DESCRIPTION, WEIGHTS, CODES})
_MARK_WITHIN = 65_536
TURNS = threading.RLock()
"""Held while a folder is moved, and while a library is listed: a listing reads one name after the
other, and would miss a run that is moved meanwhile. Other processes are met by trying again."""

_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
_ATTEMPTS = 20


def is_run(folder: Path) -> bool:
    """Whether `folder` holds a run, damaged or not: reads the start of run.json only."""
    description = folder / DESCRIPTION
    try:
        if not description.is_file():  # opening a pipe of that name would wait for ever
            return False
        with open(description, "rb") as file:
            return f'"{MARK}"'.encode() in file.read(_MARK_WITHIN)
    except (OSError, ValueError):
        return False


class ChangedError(StorageError):
    """The run to be replaced is not the expected one any more."""


def exchange(folder: Path, files: Mapping[str, bytes], expected: bytes | None = None) -> None:
    """Make `folder` a run's folder with `files`, in place of the run that is there, if any.

    Files in the former folder that are not of a run are kept.

    Raises
    ------
    ChangedError
        There is no run whose run.json is `expected`, where that is given.
    StorageError
        What is there is not a run, or the disk refuses; it is untouched then.
    """
    with one_sentence(folder), Asides(folder) as names:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TURNS:
            settle(folder)
            _refuse_others(folder)
        staging, formers = names.name("new"), list[Path]()
        try:
            _fill(staging, files)
            with TURNS:
                try:
                    _move_in(staging, folder, names, formers, expected)
                finally:
                    if formers and not os.path.lexists(folder):
                        with contextlib.suppress(OSError):
                            os.rename(formers[-1], folder)
        finally:
            remove(staging)
        sync_folder(folder.parent)
        for former in formers:
            _retire(former, folder)


def place(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Make a run's folder with `files` at `folder` or, where taken, `folder-2`, `folder-3` ...

    Two processes that ask for the same name get two folders.
    """
    with one_sentence(folder), Asides(folder) as names:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = names.name("new")
        try:
            _fill(staging, files)
            for number in count(1):
                path = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
                if _take(staging, path):
                    break
        finally:
            remove(staging)
        sync_folder(folder.parent)
    return path


def discard(folder: Path) -> None:
    """Delete `folder`: at once for a reader, whatever the deleting takes."""
    with one_sentence(folder), Asides(folder) as names:
        settle(folder)
        gone = names.name("gone")
        os.rename(folder, gone)
        sync_folder(folder.parent)
        remove(gone)


def current(target: Path) -> Path:
    """Where the content of `target` is now; as `settle`, but looks no further where it is there."""
    return target if os.path.lexists(target) else settle(target)


def settle(target: Path) -> Path:
    """Take up what dead writers of `target` left; return where its content is now.

    That is `target`, or the former folder where another process is exchanging it at this moment
    or where the disk is read-only.
    """
    left = asides(target.parent, target.name)
    if not left:
        return target
    if not os.path.lexists(target):
        formers = [aside for aside in left if aside.kind == "old" and is_run(aside.path)]
        if formers and not _moved_back(formers[-1]):
            return target if os.path.lexists(target) else formers[-1].path
    for aside in left:
        if not aside.living:
            _clean(aside)
    return target


def _moved_back(former: Aside) -> bool:
    if former.living:
        return False
    try:
        os.rename(former.path, former.target)
    except OSError:
        return False
    return True


def _clean(aside: Aside) -> None:
    if aside.kind != "old" or _is_remainder(aside.path):
        remove(aside.path)
    elif is_run(aside.target):  # else it may be the only copy
        _retire(aside.path, aside.target)


def _is_remainder(former: Path) -> bool:
    """Whether a former folder was being removed: its run.json is gone, and all that is not ours."""
    try:
        names = set(os.listdir(former))
    except OSError:
        return False
    return names <= _OURS - {DESCRIPTION}


def _refuse_others(folder: Path) -> None:
    if not os.path.lexists(folder) or is_run(folder):
        return
    with contextlib.suppress(FileNotFoundError):  # another process has just put it aside
        if folder.name and folder.is_dir() and not os.listdir(folder):
            return
    if os.path.lexists(folder) and not is_run(folder):
        raise StorageError(
            f"{folder} exists and is not a run of vae-explorer: choose another folder."
        )


def _fill(staging: Path, files: Mapping[str, bytes]) -> None:
    staging.mkdir()
    for name, data in files.items():
        write_synced(staging / name, data)
    sync_folder(staging)


def _move_in(
    staging: Path, folder: Path, names: Asides, formers: list[Path], expected: bytes | None
) -> None:
    for _ in range(_ATTEMPTS):
        if os.path.lexists(folder):
            former = names.name("old")
            with contextlib.suppress(OSError):
                os.utime(folder)  # the age of an aside counts from here
            try:
                os.rename(folder, former)
            except FileNotFoundError:  # another process has just put it aside
                continue
            formers.append(former)
        # Compared here, where no other writer reaches the former folder any more.
        if expected is not None and not (
            formers and (formers[-1] / DESCRIPTION).read_bytes() == expected
        ):
            raise ChangedError(f"{folder} was changed by another program: try again.")
        if _renamed(staging, folder):
            return
    raise StorageError(f"{folder} could not be written: another program keeps writing it.")


def _take(staging: Path, path: Path) -> bool:
    # A name whose exchange is under way is missing for a moment and yet taken.
    others = (aside for aside in asides(path.parent, path.name) if aside.path != staging)
    if os.path.lexists(path) or any(others):
        return False
    return _renamed(staging, path)


def _renamed(staging: Path, path: Path) -> bool:
    """Rename, unless another writer has put something there first."""
    try:
        os.rename(staging, path)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def _retire(former: Path, folder: Path) -> None:
    """Remove a replaced folder, after moving what is not ours from it into `folder`."""
    with contextlib.suppress(OSError):
        for name in os.listdir(former):
            if name in _OURS or is_aside(name):
                continue
            if not os.path.lexists(folder / name):
                os.rename(former / name, folder / name)
        # First: what is left of it if we die here must not look like a run.
        (former / DESCRIPTION).unlink(missing_ok=True)
        remove(former)
