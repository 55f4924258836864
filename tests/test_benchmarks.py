"""The benchmarks still run, and print what they promise. What they measure is judged by nobody."""

import gzip
import json
import math
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vaeexplorer.data import open_data

FOLDER = Path(__file__).with_name("benchmarks")
SCRIPTS = [path for path in sorted(FOLDER.glob("*.py")) if "__main__" in path.read_text("utf-8")]
TRAINED, TESTED = 600, 400
TIMEOUT_S = 300


def write_idx(path, values):
    """Write uint8 values in the format of MNIST's files."""
    head = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(head + values.tobytes()))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder as that of real data, with digits as large as those of MNIST."""
    folder = tmp_path_factory.mktemp("data")
    digits = open_data("digits")
    images = np.kron(digits.pixels(slice(TRAINED + TESTED))[:, 0], np.ones((3, 3), np.uint8))
    images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    labels = digits.labels.astype(np.uint8)
    (folder / "mnist").mkdir()
    for name, part in (("train", slice(TRAINED)), ("t10k", slice(TRAINED, TRAINED + TESTED))):
        write_idx(folder / "mnist" / f"{name}-images-idx3-ubyte.gz", images[part])
        write_idx(folder / "mnist" / f"{name}-labels-idx1-ubyte.gz", labels[part])
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_runs_and_prints_its_figures_in_one_line_of_json(script, data, tmp_path):
    # What a benchmark keeps between runs is made of other data here.
    own = {"VAEEXPLORER_DATA": str(data), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(script), "--smoke"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert report.keys() == {"benchmark", "figures", "peers", "ratios"}
    assert report["benchmark"] == script.stem
    assert report["figures"]
    for part in ("figures", "peers", "ratios"):
        for name, value in report[part].items():
            assert isinstance(value, int | float), name
            assert math.isfinite(value), name
