"""The command line: open (the default), train, score, report.

Nothing heavy is imported before a command runs: `--help` and `--version` answer at once.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaeexplorer import __version__
from vaeexplorer.cli.laws import Law, checked_laws, ignored_laws
from vaeexplorer.cli.progress import last_line, show_progress

if TYPE_CHECKING:
    from vaeexplorer.data.dataset import Dataset
    from vaeexplorer.run import Config, Measures, Run

FAILED = 1
USAGE = 2
UNREADABLE = 66
NO_DISPLAY = 69
INTERNAL = 70
INTERRUPTED = 130

# By name, because the modules that define them import torch: whoever raised one has loaded it.
_MISTAKES = (
    ("vaeexplorer.data.dataset", "InputError", UNREADABLE),
    ("vaeexplorer.models.base", "SettingError", USAGE),
    ("vaeexplorer.training", "TrainingError", FAILED),
    ("vaeexplorer.storage.atomic", "StorageError", FAILED),
    ("vaeexplorer.jobs.training", "RunNotSavedError", FAILED),
    ("vaeexplorer.latent.projection", "ProjectionError", FAILED),
)

app = typer.Typer(
    name="vae-explorer",
    help="See for yourself whether the latent space of an autoencoder is continuous and complete.",
    epilog="Without a command the explorer opens on its default pair.",
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # one plain sentence per error, and no import of rich
)


def main() -> int:
    """Run the command line on sys.argv and return the exit code.

    0 done, 1 the job failed, 2 usage or setting, 66 unreadable input, 69 no display, 70 internal
    error (logged with its traceback), 130 Ctrl-C.
    """
    # Two torch threads that spin for work take the cores from whatever else runs, and a training
    # on a busy machine drops to a tenth of its speed. OpenMP reads this when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        code = _mistake(error)
        if code is None and isinstance(error, OSError) and error.filename is not None:
            _say(f"Error: {error.strerror}: {error.filename}")
            return FAILED
        if code is None:
            return _internal(error)
        _say(f"Error: {error}")
        return code
    return 0


def _mistake(error: Exception) -> int | None:
    """Exit code of a failure that its message explains to the user; None for a bug."""
    for module, name, code in _MISTAKES:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return code
    return None


def _internal(error: Exception) -> int:
    import traceback

    from vaeexplorer.storage import runs_folder

    trace = "".join(traceback.format_exception(error))
    log = runs_folder().parent / "vae-explorer.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"vae-explorer {__version__}, {' '.join(sys.argv[1:])}\n{trace}\n")
        where = f"the details are in {log}"
    except OSError:
        where = f"no log could be written to {log.parent}"
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    _say(f"Internal error ({summary}); {where}.")
    return INTERNAL


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"vae-explorer {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _explorer(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    projection_worker: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """See for yourself whether an autoencoder's latent space is continuous and complete."""
    del version
    if projection_worker:
        from vaeexplorer.latent import worker

        raise typer.Exit(worker.main())
    if context.invoked_subcommand is None:
        open_explorer([])


@app.command("open")
def open_explorer(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Run folders or data; nothing: the default pair."),
    ] = None,
) -> None:
    """Open the explorer."""
    from vaeexplorer.data import NAMED, is_data
    from vaeexplorer.data.dataset import InputError
    from vaeexplorer.storage import is_run

    for path in paths or []:
        if path.partition(":")[0] in NAMED or is_run(Path(path)) or is_data(Path(path)):
            continue
        if not Path(path).exists():
            raise InputError(f"{path} does not exist; name a run folder or data.")
        raise InputError(f"{path} is neither a run nor data that vae-explorer reads.")
    if not has_display():
        _say("There is no display to open a window on; `vae-explorer report --out DIR` needs none.")
        raise typer.Exit(NO_DISPLAY)
    from vaeexplorer.gui.app import run

    raise typer.Exit(run(list(paths or [])))


def has_display() -> bool:
    """Whether Qt will find a display; without one it aborts the process."""
    if not sys.platform.startswith("linux"):
        return True
    return any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")))


@app.command()
def train(
    data: Annotated[
        str, typer.Option(help="digits, shapes, or the path of an IDX file or folder.")
    ],
    family: Annotated[
        str, typer.Option(help="Kind of model: pca, ae, dae, vae, hvae, vqvae, mlvae, flowvae.")
    ] = "vae",
    latent_dim: Annotated[
        int | None, typer.Option(help="Latent dimensions; by default the family's.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 30,
    beta: Annotated[
        float | None, typer.Option(help="Weight of the rate in the loss; by default the family's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides weights, order, noise and split.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any other setting of the family, such as hidden=256,128; may be repeated.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Run folder to write; by default the run is added to Model > Runs.",
        ),
    ] = None,
    replace: Annotated[bool, typer.Option(help="Train over the run that --out holds.")] = False,
    name: Annotated[str, typer.Option(help="What the run is called.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON at the end.")
    ] = False,
) -> None:
    """Train a model without a window; Ctrl-C stops it and keeps what was trained."""
    if out is not None:
        _check_run_folder(out, replace)
    config = _config(family, {"latent_dim": latent_dim, "beta": beta}, settings or [], epochs, seed)
    from vaeexplorer.data import open_data

    raise typer.Exit(_train(open_data(data), config, out, name, as_json))


def _check_run_folder(out: Path, replace: bool) -> None:
    """Refuse an --out that would destroy something."""
    from vaeexplorer.storage import is_run

    if is_run(out) and not replace:
        raise typer.BadParameter(
            f"{out} already holds a run; name another folder, or add --replace to train over it.",
            param_hint="'--out'",
        )
    if out.exists() and not is_run(out) and (not out.is_dir() or any(out.iterdir())):
        raise typer.BadParameter(
            f"{out} holds other things than a run; name a new or empty folder.",
            param_hint="'--out'",
        )


def _config(family: str, model: dict[str, Any], typed: list[str], epochs: int, seed: int) -> Config:
    """Make the config; options that `family` lacks are left out, which stderr says."""
    from vaeexplorer.models import FAMILIES, settings, typed_settings
    from vaeexplorer.run import Config

    more = typed_settings(family, typed)
    options = {name: value for name, value in model.items() if value is not None}
    known = {option.name for option in dataclasses.fields(FAMILIES[family].config)}
    for name in options.keys() - known:
        del options[name]
        _say(f"--{name.replace('_', '-')} is ignored: the family {family} has none.")
    for name in options.keys() & more.keys():
        raise typer.BadParameter(f"{name} is given twice.", param_hint="'--set'")
    options |= more
    settings(family, options)
    if FAMILIES[family].fit is not None:
        _say(f"The family {family} is fitted at once: epochs do not matter.")
        epochs = 1
    return Config(family=family, model=options, epochs=epochs, seed=seed)


def _train(dataset: Dataset, config: Config, out: Path | None, name: str, as_json: bool) -> int:
    """Train with progress on stderr and the result on stdout; return the exit code."""
    from vaeexplorer.jobs.training import train_and_save
    from vaeexplorer.models import settings
    from vaeexplorer.storage import RunLibrary, runs_folder

    library = RunLibrary(runs_folder()) if out is None else None
    begun = time.monotonic()
    with _interrupt_flag() as interrupted:
        job = train_and_save(
            dataset, config, library, name=name, stop=interrupted.is_set, folder=out
        )
        outcome = show_progress(job)
    if outcome is None:
        _say("Stopped before the first epoch ended, so there is nothing to keep.")
        return INTERRUPTED
    run, folder = outcome
    result = _training_result(run, str(folder), time.monotonic() - begun, dataset)
    if interrupted.is_set():
        _say(f"Stopped after {len(run.history)} of {config.epochs} epochs; kept in {folder}.")
    if as_json:
        print(json.dumps(result, allow_nan=False), flush=True)
    else:
        print(f"{run.name}: {last_line(run)}\n{folder}")
        nats = settings(config.family, config.model).nats(dataset.shape)
        if nats:
            _say(nats)
    return INTERRUPTED if interrupted.is_set() else 0


@contextmanager
def _interrupt_flag() -> Iterator[threading.Event]:
    """Set a flag on Ctrl-C instead of raising in the middle of a step; a second one raises."""
    interrupted = threading.Event()

    def stop(*_: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    former = signal.signal(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, former)


def _training_result(run: Run, out: str, seconds: float, dataset: Dataset) -> dict[str, Any]:
    """Return the object of `train --json`; None where a quantity does not exist."""
    epochs = len(run.history)
    last = run.history[-1]
    trained = epochs * len(dataset.split(run.split_seed).train)
    return {
        "out": out,
        "family": run.config.family,
        "latent_dim": next(iter(run.codes.values())).mean.shape[1],
        "epochs": epochs,
        "seconds": round(seconds, 3),
        "images_per_second": round(trained / seconds, 1),
        "train": _measures(last.train),
        "held_out": None if last.held_out is None else _measures(last.held_out),
    }


def _measures(measures: Measures) -> dict[str, float | None]:
    return {
        "distortion": measures.distortion,
        "rate": measures.rate,
        "elbo": measures.elbo,
    }


@app.command()
def report(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the report into.")],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN]...", help="Run folders; nothing: the default pair."),
    ] = None,
    law: Law = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json on stdout.")] = False,
) -> None:
    """Write maps, decodes, samples and numbers of runs as pictures, JSON and one HTML page."""
    from vaeexplorer.jobs.bundled import default_pair_folders
    from vaeexplorer.jobs.reporting import check_report_folder, write_report
    from vaeexplorer.storage import StorageError

    try:
        check_report_folder(out)
    except StorageError as error:
        raise typer.BadParameter(str(error), param_hint="'--out'") from error
    laws = checked_laws(law or ())
    folders = list(runs or default_pair_folders())
    written = show_progress(write_report(folders, out, laws))
    for sentence in ignored_laws(laws, written["runs"]):
        _say(sentence)
    if as_json:
        print(json.dumps(written, allow_nan=False), flush=True)
    else:
        print(out / "index.html")


@app.command()
def score(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN]...", help="Run folders; nothing: the default pair."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Score on this data, not on what a run was trained on.")
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Latent space by its name, or all; by default the first.")
    ] = None,
    law: Law = None,
    halves: Annotated[bool, typer.Option(help="Also on random halves of the images.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Measure how continuous and how complete the latent spaces of runs are."""
    from vaeexplorer.data import open_data
    from vaeexplorer.jobs.bundled import default_pair_folders
    from vaeexplorer.jobs.scoring import SpaceNameError, score_runs

    laws = checked_laws(law or ())
    dataset = None if data is None else open_data(data)
    folders = list(runs or default_pair_folders())
    try:
        scored = show_progress(score_runs(folders, dataset, space, laws, halves))
    except SpaceNameError as error:
        raise typer.BadParameter(str(error), param_hint="'--space'") from error
    for sentence in ignored_laws(laws, scored):
        _say(sentence)
    if as_json:
        print(json.dumps(scored, allow_nan=False), flush=True)
        return
    from vaeexplorer.cli.scorecard import print_scorecard

    print_scorecard(scored)
