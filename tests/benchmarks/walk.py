"""A person's way with the 60,000 training images of MNIST, from the file to the map at rest.

In the real window: the images open as IDX, a VAE is trained on them for one epoch, its map is there
by PCA, UMAP grows; from the first dot on the cursor moves all the while, a move at the frame after
the decode of the one before has been painted. A move that nothing answers is counted. The map at
rest is the control: what its moves take, in the same run. Processor time of the GUI thread between
two ticks of 16 ms is measured beside them: it says the same on a machine that others use too.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sizes import sized
from workbench import probe_views

from vaeexplorer.gui.app import create_application, show_window
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.window import Window
from vaeexplorer.storage import RunLibrary

IMAGES = "mnist/train-images-idx3-ubyte.gz"
TICK_MS = 16
PATIENCE_S = 300.0
ANSWER_S = 2.0
AFTER_S = sized(5.0, quick=5.0, smoke=0.1)
"""How long the cursor goes on over the map at rest."""
FRAME_S = 0.016


class Walk:
    """The window, a clock, and a timer that tells how long the GUI thread was held up."""

    def __init__(self, app: QApplication, session: Session, window: Window) -> None:
        self._app, self._session, self._window = app, session, window
        self._began = time.perf_counter()
        self._rng = np.random.default_rng(0)
        self.moves: list[tuple[str, float, float]] = []
        self.ticks: list[tuple[float, float]] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.ticks.append((self.now(), time.thread_time())))
        self._timer.start(TICK_MS)

    def now(self) -> float:
        """Seconds since the window was shown."""
        return time.perf_counter() - self._began

    def wait(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> bool:
        """Run the event loop until `condition`; whether it came true in time."""
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end:
                return False
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        return True

    def hover(self, slot: int, phase: str) -> None:
        """Move the cursor somewhere near, and wait until that place is decoded and painted."""
        view, state = self._window.maps[slot].view, self._session.slots[slot]
        place = self._rng.uniform(0.2, 0.8, 2) * (view.width(), view.height())
        before, start = state.probe, time.perf_counter()
        QTest.mouseMove(view, QPoint(*(int(part) for part in place)))
        shown = probe_views(self._window)[slot]

        def answered() -> bool:
            probe = self._session.slots[slot].probe
            return probe is not None and probe is not before and shown.decode.drawn is probe

        there = self.wait(answered, ANSWER_S)
        took = 1000 * (time.perf_counter() - start)
        self.moves.append((phase, self.now(), took if there else np.inf))
        # The next move comes with the next frame, as a hand's does.
        until = start + FRAME_S
        self.wait(lambda: time.perf_counter() >= until)

    def between_ticks_ms(self, start: float, end: float) -> np.ndarray:
        """Times and processor times between ticks, (n, 2), from `start` to `end`, seconds."""
        ticks = [tick for tick in self.ticks if start <= tick[0] <= end]
        return 1000 * np.diff(np.array(ticks).reshape(-1, 2), axis=0)


def walk(app: QApplication, session: Session, window: Window) -> dict[str, dict[str, float]]:
    """Go the whole way and return figures, peers and ratios."""
    going = Walk(app, session, window)
    marks: dict[str, float] = {}

    def mark(what: str, *_: object) -> None:
        marks.setdefault(what, going.now())

    session.data_opened.connect(lambda _: mark("data_s"))
    session.ended.connect(lambda job: job == "train" and mark("trained_s"))
    session.map_grew.connect(lambda *_: mark("first_umap_s"))
    going.wait(lambda: "data_s" in marks and session.families)
    window.show_panel("training")
    panel = window.docks["training"].widget()
    going.wait(panel.train_button.isEnabled)
    panel.epochs.setValue(1)
    slot = panel.slot.currentIndex()
    marks["train_s"] = going.now()
    QTest.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    view = window.maps[slot].view
    going.wait(lambda: "trained_s" in marks and view.dots.drawn_at and view.dots.extent())
    mark("pca_s")
    while session.shown_map(slot).method != "umap":
        phase = "growing" if session.slots[slot].growing else "pca"
        going.hover(slot, phase)
        if going.now() > PATIENCE_S:
            sys.exit("the map did not get ready in time")
    mark("umap_s")
    end = going.now() + AFTER_S
    while going.now() < end:
        going.hover(slot, "rest")
    return figures(going, marks)


def figures(going: Walk, marks: dict[str, float]) -> dict[str, dict[str, float]]:
    """Return the times between the marks, and what moves and ticks took in each phase."""
    figures = {
        "open_s": round(marks["data_s"], 2),
        "train_s": round(marks["trained_s"] - marks["train_s"], 2),
        "pca_ms": round(1000 * (marks["pca_s"] - marks["trained_s"]), 1),
        "first_umap_s": round(marks["first_umap_s"] - marks["trained_s"], 2),
        "final_s": round(marks["umap_s"] - marks["trained_s"], 2),
        **_phase(going, "pca", marks["trained_s"], marks["first_umap_s"]),
        **_phase(going, "growing", marks["first_umap_s"], marks["umap_s"]),
    }
    peers = _phase(going, "rest", marks["umap_s"], going.now())
    ratios = {
        f"{key}_{phase}_over_rest": round(figures[f"{key}_{phase}_ms"] / peers[f"{key}_rest_ms"], 2)
        for key in ("p50", "p95")
        for phase in ("pca", "growing")
        if peers.get(f"{key}_rest_ms") and f"{key}_{phase}_ms" in figures
    }
    return {"figures": figures, "peers": peers, "ratios": ratios}


def _phase(going: Walk, phase: str, start: float, end: float) -> dict[str, float]:
    times = [took for name, _, took in going.moves if name == phase]
    answered = [took for took in times if np.isfinite(took)]
    found: dict[str, float] = {
        f"moves_{phase}": len(times),
        f"unanswered_{phase}": len(times) - len(answered),
    }
    if answered:
        found[f"p50_{phase}_ms"] = round(float(np.percentile(answered, 50)), 1)
        found[f"p95_{phase}_ms"] = round(float(np.percentile(answered, 95)), 1)
        found[f"worst_{phase}_ms"] = round(max(answered), 1)
    gaps = going.between_ticks_ms(start, end)
    if len(gaps):
        found[f"stall_{phase}_ms"] = round(float(gaps[:, 0].max()), 1)
        found[f"gui_cpu_p95_{phase}_ms"] = round(float(np.percentile(gaps[:, 1], 95)), 1)
        found[f"gui_cpu_worst_{phase}_ms"] = round(float(gaps[:, 1].max()), 1)
    return found


def main() -> None:
    data = os.environ.get("VAEEXPLORER_DATA")
    measured: dict[str, dict[str, float]] = {"figures": {}, "peers": {}, "ratios": {}}
    if data is None:
        print("VAEEXPLORER_DATA does not name the folder of real data.", file=sys.stderr)
    else:
        with tempfile.TemporaryDirectory() as home:
            app = create_application()
            session = Session(RunLibrary(Path(home) / "runs"))
            settings = QSettings(str(Path(home) / "settings.ini"), QSettings.Format.IniFormat)
            session.failed.connect(lambda sentence: print(sentence, file=sys.stderr))
            window = show_window(session, settings, Path(home) / "log", (str(Path(data) / IMAGES),))
            measured = walk(app, session, window)
            window.close()
            app.processEvents()
    print(json.dumps({"benchmark": "walk", **measured}))


if __name__ == "__main__":
    main()
