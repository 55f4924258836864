"""Latent sliders: one row per dimension of the chosen slot, ordered by what it carries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.gui.session import Session, Slot
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.code_picker import CodePicker
from vaeexplorer.gui.widgets.dimension_texts import Carried, carried, space_of_several
from vaeexplorer.gui.widgets.latent_slider import LatentSlider
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS
from vaeexplorer.jobs.codes import CodeUsage, Variants
from vaeexplorer.jobs.describing import CodesDescription
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.latent.probe import Probe
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

PAGE = 32
ROWS_AT_ONCE = 2
"""Rows that are made before the window has its turn again: each takes some milliseconds."""
FOLLOW_MS, WRITE_MS = 30, 250
TRY_MS = 100


class DimensionsPanel(QWidget):
    """Shows the probe's code of one slot as sliders; dragging one decodes live."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._codes: CodesDescription | None = None
        self._carried: Carried | None = None
        self._z: NDArray[np.float32] = np.zeros(0, np.float32)
        self._rows: list[LatentSlider] = []
        self._pages = 1
        # Row after row is made while nothing else waits; rows that are there are kept.
        self._making = QTimer(self)
        self._making.timeout.connect(self._make_rows)
        # Under a moving cursor the handles follow in steps, and the values, which nobody reads as
        # quickly and which take longest to paint, in longer ones: the decoded picture comes first.
        self._following = QTimer(self)
        self._following.setSingleShot(True)
        self._following.timeout.connect(self._follow)
        self._writing = QTimer(self)
        self._writing.setSingleShot(True)
        self._writing.timeout.connect(self._write)
        # What other codes of a codebook would show is decoded once the probe rests.
        self._trying = QTimer(self)
        self._trying.setSingleShot(True)
        self._trying.timeout.connect(self._try_codes)
        self.picker = CodePicker()
        self.picker.picked.connect(self._pick)
        self.picker.asked.connect(self._try_codes)
        self.picker.hide()
        self._legend = QLabel()
        self._legend.setProperty("muted", True)
        self._legend.setWordWrap(True)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._more = QPushButton(translate("Dimensions", "Show more dimensions"))
        self._more.clicked.connect(self._show_more)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self._list)
        inside.addWidget(self.picker, 1)
        inside.addWidget(self._more)
        inside.addStretch()
        scroll = ScrollArea(takes_keys=False)
        scroll.setWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID // 2, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(self._head())
        column.addWidget(self._legend)
        column.addWidget(scroll, 1)
        self._legend.setContentsMargins(GRID, 0, GRID, 0)
        session.slots_changed.connect(self._show_active)
        session.exhibit_changed.connect(self._show_exhibit)
        session.activated.connect(self._show_active)
        session.descriptions.described.connect(self._show_described)
        session.probe_moved.connect(self._show_probe)
        session.codebooks.counted.connect(self._show_usage)
        session.codebooks.tried.connect(self._show_variants)
        session.model_changed.connect(self._show_rates)
        session.rates.measured.connect(self._show_rates)
        self._show_active()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID // 2)
        self._choice = QButtonGroup(self)
        for slot, letter in enumerate(SLOT_LETTERS):
            button = QToolButton()
            button.setText(letter)
            button.setCheckable(True)
            button.setProperty("choice", True)
            button.setAccessibleName(
                translate("Dimensions", "Dimensions of slot {letter}").format(letter=letter)
            )
            button.setToolTip(button.accessibleName())
            self._choice.addButton(button, slot)
            row.addWidget(button)
        self._choice.idClicked.connect(self._session.activate)
        row.addStretch()
        self._reset_button = QPushButton(translate("Dimensions", "Reset all"))
        self._reset_button.setToolTip(
            translate("Dimensions", "Put every dimension back to its mean code")
        )
        self._reset_button.clicked.connect(self._reset)
        row.addWidget(self._reset_button)
        return row

    def _show_rates(self, slot: int, _: object) -> None:
        """Order the rows of a model of several spaces anew, once it is known what they carry."""
        exhibit = self._session.slots[slot].exhibit
        if slot == self._session.active and exhibit is not None and len(exhibit.codes) > 1:
            self._show_active()

    def _show_exhibit(self, slot: int, exhibit: Exhibit | None) -> None:
        del exhibit
        if slot == self._session.active:
            self._show_active()

    def _show_described(self, slot: int, codes: CodesDescription) -> None:
        del codes
        if slot == self._session.active:
            # A run that enters a slot has its map drawn and its scores taken away just now.
            turns().add(self, "rows", self._show_active)

    def _show_active(self) -> None:
        """Let the rows show the active slot, once it is known what its codes are like.

        Until then rows of as many dimensions stay as they are: nothing blinks.
        """
        active = self._session.active
        for number, button in enumerate(self._choice.buttons()):
            button.setVisible(number < len(self._session.slots))
            button.setChecked(number == active)
        usage = self._session.codebooks.by_slot.get(active)
        self.picker.setVisible(usage is not None)
        self._legend.setVisible(usage is None)
        self._pages = 1
        self._making.stop()
        state = self._session.slots[active]
        self._reset_button.setEnabled(state.exhibit is not None)
        if state.exhibit is None:
            self._codes = None
            self._keep_rows(0)
            self._legend.setText(translate("Dimensions", "This slot is empty."))
            return
        self._codes = self._session.descriptions.of(active)
        size = state.exhibit.codes[main_space(state.exhibit)].mean.shape[1]
        self._keep_rows(0 if usage is not None else min(size, PAGE))
        if self._codes is not None:
            self._show_codes(state, usage)

    def _show_codes(self, state: Slot, usage: CodeUsage | None) -> None:
        """Show what is known of the codes of the active slot in the rows that are there."""
        rates = self._session.rates.of(self._session.active)
        self._carried = carried(state.exhibit, self._codes, rates)
        self._legend.setText(self._carried.legend)
        self._z = self._codes.mean
        if usage is not None:
            self.picker.show_usage(usage)
            self._follow()
        else:
            for number, row in enumerate(self._rows):
                self._fill_row(number, row)
            self._making.start(0)
        if state.probe is not None:
            self._show_probe(self._session.active, state.probe)

    def _keep_rows(self, count: int) -> None:
        """Take away all rows but the first `count`."""
        self._more.hide()
        while len(self._rows) > count:
            row = self._rows.pop()
            # Hidden until it is deleted; without its parent Python would delete it, anywhere.
            row.hide()
            self._list.removeWidget(row)
            row.deleteLater()

    def _make_rows(self) -> None:
        """Make some of the rows that are still missing."""
        size = len(self._carried.order)
        count = min(size, self._pages * PAGE)
        for number in range(len(self._rows), min(count, len(self._rows) + ROWS_AT_ONCE)):
            row = LatentSlider()
            self._fill_row(number, row)
            row.moved.connect(self._moved)
            self._list.addWidget(row)
            self._rows.append(row)
        if len(self._rows) == count:
            self._making.stop()
            self._more.setVisible(count < size)

    def _fill_row(self, number: int, row: LatentSlider) -> None:
        exhibit = self._session.slots[self._session.active].exhibit
        dimension = int(self._carried.order[number])
        text, tooltip, silent = self._carried.words(dimension)
        row.show_dimension(dimension, space_of_several(exhibit), self._codes)
        row.show_carried(text, tooltip, not silent)
        row.place(float(self._z[dimension]))

    def _show_more(self) -> None:
        self._pages += 1
        self._making.start(0)

    def _show_probe(self, slot: int, probe: Probe) -> None:
        known = self._codes
        if slot == self._session.active and known is not None and len(probe.z) == len(known.mean):
            self._z = probe.z
            if not self._following.isActive():
                self._following.start(FOLLOW_MS)

    def _follow(self) -> None:
        """Put every handle where the probe is by now."""
        for row in self._rows:
            row.place_handle(float(self._z[row.dimension]))
        if not self._writing.isActive():
            self._writing.start(WRITE_MS)
        if self._session.active in self._session.codebooks.by_slot:
            self.picker.show_code(self._z)
            self._trying.start(TRY_MS)

    def _write(self) -> None:
        """Write every value where the probe is by now."""
        for row in self._rows:
            row.place(float(self._z[row.dimension]))

    def _show_usage(self, slot: int, usage: CodeUsage | None) -> None:
        del usage
        if slot == self._session.active:
            self._show_active()

    def _try_codes(self, *_: object) -> None:
        self._session.codebooks.try_others(self._session.active, self.picker.positions.position)

    def _show_variants(self, slot: int, variants: Variants) -> None:
        if slot == self._session.active:
            self.picker.show_variants(variants)

    def _pick(self, position: int, code: int) -> None:
        self._session.codebooks.pick(self._session.active, position, code)

    def _moved(self, dimension: int, value: float) -> None:
        if self._codes is None:
            return  # a row of what was here before
        z = self._z.copy()
        z[dimension] = value
        self._z = z
        self._session.set_code(self._session.active, z)

    def _reset(self) -> None:
        if self._codes is not None:
            self._session.set_code(self._session.active, self._codes.mean)
