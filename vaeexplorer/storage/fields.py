"""Reading JSON that others may have damaged: each value is checked for its type as it is read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NoReturn

from vaeexplorer.data.dataset import InputError

_LARGEST_INTEGER = 2**64 - 1


class DamagedError(InputError):
    """A file whose content is not as we write it; `what` is wrong with it."""

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{file} is damaged, {what}: restore it from a copy of the run.")
        self.what = what


def damaged(file: Path, what: str) -> NoReturn:
    """Raise DamagedError."""
    raise DamagedError(file, what)


class Fields:
    """Checked access to one JSON object; each method raises InputError naming file and key."""

    def __init__(self, file: Path, value: object, where: str) -> None:
        self._file, self._where = file, where
        if not isinstance(value, dict):
            damaged(file, f"{where} is not an object")
        self._values: dict[str, Any] = value

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys in the order of the file."""
        return tuple(self._values)

    def text(self, key: str) -> str:
        """Return a string."""
        value = self._get(key)
        return value if isinstance(value, str) else self.wrong(key, "text")

    def text_or_none(self, key: str) -> str | None:
        """Return a string, or None for null."""
        return None if self._get(key) is None else self.text(key)

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`."""
        value = self.text(key)
        return value if value in choices else self.wrong(key, "one of " + ", ".join(choices))

    def boolean(self, key: str) -> bool:
        """Return true or false."""
        value = self._get(key)
        return value if isinstance(value, bool) else self.wrong(key, "true or false")

    def integer(self, key: str, minimum: int = 0) -> int:
        """Return a whole number from `minimum`."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(key, "a whole number")
        return value if minimum <= value <= _LARGEST_INTEGER else self.wrong(key, "within bounds")

    def number(self, key: str) -> float:
        """Return a finite number."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            self.wrong(key, "a finite number")
        return float(value)

    def number_or_none(self, key: str) -> float | None:
        """Return a finite number, or None for null."""
        return None if self._get(key) is None else self.number(key)

    def object(self, key: str) -> Fields:
        """Return the object under `key`."""
        return Fields(self._file, self._get(key), self._name(key))

    def object_or_none(self, key: str) -> Fields | None:
        """Return the object under `key`, or None for null."""
        return None if self._get(key) is None else self.object(key)

    def objects(self, key: str) -> list[Fields]:
        """Return a list of objects."""
        return [Fields(self._file, item, f"an item of {key}") for item in self._items(key)]

    def text_items(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        items = self._items(key)
        if not all(isinstance(item, str) for item in items):
            self.wrong(key, "a list of texts")
        return tuple(items)

    def integer_items(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers from 1."""
        numbered = {str(i): item for i, item in enumerate(self._items(key))}
        fields = Fields(self._file, numbered, self._name(key))
        return tuple(fields.integer(i, minimum=1) for i in fields.keys)

    def texts(self) -> dict[str, str]:
        """Return all values, which are strings."""
        return {key: self.text(key) for key in self._values}

    def free(self, key: str) -> dict[str, Any]:
        """Return an object of JSON values; its lists as tuples."""
        self.object(key)
        try:
            return dict(_frozen(self._values[key]))
        except (ValueError, RecursionError):
            self.wrong(key, "made of finite numbers")

    def _get(self, key: str) -> Any:
        if key not in self._values:
            damaged(self._file, f"{self._name(key)} is missing")
        return self._values[key]

    def _items(self, key: str) -> list[Any]:
        value = self._get(key)
        return value if isinstance(value, list) else self.wrong(key, "a list")

    def _name(self, key: str) -> str:
        # Whoever damaged the file may have put line breaks into a key, and an error is one line.
        shown = key if key.isprintable() else repr(key)[1:-1]
        return f"{self._where}.{shown}" if self._where else shown

    def wrong(self, key: str, wanted: str) -> NoReturn:
        """Raise InputError: the value under `key` is not `wanted`."""
        damaged(self._file, f"{self._name(key)} is not {wanted}")


def _finite(value: float) -> bool:
    # An int may be too large for a float, which math.isfinite says by an OverflowError.
    return abs(value) <= _LARGEST_INTEGER if isinstance(value, int) else math.isfinite(value)


def _frozen(value: Any) -> Any:
    """`value` with its lists as tuples; ValueError where a number is not finite."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, int | float) and not _finite(value):
        raise ValueError(value)
    return value
