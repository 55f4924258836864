"""Selections: which images are chosen, and which dots of a map lie inside an outline."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Change = Literal["new", "add", "remove", "toggle"]

CELLS = 512
"""Cells per axis into which the box of an outline is divided."""

CHUNK = 32_768
"""Points looked at together: what is made of them on the way fits into a processor's cache."""

OUTSIDE, INSIDE, EDGE = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Selection:
    """Images of one data set that are chosen.

    Attributes
    ----------
    fingerprint
        Of the data: image k means the same image in every slot that shows this data.
    n
        Number of images in the data.
    indices
        int64, sorted, without repeats, read-only, at least one.
    """

    fingerprint: str
    n: int
    indices: NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Whether each image of the data is selected, (n,)."""
        return _mask(self.n, self.indices)


def changed(
    before: Selection | None,
    fingerprint: str,
    n: int,
    indices: NDArray[np.int64],
    change: Change = "new",
) -> Selection | None:
    """Return `before` changed by the images `indices` of the data `fingerprint`; None if empty.

    "add" unites, "remove" takes away, "toggle" adds those that are not selected and takes away
    the others, "new" forgets what was selected before, as all but "remove" do where the data is
    another one.

    Raises
    ------
    IndexError
        An index is not that of one of the `n` images.
    """
    same = before is not None and before.fingerprint == fingerprint
    if change == "remove" and not same:
        return before
    chosen = _mask(n, indices)
    if before is not None and same and change != "new":
        former = before.mask
        chosen = {
            "add": former | chosen,
            "remove": former & ~chosen,
            "toggle": former ^ chosen,
        }[change]
    found = np.flatnonzero(chosen).astype(np.int64)
    found.flags.writeable = False
    return Selection(fingerprint, n, found) if len(found) else None


def label_counts(
    indices: NDArray[np.int64] | slice, labels: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Count the images `indices` by label: (classes,)."""
    return np.bincount(labels[indices], minlength=classes).astype(np.int64)


def as_csv(chosen: Selection, labels: NDArray[np.int64] | None, label_names: Sequence[str]) -> str:
    """Return the selected images as lines "index,label" under a heading; "index" without labels."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    indices = chosen.indices.tolist()
    if labels is None:
        writer.writerow(["index"])
        writer.writerows([index] for index in indices)
    else:
        writer.writerow(["index", "label"])
        names = [label_names[label] for label in labels[chosen.indices].tolist()]
        writer.writerows(zip(indices, names, strict=True))
    return text.getvalue()


def spread_out(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Up to `count` of `indices`, evenly spread over them: data is often sorted by label."""
    if len(indices) <= count:
        return indices
    return indices[np.linspace(0, len(indices) - 1, count).round().astype(np.int64)]


