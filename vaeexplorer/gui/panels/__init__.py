"""The panels around the maps. Adding one is a file here and a line in PANELS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from vaeexplorer.gui.panels.dimensions import DimensionsPanel
from vaeexplorer.gui.panels.path import PathPanel
from vaeexplorer.gui.panels.probe import ProbePanel
from vaeexplorer.gui.panels.runs import RunsPanel
from vaeexplorer.gui.panels.scorecard import ScorecardPanel
from vaeexplorer.gui.panels.selection import SelectionPanel
from vaeexplorer.gui.panels.worst import WorstPanel
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


def _training(session: Session) -> QWidget:
    # Late: pyqtgraph costs a third of a second, and the first picture of the maps needs none.
    from vaeexplorer.gui.panels.training import TrainingPanel

    return TrainingPanel(session)


def _evidence(session: Session) -> QWidget:
    from vaeexplorer.gui.panels.evidence import EvidencePanel

    return EvidencePanel(session)


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
    Panel("path", lambda: translate("Panels", "Path"), PathPanel, BOTTOM, False, "Ctrl+P"),
    Panel(
        "scorecard",
        lambda: translate("Panels", "Scorecard"),
        ScorecardPanel,
        BOTTOM,
        False,
        "Ctrl+K",
    ),
    Panel("evidence", lambda: translate("Panels", "Evidence"), _evidence, BOTTOM, False, "Ctrl+B"),
    Panel(
        "worst", lambda: translate("Panels", "Worst places"), WorstPanel, BOTTOM, False, "Ctrl+W"
    ),
    Panel("training", lambda: translate("Panels", "Training"), _training, BOTTOM, False, "Ctrl+T"),
    Panel("runs", lambda: translate("Panels", "Runs"), RunsPanel, BOTTOM, False, "Ctrl+R"),
    Panel(
        "selection",
        lambda: translate("Panels", "Selection"),
        SelectionPanel,
        BOTTOM,
        False,
        "Ctrl+L",
    ),
)
