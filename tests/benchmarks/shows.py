"""How long the window's thread is held up by what is shown for the first time, and by what changes.

Each round is a fresh process with a window on the default pair, at rest. One thing after another is
shown for the first time: each panel in a dock that opens for it, the pages of the evidence, each
overlay. Then, with each of the lower panels in front: the other theme, a smaller window, and a run
that enters a slot; at last (not with `--quick`) a short training with the scorecard in front.

Figures are the CPU time of the dearest turn of the event loop, and the longest gap between ticks of
a 16 ms timer, medians of the rounds; those of a change are of the panel with which it takes
longest. The probe and the dimensions are made with the window: they are shown again.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication
from sizes import sized
from workbench import SIZE, open_window, settle

from vaeexplorer.gui.panels import BOTTOM, PANELS
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.evidence_pages import BOUNDS, DRAWS, MARGINAL, EvidencePages
from vaeexplorer.gui.window import Window
from vaeexplorer.run import Config

TICK_MS = 16
QUIET_S = sized(0.4, quick=0.3, smoke=0.1)
"""For so long nothing waits and no lane works: then all that a show brings with it is there."""
PATIENCE_S = 60.0
OVERLAYS = ("stretch", "holes", "draws", "decodes", "ellipses", "none")
SMALL = (1280, 800)
ROUND_TIMEOUT_S = 300
Figures = dict[str, float]


class Watched:
    """A window, and what it costs its thread to do something."""

    def __init__(self, app: QApplication, session: Session, window: Window) -> None:
        self._app, self._session, self._window = app, session, window
        self.figures: Figures = {}

    def rest(self) -> None:
        """Run the event loop until nothing goes on any more."""
        self._turns(lambda: None)

    def measure(self, name: str, act: Callable[[], object]) -> None:
        """Do `act`, and note the dearest turn and the longest gap until the window rests again."""
        cpu_ms, gap_ms = self._turns(act)
        print(f"  {name}: {cpu_ms:.1f} ms of CPU, gap {gap_ms:.1f} ms", file=sys.stderr)
        for key, value in ((f"{name}_cpu_ms", cpu_ms), (f"{name}_gap_ms", gap_ms)):
            self.figures[key] = max(value, self.figures.get(key, 0.0))

    def _turns(self, act: Callable[[], object]) -> tuple[float, float]:
        """Return the largest CPU time of a turn and the longest gap between ticks, in ms."""
        ticks: list[float] = []
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        timer.start(TICK_MS)
        ticks.append(time.perf_counter())
        begun = time.thread_time()
        act()
        dearest = time.thread_time() - begun
        end, quiet = time.monotonic() + PATIENCE_S, time.monotonic()
        while time.monotonic() - quiet < QUIET_S:
            begun = time.thread_time()
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            dearest = max(dearest, time.thread_time() - begun)
            if self._works():
                quiet = time.monotonic()
            if time.monotonic() > end:
                sys.exit("the window did not come to rest")
        timer.stop()
        gaps = (after - before for before, after in pairwise(ticks))
        return 1000 * dearest, 1000 * max(gaps, default=0.0)

    def _works(self) -> bool:
        lanes = self._session.lanes
        every = (lanes.train, lanes.work, lanes.decode, lanes.map, lanes.overlay)
        return turns().busy() or any(lane.busy for lane in every)

    # --- what is done -------------------------------------------------------------------------

    def show_panels(self) -> None:
        """Show each panel, in a dock that opens for it."""
        for panel in sized(PANELS, quick=PANELS, smoke=PANELS[:4]):
            beside = [other for other in PANELS if other.area == panel.area]
            for other in beside if panel.area == BOTTOM else [panel]:
                self._window.docks[other.key].hide()
            self.rest()
            self.measure(panel.key, lambda key=panel.key: self._window.show_panel(key))
            if panel.key == "evidence":
                self._turn_pages(self._window.docks[panel.key].widget().pages)

    def _turn_pages(self, pages: EvidencePages) -> None:
        for page in (MARGINAL, DRAWS, BOUNDS):
            self.measure(f"evidence_{page}", lambda page=page: pages.turn_to(page))

    def show_overlays(self) -> None:
        """Lay each overlay over the maps, and take the last one away."""
        for name in sized(OVERLAYS, quick=OVERLAYS, smoke=OVERLAYS[:1]):
            self.measure(f"overlay_{name}", lambda name=name: self._session.overlays.choose(name))

    def change(self, keys: list[str]) -> None:
        """Change what all panels show, with each of `keys` in front."""
        first, second = (self._session.slots[slot].exhibit for slot in (0, 1))
        assert first is not None
        assert second is not None
        for key in keys:
            print(f"  with {key} in front:", file=sys.stderr)
            self._window.show_panel(key)
            self.rest()
            self.measure("theme", lambda: self._window.set_theme("dark"))
            self.measure("resize", lambda: self._window.resize(*SMALL))
            self.measure("enter", lambda: self._session.put(1, first))
            self._session.put(1, second)
            self._window.set_theme("light")
            self._window.resize(*SIZE)
            self.rest()

    def train(self) -> None:
        """Train until a run has entered its slot, has its map and is scored."""
        self._window.show_panel("scorecard")
        self.rest()
        config = Config("vae", {"latent_dim": 8}, epochs=2)
        self.measure("trained", lambda: self._session.training.begin(config, "shown", 1))


def one_round() -> Figures:
    """Return the figures of a fresh window."""
    with open_window() as (app, session, window):
        settle(app, session)
        watched = Watched(app, session, window)
        watched.rest()
        watched.show_panels()
        watched.show_overlays()
        bottom = [panel.key for panel in PANELS if panel.area == BOTTOM]
        watched.change(sized(bottom, quick=["samples"], smoke=bottom[:1]))
        if sized(True, quick=False, smoke=True):
            watched.train()
    return watched.figures


def fresh_round() -> Figures:
    """Return the figures of a window of a fresh process."""
    done = subprocess.run(
        [sys.executable, *sys.argv, "--one"],
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=ROUND_TIMEOUT_S,
    )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    if "--one" in sys.argv:
        print(json.dumps(one_round()))
        return
    rounds = []
    for number in range(sized(3, quick=1, smoke=1)):
        print(f"round {number + 1}", file=sys.stderr)
        rounds.append(fresh_round())
    figures = {key: round(statistics.median(one[key] for one in rounds), 1) for key in rounds[0]}
    print(
        json.dumps(
            {"benchmark": Path(__file__).stem, "figures": figures, "peers": {}, "ratios": {}}
        )
    )


if __name__ == "__main__":
    main()
