"""Images to train on and to look at: each file reads one kind of source into a Dataset."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from vaeexplorer.data.bundled import digits, shapes
from vaeexplorer.data.dataset import Dataset, InputError, Source, Split
from vaeexplorer.data.idx import is_idx, open_idx

__all__ = [
    "SOURCES",
    "Dataset",
    "InputError",
    "Kind",
    "Source",
    "Split",
    "find_data",
    "is_data",
    "open_data",
]


class Kind(NamedTuple):
    """One kind of source.

    reader: called with the options, after the path where there is one. story: one line about it.
    recognise: tells cheaply whether a path is of this kind; None for data without a path, which
    is opened by the name of its kind.
    """

    reader: Callable[..., Dataset]
    story: str
    recognise: Callable[[Path], bool] | None = None


SOURCES: Mapping[str, Kind] = {
    "digits": Kind(digits, "1,797 handwritten digits of 8x8 pixels"),
    "shapes": Kind(shapes, "drawn squares, triangles and circles of 32x32 pixels"),
    "idx": Kind(open_idx, "an IDX file like MNIST's, or a folder with its four files", is_idx),
}
"""All kinds of sources by `Source.kind`."""

NAMED = tuple(name for name, kind in SOURCES.items() if kind.recognise is None)


def open_data(what: str | Path, **options: int) -> Dataset:
    """Open a data set by name or by path.

    Parameters
    ----------
    what
        "digits", "shapes", "shapes:5000", "shapes:n=5000,seed=3", or the path of an IDX file or
        of a folder with some. A file that is called like a data set is opened as "./digits".
    options
        Options of the named data set; these win over those in `what`.

    Raises
    ------
    InputError
        There is no such data, or it cannot be read.
    """
    name, _, given = str(what).partition(":")
    if isinstance(what, str) and name in NAMED:
        return _read(name, None, {**_parse_options(name, given), **options})
    path = Path(what)
    if not str(what) or not os.path.lexists(path):
        raise InputError(
            f"There is no data {str(what)!r}: give {', '.join(NAMED)}, or the path of an IDX file "
            "or of a folder with IDX files."
        )
    return _read(_kind_of(path) or "idx", path, options)


def find_data(source: Source) -> Dataset | None:
    """Open data again where it was; None if it is gone, unreadable or not the same any more."""
    try:
        path = None if source.path is None else Path(source.path)
        found = _read(source.kind, path, source.options)
    except InputError:
        return None
    return found if found.source.fingerprint == source.fingerprint else None


def is_data(path: Path) -> bool:
    """Tell cheaply whether `path` looks like data that `open_data` reads; never raises."""
    return _kind_of(path) is not None


def _kind_of(path: Path) -> str | None:
    for name, kind in SOURCES.items():
        if kind.recognise is not None and kind.recognise(path):
            return name
    return None


def _read(name: str, path: Path | None, options: Mapping[str, object]) -> Dataset:
    kind = SOURCES.get(name)
    if kind is None or (path is None) != (kind.recognise is None):
        raise InputError(f"There is no data of the kind {name!r}: give {', '.join(SOURCES)}.")
    known = _options(kind)
    for option in options:
        if option not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise InputError(f"The data {name!r} has no option {option!r}: {has}.")
    return kind.reader(*(() if path is None else (path,)), **options)


def _options(kind: Kind) -> list[str]:
    parameters = inspect.signature(kind.reader).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _parse_options(name: str, given: str) -> dict[str, int]:
    """Read "n=5000,seed=3"; a number alone is the first option."""
    known = _options(SOURCES[name])
    if given and not known:
        raise InputError(f"The data {name!r} has no options: write {name} alone.")
    options: dict[str, int] = {}
    for part in given.split(",") if given else ():
        option, equals, number = part.rpartition("=")
        try:
            options[option.strip() if equals else known[0]] = int(number)
        except ValueError:
            raise InputError(
                f"The option {part!r} of the data {name!r} is not a whole number: "
                f"write for example {name}:{','.join(f'{key}=100' for key in known)}."
            ) from None
    return options
