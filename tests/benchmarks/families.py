"""What models of MNIST reach, beside the reference values: nats, active units, R2, log p(x).

The nets of the reference table (see tests/reference_net.py), measured on all 10,000 test images
with 8 draws of z each (R2: on the first 2,000, as the scores do). Then the net of the importance
weighted autoencoders' authors on all of MNIST, binarised anew in every epoch: one stochastic layer
of 50, two hidden layers of 200 tanh, k = 1; the bound of 5,000 draws on the first 500 test images,
binarised once. All but the tanh is the package's. The peers are the reference values; for log p(x)
the published one after 3,280 epochs, the two ends of what 30 to 50 epochs should give, and the
value below which the bound would be wrong. `--quick` trains an AE and a VAE at d = 10, and the
other net for one epoch.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: see cli.main
sys.path.append(str(Path(__file__).parents[1]))

import numpy as np
import torch
from numpy.typing import NDArray
from reference_net import BATCH, HELD_OUT, TRAINED, Row, first_images, reference_start, trained
from sizes import QUICK
from torch import Tensor, nn

from vaeexplorer import models
from vaeexplorer.data import Dataset, open_data
from vaeexplorer.models.base import Batch, Model, Posterior, float_images
from vaeexplorer.models.binarising import binarised_once
from vaeexplorer.models.gaussian import VariationalAutoencoder, draw, log_density
from vaeexplorer.regularity.evidence import importance_bounds
from vaeexplorer.regularity.information import active_units
from vaeexplorer.run import Config
from vaeexplorer.training import train

TESTED, DRAWS_OF_Z, AT_ONCE = 10_000, 8, 1_000
IWAE = {"latent_dim": 50, "body": "mlp", "hidden": (200, 200), "binarise": "dynamic"}
IWAE_EPOCHS = 30
IWAE_IMAGES, IWAE_DRAWS = 500, 5_000

PCA, AE, VAE = "PCA", "AE", "VAE"
ROWS = (
    Row(PCA, "pca", 2, reference={"r2": 0.157}),
    Row(PCA, "pca", 10, reference={"r2": 0.466}),
    Row(AE, "ae", 2, reference={"distortion_nats": 142.6, "r2": 0.371}),
    Row(AE, "ae", 10, reference={"distortion_nats": 85.8, "r2": 0.745}),
    Row(VAE, "vae", 2, 1.0, reference={
        "negative_elbo_nats": 152.5, "distortion_nats": 146.8, "rate_nats": 5.7,
        "active_units": 2, "r2": 0.353,
    }),
    Row(VAE, "vae", 10, 1.0, reference={
        "negative_elbo_nats": 111.5, "distortion_nats": 94.1, "rate_nats": 17.4,
        "active_units": 10, "r2": 0.721,
    }),
    Row("beta 4", "vae", 10, 4.0, reference={
        "distortion_nats": 122.7, "rate_nats": 7.1, "active_units": 7,
    }),
    Row("beta 200", "vae", 10, 200.0, reference={"distortion_nats": 206.0, "rate_nats": 0.0}),
)  # fmt: skip
FEW = tuple(row for row in ROWS if row.latent_dim == 10 and row.name in (PCA, AE, VAE))
COLUMNS = ("negative_elbo_nats", "distortion_nats", "rate_nats", "active_units", "r2")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@torch.inference_mode()
def measured(model: Model, pixels: Tensor, mean_image: Tensor) -> dict[str, float]:
    """Nats per image of what has a likelihood, active units of what has a posterior, and R2.

    R2 is that of the scores: on the first 2,000 of the images.
    """
    space = next(iter(model.spaces().values()))
    generator = torch.Generator().manual_seed(0)
    sums: dict[str, float] = dict.fromkeys(("distortion", "rate", "lost", "total"), 0.0)
    means, has_rate = [], space.prior is not None
    for part in torch.split(pixels, AT_ONCE):
        images = float_images(part)
        posterior = space.encode(images)
        means.append(posterior.mean.numpy())
        if len(means) * AT_ONCE <= HELD_OUT:
            sums["lost"] += float((images - space.decode(posterior.mean)).square().sum())
            sums["total"] += float((images - mean_image).square().sum())
        for _ in range(DRAWS_OF_Z if has_rate else 1):
            terms = model(Batch(images), generator)
            share = 1 / (DRAWS_OF_Z if has_rate else 1)
            sums["distortion"] += float(terms.distortion.sum()) * share
            sums["rate"] += float(terms.rate.sum()) * share if has_rate else 0.0
    found = {"r2": 1 - sums["lost"] / sums["total"]}
    found["distortion_nats"] = sums["distortion"] / len(pixels)
    if has_rate:
        found["rate_nats"] = sums["rate"] / len(pixels)
        found["negative_elbo_nats"] = found["distortion_nats"] + found["rate_nats"]
        found["active_units"] = float(active_units(np.concatenate(means)).sum())
    return found


def twenty_thousand(mnist: Dataset, rows: tuple[Row, ...]) -> dict[Row, dict[str, float]]:
    """Train and measure `rows`."""
    dataset = first_images(mnist, TRAINED, TESTED)
    split = dataset.split(0)
    mean_image = float_images(dataset.batch(split.train)).mean(dim=0)
    found = {}
    for row in rows:
        began = time.perf_counter()
        with reference_start():
            model = trained(row, 0, dataset).eval()
        values = measured(model, dataset.batch(split.held_out), mean_image)
        if row.family == "pca":
            # Its Gaussian has nothing to be compared with here.
            values = {"r2": values["r2"]}
        found[row] = values
        said = "  ".join(f"{key} {value:.3f}" for key, value in values.items())
        say(f"{row.name}, d = {row.latent_dim} ({time.perf_counter() - began:.0f} s): {said}")
    return found


def with_tanh(model: Model) -> Model:
    """Replace every ReLU in `model`."""
    for module in tuple(model.modules()):
        for name, child in tuple(module.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.Tanh())
    return model


def iwae_net(mnist: Dataset, epochs: int) -> VariationalAutoencoder:
    """Train the net of the importance weighted autoencoders' authors with k = 1."""
    untrained, said = models.build, 0
    training = train(mnist, Config("vae", IWAE, epochs, BATCH))
    with mock.patch.object(models, "build", lambda *a, **k: with_tanh(untrained(*a, **k))):
        for progress in training:
            if progress.epoch > said and progress.snapshot is not None:
                said, last = progress.epoch, progress.snapshot.history[-1]
                assert last.train.elbo is not None
                assert last.held_out is not None
                assert last.held_out.elbo is not None
                say(
                    f"epoch {said}: -ELBO {-last.train.elbo:.2f} in training, "
                    f"{-last.held_out.elbo:.2f} held out"
                )
                weights = progress.snapshot.weights
    model = with_tanh(models.restore("vae", IWAE, mnist.shape, weights))
    assert isinstance(model, VariationalAutoencoder)
    return model.eval().requires_grad_(False)


