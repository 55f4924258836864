"""Form rows made from a config dataclass: one per field, with the bounds written there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, fields
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

translate = QCoreApplication.translate

FREE_MAXIMUM = 1_000_000


def editor_of(about: Field[Any]) -> QWidget:
    """Return the editor of one declared setting (see models.base.setting).

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
        box.setCurrentText(str(default))
        return box
    if isinstance(default, (int, float)):
        box = QSpinBox() if isinstance(default, int) else QDoubleSpinBox()
        box.setRange(
            0 if minimum is None else minimum, FREE_MAXIMUM if maximum is None else maximum
        )
        if isinstance(box, QDoubleSpinBox):
            box.setDecimals(2)
            box.setSingleStep(0.1)
        box.setValue(default)
        if rule.get("unit"):
            box.setSuffix(f" {rule['unit']}")
        return box
    raise TypeError(f"no editor for the setting {about.name} of type {type(default).__name__}")


def read_editor(editor: QWidget) -> Any:
    """Return the value that an editor of `editor_of` holds."""
    return editor.currentText() if isinstance(editor, QComboBox) else editor.value()


class SettingsRows:
    """Rows of a form, from row `first` on, that edit a config dataclass; keeps what was typed."""

    def __init__(self, form: QFormLayout, first: int) -> None:
        self._form, self._first = form, first
        self._editors: dict[str, QWidget] = {}

    def set_config(self, config: type, names: Iterable[str]) -> None:
        """Make rows of the fields `names` of `config`, in that order.

        Values of fields that it shares with the last config stay.
        """
        former = self.values()
        for _ in self._editors:
            self._form.removeRow(self._first)
        self._editors = {}
        declared = {about.name: about for about in fields(config)}
        for name in names:
            about = declared[name]
            editor = editor_of(about)
            label = translate("Settings", about.metadata.get("label", name))
            editor.setToolTip(translate("Settings", about.metadata.get("description", "")))
            editor.setAccessibleName(label)
            if name in former and not isinstance(editor, QComboBox):
                editor.setValue(former[name])
            self._form.insertRow(self._first + len(self._editors), label, editor)
            self._editors[name] = editor

    def values(self) -> dict[str, Any]:
        """Return the values by field name."""
        return {name: read_editor(editor) for name, editor in self._editors.items()}

    def editor(self, name: str) -> QWidget:
        """Return the editor of field `name`."""
        return self._editors[name]
