"""The numbers of the evidence as text: one line each, with a cell for every slot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from vaeexplorer.drawing.numbers import written
from vaeexplorer.gui.widgets.evidence_texts import (
    aggregate_definitions,
    definitions,
    gradient_definition,
    overfitting_definition,
)
from vaeexplorer.jobs.describing import CodesDescription
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.regularity.definitions import at_least, is_lower_bound
from vaeexplorer.regularity.information import ACTIVE_VARIANCE, active_units
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.jobs.evidence import Evidence

translate = QCoreApplication.translate

NOTHING = "--"
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Line:
    """One line: title, definition, and of each slot a text and what else its tooltip says."""

    title: str
    about: str
    cells: tuple[str, ...]
    more: tuple[str, ...] = ()

    def tooltip(self, column: int) -> str:
        """Return what the cell of that column says, counted from 0."""
        more = self.more[column] if self.more else ""
        return f"{more}\n{self.about}" if more else self.about


def lines(
    exhibits: Sequence[Exhibit],
    found: Sequence[Evidence | None],
    scores: Sequence[Mapping[str, Any] | None],
    described: Sequence[CodesDescription | None],
) -> list[Line]:
    """Write down what is known of the exhibit, its scores and its codes, of each slot."""
    made = [
        Line(title, about, _cells(found, _READERS[key]), _more(key, exhibits, found))
        for key, title, about in definitions()
    ]
    for key, title, about in aggregate_definitions():
        cells = tuple(_aggregate_text(one, key) for one in found)
        made.append(Line(title, about, cells))
    title = translate("Evidence", "active dimensions")
    about = translate(
        "Evidence",
        "Dimensions whose posterior mean varies between images, as they are, by more than .01 "
        "(variance), of all.",
    )
    made.append(Line(title, about, tuple(map(_active, exhibits, described))))
    made.append(Line(*gradient_definition(), _cells(found, _gradient_text)))
    made.append(Line(*overfitting_definition(), tuple(map(_overfitting_text, scores))))
    return made


def _cells(
    found: Sequence[Evidence | None], read: Callable[[Evidence], str | None]
) -> tuple[str, ...]:
    return tuple(NOTHING if one is None else read(one) or NOTHING for one in found)


def _bound_text(one: Evidence) -> str | None:
    best = one.best
    return best and f"{written(best.mean, 1)} \N{PLUS-MINUS SIGN} {best.standard_error:.1f}"


_READERS: Mapping[str, Callable[[Evidence], str | None]] = {
    "elbo": lambda one: written(one.elbo.mean(), 1),
    "distortion": lambda one: written(one.distortion, 1),
    "rate": lambda one: written(one.rate, 1),
    "bound": _bound_text,
    "gap": lambda one: None if one.gap is None else written(one.gap, 2),
    "effective": lambda one: one.best and f"{np.median(one.best.effective):.0f}",
    "draw": lambda one: written(one.draw_deviation, 1),
    "prior": lambda one: one.prior_means and written(one.prior_means[-1], 1),
}


def _gradient_text(one: Evidence) -> str | None:
    return None if one.gradient_ratio is None else f"{written(one.gradient_ratio, 1)} {TIMES}"


def _more(
    key: str, exhibits: Sequence[Exhibit], found: Sequence[Evidence | None]
) -> tuple[str, ...]:
    """Say in bits what a rate is, and of a codebook how it comes about."""
    if key != "rate":
        return ()
    return tuple(
        "" if one is None else _rate_text(exhibit, one.rate)
        for exhibit, one in zip(exhibits, found, strict=True)
    )


def _rate_text(exhibit: Exhibit, rate: float) -> str:
    bits = rate / math.log(2)
    space = next(iter(exhibit.spaces.values()), None)
    if space is None or space.codebook is None:
        return translate("Evidence", "The rate is {rate:.2f} nats = {bits:.1f} bits.").format(
            rate=rate, bits=bits
        )
    count, width = space.codebook.shape
    return translate(
        "Evidence",
        "The rate is {positions} positions \N{MULTIPLICATION SIGN} ln {count} = {rate:.2f} nats = "
        "{bits:.1f} bits, for the prior is uniform over the codes.",
    ).format(positions=space.size // width, count=count, rate=rate, bits=bits)


def _overfitting_text(scores: Mapping[str, Any] | None) -> str:
    return NOTHING if scores is None else written(scores["r2_train_minus_held_out"], 3)


def _active(exhibit: Exhibit, described: CodesDescription | None) -> str:
    name, codes = next(iter(exhibit.codes.items()))
    if codes.log_variance is None:
        return NOTHING
    if name != main_space(exhibit):
        active = active_units(codes.mean)  # what is described is the space that is explored
    elif described is None:
        return NOTHING
    else:
        active = described.variance > ACTIVE_VARIANCE
    return f"{int(active.sum())} / {len(active)}"


def _aggregate_text(evidence: Evidence | None, key: str) -> str:
    value = None if evidence is None else evidence.aggregate.get(key)
    if evidence is None or value is None:
        return NOTHING
    text = written(value, 2)
    return at_least(text) if is_lower_bound(key, evidence.aggregate) else text
