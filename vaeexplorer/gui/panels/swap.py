"""Swap: contents of images decoded with the styles of others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.image_name import image_name
from vaeexplorer.gui.widgets.image_view import ImageView
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.swap_view import SwapView
from vaeexplorer.gui.widgets.theme import GRID
from vaeexplorer.jobs.swapping import SwapGrid
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

SIDE = 96


class SwapPanel(QWidget):
    """The grid of one slot; beside it the chosen cell between the two images that it is made of."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._grid: SwapGrid | None = None
        self.view = SwapView()
        self.view.chosen.connect(self._choose)
        self._reason = QLabel()
        self._reason.setProperty("muted", True)
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(3 * GRID)
        row.addWidget(self._reason, 1)
        row.addWidget(self.view)
        self._beside = self._make_beside()
        row.addWidget(self._beside, 1)
        session.swaps.swapped.connect(self._show_swapped)
        self._show_swapped(session.swaps.slot, session.swaps.grid, "loading")

    def resizeEvent(self, event: QResizeEvent) -> None:
        # A square, so that what stands beside the grid stands beside its cells.
        self.view.setFixedWidth(min(self.height() - 2 * GRID, self.width() // 2))
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._session.swaps.watch(True)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._session.swaps.watch(False)
        super().hideEvent(event)

    def _make_beside(self) -> QWidget:
        """Make the chosen cell, its two images, and what the grid is, in words."""
        page = QWidget()
        self._head = QHBoxLayout()
        self._head.setSpacing(GRID)
        self._name, self.story = QLabel(), QLabel()
        self._name.setProperty("heading", True)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._badge: SlotBadge | None = None
        self._head.addWidget(self._name, 1)
        self.story.setWordWrap(True)
        self.story.setProperty("muted", True)
        parts = QGridLayout()
        parts.setHorizontalSpacing(2 * GRID)
        parts.setVerticalSpacing(GRID // 2)
        self._captions = [QLabel(), QLabel(), QLabel()]
        self.pictures = [
            ImageView(name, side=SIDE)
            for name in (
                translate("Swap", "The image that the content is of"),
                translate("Swap", "The image that the style is of"),
                translate("Swap", "The content with the style"),
            )
        ]
        for column, (view, caption) in enumerate(zip(self.pictures, self._captions, strict=True)):
            view.setFixedSize(SIDE, SIDE)
            caption.setWordWrap(True)
            caption.setFixedWidth(SIDE)
            caption.setAlignment(Qt.AlignmentFlag.AlignTop)
            parts.addWidget(view, 0, column)
            parts.addWidget(caption, 1, column)
        parts.setColumnStretch(3, 1)
        column_ = QVBoxLayout(page)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(GRID)
        column_.addLayout(self._head)
        column_.addWidget(self.story)
        column_.addLayout(parts)
        column_.addStretch()
        # Under four maps there is less room than this needs, and the window would grow.
        scroll = ScrollArea(sideways=False)
        scroll.setAccessibleName(translate("Swap", "The chosen cell"))
        scroll.setWidget(page)
        return scroll

    def _show_swapped(self, slot: int, grid: SwapGrid | None, reason: str) -> None:
        """Show `grid`, that of `slot`, or in words why there is none."""
        self._grid = grid
        exhibit = self._session.slots[slot].exhibit if slot < len(self._session.slots) else None
        for part in (self.view, self._beside):
            part.setVisible(grid is not None)
        self._reason.setVisible(grid is None)
        self._reason.setText(_reason(reason))
        if grid is None or exhibit is None:
            return
        self._show_slot(slot, exhibit)
        names = [image_name(exhibit, index, in_sentence=True) for index in grid.images]
        self.view.show_grid(grid, names)
        for view, caption in zip(self.pictures, self._captions, strict=True):
            view.hide()
            caption.setText("")

    def _show_slot(self, slot: int, exhibit: Exhibit) -> None:
        if self._badge is not None:
            self._badge.hide()
            self._head.removeWidget(self._badge)
            self._badge.deleteLater()
        self._badge = SlotBadge(slot)
        self._head.insertWidget(0, self._badge)
        self._name.setText(exhibit.name)
        self.story.setText(
            translate(
                "Swap",
                "Every row has the content of the image on its left, every column the style of "
                "the one above; on the diagonal stand reconstructions. The images are those that "
                "are selected, or else the held one and one of each of other labels. Click a cell "
                "to probe it.",
            )
        )

    def _choose(self, row: int, column: int) -> None:
        grid = self._grid
        if grid is None:
            return
        self._session.swaps.probe(row, column)
        shown: list[tuple[NDArray[np.uint8], str]] = [
            (grid.originals[row], translate("Swap", "content of #{index}")),
            (grid.originals[column], translate("Swap", "style of #{index}")),
            (grid.cells[row, column], translate("Swap", "together")),
        ]
        indices = (grid.images[row], grid.images[column], 0)
        for view, caption, (image, text), index in zip(
            self.pictures, self._captions, shown, indices, strict=True
        ):
            view.show()
            view.show_image(image)
            caption.setText(text.format(index=index))


def _reason(reason: str) -> str:
    return {
        "family": translate(
            "Swap",
            "No model here keeps content and style apart.\n\nTrain an ML-VAE on data with labels: "
            "then the content of one image is decoded with the style of another here.",
        ),
        "data": translate("Swap", "The images of this run were not found."),
    }.get(reason, translate("Swap", "The model is loading."))
