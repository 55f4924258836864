"""Scores of several models side by side: as a table for other programs, and what they say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vaeexplorer.regularity import verdict
from vaeexplorer.storage.atomic import write_atomically


class Column(NamedTuple):
    """One model: its short name (the slot), its full name, and its scores (jobs.scoring)."""

    slot: str
    name: str
    scores: Mapping[str, Any]


class Comparison(NamedTuple):
    """What is said of two models, and what makes it unfair to compare them."""

    slots: tuple[str, str]
    verdict: list[str]
    warnings: list[str]


def comparisons(columns: Sequence[Column]) -> list[Comparison]:
    """Compare the first of `columns` with each other one."""
    found = []
    for other in columns[1:]:
        names = columns[0].slot, other.slot
        pair = columns[0].scores, other.scores
        found.append(
            Comparison(names, verdict.compare(*pair, names), verdict.warnings(*pair, names))
        )
    return found


def scores_csv(columns: Sequence[Column]) -> str:
    """Every number of `columns` as CSV: a row per key, such as continuity.C, a column per model.

    A field is empty where the quantity does not exist.
    """
    numbers = [dict(_flat(column.scores)) for column in columns]
    keys = list(dict.fromkeys(key for found in numbers for key in found))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["key", *(f"{column.slot}: {column.name}" for column in columns)])
    for key in keys:
        values = [found.get(key) for found in numbers]
        writer.writerow([key, *("" if value is None else value for value in values)])
    return table.getvalue()


def save_scores(columns: Sequence[Column], path: Path) -> None:
    """Save `scores_csv` as `path`.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    write_atomically(path, scores_csv(columns).encode())


def _flat(scores: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots and values of a nested object, without its sentences."""
    for key, value in scores.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            yield prefix + key, value
