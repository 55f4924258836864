"""What a run's model makes of held-out images: its ELBO, tighter bounds, and log p(x) itself."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.data.dataset import Dataset, InputError
from vaeexplorer.jobs.mapping import codes_of
from vaeexplorer.jobs.measured import is_binarised, measured_images
from vaeexplorer.jobs.opening import model_of
from vaeexplorer.models import FAMILIES
from vaeexplorer.models.base import Batch, LatentSpace, Model, Posterior, Prior
from vaeexplorer.models.warping import pairs_of
from vaeexplorer.regularity.aggregate import aggregate_terms, code_terms
from vaeexplorer.regularity.code_laws import code_indices
from vaeexplorer.regularity.evidence import ImportanceBound, importance_bounds, log_mean
from vaeexplorer.regularity.gradients import gradient_noise
from vaeexplorer.regularity.quadrature import GREATEST_EXACT, ExactEvidence, exact_evidence
from vaeexplorer.run import Codes, Progress, Run, passed_on, result_of

IMAGES = 100
"""Held-out images, the first ones in file order."""

DRAWS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Values of K."""

GRADIENT_IMAGES, GRADIENT_DRAWS = 20, 64
"""Images and draws of each that the variance of gradients is measured on."""

RATE_DRAWS = 8
"""Draws of z for the rate of a hierarchy, whose lower layers' is not in closed form."""

ALIKE = 1e-3
"""Nats between draws that are but rounding: PCA of MNIST, of 784 pixels, has 4e-5."""

AT_ONCE = 1_000
"""Images encoded, or codes decoded, at once for a bound, at most."""

VALUES_AT_ONCE, LEAST_AT_ONCE = 1_000_000, 16
"""Values of images decoded at once, about; and images, at least."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Bounds of log p(x) for some images, in nats.

    Attributes
    ----------
    images
        Indices of the images in the data set, (n,).
    elbo
        Per image, (n,), each the mean over as many draws as the largest K. Of a model that learns
        from pairs, of the displacement field from a source to the image, given the source.
    rate
        Mean over images, in nats.
    draw_deviation
        Standard deviation between single draws of one image, root mean square over images: how
        far off an ELBO from one draw may be.
    bounds
        Importance-weighted bounds, one for each of DRAWS; empty where q(z|x) is a point mass: its
        draws are all alike, so that none of them gives more than the ELBO.
    prior_means
        What the mean over as many draws from the prior instead of the posterior gives, for each
        of DRAWS; None where the model does not tell p(x, z).
    aggregate
        Terms of KL(q(z)||p(z)) over all images of the run, black and white where it has learnt
        from such, as all numbers here: see aggregate_terms and code_terms. Empty where the codes
        have no posterior or no prior.
    gradient_ratio
        How many times the variance of the reparametrised gradient that of the score function is
        (see regularity.gradients); None where the model does not tell p(x, z), or nothing is
        drawn from q(z|x), or what is learnt from are pairs.
    """

    images: NDArray[np.int64] = field(repr=False)
    elbo: NDArray[np.float64] = field(repr=False)
    rate: float
    draw_deviation: float
    bounds: tuple[ImportanceBound, ...]
    prior_means: tuple[float, ...] | None
    aggregate: Mapping[str, float | None] = field(default_factory=dict)
    gradient_ratio: float | None = None

    @property
    def distortion(self) -> float:
        """Mean of -log p(x|z) over images and draws, in nats."""
        return -float(self.elbo.mean()) - self.rate

    @property
    def draws(self) -> tuple[int, ...]:
        """Values of K of `curve` and `prior_means`."""
        return DRAWS

    @property
    def curve(self) -> tuple[float, ...]:
        """Mean bound by K, in nats: at a point mass the ELBO, for every K."""
        if not self.bounds:
            return (float(self.elbo.mean()),) * len(DRAWS)
        return tuple(bound.mean for bound in self.bounds)

    @property
    def best(self) -> ImportanceBound | None:
        """The bound with the most draws; None where there is none beside the ELBO."""
        return self.bounds[-1] if self.bounds else None

    @property
    def log_evidence(self) -> NDArray[np.float64]:
        """The tightest bound of log p(x) of each image, (n,), in nats."""
        return self.elbo if self.best is None else self.best.per_image

    @property
    def exact(self) -> bool:
        """Whether every draw gives log p(x): q(z|x) is p(z|x) itself, as far as can be seen."""
        return bool(self.bounds) and self.draw_deviation < ALIKE

    @property
    def gap(self) -> float | None:
        """Best bound minus ELBO, in nats: nearly KL(q(z|x) || p(z|x)), mean over images."""
        return None if self.best is None else self.best.mean - float(self.elbo.mean())


