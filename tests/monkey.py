"""Do at random what a person could do at the window, and say what went wrong.

    python tests/monkey.py [SEED [ACTS [RUN ...]]]

It moves, clicks, drags and types in whatever is seen, takes from the menus, opens the folders of
runs that it is given, trains for two epochs, resizes. Files go to a folder of its own. Exceptions
and errors in the log are printed with what was done just before; the exit code is 1 if there were
some. Not everything repeats with the seed: lanes and projections take the time that they take.
"""

from __future__ import annotations

import faulthandler
import logging
import random
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QInputDialog,
    QMenu,
    QMessageBox,
    QWidget,
)
from workbench import end_training, open_window

from vaeexplorer.gui.session import MAX_SLOTS, Session
from vaeexplorer.gui.widgets.picture_of import is_seen
from vaeexplorer.gui.window import Window
from vaeexplorer.models import FAMILIES
from vaeexplorer.run import Config

LEFT = Qt.MouseButton.LeftButton
KEYS = [
    *(Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Delete),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home),
    *(Qt.Key.Key_1, Qt.Key.Key_0, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_H, Qt.Key.Key_D),
]
MODIFIERS = [
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
]
LEAVES = ("Quit", "Open the log")
"""What would end it, or open another program."""
DIALOG_MS = 60
"""How often it looks for a dialog or a menu that is in its way."""


class Monkey(logging.Handler):
    """Acts at random; as a handler of the log it hears of errors."""

    def __init__(
        self,
        app: QApplication,
        session: Session,
        window: Window,
        chance: random.Random,
        runs: list[str],
    ) -> None:
        super().__init__(logging.WARNING)
        self._app, self._session, self._window = app, session, window
        self._chance, self._runs = chance, runs
        self._done: deque[str] = deque(maxlen=6)
        self.failures = 0
        self._dialogs = QTimer(interval=DIALOG_MS)
        self._dialogs.timeout.connect(self._close_dialog)
        self._dialogs.start()
        self._acts: list[tuple[Callable[[], None], int]] = [
            (self._take_from_a_menu, 15),
            (self._hover, 15),
            (self._click_a_map, 6),
            (self._drag, 6),
            (self._turn_the_wheel, 6),
            (self._click, 28),
            (self._type, 12),
            (self._resize, 3),
            (self._show_a_panel, 6),
            (self._train, 1),
            (self._open_a_run, 3 if runs else 0),
        ]

    def act(self) -> None:
        """Do something, and let the window answer for a while."""
        acts, weights = zip(*self._acts, strict=True)
        self._chance.choices(acts, weights)[0]()
        for _ in range(self._chance.choice([1, 1, 2, 5, 20])):
            self._app.processEvents()
        if self._chance.random() < 0.05:  # time enough for something to come to its end
            end = time.monotonic() + self._chance.random()
            while time.monotonic() < end:
                self._app.processEvents()
                time.sleep(0.01)
        if not self._window.isVisible():
            self._window.show()

    def emit(self, record: logging.LogRecord) -> None:
        self._fail(self.format(record))

    def hook(self, kind: type[BaseException], error: BaseException, trace: object) -> None:
        """Take over what nobody has caught (see `sys.excepthook`)."""
        del kind, trace
        self._fail("".join(traceback.format_exception(error)))

    def _fail(self, what: str) -> None:
        self.failures += 1
        print(what, "\n  after: ", "; ".join(self._done), file=sys.stderr, flush=True)

    def _close_dialog(self) -> None:
        shown = self._app.activeModalWidget() or self._app.activePopupWidget()
        if shown is not None:
            shown.close()

    # --- what a person does -------------------------------------------------------------------

    def _take_from_a_menu(self) -> None:
        self._app.processEvents()
        action = self._chance.choice(list(_offered(self._window)))
        if action.text().replace("&", "") not in LEAVES:
            self._done.append(f"menu: {action.text()}")
            action.trigger()

    def _map(self) -> tuple[QWidget, QPoint]:
        view = self._chance.choice(self._window.maps).view
        return view, self._place_in(view)

    def _place_in(self, widget: QWidget) -> QPoint:
        return QPoint(
            self._chance.randrange(widget.width()), self._chance.randrange(widget.height())
        )

    def _hover(self) -> None:
        view, place = self._map()
        self._done.append("hover")
        self._wander(view, place)

    def _wander(self, view: QWidget, place: QPoint) -> QPoint:
        for _ in range(self._chance.randrange(1, 8)):
            place += QPoint(self._chance.randint(-40, 40), self._chance.randint(-40, 40))
            QTest.mouseMove(view, place)
            self._app.processEvents()
        return place

    def _click_a_map(self) -> None:
        view, place = self._map()
        self._done.append("click on a map")
        QTest.mouseClick(view, LEFT, self._chance.choice(MODIFIERS), place)

    def _drag(self) -> None:
        view, place = self._map()
        self._done.append("drag")
        QTest.mousePress(view, LEFT, self._chance.choice(MODIFIERS), place)
        QTest.mouseRelease(view, LEFT, Qt.KeyboardModifier.NoModifier, self._wander(view, place))

    def _turn_the_wheel(self) -> None:
        view, place = self._map()
        self._done.append("wheel")
        at, turn = QPointF(place), QPoint(0, self._chance.choice([-480, -120, 120, 480]))
        none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(
            at, view.mapToGlobal(at), QPoint(), turn, Qt.MouseButton.NoButton, none, phase, False
        )
        self._app.sendEvent(view, event)

    def _click(self) -> None:
        seen = [one for one in self._window.findChildren(QWidget) if is_seen(one)]
        widget = self._chance.choice([one for one in seen if one.isEnabled()])
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        self._done.append(f"click: {type(widget).__name__} {widget.accessibleName() or text}")
        if isinstance(widget, QComboBox) and widget.count():
            number = self._chance.randrange(widget.count())
            widget.setCurrentIndex(number)
            widget.activated.emit(number)
        else:
            QTest.mouseClick(widget, LEFT, pos=self._place_in(widget))

    def _type(self) -> None:
        key = self._chance.choice(KEYS)
        self._done.append(f"key: {key.name}")
        QTest.keyClick(self._app.focusWidget() or self._window, key)

    def _resize(self) -> None:
        self._done.append("resize")
        self._window.resize(self._chance.randrange(900, 1700), self._chance.randrange(650, 1000))

    def _show_a_panel(self) -> None:
        key = self._chance.choice(list(self._window.docks))
        self._done.append(f"panel: {key}")
        if self._chance.random() < 0.8:
            self._window.show_panel(key)
        else:
            self._window.docks[key].close()

    def _train(self) -> None:
        if not self._session.training.running:
            family = self._chance.choice(list(FAMILIES))
            self._done.append(f"train: {family}")
            slot = self._chance.randrange(len(self._session.slots))
            self._session.training.begin(Config(family, {}, epochs=2), "", slot)

    def _open_a_run(self) -> None:
        path, slot = self._chance.choice(self._runs), self._chance.randrange(MAX_SLOTS)
        self._done.append(f"open: {Path(path).name} in slot {slot}")
        self._session.open_paths([path], min(slot, len(self._session.slots) - 1))


