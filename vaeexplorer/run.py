"""Run, Config, Progress and Exhibit: frozen records, without input, output, torch or Qt.

And what is done with any job that reports its progress: end it, or make it part of another.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset, Source
from vaeexplorer.latent.projection import Map

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

Result = TypeVar("Result")
News = TypeVar("News")
Told = TypeVar("Told")


@dataclass(frozen=True)
class Config:
    """All that decides a training run, beside the data.

    Attributes
    ----------
    family
        Key in models.FAMILIES.
    model
        Options of the family, by the field names of its config dataclass (JSON values; those
        left out have their defaults).
    epochs
        Passes over the training images, >= 1.
    batch_size
        Images per step; 0: 64 under 5,000 training images, else 128.
    learning_rate
        Peak of the one-cycle schedule of Adam.
    seed
        Decides initial weights, order of images, noise and, unless the data brings its own
        split, which images are held out.
    """

    family: str
    model: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 30
    batch_size: int = 0
    learning_rate: float = 2e-3
    seed: int = 0


@dataclass(frozen=True)
class Measures:
    """Means over images, in nats. `rate` is None where the family has no prior."""

    distortion: float
    rate: float | None

    @property
    def elbo(self) -> float | None:
        """-(distortion + rate): the ELBO at beta = 1 whatever beta trained it; None for an AE."""
        return None if self.rate is None else -(self.distortion + self.rate)


@dataclass(frozen=True)
class EpochRecord:
    """Measures at the end of one epoch (counted from 1).

    `train` is the running mean over the epoch's batches; `held_out` is measured after it, on up
    to 2,000 held-out images, or None where there are none.
    """

    epoch: int
    train: Measures
    held_out: Measures | None


@dataclass(frozen=True, eq=False)
class Codes:
    """Posteriors of a data set in one space: mean and log variance, float32, (n, size) each.

    `log_variance` is None for deterministic codes.
    """

    mean: NDArray[np.float32] = field(repr=False)
    log_variance: NDArray[np.float32] | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Run:
    """A trained model with its history, and the codes and maps of the data it was trained on.

    Attributes
    ----------
    name
        What the user calls it.
    config, source, split_seed
        What decided it. `source` finds the data again.
    status
        "finished", "stopped" (by the user), or "training" (a snapshot of a run that goes on, or
        of one whose program died).
    created
        UTC, ISO 8601, seconds.
    history
        One record per epoch done.
    weights
        State of the model by parameter name, as numpy arrays.
    threads
        torch threads that trained it (part of what makes a run repeatable).
    versions
        Version of Python, torch, numpy and vae-explorer that trained it.
    codes
        Codes of the whole data set, by space; empty until encoded.
    labels, label_names
        Labels of the images, kept here so that the map is usable where the data is gone.
    maps
        {space: {method: Map}}; empty until mapped.
    """

    name: str
    config: Config
    source: Source
    split_seed: int
    status: str
    created: str
    history: tuple[EpochRecord, ...] = field(repr=False)
    weights: Mapping[str, NDArray[Any]] = field(repr=False)
    threads: int
    versions: Mapping[str, str]
    codes: Mapping[str, Codes] = field(default_factory=dict)
    labels: NDArray[np.int64] | None = field(default=None, repr=False)
    label_names: tuple[str, ...] = ()
    maps: Mapping[str, Mapping[str, Map]] = field(default_factory=dict)


def versions_in_use() -> dict[str, str]:
    """Return the versions of what computes: Python, torch and numpy, as `Run.versions` has them."""
    import torch  # whoever asks has computed with it; to read a run needs none

    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
    }


def last_measures(run: Run) -> Measures | None:
    """At the end of the last epoch, on held-out images where there are any; None before it."""
    if not run.history:
        return None
    last = run.history[-1]
    return last.held_out or last.train


@dataclass(frozen=True)
class Progress:
    """How far a job is. `fraction` in [0, 1] or None where it cannot be known."""

    message: str
    fraction: float | None = None
    seconds_left: float | None = None


def result_of(job: Generator[Any, None, Result]) -> Result:
    """Run `job` to its end, its progress unseen, and return what it returns."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            return cast(Result, end.value)