def measure_evidence(
    run: Run, dataset: Dataset, images: int = IMAGES, seed: int = 0
) -> Generator[Progress, None, Evidence | None]:
    """Bound log p(x) of the first held-out images (training images where none are held out).

    Of a model that learns from pairs, log p(F|s): each image is the partner of a source s, drawn
    with the run's seed, and F the displacement field between the two.

    Returns None for a family that declares no probability of an image, such as an AE.

    Raises
    ------
    InputError
        If there are no images.
    """
    split = dataset.split(run.split_seed)
    chosen = np.sort(split.held_out if len(split.held_out) else split.train)[:images]
    if not len(chosen):
        raise InputError("There are no images to measure the evidence of.")
    yield Progress("evidence", 0.0)
    model = model_of(run).eval().requires_grad_(False)
    name, space = next(iter(model.spaces().items()))
    batch = _batch(run, dataset, chosen)
    generator = torch.Generator().manual_seed(seed)
    if model.log_weight(_part(batch, 0, 1), generator) is None:
        return None
    certain = model.joint_posterior(batch.images[:1]).log_variance is None
    codes = yield from _codes(run, dataset, name, space)
    log_weights = yield from _posterior_draws(model, batch, 1 if certain else DRAWS[-1], generator)
    prior = yield from _prior_draws(model, model.joint_prior() or space.prior, batch, generator)
    return Evidence(
        chosen,
        log_weights.mean(axis=0),
        _rate(model, space, batch),
        0.0 if certain else float(np.sqrt(log_weights.var(axis=0, ddof=1).mean())),
        () if certain else importance_bounds(log_weights, DRAWS),
        None if prior is None else tuple(float(log_mean(prior[:k]).mean()) for k in DRAWS),
        _aggregate(codes, space, generator),
        _gradient_ratio(model, space, _part(batch, 0, GRADIENT_IMAGES), generator),
    )


