"""The window on a script's own models: in this process, and from an unguarded script, twice."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shiboken6
import torch
from PySide6.QtCore import QCoreApplication, QEvent, QPoint
from PySide6.QtTest import QTest

import vaeexplorer
from vaeexplorer.data import open_data
from vaeexplorer.latent.lift import Lift

README = Path(__file__).parent.parent.parent / "README.md"
# Said by the offscreen platform of every window, and by no other.
NO_FAULT = "This plugin does not support propagateSizeHints"

SCRIPT = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

app = QApplication([])
seen = []

def close_when_it_decodes():
    for window in app.topLevelWidgets():
        if hasattr(window, "maps") and window.isVisible():
            slots = window.docks["probe"].widget().slots
            if all(slot.decode.drawn for slot in slots):
                seen.append([state.exhibit.name for state in window._session.slots])
                window.close()

timer = QTimer()
timer.timeout.connect(close_when_it_decodes)
timer.start(50)
for _ in range(2):
    exec({example!r})
print(seen)
"""

PAINTING = """
from pathlib import Path

from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from vaeexplorer.gui.app import create_application

app = create_application()
image = QImage(40, 2000, QImage.Format.Format_RGB32)
painter = QPainter(image)
painter.setRenderHint(QPainter.RenderHint.Antialiasing)
painter.setClipRegion(QRegion(image.rect()) - QRegion(0, 0, 40, 9))
painter.fillRect(20, 0, 1, 2000, QColor(0, 0, 0, 70))
painter.end()
print([path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")])
"""


class Axes:
    """Eight straight axes of the digits."""

    def __init__(self, images):
        flat = images.reshape(len(images), -1) / 255
        self.mean = torch.from_numpy(flat.mean(axis=0)).float()
        axes = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)[2][:8]
        self.axes = torch.from_numpy(axes).float()

    def encode(self, x):
        return (x.flatten(1) - self.mean) @ self.axes.T

    def decode(self, z):
        return (self.mean + z @ self.axes).reshape(-1, 1, 8, 8)


@pytest.fixture
def exploration(qtbot):
    digits = open_data("digits")
    images, labels = digits.images[:500], digits.labels[:500]
    axes = Axes(images)
    opened = vaeexplorer.explore(images, labels, {"one": axes, "two": axes}, block=False)
    scores = {}
    opened.session.scores.measured.connect(scores.__setitem__)
    opened.scores = scores
    yield opened
    opened.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_maps_hover_sliders_and_scores_work_without_a_run(exploration, qtbot):
    told = []
    session, window = exploration.session, exploration.window
    session.failed.connect(told.append)
    # PCA at once, then the UMAP.
    assert {session.shown_map(slot).method for slot in (0, 1)} == {"pca"}
    mapped = lambda: [session.shown_map(slot).method for slot in (0, 1)]  # noqa: E731
    qtbot.waitUntil(lambda: mapped() == ["umap", "umap"])
    qtbot.waitUntil(lambda: len(exploration.scores) == 2)
    for slot in (0, 1):
        assert exploration.scores[slot]["continuity"]["C"] > 0.9
    qtbot.waitUntil(lambda: all(state.lift for state in session.slots))
    qtbot.waitUntil(lambda: not window.maps[0].view._moving)
    assert isinstance(session.slots[0].lift, Lift)

    before = session.slots[0].probe
    place = window.maps[0].view.to_pixel(session.slots[0].lift.positions[77]).toPoint()
    QTest.mouseMove(window.maps[0].view, place + QPoint(1, 0))
    QTest.mouseMove(window.maps[0].view, place)
    qtbot.waitUntil(lambda: session.slots[0].probe is not before)
    shown = window.docks["probe"].widget().slots
    for slot in (0, 1):
        qtbot.waitUntil(lambda slot=slot: shown[slot].decode.drawn is session.slots[slot].probe)

    session.set_code(1, np.full(8, 0.25, np.float32))
    assert session.slots[1].held.z.tolist() == [0.25] * 8
    assert told == []


def test_the_process_is_left_as_it_was(exploration, qtbot):
    threads, interval = exploration._before
    qtbot.waitUntil(lambda: bool(exploration.session.families))
    exploration.close()
    qtbot.waitUntil(lambda: not shiboken6.isValid(exploration.window))
    exploration.close()
    assert (torch.get_num_threads(), sys.getswitchinterval()) == (threads, interval)


@pytest.mark.slow
def test_the_example_of_the_readme_runs_unguarded_and_twice(tmp_path):
    """Each time the window closes itself as soon as it decodes."""
    (example,) = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    assert len(example.splitlines()) <= 16
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(example=example))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=240
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith(NO_FAULT)]
    assert (done.returncode, said) == (0, [])
    assert done.stdout.splitlines()[-1] == "[['PCA'], ['PCA']]"
    assert "'C': 0.9" in done.stdout


LEFT_OPEN = """
import time
import numpy as np
import vaeexplorer

class Rows:
    def encode(self, x): return x[:, 0, 0]
    def decode(self, z): return z[:, None, None, :].expand(-1, 1, 4, 4)

images = np.random.default_rng(0).random((240, 4, 4))
shown = vaeexplorer.explore(images, models={"rows": Rows()}, block=False)
from PySide6.QtWidgets import QApplication
while not shown.session.slots[0].lift:
    QApplication.processEvents()
    time.sleep(0.01)
print("decodes")
"""


@pytest.mark.slow
def test_a_script_may_end_with_its_window_open():
    done = subprocess.run(
        [sys.executable, "-c", LEFT_OPEN], capture_output=True, text=True, timeout=120
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith(NO_FAULT)]
    assert (done.returncode, said, done.stdout) == (0, [], "decodes\n")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nothing_is_painted_by_threads_that_the_window_would_wait_for():
    """A line of two thousand spans: Qt gives them to a pool of threads where it has one."""
    usual = {name: value for name, value in os.environ.items() if name != "QT_NO_GUI_THREADPOOL"}
    run = subprocess.run(
        [sys.executable, "-c", PAINTING],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=usual,
    )
    assert "python" in run.stdout
    assert "pooled" not in run.stdout
