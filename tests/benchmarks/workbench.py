"""What benchmarks and screenshots share: a real window on a private home, and waiting for it."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from vaeexplorer.gui.app import create_application, show_window
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.window import Window
from vaeexplorer.storage import RunLibrary

PATIENCE_S = 120.0
SIZE = (1440, 900)
"""Of the window: without a screen it would be as small as that of Qt's offscreen platform."""


@contextmanager
def open_window(
    paths: tuple[str, ...] = (), theme: str = "light"
) -> Iterator[tuple[QApplication, Session, Window]]:
    """Open the window on the default pair (or `paths`) and wait until it decodes."""
    with tempfile.TemporaryDirectory() as home:
        app = create_application()
        session = Session(RunLibrary(Path(home) / "runs"))
        settings = QSettings(str(Path(home) / "settings.ini"), QSettings.Format.IniFormat)
        settings.setValue("theme", theme)
        window = show_window(session, settings, Path(home) / "log", paths)
        window.resize(*SIZE)
        wait(app, lambda: all(view.decode.drawn for view in probe_views(window)))
        yield app, session, window
        window.close()
        app.processEvents()


def probe_views(window: Window) -> list:
    """Return the decoded pictures of every slot."""
    return window.docks["probe"].widget().slots


def decoded(session: Session, window: Window) -> bool:
    """Whether every slot has drawn the decode of its present probe."""
    return all(
        state.probe is not None and shown.decode.drawn is state.probe
        for state, shown in zip(session.slots, probe_views(window), strict=True)
    )


def settle(app: QApplication, session: Session) -> None:
    """Wait until all that a start brings with it is done: maps judged, models scored, all drawn."""
    lanes = (session.lanes.work, session.lanes.map)

    def done() -> bool:
        scored = all(session.scores.states.get(slot) == "scored" for slot in (0, 1))
        return scored and not (turns().busy() or any(lane.busy for lane in lanes))

    wait(app, done)


def end_training(app: QApplication, session: Session) -> None:
    """Stop the training, give up its map, and wait until nothing goes on any more."""
    session.training.stop()
    wait(app, lambda: not session.training.running)
    session.cancel_map()
    lanes = (session.lanes.train, session.lanes.work, session.lanes.map)
    wait(app, lambda: not any(lane.busy for lane in lanes))


def wait(app: QApplication, condition: Callable[[], bool]) -> None:
    """Run the event loop until `condition`; sleeps between events, so that threads get on."""
    # Without a timer a wait for more events could last for ever.
    heartbeat = QTimer()
    heartbeat.start(50)
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            sys.exit("the window did not get ready in time")
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
