"""What benchmarks of the map share: MNIST codes of a VAE that is trained once and kept."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.jobs.mapping import encode
from vaeexplorer.models import restore
from vaeexplorer.run import Config, Run, result_of
from vaeexplorer.storage import load_run, save_run
from vaeexplorer.training import train

IMAGES = "mnist/t10k-images-idx3-ubyte.gz"
LATENT_DIM = 16
TRAIN_EPOCHS = 2


def cache() -> Path:
    """Return the folder of what is made once, untimed; kept until the system is started again."""
    folder = Path(tempfile.gettempdir()) / "vae-explorer-benchmarks"
    folder.mkdir(exist_ok=True)
    return folder


def mnist() -> Dataset | None:
    """Return the 10,000 test images of MNIST; None, said on stderr, where they are not named."""
    folder = os.environ.get("VAEEXPLORER_DATA")
    if folder is None:
        print("VAEEXPLORER_DATA does not name the folder of real data.", file=sys.stderr)
        return None
    return open_data(str(Path(folder) / IMAGES))


def trained(dataset: Dataset) -> Run:
    """Return a 16-d VAE of `dataset` with its codes; trained at the first call, then kept."""
    folder = cache() / f"vae-{LATENT_DIM}-{TRAIN_EPOCHS}"
    if folder.exists():
        run = load_run(folder)
        if run.source.fingerprint == dataset.source.fingerprint:
            return run
    print("training a VAE, untimed", file=sys.stderr)
    run = result_of(train(dataset, Config("vae", {"latent_dim": LATENT_DIM}, TRAIN_EPOCHS)))
    run = result_of(encode(run, spaces_of(run), dataset))
    save_run(run, folder)
    return run


def spaces_of(run: Run) -> dict[str, Any]:
    """Return the latent spaces of `run`."""
    model = restore(run.config.family, run.config.model, run.source.shape, run.weights)
    return dict(model.spaces())


def codes_of(run: Run, dataset: Dataset) -> NDArray[np.float32]:
    """Return the posterior means of the images of `dataset`, in the space of `run`."""
    mean: NDArray[np.float32] = result_of(encode(run, spaces_of(run), dataset)).codes["z"].mean
    return mean
