"""IDX files, the format of MNIST: one file of images, or a folder with the publisher's split.

Format: two zero bytes, a type, the number of axes, each axis as a big-endian uint32, the values
(http://yann.lecun.com/exdb/mnist). Plain or gzip, told apart by content, not by name.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset, InputError, Source, fingerprint, quoted

UNSIGNED_BYTE = 0x08
OTHER_TYPES = {
    0x09: "signed bytes",
    0x0B: "16-bit integers",
    0x0C: "32-bit integers",
    0x0D: "32-bit floats",
    0x0E: "64-bit floats",
}
GZIP_MAGIC = b"\x1f\x8b"
NAME = re.compile(r"(?P<stem>.*)(?P<holds>images|labels)[-.]idx\d-ubyte(?:\.gz)?", re.DOTALL)
OFFICIAL = ("train-", "t10k-")
"""Stems of the publisher's training and held-out images."""

LARGEST_SIDE = 1024
LARGEST_BODY = 4 << 30
"""Bytes of values in one file, where memory does not set a lower limit."""
CHUNK = 1 << 20


def open_idx(path: Path) -> Dataset:
    """Open a file of images, or a folder that holds one or the standard pair of them.

    Labels are found beside the images by their name. A folder with the standard names
    (`train-images-idx3-ubyte`, `t10k-...`) is one data set, the training images first, with the
    others as its official held-out images.

    Parameters
    ----------
    path
        File with axes (n, height, width), (n, channels, height, width) or
        (n, height, width, channels), where channels is 1 or 3; or a folder.

    Raises
    ------
    InputError
        Nothing usable is there; nothing is allocated for a size that a header merely claims.
    """
    path = Path(os.path.abspath(path))
    files = _image_files(path) if os.path.isdir(path) else [path]
    parts = [_read_images(file) for file in files]
    if len({part.shape[1:] for part in parts}) > 1:
        sizes = " and ".join(_axes(part.shape[1:]) for part in parts)
        raise InputError(
            f"The training and the held-out images in {quoted(path)} differ in size "
            f"({sizes}): open one of the files by itself."
        )
    labels, label_names = _read_all_labels(files, [len(part) for part in parts])
    images = parts[0] if len(parts) == 1 else np.concatenate(parts)
    n, channels, height, width = images.shape
    return Dataset(
        name=_name(path),
        images=images,
        source=Source("idx", str(path), {}, n, (channels, height, width), fingerprint(images)),
        labels=labels,
        label_names=label_names,
        official_held_out=np.arange(n) >= len(parts[0]) if len(parts) > 1 else None,
    )


def is_idx(path: Path) -> bool:
    """Tell whether `path` looks like an IDX file or a folder with some; reads a few bytes."""
    try:
        if os.path.isdir(path):
            with os.scandir(path) as entries:
                return any(NAME.fullmatch(entry.name) for entry in entries)
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        if NAME.fullmatch(path.name):
            return True
        with _opened(path) as file:
            magic = file.read(4)
    except (OSError, ValueError):
        return False
    return len(magic) == 4 and magic[:2] == b"\0\0" and _is_type(magic[2]) and 1 <= magic[3] <= 4


def _is_type(code: int) -> bool:
    return code == UNSIGNED_BYTE or code in OTHER_TYPES


def _name(path: Path) -> str:
    """Name of the data set: `mnist` for a folder, `mnist/train` for a file of the usual name."""
    match = NAME.fullmatch(path.name)
    stem = match["stem"].strip("-._") if match else ""
    return f"{path.parent.name}/{stem}" if stem else path.name


def _image_files(folder: Path) -> list[Path]:
    """Return the one file of images in `folder`, or the training and the held-out ones."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise _unreadable(folder, error) from error
    found: dict[str, Path] = {}
    for name in names:
        match = NAME.fullmatch(name)
        if match and match["holds"] == "images":
            # A plain file sorts before its .gz, and is the quicker of the two to read.
            found.setdefault(match["stem"], folder / name)
    if all(stem in found for stem in OFFICIAL):
        return [found[stem] for stem in OFFICIAL]
    if len(found) > 1:
        listed = ", ".join(quoted(file.name) for file in list(found.values())[:4])
        raise InputError(
            f"The folder {quoted(folder)} holds several sets of images ({listed}): "
            "open one of these files."
        )
    if not found:
        raise InputError(
            f"The folder {quoted(folder)} holds no IDX images, which are named like "
            "train-images-idx3-ubyte or train-images-idx3-ubyte.gz: choose another folder."
        )
    return list(found.values())


def _read_images(path: Path) -> NDArray[np.uint8]:
    """Read one file of images, (n, channels, height, width)."""
    values = _read(path, "images")
    if values.ndim == 3:
        return values[:, None]
    if values.shape[1] in (1, 3):
        return values
    if values.shape[3] in (1, 3):
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    raise InputError(
        f"{quoted(path)} holds images of {_axes(values.shape[1:])}, which is neither grey nor "
        "colour: give 1 or 3 channels, as the second axis or the last."
    )


def _read_all_labels(
    files: list[Path], counts: list[int]
) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Return indices of labels and their names for the images of all `files`, if they have any."""
    beside = [_labels_beside(file) for file in files]
    labelled = [labels for labels in beside if labels is not None]
    if not labelled:
        return None, ()
    if len(labelled) < len(files):
        alone = files[beside.index(None)]
        raise InputError(
            f"{quoted(alone)} has no labels beside it, while {quoted(labelled[0].name)} is there: "
            "add the missing file of labels, or open one of the files of images by itself."
        )
    parts = []
    for file, labels, count in zip(files, labelled, counts, strict=True):
        parts.append(_read(labels, "labels"))
        if len(parts[-1]) != count:
            raise InputError(
                f"{quoted(labels)} holds {len(parts[-1]):,} labels for the {count:,} images of "
                f"{quoted(file.name)}: replace or remove one of the two files."
            )
    present, labels_of_all = np.unique(np.concatenate(parts), return_inverse=True)
    return labels_of_all.astype(np.int64), tuple(str(label) for label in present)