@torch.inference_mode()
def log_weights(model: VariationalAutoencoder, images: Tensor, draws: int) -> Iterator[Tensor]:
    """log p(x, z) - log q(z|x) of so many draws, (draws,), image by image."""
    generator = torch.Generator().manual_seed(4)
    for image in images:
        mean, log_variance = model.network.encode(image[None])
        assert log_variance is not None
        parts = []
        for start in range(0, draws, AT_ONCE):
            count = min(AT_ONCE, draws - start)
            posterior = Posterior(mean.expand(count, -1), log_variance.expand(count, -1))
            z = draw(posterior, generator)
            joint = model.log_joint(Batch(image.expand(count, *image.shape)), z)
            parts.append(joint - log_density(posterior, z))
        yield torch.cat(parts)


def iwae(mnist: Dataset, epochs: int, count: int, draws: int) -> dict[str, float]:
    """Negative log-likelihood, and the looser bounds, of the first `count` test images."""
    model = iwae_net(mnist, epochs)
    images = float_images(binarised_once(mnist.batch(mnist.split(0).held_out[:count])))
    began = time.perf_counter()
    weights: NDArray[np.float32] = torch.stack(
        tuple(log_weights(model, images, draws)), dim=1
    ).numpy()
    fifty, best = importance_bounds(weights, (50, draws))
    say(f"{draws:,} draws of {count} images ({time.perf_counter() - began:.0f} s)")
    found = {
        "negative_elbo_nats": -float(weights.astype(np.float64).mean()),
        "bound_of_50_nats": -fifty.mean,
        f"nll_{draws}_draws_nats": -best.mean,
        "nll_standard_error_nats": best.standard_error,
        "median_effective_draws": float(np.median(best.effective)),
    }
    return {f"iwae_net_{epochs}_epochs_{key}": value for key, value in found.items()}


def table(rows: Mapping[Row, Mapping[str, float]]) -> Iterator[str]:
    """Our values beside the reference, as Markdown."""
    yield "| d | model | -ELBO | D | R | active units | R2 |"
    yield "|---|---|---|---|---|---|---|"
    for row, values in rows.items():
        cells = []
        for key in COLUMNS:
            digits = {"r2": 3, "active_units": 0}.get(key, 1)
            ours, theirs = values.get(key), row.reference.get(key)
            text = "--" if ours is None else f"{ours:.{digits}f}"
            cells.append(text if theirs is None else f"{text} ({theirs:.{digits}f})")
        yield f"| {row.latent_dim} | {row.name} | {' | '.join(cells)} |"


def main() -> None:
    folder = os.environ.get("VAEEXPLORER_DATA")
    parts: dict[str, dict[str, float]] = {"figures": {}, "peers": {}, "ratios": {}}
    if folder is None:
        say("VAEEXPLORER_DATA is not set: there is nothing to train on")
    else:
        mnist = open_data(Path(folder) / "mnist")
        rows = twenty_thousand(mnist, FEW if QUICK else ROWS)
        say("\n".join(table(rows)))
        for row, values in rows.items():
            parts["figures"] |= {f"{row.key}_{key}": value for key, value in values.items()}
            parts["peers"] |= {f"{row.key}_{key}": value for key, value in row.reference.items()}
        found = (
            iwae(mnist, 1, 50, 500) if QUICK else iwae(mnist, IWAE_EPOCHS, IWAE_IMAGES, IWAE_DRAWS)
        )
        parts["figures"] |= found
        parts["peers"] |= {
            "iwae_net_3280_epochs_nll_nats": 86.76,
            "iwae_net_nll_right_from_nats": 88.5,
            "iwae_net_nll_right_to_nats": 92.0,
            "iwae_net_nll_wrong_below_nats": 86.3,
        }
        parts["ratios"] = {
            f"{key}_over_reference": parts["figures"][key] / value
            for key, value in parts["peers"].items()
            if key in parts["figures"] and value
        }
    rounded = {name: {key: round(v, 4) for key, v in part.items()} for name, part in parts.items()}
    print(json.dumps({"benchmark": "families", **rounded}))


if __name__ == "__main__":
    main()
