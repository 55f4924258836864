"""A run as a folder: model.safetensors, run.json and codes.npz."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from vaeexplorer.data.dataset import InputError
from vaeexplorer.run import Run
from vaeexplorer.storage.arrays import codes_bytes, read_weights, weights_bytes, with_arrays
from vaeexplorer.storage.atomic import StorageError
from vaeexplorer.storage.description import (
    LARGEST_DESCRIPTION,
    Description,
    FileRecord,
    description_bytes,
    load_document,
    parse,
    printable,
    to_bytes,
)
from vaeexplorer.storage.exchange import (
    CODES,
    DESCRIPTION,
    WEIGHTS,
    ChangedError,
    current,
    exchange,
)
from vaeexplorer.storage.fields import DamagedError, damaged

_LARGEST_FILE = 2**32
_ATTEMPTS = 20

T = TypeVar("T")


def save_run(run: Run, folder: Path) -> None:
    """Write `run` as the folder `folder`, in place of the run that is there, if any.

    A kill at any moment leaves the former run or this one. Files in `folder` that are not of a
    run are kept. In `run.config.model` and the settings of maps, lists come back as tuples.

    Raises
    ------
    StorageError
        `folder` is something else than a run, the run is not whole (its codes do not fit its
        data, its weights are not finite ...), or the disk refuses. What was there is untouched.
    """
    folder = Path(os.path.realpath(folder))
    exchange(folder, run_files(run, folder))


def load_run(folder: Path) -> Run:
    """Read the run in `folder`; takes up a saving that was cut off by a kill.

    Raises
    ------
    InputError
        It is not a run, of a newer format, or damaged.
    """
    return steadily(folder, lambda place: _assemble(place, _contents(place)))


def rename_run(folder: Path, name: str) -> None:
    """Change the name in run.json, as atomically as save_run, and never that of another run.

    Raises
    ------
    InputError
        As for load_run.
    StorageError
        As for save_run.
    """
    folder = Path(os.path.realpath(folder))
    for _ in range(_ATTEMPTS):
        files = steadily(folder, _contents)
        document = load_document(folder / DESCRIPTION, files[DESCRIPTION])
        renamed = {**files, DESCRIPTION: to_bytes({**document, "name": printable(name)})}
        _assemble(folder, renamed)
        with contextlib.suppress(ChangedError):  # saved anew while we read: rename that one
            return exchange(folder, renamed, expected=files[DESCRIPTION])
    raise StorageError(f"{folder} was not renamed: another program keeps writing it.")


def steadily(folder: Path, read: Callable[[Path], T]) -> T:
    """`read` of where the run of `folder` is, again if it was replaced during the reading."""
    folder = Path(os.path.realpath(folder))
    for _ in range(_ATTEMPTS):
        place = current(folder)
        before = _identity(place)
        try:
            return read(place)
        except (InputError, OSError) as error:
            if _identity(current(folder)) != before:
                continue
            if isinstance(error, InputError):
                raise
            reason = error.strerror or type(error).__name__
            raise InputError(f"{folder} could not be read ({reason}): check it.") from error
    raise InputError(f"{folder} is being written all the time: try again when that is done.")


def run_files(run: Run, folder: Path) -> dict[str, bytes]:
    """Content of the files of `run` by name, known to be readable again.

    Raises
    ------
    StorageError
        The run is not whole; `folder` is named in the message.
    """
    try:
        files = {WEIGHTS: weights_bytes(run.weights)}
        codes = codes_bytes(run)
        if codes is not None:
            files[CODES] = codes
        records = {name: _record(data) for name, data in files.items()}
        files[DESCRIPTION] = description_bytes(run, records)
        _assemble(folder, files)
    except DamagedError as error:
        raise StorageError(f"{folder} was not saved: in the run, {error.what}.") from error
    except ValueError as error:
        raise StorageError(f"{folder} was not saved: in the run, {error}.") from error
    return files


def read_description(folder: Path) -> Description:
    """Read run.json only, without history, and whether the other files have the sizes it says.

    Raises
    ------
    InputError
        `folder` is not a run, of a newer format, or visibly damaged.
    """
    if not folder.is_dir():
        what = "is not a folder" if os.path.lexists(folder) else "does not exist"
        raise InputError(f"{folder} {what}: choose the folder of a run.")
    file = folder / DESCRIPTION
    if not os.path.lexists(file):
        raise InputError(f"{folder} is not a run of vae-explorer: it has no {DESCRIPTION}.")
    described = parse(file, _content(file, LARGEST_DESCRIPTION), with_history=False)
    if WEIGHTS not in described.files:
        damaged(file, f"it does not list {WEIGHTS}")
    if CODES not in described.files and (described.spaces or described.has_labels):
        damaged(file, f"it does not list {CODES}")
    for name in _names(described):
        _check_size(folder / name, described.files[name].size)
    return described


def _contents(folder: Path) -> dict[str, bytes]:
    described = read_description(folder)
    names = (DESCRIPTION, *_names(described))
    return {name: _content(folder / name, _LARGEST_FILE) for name in names}


def _assemble(folder: Path, contents: Mapping[str, bytes]) -> Run:
    described = parse(folder / DESCRIPTION, contents[DESCRIPTION])
    for name in _names(described):
        if name not in contents or _record(contents[name]) != described.files[name]:
            damaged(folder / name, "its content is not what was saved")
    run = described.run
    if CODES in contents:
        run = with_arrays(folder / CODES, contents[CODES], described)
    return replace(run, weights=read_weights(folder / WEIGHTS, contents[WEIGHTS]))


def _names(described: Description) -> list[str]:
    return [name for name in (WEIGHTS, CODES) if name in described.files]


def _record(data: bytes) -> FileRecord:
    return FileRecord(len(data), hashlib.sha256(data).hexdigest())


def _check_size(file: Path, size: int) -> None:
    if not file.is_file():
        raise InputError(f"{file} is missing: restore it from a copy of the run.")
    if file.stat().st_size != size:
        damaged(file, f"it has {file.stat().st_size:,} bytes of {size:,}")


def _content(file: Path, limit: int) -> bytes:
    # is_file: opening a pipe would wait for ever.
    if not file.is_file():
        raise InputError(f"{file} is not a file: restore it from a copy of the run.")
    if file.stat().st_size > limit:
        damaged(file, f"it is larger than {limit:,} bytes")
    return file.read_bytes()


def _identity(folder: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns
