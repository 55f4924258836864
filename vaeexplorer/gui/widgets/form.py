"""Form rows made from a config dataclass: one per field, with the bounds written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, fields
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from vaeexplorer.gui.turns import turns

translate = QCoreApplication.translate

FREE_MAXIMUM = 1_000_000
TAB = Qt.FocusPolicy.TabFocus
DECIMALS = 4
ROWS_AT_ONCE = 3
"""What is made in one turn of the window's thread."""


class NumberBox(QDoubleSpinBox):
    """A number shown without trailing zeros, whose step is a tenth of its size."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setDecimals(DECIMALS)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", 7)


def editor_of(about: Field[Any], parent: QWidget) -> QWidget:
    """Return the editor, in `parent`, of one declared setting (see models.options.setting).

    Raises
    ------
    TypeError
        A field of a kind that no editor is known for.
    """
    rule, default = about.metadata, about.default
    minimum = rule.get("minimum")
    maximum = rule.get("maximum")
    if rule.get("choices"):
        box = QComboBox(parent)
        box.addItems(rule["choices"])
        # The longest choice must not decide how wide the form is.
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    elif isinstance(default, tuple):
        box = QLineEdit(parent)
        box.setPlaceholderText(translate("Settings", "automatic"))
    elif isinstance(default, (int, float)):
        box = QSpinBox(parent) if isinstance(default, int) else NumberBox(parent)
        box.setRange(
            0 if minimum is None else minimum, FREE_MAXIMUM if maximum is None else maximum
        )
        if rule.get("unit"):
            box.setSuffix(f" {rule['unit']}")
    else:
        raise TypeError(f"no editor for the setting {about.name} of type {type(default).__name__}")
    write_editor(box, default)
    return box


def read_editor(editor: QWidget) -> Any:
    """Return the value that an editor of `editor_of` holds; text where it is no list."""
    if isinstance(editor, QComboBox):
        return editor.currentText()
    if isinstance(editor, QLineEdit):
        try:
            return tuple(int(part) for part in editor.text().replace(",", " ").split())
        except ValueError:
            return editor.text()
    return editor.value()


def write_editor(editor: QWidget, value: Any) -> None:
    """Let an editor of `editor_of` hold `value`, as far as it can."""
    if isinstance(editor, QComboBox):
        editor.setCurrentText(str(value))
    elif isinstance(editor, QLineEdit):
        editor.setText(value if isinstance(value, str) else ", ".join(map(str, value)))
    else:
        editor.setValue(value)


def _parts(form: QFormLayout, row: int) -> list[QWidget]:
    """Return what stands in a row of `form` and takes the keys."""
    roles = (QFormLayout.ItemRole.FieldRole, QFormLayout.ItemRole.SpanningRole)
    item = next(found for role in roles if (found := form.itemAt(row, role)) is not None)
    inside = item.layout()
    items = [item] if inside is None else [inside.itemAt(place) for place in range(inside.count())]
    widgets = (one.widget() for one in items)
    return [one for one in widgets if one is not None and one.focusPolicy() & TAB]


class SettingsRows:
    """Rows of a form that edit a config dataclass; keeps what was typed.

    The basic settings stand from row `first` on, the others at the end of the form, behind a
    button that shows them. Of these there is a row once somebody asks for it.
    """

    def __init__(self, form: QFormLayout, first: int) -> None:
        self._form, self._first = form, first
        self.behind: Sequence[QWidget] = ()
        """Where Tab goes from the last row."""
        self._editors: dict[str, QWidget] = {}
        self._declared: dict[str, Field[Any]] = {}
        self.more = QToolButton()
        self.more.setText(translate("Settings", "More"))
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setToolTip(
            translate("Settings", "Settings that are seldom changed: each has a good default.")
        )
        self.more.setAccessibleName(translate("Settings", "More settings of the family"))
        self.more.toggled.connect(self._show_more)

    def add_more(self) -> None:
        """Let the form end in the button, once all rows that stand before it are there."""
        self._form.addRow(self.more)
        self._show_more(False)

    def set_config(self, config: type) -> None:
        """Make rows of the fields of `config`, in their order.

        Values of fields that it shares with the last config stay.
        """
        former = self.values()
        for editor in self._editors.values():
            self._form.removeRow(editor)
        self._editors = {}
        self._declared = {about.name: about for about in fields(config)}
        for name, about in self._declared.items():
            value = former.get(name, about.default)
            if about.metadata["basic"] or value != about.default:
                write_editor(self.editor(name), value)
        self._follow()
        self._show_more(self.more.isChecked())
        self.order_tabs()

    def order_tabs(self) -> None:
        """Let Tab go through the rows as they stand, whenever they were made.

        Of a form that is not shown Qt would lose the order when it comes into its window.
        """
        if not self._form.parentWidget().isVisible():
            return
        rows = range(self._form.rowCount())
        reached = [part for row in rows for part in _parts(self._form, row)]
        for one, other in pairwise([*reached, *self.behind]):
            QWidget.setTabOrder(one, other)

    def values(self) -> dict[str, Any]:
        """Return the values by field name."""
        return {
            name: read_editor(self._editors[name]) if name in self._editors else about.default
            for name, about in self._declared.items()
        }

    def editor(self, name: str) -> QWidget:
        """Return the editor of field `name`; makes its row where there is none."""
        if name not in self._editors:
            about = self._declared[name]
            editor = self._editors[name] = editor_of(about, self._form.parentWidget())
            label = translate("Settings", about.metadata["label"])
            editor.setToolTip(translate("Settings", about.metadata["description"]))
            editor.setAccessibleName(label)
            self._form.insertRow(self._row_of(about), label, editor)
            if not about.metadata["basic"]:
                self._form.setRowVisible(editor, self.more.isChecked())
            if isinstance(editor, QComboBox):
                editor.currentTextChanged.connect(self._follow)
            self._follow()
        return self._editors[name]

    def _row_of(self, about: Field[Any]) -> int:
        """Where in the form the row of a field belongs, before it is there."""
        basic = about.metadata["basic"]
        order = list(self._declared)
        before = [
            name
            for name in order[: order.index(about.name)]
            if name in self._editors and self._declared[name].metadata["basic"] == basic
        ]
        if basic:
            return self._first + len(before)
        button, _ = self._form.getWidgetPosition(self.more)
        return int(button) + 1 + len(before)

    def _show_more(self, shown: bool) -> None:
        """Show the settings that are not basic, or hide them; the button where there are some."""
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.more.setArrowType(arrow)
        further = self._further()
        for name in further:
            if name in self._editors:
                self._form.setRowVisible(self._editors[name], shown)
        self._form.setRowVisible(self.more, bool(further))
        turns().add(self.more, "rows", self._add_rows)

    def _add_rows(self) -> None:
        """Make some of the rows that are to be seen, from above, and the next ones after that."""
        missing = [name for name in self._further() if name not in self._editors]
        if self.more.isChecked() and missing:
            for name in missing[:ROWS_AT_ONCE]:
                self.editor(name)
            turns().add(self.more, "rows", self._add_rows)
            self.order_tabs()

    def _further(self) -> list[str]:
        return [name for name, about in self._declared.items() if not about.metadata["basic"]]

    def _follow(self) -> None:
        """Let only those settings be edited that act with what the others are."""
        values = self.values()
        for name, editor in self._editors.items():
            if needs := self._declared[name].metadata["needs"]:
                other, *acting = needs
                editor.setEnabled(values[other] in acting)
