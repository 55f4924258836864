"""The reference table of the scores, measured again on MNIST, and how long both scores take.

Trained as the table was: the first 20,000 training and the first 2,000 test images, MLP
784-400-200-d, 12 epochs, from an output bias of 0 (see tests/reference_net.py). `--own-start`
trains the same from where the package begins, an output bias at the mean image. `--quick` trains
AE, VAE and beta 0 at d = 10 from one seed. The peer of each score is the value of the table. Both
scores for 10,000 images are timed beside the bare decodes that they need.
"""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: see cli.main
sys.path.append(str(Path(__file__).parents[1]))

import torch
from reference_net import HELD_OUT, HIDDEN, TRAINED, Row, first_images, reference_start, trained
from sizes import QUICK, sized

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.jobs.scoring import Grounds, score_space
from vaeexplorer.models import build
from vaeexplorer.models.base import CodeSpace, LatentSpace, Posterior
from vaeexplorer.regularity.continuity import BASE_POINTS, FOLLOWED, TENTHS
from vaeexplorer.regularity.ground import CHUNK, SCORE_SEEDS, Ground
from vaeexplorer.run import result_of

TIMED, ROUNDS = 10_000, sized(3, quick=3, smoke=1)
OWN_START = "--own-start"
Scores = Mapping[str, Any]
AE, B0, VAE = "AE", "beta 0", "VAE"
ROWS = (
    Row("PCA", "pca", 2, reference={"C": 1.0, "C20": 0.99, "completeness": 0.45}),
    Row(AE, "ae", 2, None, 3, {"C": 0.060, "C20": 0.068, "completeness": 0.80}),
    Row(B0, "vae", 2, 0.0, 3, {"C": 0.037, "C20": 0.041, "completeness": 0.59}),
    Row(VAE, "vae", 2, 1.0, 3, {"C": 0.175, "C20": 0.203, "completeness": 0.88}),
    Row("beta 4", "vae", 2, 4.0, reference={"C": 0.239, "C20": 0.269, "completeness": 0.87}),
    Row("beta 200", "vae", 2, 200.0, reference={"gate": 0.0, "completeness": 0.09}),
    Row("PCA", "pca", 10, reference={"C": 0.99, "C20": 1.0, "completeness": 0.73}),
    Row(AE, "ae", 10, None, 3, {"C": 0.328, "C20": 0.488, "completeness": 0.834, "P": 0.78,
                                "Q": 0.90, "fitted": 0.836}),
    Row(B0, "vae", 10, 0.0, 3, {"C": 0.332, "C20": 0.501, "completeness": 0.132, "P": 0.71,
                                "Q": 0.08, "fitted": 0.825}),
    Row(VAE, "vae", 10, 1.0, 3, {"C": 0.492, "C20": 0.657, "completeness": 0.863, "P": 0.80,
                                 "Q": 0.91, "fitted": 0.868}),
    Row("beta 4", "vae", 10, 4.0, reference={"C": 0.560, "C20": 0.661, "completeness": 0.934}),
    Row("beta 20", "vae", 10, 20.0, reference={"gate": 0.20, "completeness": 0.24}),
    Row("beta 60", "vae", 10, 60.0, reference={"gate": 0.0, "completeness": 0.05}),
    Row("beta 200", "vae", 10, 200.0, reference={"gate": 0.0, "completeness": 0.02}),
    Row(AE, "ae", 20, None, 3, {"C": 0.425, "C20": 0.679, "completeness": 0.796}),
    Row(VAE, "vae", 20, 1.0, 3, {"C": 0.513, "C20": 0.672, "completeness": 0.873}),
)  # fmt: skip
FEW = tuple(
    dataclasses.replace(row, seeds=1)
    for row in ROWS
    if row.latent_dim == 10 and row.name in (AE, B0, VAE)
)
PARTS: Mapping[str, Callable[[Scores], float]] = {
    "C": lambda scores: scores["continuity"]["C"],
    "C20": lambda scores: scores["continuity"]["C20"],
    "gate": lambda scores: scores["continuity"]["gate"],
    "R2": lambda scores: scores["continuity"]["R2"],
    "A": lambda scores: scores["continuity"]["A"],
    "J": lambda scores: scores["continuity"]["J"] or 0.0,
    "completeness": lambda scores: scores["completeness"]["score"],
    "P": lambda scores: scores["completeness"]["P"],
    "Q": lambda scores: scores["completeness"]["Q"],
    "fitted": lambda scores: scores["completeness"]["others"]["fitted Gaussian"],
    "mixture": lambda scores: scores["completeness"]["others"]["fitted mixture of 10"],
}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def pca_space(size: int, ground: Ground) -> LatentSpace:
    axes, mean, shape = ground.axes[:, :size], ground.mean, ground.shape
    return CodeSpace(
        size,
        lambda images: Posterior((images.flatten(1) - mean) @ axes, None),
        lambda z: (mean + z @ axes.T).reshape(-1, *shape),
    )


def scores_of(space: LatentSpace, dataset: Dataset, seed: int, grounds: Grounds) -> Scores:
    scores: Scores = result_of(score_space(space, dataset, dataset.split(seed), grounds=grounds))
    return scores


