"""The menu bar and the toolbar of the window: every verb has an entry, and a shortcut shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QSizePolicy, QToolBar, QWidget

from vaeexplorer.gui.panels import BOTTOM, PANELS
from vaeexplorer.gui.panels.map_export import copy_map, export_map
from vaeexplorer.gui.panels.map_settings import set_up_map
from vaeexplorer.gui.panels.selection import save_selection
from vaeexplorer.gui.session import MAX_SLOTS, Session
from vaeexplorer.gui.session.parts.colouring import COLOURINGS
from vaeexplorer.gui.widgets.dot_key import measure_described
from vaeexplorer.gui.widgets.help import show_about, show_help
from vaeexplorer.gui.widgets.key_list import KeyList
from vaeexplorer.gui.widgets.method_title import method_title
from vaeexplorer.gui.widgets.mode_switch import described
from vaeexplorer.gui.widgets.narrow_choice import NarrowChoice
from vaeexplorer.gui.widgets.overlay_choice import OverlayChoice
from vaeexplorer.gui.widgets.picture_of import is_seen
from vaeexplorer.gui.widgets.selection_tool import MODES
from vaeexplorer.gui.widgets.theme import SLOT_LETTERS

if TYPE_CHECKING:
    from vaeexplorer.gui.window import Window

translate = QCoreApplication.translate

METHODS = ("umap", "pca", "dimensions")


def add_menus(window: Window, session: Session) -> None:
    """Give `window` its menu bar."""
    _add_file_menu(window, session)
    _add_edit_menu(window, session)
    _add_view_menu(window, session)
    _add_model_menu(window, session)
    help_menu = window.menuBar().addMenu(translate("Menus", "&Help"))
    _act(help_menu, translate("Menus", "How to use"), lambda: show_help(window), "F1")
    keys = translate("Menus", "Keys")
    _act(help_menu, keys, lambda: KeyList(window.menuBar(), window).show(), "Shift+F1")
    _act(help_menu, translate("Menus", "Open the log"), window.open_log)
    _act(help_menu, translate("Menus", "About vae-explorer"), lambda: show_about(window))


def _add_edit_menu(window: Window, session: Session) -> None:
    menu = window.menuBar().addMenu(translate("Menus", "&Edit"))
    standard = QKeySequence.StandardKey
    _act(menu, translate("Menus", "Hold the probe"), session.hold, "H")
    _act(menu, translate("Menus", "Let go"), session.let_go, "Esc")
    _act(menu, translate("Menus", "Find image or label"), window.search.setFocus, standard.Find)
    menu.addSeparator()
    for which, text, key in (
        ("start", translate("Menus", "Start the path at the probe"), "S"),
        ("end", translate("Menus", "End the path at the probe"), "E"),
    ):
        _act(menu, text, lambda which=which: _set_path_end(window, session, which), key)
    _act(menu, translate("Menus", "Draw the path on a map"), lambda: _draw(window, session), "D")
    menu.addSeparator()
    _act(menu, translate("Menus", "Select all"), session.select_all, standard.SelectAll)
    _act(menu, translate("Menus", "Select nothing"), session.clear_selection, "Ctrl+Shift+A")
    _act(menu, translate("Menus", "Invert the selection"), session.invert_selection, "Ctrl+I")
    _act(menu, translate("Menus", "Select or drop the probed image"), session.toggle_probed, "X")
    menu.addSeparator()
    _act(menu, translate("Menus", "Zoom to the selection"), session.frame_selection, "Z")
    _act(menu, translate("Menus", "Copy the selection"), session.copy_selection, standard.Copy)
    _act(
        menu,
        translate("Menus", "Save the selection..."),
        lambda: save_selection(session, window),
        "Ctrl+Shift+S",
    )
    _act(
        menu,
        translate("Menus", "Copy the map as a picture"),
        lambda: copy_map(window, session),
        "Ctrl+Shift+C",
    )
    menu.addSeparator()
    modes = menu.addMenu(translate("Menus", "Dragging over a map"))
    group = QActionGroup(window)
    for number, mode in enumerate(MODES):
        action = _act(
            modes, described(mode)[0], lambda mode=mode: window.set_mode(mode), str(number + 1)
        )
        action.setCheckable(True)
        action.setChecked(mode == window.mode)
        group.addAction(action)
    modes.aboutToShow.connect(lambda: group.actions()[MODES.index(window.mode)].setChecked(True))


def _set_path_end(window: Window, session: Session, which: str) -> None:
    """Let the path "start" or "end" at the probe, and show it; the focus stays on the map."""
    session.path.set_end(which)
    window.docks["path"].show()
    window.docks["path"].raise_()


def _draw(window: Window, session: Session) -> None:
    """Let the next drag over a map draw a path, and show where its film will be."""
    window.docks["path"].show()
    window.docks["path"].raise_()
    session.path.draw(True)


def _act(
    menu: QMenu,
    text: str,
    verb: Callable[[], object],
    shortcut: str | QKeySequence.StandardKey | None = None,
) -> QAction:
    action = menu.addAction(text)
    if shortcut is not None:
        action.setShortcut(QKeySequence(shortcut))
    action.triggered.connect(lambda _=False: verb())
    return action


def _add_file_menu(window: Window, session: Session) -> None:
    menu = window.menuBar().addMenu(translate("Menus", "&File"))
    _act(menu, translate("Menus", "Open run..."), window.open_run, QKeySequence.StandardKey.Open)
    _act(menu, translate("Menus", "Open data file..."), window.open_data_file, "Ctrl+Shift+O")
    _act(menu, translate("Menus", "Open data folder..."), window.open_data_folder)
    bundled = menu.addMenu(translate("Menus", "Bundled data"))
    _act(bundled, translate("Menus", "Digits"), lambda: session.open_data("digits"))
    _act(bundled, translate("Menus", "Shapes"), lambda: session.open_data("shapes"))
    menu.addSeparator()
    _act(menu, translate("Menus", "Open the default pair"), session.open_default_pair)
    pictures = menu.addMenu(translate("Menus", "Save as a picture"))
    _act(
        pictures,
        translate("Menus", "The window..."),
        lambda: window.save_picture(window, "vae-explorer"),
    )
    for panel in PANELS:
        action = _act(pictures, panel.title(), lambda key=panel.key: _save_panel(window, key))
        # Only what is on the screen has a picture.
        pictures.aboutToShow.connect(
            lambda action=action, key=panel.key: action.setEnabled(is_seen(window.docks[key]))
        )
    menu.addSeparator()
    _act(menu, translate("Menus", "Export map..."), lambda: export_map(window, session), "Ctrl+E")
    menu.addSeparator()
    _act(menu, translate("Menus", "Quit"), window.close, "Ctrl+Q")


def _save_panel(window: Window, key: str) -> None:
    window.save_picture(window.docks[key].widget(), key)


def _add_view_menu(window: Window, session: Session) -> None:
    menu = window.menuBar().addMenu(translate("Menus", "&View"))
    for panel in PANELS:
        action = window.docks[panel.key].toggleViewAction()
        if panel.area != BOTTOM:
            action.setShortcut(QKeySequence(panel.shortcut))
        menu.addAction(action)
    menu.addSeparator()
    _act(menu, translate("Menus", "Fit all maps"), window.fit_maps, "Ctrl+0")
    hatch = _act(
        menu,
        translate("Menus", "Hatch where there is no data"),
        lambda: session.hatch(hatch.isChecked()),
        "Ctrl+Shift+H",
    )
    hatch.setObjectName("hatch")
    hatch.setCheckable(True)
    hatch.setChecked(session.hatching)
    pictures = window.dot_controls.pictures
    pictures.setShortcut("Ctrl+Shift+I")
    session.thumbnails.show(pictures.isChecked())
    pictures.toggled.connect(session.thumbnails.show)
    menu.addAction(pictures)
    align = _act(
        menu,
        translate("Menus", "Align the maps"),
        lambda: session.set_aligned(not session.aligns),
        "Ctrl+J",
    )
    align.setIconText(translate("Menus", "Align"))
    align.setToolTip(
        translate(
            "Menus",
            "Turn, mirror and scale every map onto the first one of the same images, so that "
            "classes lie in the same direction; off: as they were made (Ctrl+J)",
        )
    )
    align.setCheckable(True)
    align.setChecked(session.aligns)
    session.maps_aligned.connect(align.setChecked)
    window.align_action = align
    count = menu.addMenu(translate("Menus", "Number of maps"))
    for number in range(1, MAX_SLOTS + 1):
        _act(count, str(number), lambda number=number: session.set_slot_count(number))
    theme = menu.addMenu(translate("Menus", "Theme"))
    group = QActionGroup(window)
    for key, text in (
        ("system", translate("Menus", "As the system")),
        ("light", translate("Menus", "Light")),
        ("dark", translate("Menus", "Dark")),
    ):
        action = _act(theme, text, lambda key=key: window.set_theme(key))
        action.setCheckable(True)
        action.setChecked(key == window.theme)
        group.addAction(action)
    menu.addSeparator()
    _act(menu, translate("Menus", "Reset the layout"), window.reset_layout)
    _act(menu, translate("Menus", "Full screen"), window.toggle_full_screen, "F11")


def _add_model_menu(window: Window, session: Session) -> None:
    menu = window.menuBar().addMenu(translate("Menus", "&Model"))
    for panel in PANELS:
        if panel.area == BOTTOM:
            text = translate("Menus", "{panel}...").format(panel=panel.title())
            _act(menu, text, lambda key=panel.key: window.show_panel(key), panel.shortcut)
    _act(menu, translate("Menus", "New draws from the law"), session.samples.draw_again, "N")
    _act(menu, translate("Menus", "Stop training"), session.training.stop, "Ctrl+.")
    menu.addSeparator()
    _act(
        menu,
        translate("Menus", "Map settings..."),
        lambda: set_up_map(session, session.active, window),
        "Ctrl+M",
    )
    _act(
        menu,
        translate("Menus", "Explore the next latent space"),
        session.explore_next_space,
        "Ctrl+Shift+L",
    )
    for text, verb in (
        (translate("Menus", "Save a copy of"), window.save_copy),
        (translate("Menus", "Make the UMAP again of"), session.map_run),
        (translate("Menus", "Empty slot"), session.clear),
    ):
        slots = menu.addMenu(text)
        for slot, letter in enumerate(SLOT_LETTERS):
            _act(slots, letter, lambda verb=verb, slot=slot: verb(slot))
        slots.aboutToShow.connect(lambda slots=slots: _enable_filled(slots, session))


def _enable_filled(menu: QMenu, session: Session) -> None:
    """Offer the slots that there are, and of these those that hold something."""
    for slot, action in enumerate(menu.actions()):
        there = slot < len(session.slots)
        action.setVisible(there)
        action.setEnabled(there and session.slots[slot].exhibit is not None)


def add_toolbar(window: Window, session: Session) -> None:
    """Give `window` its toolbar."""
    bar = QToolBar(translate("Menus", "Tools"))
    bar.setObjectName("tools")
    bar.setMovable(False)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for text, tip, verb in (
        (
            translate("Menus", "Train..."),
            translate("Menus", "Train a model of your own (Ctrl+T)"),
            lambda: window.show_panel("training"),
        ),
        (
            translate("Menus", "Open..."),
            translate("Menus", "Open a run that was trained before (Ctrl+O)"),
            window.open_run,
        ),
        (
            translate("Menus", "Runs"),
            translate("Menus", "Everything that was trained here (Ctrl+R)"),
            lambda: window.show_panel("runs"),
        ),
    ):
        action = bar.addAction(text)
        action.setToolTip(tip)
        action.triggered.connect(lambda _=False, verb=verb: verb())
    bar.addSeparator()
    bar.addWidget(QLabel(translate("Menus", "map")))
    bar.addWidget(_method_choice(session))
    bar.addAction(window.align_action)
    bar.addWidget(QLabel(translate("Menus", "colour")))
    bar.addWidget(_colour_choice(session))
    bar.addWidget(window.dot_controls)
    bar.addWidget(_overlay_choice(session))
    bar.addSeparator()
    bar.addWidget(window.mode_switch)
    space = QWidget()
    space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(space)
    bar.addWidget(window.search)
    window.addToolBar(bar)


def _overlay_choice(session: Session) -> OverlayChoice:
    choice = OverlayChoice()
    choice.chosen.connect(session.overlays.choose)
    choice.faded.connect(session.overlays.fade)
    session.overlays.chosen.connect(choice.show_choice)
    return choice


def _method_choice(session: Session) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(translate("Menus", "Projection of the maps"))
    choice.setToolTip(
        translate("Menus", "How codes are laid out in the plane, in every slot that has this map")
    )
    for method in METHODS:
        choice.addItem(method_title(method), method)

    def show(method: str) -> None:
        choice.setCurrentIndex(METHODS.index(method if method in METHODS else "umap"))

    session.map_method_changed.connect(show)
    choice.activated.connect(lambda index: session.set_map_method(choice.itemData(index)))
    return choice


def _colour_choice(session: Session) -> QComboBox:
    choice = NarrowChoice()
    choice.setAccessibleName(translate("Menus", "What the colours of the dots say"))
    choice.setToolTip(
        translate("Menus", "Colour every dot by the label of its image, or by a number")
    )
    for what in COLOURINGS:
        choice.addItem(measure_described(what).title, what)
        tip = measure_described(what).definition
        choice.setItemData(choice.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
    choice.activated.connect(lambda index: session.colours.choose(choice.itemData(index)))
    session.colours.chosen.connect(lambda what: choice.setCurrentIndex(COLOURINGS.index(what)))
    return choice
