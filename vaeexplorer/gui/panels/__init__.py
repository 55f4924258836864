"""The panels around the maps. Adding one is a file here and a line in PANELS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from vaeexplorer.gui.panels.dimensions import DimensionsPanel
from vaeexplorer.gui.panels.probe import ProbePanel
from vaeexplorer.gui.session import Session

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Panel:
    """One dock of the window.

    Attributes
    ----------
    key
        Its name in saved layouts.
    title
        Returns what its tab says, in the language in force.
    build
        build(session) -> the widget; called when the panel is first shown.
    area
        Where it docks.
    shown
        Whether a fresh layout shows it.
    shortcut
        Keys that show and hide it.
    """

    key: str
    title: Callable[[], str]
    build: Callable[[Session], QWidget]
    area: Qt.DockWidgetArea
    shown: bool
    shortcut: str


_LATE: list[str] = []


def _late(module: str, name: str) -> Callable[[Session], QWidget]:
    """Build the panel `name` of a file here that is read when the panel is first shown.

    pyqtgraph alone takes a third of a second, and the first picture of the maps needs none of it.
    """
    _LATE.append(f"{__name__}.{module}")
    return lambda session: getattr(import_module(f"{__name__}.{module}"), name)(session)


def load_panels() -> Iterator[str]:
    """Read the files of all panels, so that the window need not wait for them later.

    It makes no widget, and is for a lane. Yields the name of each module.
    """
    for module in _LATE:
        import_module(module)
        yield module


RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea

PANELS = (
    Panel("probe", lambda: translate("Panels", "Probe"), ProbePanel, RIGHT, True, "Ctrl+1"),
    Panel(
        "dimensions",
        lambda: translate("Panels", "Dimensions"),
        DimensionsPanel,
        RIGHT,
        True,
        "Ctrl+2",
    ),
    Panel(
        "path",
        lambda: translate("Panels", "Path"),
        _late("path", "PathPanel"),
        BOTTOM,
        False,
        "Ctrl+P",
    ),
    Panel(
        "scorecard",
        lambda: translate("Panels", "Scorecard"),
        _late("scorecard", "ScorecardPanel"),
        BOTTOM,
        False,
        "Ctrl+K",
    ),
    Panel(
        "evidence",
        lambda: translate("Panels", "Evidence"),
        _late("evidence", "EvidencePanel"),
        BOTTOM,
        False,
        "Ctrl+B",
    ),
    Panel(
        "samples",
        lambda: translate("Panels", "Samples"),
        _late("samples", "SamplesPanel"),
        BOTTOM,
        False,
        "Ctrl+D",
    ),
    Panel(
        "worst",
        lambda: translate("Panels", "Worst places"),
        _late("worst", "WorstPanel"),
        BOTTOM,
        False,
        "Ctrl+W",
    ),
    Panel(
        "swap",
        lambda: translate("Panels", "Swap"),
        _late("swap", "SwapPanel"),
        BOTTOM,
        False,
        "Ctrl+G",
    ),
    Panel(
        "training",
        lambda: translate("Panels", "Training"),
        _late("training", "TrainingPanel"),
        BOTTOM,
        False,
        "Ctrl+T",
    ),
    Panel(
        "runs",
        lambda: translate("Panels", "Runs"),
        _late("runs", "RunsPanel"),
        BOTTOM,
        False,
        "Ctrl+R",
    ),
    Panel(
        "selection",
        lambda: translate("Panels", "Selection"),
        _late("selection", "SelectionPanel"),
        BOTTOM,
        False,
        "Ctrl+L",
    ),
)
