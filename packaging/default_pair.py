"""Train the pair that the program opens with: an AE and a VAE on the bundled digits.

    python packaging/default_pair.py [--out FOLDER]

Both have the same seed, hence the same initial weights, held-out images and batches. Writes the
run folders `ae` and `vae` with codes and with PCA and UMAP maps of the posterior means, so that
opening them trains nothing and imports no UMAP, and prints their scores as one line of JSON.
Equal weights come out on one machine with one version of torch. Takes a minute or two.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.jobs.mapping import MAP_SETTINGS, encode, project
from vaeexplorer.jobs.scoring import score_space
from vaeexplorer.latent.process import ProjectionProcess
from vaeexplorer.latent.projection import Map
from vaeexplorer.models import restore
from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity import verdict
from vaeexplorer.run import Config, Run, result_of
from vaeexplorer.storage import save_run
from vaeexplorer.training import train

SEED = 0
EPOCHS = 400
LEARNING_RATE = 2e-3
MODEL = {"latent_dim": 8, "body": "mlp", "hidden": [256, 128]}
FAMILIES = {"ae": ("AE on digits", {}), "vae": ("VAE on digits", {"beta": 1.0})}
MOST_BYTES = 2_000_000
RESOURCES = Path(__file__).resolve().parents[1] / "resources"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESOURCES / "default_pair")
    out = parser.parse_args().out
    dataset = open_data("digits")
    runs = {family: trained(dataset, family) for family in FAMILIES}
    process = ProjectionProcess()
    try:
        runs = {
            family: result_of(project(run, process, "umap-learn", MAP_SETTINGS))
            for family, run in runs.items()
        }
    finally:
        process.close()
    runs["vae"] = turned_onto(runs["vae"], runs["ae"])
    scores = {family: scored(dataset, run) for family, run in runs.items()}
    gate = scores["vae"]["continuity"]["gate"]
    if gate < 1:
        print(f"The gate of the VAE is {gate:.3f}: train longer, nothing saved.", file=sys.stderr)
        return 1
    for family, run in runs.items():
        save_run(run, out / family)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    if size > MOST_BYTES:
        print(f"The pair has {size} bytes, more than {MOST_BYTES}.", file=sys.stderr)
        return 1
    sentences = verdict.compare(scores["ae"], scores["vae"], ("AE", "VAE"))
    print(json.dumps({**scores, "verdict": sentences, "bytes": size}))
    return 0


def trained(dataset: Dataset, family: str) -> Run:
    """Train and encode; one torch thread, so that the machine's cores do not change the weights."""
    name, own = FAMILIES[family]
    config = Config(family, MODEL | own, EPOCHS, 64, LEARNING_RATE, SEED)
    run = result_of(train(dataset, config, name=name, threads=1))
    last = run.history[-1]
    print(f"{name}: train {last.train}, held out {last.held_out}", file=sys.stderr)
    return result_of(encode(run, {"z": space_of(run)}, dataset))


def scored(dataset: Dataset, run: Run) -> dict[str, Any]:
    return result_of(score_space(space_of(run), dataset, dataset.split(run.split_seed)))


def space_of(run: Run) -> LatentSpace:
    model = restore(run.config.family, run.config.model, run.source.shape, run.weights)
    return model.spaces()["z"]


def turned_onto(run: Run, other: Run) -> Run:
    """Turn the UMAP map of `run` so that its images lie in the same direction as in `other`.

    A layout's orientation means nothing; equal ones make two maps comparable at a glance.
    """
    map_, target = run.maps["z"]["umap-learn"], other.maps["z"]["umap-learn"]
    positions = rotated_onto(map_.positions, target.positions)
    turned = Map(map_.method, positions, {**map_.settings, "turned_onto": other.name})
    return replace(run, maps={"z": {**run.maps["z"], turned.method: turned}})


def rotated_onto(
    positions: NDArray[np.float32], target: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Rotate or reflect `positions`, (n, 2), to lie closest to `target`, scale free.

    The orthogonal Procrustes problem (Schoenemann 1966); the centre of `target` is taken over.
    """
    centred = positions - positions.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T.astype(np.float64) @ (target - target.mean(axis=0)))
    turned: NDArray[np.float64] = centred @ (left @ right) + target.mean(axis=0)
    return turned.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
