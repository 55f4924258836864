"""How torch, and what draws and searches dots, come in beside a window: compilers last."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from vaeexplorer.drawing.dot_field import load_kernel

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


def import_torch() -> None:
    """Import torch, all but what was put off, on a thread beside which others go on."""
    _load_library("torch", "lib/libtorch_global_deps", everywhere=True)
    _load_library("torch", "lib/libtorch_python")
    let_generators_be_made()


def import_kernel() -> None:
    """Load what draws many dots at once, likewise."""
    _load_library("llvmlite", "binding/libllvmlite")
    load_kernel()


def import_trees() -> None:
    """Load what searches many dots, which the first map would wait for."""
    import scipy.spatial  # noqa: F401


def _load_library(package: str, name: str, *, everywhere: bool = False) -> None:
    """Have the system load a library of `package`, as its import would next.

    That import holds the GIL while it loads them, for a third of a second; a foreign function, as
    dlopen is here, is called without it. What fails here fails there too, and says so.
    """
    if package in sys.modules or os.name != "posix":
        return
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return
    load = ctypes.CDLL(None).dlopen
    load.argtypes, load.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    suffix = "dylib" if sys.platform == "darwin" else "so"
    path = Path(found.origin).parent / f"{name}.{suffix}"
    load(os.fsencode(path), os.RTLD_NOW | (os.RTLD_GLOBAL if everywhere else os.RTLD_LOCAL))


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
