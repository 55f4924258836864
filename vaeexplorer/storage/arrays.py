"""model.safetensors and codes.npz as bytes, read without believing what their headers claim.

codes.npz holds `mean/SPACE` and `log_variance/SPACE`, float32 (n, size); `map/SPACE/METHOD`,
float32 (n, 2); and `labels`, int64 (n,). It opens with `np.load(file, allow_pickle=False)`.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Codes, Run
from vaeexplorer.storage.description import Description
from vaeexplorer.storage.fields import DamagedError, damaged

# What a damaged zip file makes zipfile raise.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)
# numpy's own reader evaluates the header as Python and allocates what it claims.
_NPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f4|<i8)', 'fortran_order': False, "
    rb"'shape': \(([0-9, ]*)\), \} *\n",
    re.DOTALL,
)


def weights_bytes(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """model.safetensors with `weights`."""
    from safetensors.numpy import save

    # safetensors writes the memory as it lies, whatever the strides.
    return save({name: np.asarray(array, order="C") for name, array in weights.items()})


def read_weights(file: Path, raw: bytes) -> dict[str, NDArray[Any]]:
    """Weights by parameter name from model.safetensors; InputError where it is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        # The library holds its header to the size of `raw`.
        weights = load(raw)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise DamagedError(file, "it is no safetensors file") from error
    for name, array in weights.items():
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            damaged(file, f"{name} is not finite")
    return {name: np.require(array, requirements="W") for name, array in weights.items()}


def codes_bytes(run: Run) -> bytes | None:
    """codes.npz of `run`: its codes, labels and maps; None where it has none of them."""
    arrays: dict[str, NDArray[Any]] = {}
    for space, codes in run.codes.items():
        arrays[f"mean/{space}"] = np.asarray(codes.mean, "<f4", order="C")
        if codes.log_variance is not None:
            arrays[f"log_variance/{space}"] = np.asarray(codes.log_variance, "<f4", order="C")
    for space, maps in run.maps.items():
        for method, made in maps.items():
            arrays[f"map/{space}/{method}"] = np.asarray(made.positions, "<f4", order="C")
    if run.labels is not None:
        arrays["labels"] = np.asarray(run.labels, "<i8", order="C")
    if not arrays:
        return None
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def with_arrays(file: Path, raw: bytes, described: Description) -> Run:
    """`described.run` with the codes, labels and maps of codes.npz.

    Raises
    ------
    InputError
        An array is missing, damaged, not finite, or not of the shape that run.json says.
    """
    run, n = described.run, described.run.source.n
    codes, maps = {}, {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            read = _Reader(file, archive, len(raw))
            for space, record in described.spaces.items():
                shape = (n, record.size)
                mean = read(f"mean/{space}", "<f4", shape)
                spread = (
                    read(f"log_variance/{space}", "<f4", shape) if record.has_log_variance else None
                )
                codes[space] = Codes(mean, spread)
            for space, methods in described.maps.items():
                maps[space] = {
                    method: Map(method, read(f"map/{space}/{method}", "<f4", (n, 2)), settings)
                    for method, settings in methods.items()
                }
            labels = read("labels", "<i8", (n,)) if described.has_labels else None
    except DamagedError:
        raise
    except _ZIP_ERRORS as error:
        raise DamagedError(file, "its arrays cannot be read") from error
    if labels is not None and not _within(labels, len(run.label_names)):
        damaged(file, "it has labels without a name")
    return replace(run, codes=codes, labels=labels, maps=maps)


class _Reader:
    """Reads arrays of a known type and shape from an archive of `size` bytes."""

    def __init__(self, file: Path, archive: zipfile.ZipFile, size: int) -> None:
        self._file, self._archive, self._size = file, archive, size

    def __call__(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        try:
            entry = self._archive.getinfo(name + ".npy")
        except KeyError:
            damaged(self._file, f"{name} is missing")
        # We never compress: what an entry claims to be is then no larger than the file.
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > self._size:
            damaged(self._file, f"{name} is packed in a way that vae-explorer does not use")
        raw = self._archive.read(entry)
        header = _NPY_HEADER.match(raw)
        if header is None or header[1].decode() != dtype:
            damaged(self._file, f"{name} has the wrong type")
        found = tuple(int(part) for part in header[2].decode().split(",") if part.strip())
        held = len(raw) - header.end()
        if found != shape or held != math.prod(shape) * np.dtype(dtype).itemsize:
            damaged(self._file, f"{name} has the shape {found} where run.json says {shape}")
        array = np.frombuffer(raw, dtype, offset=header.end()).reshape(shape).copy()
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            damaged(self._file, f"{name} is not finite")
        return array


def _within(labels: NDArray[Any], count: int) -> bool:
    return not labels.size or bool(labels.min() >= 0 and labels.max() < count)
