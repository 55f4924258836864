"""Jobs iterated to their end, as a lane of the window and a command iterate them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any


def finish(job: Generator[Any, None, Any]) -> tuple[Any, list[Any]]:
    """What `job` returns, and all that it reported on the way."""
    reports = []
    while True:
        try:
            reports.append(next(job))
        except StopIteration as end:
            return end.value, reports


def found_by(job: Generator[Any, None, Any]) -> Any:
    """What `job` returns; the shares that it reports on the way never fall."""
    found, reports = finish(job)
    shares = [report.fraction for report in reports]
    assert shares == sorted(shares)
    return found