def rectangle(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Outline, (4, 2), of the rectangle with the opposite corners `first` and `second`, (2,)."""
    (left, bottom), (right, top) = np.asarray(first, float), np.asarray(second, float)
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]])


def within(points: NDArray[Any], outline: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which points an outline goes round.

    Where the outline crosses itself, all that it goes round at least once in sum counts (the
    non-zero winding rule): a lasso that overshoots its start leaves no hole.

    The box of the outline is divided into cells. Points in a cell that no edge touches share the
    answer of its middle; only the few others are held against the edges, which makes a million
    points a matter of milliseconds.

    Parameters
    ----------
    points
        (n, 2). Points that are not finite are outside.
    outline
        (m, 2), finite corners in order; it is closed from the last to the first. Fewer than
        three, or an outline without a surface, go round nothing.

    Returns
    -------
    bool, (n,).
    """
    outline = np.asarray(outline, np.float64).reshape(-1, 2)
    if len(outline) < 3:
        return np.zeros(len(points), np.bool_)
    low, high = outline.min(axis=0), outline.max(axis=0)
    if not (high > low).all():
        return np.zeros(len(points), np.bool_)
    # A cell of room all around: rounding takes no point beyond that.
    cell = (high - low) / (CELLS - 2)
    low = low - cell
    state = np.zeros((CELLS + 2, CELLS + 2), np.int8)
    state[1:-1, 1:-1] = _cells(outline, low, cell)
    found = np.empty(len(points), np.int8)
    for start in range(0, len(points), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = state.ravel().take(_cell_numbers(points[part], low, cell))
    inside: NDArray[np.bool_] = found == INSIDE
    close = np.flatnonzero(found == EDGE)
    inside[close] = _winding(points[close].astype(np.float64), outline) != 0
    return inside


def _cell_numbers(
    points: NDArray[Any], low: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.int32]:
    """In which cell each point lies, (n,), with a frame of one cell for all that is beyond."""
    x, y = points[:, 0], points[:, 1]
    column = ((x - x.dtype.type(low[0])) * x.dtype.type(1 / cell[0]) + 1).clip(0, CELLS + 1)
    row = ((y - y.dtype.type(low[1])) * y.dtype.type(1 / cell[1]) + 1).clip(0, CELLS + 1)
    astray = ~np.isfinite(column + row)
    if astray.any():
        column[astray] = 0
        row[astray] = 0
    numbers: NDArray[np.int32] = row.astype(np.int32) * (CELLS + 2) + column.astype(np.int32)
    return numbers


def _mask(n: int, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(n, np.bool_)
    if len(indices) and int(np.min(indices)) < 0:
        raise IndexError(f"image {int(np.min(indices))} of {n}")
    mask[indices] = True
    return mask


class _Edges(NamedTuple):
    """The edges that are not level, from their lower to their upper end, (m,) each.

    sign: 1 where the outline goes up along the edge, -1 where it goes down.
    """

    bottom: NDArray[np.float64]
    top: NDArray[np.float64]
    start: NDArray[np.float64]
    slope: NDArray[np.float64]
    sign: NDArray[np.int32]

    def at(self, edge: Any, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where `edge` is at height `y`."""
        where: NDArray[np.float64] = self.start[edge] + (y - self.bottom[edge]) * self.slope[edge]
        return where


def _edges(outline: NDArray[np.float64]) -> _Edges:
    after = np.roll(outline, -1, axis=0)
    upward = after[:, 1] > outline[:, 1]
    lower = np.where(upward[:, None], outline, after)
    upper = np.where(upward[:, None], after, outline)
    leaning = upper[:, 1] > lower[:, 1]
    lower, upper = lower[leaning], upper[leaning]
    slope = (upper[:, 0] - lower[:, 0]) / (upper[:, 1] - lower[:, 1])
    sign = np.where(upward[leaning], 1, -1).astype(np.int32)
    return _Edges(lower[:, 1], upper[:, 1], lower[:, 0], slope, sign)


def _cells(
    outline: NDArray[np.float64], low: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.int8]:
    """OUTSIDE, INSIDE or EDGE for every cell of the outline's box, (CELLS, CELLS), rows by y."""
    edges = _edges(outline)
    # An edge counts for the rows whose middles it passes, and for all cells to its left.
    first = np.ceil((edges.bottom - low[1]) / cell[1] - 0.5).astype(np.int64)
    last = np.ceil((edges.top - low[1]) / cell[1] - 0.5).astype(np.int64)
    passed = np.repeat(np.arange(len(first)), last - first)
    row = np.arange(len(passed)) - np.repeat(np.cumsum(last - first) - last, last - first)
    crossing = edges.at(passed, low[1] + (row + 0.5) * cell[1])
    column = np.ceil((crossing - low[0]) / cell[0] - 0.5).astype(np.int64)
    turns = np.zeros((CELLS, CELLS + 1), np.int32)
    np.add.at(turns, (row, column.clip(0, CELLS)), edges.sign[passed])
    winding = turns[:, :0:-1].cumsum(axis=1)[:, ::-1]
    state = np.where(winding != 0, INSIDE, OUTSIDE).astype(np.int8)
    _mark_edges(state, outline, low, cell)
    return state


def _mark_edges(
    state: NDArray[np.int8],
    outline: NDArray[np.float64],
    low: NDArray[np.float64],
    cell: NDArray[np.float64],
) -> None:
    """Mark the cells that an edge may touch: those around points half a cell apart along it."""
    corners = (outline - low) / cell
    steps = np.roll(corners, -1, axis=0) - corners
    count = np.ceil(2 * np.abs(steps).max(axis=1)).astype(np.int64) + 1
    edge = np.repeat(np.arange(len(corners)), count)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)) / count[edge]
    column, row = np.floor(corners[edge] + share[:, None] * steps[edge]).astype(np.int64).T
    for up in (-1, 0, 1):
        for right in (-1, 0, 1):
            state[(row + up).clip(0, CELLS - 1), (column + right).clip(0, CELLS - 1)] = EDGE


def _winding(points: NDArray[np.float64], outline: NDArray[np.float64]) -> NDArray[np.int32]:
    """How often the outline goes round each point, (n,), counter-clockwise."""
    order = np.argsort(points[:, 1])
    x, y = points[order].T
    edges = _edges(outline)
    turns = np.zeros(len(points), np.int32)
    begin, end = np.searchsorted(y, edges.bottom), np.searchsorted(y, edges.top)
    for edge in np.flatnonzero(end > begin):
        part = slice(begin[edge], end[edge])
        turns[part] += edges.sign[edge] * (x[part] < edges.at(edge, y[part]))
    winding = np.empty_like(turns)
    winding[order] = turns
    return winding
