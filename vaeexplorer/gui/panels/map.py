"""The map of one slot, with its heading and its legend."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.data import Dataset
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.clickable_label import ClickableLabel
from vaeexplorer.gui.widgets.dimension_texts import dimension_names
from vaeexplorer.gui.widgets.dot_key import DotKey
from vaeexplorer.gui.widgets.elided_label import ElidedLabel
from vaeexplorer.gui.widgets.empty_slot import EmptySlot
from vaeexplorer.gui.widgets.headlines import about_headlines, headlines, no_headlines
from vaeexplorer.gui.widgets.image_name import image_name
from vaeexplorer.gui.widgets.map_foot import MapFoot
from vaeexplorer.gui.widgets.map_marks import CrossHair
from vaeexplorer.gui.widgets.map_view import MapView
from vaeexplorer.gui.widgets.method_title import about_map, map_text
from vaeexplorer.gui.widgets.overlay_layer import Overlay, cell_size
from vaeexplorer.gui.widgets.overlay_texts import key_of
from vaeexplorer.gui.widgets.selection_tool import Use
from vaeexplorer.gui.widgets.space_choice import SpaceChoice
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS, tabular
from vaeexplorer.gui.widgets.trust_label import TrustLabel
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.thumbnails import InView
from vaeexplorer.latent.lattice import NoData
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.map_trust import MapTrust
from vaeexplorer.latent.probe import Probe
from vaeexplorer.latent.projection import Map
from vaeexplorer.latent.selection import Selection
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate


class MapPanel(QWidget):
    """Draws one slot's map, and turns the mouse into verbs of the session."""

    open_requested = Signal(int)
    train_requested = Signal(int)
    locate_requested = Signal(int)
    settings_requested = Signal(int)
    scores_requested = Signal()

    def __init__(self, session: Session, slot: int) -> None:
        super().__init__()
        self._session, self._slot = session, slot
        self._exhibit: Exhibit | None = None
        self.view = MapView()
        self.view.setAccessibleName(
            translate("Map", "Map of slot {letter}").format(letter=SLOT_LETTERS[slot])
        )
        self.spaces = SpaceChoice(SLOT_LETTERS[slot])
        self.key, self.foot = DotKey(), MapFoot()
        self.overlay_key = self.foot.overlay_key
        self.legend = self.key.legend
        self._stage = QStackedWidget()
        empty = EmptySlot()
        empty.train_requested.connect(lambda: self.train_requested.emit(slot))
        empty.open_requested.connect(lambda: self.open_requested.emit(slot))
        self._stage.addWidget(empty)
        self._stage.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        column.setSpacing(GRID // 2)
        head = self._head()
        column.addWidget(head)
        column.addWidget(self._stage, 1)
        column.addWidget(self.foot)
        column.addWidget(self.key)
        self.around = (head, self.foot, self.key)
        self._connect()
        self._show_exhibit(slot, session.slots[slot].exhibit)
        self._show_spaces()

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(self._heading())
        numbers = QHBoxLayout()
        numbers.setSpacing(GRID)
        numbers.setContentsMargins(SlotBadge.SIDE + GRID, 0, 0, 0)
        numbers.addWidget(self._scores)
        numbers.addWidget(self.trust, 1)
        column.addLayout(numbers)
        column.addWidget(self.spaces)
        column.addStretch()
        return head

    def _heading(self) -> QHBoxLayout:
        self._title, self._details = ElidedLabel(first=True), ElidedLabel()
        self._title.setProperty("heading", True)
        self.trust = TrustLabel()
        self._scores = ClickableLabel()
        self._scores.clicked.connect(self.scores_requested)
        # All the room that it needs, where there is that much: what is beside it gives way.
        self._scores.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._scores.setMinimumWidth(1)
        self._scores.setFont(tabular(self._scores.font()))
        self._details.setProperty("muted", True)
        self._warning = QLabel()
        self._warning.setProperty("warning", True)
        self._locate = QPushButton(translate("Map", "Locate data..."))
        self._locate.setToolTip(
            translate("Map", "The images of this run were not found where they were.")
        )
        self._locate.clicked.connect(lambda: self.locate_requested.emit(self._slot))
        self._fit = QToolButton()
        self._fit.setText(translate("Map", "Fit"))
        self._fit.setProperty("chip", True)
        self._fit.setToolTip(translate("Map", "Show the whole map (0, or double-click)"))
        self._fit.clicked.connect(self.view.fit)
        self._settings = QToolButton()
        self._settings.setText(translate("Map", "Settings"))
        self._settings.setProperty("chip", True)
        self._settings.setToolTip(
            translate("Map", "How this map is made: method, neighbours, seed (Ctrl+M)")
        )
        self._settings.clicked.connect(lambda: self.settings_requested.emit(self._slot))
        for button in (self._fit, self._settings):
            name = translate("Map", "{text}, map {letter}")
            letter = SLOT_LETTERS[self._slot]
            button.setAccessibleName(name.format(text=button.text(), letter=letter))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(SlotBadge(self._slot))
        row.addWidget(self._title)
        row.addWidget(self._details, 1)
        row.addWidget(self._warning)
        row.addWidget(self._locate)
        row.addWidget(self._settings)
        row.addWidget(self._fit)
        return row

    def _connect(self) -> None:
        session, slot = self._session, self._slot
        self.view.hovered.connect(self._hover)
        self.view.clicked.connect(self._clicked)
        self.view.picked.connect(lambda point, snap: session.toggle_selected(slot, point, snap))
        self.view.outlined.connect(self._take_outline)
        self.view.left.connect(session.leave)
        self.spaces.chosen.connect(lambda name: session.explore_space(slot, name))
        self.spaces.held.connect(lambda holds: session.hold_context(slot, holds))
        for signal in (session.exhibit_changed, session.model_changed, session.context_changed):
            signal.connect(self._show_spaces)
        self.legend.toggled.connect(session.hide_labels)
        session.data_opened.connect(self._expect)
        session.exhibit_changed.connect(self._show_exhibit)
        session.map_changed.connect(self._glide_to_map)
        session.map_grew.connect(self._show_growth)
        session.model_changed.connect(self._show_model)
        session.renamed.connect(self._rename)
        session.scores.measured.connect(self._show_scores)
        session.scores.changed.connect(self._show_no_scores)
        session.probe_moved.connect(self._show_probe)
        session.held_changed.connect(self._show_held)
        session.labels_hidden.connect(self._hide_labels)
        session.colours.measured.connect(self._show_measured)
        session.path.placed.connect(self._show_path)
        session.path.drawing_changed.connect(self._show_drawing)
        self._show_drawing(session.path.drawing)
        session.surveyed.connect(self._show_no_data)
        session.hatched.connect(self._hatch)
        session.selection_changed.connect(self._show_selection)
        session.framed.connect(self._frame)
        self.view.watch.rested.connect(self._look)
        session.overlays.laid.connect(self._show_overlay)
        self.foot.axes.chosen.connect(partial(session.choose_axes, slot))
        session.overlays.faded.connect(self._fade_overlay)
        session.thumbnails.read.connect(self._show_thumbnails)
        session.map_trust.judged.connect(self._show_trust)
        self._fade_overlay(session.overlays.opacity)

    def _hover(self, point: NDArray[np.float64], snap_distance: float) -> None:
        """Probe that place or, until the map has a lift, the dot that is there."""
        if self._session.slots[self._slot].lift is not None:
            self._session.move_probe(self._slot, point, snap_distance)
            return
        dot = self.view.dots.nearest(point, snap_distance)
        if dot is not None:
            self._session.probe_image(self._slot, dot)

    def _clicked(self, point: np.ndarray, snap_distance: float) -> None:
        self._session.activate(self._slot)
        drawn = self.view.overlay.draw_at(point, snap_distance)
        if drawn is not None:
            self._session.set_code(self._slot, *drawn)
            return
        self._hover(point, snap_distance)
        self._session.hold()

    def _take_outline(self, outline: NDArray[np.float64], use: Use) -> None:
        self._session.activate(self._slot)
        if use == "path":
            self._session.path.take_stroke(self._slot, outline)
        else:
            self._session.select_within(self._slot, outline, use)

    def _show_drawing(self, drawing: bool) -> None:
        self.view.tool.draws_path = drawing

    def _show_selection(self, chosen: Selection | None) -> None:
        """Let the selected dots stand out, where the selection is one of this slot's images."""
        here = chosen is not None and self._session.selected_in(self._slot) is not None
        self.view.set_standing_out(chosen.mask if here else None)

    def _frame(self, chosen: Selection) -> None:
        shown = self._session.shown_map(self._slot)
        if shown is not None and self._exhibit.source.fingerprint == chosen.fingerprint:
            self.view.frame(shown.positions[chosen.indices])

    def _look(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        if self._exhibit is not None:
            pixel = (high[0] - low[0]) / self.view.width()
            step = pixel * np.array(cell_size(self._exhibit.source.shape))
            self._session.look_at(self._slot, low, high, step)

    def _fade_overlay(self, opacity: float) -> None:
        self.view.overlay.opacity = opacity
        self.view.update()
        self.overlay_key.set_opacity(opacity)

    def _show_overlay(self, slot: int, overlay: Overlay | None) -> None:
        if slot == self._slot:
            key = None if overlay is None else key_of(overlay)
            self.view.set_overlay(overlay)
            self.view.setAccessibleDescription("" if key is None else key.sentence)
            self.overlay_key.show_key(key)

    def _show_trust(self, slot: int, trust: MapTrust | None) -> None:
        if slot == self._slot:
            self.trust.show_trust(trust)

    def _show_thumbnails(self, slot: int, found: InView | None) -> None:
        if slot == self._slot:
            self.view.set_thumbnails(found)

    def _expect(self, dataset: Dataset) -> None:
        """Make the legend of an empty slot before a run on these images comes: nobody waits now."""
        if self._exhibit is None:
            turns().add(self, "legend", partial(self.key.prepare, dataset.label_names))

    def _show_exhibit(self, slot: int, exhibit: Exhibit | None) -> None:
        if slot != self._slot:
            self._show_link()
            return
        self._exhibit = exhibit
        self._stage.setCurrentIndex(0 if exhibit is None else 1)
        for button in (self._fit, self._settings):
            button.setVisible(exhibit is not None)
        self._locate.hide()
        self.view.set_cross_hair(None)
        self.view.set_held(None)
        if exhibit is None:
            self._title.setText("")
            self._details.setText("")
            self.key.set_labels(None, ())
            return
        self._title.setText(exhibit.name)
        self.key.set_labels(exhibit.labels, exhibit.label_names)
        self.legend.set_hidden(self._session.hidden_labels)
        self._show_map(self._session.shown_map(slot), glide=False)
        self._show_link()

    def _show_scores(self, slot: int, scores: Mapping[str, Any]) -> None:
        if slot == self._slot:
            self._scores.setText("     ".join(headlines(scores)))
            self._scores.setToolTip(about_headlines(scores))

    def _show_no_scores(self, slot: int, state: str) -> None:
        # What was measured before something failed still holds.
        if slot == self._slot and slot not in self._session.scores.by_slot:
            line, about = no_headlines(state)
            self._scores.setProperty("warning", state in ("failed", "no model"))
            self._scores.style().polish(self._scores)
            self._scores.setText(line)
            self._scores.setToolTip(about)

    def _rename(self, slot: int, name: str) -> None:
        if slot == self._slot:
            self._title.setText(name)

    def _glide_to_map(self, slot: int, shown: Map) -> None:
        if slot == self._slot:
            lift = self._session.slots[slot].lift
            self._show_map(shown, glide=lift is None, stays=lift is not None)
            if lift is not None:
                self._follow_growth(lift)

    def _show_growth(self, slot: int, lift: Lift) -> None:
        # What is not drawn must not be what is lifted: the cursor is among the dots of one frame.
        if slot == self._slot and self.view.move_points(lift.positions):
            self._follow_growth(lift)

    def _follow_growth(self, lift: Lift) -> None:
        self._session.follow_growth(self._slot, lift, probing=not self.view.pointed)
        self.view.hover_again()

    def _show_map(self, shown: Map | None, **how: bool) -> None:
        exhibit = self._exhibit
        if exhibit is None or shown is None:
            return
        self.view.set_points(shown.positions, self.key.colours(exhibit.source.n), **how)
        self._show_no_data(self._slot, None)
        self._hide_labels(self._session.hidden_labels)
        self._show_selection(self._session.selection)
        size = exhibit.codes[main_space(exhibit)].mean.shape[1]
        axes = self._session.axes_of(self._slot) if shown.method == "dimensions" else None
        self.foot.show_axes(dimension_names(exhibit), axes)
        self._details.setText(map_text(exhibit.source.kind, size, shown.method, exhibit.source.n))
        self._details.setToolTip(about_map(self._details.text(), shown.settings))

    def _show_link(self) -> None:
        """Say where image k of this slot is not image k of the first one."""
        others = [other for other, state in enumerate(self._session.slots) if state.exhibit]
        apart = (
            self._exhibit is not None
            and bool(others)
            and others[0] < self._slot
            and not self._session.linked(others[0], self._slot)
        )
        self._warning.setText(translate("Map", "different data, not linked") if apart else "")
        self._details.keep(1 if apart else 15 * GRID)

    def _show_model(self, slot: int, state: str) -> None:
        exhibit = self._session.slots[slot].exhibit
        if slot == self._slot and exhibit is not None:
            self._locate.setVisible(state == "ready" and exhibit.dataset is None)

    def _show_spaces(self, *_: object) -> None:
        state = self._session.slots[self._slot]
        self.spaces.show_exhibit(state.exhibit, state.context, state.holds)

    def _hide_labels(self, hidden: frozenset[int]) -> None:
        exhibit = self._exhibit
        if exhibit is None:
            return
        self.legend.set_hidden(hidden)
        if exhibit.labels is not None:
            self.view.set_visible(~np.isin(exhibit.labels, sorted(hidden)))

    def _show_probe(self, slot: int, probe: Probe) -> None:
        if slot != self._slot or self._exhibit is None:
            return
        on_image = probe.kind in ("dot", "linked")
        caption = ""
        if probe.kind == "outside":
            caption = translate("Map", "no data here")
        elif on_image:
            caption = image_name(self._exhibit, probe.nearest)
        lift = self._session.slots[slot].lift
        link = None if on_image or lift is None else lift.positions[probe.nearest].astype(float)
        outside = probe.kind == "outside"
        self.view.set_cross_hair(
            CrossHair(probe.position, on_image, outside, caption, probe.radius, link)
        )

    def _show_measured(self, slot: int, what: str, values: NDArray[np.float32] | None) -> None:
        if slot == self._slot and self._exhibit is not None:
            self.key.show_measure(what, values)
            self.view.set_colours(self.key.colours(self._exhibit.source.n))

    def _show_path(self, slot: int, places: NDArray[np.float64] | None) -> None:
        if slot == self._slot:
            self.view.set_path(None if self._session.path.drawing else places)

    def _show_no_data(self, slot: int, where: NoData | None) -> None:
        if slot == self._slot:
            self.view.hatch.set_places(where if self._session.hatching else None)
            self.view.update()

    def _hatch(self, _: bool) -> None:
        self._show_no_data(self._slot, self._session.slots[self._slot].no_data)

    def _show_held(self, slot: int, held: Probe | None) -> None:
        if slot == self._slot:
            self.view.set_held(None if held is None else held.position)
