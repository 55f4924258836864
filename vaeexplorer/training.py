"""Training: a generator that reports, can be stopped at any report, and returns a Run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import vaeexplorer
from vaeexplorer import models
from vaeexplorer.data.dataset import Dataset
from vaeexplorer.models.base import (
    Family,
    ModelConfig,
    SettingError,
    Terms,
    check_settings,
    float_images,
)
from vaeexplorer.models.binarising import binarised_once
from vaeexplorer.models.learning import Chosen, DivergedError, Images, Learner
from vaeexplorer.models.warping import Pairs, pairs_of
from vaeexplorer.run import (
    Config,
    EpochRecord,
    Measures,
    Run,
    TrainingProgress,
    passed_on,
    versions_in_use,
)

REPORT_INTERVAL_S = 0.1
MEASURED_IMAGES = 2000
"""Held-out images that are measured after each epoch, at most."""
SHOWN_IMAGES = 8
"""Held-out images whose reconstructions are reported, at most."""
HALVINGS = 3
"""How often a training that diverges is tried again at half its learning rate."""
SMALL_DATA, SMALL_BATCH, LARGE_BATCH = 5000, 64, 128

Result = TypeVar("Result")
Steps = Generator[TrainingProgress, None, Result]


class TrainingError(RuntimeError):
    """A training that cannot succeed; the message is one sentence for the user."""


def train(
    dataset: Dataset, config: Config, *, name: str = "", threads: int | None = None
) -> Steps[Run]:
    """Train a model, reporting at once, about every 100 ms, and at the end of each epoch.

    Closing the generator stops the training; the last snapshot reported is what remains of it.
    The same data, config and threads give the same weights, bit for bit, on one machine. torch's
    global generator is neither read nor changed, and torch's number of threads is the caller's
    whenever the generator is suspended.

    Parameters
    ----------
    dataset
        Images; those that its split holds out are only measured.
    config
        All that decides the training beside the data.
    name
        What the user calls the run; empty: as by `models.run_name`.
    threads
        torch threads to train on; None: as many as torch uses now.

    Yields
    ------
    TrainingProgress
        With a snapshot, a Run of status "training", from the end of the first epoch on.

    Returns
    -------
    Run
        Status "finished".

    Raises
    ------
    SettingError
        For settings that cannot be trained with: raised by the call, before anything starts.
    TrainingError
        If the training diverges at an eighth of the learning rate too.
    """
    settings = models.settings(config.family, config.model)
    _check(dataset, config, threads)
    if problem := settings.problem(dataset.shape):
        raise SettingError(problem)
    check = models.FAMILIES[config.family].check
    if check is not None:
        check(settings, dataset)
    threads = threads or torch.get_num_threads()
    name = name or models.run_name(config.family, config.model, dataset.name, config.epochs)
    return _on_threads(_train(dataset, config, settings, name, threads), threads)


def _check(dataset: Dataset, config: Config, threads: int | None) -> None:
    check_settings(config)
    if config.epochs < 1:
        raise SettingError(f"The number of epochs must be at least 1, not {config.epochs}.")
    if config.batch_size < 0:
        raise SettingError(
            f"The batch size must be at least 1, or 0 to have it chosen, not {config.batch_size}."
        )
    if config.learning_rate <= 0:
        raise SettingError(f"The learning rate must be above 0, not {config.learning_rate}.")
    if not 0 <= config.seed < 2**63:
        raise SettingError(f"The seed must be at least 0 and below 2^63, not {config.seed}.")
    if threads is not None and threads < 1:
        raise SettingError(f"The number of threads must be at least 1, not {threads}.")
    if not len(dataset):
        raise SettingError(f"There are no images in {dataset.name} to train on.")


def _on_threads(steps: Steps[Result], threads: int) -> Steps[Result]:
    """Run `steps` on so many torch threads, and nothing that happens between its reports."""
    while True:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            progress = next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            torch.set_num_threads(before)
        yield progress


def _train(
    dataset: Dataset, config: Config, settings: ModelConfig, name: str, threads: int
) -> Steps[Run]:
    yield TrainingProgress("Preparing the images", 0.0)
    pairs = yield from _paired(dataset, config)
    training = _Training(dataset, config, settings, pairs)
    run = Run(
        name=name,
        config=config,
        source=dataset.source,
        split_seed=config.seed,
        status="training",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        history=(),
        weights={},
        threads=threads,
        versions={
            **versions_in_use(),
            "vaeexplorer": vaeexplorer.__version__,
            **training.methods(),
        },
        labels=dataset.labels,
        label_names=dataset.label_names,
    )
    fit = models.FAMILIES[config.family].fit
    if fit is not None:
        yield from training.fit(fit)
    for epoch in range(config.epochs if fit is None else 1):
        record = yield from training.epoch(epoch) if fit is None else training.measured()
        run = replace(run, history=(*run.history, record), weights=training.learner.weights())
        training.snapshot, training.shown = run, training.reconstructions()
        training.look()
        yield training.progress(epoch + 1)
    return replace(run, status="finished")


class _Sums:
    """Running sums of what is measured of images."""

    def __init__(self) -> None:
        self.images = 0
        self.distortion = 0.0
        self.rates: dict[str, float] = {}

    def add(self, terms: Terms) -> None:
        self.images += len(terms.distortion)
        self.distortion += terms.distortion.sum().item()
        for space, rates in (terms.rates or {}).items():
            self.rates[space] = self.rates.get(space, 0.0) + rates.sum().item()

    def by_space(self) -> dict[str, float]:
        """Return the mean rate of every space, in nats; empty without a prior."""
        return {space: rate / self.images for space, rate in self.rates.items()}

    def means(self) -> Measures:
        total = sum(self.rates.values())
        if not math.isfinite(self.distortion + total):
            raise DivergedError
        rate = total / self.images if self.rates else None
        return Measures(self.distortion / self.images, rate)


def _paired(dataset: Dataset, config: Config) -> Steps[tuple[Pairs | None, Pairs | None]]:
    """Pair training and measured images with sources where the family is fed pairs."""
    if models.FAMILIES[config.family].batches != "pairs":
        return None, None
    split = dataset.split(config.seed)
    pairs = []
    for stream, indices in enumerate((split.train, split.held_out[:MEASURED_IMAGES])):
        finding = pairs_of(dataset, indices, (config.seed, stream))
        pairs.append((yield from passed_on(finding, partial(_fields_found, len(indices)))))
    return pairs[0], pairs[1]


def _fields_found(of: int, found: int) -> TrainingProgress:
    return TrainingProgress(f"Displacement fields: {found:,} of {of:,}", 0.0)


def _images(
    dataset: Dataset, indices: NDArray[np.int64], family: Family, pairs: Pairs | None
) -> Images:
    """Read the images at `indices`, with what `family` is fed beside them."""
    labels = None
    if family.batches == "groups" and dataset.labels is not None:
        labels = torch.from_numpy(dataset.labels[indices])
    return Images(dataset.batch(indices), labels, pairs)


class _Training:
    """The data, the position in it, and what is reported of it."""

    def __init__(
        self,
        dataset: Dataset,
        config: Config,
        settings: ModelConfig,
        pairs: tuple[Pairs | None, Pairs | None],
    ) -> None:
        # Five streams of one seed, so that families differ in what they learn from it alone.
        seeds = np.random.SeedSequence(config.seed).generate_state(5, np.uint64).tolist()
        weights_seed, order_seed, noise_seed, self.measure_seed, flips_seed = seeds
        self.order = torch.Generator().manual_seed(order_seed)
        split = dataset.split(config.seed)
        family = models.FAMILIES[config.family]
        self.images = _images(dataset, split.train, family, pairs[0])
        measured = split.held_out[:MEASURED_IMAGES]
        self.held_out = _images(dataset, measured, family, pairs[1])
        if settings.binarised:
            flips = torch.Generator().manual_seed(flips_seed)
            self.images = replace(self.images, flips=flips)
            self.held_out = replace(self.held_out, pixels=binarised_once(self.held_out.pixels))
        n = len(self.images)
        self.batch_size = config.batch_size or (SMALL_BATCH if n < SMALL_DATA else LARGE_BATCH)
        mean_image = torch.from_numpy(self.images.pixels.numpy().mean(axis=0) / 255).float()
        model = models.build(
            config.family, config.model, dataset.shape, mean_image, seed=weights_seed
        )
        shown = self.held_out if len(self.held_out) else self.images
        model.meet(float_images(shown.pixels[0]))
        self.learner = Learner(model, settings, config.learning_rate, noise_seed)
        self.halvings = 0
        # None to go through where the model is fitted at once.
        self.epochs = config.epochs if family.fit is None else 0
        self.steps_done, self.steps = 0, max(self.epochs, 1) * math.ceil(n / self.batch_size)
        self.snapshot: Run | None = None
        self.shown: NDArray[np.uint8] | None = None
        self.warning = self.diverged = self.remark = ""
        self.rates: dict[str, float] = {}
        self.started = self.reported = time.perf_counter()

    def methods(self) -> dict[str, str]:
        """Say how the fields between images were found, where a model learns from such."""
        pairs = self.images.pairs
        return {} if pairs is None else {"fields": pairs.method}

    def epoch(self, epoch: int) -> Steps[EpochRecord]:
        """Go through the images once; if that diverges, again from where the epoch began."""
        order = self.images.shuffled(self.batch_size, self.order)
        state, steps_done = self.learner.state(), self.steps_done
        while True:
            try:
                return (yield from self._attempt(epoch, order))
            except DivergedError:
                self.halvings += 1
                if self.halvings > HALVINGS:
                    raise TrainingError(
                        "The training diverged (a value became infinite), also at an eighth of its "
                        "learning rate: try a learning rate of 0.001 or less, or a smaller beta."
                    ) from None
                self.warning = self.diverged = (
                    f"The training diverged (a value became infinite) in epoch {epoch + 1}, which "
                    "was tried again at half the learning rate."
                )
                self.learner.go_back(state)
                self.steps_done = steps_done

    def fit(self, fit: Callable[[Any, Tensor], Iterator[float]]) -> Steps[None]:
        """Fit the model to the training images at once."""
        for done in fit(self.learner.model, self.images.pixels):
            self.steps_done = round(done * self.steps)
            yield from self._report(0)
        self.learner.check_weights()

    def measured(self) -> Steps[EpochRecord]:
        """Measure the fitted model on the training and on the held-out images."""
        train = yield from self._measure(self.images, 0)
        held_out = yield from self._measure(self.held_out, 0)
        assert train is not None
        return EpochRecord(1, train, held_out)

    def progress(self, epoch: int) -> TrainingProgress:
        """Report, with `epoch` epochs done."""
        self.reported = time.perf_counter()
        done = self.steps_done / self.steps
        elapsed = self.reported - self.started
        return TrainingProgress(
            f"Epoch {min(epoch + 1, self.epochs)} of {self.epochs}" if self.epochs else "Fitting",
            done,
            elapsed * (1 - done) / done if done else None,
            epoch,
            self.snapshot,
            self.shown,
            self.warning,
            self.remark,
        )

    def look(self) -> None:
        """Notice what goes wrong, after an epoch."""
        model = self.learner.model
        layers = [f"{space} {rate:.1f}" for space, rate in self.rates.items()]
        parts = [f"rates {', '.join(layers)}" if len(layers) > 1 else "", model.remark()]
        self.remark = "   ".join(part for part in parts if part)
        settings, done = self.learner.settings, self.steps_done / self.steps
        now, full = settings.pressure(done).weight, settings.pressure(1.0).weight
        # Nothing presses on the rate, or it may yet grow with its weight.
        rates = self.rates if full and now >= full else {}
        self.warning = f"{model.trouble(rates)} {self.diverged}".strip()

    def reconstructions(self) -> NDArray[np.uint8] | None:
        """Held-out images and their reconstructions, (2, up to 8, channels, height, width)."""
        pixels = self.held_out.pixels[:SHOWN_IMAGES]
        if not len(pixels):
            return None
        space = next(iter(self.learner.model.spaces().values()))
        decoded = space.decode(space.encode(float_images(pixels)).mean)
        return torch.stack([pixels, decoded.mul(255).round().clamp(0, 255).byte()]).numpy()

    def _attempt(self, epoch: int, order: list[Chosen]) -> Steps[EpochRecord]:
        sums = _Sums()
        for chosen in order:
            batch = self.images.batch(chosen)
            sums.add(self.learner.step(batch, self.steps_done / self.steps))
            self.steps_done += 1
            yield from self._report(epoch)
        # Small batches may be fewer than planned where groups are not divided.
        self.steps_done = self.steps * (epoch + 1) // self.epochs
        self.learner.check_weights()
        self.rates = sums.by_space()
        held_out = yield from self._measure(self.held_out, epoch)
        return EpochRecord(epoch + 1, sums.means(), held_out)

    def _measure(self, images: Images, epoch: int) -> Steps[Measures | None]:
        if not len(images):
            return None
        sums = _Sums()
        # The same noise each time: the curve shows the model's changes, not the noise's.
        noise = torch.Generator().manual_seed(self.measure_seed)
        for chosen in images.in_order(self.batch_size, self.measure_seed):
            sums.add(self.learner.measure(images.batch(chosen), noise))
            yield from self._report(epoch)
        self.rates = sums.by_space()
        return sums.means()

    def _report(self, epoch: int) -> Iterator[TrainingProgress]:
        """Yield a report if the last one is REPORT_INTERVAL_S old."""
        if time.perf_counter() - self.reported >= REPORT_INTERVAL_S:
            yield self.progress(epoch)
