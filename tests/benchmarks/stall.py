"""How much later than idle a 16 ms tick of the GUI thread comes in training or while a map grows.

Idle and busy take turns; each figure is the median of the pairs' differences. Busy is first a
training, from the press of Train on; then a UMAP of 10,000 MNIST codes of a 16-d VAE (trained once,
untimed), from its request to its last dot at rest: neighbours, graph, layout, every frame drawn,
and the lift of each. No pair finds its graph ready. Without real data there are no keys of UMAP.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from mnist_codes import mnist, trained
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication
from sizes import sized
from workbench import end_training, open_window, wait

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.window import Window
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.latent.process import UmapSettings
from vaeexplorer.run import Config

TICK_MS = 16
NEIGHBOURS = 15
PATIENCE_S = 120.0


def gaps_ms(
    app: QApplication, seconds: float, over: Callable[[], bool] = lambda: False
) -> np.ndarray:
    """Return the times between ticks of a 16 ms timer over `seconds`, or until it is `over`."""
    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(TICK_MS)
    end = time.monotonic() + seconds
    while time.monotonic() < end and not over():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    timer.stop()
    return 1000 * np.diff(ticks)


def while_training(app: QApplication, session: Session, seconds: float) -> np.ndarray:
    """Return the gaps from the moment that Train is pressed, the first step included."""
    session.training.begin(Config("vae", {"latent_dim": 8}, epochs=10_000), "background", 1)
    gaps = gaps_ms(app, seconds)
    end_training(app, session)
    return gaps


class Growing:
    """A slot whose UMAP can be made again and again."""

    def __init__(self, app: QApplication, session: Session, window: Window) -> None:
        self._app, self._session, self._window = app, session, window
        self._asked = 0
        dataset = mnist()
        self.there = dataset is not None
        if dataset is None:
            return
        # Without its run: nothing is to be scored meanwhile.
        session.put(1, replace(exhibit_of(trained(dataset), "", dataset), run=None))
        wait(app, lambda: session.slots[1].no_data is not None)
        print("compiling what was never compiled here, untimed", file=sys.stderr)
        self.gaps()

    def gaps(self) -> np.ndarray:
        """Return the gaps while the map is computed and grows."""
        self._asked += 1
        before = self._session.shown_map(1)
        self._session.map_run(1, "umap", UmapSettings(NEIGHBOURS + self._asked))
        gaps = gaps_ms(
            self._app, PATIENCE_S, lambda: self._session.shown_map(1) is not before and self._rests
        )
        wait(self._app, lambda: self._session.slots[1].no_data is not None)
        return gaps

    @property
    def _rests(self) -> bool:
        view = self._window.maps[1].view
        return not (view._growing or view._moving) and self._session.slots[1].lift is not None


def over_idle(
    what: str, pairs: int, idle: Callable[[], np.ndarray], busy: Callable[[], np.ndarray]
) -> dict[str, dict[str, float]]:
    """Return the figures of one kind of work, and those of the idle window beside it."""
    at_rest, at_work = [], []
    for number in range(pairs):
        at_rest.append(idle())
        at_work.append(busy())
        print(
            f"{what}, pair {number + 1}: idle p99 {np.percentile(at_rest[-1], 99):.1f} worst "
            f"{at_rest[-1].max():.1f}, busy p99 {np.percentile(at_work[-1], 99):.1f} worst "
            f"{at_work[-1].max():.1f} ms",
            file=sys.stderr,
        )
    both = list(zip(at_work, at_rest, strict=True))
    p99 = [np.percentile(one, 99) - np.percentile(other, 99) for one, other in both]
    worst = [one.max() - other.max() for one, other in both]
    idle_p99 = [float(np.percentile(one, 99)) for one in at_rest]
    return {
        "figures": {
            f"{what}_p99_over_idle_ms": round(float(statistics.median(p99)), 2),
            f"{what}_worst_over_idle_ms": round(float(statistics.median(worst)), 2),
        },
        "peers": {
            "idle_p99_ms": round(statistics.median(idle_p99), 2),
            "idle_worst_ms": round(float(statistics.median(one.max() for one in at_rest)), 2),
        },
    }


def main() -> None:
    seconds, pairs = sized((8.0, 5), quick=(2.5, 3), smoke=(1.0, 1))
    with open_window() as (app, session, window):
        window.show_panel("training")
        result = over_idle(
            "training",
            pairs,
            lambda: gaps_ms(app, seconds),
            lambda: while_training(app, session, seconds),
        )
        growing = Growing(app, session, window)
        if growing.there:
            grown = over_idle("umap", pairs, lambda: gaps_ms(app, seconds), growing.gaps)
            result["figures"] |= grown["figures"]
            result["peers"] |= {f"umap_{key}": value for key, value in grown["peers"].items()}
    print(json.dumps({"benchmark": "stall", **result, "ratios": {}}))


if __name__ == "__main__":
    main()
