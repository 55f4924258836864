"""The main window: maps in the middle, panels around them, menus and toolbar."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QCoreApplication, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QMainWindow,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.data import Dataset
from vaeexplorer.drawing.numbers import written
from vaeexplorer.gui.docks import Docks
from vaeexplorer.gui.menus import add_menus, add_toolbar
from vaeexplorer.gui.panels import load_panels
from vaeexplorer.gui.panels.map import MapPanel
from vaeexplorer.gui.panels.map_settings import set_up_map
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.dot_controls import DotControls
from vaeexplorer.gui.widgets.live_label import LiveLabel
from vaeexplorer.gui.widgets.map_grid import MapGrid
from vaeexplorer.gui.widgets.map_hint import MapHint
from vaeexplorer.gui.widgets.messages import MessageBar, ProgressStrip
from vaeexplorer.gui.widgets.mode_switch import ModeSwitch
from vaeexplorer.gui.widgets.picture_of import picture_of, with_suffix
from vaeexplorer.gui.widgets.search_field import SearchField
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS, apply_theme
from vaeexplorer.latent.probe import Probe
from vaeexplorer.latent.selection import Selection
from vaeexplorer.run import Progress

translate = QCoreApplication.translate

LAYOUT_VERSION = 1


class Window(QMainWindow):
    """Reads panels, menus and shortcuts from their tables and connects them to the session."""

    def __init__(self, session: Session, settings: QSettings, log_file: Path) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("vae-explorer")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self._session, self._settings, self._log_file = session, settings, log_file
        self.theme = settings.value("theme", "system", type=str)
        session.hatch(settings.value("hatch", True, type=bool))
        self._painted = False
        self.mode = "pan"
        self.dot_controls = DotControls(settings)
        self.maps: list[MapPanel] = []
        self._build_stage()
        self._docks = Docks(self, session)
        self.docks = self._docks.by_key
        self._build_status()
        self._build_tools()
        add_menus(self, session)
        add_toolbar(self, session)
        self._connect()
        self.resize(1440, 900)
        self._docks.arrange()
        self._fresh_layout = self.saveState(LAYOUT_VERSION)
        self._restore_layout()
        # Not on the first button: nothing has been asked for yet.
        self.setFocus()

    # --- building -----------------------------------------------------------------------------

    def _build_stage(self) -> None:
        self.messages = MessageBar()
        self._grid = MapGrid()
        stage = QWidget()
        self.hint = MapHint(
            translate(
                "Window",
                "Move over a map: every model decodes that place. Click a dot to hold it.",
            ),
            stage,
        )
        column = QVBoxLayout(stage)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self._grid, 1)
        self.setCentralWidget(stage)
        self._arrange_maps(len(self._session.slots))
        self.hint.stand_over(self.maps[0].view)

    def _arrange_maps(self, count: int) -> None:
        """Keep as many map panels as there are slots: a row of two, or two rows."""
        while len(self.maps) > count:
            # At once: until then it would hear of slots that are gone.
            self.maps.pop()
            self._grid.remove_last()
            self.readout.clear()  # it may tell of one of them
        while len(self.maps) < count:
            slot = len(self.maps)
            panel = MapPanel(self._session, slot)
            panel.open_requested.connect(self.open_run)
            panel.train_requested.connect(self.train_in)
            panel.locate_requested.connect(self.locate_data)
            panel.settings_requested.connect(lambda slot: set_up_map(self._session, slot, self))
            panel.view.tool.mode = self.mode
            panel.view.set_dot_style(*self.dot_controls.style_chosen)
            panel.scores_requested.connect(lambda: self.show_panel("scorecard"))
            self._grid.add(panel, panel.around)
            self.maps.append(panel)

    def _build_status(self) -> None:
        self.readout = LiveLabel()
        self.readout.setContentsMargins(GRID, 0, 0, 0)
        map_strip = ProgressStrip(translate("Window", "Cancel"))
        map_strip.cancelled.connect(self._session.cancel_map)
        self._strips = {"data": ProgressStrip(), "map": map_strip}
        self.data_label = QLabel()
        self.data_label.setProperty("muted", True)
        self.selected = QToolButton()
        self.selected.setProperty("chip", True)
        self.selected.setToolTip(
            translate("Window", "Show how many of each label are selected, and which (Ctrl+L)")
        )
        self.selected.clicked.connect(lambda: self.show_panel("selection"))
        self.selected.hide()
        # The maps would move where a higher status bar took room from them.
        self.statusBar().setMinimumHeight(self.selected.sizeHint().height() + GRID)
        self.statusBar().addWidget(self.readout, 1)
        self.statusBar().addPermanentWidget(self.selected)
        for strip in self._strips.values():
            self.statusBar().addPermanentWidget(strip)
        self.statusBar().addPermanentWidget(self.data_label)

    def _build_tools(self) -> None:
        self.mode_switch = ModeSwitch()
        self.mode_switch.chosen.connect(self.set_mode)
        self.dot_controls.changed.connect(self._style_dots)
        self.search = SearchField()
        self.search.asked.connect(self._session.search.find)

    def _connect(self) -> None:
        session = self._session
        session.slots_changed.connect(self._arrange_maps)
        session.failed.connect(self.messages.tell)
        session.families_loaded.connect(lambda _: session.prepare(load_panels))
        session.map_files.written.connect(self.readout.setText)
        session.probe_moved.connect(self._show_probe)
        session.data_opened.connect(self._show_data)
        session.progressed.connect(self._show_progress)
        session.ended.connect(self._show_end)
        # A tab behind another one is not hidden in Qt's sense: only its dock knows.
        self.docks["path"].visibilityChanged.connect(session.path.watch)
        self.docks["worst"].visibilityChanged.connect(session.worst_places.watch)
        self.docks["samples"].visibilityChanged.connect(session.samples.watch)
        session.selection_changed.connect(self._show_selection)
        session.copied.connect(lambda text: QGuiApplication.clipboard().setText(text))
        for panel in self.maps:
            panel.view.hovered.connect(self.hint.dismiss)

    # --- what the session says ----------------------------------------------------------------

    def _show_probe(self, slot: int, probe: Probe) -> None:
        if probe.kind != "linked":
            self.readout.setText(
                translate("Window", "{letter}: x {x}, y {y}, nearest image #{index}").format(
                    letter=SLOT_LETTERS[slot],
                    x=written(probe.position[0], 2),
                    y=written(probe.position[1], 2),
                    index=probe.nearest,
                )
            )

    def _show_data(self, dataset: Dataset) -> None:
        _, height, width = dataset.shape
        self.data_label.setText(
            translate(
                "Window", "data to train on: {name}, {n} images of {width} x {height}"
            ).format(name=dataset.name, n=f"{len(dataset):,}", width=width, height=height)
        )

    def _style_dots(self, size: int, opacity: int) -> None:
        for panel in self.maps:
            panel.view.set_dot_style(size, opacity)

    def _show_progress(self, job: str, progress: Progress) -> None:
        if job in self._strips:
            self._strips[job].show_progress(progress)

    def _show_end(self, job: str) -> None:
        if job in self._strips:
            self._strips[job].hide()

    def _show_selection(self, chosen: Selection | None) -> None:
        self.selected.setVisible(chosen is not None)
        if chosen is not None:
            self.selected.setText(
                translate("Window", "{selected} of {n} selected").format(
                    selected=f"{len(chosen):,}", n=f"{chosen.n:,}"
                )
            )

    # --- what the user does -------------------------------------------------------------------

    def show_panel(self, key: str) -> None:
        """Show the panel `key` and bring it to the front."""
        self._docks.show(key)

    def train_in(self, slot: int) -> None:
        """Show the form of a training, whose run is to stand in `slot`."""
        self._session.activate(slot)
        self.show_panel("training")

    def open_run(self, slot: int = 1) -> None:
        """Ask for the folder of a run and open it in `slot`."""
        folder = QFileDialog.getExistingDirectory(
            self,
            translate("Window", "Open the folder of a run"),
            str(self._session.library.folder),
        )
        if folder:
            self._session.open_paths([folder], min(slot, len(self._session.slots) - 1))

    def open_data_file(self) -> None:
        """Ask for a data file and make it the data at hand."""
        path, _ = QFileDialog.getOpenFileName(
            self, translate("Window", "Open an IDX file of images (MNIST's format, gz or not)")
        )
        if path:
            self._session.open_data(path)

    def open_data_folder(self) -> None:
        """Ask for a folder with the four files of MNIST's format."""
        folder = QFileDialog.getExistingDirectory(
            self, translate("Window", "Open a folder with IDX files (MNIST's format)")
        )
        if folder:
            self._session.open_data(folder)

    def locate_data(self, slot: int) -> None:
        """Ask where the images of `slot` are now."""
        path, _ = QFileDialog.getOpenFileName(
            self, translate("Window", "Where are the images that this run was trained on?")
        )
        if path:
            self._session.locate_data(slot, path)

    def save_copy(self, slot: int) -> None:
        """Ask for a folder and save a copy of the run in `slot` there."""
        exhibit = self._session.slots[slot].exhibit
        if exhibit is None or exhibit.run is None:
            return
        target, _ = QFileDialog.getSaveFileName(
            self, translate("Window", "Save a copy of the run as a folder"), exhibit.name
        )
        if target:
            self._session.runs.save_copy(slot, Path(target))

    def save_picture(self, widget: QWidget, name: str) -> None:
        """Ask for a file and save `widget` as it is on the screen, as PNG or SVG."""
        path, _ = QFileDialog.getSaveFileName(
            self,
            translate("Window", "Save as a picture"),
            f"{name}.png",
            translate("Window", "Pictures (*.png *.svg)"),
        )
        if path:
            target = with_suffix(path)
            self._session.save_picture(target, picture_of(widget, target.suffix))

    def fit_maps(self) -> None:
        """Show the whole of every map."""
        for panel in self.maps:
            panel.view.fit()

    def set_mode(self, mode: str) -> None:
        """Let dragging over a map "pan" it, or draw a "lasso" or a "rectangle"."""
        self.mode = mode
        self.mode_switch.set_mode(mode)
        for panel in self.maps:
            panel.view.tool.mode = mode

    def set_theme(self, choice: str) -> None:
        """Switch to the "system", the "light" or the "dark" theme, and remember it."""
        self.theme = choice
        self._settings.setValue("theme", choice)
        apply_theme(QApplication.instance(), choice)

    def reset_layout(self) -> None:
        """Put the panels back where a fresh window has them."""
        self.restoreState(self._fresh_layout, LAYOUT_VERSION)

    def open_log(self) -> None:
        """Show the log in the system's viewer."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_file)))

    def toggle_full_screen(self) -> None:
        """Fill the screen, or stop filling it."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        under = self._grid.number_at(self._grid.mapFrom(self, event.position().toPoint()))
        self._session.open_paths(paths, under if len(paths) == 1 else 0)

    # --- life ---------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # Importing torch stalls the window once: maps are painted before that.
            QTimer.singleShot(0, self._session.start)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("layout", self.saveState(LAYOUT_VERSION))
        self._settings.setValue("hatch", self._session.hatching)
        # A training saves its last epoch, and torch may still be loading: nobody watches that.
        self.hide()
        self._session.close()
        super().closeEvent(event)

    def _restore_layout(self) -> None:
        if not self.restoreGeometry(self._saved("geometry")):
            self._shrink_to_screen()
        self.restoreState(self._saved("layout"), LAYOUT_VERSION)

    def _saved(self, name: str) -> QByteArray:
        """Return what was saved as `name`; empty if nothing, or what cannot be a layout."""
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _shrink_to_screen(self) -> None:
        screen = QGuiApplication.primaryScreen()
        if screen is not None:
            room = screen.availableSize()
            if room.width() < 1440 or room.height() < 900:
                self.resize(min(1440, room.width()), min(900, room.height()))
