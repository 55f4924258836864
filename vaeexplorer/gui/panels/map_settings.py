"""How maps are made: a small window with the settings of the projection."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.data import InputError
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS

translate = QCoreApplication.translate

WIDTH = 45 * GRID
MOST_NEIGHBOURS, MOST_EPOCHS, MOST = 500, 10_000, 2**31 - 1


def set_up_map(session: Session, slot: int, window: QWidget) -> MapSettings | None:
    """Open the settings of the map in `slot`; nothing where it is empty."""
    if session.slots[slot].exhibit is None:
        return None
    settings = MapSettings(session, slot, window)
    settings.show()
    return settings


class MapSettings(QDialog):
    """Edits how one map, or all of them, are made, and makes them again."""

    def __init__(self, session: Session, slot: int, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("MapSettings", "Map settings"))
        self.setMinimumWidth(WIDTH)
        self._session, self._slot = session, slot
        self._build_editors()
        self.message = QLabel()
        self.message.setProperty("warning", True)
        self.message.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.apply_button = buttons.addButton(
            translate("MapSettings", "Make the map"), QDialogButtonBox.ButtonRole.ApplyRole
        )
        self.apply_button.setDefault(True)
        self.apply_button.setProperty("primary", True)
        self.apply_button.clicked.connect(self.apply)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(self._form())
        column.addWidget(self.message)
        column.addWidget(buttons)
        self._fill()

    def _build_editors(self) -> None:
        self.where = QComboBox()
        self.where.addItem(
            translate("MapSettings", "slot {letter}").format(letter=SLOT_LETTERS[self._slot]), False
        )
        self.where.addItem(translate("MapSettings", "all slots"), True)
        self.method = QComboBox()
        for method, title in (
            ("umap", translate("MapSettings", "UMAP")),
            ("umap-learn", translate("MapSettings", "UMAP by umap-learn (slow)")),
            ("pca", translate("MapSettings", "PCA")),
            ("axes", translate("MapSettings", "latent axes (up to 2 dimensions)")),
        ):
            self.method.addItem(title, method)
        self.method.currentIndexChanged.connect(self._enable)
        self.neighbours, self.epochs = QSpinBox(), QSpinBox()
        self.seed, self.sample = QSpinBox(), QSpinBox()
        self.min_dist = QDoubleSpinBox()
        self.neighbours.setRange(2, MOST_NEIGHBOURS)
        self.min_dist.setRange(0, 1)
        self.min_dist.setSingleStep(0.05)
        self.epochs.setRange(0, MOST_EPOCHS)
        self.epochs.setSpecialValueText(translate("MapSettings", "automatic"))
        self.seed.setRange(0, MOST)
        # One below the least that can be mapped stands for all.
        self.sample.setRange(3, MOST)
        self.sample.setSpecialValueText(translate("MapSettings", "all"))
        self.sample.setSingleStep(1_000)
        self._of_umap = (self.neighbours, self.min_dist, self.epochs, self.seed, self.sample)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        for editor, name, story in (
            (
                self.where,
                translate("MapSettings", "map of"),
                translate("MapSettings", "Which maps are made again."),
            ),
            (
                self.method,
                translate("MapSettings", "method"),
                translate(
                    "MapSettings",
                    "How codes are laid out in the plane: UMAP keeps neighbours together, PCA is "
                    "the straight view in which codes vary most.",
                ),
            ),
            (
                self.neighbours,
                translate("MapSettings", "neighbours"),
                translate(
                    "MapSettings",
                    "How many codes count as near: few show detail, many show the whole.",
                ),
            ),
            (
                self.min_dist,
                translate("MapSettings", "smallest distance"),
                translate(
                    "MapSettings",
                    "How close dots may lie, from 0 to 1. Only the layout is made again.",
                ),
            ),
            (
                self.epochs,
                translate("MapSettings", "epochs"),
                translate(
                    "MapSettings",
                    "Passes of the layout: automatic is 500 up to 2,000 images, else 200. Only the "
                    "layout is made again.",
                ),
            ),
            (
                self.seed,
                translate("MapSettings", "seed"),
                translate(
                    "MapSettings",
                    "Equal seeds give equal maps. Only the layout is made again.",
                ),
            ),
            (
                self.sample,
                translate("MapSettings", "images mapped"),
                translate(
                    "MapSettings",
                    "How many images UMAP lays out; the others are placed by their 3 nearest "
                    "codes.",
                ),
            ),
        ):
            editor.setToolTip(story)
            editor.setAccessibleName(name)
            form.addRow(name, editor)
        return form

    def _fill(self) -> None:
        """Show how the map in the slot was made; what that does not say is as it is by default."""
        from vaeexplorer.jobs.mapping import MAP_SETTINGS

        shown = self._session.shown_map(self._slot)
        assert shown is not None
        told = {**vars(MAP_SETTINGS), **shown.settings}
        # A map of two dimensions has no settings but those below it.
        self.method.setCurrentIndex(max(self.method.findData(shown.method), 0))
        self.neighbours.setValue(told["neighbours"])
        self.min_dist.setValue(told["min_dist"])
        self.epochs.setValue(told["epochs"] or 0)
        self.seed.setValue(told["seed"] or 0)
        self.sample.setValue(told["sample"] or 0)
        self._enable()

    def _enable(self) -> None:
        of_umap = self.method.currentData() in ("umap", "umap-learn")
        for editor in self._of_umap:
            editor.setEnabled(of_umap)
        self.message.setText("")

    def apply(self) -> None:
        """Make the maps again; where that is impossible, say why."""
        from vaeexplorer.latent.process import UmapSettings

        epochs, sample = self.epochs.value(), self.sample.value()
        settings = UmapSettings(
            self.neighbours.value(),
            round(self.min_dist.value(), 2),
            epochs or None,
            self.seed.value(),
            sample if sample > self.sample.minimum() else None,
        )
        self.message.setText("")
        every = range(len(self._session.slots))
        for slot in every if self.where.currentData() else [self._slot]:
            try:
                self._session.make_map(slot, self.method.currentData(), settings)
            except InputError as error:
                self.message.setText(f"{SLOT_LETTERS[slot]}: {error}")