def passed_on(
    job: Generator[News, None, Result], change: Callable[[News], Told]
) -> Generator[Told, None, Result]:
    """Run `job`, passing on each of its reports as `change` makes it, and return what it returns.

    Whatever ends this ends `job` too, and at once: who is cancelled must let go of a process or a
    file now, not when the garbage collector comes by.
    """
    with closing(job):
        while True:
            try:
                news = next(job)
            except StopIteration as end:
                return cast(Result, end.value)
            yield change(news)


def part_of(
    job: Generator[Progress, None, Result], start: float, share: float, name: str = ""
) -> Generator[Progress, None, Result]:
    """Run `job` as the `share` of a whole that begins at the fraction `start`.

    `name`, where there is one, is put before its messages.
    """

    def told(progress: Progress) -> Progress:
        message = f"{name}: {progress.message}" if name else progress.message
        return Progress(message, start + share * (progress.fraction or 0.0))

    return passed_on(job, told)


@dataclass(frozen=True, eq=False)
class TrainingProgress(Progress):
    """How far a training is.

    Attributes
    ----------
    epoch
        Epochs done.
    snapshot
        The Run as it was at the end of the last epoch (status "training"); None before the first.
    reconstructions
        uint8, (2, 8, channels, height, width): up to eight held-out images and their
        reconstructions by the last snapshot; None before the first epoch ends.
    warning
        What goes wrong in this training and what to try, in plain words; empty: nothing.
    remark
        What else its last epoch has shown, in a few words: the rate of every layer, the codes in
        use; empty: nothing.
    """

    epoch: int = 0
    snapshot: Run | None = None
    reconstructions: NDArray[np.uint8] | None = field(default=None, repr=False)
    warning: str = ""
    remark: str = ""


@dataclass(frozen=True, eq=False)
class PairProgress(Progress):
    """How far two trainings are that take turns.

    Attributes
    ----------
    model
        Which of the two this report is on, 0 or 1.
    part
        Its own report.
    """

    model: int = 0
    part: Progress = field(default_factory=lambda: Progress(""))


@dataclass(frozen=True, eq=False)
class MappingProgress(Progress):
    """How far the map of a space is.

    Attributes
    ----------
    space
        Name of the space whose codes are mapped.
    positions
        float32, (n, 2): where its dots are by now, in a frame that has nothing to do with that of
        any other map; None where that is not news.
    """

    space: str = ""
    positions: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Exhibit:
    """What a slot holds: latent spaces with the codes and maps of a data set.

    Attributes
    ----------
    name
        What the slot's frame says.
    source
        Identity of the data: slots are linked by image index where fingerprints agree.
    codes, maps
        As in Run.
    labels, label_names
        As in Run.
    dataset
        The images; None where they could not be found again.
    spaces
        Empty until the model has been built (torch may still be loading).
    run
        The run that it shows; None for models that were not trained here.
    origin
        Where it came from, for the user: a folder, or "bundled".
    explored
        Name of the space that is explored, empty for the first one: see `jobs.opening.main_space`.
    """

    name: str
    source: Source
    codes: Mapping[str, Codes]
    maps: Mapping[str, Mapping[str, Map]]
    labels: NDArray[np.int64] | None = field(repr=False)
    label_names: tuple[str, ...]
    dataset: Dataset | None = None
    spaces: Mapping[str, LatentSpace] = field(default_factory=dict, repr=False)
    run: Run | None = None
    origin: str = ""
    explored: str = ""

    @property
    def split_seed(self) -> int:
        """Seed of the split into training and held-out images; 0 for models of others."""
        return 0 if self.run is None else self.run.split_seed
