"""The window: the only folder that knows Qt."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager

_plain_import = builtins.__import__


@contextmanager
def plain_imports() -> Iterator[None]:
    """Import without the hook that PySide6 puts before every import statement.

    It serves PySide6's own switchable features, which are not used here, and makes the import of
    torch a third slower. Taken before PySide6 is imported, which the modules of this folder do.
    """
    hook = builtins.__import__
    builtins.__import__ = _plain_import
    try:
        yield
    finally:
        builtins.__import__ = hook
