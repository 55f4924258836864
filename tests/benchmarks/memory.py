"""Private memory of the window that explores 1,000,000 codes of 16 dimensions.

Random codes with a PCA map are put into a slot; the lift and its lattice are built, the dots drawn,
and the cursor moved over them 200 times. `private_mb_1000000`: the program's private memory at the
end (USS: what would be free if it ended), `before_mb`: the same window on the default pair alone,
`peak_mb_1000000`: the most resident memory at any moment. `hover_ms_1000000`: 95th percentile of
the time that one move keeps the GUI thread. The projection process is not part of it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from sizes import sized
from workbench import open_window, wait

from vaeexplorer.data import Source
from vaeexplorer.latent.projection import pca_map
from vaeexplorer.run import Codes, Exhibit

N, SIZE = sized(1_000_000, quick=1_000_000, smoke=10_000), 16
MOVES = sized(200, quick=200, smoke=5)


def private_mb() -> float | None:
    """Return the private memory of this program; None where the system does not tell."""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.exists():
        return None
    lines = rollup.read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def exhibit() -> Exhibit:
    """Return an exhibit of random codes, without images, model or run."""
    scales = np.linspace(2, 0.5, SIZE, dtype=np.float32)
    codes = np.random.default_rng(0).standard_normal((N, SIZE), np.float32) * scales
    source = Source("random", None, {}, N, (1, 28, 28), "00" * 32)
    maps = {"z": {"pca": pca_map(codes)}}
    return Exhibit("a million", source, {"z": Codes(codes)}, maps, None, ())


def main() -> None:
    figures: dict[str, float | None] = {}
    with open_window() as (app, session, window):
        figures["before_mb"] = private_mb()
        started = time.perf_counter()
        session.put(1, exhibit())
        wait(app, lambda: session.slots[1].no_data is not None)
        figures[f"ready_s_{N}"] = time.perf_counter() - started
        view = window.maps[1].view
        moves = []
        for x, y in np.random.default_rng(0).uniform(0.2, 0.8, (MOVES, 2)):
            place = QPoint(int(x * view.width()), int(y * view.height()))
            begun = time.perf_counter()
            QTest.mouseMove(view, place)
            moves.append(1000 * (time.perf_counter() - begun))
            app.processEvents()
        figures[f"hover_ms_{N}"] = float(np.percentile(moves, 95))
        wait(app, lambda: not view.dots.busy)
        figures[f"private_mb_{N}"] = private_mb()
    # Kilobytes on Linux, bytes on macOS.
    unit = 1024**2 if sys.platform == "darwin" else 1024
    figures[f"peak_mb_{N}"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    rounded = {key: None if value is None else round(value, 1) for key, value in figures.items()}
    print(json.dumps({"benchmark": "memory", "figures": rounded, "peers": {}, "ratios": {}}))


if __name__ == "__main__":
    main()
