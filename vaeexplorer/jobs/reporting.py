"""Write a report on runs: find what it shows, and put it in place."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from vaeexplorer.jobs.bundled import resource
from vaeexplorer.jobs.findings import find
from vaeexplorer.latent.process import ProjectionProcess
from vaeexplorer.report import NUMBERS, PAGE, Findings, write_files
from vaeexplorer.run import Progress
from vaeexplorer.storage import StorageError
from vaeexplorer.storage.atomic import Asides, one_sentence, remove, sync_folder


def write_report(
    folders: Sequence[Path], out: Path, laws: Sequence[str] = ()
) -> Generator[Progress, None, dict[str, Any]]:
    """Write the report on the runs in `folders` as the folder `out`.

    A former report there is replaced, once the new one is whole. Draws from further `laws` (see
    `regularity.law_names`) are shown and scored beside those from each model's own, where it has
    such laws.

    Returns
    -------
    dict
        What report.json holds.

    Raises
    ------
    InputError
        A folder holds no readable run.
    StorageError
        `out` holds other things than a report, or could not be written.
    """
    check_report_folder(out)
    with closing(ProjectionProcess()) as process:
        findings = yield from find(folders, process, laws)
    yield Progress("Writing", 1.0)
    return _put_in_place(findings, out)


def check_report_folder(out: Path) -> None:
    """Raise StorageError with one sentence unless a report may be written as the folder `out`."""
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise StorageError(f"{out} is not a folder: choose another one for the report.")
    others = {entry.name for entry in out.iterdir()} - _files_of_report(out)
    if others:
        raise StorageError(
            f"{out} holds other things than a report ({min(others)}): choose another folder."
        )


def _files_of_report(folder: Path) -> set[str]:
    """Names of the files of the report in `folder`; empty if there is none."""
    try:
        report = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
        pictures = set(_pictures_in(report))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return {NUMBERS, PAGE} | pictures


def _pictures_in(report: Mapping[str, Any]) -> Iterator[str]:
    """Names of the pictures of a report: of each run, and of the path that they share."""
    for run in report["runs"]:
        yield from run["pictures"].values()
    # Reports of the first versions have no path.
    yield from (report.get("path") or {}).get("pictures", {}).values()


def _put_in_place(findings: Sequence[Findings], out: Path) -> dict[str, Any]:
    """Write the report beside `out` under a hidden name, then swap it in."""
    out = Path(os.path.realpath(out))
    template = resource("report.html").read_text(encoding="utf-8")
    with one_sentence(out), Asides(out) as names:
        out.parent.mkdir(parents=True, exist_ok=True)
        staging, former = names.name("new"), names.name("gone")
        try:
            staging.mkdir()
            report = write_files(findings, staging, template)
            check_report_folder(out)
            if out.exists():
                os.rename(out, former)
            os.rename(staging, out)
        finally:
            if former.exists() and not out.exists():
                os.rename(former, out)
            remove(staging)
            remove(former)
        sync_folder(out.parent)
    return report
