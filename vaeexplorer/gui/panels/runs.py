"""All runs of the library: open, rename, delete, save a copy."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS, colours
from vaeexplorer.storage import RunSummary

translate = QCoreApplication.translate


class RunsPanel(QWidget):
    """A table of runs, newest first; those that cannot be read say why."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.table = QTreeWidget()
        self.table.setAccessibleName(translate("Runs", "Runs"))
        self.table.setRootIsDecorated(False)
        self.table.setAlternatingRowColors(True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHeaderLabels(
            [
                translate("Runs", "Name"),
                translate("Runs", "Family"),
                translate("Runs", "Data"),
                translate("Runs", "Latent dimensions"),
                translate("Runs", "Epochs"),
                translate("Runs", "State"),
                translate("Runs", "Trained"),
            ]
        )
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.header().setStretchLastSection(False)
        self.table.itemDoubleClicked.connect(lambda *_: self._open(1))
        self.table.itemSelectionChanged.connect(self._enable)
        self._stack = QStackedWidget()
        empty = QLabel(
            translate(
                "Runs",
                "No runs yet. Every model that you train is kept here, also one that you stop.",
            )
        )
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setProperty("muted", True)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)
        self.problem = QLabel()
        self.problem.setProperty("warning", True)
        self.problem.setWordWrap(True)
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.addWidget(self._stack, 1)
        column.addWidget(self.problem)
        column.addLayout(self._buttons())
        for keys, verb in (
            (QKeySequence(QKeySequence.StandardKey.Delete), self._delete),
            (QKeySequence(Qt.Key.Key_F2), self._rename),
        ):
            # Only here: elsewhere in the window these keys are not about runs.
            shortcut = QShortcut(keys, self, verb)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # As a double click does; on a button these keys are about that button.
            shortcut = QShortcut(QKeySequence(key), self.table, lambda: self._open(1))
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        session.runs_changed.connect(session.runs.list)
        session.runs.listed.connect(self._fill)
        session.families_loaded.connect(lambda _: session.runs.list())
        session.slots_changed.connect(self._enable)
        session.runs.list()

    def _family_title(self, key: str) -> str:
        """Return what a family is called elsewhere, too; its key until torch has brought them."""
        family = self._session.families.get(key)
        return key if family is None else family.title

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._openers = []
        for slot, letter in enumerate(SLOT_LETTERS):
            button = QPushButton(translate("Runs", "Open in {letter}").format(letter=letter))
            button.clicked.connect(lambda _=False, slot=slot: self._open(slot))
            self._openers.append(button)
            row.addWidget(button)
        row.addStretch()
        self._rename_button = QPushButton(translate("Runs", "Rename..."))
        self._rename_button.clicked.connect(self._rename)
        self._copy_button = QPushButton(translate("Runs", "Save a copy as..."))
        self._copy_button.clicked.connect(self._copy)
        self._delete_button = QPushButton(translate("Runs", "Delete..."))
        self._delete_button.clicked.connect(self._delete)
        for button in (self._rename_button, self._copy_button, self._delete_button):
            row.addWidget(button)
        return row

    def _fill(self, runs: tuple[RunSummary, ...]) -> None:
        chosen = self._chosen()
        former = max(self.table.indexOfTopLevelItem(self.table.currentItem()), 0)
        # Silent: a button that is disabled for a moment loses the focus.
        blocker = QSignalBlocker(self.table)
        self.table.clear()
        for run in runs:
            item = QTreeWidgetItem(
                [
                    run.name,
                    self._family_title(run.family),
                    run.data,
                    "--" if run.latent_dim is None else str(run.latent_dim),
                    "--" if run.problem else str(run.epochs),
                    translate("Runs", "cannot be read") if run.problem else state_title(run.status),
                    local_time(run.created),
                ]
            )
            item.setData(0, Qt.ItemDataRole.UserRole, run)
            if run.problem:
                item.setToolTip(0, run.problem)
                item.setToolTip(5, run.problem)
                item.setForeground(5, QColor(colours().warning))
            self.table.addTopLevelItem(item)
            if chosen is not None and chosen.path == run.path:
                self.table.setCurrentItem(item)
        if runs and not self.table.selectedItems():
            # Keys cannot choose the only row: for Qt it is the current one already.
            self.table.setCurrentItem(self.table.topLevelItem(min(former, len(runs) - 1)))
        blocker.unblock()
        for number in range(1, self.table.columnCount()):
            self.table.resizeColumnToContents(number)
        self._stack.setCurrentIndex(1 if runs else 0)
        self.setFocusProxy(self.table if runs else None)
        if self.hasFocus():
            self.table.setFocus()
        self._enable()

    def _chosen(self) -> RunSummary | None:
        items = self.table.selectedItems()
        return items[0].data(0, Qt.ItemDataRole.UserRole) if items else None

    def _enable(self) -> None:
        run = self._chosen()
        problem = "" if run is None else run.problem or ""
        # Written out, too: keys reach no tooltip.
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        readable = run is not None and not problem
        for slot, button in enumerate(self._openers):
            button.setVisible(slot < len(self._session.slots))
            button.setEnabled(readable)
        self._rename_button.setEnabled(readable)
        self._copy_button.setEnabled(readable)
        self._delete_button.setEnabled(run is not None)

    def _open(self, slot: int) -> None:
        run = self._chosen()
        if run is not None and run.problem is None:
            self._session.open_run(run.path, min(slot, len(self._session.slots) - 1))

    def _rename(self) -> None:
        run = self._chosen()
        if run is None or run.problem:
            return
        name, accepted = QInputDialog.getText(
            self,
            translate("Runs", "Rename run"),
            translate("Runs", "Name of the run:"),
            text=run.name,
        )
        if accepted and name.strip():
            self._session.runs.rename(run.path, name.strip())

    def _delete(self) -> None:
        run = self._chosen()
        if run is None:
            return
        answer = QMessageBox.question(
            self,
            translate("Runs", "Delete run"),
            translate("Runs", "Delete {name} from the disk? It cannot be brought back.").format(
                name=run.name
            ),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._session.runs.delete(run.path)

    def _copy(self) -> None:
        run = self._chosen()
        if run is None or run.problem:
            return
        target, _ = QFileDialog.getSaveFileName(
            self, translate("Runs", "Save a copy as a folder"), run.path.name
        )
        if target:
            self._session.runs.copy(run.path, Path(target))


def local_time(created: str) -> str:
    """Return an ISO 8601 time in the clock of the user, to the minute; other text as it is."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return created


def state_title(status: str) -> str:
    """Return in words how a run ended."""
    return {
        "finished": translate("Runs", "finished"),
        "stopped": translate("Runs", "stopped early"),
        "training": translate("Runs", "not finished"),
    }.get(status, status)
