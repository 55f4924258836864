"""What torch imports for its compilers only: put off until the first pictures are there."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from types import ModuleType
from typing import Any

POSTPONED = "torch._meta_registrations"
"""How the result of each operation is shaped, for tensors without memory.

torch asks it when it compiles or exports. It is a quarter of the time that importing torch takes.
"""

_lock = threading.Lock()


class _Postponed(ModuleType):
    """Stands where the module will be, and gives what is asked of it by importing it then."""

    def __getattr__(self, name: str) -> Any:
        # `inspect` asks every module for its file, also while torch is being imported.
        if name.startswith("__"):
            raise AttributeError(f"module {POSTPONED!r} has no attribute {name!r}")
        import_postponed()
        return getattr(sys.modules[POSTPONED], name)


def postpone() -> None:
    """Let a later `import torch` do without that module; without effect where torch is there."""
    if "torch" not in sys.modules:
        sys.modules[POSTPONED] = _Postponed(POSTPONED)


def let_generators_be_made() -> None:
    """Do what torch needs of that module before it makes a generator: a thousandth of its import.

    What is opened and decoded before the module comes may draw noise, and torch 2.13 has no
    generators until then: late in torch._prims it gives them the metaclass that its compiler looks
    for.
    """
    import torch

    try:
        torch.Generator()
    except RuntimeError:
        if hasattr(torch._C, "_set_generator_metaclass"):
            from torch._opaque_base import OpaqueBaseMeta

            torch._C._set_generator_metaclass(OpaqueBaseMeta)
        else:
            import_postponed()


def complete_torch() -> None:
    """Import what was put off if torch is there by now, or being imported."""
    if "torch" in sys.modules:
        import_postponed()


def import_postponed() -> None:
    """Import what was put off: afterwards torch is as if nothing had been."""
    # Another thread may be importing it: two that wait for each other's part would end in neither.
    import torch  # noqa: F401

    with _lock:
        if isinstance(sys.modules.get(POSTPONED), _Postponed):
            del sys.modules[POSTPONED]
    # A torch to come may do without it. Outside the lock: the import has its own.
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(POSTPONED)
