"""Numbers as people read them, in the window and in reports."""

from __future__ import annotations


def typeset(number: str) -> str:
    """Put the minus sign of typography for every hyphen of a number."""
    return number.replace("-", "\N{MINUS SIGN}")


def hyphened(number: str) -> str:
    """Put hyphens for the minus signs of `typeset`, as programs read numbers."""
    return number.replace("\N{MINUS SIGN}", "-")


def written(value: float, digits: int) -> str:
    """Write a number with its thousands apart, and no sign before what rounds to 0."""
    return typeset(f"{value:z,.{digits}f}")
