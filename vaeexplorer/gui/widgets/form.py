"""Form rows made from a config dataclass: one per field, with the bounds written there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
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

translate = QCoreApplication.translate

FREE_MAXIMUM = 1_000_000
DECIMALS = 4


class NumberBox(QDoubleSpinBox):
    """A number shown without trailing zeros, whose step is a tenth of its size."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(DECIMALS)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", 7)


def editor_of(about: Field[Any]) -> QWidget:
    """Return the editor of one declared setting (see models.options.setting).

    Raises
    ------
    TypeError
        A field of a kind that no editor is known for.
    """
    rule, default = about.metadata, about.default
    minimum = rule.get("minimum")
    maximum = rule.get("maximum")
    if rule.get("choices"):
        box = QComboBox()
        box.addItems(rule["choices"])
        # The longest choice must not decide how wide the form is.
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    elif isinstance(default, tuple):
        box = QLineEdit()
        box.setPlaceholderText(translate("Settings", "automatic"))
    elif isinstance(default, (int, float)):
        box = QSpinBox() if isinstance(default, int) else NumberBox()
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


class SettingsRows:
    """Rows of a form that edit a config dataclass; keeps what was typed.

    The basic settings stand from row `first` on, the others at the end of the form, behind a
    button that shows them.
    """

    def __init__(self, form: QFormLayout, first: int) -> None:
        self._form, self._first = form, first
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
        basic = 0
        for name, about in self._declared.items():
            editor = self._editors[name] = editor_of(about)
            label = translate("Settings", about.metadata["label"])
            editor.setToolTip(translate("Settings", about.metadata["description"]))
            editor.setAccessibleName(label)
            if name in former:
                write_editor(editor, former[name])
            if about.metadata["basic"]:
                self._form.insertRow(self._first + basic, label, editor)
                basic += 1
            else:
                self._form.addRow(label, editor)
            if isinstance(editor, QComboBox):
                editor.currentTextChanged.connect(self._follow)
        self._follow()
        self._show_more(self.more.isChecked())

    def values(self) -> dict[str, Any]:
        """Return the values by field name."""
        return {name: read_editor(editor) for name, editor in self._editors.items()}

    def editor(self, name: str) -> QWidget:
        """Return the editor of field `name`."""
        return self._editors[name]

    def _show_more(self, shown: bool) -> None:
        """Show the settings that are not basic, or hide them; the button where there are some."""
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.more.setArrowType(arrow)
        further = self._where(lambda about: not about.metadata["basic"])
        for name in further:
            self._form.setRowVisible(self._editors[name], shown)
        self._form.setRowVisible(self.more, bool(further))

    def _follow(self) -> None:
        """Let only those settings be edited that act with what the others are."""
        values = self.values()
        for name in self._where(lambda about: bool(about.metadata["needs"])):
            other, *acting = self._declared[name].metadata["needs"]
            self._editors[name].setEnabled(values[other] in acting)

    def _where(self, fits: Callable[[Field[Any]], bool]) -> list[str]:
        return [name for name in self._editors if fits(self._declared[name])]
