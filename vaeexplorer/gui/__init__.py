"""The window: the only folder that knows Qt."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

_plain_import = builtins.__import__
_lock = threading.Lock()
_hooks: list[Callable[..., ModuleType]] = []
"""PySide6's hook, once for everybody who does without it at present."""


@contextmanager
def plain_imports() -> Iterator[None]:
    """Import without the hook that PySide6 puts before every import statement.

    It serves PySide6's own switchable features, which are not used here, and reads the source of
    every module that is imported: torch takes a third longer. It is away until all threads that
    do without it are done. The plain way was taken before PySide6 is imported, which the modules
    of this folder do.
    """
    with _lock:
        _hooks.append(_hooks[0] if _hooks else builtins.__import__)
        builtins.__import__ = _plain_import
    try:
        yield
    finally:
        with _lock:
            hook = _hooks.pop()
            if not _hooks:
                builtins.__import__ = hook
