"""How long the window takes to appear and to decode, beside a bare pyqtgraph plot window.

Each sample is a fresh process; the two kinds take turns, and the file cache is warmed first.
Times count from the start of the process, on the clock that parent and child share.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from sizes import SMOKE, sized

OURS = """
import sys, time
start = float(sys.argv.pop())
found = {}
from vaeexplorer.gui import app
from vaeexplorer.gui.widgets.image_view import ImageView
from vaeexplorer.gui.widgets.map_view import MapView
from PySide6.QtCore import QCoreApplication, QTimer

paint_map, paint_image, painted = MapView.paintEvent, ImageView.paintEvent, set()

def map_painted(self, event):
    paint_map(self, event)
    painted.add(self)
    if len(painted) == 2:
        found.setdefault("window_s", time.time() - start)

def image_painted(self, event):
    paint_image(self, event)
    if self.drawn is not None and "first_decode_s" not in found:
        found["first_decode_s"] = time.time() - start
        QTimer.singleShot(0, close)

def close():
    for widget in QCoreApplication.instance().topLevelWidgets():
        widget.close()

MapView.paintEvent, ImageView.paintEvent = map_painted, image_painted
code = app.run([])
import json
print(json.dumps(found))
sys.exit(code)
"""

BARE = """
import sys, time
start = float(sys.argv.pop())
import pyqtgraph as pg
from PySide6.QtCore import QTimer
app = pg.mkQApp()
plot = pg.PlotWidget()
plot.plot(list(range(100)))
paint = plot.paintEvent
def painted(event):
    paint(event)
    print('{"window_s": %f}' % (time.time() - start))
    QTimer.singleShot(0, plot.close)
plot.paintEvent = painted
plot.show()
app.exec()
"""


def sample(code: str) -> dict[str, float]:
    """Run `code` in a fresh process and return what it measured."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"VAEEXPLORER_HOME": home, "XDG_CONFIG_HOME": home}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        # A second start finds its bytecode, as that of the peer, which came with its wheels.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [sys.executable, "-c", code, repr(time.time())],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    rounds = sized(7, quick=3, smoke=1)
    print("warming the file cache", file=sys.stderr)
    if not SMOKE:
        sample(OURS), sample(BARE)
    ours, bare = [], []
    for number in range(rounds):
        ours.append(sample(OURS))
        bare.append(sample(BARE)["window_s"])
        print(f"round {number + 1} of {rounds}: {ours[-1]}, bare {bare[-1]:.2f}", file=sys.stderr)
    ratios = [own["window_s"] / other for own, other in zip(ours, bare, strict=True)]
    result = {
        "benchmark": "startup",
        "figures": {
            key: round(statistics.median(own[key] for own in ours), 3)
            for key in ("window_s", "first_decode_s")
        },
        "peers": {"bare_pyqtgraph_window_s": round(statistics.median(bare), 3)},
        "ratios": {"window_over_bare": round(statistics.median(ratios), 3)},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
