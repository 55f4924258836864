"""From a place on the map to a code: how fast, how right and how smooth, beside two peers.

3,000 MNIST codes of a 16-d VAE are laid out by umap-learn; 500 others are placed on that map by its
`transform`. Three ways lead back from those places: our lift, umap-learn's `inverse_transform`, and
inverse distance weighting (1 / d^2 over the 12 nearest dots). All see the same 3,000 codes.

`lift_us`: one place, median. `grid64_ms`: 64 x 64 places over the map from the lattice, median;
`lattice_s`: to compute that. `lattice_error`: mean distance between codes by lattice and by lift,
over the mean of ||z - mean||. `inverse_transform_s`: one call with one place, median.
`relative_error`: mean over the 500 places of ||z_hat - z|| / ||z - mean||.
`refined_worst_step`: two straight lines on the map, each between the dots of two images drawn at
random, cut into steps so fine that a continuous way back moves by next to nothing at each: the
largest ||z_hat(next) - z_hat|| of all, over the mean of ||z - mean||. inverse_transform is given
all lines in one call, where it is quickest. The quick run takes 1,200 steps a line, the full one
4,000.

The fitted umap-learn is kept between runs (fitting it compiles for half a minute, untimed).
"""

from __future__ import annotations

import json
import pickle
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from mnist_codes import cache, mnist, trained
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sizes import SMOKE, sized

from vaeexplorer.latent.lift import Lift
from vaeexplorer.run import result_of

N, UNSEEN = sized((3_000, 500), quick=(3_000, 500), smoke=(300, 50))
NEIGHBOURS, SEED = 15, 0
LINES = 2
IDW_NEIGHBOURS = 12
GRID = 64
Inverse = Callable[[NDArray[Any]], NDArray[np.float32]]


def fitted(codes: NDArray[np.float32]) -> tuple[Any, NDArray[np.float32]]:
    """Return umap-learn fitted to the first codes, and the places of the others."""
    if SMOKE:
        return principal(codes)
    import umap

    file = cache() / f"umap-{umap.__version__}-{N}-{UNSEEN}.pickle"
    if file.exists():
        with file.open("rb") as stream:
            kept, mapper, places = pickle.load(stream)
        if np.array_equal(kept, codes):
            return mapper, places
    print("fitting umap-learn, untimed", file=sys.stderr)
    mapper = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=SEED, n_jobs=1).fit(codes[:N])
    places = np.asarray(mapper.transform(codes[N:]), np.float32)
    with file.open("wb") as stream:
        pickle.dump((codes, mapper, places), stream)
    return mapper, places


def principal(codes: NDArray[np.float32]) -> tuple[Any, NDArray[np.float32]]:
    """Return what stands in for umap-learn, which compiles for half a minute."""
    from sklearn.decomposition import PCA

    mapper = PCA(2).fit(codes[:N])
    mapper.embedding_ = mapper.transform(codes[:N])
    return mapper, mapper.transform(codes[N:])


def by_distance(positions: NDArray[np.float32], codes: NDArray[np.float32]) -> Inverse:
    """Return inverse distance weighting of the dots around."""
    tree = cKDTree(positions)

    def inverse(places: NDArray[Any]) -> NDArray[np.float32]:
        distances, found = tree.query(places, IDW_NEIGHBOURS)
        weights = 1 / np.maximum(distances, 1e-12) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("mk,mkd->md", weights, codes[found]).astype(np.float32)

    return inverse


def median_s(call: Callable[[], object], times: int) -> float:
    """Return the median duration of `call`."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        durations.append(time.perf_counter() - started)
    return statistics.median(durations)


def worst_step(inverse: Inverse, positions: NDArray[np.float32], steps: int) -> float:
    """Return the largest step of codes along `LINES` straight lines on the map."""
    ends = np.random.default_rng(SEED).choice(len(positions), (LINES, 2), replace=False)
    share = np.linspace(0, 1, steps + 1)[:, None]
    lines = [start + share * (end - start) for start, end in positions[ends].astype(np.float64)]
    codes = inverse(np.concatenate(lines)).reshape(LINES, steps + 1, -1)
    return float(np.linalg.norm(np.diff(codes, axis=1), axis=2).max())


def grid_over(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return `GRID` x `GRID` places over the map."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    x, y = (np.linspace(low[axis], high[axis], GRID) for axis in (0, 1))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def compare(codes: NDArray[np.float32], report: dict[str, Any]) -> None:
    """Add all that is measured to the report."""
    mapper, places = fitted(codes)
    seen, unseen = codes[:N], codes[N:]
    positions = np.asarray(mapper.embedding_, np.float32)
    radius = float(np.linalg.norm(seen - seen.mean(axis=0), axis=1).mean())
    lift = Lift(positions, seen, {})

    def ours(points: NDArray[Any]) -> NDArray[np.float32]:
        return np.stack([lift.lift(point, -1.0).z for point in points])

    peer: Inverse = mapper.inverse_transform
    print("compiling inverse_transform, untimed", file=sys.stderr)
    peer(places[:1])
    ours_s, peer_s = [], []
    for number in range(sized(7, quick=3, smoke=1)):
        batch = np.random.default_rng(number).permutation(places)
        ours_s.append(median_s(lambda batch=batch: ours(batch[:200]), 1) / 200)
        peer_s.append(median_s(lambda batch=batch: peer(batch[:1]), 1))
    grid = grid_over(positions)
    direct = lift.lift_grid(grid)
    started = time.perf_counter()
    lift.lattice = result_of(lift.make_lattice())
    lattice_s = time.perf_counter() - started
    ways: dict[str, Inverse] = {
        "": ours,
        "inverse_transform_": peer,
        "idw_": by_distance(positions, seen),
    }
    lengths = np.linalg.norm(unseen - seen.mean(axis=0), axis=1)
    steps = sized(4_000, quick=1_200, smoke=20)
    for name, inverse in ways.items():
        error = np.linalg.norm(inverse(places) - unseen, axis=1) / lengths
        worst = worst_step(inverse, positions, steps) / radius
        kind = "peers" if name else "figures"
        report[kind][f"{name}relative_error"] = round(float(error.mean()), 4)
        report[kind][f"{name}refined_worst_step"] = round(worst, 5)
        print(f"{name or 'ours '}error {error.mean():.4f}, step {worst:.5f}", file=sys.stderr)
    report["figures"] |= {
        "lift_us": round(1e6 * statistics.median(ours_s), 1),
        "grid64_ms": round(1e3 * median_s(lambda: lift.lift_grid(grid), 50), 3),
        "lattice_s": round(lattice_s, 3),
        "lattice_error": round(
            float(np.linalg.norm(lift.lift_grid(grid) - direct, axis=1).mean()) / radius, 4
        ),
    }
    report["peers"]["inverse_transform_s"] = round(statistics.median(peer_s), 3)
    ratio = statistics.median(peer_s) / statistics.median(ours_s)
    report["ratios"]["inverse_transform_over_ours"] = round(ratio)


def main() -> None:
    report: dict[str, Any] = {"benchmark": "lift", "figures": {}, "peers": {}, "ratios": {}}
    dataset = mnist()
    if dataset is not None:
        warnings.simplefilter("ignore")  # umap-learn says that a seed makes it serial
        codes = trained(dataset).codes["z"].mean[: N + UNSEEN]
        compare(codes, report)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