def _labels_beside(images: Path) -> Path | None:
    match = NAME.fullmatch(images.name)
    if match is None:
        return None
    zipped = ("", ".gz") if images.suffix != ".gz" else (".gz", "")
    separators = "-." if images.name[match.end("holds")] == "-" else ".-"
    for suffix in zipped:
        for separator in separators:
            labels = images.with_name(f"{match['stem']}labels{separator}idx1-ubyte{suffix}")
            if os.path.isfile(labels):
                return labels
    return None


def _read(path: Path, wanted: str) -> NDArray[np.uint8]:
    """Read the values of an IDX file of `wanted` ("images" or "labels") with their axes."""
    with _opened(path) as file:
        shape = _read_axes(path, file, wanted)
        size = math.prod(shape)
        if isinstance(file, io.BufferedReader):
            there = os.fstat(file.fileno()).st_size - file.tell()
            if there < size:
                raise _truncated(path, shape, there)
        # Grows with what is really there, whatever the header says.
        body = bytearray()
        while len(body) < size and (chunk := file.read(min(CHUNK, size - len(body)))):
            body += chunk
        if len(body) < size:
            raise _truncated(path, shape, len(body))
        if file.read(1):
            raise InputError(
                f"{quoted(path)} goes on after the {_axes(shape)} {wanted} that its header "
                "announces: download or export it again."
            )
    return np.frombuffer(body, np.uint8).reshape(shape)


def _read_axes(path: Path, file: io.BufferedIOBase, wanted: str) -> tuple[int, ...]:
    """Read the header, and refuse what cannot be `wanted`."""
    magic = file.read(4)
    if not magic:
        raise InputError(f"{quoted(path)} is empty: download or export it again.")
    if len(magic) < 4 or magic[:2] != b"\0\0" or not _is_type(magic[2]):
        raise InputError(
            f"{quoted(path)} is not an IDX file of {wanted}: it should begin with the bytes "
            f"{'00 00 08 03' if wanted == 'images' else '00 00 08 01'}."
        )
    if magic[2] != UNSIGNED_BYTE:
        raise InputError(
            f"{quoted(path)} holds {OTHER_TYPES[magic[2]]}, and only unsigned bytes can be read: "
            "save it again with values from 0 to 255."
        )
    ranks = (3, 4) if wanted == "images" else (1,)
    if magic[3] not in ranks:
        held = "labels" if magic[3] == 1 else f"values with {magic[3]} axes"
        raise InputError(
            f"{quoted(path)} holds {held}, not {wanted}, which have "
            f"{' or '.join(map(str, ranks))} {'axis' if ranks == (1,) else 'axes'}: "
            f"choose the file of {wanted}."
        )
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise InputError(f"{quoted(path)} ends inside its header: download or export it again.")
    shape = struct.unpack(f">{magic[3]}I", header)
    _check_axes(path, shape, wanted)
    return shape


def _check_axes(path: Path, shape: tuple[int, ...], wanted: str) -> None:
    if wanted == "images" and shape[0] < 2:
        raise InputError(
            f"{quoted(path)} holds {'1 image' if shape[0] else 'no images'}, and at least 2 are "
            "needed: choose a file with more."
        )
    if min(shape[1:], default=1) < 1 or max(shape[1:], default=1) > LARGEST_SIDE:
        raise InputError(
            f"{quoted(path)} says that its images are {_axes(shape[1:])}, and only sides from 1 "
            f"to {LARGEST_SIDE} pixels can be read: choose another file."
        )
    limit = _largest_body()
    if math.prod(shape) > limit:
        raise InputError(
            f"{quoted(path)} says that it holds {_axes(shape)} values, more than the "
            f"{limit / 2**30:.1f} GiB that can be kept in memory here: choose a smaller file."
        )


def _largest_body() -> int:
    """Bytes that one file may fill: a quarter of the machine's memory, or less."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return LARGEST_BODY
    return min(memory // 4, LARGEST_BODY)


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file for reading, unzipped; what goes wrong in the block becomes an InputError."""
    try:
        # Before opening: a named pipe would wait for a writer for ever.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(f"{quoted(path)} is not a file: choose a file of images.")
        with path.open("rb") as file:
            zipped = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if zipped:
                with gzip.GzipFile(fileobj=file) as unzipped:
                    yield unzipped
            else:
                yield file
    except InputError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{quoted(path)} is a damaged or truncated gzip file: download or export it again."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    why = getattr(error, "strerror", None) or str(error)
    return InputError(f"{quoted(path)} cannot be read ({why}): check the path and its permissions.")


def _truncated(path: Path, shape: tuple[int, ...], there: int) -> InputError:
    return InputError(
        f"{quoted(path)} is truncated: its header announces {_axes(shape)} values and "
        f"{there:,} of {math.prod(shape):,} are there; download or export it again."
    )


def _axes(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{side:,}" for side in shape)
