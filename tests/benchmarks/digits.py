"""The scores on digits beside the reference ones, from several seeds of the training.

MLP 64-256-128-8, 400 epochs, from an output bias of 0 (see tests/reference_net.py). Each seed also
holds out other images. `--own-start` trains the same from where the package begins, an output bias
at the mean image. The peer of each figure, a mean over the seeds, is the reference value. The
ratios are those of the ranking: in how many seeds each model is less complete than the one before.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: see cli.main
sys.path.append(str(Path(__file__).parents[1]))

from reference_net import Recipe, Row
from regularity import AE, B0, VAE, beside_reference, measure, report
from sizes import sized

from vaeexplorer.data import open_data
from vaeexplorer.jobs.scoring import Grounds

SEEDS = sized(6, quick=2, smoke=1)
RECIPE = Recipe(hidden=(256, 128), epochs=sized(400, quick=400, smoke=2), batch=0)
COLLAPSED = "beta 200"
ROWS = (
    Row(VAE, "vae", 8, 1.0, SEEDS, {"C": 0.76, "completeness": 0.84}, RECIPE),
    Row(AE, "ae", 8, None, SEEDS, {"C": 0.31, "completeness": 0.65}, RECIPE),
    Row(COLLAPSED, "vae", 8, 200.0, SEEDS, {"gate": 0.0, "completeness": 0.14}, RECIPE),
    Row(B0, "vae", 8, 0.0, SEEDS, {"C": 0.30, "completeness": 0.05}, RECIPE),
)


def main() -> None:
    digits, grounds = open_data("digits"), Grounds()
    rows = {row: measure(row, digits, grounds) for row in ROWS}
    complete = {row.name: values["completeness"] for row, values in rows.items()}
    ranked = {
        f"{less}_below_{more}".replace(" ", "_").lower(): sum(
            a < b for a, b in zip(complete[less], complete[more], strict=True)
        )
        / SEEDS
        for more, less in ((VAE, AE), (AE, COLLAPSED), (COLLAPSED, B0))
    }
    report("digits", *beside_reference(rows), ranked)


if __name__ == "__main__":
    main()
