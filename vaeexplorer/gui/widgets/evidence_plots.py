"""Plots of the evidence: rate and distortion, bounds by draws, and p(z|x) beside q(z|x)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor

from vaeexplorer.drawing.numbers import written
from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.plane_labels import places
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.theme import SLOT_LETTERS, colours
from vaeexplorer.run import Measures

translate = QCoreApplication.translate

LINES = 4
POINT = 18
"""Pixels around a point that hold it and its letter."""
SIDE = 256
"""Pixels along each side of a density, at least."""
SEEN = 0.003
"""Share of the highest density below which nothing is drawn."""


class RatePlane(Plot):
    """Every run as a point at its rate and distortion; on a diagonal the ELBO is the same."""

    def __init__(self) -> None:
        super().__init__(
            translate("Evidence", "rate and distortion, nats"),
            translate("Evidence", "rate"),
            translate("Evidence", "distortion"),
        )
        self.setToolTip(
            translate(
                "Evidence",
                "Each point is one run on the same images, at the end of its training, on held-out "
                "images where there are any. To the left the codes say less of the image; further "
                "down the picture is closer to it. On a dashed line the ELBO is the same. A dotted "
                "line is a model without a rate, such as an AE. A hollow diamond, and a line of "
                "dashes and dots, are not of single images as they are: below it says of what. "
                "Only runs with the kind of nats of the active slot are here: those of another "
                "likelihood cannot be compared.",
            )
        )
        self._others: list[tuple[str, Measures]] = []
        self._slots: dict[int, Measures] = {}
        self._apart: tuple[Measures, ...] = ()
        self._numbers: dict[float, pg.TextItem] = {}

    def _make(self) -> None:
        super()._make()
        self.box.sigResized.connect(self._place_soon)

    def show_runs(
        self,
        others: Sequence[tuple[str, Measures]],
        slots: Mapping[int, Measures],
        without: Sequence[int] = (),
        apart: Collection[Measures] = (),
    ) -> None:
        """Draw runs by name, and those that stand in a slot with its letter.

        Those `apart` have marks of their own: they cannot be compared as they stand with others.
        The title names the slots `without` a place here, whose nats are of another kind.
        """
        title = translate("Evidence", "rate and distortion, nats")
        if without:
            letters = ", ".join(SLOT_LETTERS[slot] for slot in without)
            title = translate("Evidence", "{title} (other nats: {letters})").format(
                title=title, letters=letters
            )
        shown = title, list(others), dict(slots), tuple(apart)
        if shown != (self._title, self._others, self._slots, self._apart):
            _, self._others, self._slots, self._apart = shown
            self.set_title(title)
            self.redraw()

    def _draw(self) -> None:
        theme = colours()
        self.clear()
        every = [*(measures for _, measures in self._others), *self._slots.values()]
        if not every:
            self._numbers = {}
            return
        right = 1.25 * max(1.0, *(one.rate or 0.0 for one in every))
        distortions = [one.distortion for one in every]
        low, high = _with_room(min(distortions), max(distortions), least=right)
        self.box.setXRange(0, right, padding=0.04)
        self.box.setYRange(low, high, padding=0)
        self._add_diagonals(low, high, right)
        grey = [one for _, one in self._others if one.rate is not None]
        self._add_points([one for one in grey if one not in self._apart], 7, theme.muted)
        self._add_points([one for one in grey if one in self._apart], 7, theme.muted, hollow=True)
        for slot, one in self._slots.items():
            if one.rate is None:
                self._add_level(slot, one, right)
            else:
                self._add_points([one], 11, SLOT_COLOURS[slot], hollow=one in self._apart)
                self._add_letter(slot, one.rate, one.distortion, (0, 0.5))
        self._place_soon()

    def _add_diagonals(self, low: float, high: float, right: float) -> None:
        """Draw the lines of equal ELBO, and their numbers, which find their places later."""
        theme = colours()
        levels = np.linspace(low, high + right, LINES + 2)[1:-1]
        ends = np.stack([levels, levels - right], axis=1).ravel()
        pen = pg.mkPen(theme.border, width=1, style=Qt.PenStyle.DashLine)
        self.add(pg.PlotCurveItem([0, right] * LINES, ends, pen=pen, connect="pairs"))
        self._numbers = {
            float(level): pg.TextItem(f"ELBO {written(-level, 1)}", color=theme.muted)
            for level in levels
        }
        for number in self._numbers.values():
            number.hide()
            self.add(number, ranged=False)

    def _place_soon(self, _box: pg.ViewBox | None = None) -> None:
        # Axes that are shown with what is drawn change the room once more.
        turns().add(self, "numbers", self._place_numbers)

    def _place_numbers(self) -> None:
        """Put the numbers beside their lines, where they hide no point in this room."""
        if not self._numbers:
            return
        every = [one for _, one in self._others] + list(self._slots.values())
        points = [(one.rate, one.distortion) for one in every if one.rate is not None]
        pixel = np.array(self.box.viewPixelSize())
        around = np.array([-POINT, -POINT, POINT, POINT]) * np.tile(pixel, 2)
        room = [number.boundingRect() for number in self._numbers.values()]
        found = places(
            list(self._numbers),
            tuple(map(tuple, self.box.viewRange())),
            np.array([(one.width(), one.height()) for one in room]).reshape(-1, 2) * pixel,
            np.tile(np.reshape(points, (-1, 2)), 2) + around,
            [one.distortion for one in every if one.rate is None],
        )
        for number, place in zip(self._numbers.values(), found, strict=True):
            number.setVisible(place is not None)
            if place is not None:
                x, y, anchor = place
                number.setAnchor(anchor)
                number.setPos(x, y)

    def _add_level(self, slot: int, one: Measures, right: float) -> None:
        """Draw a model without a rate, such as an AE, as a line: it stands nowhere along it."""
        line = pg.PlotCurveItem([0, right], [one.distortion, one.distortion])
        style = Qt.PenStyle.DashDotLine if one in self._apart else Qt.PenStyle.DotLine
        line.setPen(pg.mkPen(SLOT_COLOURS[slot], width=2, style=style))
        self.add(line)
        self._add_letter(slot, right, one.distortion, (1, 1))

    def _add_points(
        self, every: Sequence[Measures], size: int, colour: str, *, hollow: bool = False
    ) -> None:
        """Draw filled discs, or hollow diamonds."""
        if not every:
            return
        surface = colours().surface
        inside, around = (surface, colour) if hollow else (colour, surface)
        self.add(
            pg.ScatterPlotItem(
                pos=[(one.rate, one.distortion) for one in every],
                size=size + 2 if hollow else size,
                symbol="d" if hollow else "o",
                pen=pg.mkPen(around, width=1.5),
                brush=pg.mkBrush(inside),
            )
        )

    def _add_letter(self, slot: int, x: float, y: float, anchor: tuple[float, float]) -> None:
        letter = pg.TextItem(SLOT_LETTERS[slot], color=colours().text, anchor=anchor)
        self.add(letter, ranged=False)
        letter.setPos(x, y)


class BoundPlot(Plot):
    """Bounds of log p(x) against the number of draws, one curve per slot."""

    def __init__(self) -> None:
        super().__init__(
            translate("Evidence", "bound of log p(x) by draws, nats"),
            translate("Evidence", "draws"),
            logarithmic=True,
        )
        self.setToolTip(
            translate(
                "Evidence",
                "Solid: the importance-weighted bound, which rises from the ELBO of one draw "
                "towards log p(x). Dotted: the same number of draws from the prior instead of the "
                "posterior, which hardly ever meet the image. A level line: q(z|x) is a point "
                "mass, whose draws are all alike. Models with nats of another kind than those of "
                "the active slot are left out.",
            )
        )
        self._curves: dict[int, tuple[NDArray[np.float64], ...]] = {}

    def show_bounds(
        self,
        curves: Mapping[int, tuple[Sequence[int], Sequence[float], Sequence[float] | None]],
    ) -> None:
        """Draw for each slot the draws, the bounds, and what the prior gives (or None)."""
        self._curves = {
            slot: tuple(np.asarray(part, float) for part in parts if part is not None)
            for slot, parts in curves.items()
        }
        self.redraw()

    def _draw(self) -> None:
        self.clear()
        for slot, (draws, *curves) in self._curves.items():
            styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine)
            for values, style in zip(curves, styles, strict=False):
                curve = pg.PlotCurveItem(np.log10(draws), values)
                curve.setPen(pg.mkPen(SLOT_COLOURS[slot], width=2, style=style))
                self.add(curve)
        bounds = [curves[1] for curves in self._curves.values()]
        if bounds:
            everything = np.concatenate(bounds)
            low, high = _with_room(everything.min(), everything.max(), least=1.0)
            self.box.setYRange(low, high, padding=0)


class PosteriorPlot(Plot):
    """The true posterior of one image as a density, and the encoder's as ellipses."""

    def __init__(self) -> None:
        super().__init__("")
        self._grid: tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]] | None = None
        self._posterior: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._outlines: tuple[NDArray[np.float64], ...] = ()

    def show_posterior(
        self,
        title: str,
        axes: tuple[NDArray[np.float64], ...],
        log_true: NDArray[np.float64],
        posterior: tuple[NDArray[np.float64], NDArray[np.float64]],
        outlines: tuple[NDArray[np.float64], ...] = (),
        names: tuple[str, ...] = (),
    ) -> None:
        """Draw log p(z|x) on a grid, and q(z|x).

        In one dimension the Gaussian with the mean and deviation of `posterior`, (size,) each, in
        two its `outlines`, (k, 2). The dimensions are called by their `names`, z1 and z2 without.
        """
        self.set_title(title)
        self._grid, self._posterior = (axes, log_true), posterior
        self._outlines = outlines
        across, up = names or ("z1", "z2" if len(axes) == 2 else translate("Evidence", "density"))
        self.name_axes(across, up)
        self.redraw()

    def _draw(self) -> None:
        self.clear()
        if self._grid is None or self._posterior is None:
            return
        axes, log_true = self._grid
        mean, deviation = self._posterior
        if len(axes) == 1:
            self._draw_curves(axes[0], log_true, mean[0], deviation[0])
        else:
            self._draw_plane(axes, log_true)

    def _draw_curves(
        self,
        axis: NDArray[np.float64],
        log_true: NDArray[np.float64],
        mean: float,
        deviation: float,
    ) -> None:
        theme = colours()
        q = np.exp(-0.5 * ((axis - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
        fill = QColor(theme.accent)
        fill.setAlpha(90)
        true = pg.PlotCurveItem(axis, np.exp(log_true), fillLevel=0, brush=fill)
        true.setPen(pg.mkPen(theme.accent, width=1))
        self.add(true)
        believed = pg.PlotCurveItem(axis, q)
        believed.setPen(pg.mkPen(theme.text, width=1.5))
        self.add(believed)
        self.box.setAspectLocked(False)
        self.box.autoRange()

    def _draw_plane(
        self,
        axes: tuple[NDArray[np.float64], ...],
        log_true: NDArray[np.float64],
    ) -> None:
        theme = colours()
        accent = QColor(theme.accent)
        axes, log_true = _cut_out(axes, log_true - log_true.max())
        density = np.exp(_finer(_finer(log_true, 0), 1))
        density[density < SEEN] = 0
        picture = np.zeros((*density.shape, 4), np.uint8)
        picture[..., :3] = accent.red(), accent.green(), accent.blue()
        picture[..., 3] = np.rint(230 * density).astype(np.uint8)
        item = pg.ImageItem(picture, axisOrder="col-major")
        low = [axis[0] for axis in axes]
        size = [axis[-1] - axis[0] for axis in axes]
        item.setRect(QRectF(*low, *size))
        self.add(item)
        for outline in self._outlines:
            line = pg.PlotCurveItem(*outline.T)
            line.setPen(pg.mkPen(theme.text, width=1.5))
            self.add(line)
        self.box.setAspectLocked(True)
        self.box.autoRange(padding=0.02)


def _cut_out(
    axes: tuple[NDArray[np.float64], ...], log_density: NDArray[np.float64]
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Leave out the margins where a density is not seen, whose highest logarithm is 0."""
    seen, parts = np.exp(log_density) >= SEEN, []
    for dimension, axis in enumerate(axes):
        found = np.flatnonzero(seen.any(axis=1 - dimension))
        parts.append(slice(max(found[0] - 1, 0), min(found[-1] + 2, len(axis))))
    return tuple(axis[part] for axis, part in zip(axes, parts, strict=True)), log_density[
        tuple(parts)
    ]


def _finer(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Interpolate between values on a grid along `axis`, to SIDE of them at least."""
    along = np.moveaxis(values, axis, 0)
    places = np.linspace(0, len(along) - 1, max(SIDE, len(along)))
    first = np.minimum(places.astype(np.intp), len(along) - 2)
    share = (places - first)[:, None]
    return np.moveaxis(along[first] * (1 - share) + along[first + 1] * share, 0, axis)


def _with_room(low: float, high: float, least: float = 1e-3) -> tuple[float, float]:
    """Widen the range from `low` to `high`, to `least` at least."""
    margin = max(0.15 * (high - low), (least - (high - low)) / 2)
    return low - margin, high + margin
