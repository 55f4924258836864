"""A window on the default pair, driven by real events."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vaeexplorer.gui.app import create_application
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.theme import apply_theme
from vaeexplorer.gui.window import Window
from vaeexplorer.storage import RunLibrary, runs_folder


class Explorer:
    """A person at the window: what they see and what they do."""

    def __init__(self, qtbot, paths: tuple[str, ...] = ()):
        self.qtbot = qtbot
        self.app = create_application()
        apply_theme(self.app, "light")
        self.session = Session(RunLibrary(runs_folder()))
        self.told: list[str] = []
        self.session.failed.connect(self.told.append)
        if paths:
            self.session.open_paths(list(paths))
        else:
            self.session.open_default_pair()
        self.log_file = Path(runs_folder()).parent / "log"
        self.window = Window(self.session, QSettings(), self.log_file)
        self.window.resize(1440, 900)
        self.window.show()
        # A bare X server has no window manager that would.
        self.window.activateWindow()
        self.closed = False

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()))

    def wait_until_ready(self) -> "Explorer":
        self.wait(lambda: self.session.families and self.decoded())
        self.wait(self.window.isActiveWindow)
        return self

    def panel(self, key: str):
        return self.window.docks[key].widget()

    def map(self, slot: int):
        return self.window.maps[slot].view

    def probe(self, slot: int):
        return self.session.slots[slot].probe

    def decoded(self) -> bool:
        """Whether every slot shows the decode of its present probe."""
        return all(
            state.probe is not None and shown.decode.drawn is state.probe
            for state, shown in zip(self.session.slots, self.panel("probe").slots, strict=True)
        )

    def wait_for_the_maps(self) -> None:
        """Wait until every map rests and decodes: while it moves, no place of it means anything."""
        views = [panel.view for panel in self.window.maps]

        def rest() -> bool:
            # At once: a map that grows has a lift too, and for a moment after its end it has none.
            lifts = [None if state.growing else state.lift for state in self.session.slots]
            lifted = all(lift and not lift.quick for lift in lifts)
            return lifted and not any(view._moving or view._growing for view in views)

        self.wait(rest)
        self.wait(self.decoded)

    def pixel(self, slot: int, index: int) -> QPoint:
        """Where on the map of `slot` the dot of image `index` is."""
        position = self.session.slots[slot].lift.positions[index]
        return self.map(slot).to_pixel(position).toPoint()

    def rows(self, count: int) -> list:
        """The sliders of the active slot, once there are `count` of them, of its own codes."""
        session, panel = self.session, self.panel("dimensions")
        self.wait(lambda: session.descriptions.of(session.active) and len(panel._rows) == count)
        return panel._rows

    def hover(self, slot: int, pixel: QPoint) -> None:
        QTest.mouseMove(self.map(slot), pixel)
        self.wait(self.decoded)

    def click(self, slot: int, pixel: QPoint) -> None:
        from PySide6.QtCore import Qt

        QTest.mouseMove(self.map(slot), pixel)
        QTest.mouseClick(self.map(slot), Qt.MouseButton.LeftButton, pos=pixel)
        self.wait(self.decoded)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.window.close()
            QApplication.processEvents()


@pytest.fixture
def explorer(qtbot):
    """The window on the default pair, ready to decode."""
    person = Explorer(qtbot).wait_until_ready()
    yield person
    person.close()


@pytest.fixture
def open_explorer(qtbot):
    """Open windows on given paths; all are closed afterwards."""
    people = []

    def open_on(*paths: str) -> Explorer:
        people.append(Explorer(qtbot, paths))
        return people[-1]

    yield open_on
    for person in people:
        person.close()