def integrate_evidence(
    run: Run, image: NDArray[np.uint8]
) -> Generator[Progress, None, ExactEvidence | None]:
    """Integrate log p(x) of one image, (channels, height, width), on a grid over z.

    Of a model that learns from pairs, log p(F|s) of what the code of the image is a code of: the
    displacement field F, estimated, from the default source s to the image.

    Both posteriors are in units of the codes. Returns None where the model has more than two latent
    dimensions, of all layers together, or does not tell p(x, z).
    """
    model = model_of(run).eval().requires_grad_(False)
    x = measured_images(run, image[None])
    posterior = model.joint_posterior(x)
    size = posterior.mean.shape[1]
    if size > GREATEST_EXACT or posterior.log_variance is None:
        return None

    datum = model.datum(x)

    @torch.inference_mode()
    def log_joint(z: NDArray[np.float32]) -> NDArray[np.float64]:
        found = model.log_joint(_for_codes(datum, len(z)), torch.from_numpy(z))
        assert found is not None
        return found.double().numpy()

    @torch.inference_mode()
    def placed(steps: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        found = model.placed(x, torch.from_numpy(steps).float())
        assert found is not None
        return found[0].numpy(), found[1].double().numpy()

    with torch.inference_mode():
        if model.log_joint(datum, posterior.mean) is None:
            return None
    job = exact_evidence(log_joint, placed, size, _at_once(image.size))
    found = yield from passed_on(job, partial(Progress, "evidence"))
    lengths = model.code_lengths()
    exact = found if lengths is None else found.in_units(lengths.numpy())
    return replace(exact, names=model.joint_names())


def _posterior_draws(
    model: Model, batch: Batch, count: int, generator: torch.Generator
) -> Generator[Progress, None, NDArray[np.float64]]:
    """log p(x, z) - log q(z|x) of `count` draws from the posterior, (count, n)."""
    images = len(batch.images)
    most = min(AT_ONCE, _at_once(batch.images[0].numel()))
    columns = []
    for first in range(0, images, most):
        part = _part(batch, first, first + most)
        per_round = min(count, max(1, most // len(part.images)))
        repeated = _repeated(part, per_round)
        rounds = []
        for start in range(0, count, per_round):
            done = (first + len(part.images) * start / count) / images
            yield Progress("evidence", 0.7 * done)
            with torch.inference_mode():
                found = model.log_weight(repeated, generator)
            assert found is not None
            rounds.append(found.double().numpy().reshape(per_round, -1))
        columns.append(np.concatenate(rounds)[:count])
    return np.concatenate(columns, axis=1)


def _prior_draws(
    model: Model, prior: Prior | None, batch: Batch, generator: torch.Generator
) -> Generator[Progress, None, NDArray[np.float64] | None]:
    """log p(x|z) of draws from the prior, (most of DRAWS, n)."""
    if prior is None:
        return None
    z = prior.sample(DRAWS[-1], generator)
    densities = prior.log_prob(z)
    if densities is None:
        return None
    most, count, rows = _at_once(batch.images[0].numel()), len(batch.images), []
    for start in range(0, len(z), most):
        part, density = z[start : start + most], densities[start : start + most]
        with torch.inference_mode():
            joint_of, row = model.joint_of(part), []
        for number in range(count):
            yield Progress("evidence", 0.7 + 0.3 * (start + len(part) * number / count) / len(z))
            with torch.inference_mode():
                found = joint_of(_for_codes(_part(batch, number, number + 1), len(part)))
            if found is None:
                return None
            row.append((found - density).double().numpy())
        rows.append(np.stack(row, axis=1))
    return np.concatenate(rows)


def _at_once(values: int) -> int:
    """How many images of so many values are decoded at once."""
    return max(LEAST_AT_ONCE, VALUES_AT_ONCE // values)


def _rate(model: Model, space: LatentSpace, batch: Batch) -> float:
    """Mean rate in nats: in closed form but of lower layers, for which z is drawn some times."""
    generator = torch.Generator().manual_seed(0)
    times = 1 if space.drawn_in is space else RATE_DRAWS
    with torch.inference_mode():
        rates = [model(batch, generator).rate for _ in range(times)]
    return float(torch.stack(rates).double().mean())


def _gradient_ratio(
    model: Model, space: LatentSpace, batch: Batch, generator: torch.Generator
) -> float | None:
    prior = space.prior
    if prior is None or batch.fields is not None:
        return None
    posterior = space.encode(batch.images)
    with torch.inference_mode():
        if model.log_joint(batch, posterior.mean) is None:
            return None

    def log_likelihood(z: Tensor) -> Tensor:
        joint, density = model.log_joint(batch, z), prior.log_prob(z)
        assert joint is not None
        assert density is not None
        return joint - density

    noise = gradient_noise(log_likelihood, _usable(posterior), GRADIENT_DRAWS, generator)
    return None if noise is None else noise.ratio


def _usable(posterior: Posterior) -> Posterior:
    """Copy what inference mode made, which no gradient may pass."""
    mean, log_variance = posterior
    return Posterior(mean.clone(), None if log_variance is None else log_variance.clone())


def _codes(
    run: Run, dataset: Dataset, name: str, space: LatentSpace
) -> Generator[Progress, None, Codes | None]:
    """Codes of all images as the likelihood has them: black and white where it is learnt so.

    Those of the run, and of its maps, are codes of the images as they are.
    """
    codes = run.codes.get(name)
    if codes is None or not is_binarised(run):
        return codes
    found, most = [], min(AT_ONCE, _at_once(math.prod(run.source.shape)))
    for start in range(0, len(dataset), most):
        yield Progress("evidence", 0.0)
        found.append(space.encode(measured_images(run, dataset.pixels(slice(start, start + most)))))
    return codes_of(found, space.size)


def _aggregate(
    codes: Codes | None, space: LatentSpace, generator: torch.Generator
) -> Mapping[str, float | None]:
    """Terms of KL(q(z)||p(z)) of all codes; empty where there is no posterior or no prior."""
    codebook, prior = space.codebook, space.prior
    if codes is None or prior is None:
        return {}
    mean = torch.from_numpy(codes.mean)
    if codebook is not None:
        parts = torch.split(mean, AT_ONCE)
        return code_terms(torch.cat([code_indices(p, codebook) for p in parts]), len(codebook))
    if codes.log_variance is None:
        return {}
    log_variance = torch.from_numpy(codes.log_variance)
    return aggregate_terms(mean, log_variance, prior, generator)


def _batch(run: Run, dataset: Dataset, chosen: NDArray[np.int64]) -> Batch:
    """Make what a model was trained on of the images `chosen`."""
    if FAMILIES[run.config.family].batches != "pairs":
        return Batch(measured_images(run, dataset.pixels(chosen)))
    pairs = result_of(pairs_of(dataset, chosen, run.config.seed))
    return pairs.batch(torch.arange(len(chosen)))


def _part(batch: Batch, start: int, stop: int) -> Batch:
    """Images, or pairs, from `start` to `stop`."""
    fields = None if batch.fields is None else batch.fields[start:stop]
    return Batch(batch.images[start:stop], fields=fields)


def _repeated(batch: Batch, count: int) -> Batch:
    """All images, or pairs, `count` times over."""
    fields = None if batch.fields is None else batch.fields.repeat(count, 1, 1, 1)
    return Batch(batch.images.repeat(count, 1, 1, 1), fields=fields)


def _for_codes(datum: Batch, count: int) -> Batch:
    """One image, or pair, as often as there are codes, without copies."""
    fields = None if datum.fields is None else datum.fields.expand(count, -1, -1, -1)
    return Batch(datum.images.expand(count, -1, -1, -1), fields=fields)
