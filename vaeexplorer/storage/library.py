"""The runs in the user's data folder: every finished or stopped run is kept there."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import platformdirs

from vaeexplorer.data.dataset import InputError
from vaeexplorer.run import Measures, Run, last_measures
from vaeexplorer.storage.atomic import StorageError, asides
from vaeexplorer.storage.exchange import TURNS, discard, place, settle
from vaeexplorer.storage.run_folder import (
    load_run,
    read_description,
    rename_run,
    run_files,
    save_run,
    steadily,
)

HOME_VARIABLE = "VAEEXPLORER_HOME"
_LONGEST_SLUG = 40


@dataclass(frozen=True)
class RunSummary:
    """What a list of runs says about one of them.

    Attributes
    ----------
    path
        Its folder.
    name, family, status, created
        As in Run; the name is the folder's and the others are empty where there is a problem.
    data
        Name of the file or folder that it was trained on, else the kind.
    data_kind
        Kind of its source.
    latent_dim
        Latent dimensions; None where the family's default applies and nothing is encoded yet.
    epochs
        Epochs done.
    fingerprint
        Of its data: only runs of the same images can be compared.
    measures
        At the end of its last epoch, on held-out images where there are any; None before that.
    settings
        Options of the family, as in Config.
    problem
        One sentence that says why it cannot be opened; None where it can.
    """

    path: Path
    name: str
    family: str = ""
    data: str = ""
    data_kind: str = ""
    latent_dim: int | None = None
    epochs: int = 0
    fingerprint: str = ""
    measures: Measures | None = None
    status: str = ""
    created: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def runs_folder() -> Path:
    """Return where runs are kept: "runs" in $VAEEXPLORER_HOME or in the user's data folder."""
    home = os.environ.get(HOME_VARIABLE)
    base = Path(home) if home else platformdirs.user_data_path("vae-explorer", appauthor=False)
    return base / "runs"


class RunLibrary:
    """The runs in `folder`, one folder each; several processes may use it at the same time.

    Methods that take the path of a run raise StorageError where it is not in the library.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, run: Run) -> Path:
        """Save `run` in a new folder, which is returned; StorageError where that fails."""
        wanted = self.folder / folder_name(run.name, run.created)
        return place(wanted, run_files(run, wanted))

    def update(self, path: Path, run: Run) -> None:
        """Save `run` in place of the one at `path` (again, if that was deleted meanwhile)."""
        save_run(run, self._own(path))

    def list(self) -> tuple[RunSummary, ...]:
        """Summaries, newest first, damaged runs last; reads no weights and no codes.

        Takes up what writers that were killed have left.
        """
        with TURNS:
            places = {aside.target: settle(aside.target) for aside in asides(self.folder)}
            try:
                names = os.listdir(self.folder)
            except OSError:
                return ()
            places |= {self.folder / name: self.folder / name for name in names if name[0] != "."}
            found = [_summary(path) for path, place in places.items() if place.is_dir()]
        return tuple(sorted(found, key=lambda one: (one.created, one.path.name), reverse=True))

    def rename(self, path: Path, name: str) -> None:
        """Change what the run at `path` is called; its folder stays.

        Raises
        ------
        InputError
            The run is damaged.
        """
        rename_run(self._own(path), name)

    def delete(self, path: Path) -> None:
        """Delete the run at `path` for good, damaged or not."""
        discard(self._own(path))

    def copy_to(self, path: Path, target_folder: Path) -> None:
        """Save a copy of the run at `path` as the folder `target_folder`.

        Raises
        ------
        InputError
            The run is damaged.
        StorageError
            As for save_run.
        """
        save_run(load_run(self._own(path)), target_folder)

    def _own(self, path: Path) -> Path:
        if path.name.startswith(".") or os.path.realpath(path.parent) != os.path.realpath(
            self.folder
        ):
            raise StorageError(f"{path} is not in the library of runs, {self.folder}.")
        return path


def folder_name(name: str, created: str) -> str:
    """Name of a folder for a run: letters and digits of any script, and when it was created."""
    text = unicodedata.normalize("NFKC", name)
    slug = "".join(c if unicodedata.category(c)[0] in "LNM" else "-" for c in text)
    slug = re.sub("-+", "-", slug).strip("-")[:_LONGEST_SLUG].strip("-")
    digits = re.sub(r"\D", "", created)[:14]
    return "-".join(part for part in (slug or "run", digits[:8], digits[8:]) if part)


def _summary(path: Path) -> RunSummary:
    try:
        described = steadily(path, read_description)
    except InputError as error:
        return RunSummary(path, path.name, problem=str(error))
    run = described.run
    return RunSummary(
        path=path,
        name=run.name,
        family=run.config.family,
        data=PurePath(run.source.path).name if run.source.path else run.source.kind,
        data_kind=run.source.kind,
        latent_dim=described.latent_dim,
        epochs=described.epochs,
        fingerprint=run.source.fingerprint,
        measures=last_measures(run),
        status=run.status,
        created=run.created,
        settings=run.config.model,
    )
