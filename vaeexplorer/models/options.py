"""Settings of a family: declared once, for forms, for the command line and for their check."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, field, fields
from typing import Any


class SettingError(ValueError):
    """A setting that no model can be built with; the message is one sentence for the user."""


def setting(
    default: Any,
    label: str,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    longest: int | None = None,
    unit: str = "",
    basic: bool = False,
    needs: tuple[str, ...] = (),
) -> Any:
    """Declare a field of a config dataclass with what a form and a check need to know.

    Parameters
    ----------
    default
        Its type is the type of the field.
    label, description
        What a form calls it, and one sentence on what it is.
    minimum, maximum
        Bounds, included; those of a tuple hold for each of its values.
    choices
        All values of a text; empty: any.
    longest
        Most values of a tuple.
    unit
        Shown behind a number.
    basic
        Whether a form shows it at once, not only under "More".
    needs
        Name of another setting, then the values of that one with which this one acts; empty:
        it always does.
    """
    about = {
        "label": label,
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "longest": longest,
        "unit": unit,
        "basic": basic,
        "needs": needs,
    }
    return field(default=default, metadata=about)


def replaced(config: type, name: str, default: Any) -> Any:
    """Declare again the setting `name` of the dataclass `config`, with another default."""
    return field(default=default, metadata=config.__dataclass_fields__[name].metadata)  # type: ignore[attr-defined]


def departures(config: Any) -> list[str]:
    """Return in words the settings of `config` whose values are not their defaults."""
    return [
        f"{about.metadata.get('label', about.name)} {_text(getattr(config, about.name))}"
        for about in fields(config)
        if getattr(config, about.name) != about.default
    ]


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def check_settings(config: Any) -> None:
    """Raise SettingError with one sentence if a field of `config` has a wrong type or value.

    A field's type is that of its default: a whole number, a finite number, text, or a tuple of
    whole numbers.
    """
    for about in fields(config):
        value, rule = getattr(config, about.name), about.metadata
        name = rule.get("label", about.name)
        wanted = _wrong_type(about, value)
        if wanted:
            raise SettingError(f"{name} must be {wanted}, not {value!r}.")
        if rule.get("choices") and value not in rule["choices"]:
            raise SettingError(f"{name} must be one of {', '.join(rule['choices'])}, not {value}.")
        values = value if isinstance(value, tuple) else (value,)
        if rule.get("longest") is not None and len(values) > rule["longest"]:
            raise SettingError(
                f"{name} must be at most {rule['longest']} values, not {len(values)}."
            )
        for one in values:
            _check_bounds(name, one, rule.get("minimum"), rule.get("maximum"))


def _check_bounds(name: str, value: Any, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and not value >= minimum:
        raise SettingError(f"{name} must be at least {minimum:g}, not {value}.")
    if maximum is not None and not value <= maximum:
        raise SettingError(f"{name} must be at most {maximum:g}, not {value}.")


def _wrong_type(about: Field[Any], value: Any) -> str | None:
    """Say what `value` should be if it is not of the type of the field's default."""
    default = about.default
    checks: dict[type, tuple[Callable[[Any], bool], str]] = {
        int: (_is_whole, "a whole number"),
        float: (_is_number, "a number"),
        str: (lambda one: isinstance(one, str), "text"),
        tuple: (
            lambda one: isinstance(one, tuple) and all(map(_is_whole, one)),
            "a list of whole numbers",
        ),
    }
    if default is MISSING or type(default) not in checks:
        return None
    fits, wanted = checks[type(default)]
    return None if fits(value) else wanted


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def parse_settings(config: type, texts: Iterable[str]) -> dict[str, Any]:
    """Read settings of `config` from texts "name=value", as they are typed.

    A list is typed with commas. A value that is not of the type of its field stays text, which
    `check_settings` refuses in its own words.

    Raises
    ------
    SettingError
        For a text without "=" and for a setting that is named twice.
    """
    defaults = {about.name: about.default for about in fields(config)}
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        name = name.replace("-", "_")
        if not equals or not name:
            raise SettingError(f"A setting must be given as name=value, not {text!r}.")
        if name in values:
            raise SettingError(f"The setting {name} must be given once, not twice.")
        values[name] = parse_value(defaults.get(name), value)
    return values


def parse_value(default: Any, text: str) -> Any:
    """Read a value of the type of `default` from `text`, or give the text back."""
    readers: Mapping[type, Callable[[str], Any]] = {int: int, float: float, tuple: _whole_numbers}
    try:
        return readers.get(type(default), str)(text)
    except ValueError:
        return text


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace(",", " ").split())
