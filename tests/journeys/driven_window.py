"""`python -m vaeexplorer` with a person inside: run as a program by test_life.

Says on standard output, one JSON line each, what was seen when models began to load and what was
imported when the window was closed. The first argument says how to end; the others go to the
command line.
"""

import json
import os
import runpy
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.window import Window


def say(**seen):
    print(json.dumps(seen), flush=True)


def window():
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, Window))


def start_and_watch(session):
    say(
        torch="torch" in sys.modules,
        painted=[panel.view.dots.whole for panel in window().maps],
    )
    start(session)
    session.families_loaded.connect(lambda _: QTimer.singleShot(0, train))


def close_and_tell(session):
    say(umap="umap" in sys.modules, torch="torch" in sys.modules)
    close(session)


def train():
    if end == "fail":
        QTimer.singleShot(0, window().close)
        raise ZeroDivisionError("a mistake of ours")
    window().show_panel("training")
    panel = window().docks["training"].widget()
    panel.epochs.setValue(2 if end == "mapping" else 10_000)
    window()._session.progressed.connect(look)
    panel.train()


def look(job, progress):
    if end == "mapping":
        if job == "map":
            window().close()
    elif job == "train" and progress.epoch:
        window()._session.progressed.disconnect(look)
        if end == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            window().close()


if __name__ == "__main__":
    end = sys.argv.pop(1)
    start, close = Session.start, Session.close
    Session.start, Session.close = start_and_watch, close_and_tell
    runpy.run_module("vaeexplorer", run_name="__main__")
