"""How soon a map of MNIST codes is there, and how good it is, beside umap-learn.

Codes are those of a 16-d VAE that is trained once (untimed, kept between runs); 1,797 and 10,000 of
them, and in the full run 70,000: the 10,000 test images with six affine copies of each. Every fit
starts from nothing, in a fresh process; only the compiled kernel is kept, as it is after the first
start of the program. Both run the same number of epochs with the same neighbours. The quick run
leaves umap-learn on 1,797 codes out, because it compiles for half a minute whatever their number,
and takes the trustworthiness over 500 codes, the full one over 2,000.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from mnist_codes import codes_of, mnist, trained
from numpy.typing import NDArray
from sizes import QUICK, SMOKE, sized

from vaeexplorer.data import Dataset, Source
from vaeexplorer.data.dataset import fingerprint
from vaeexplorer.latent.process import FitProgress, ProjectionProcess, UmapSettings
from vaeexplorer.latent.projection import Map, pca_map

NEIGHBOURS = 15
SEED = 0
TRUST_SAMPLE = sized(2_000, quick=500, smoke=50)
UMAP_LEARN = """
import sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
codes = np.load(sys.argv[1])
started = time.perf_counter()
import umap
fit = umap.UMAP(n_neighbors=int(sys.argv[3]), n_epochs=int(sys.argv[4]))
positions = fit.fit_transform(codes)
print(time.perf_counter() - started)
np.save(sys.argv[2], positions)
"""


def with_copies(dataset: Dataset, copies: int) -> Dataset:
    """Return `dataset` with affine copies of every image: slightly turned, scaled and moved."""
    from scipy.ndimage import affine_transform

    images = dataset.pixels(slice(None))
    rng = np.random.default_rng(SEED)
    made = [images]
    centre = (np.array(images.shape[2:]) - 1) / 2
    for _ in range(copies):
        turned = np.empty_like(images)
        for index, image in enumerate(images[:, 0]):
            angle, scale = rng.normal(0, 0.15), rng.normal(1, 0.08)
            cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
            matrix = np.array([[cosine, -sine], [sine, cosine]])
            offset = centre - matrix @ centre + rng.normal(0, 1, 2)
            turned[index, 0] = affine_transform(image, matrix, offset, order=1)
        made.append(turned)
    pixels = np.concatenate(made)
    source = Source("copies", None, {}, len(pixels), pixels.shape[1:], fingerprint(pixels))
    return Dataset("copies", pixels, source)


def ours(codes: NDArray[np.float32]) -> tuple[float, float, Map]:
    """Return seconds to the first frame and to the map, and the map; from no process at all."""
    process = ProjectionProcess()
    started = time.perf_counter()
    first_s = None
    with closing(process):
        fit: Generator[FitProgress, None, Map] = process.fit(
            codes, "umap", UmapSettings(NEIGHBOURS, seed=SEED)
        )
        while True:
            try:
                report = next(fit)
            except StopIteration as stop:
                final_s = time.perf_counter() - started
                return first_s or final_s, final_s, stop.value
            if first_s is None and report.positions is not None:
                first_s = time.perf_counter() - started


def umap_learn(codes: NDArray[np.float32], epochs: int) -> tuple[float, NDArray[np.float32]]:
    """Return seconds that umap-learn takes, import included, and its positions."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("codes.npy", "positions.npy")]
        np.save(paths[0], codes)
        command = [sys.executable, "-c", UMAP_LEARN, *paths, str(NEIGHBOURS), str(epochs)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(ran.stdout), np.load(paths[1])


def trust(codes: NDArray[np.float32], positions: NDArray[np.float32]) -> float:
    """Return the trustworthiness of a map, over a sample of codes and all their neighbours.

    J. Venna and S. Kaski, "Neighborhood preservation in nonlinear projection methods", 2001.
    """
    n = len(codes)
    rows = np.random.default_rng(SEED).permutation(n)[:TRUST_SAMPLE]
    penalty = 0
    for row in rows:
        far = ((codes - codes[row]) ** 2).sum(axis=1)
        near = ((positions - positions[row]) ** 2).sum(axis=1)
        far[row] = near[row] = -1
        found = np.argpartition(near, NEIGHBOURS)[: NEIGHBOURS + 1]
        ranks = (far < far[found][:, None]).sum(axis=1)
        penalty += int(np.maximum(ranks - NEIGHBOURS, 0).sum())
    scale = 2 / (len(rows) * NEIGHBOURS * (2 * n - 3 * NEIGHBOURS - 1))
    return 1 - scale * penalty


def pca_frame_ms(codes: NDArray[np.float32]) -> float:
    """Return the median time of a PCA map."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        pca_map(codes)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def measure(codes: NDArray[np.float32], rounds: int, report: dict[str, Any]) -> Map:
    """Add what is measured of our maps of `codes` to the report; return the last map."""
    n = len(codes)
    firsts, finals = [], []
    for _ in range(rounds):
        first_s, final_s, map_ = ours(codes)
        firsts.append(first_s)
        finals.append(final_s)
    report["figures"] |= {
        f"pca_frame_ms_{n}": round(pca_frame_ms(codes), 2),
        f"first_umap_frame_s_{n}": round(statistics.median(firsts), 2),
        f"final_s_{n}": round(statistics.median(finals), 2),
        f"epochs_{n}": map_.settings["epochs"],
        f"trust_pca_{n}": round(trust(codes, pca_map(codes).positions), 4),
        f"trust_ours_{n}": round(trust(codes, map_.positions), 4),
    }
    print(f"{n}: ours {finals} s", file=sys.stderr)
    return map_


def compare(codes: NDArray[np.float32], epochs: int, report: dict[str, Any]) -> None:
    """Add what umap-learn needs for the same, right after ours has been measured."""
    n = len(codes)
    seconds, positions = umap_learn(codes, epochs)
    report["peers"] |= {
        f"umap_learn_s_{n}": round(seconds, 2),
        f"trust_umap_learn_{n}": round(trust(codes, positions), 4),
    }
    ratio = seconds / report["figures"][f"final_s_{n}"]
    report["ratios"][f"umap_learn_over_ours_{n}"] = round(ratio, 2)
    print(f"{n}: umap-learn {seconds:.2f} s", file=sys.stderr)


def main() -> None:
    report: dict[str, Any] = {"benchmark": "map", "figures": {}, "peers": {}, "ratios": {}}
    dataset = mnist()
    if dataset is not None:
        run = trained(dataset)
        codes = run.codes["z"].mean
        if not SMOKE:
            print("filling the cache of compiled code, untimed", file=sys.stderr)
            ours(codes[:500])
        for n in sized((1_797, 10_000), quick=(1_797, 10_000), smoke=(300,)):
            map_ = measure(codes[:n], sized(3, quick=1, smoke=1), report)
            if not SMOKE and (n == len(codes) or not QUICK):
                compare(codes[:n], map_.settings["epochs"], report)
        if not QUICK:
            many = codes_of(run, with_copies(dataset, 6))
            epochs = measure(many, 1, report).settings["epochs"]
            compare(many, epochs, report)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