def _offered(window: Window) -> list[QAction]:
    """Return what the menus offer, as they do when they are opened."""
    found: list[QAction] = []

    def look_into(menu: QMenu) -> None:
        menu.aboutToShow.emit()
        for action in menu.actions():
            if action.menu() is not None:
                look_into(action.menu())
            elif action.isVisible() and action.isEnabled() and not action.isSeparator():
                found.append(action)

    for action in window.menuBar().actions():
        look_into(action.menu())
    return found


def _answer_dialogs(chance: random.Random, folder: Path, runs: list[str]) -> None:
    """Let the dialogs of Qt be answered at random, and files be written into `folder` only."""
    numbers = iter(range(sys.maxsize))

    def target(*_: object) -> tuple[str, str]:
        suffix = chance.choice([".png", ".svg", ".csv", ".gif", ""])
        return chance.choice(["", str(folder / f"{next(numbers)}{suffix}")]), ""

    def answer(*_: object) -> QMessageBox.StandardButton:
        return chance.choice([QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Cancel])

    QFileDialog.getSaveFileName = staticmethod(target)
    QFileDialog.getOpenFileName = staticmethod(lambda *_: (chance.choice(["", __file__]), ""))
    QFileDialog.getExistingDirectory = staticmethod(
        lambda *_: chance.choice(["", str(folder), *runs])
    )
    QInputDialog.getText = staticmethod(lambda *_, **__: (chance.choice(["", "x", "a/b"]), True))
    for kind in ("question", "warning", "information", "critical"):
        setattr(QMessageBox, kind, staticmethod(answer))


def main(arguments: list[str]) -> int:
    """Act as often as is wanted; return the exit code."""
    faulthandler.enable()
    seed, acts, *runs = arguments + ["0", "1000"][len(arguments) :]
    chance = random.Random(int(seed))
    with tempfile.TemporaryDirectory() as folder, open_window() as (app, session, window):
        _answer_dialogs(chance, Path(folder), runs)
        monkey = Monkey(app, session, window, chance, runs)
        logging.getLogger().addHandler(monkey)
        sys.excepthook = monkey.hook
        for _ in range(int(acts)):
            monkey.act()
        if session.training.running:
            end_training(app, session)
    print(f"seed {seed}: {acts} acts, {monkey.failures} failures")
    return min(monkey.failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