def measure(row: Row, dataset: Dataset, grounds: Grounds) -> dict[str, list[float]]:
    """Every part of the scores, one value per training seed."""
    values: dict[str, list[float]] = {part: [] for part in PARTS}
    for seed in range(row.seeds):
        began = time.perf_counter()
        if row.family == "pca":
            space = pca_space(row.latent_dim, grounds.of(dataset, dataset.split(seed)))
        else:
            with nullcontext() if OWN_START in sys.argv else reference_start():
                space = trained(row, seed, dataset).spaces()["z"]
        took = time.perf_counter() - began
        scores = scores_of(space, dataset, seed, grounds)
        for part, value in PARTS.items():
            values[part].append(value(scores))
        said = "  ".join(f"{part} {values[part][-1]:.3f}" for part in PARTS)
        say(f"d = {row.latent_dim} {row.name}, seed {seed} ({took:.0f} s): {said}")
    return values


def table(rows: Mapping[Row, Mapping[str, list[float]]]) -> Iterator[str]:
    """Our values beside those of the table, as Markdown."""
    yield "| d | model | C | C20 | gate | completeness | P | Q | same Gaussian |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row, values in rows.items():
        cells = []
        for part in ("C", "C20", "gate", "completeness", "P", "Q", "fitted"):
            ours = statistics.fmean(values[part])
            theirs = row.reference.get(part)
            cells.append(f"{ours:.3f}" + ("" if theirs is None else f" ({theirs:.3g})"))
        yield f"| {row.latent_dim} | {row.name} | {' | '.join(cells)} |"


def beside_reference(
    rows: Mapping[Row, Mapping[str, list[float]]],
) -> tuple[dict[str, float], dict[str, float]]:
    """Means over the training seeds, and the values of the table; said as a table, too."""
    say("\n".join(table(rows)))
    ours = {
        f"{row.key}_{part}": statistics.fmean(values[part])
        for row, values in rows.items()
        for part in PARTS
    }
    theirs = {f"{row.key}_{part}": value for row in rows for part, value in row.reference.items()}
    return ours, theirs


def report(name: str, *parts: Mapping[str, float]) -> None:
    """Print figures, peers and ratios in one line of JSON."""
    rounded = [{key: round(value, 4) for key, value in part.items()} for part in parts]
    named = dict(zip(("figures", "peers", "ratios"), rounded, strict=True))
    print(json.dumps({"benchmark": name, **named}))


def timed(data: Dataset) -> dict[str, float]:
    """Seconds of both scores for 10,000 images at d = 10, and of the decodes alone; medians.

    Of the clock and of the processors: on two cores the clock shows less, beside others more.
    """
    dataset = first_images(data, TIMED - HELD_OUT, HELD_OUT)
    mean = torch.full(dataset.shape, 0.5)
    options = {"latent_dim": 10, "body": "mlp", "hidden": HIDDEN}
    space = build("vae", options, dataset.shape, mean).spaces()["z"]
    images = dataset.batch(slice(0, 2 * HELD_OUT)).float() / 255
    # Half of the base points of continuity are codes that are decoded already.
    steps = 7 * BASE_POINTS // 2 + FOLLOWED * (TENTHS + 1)
    decodes = 2 * HELD_OUT + len(SCORE_SEEDS) * (steps + HELD_OUT)
    z = torch.randn(CHUNK, 10)

    def bare() -> None:
        with torch.no_grad():
            space.encode(images)
            for _ in range(decodes // CHUNK + 1):
                space.decode(z)

    spent: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for key, run in (
            ("both_scores", lambda: scores_of_own_law(space, dataset)),
            ("bare_decodes", bare),
        ):
            wall, processor = time.perf_counter(), time.process_time()
            run()
            spent.setdefault(f"{key}_s_10000", []).append(time.perf_counter() - wall)
            spent.setdefault(f"{key}_cpu_s_10000", []).append(time.process_time() - processor)
    return {key: statistics.median(values) for key, values in spent.items()}


def scores_of_own_law(space: LatentSpace, dataset: Dataset) -> None:
    """What the window does when a model enters a slot, the ground included."""
    result_of(score_space(space, dataset, dataset.split(0), with_others=False))


def ratios_of(rows: Mapping[Row, Mapping[str, list[float]]]) -> dict[str, float]:
    """The acceptance of the scores at d = 10, from means over training seeds."""
    mean = {
        row.name: {part: statistics.fmean(each) for part, each in values.items()}
        for row, values in rows.items()
        if row.latent_dim == 10
    }
    ae, vae = mean[AE], mean[VAE]
    return {
        "continuity_vae_over_ae": vae["C"] * vae["gate"] / ae["C"] / ae["gate"],
        "c20_vae_over_ae": vae["C20"] / ae["C20"],
        "completeness_vae_minus_ae": vae["completeness"] - ae["completeness"],
        "completeness_vae_minus_beta_0": vae["completeness"] - mean[B0]["completeness"],
    }


def main() -> None:
    folder = os.environ.get("VAEEXPLORER_DATA")
    figures: dict[str, float] = {}
    peers: dict[str, float] = {}
    ratios: dict[str, float] = {}
    if folder is None:
        say("VAEEXPLORER_DATA is not set: there is nothing to train on")
    else:
        mnist = open_data(Path(folder) / "mnist")
        say(f"both scores, {ROUNDS} times, {torch.get_num_threads()} threads")
        for key, seconds in timed(mnist).items():
            (figures if key.startswith("both") else peers)[key] = seconds
        ratios["both_scores_over_bare_decodes"] = (
            figures["both_scores_s_10000"] / peers["bare_decodes_s_10000"]
        )
        dataset, grounds = first_images(mnist, TRAINED, HELD_OUT), Grounds()
        rows = {row: measure(row, dataset, grounds) for row in (FEW if QUICK else ROWS)}
        ours, theirs = beside_reference(rows)
        figures, peers, ratios = figures | ours, peers | theirs, ratios | ratios_of(rows)
    report("regularity", figures, peers, ratios)


if __name__ == "__main__":
    main()
