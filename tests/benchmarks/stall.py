"""How much later than idle a 16 ms tick of the GUI thread comes while a model trains.

Idle and training take turns, five pairs; each figure is the median of the pairs' differences.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication
from workbench import end_training, open_window

from vaeexplorer.gui.session import Session
from vaeexplorer.run import Config

TICK_MS = 16
PAIRS = 5


def gaps_ms(app: QApplication, seconds: float) -> np.ndarray:
    """Return the times between ticks of a 16 ms timer over `seconds`."""
    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(TICK_MS)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    timer.stop()
    return 1000 * np.diff(ticks)


def while_training(app: QApplication, session: Session, seconds: float) -> np.ndarray:
    """Return the gaps from the moment that Train is pressed, the first step included."""
    session.train(Config("vae", {"latent_dim": 8}, epochs=10_000), "background", 1)
    gaps = gaps_ms(app, seconds)
    end_training(app, session)
    return gaps


def main() -> None:
    seconds = 3.0 if "--quick" in sys.argv else 8.0
    idle, busy = [], []
    with open_window() as (app, session, window):
        window.show_panel("training")
        for number in range(PAIRS):
            idle.append(gaps_ms(app, seconds))
            busy.append(while_training(app, session, seconds))
            print(
                f"pair {number + 1}: idle p99 {np.percentile(idle[-1], 99):.1f} worst "
                f"{idle[-1].max():.1f}, training p99 {np.percentile(busy[-1], 99):.1f} worst "
                f"{busy[-1].max():.1f} ms",
                file=sys.stderr,
            )
    pairs = list(zip(busy, idle, strict=True))
    p99 = [np.percentile(one, 99) - np.percentile(other, 99) for one, other in pairs]
    worst = [one.max() - other.max() for one, other in pairs]
    result = {
        "benchmark": "stall",
        "figures": {
            "training_p99_over_idle_ms": round(statistics.median(p99), 2),
            "training_worst_over_idle_ms": round(statistics.median(worst), 2),
        },
        "peers": {
            "idle_p99_ms": round(statistics.median(np.percentile(one, 99) for one in idle), 2),
            "idle_worst_ms": round(statistics.median(one.max() for one in idle), 2),
        },
        "ratios": {},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
