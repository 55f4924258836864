"""Progress of a job on stderr, and how far it is in words."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from vaeexplorer.run import Progress, Run

Result = TypeVar("Result")


def show_progress(job: Generator[Progress, None, Result]) -> Result:
    """Run `job` to its end with a progress bar on stderr; return what it returns."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Bar(*columns, console=console, transient=False) as bar:
        task = bar.add_task("", total=1.0, left="")
        warned = ""
        while True:
            try:
                progress = next(job)
            except StopIteration as end:
                return cast(Result, end.value)
            warning = getattr(progress, "warning", "")
            if warning and warning != warned:
                bar.console.print(warning, markup=False, highlight=False)
            warned = warning or warned
            bar.update(
                task,
                description=_describe(progress),
                completed=progress.fraction or 0.0,
                left=_time_left(progress.seconds_left),
            )


def _describe(progress: Progress) -> str:
    """Say how far a job is, with the newest measures once there are some."""
    snapshot = getattr(progress, "snapshot", None)
    if snapshot is None:
        return progress.message
    remark = getattr(progress, "remark", "")
    return f"{progress.message}  {last_line(snapshot)}  {remark}".rstrip()


def last_line(run: Run) -> str:
    """Held-out measures of the last epoch, or those on training images where none are held out."""
    last = run.history[-1]
    measures = last.held_out or last.train
    line = f"distortion {measures.distortion:.1f}"
    if measures.rate is not None and measures.elbo is not None:
        line += f"  rate {measures.rate:.1f}  -ELBO {-measures.elbo:.1f}"
    return line


def _time_left(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds // 60:.0f}:{seconds % 60:02.0f} left"
