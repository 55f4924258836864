"""How long a frame takes while a map of many dots is panned and zoomed, beside pyqtgraph.

A frame is the paint of the whole map widget in a real window of 1440 x 900 with a single map, from
the event that moves the view to the end of the paint, with the hatch of the default pair, once that
has been scored. Half of the frames are pans by a drag, half are turns of the wheel. The dots are
drawn around ten centres. A frame may show the last picture of the dots, stretched, until a thread
has drawn the next one: `stretched_*` says how many times (1: not at all), for the worst twentieth
of the frames of the wheel. `whole_ms_*` is the time from the first paint of a view that has not
been shown before to the picture of all its dots. The peer is pyqtgraph's ScatterPlotItem with as
many dots in a plot of the same size, panned by as much.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sizes import sized
from workbench import open_window, settle, wait

from vaeexplorer.drawing.dot_field import load_kernel
from vaeexplorer.drawing.palette import class_colours
from vaeexplorer.gui.widgets.map_view import MapView

MANY = (70_000, 1_000_000, 5_000_000)
FEW = 1_797
"""As many dots as the default pair has: large ones."""
SIZES = sized(MANY, quick=MANY, smoke=(1_000, 2_000, 3_000))
CLASSES = 10
UNSEEN = -1
"""Notches that the wheel is turned from a view of all dots to one not shown before."""


def dots(n: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return positions around ten centres and colours, without order."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, n)
    positions = rng.normal(0, 5, (CLASSES, 2))[labels] + rng.normal(0, 1.2, (n, 2))
    return positions.astype(np.float32), class_colours(CLASSES)[labels]


def turn_wheel(view: MapView, steps: int) -> None:
    """Turn the wheel in the middle of the map by `steps` notches."""
    middle = QPointF(view.width() / 2, view.height() / 2)
    turned = QPoint(0, 120 * steps)
    event = QWheelEvent(
        middle,
        view.mapToGlobal(middle),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def whole_ms(app: QApplication, view: MapView) -> float:
    """Wait until all dots are drawn; return how long that took."""
    begun = time.perf_counter()
    wait(app, lambda: view.dots.whole)
    return 1000 * (time.perf_counter() - begun)


def frames_ms(
    app: QApplication, view: MapView, rounds: int
) -> tuple[list[float], list[float], list[float]]:
    """Return the times of all frames, those until all dots are drawn, and stretches."""
    frames: list[float] = []
    rests: list[float] = []
    stretches: list[float] = []

    def frame() -> None:
        view.repaint()
        frames.append(1000 * (time.perf_counter() - begun))

    rng = np.random.default_rng(1)
    for _ in range(rounds):
        view.fit()
        whole_ms(app, view)
        place = QPoint(view.width() // 2, view.height() // 2)
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
        for _ in range(16):
            place += QPoint(*(int(part) for part in rng.integers(-25, 26, 2)))
            begun = time.perf_counter()
            QTest.mouseMove(view, place)
            frame()
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place)
        for steps in (1,) * 8 + (-1,) * 8:
            begun = time.perf_counter()
            turn_wheel(view, steps)
            frame()
            stretches.append(max(view.dots.stretched, 1 / view.dots.stretched))
        turn_wheel(view, UNSEEN)
        view.repaint()
        rests.append(whole_ms(app, view))
    return frames, rests, stretches


def picks_ms(view: MapView, count: int = 500) -> float:
    """Return the median time that it takes to find the dot under the cursor."""
    rng = np.random.default_rng(2)
    times = []
    for place in rng.uniform(0, 1, (count, 2)):
        at = view.to_map(QPointF(place[0] * view.width(), place[1] * view.height()))
        begun = time.perf_counter()
        view.dots.nearest(at, view.snap_distance)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def peer_ms(app: QApplication, view: MapView, n: int, moves: int) -> list[float]:
    """Return the times of frames of pyqtgraph's item while it is panned."""
    import pyqtgraph as pg

    positions, colours = dots(n)
    plot = pg.PlotWidget()
    plot.resize(view.size())
    brushes = [pg.mkBrush(*(int(part) for part in colour), 217) for colour in class_colours(10)]
    each = np.array(brushes, object)[(colours[:, None] == class_colours(10)).all(-1).argmax(1)]
    item = pg.ScatterPlotItem(pos=positions, size=3, pen=None, brush=each)
    plot.addItem(item)
    plot.show()
    app.processEvents()
    low, high = positions.min(axis=0), positions.max(axis=0)
    frames = []
    rng = np.random.default_rng(1)
    for _ in range(moves):
        shift = rng.integers(-25, 26, 2) * (high - low) / (view.width(), view.height())
        begun = time.perf_counter()
        plot.getViewBox().translateBy(x=float(shift[0]), y=float(shift[1]))
        plot.viewport().repaint()
        frames.append(1000 * (time.perf_counter() - begun))
    plot.close()
    return frames


def main() -> None:
    rounds = sized(12, quick=3, smoke=1)
    figures: dict[str, float] = {}
    peers: dict[str, float] = {}
    load_kernel()  # fills the cache of compiled code, untimed
    with open_window() as (app, session, window):
        settle(app, session)
        session.set_slot_count(1)
        view = window.maps[0].view
        app.processEvents()
        for n in (*SIZES, FEW):
            view.set_points(*dots(n))
            app.processEvents()
            wait(app, lambda: view.dots.whole)
            frames, rests, stretches = frames_ms(app, view, rounds)
            figures[f"p95_ms_{n}"] = round(float(np.percentile(frames, 95)), 2)
            figures[f"median_ms_{n}"] = round(statistics.median(frames), 2)
            figures[f"stretched_{n}"] = round(float(np.percentile(stretches, 95)), 2)
            figures[f"whole_ms_{n}"] = round(statistics.median(rests), 1)
            print(f"{n}: {figures[f'p95_ms_{n}']} ms", file=sys.stderr)
            if n == SIZES[0]:
                beside = peer_ms(app, view, n, 16 * rounds)
                peers[f"scatterplotitem_p95_ms_{n}"] = round(float(np.percentile(beside, 95)), 2)
            if n == SIZES[1]:
                figures[f"pick_ms_{n}"] = round(picks_ms(view), 4)
    ratio = peers[f"scatterplotitem_p95_ms_{SIZES[0]}"] / figures[f"p95_ms_{SIZES[0]}"]
    report = {
        "benchmark": "points",
        "figures": figures,
        "peers": peers,
        "ratios": {f"scatterplotitem_over_ours_{SIZES[0]}": round(ratio, 2)},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
