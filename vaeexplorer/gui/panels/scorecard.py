"""The scorecard: what was measured of each slot, side by side, and what it says in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.drawing.numbers import written
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.elided_label import ElidedLabel
from vaeexplorer.gui.widgets.score_bar import ScoreBar
from vaeexplorer.gui.widgets.score_rows import Row, rows, with_deviation
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS
from vaeexplorer.gui.widgets.written_area import WrittenArea
from vaeexplorer.jobs.scorecard import Comparison, comparisons
from vaeexplorer.regularity.definitions import at_least, is_lower_bound
from vaeexplorer.regularity.verdict import withheld

translate = QCoreApplication.translate

NOTHING = "--"
ROWS_AT_ONCE, SENTENCES_AT_ONCE = 4, 4
"""What is written in one turn."""
Scores = Mapping[str, Any]


class ScorecardPanel(QWidget):
    """Numbers on the left, one column per slot; sentences on the right."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.rows = rows()
        self.bars: dict[tuple[int, int], ScoreBar] = {}
        self._names: list[ElidedLabel] = []
        self._said: list[tuple[str, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(self._tools())
        self._split = split = QHBoxLayout()
        split.setSpacing(2 * GRID)
        self._table = WrittenArea(translate("Scorecard", "Scores"))
        self._words = WrittenArea(translate("Scorecard", "What the scores say"))
        split.addWidget(self._table)
        split.addWidget(self._words)
        column.addLayout(split, 1)
        self._rebuild()
        session.slots_changed.connect(self._rebuild)
        session.scores.changed.connect(self._show)
        session.exhibit_changed.connect(self._show)
        session.secondary.changed.connect(self._show)
        session.renamed.connect(self._show)

    def _tools(self) -> QHBoxLayout:
        self.parts = QCheckBox(translate("Scorecard", "show the parts"))
        self.parts.setToolTip(
            translate("Scorecard", "What the two scores are made of, and what they cannot see")
        )
        self.parts.toggled.connect(self._rebuild)
        self.beside = QCheckBox(translate("Scorecard", "more numbers"))
        self.beside.setToolTip(
            translate(
                "Scorecard",
                "What stands beside the scores and never inside them: stretch, paths, round trips, "
                "and how far the codes are from the prior. Measured once it is shown",
            )
        )
        self.beside.toggled.connect(self._rebuild)
        self.beside.toggled.connect(self._session.secondary.watch)
        self._state = QLabel()
        self._state.setProperty("muted", True)
        self._state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.save_button = QPushButton(translate("Scorecard", "Save..."))
        self.save_button.setToolTip(
            translate("Scorecard", "Save every number of every slot as a table (CSV)")
        )
        self.save_button.clicked.connect(self._save)
        self.copy_button = QPushButton(translate("Scorecard", "Copy"))
        self.copy_button.setToolTip(
            translate("Scorecard", "Copy the table and the sentences as text")
        )
        self.copy_button.clicked.connect(self.copy)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.parts)
        row.addWidget(self.beside)
        row.addWidget(self._state, 1)
        row.addWidget(self.copy_button)
        row.addWidget(self.save_button)
        return row

    def _rebuild(self, *_: object) -> None:
        """Write the table anew, with the rows that are wanted and a column for each slot."""
        # Columns of four slots take most of the room there is.
        for part, share in enumerate((3, 2) if len(self._session.slots) <= 2 else (3, 1)):
            self._split.setStretch(part, share)
        self._table.write(self._write_table)
        self._show()

    def _write_table(self, page: QWidget) -> Iterator[None]:
        """Write the heads of the columns, then some rows at a time."""
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, GRID, 0)
        grid.setHorizontalSpacing(2 * GRID if len(self._session.slots) <= 2 else GRID)
        grid.setVerticalSpacing(0)
        slots = range(len(self._session.slots))
        names, bars = [ElidedLabel(rows=2) for _ in slots], {}
        for slot in slots:
            grid.addLayout(_column_head(slot, names[slot]), 0, slot + 1)
            grid.setColumnStretch(slot + 1, 1)
        wanted = [index for index, row in enumerate(self.rows) if self._is_wanted(row)]
        for line, index in enumerate(wanted):
            if line % ROWS_AT_ONCE == 0:
                yield
            row = self.rows[index]
            title = QLabel(row.title)
            title.setToolTip(row.definition)
            grid.addWidget(title, index + 1, 0)
            for slot in slots:
                bar = ScoreBar(slot, f"{SLOT_LETTERS[slot]} {row.title.strip()}")
                bars[slot, index] = bar
                grid.addWidget(bar, index + 1, slot + 1)
        grid.setRowStretch(len(self.rows) + 1, 1)
        self._names, self.bars = names, bars
        self._show_numbers()

    def _is_wanted(self, row: Row) -> bool:
        boxes = {"parts": self.parts, "beside": self.beside}
        return row.group not in boxes or boxes[row.group].isChecked()

    # --- what the session says ----------------------------------------------------------------

    def _show(self, *_: object) -> None:
        """Show what is known of every slot now: a comparison needs them all."""
        session = self._session
        self._show_numbers()
        columns = session.scores.columns()
        self.save_button.setEnabled(bool(columns))
        self.copy_button.setEnabled(bool(columns))
        busy = [
            slot
            for slot in range(len(session.slots))
            if session.scores.states.get(slot) in ("measuring", "comparing")
            or session.secondary.states.get(slot) == "measuring"
        ]
        self._state.setText(
            translate("Scorecard", "measuring {slots}").format(
                slots=", ".join(SLOT_LETTERS[slot] for slot in busy)
            )
            if busy
            else ""
        )
        self._say(comparisons(columns))

    def _show_numbers(self) -> None:
        """Fill what is there of the table; its columns may be those of slots that are gone."""
        for name, state in zip(self._names, self._session.slots, strict=False):
            name.setText("" if state.exhibit is None else state.exhibit.name)
        for (slot, index), bar in self.bars.items():
            if slot < len(self._session.slots):
                self._show_number(bar, self.rows[index], slot)

    def _show_number(self, bar: ScoreBar, row: Row, slot: int) -> None:
        scores = self._session.scores.by_slot.get(slot)
        if scores is None:
            reason = _state_story(self._session.scores.states.get(slot, "empty"))
            bar.show_value(None, None, reason if row.keys == ("continuity", "score") else NOTHING)
            bar.setToolTip(reason)
            return
        value, spread = _found(scores, row.keys), _found(scores, row.spread)
        if row.keys == ("continuity", "score") and (instead := _instead(scores)):
            bar.show_value(None, None, instead)
            # In a column of four slots there is room for the first words only.
            bar.setToolTip(f"{instead}\n{row.definition}")
        elif value is None:
            waits = self._waits(row, slot)
            bar.show_value(None, None, "..." if waits else NOTHING)
            bar.setToolTip(self._absence(row, slot))
        else:
            shown = value if row.share else None
            bar.show_value(shown, spread, _number(scores, row), measured=True)
            bar.setToolTip(row.definition)

    def _waits(self, row: Row, slot: int) -> bool:
        """Whether the number of `row` is still to come."""
        if "others" in row.keys:
            return self._session.scores.states.get(slot) == "comparing"
        states = self._session.secondary.states
        return row.group == "beside" and states.get(slot) in (None, "waiting", "measuring")

    def _absence(self, row: Row, slot: int) -> str:
        """Say why there is no number."""
        part = self._session.scores if "others" in row.keys else self._session.secondary
        failed = part.states.get(slot) == "failed"
        if not failed and ("others" in row.keys or self._waits(row, slot)):
            return translate("Scorecard", "Not measured yet.")
        if failed and (row.group == "beside" or "others" in row.keys):
            return translate("Scorecard", "Measuring failed: Help > Open the log.")
        return row.absence or translate(
            "Scorecard", "It does not exist here: nothing changes, or is not finite."
        )

    def _say(self, found: list[Comparison]) -> None:
        """Put the sentences on the right: comparisons first, warnings in their colour."""
        said = self._sentences(found)
        if said != self._said:
            self._said = said
            self._words.write(self._write_words)

    def _sentences(self, found: list[Comparison]) -> list[tuple[str, str]]:
        """Return what is to be said, and the style of each: "" is the usual one."""
        said = []
        for one in found:
            said.append((translate("Scorecard", "{0} and {1}").format(*one.slots), "heading"))
            said.extend((sentence, "") for sentence in one.verdict)
            said.extend(
                (translate("Scorecard", "Mind: {0}").format(sentence), "warning")
                for sentence in one.warnings
                if sentence not in one.verdict
            )
        columns = self._session.scores.columns()
        for one in columns:
            said.append((f"{one.slot}: {one.name}", "heading"))
            said.extend((sentence, "") for sentence in one.scores["verdict"])
        if not columns:
            story = translate(
                "Scorecard",
                "What the scores say stands here once a model with its images is in a slot and has "
                "been measured: a few seconds.",
            )
            said.append((story, "muted"))
        return said

    def _write_words(self, page: QWidget) -> Iterator[None]:
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID // 2)
        for line, (text, style) in enumerate(self._said):
            if line and line % SENTENCES_AT_ONCE == 0:
                yield
            label = QLabel(text)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            if style:
                label.setProperty(style, True)
            column.addWidget(label)
        column.addStretch()

    # --- what the user does -------------------------------------------------------------------

    def copy(self) -> None:
        """Put the table and the sentences on the clipboard as text."""
        columns = self._session.scores.columns()
        lines = ["\t".join(["", *(f"{one.slot}: {one.name}" for one in columns)])]
        for row in self.rows:
            texts = [_number(one.scores, row) for one in columns]
            lines.append("\t".join([row.title.strip(), *texts]))
        QGuiApplication.clipboard().setText(
            "\n".join([*lines, "", *(text for text, _ in self._said)])
        )

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            translate("Scorecard", "Save the scores"),
            "scores.csv",
            translate("Scorecard", "Table (*.csv)"),
        )
        if name:
            path = Path(name)
            self._session.scores.save(path if path.suffix else path.with_suffix(".csv"))


