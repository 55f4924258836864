"""When and with what a report is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vaeexplorer import __version__
from vaeexplorer.run import versions_in_use

REPEATED = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 in the environment that stand for now: of reproducible-builds.org."""


def origin() -> dict[str, Any]:
    """Return what report.json says of its making: version, time (UTC, ISO 8601), libraries.

    Other versions of those that compute may give other last digits. The time is that of
    SOURCE_DATE_EPOCH where it is set, so that a report can be made twice alike.
    """
    return {
        "vae_explorer": __version__,
        "made": _now().isoformat(timespec="seconds"),
        "made_with": versions_in_use(),
    }


def origin_in_words(report: Mapping[str, Any]) -> str:
    """Say in one sentence what `origin` returned."""
    made = datetime.fromisoformat(report["made"])
    used = ", ".join(_named(*each) for each in report["made_with"].items())
    return (
        f"Report by vae-explorer {report['vae_explorer']} ({used}), made on {made:%Y-%m-%d} at "
        f"{made:%H:%M} UTC."
    )


def _named(name: str, number: str) -> str:
    return f"{name.capitalize() if name == 'python' else name} {number}"


def _now() -> datetime:
    try:
        return datetime.fromtimestamp(int(os.environ[REPEATED]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)
