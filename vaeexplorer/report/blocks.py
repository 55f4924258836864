"""What the page of a report is made of: sections, figures, captions, tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from vaeexplorer.drawing.palette import slot_colour
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.quantities import NOTHING, Numbers, Quantity

Pair = tuple[Findings, Numbers]


def figures(
    title: str, lead: str, pairs: Sequence[Pair], content: Callable[[Findings, Numbers], str]
) -> str:
    """Make a section: `content` of every slot, side by side."""
    slots = []
    for index, (found, run) in enumerate(pairs):
        heading = f'<span class="letter">{run["slot"]}</span> {escape(run["run"])}'
        slots.append(
            f'<figure class="slot" style="--slot: {slot_colour(index)}"><h3>{heading}</h3>'
            f"{content(found, run)}</figure>"
        )
    return section(title, lead, f'<div class="slots">{"".join(slots)}</div>')


def section(title: str, lead: str, content: str) -> str:
    """Make a section of `content`, HTML, under its title."""
    said = f"<p>{escape(lead)}</p>" if lead else ""
    return f"<section><h2>{escape(title)}</h2>{said}{content}</section>"


def caption(text: str) -> str:
    """Say `text` under a picture."""
    return f"<figcaption>{escape(text)}</figcaption>"


def missing(reason: str) -> str:
    """Say why there is no picture."""
    return f'<p class="missing">{escape(reason)}</p>'


def image(name: str, alternative: str) -> str:
    """Show the picture `name`; `alternative` is read to those who cannot see it."""
    return f'<img src="{escape(name)}" alt="{escape(alternative)}">'


def image_by_theme(light: str, dark: str, alternative: str) -> str:
    """Show the picture `light`, or `dark` on a dark screen; paper is light."""
    return (
        '<picture><source media="screen and (prefers-color-scheme: dark)" '
        f'srcset="{escape(dark)}">{image(light, alternative)}</picture>'
    )


def table(title: str, lead: str, runs: Sequence[Numbers], quantities: Sequence[Quantity]) -> str:
    """Make a section with a table of `quantities`, or nothing where no run has any of them."""
    rows = table_of(runs, quantities)
    return section(title, lead, rows) if rows else ""


def table_of(runs: Sequence[Numbers], quantities: Sequence[Quantity]) -> str:
    """Make a table of `quantities`, each with its definition; rows that no run has are left out.

    The numbers stand beside their names, where the eye finds them, and the definitions behind.
    """
    head = "".join(
        f'<th class="number" scope="col"><span class="letter" style="--slot: {slot_colour(index)}">'
        f"{run['slot']}</span></th>"
        for index, run in enumerate(runs)
    )
    note = f'<p class="quiet note">{NOTHING} stands where a quantity does not exist.</p>'
    rows, lacking = [], False
    for quantity in quantities:
        texts = [quantity.text(run) for run in runs]
        if all(text is None for text in texts):
            continue
        lacking |= None in texts
        said = "number words" if any(_in_words(text) for text in texts) else "number"
        cells = "".join(f'<td class="{said}">{escape(text or NOTHING)}</td>' for text in texts)
        kind = ' class="part"' if quantity.part else ""
        rows.append(
            f'<tr{kind}><th scope="row">{escape(quantity.name)}</th>{cells}'
            f'<td class="meaning">{escape(quantity.definition)}</td></tr>'
        )
    if not rows:
        return ""
    table = (
        f'<table style="--slots: {len(runs)}"><thead><tr><th scope="col">Quantity</th>{head}'
        '<th class="meaning" scope="col">What it says</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    return f'<div class="numbers">{table}</div>{note if lacking else ""}'


def _in_words(text: str | None) -> bool:
    """Tell whether a cell says words, which may go over several lines; a number may not."""
    return text is not None and not any(sign.isdigit() for sign in text[:2])