def _column_head(slot: int, name: ElidedLabel) -> QHBoxLayout:
    name.setProperty("heading", True)
    head = QHBoxLayout()
    head.setSpacing(GRID)
    head.addWidget(SlotBadge(slot))
    head.addWidget(name, 1)
    return head


def _found(scores: Scores, keys: tuple[str, ...]) -> Any:
    """Return what stands at `keys`; None where nothing does, or where there are no keys."""
    value: Any = scores if keys else None
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _number(scores: Scores, row: Row) -> str:
    """Write the number of `row`."""
    value, spread = _found(scores, row.keys), _found(scores, row.spread)
    if row.keys == ("continuity", "score") and (instead := _instead(scores)):
        return instead
    if value is None or isinstance(value, str):
        return value or NOTHING
    if isinstance(value, int):
        return f"{value:,}"
    if spread is not None:
        return with_deviation(value, spread)
    text = written(value, row.digits)
    return at_least(text) if is_lower_bound(row.keys[-1], scores.get("secondary", {})) else text


def _instead(scores: Scores) -> str:
    """Say what stands where a number of continuity would mislead: see regularity.verdict."""
    size, reason = scores["latent_dim"], withheld(scores)
    if reason == "forgets":
        said = (
            translate("Scorecard", "-- carries {share:.0f} % of what 1 axis carries")
            if size == 1
            else translate("Scorecard", "-- carries {share:.0f} % of what {size} axes carry")
        )
        return said.format(share=100 * scores["continuity"]["gate"], size=size)
    return translate("Scorecard", "-- codes snap: see J, jumps") if reason else ""


def _state_story(state: str) -> str:
    stories: dict[str, Callable[[], str]] = {
        "empty": lambda: translate("Scorecard", "this slot is empty"),
        "loading": lambda: translate("Scorecard", "the model is loading"),
        "measuring": lambda: translate("Scorecard", "measuring..."),
        "no images": lambda: translate("Scorecard", "-- its images were not found"),
        "no model": lambda: translate("Scorecard", "-- the model could not be loaded"),
        "too few": lambda: translate("Scorecard", "-- too few images for a score"),
        "failed": lambda: translate("Scorecard", "-- scoring failed: Help > Open the log"),
    }
    return stories.get(state, lambda: NOTHING)()
