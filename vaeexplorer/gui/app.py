"""Starts the window: application, theme, log, and what becomes of an error nobody caught."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QCoreApplication,
    QMessageLogContext,
    QSettings,
    QTimer,
    QtMsgType,
    QUrl,
    qInstallMessageHandler,
)
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from vaeexplorer import __version__
from vaeexplorer.gui.postponed import postpone
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.theme import apply_theme
from vaeexplorer.gui.window import Window
from vaeexplorer.storage import RunLibrary, runs_folder

translate = QCoreApplication.translate
log = logging.getLogger("vaeexplorer")

INTERNAL_ERROR = 70
ENDING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
"""Ctrl-C, the end of a session, and the end of the terminal: what is trained is kept."""
SIGNAL_POLL_MS = 200
GIL_SWITCH_S = 0.001


def run(paths: list[str]) -> int:
    """Open the window on `paths` (runs or data; the default pair if empty); return an exit code."""
    if sys.platform == "win32":
        import torch  # noqa: F401  # torch fails to load there once Qt has been
    postpone()
    app = create_application()
    library = RunLibrary(runs_folder())
    log_file = start_log(library.folder.parent / "vae-explorer.log")
    failures = Failures(log_file)
    session = Session(library)
    window = show_window(session, QSettings(), log_file, paths)
    app.styleHints().colorSchemeChanged.connect(
        lambda _: apply_theme(app, QSettings().value("theme", "system", type=str))
    )
    interrupt = Interrupt(window)
    code = app.exec()
    interrupt.restore()
    failures.restore()
    if interrupt.signal:
        code = 128 + interrupt.signal
    if failures.seen:
        code = INTERNAL_ERROR
    if session.lingering:
        # A thread that is still deep inside torch would make the interpreter abort as it ends.
        logging.shutdown()
        os._exit(code)
    return code


def create_application() -> QApplication:
    """Return the application, in the Fusion style, which both palettes are made for."""
    # Qt would give the spans of larger shapes to threads and wait for them: for a core, that is,
    # that a training or a map has.
    os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("vae-explorer")
    app.setOrganizationName("vae-explorer")
    app.setApplicationVersion(__version__)
    QGuiApplication.setDesktopFileName("vae-explorer")
    app.setStyle("Fusion")
    # A thread that trains holds the interpreter for this long before the window gets it.
    sys.setswitchinterval(GIL_SWITCH_S)
    return app


def show_window(
    session: Session, settings: QSettings, log_file: Path, paths: Sequence[str] = ()
) -> Window:
    """Show the window of `session` on `paths`, in the theme that `settings` name."""
    apply_theme(QApplication.instance(), settings.value("theme", "system", type=str))
    if paths:
        session.open_paths(list(paths))
    else:
        session.open_default_pair()
    window = Window(session, settings, log_file)
    window.show()
    return window


def start_log(path: Path) -> Path:
    """Log warnings and errors to `path`, at most two files of 1 MB, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    return path


class Interrupt:
    """Closes `window` on Ctrl-C and the like: Python sees signals only when it runs, hence a timer.

    `signal` is the number of the one that came, or 0.
    """

    def __init__(self, window: Window) -> None:
        self.signal = 0
        self._window = window
        self._former = {number: signal.signal(number, self._note) for number in ENDING}
        self._ticker = QTimer()
        self._ticker.timeout.connect(self._look)
        self._ticker.start(SIGNAL_POLL_MS)
        window.destroyed.connect(self._ticker.stop)

    def restore(self) -> None:
        """Put back what was there before."""
        self._ticker.stop()
        for number, former in self._former.items():
            signal.signal(number, former)

    def _note(self, number: int, _: object) -> None:
        # It may come in the middle of a paint event, which is no place to close a window.
        self.signal = number

    def _look(self) -> None:
        if self.signal:
            self._ticker.stop()
            self._window.close()


class Failures:
    """Logs every error that nobody caught, tells the user once, and makes the exit code say so."""

    def __init__(self, log_file: Path) -> None:
        self.seen = False
        self._log_file = log_file
        self._box: QMessageBox | None = None
        self._hooks = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread
        self._handler = qInstallMessageHandler(self._qt_message)

    def restore(self) -> None:
        """Put back what was there before."""
        sys.excepthook, threading.excepthook = self._hooks
        qInstallMessageHandler(self._handler)

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        self.seen = True
        log.critical("uncaught error", exc_info=(kind, error, trace))
        if threading.current_thread() is threading.main_thread() and self._box is None:
            self._tell(error)

    def _uncaught_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _tell(self, error: BaseException) -> None:
        windows = QApplication.topLevelWidgets()
        box = QMessageBox(next((one for one in windows if isinstance(one, Window)), None))
        # Kept, because without a window nobody else does, and it would vanish at once.
        self._box = box
        box.setIcon(QMessageBox.Icon.Critical)
        box.setWindowTitle("vae-explorer")
        box.setText(
            translate(
                "App",
                "Something in vae-explorer went wrong. Your runs are saved. The details are in "
                "{path}.",
            ).format(path=self._log_file)
        )
        box.setDetailedText(f"{type(error).__name__}: {error}")
        box.addButton(QMessageBox.StandardButton.Close)
        open_log = box.addButton(
            translate("App", "Open the log"), QMessageBox.ButtonRole.ActionRole
        )
        url = QUrl.fromLocalFile(str(self._log_file))
        open_log.clicked.connect(lambda: QDesktopServices.openUrl(url))
        box.open()

    @staticmethod
    def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        del context
        if kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            log.warning("Qt: %s", message)
