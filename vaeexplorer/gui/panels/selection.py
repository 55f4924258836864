"""The selection: how many images of each label, some of them as pictures, and what to do next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.drawing.palette import class_colours
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.image_name import image_name
from vaeexplorer.gui.widgets.label_bars import LabelBars
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.theme import GRID
from vaeexplorer.gui.widgets.thumbnails import Thumbnails
from vaeexplorer.latent.selection import Selection, label_counts
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate


class SelectionPanel(QStackedWidget):
    """Draws the selection of the session, or says how to make one."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.bars = LabelBars()
        self.pictures = Thumbnails()
        self._title, self._caption = QLabel(), QLabel()
        self._title.setProperty("heading", True)
        self._caption.setProperty("muted", True)
        self.addWidget(self._empty_state())
        self.addWidget(self._full_state())
        session.selection_changed.connect(self._show_selection)
        session.pictured.connect(self._show_pictures)
        self.pictures.chosen.connect(self._find)
        self._show_selection(session.selection)
        session.picture_selection()

    def _empty_state(self) -> QWidget:
        page = QWidget()
        text = QLabel(
            translate(
                "Selection",
                "Nothing is selected.\n\nOn a map, hold Shift and draw around dots, or hold Ctrl "
                "and drag a rectangle. Shift and a click add or remove one dot.",
            )
        )
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setProperty("muted", True)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.addWidget(text)
        return page

    def _full_state(self) -> QWidget:
        left = QVBoxLayout()
        left.setSpacing(GRID)
        left.addWidget(self.bars)
        left.addStretch()
        right = QVBoxLayout()
        right.setSpacing(GRID)
        right.addWidget(self._caption)
        right.addWidget(self.pictures)
        right.addStretch()
        sides = QHBoxLayout()
        sides.setSpacing(3 * GRID)
        sides.addLayout(left, 2)
        sides.addLayout(right, 3)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(self._verbs())
        column.addLayout(sides, 1)
        scroll = ScrollArea(takes_keys=False, sideways=False)
        scroll.setWidget(page)
        return scroll

    def _verbs(self) -> QHBoxLayout:
        session = self._session
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._title)
        row.addStretch()
        for text, tip, verb in (
            (
                translate("Selection", "Zoom"),
                translate("Selection", "Bring the selected dots into view on every map (Z)"),
                session.frame_selection,
            ),
            (
                translate("Selection", "Invert"),
                translate("Selection", "Select the dots that are not selected (Ctrl+I)"),
                session.invert_selection,
            ),
            (
                translate("Selection", "Clear"),
                translate("Selection", "Select nothing (Ctrl+Shift+A, or Esc)"),
                session.clear_selection,
            ),
            (
                translate("Selection", "Copy"),
                translate("Selection", "Copy image numbers and labels as text (Ctrl+C)"),
                session.copy_selection,
            ),
            (
                translate("Selection", "Save..."),
                translate("Selection", "Save image numbers and labels as a table (Ctrl+Shift+S)"),
                lambda: save_selection(session, self),
            ),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, verb=verb: verb())
            row.addWidget(button)
        return row

    def _show_selection(self, chosen: Selection | None) -> None:
        slot = self._session.selected_slot()
        exhibit = None if slot is None else self._session.slots[slot].exhibit
        self.setCurrentIndex(0 if chosen is None or exhibit is None else 1)
        if chosen is None or exhibit is None:
            return
        self._title.setText(
            translate("Selection", "{selected} of {n} images selected").format(
                selected=f"{len(chosen):,}", n=f"{chosen.n:,}"
            )
        )
        self._show_bars(chosen, exhibit)
        self.pictures.clear()
        self._caption.setText(
            translate("Selection", "The images of this data were not found.")
            if exhibit.dataset is None
            else ""
        )

    def _show_bars(self, chosen: Selection, exhibit: Exhibit) -> None:
        self.bars.setVisible(exhibit.labels is not None)
        if exhibit.labels is not None:
            classes = len(exhibit.label_names)
            self.bars.show_counts(
                exhibit.label_names,
                class_colours(classes),
                label_counts(chosen.indices, exhibit.labels, classes),
                label_counts(slice(None), exhibit.labels, classes),
            )

    def _show_pictures(
        self, chosen: Selection, indices: NDArray[np.int64], images: NDArray[np.uint8]
    ) -> None:
        slot = self._session.selected_slot()
        exhibit = None if slot is None else self._session.slots[slot].exhibit
        if exhibit is None or chosen is not self._session.selection:
            return
        self._caption.setText(
            translate("Selection", "{some} of them, evenly spread:").format(some=len(indices))
            if len(indices) < len(chosen)
            else ""
        )
        self._caption.setVisible(len(indices) < len(chosen))
        self.pictures.show_images(indices, images, [image_name(exhibit, k) for k in indices])

    def _find(self, index: int) -> None:
        slot = self._session.selected_slot()
        if slot is not None:
            self._session.search.find_image(slot, index)


def save_selection(session: Session, parent: QWidget) -> None:
    """Ask for a file and save the selected images there, as lines "index,label"."""
    if session.selection is None:
        session.save_selection(Path())  # says that nothing is selected
        return
    target, _ = QFileDialog.getSaveFileName(
        parent,
        translate("Selection", "Save the selected images as a table"),
        "selection.csv",
        translate("Selection", "Tables (*.csv)"),
    )
    if target:
        session.save_selection(Path(target))
