"""How much a benchmark does: all, less with `--quick`, and next to nothing with `--smoke`.

The last form shows that a script still runs and what it prints; its numbers mean nothing, and peers
that compile for half a minute are left out. tests/test_benchmarks.py runs every script so.
"""

from __future__ import annotations

import sys
from typing import TypeVar

SMOKE = "--smoke" in sys.argv
QUICK = SMOKE or "--quick" in sys.argv
Chosen = TypeVar("Chosen")


def sized(full: Chosen, quick: Chosen, smoke: Chosen) -> Chosen:
    """Return what this run was asked for."""
    return smoke if SMOKE else quick if QUICK else full
