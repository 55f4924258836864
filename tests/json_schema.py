"""Enough of JSON Schema to hold a report to the schema in docs/; an unknown word is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
NOTES = {"$schema", "title", "description"}
KNOWN = {
    *("type", "enum", "pattern", "minimum", "maximum", "minItems"),
    *("properties", "required", "additionalProperties", "items"),
}


def faults(value: Any, schema: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Every place where `value` is not what `schema` says."""
    assert schema.keys() <= KNOWN | NOTES, schema.keys() - KNOWN - NOTES
    allowed = schema.get("type", [])
    kinds = tuple(TYPES[kind] for kind in ([allowed] if isinstance(allowed, str) else allowed))
    if kinds and (not isinstance(value, _flat(kinds)) or isinstance(value, bool)):
        yield f"{path} is {value!r}, not {allowed}"
    elif isinstance(value, dict):
        yield from _of_object(value, schema, path)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{path} has {len(value)} items"
        for index, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            yield f"{path} is {value!r}"
    elif value is not None and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        yield f"{path} is {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is {value!r}, none of {schema['enum']}"


def _of_object(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{path} has no {key}"
    for key, inner in value.items():
        rule = properties.get(key, schema.get("additionalProperties", True))
        if rule is False:
            yield f"{path} has {key}"
        elif rule is not True:
            yield from faults(inner, rule, f"{path}.{key}")


def _flat(kinds: tuple[Any, ...]) -> tuple[type, ...]:
    return tuple(one for kind in kinds for one in (kind if isinstance(kind, tuple) else (kind,)))
