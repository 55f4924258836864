"""The window on exhibits that a script or a notebook has made; see `vaeexplorer.explore`."""

from __future__ import annotations

import atexit
import logging
import sys
from collections.abc import Sequence

import shiboken6
import torch
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QSettings, QThread

from vaeexplorer.gui.app import Failures, Interrupt, create_application, start_log
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.theme import apply_theme
from vaeexplorer.gui.window import Window
from vaeexplorer.run import Exhibit
from vaeexplorer.storage import RunLibrary, runs_folder


class Exploration:
    """A window on exhibits, in a process that goes on when it is closed.

    What the window needs of the process (torch's threads, the log, how long a thread keeps the
    interpreter) is put back as it was.
    """

    def __init__(self, exhibits: Sequence[Exhibit]) -> None:
        self._before = torch.get_num_threads(), sys.getswitchinterval()
        self._app = create_application()
        library = RunLibrary(runs_folder())
        self._handlers = list(logging.getLogger().handlers)
        self._log_file = start_log(library.folder.parent / "vae-explorer.log")
        self.session = Session(library)
        self.session.set_slot_count(len(exhibits))
        for slot, exhibit in enumerate(exhibits):
            self.session.put(slot, exhibit)
        settings = QSettings()
        apply_theme(self._app, settings.value("theme", "system", type=str))
        self.window = Window(self.session, settings, self._log_file)
        self.window.destroyed.connect(self._put_back)
        atexit.register(self.close)
        self.window.show()
        for slot in range(len(exhibits)):
            self.session.map_run(slot)

    def wait(self) -> None:
        """Run the window until the user closes it."""
        failures, interrupt = Failures(self._log_file), Interrupt(self.window)
        try:
            if QThread.currentThread().loopLevel() > 0:
                # A loop is running already, as in a program of the user's own with windows.
                loop = QEventLoop()
                self.window.destroyed.connect(loop.quit)
                loop.exec()
            else:
                self.window.destroyed.connect(self._app.quit)
                self._app.exec()
        finally:
            interrupt.restore()
            failures.restore()
        if interrupt.signal:
            raise KeyboardInterrupt

    def close(self) -> None:
        """Close the window and end all that works for it; nothing if that has been done."""
        if shiboken6.isValid(self.window):
            self.window.close()
            # Now: at the end of the interpreter a window that is still there would crash it.
            QCoreApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)

    def _put_back(self) -> None:
        atexit.unregister(self.close)
        threads, interval = self._before
        torch.set_num_threads(threads)
        sys.setswitchinterval(interval)
        root = logging.getLogger()
        for handler in [each for each in root.handlers if each not in self._handlers]:
            root.removeHandler(handler)
            handler.close()
