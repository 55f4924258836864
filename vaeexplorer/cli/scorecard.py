"""The scores as a table on the terminal, with what they say in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vaeexplorer.drawing.numbers import hyphened, written
from vaeexplorer.jobs.scoring import names_of
from vaeexplorer.regularity.verdict import instead_of_continuity

if TYPE_CHECKING:
    from rich.console import Console

Scores = Mapping[str, Any]
NOTHING = "--"
PIPE_WIDTH = 120
TITLE_WIDTH, NUMBER_WIDTH = 40, 22
"""Columns of text that a table takes which nobody folds."""
DIGITS = 3


def print_scorecard(scored: Sequence[Scores]) -> None:
    """Print the objects of `score --json` for people: numbers side by side, then sentences."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        # Nobody folds what goes into a file.
        width = max(PIPE_WIDTH, TITLE_WIDTH + NUMBER_WIDTH * len(scored))
        console = Console(highlight=False, markup=False, width=width)
    names = names_of(scored)
    _print_numbers(console, scored, names)
    for name, scores in zip(names, scored, strict=True):
        _print_sentences(console, name, scores["verdict"])
    for name, scores in zip(names, scored, strict=True):
        said = scores["comparison"]
        if said is not None:
            _print_sentences(console, f"{said['with']} and {name}", said["verdict"])
            unfair = [line for line in said["warnings"] if line not in said["verdict"]]
            _print_sentences(console, "What is unfair in this comparison", unfair)


def _print_numbers(console: Console, scored: Sequence[Scores], names: Sequence[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(Text(name), justify="right", overflow="fold")
    for title, value in _rows(scored):
        style = "bold" if not title.startswith(" ") else None
        table.add_row(title, *(value(scores) for scores in scored), style=style)
    console.print(table)


def _rows(scored: Sequence[Scores]) -> list[tuple[str, Callable[[Scores], str]]]:
    """Title and text of each row; those of the parts are indented under their score."""
    halved = any("halves" in scores for scores in scored)
    laws = list(dict.fromkeys(law for scores in scored for law in scores["completeness"]["others"]))
    return [
        ("Continuity", lambda scores: _continuity(scores, scores["continuity"])),
        *((("  on random halves", _continuity_on_halves),) if halved else ()),
        ("  C, evenness", lambda scores: _spread(scores, "C")),
        ("  C20, evenness of what is visible", lambda scores: _spread(scores, "C20")),
        ("  gate, against straight axes", lambda scores: _text(scores["continuity"]["gate"])),
        ("  R2, share reconstructed", lambda scores: _text(scores["continuity"]["R2"])),
        ("  A, small steps that stay alike", lambda scores: _text(scores["continuity"]["A"])),
        ("  J, sudden change", lambda scores: _text(scores["continuity"]["J"])),
        ("Completeness", lambda scores: _headline(scores["completeness"])),
        *((("  on random halves", _completeness_on_halves),) if halved else ()),
        ("  P, realism of draws", lambda scores: _text(scores["completeness"]["P"])),
        ("  Q, kinds of images reached", lambda scores: _text(scores["completeness"]["Q"])),
        ("  law of the draws", lambda scores: scores["completeness"]["law"]),
        *((f"  under the {law}", _under(law)) for law in laws),
        ("  latent dimensions", lambda scores: str(scores["latent_dim"])),
        ("  n, images compared", lambda scores: f"{scores['n']:,}"),
        (
            "  R2, training minus held-out",
            lambda scores: _text(scores["r2_train_minus_held_out"]),
        ),
    ]


def _continuity(scores: Scores, measured: Mapping[str, Any]) -> str:
    instead = instead_of_continuity(scores)
    return _headline(measured) if instead is None else f"{NOTHING} {instead}"


def _continuity_on_halves(scores: Scores) -> str:
    return _continuity(scores, scores["halves"]["continuity"])


def _completeness_on_halves(scores: Scores) -> str:
    return _headline(scores["halves"]["completeness"])


def _under(law: str) -> Callable[[Scores], str]:
    return lambda scores: _text(scores["completeness"]["others"].get(law))


def _headline(score: Mapping[str, Any]) -> str:
    return _with_deviation(score["score"], score["sd"])


def _spread(scores: Scores, key: str) -> str:
    return _with_deviation(scores["continuity"][key], scores["continuity"][f"{key}_sd"])


def _with_deviation(value: float, sd: float) -> str:
    return f"{_text(value)} ±{_text(sd)}"


def _text(value: float | None) -> str:
    return NOTHING if value is None else hyphened(written(value, DIGITS))


def _print_sentences(console: Console, title: str, sentences: Sequence[str]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if not sentences:
        return
    console.print()
    console.print(Text(title, style="bold"))
    for sentence in sentences:
        console.print(Padding(Text(sentence), (0, 0, 0, 2), expand=False))
