"""Compiling a function by numba, kept on the disk where that can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def compiled(function: Callable[..., Any], signature: str, **options: Any) -> Callable[..., Any]:
    """Compile `function` for `signature`, without the interpreter's lock while it runs.

    Takes a second or two, or next to nothing where numba's cache has it. Where neither the folder
    of the module nor the user's cache folder can be written, nothing is kept. `options` are those
    of numba.njit.
    """
    import numba  # late: takes most of a second

    try:
        kept: Callable[..., Any] = numba.njit(signature, cache=True, nogil=True, **options)(
            function
        )
    except (RuntimeError, OSError):
        kept = numba.njit(signature, nogil=True, **options)(function)
    return kept
