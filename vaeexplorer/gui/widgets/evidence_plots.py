"""Plots of the evidence: rate and distortion, bounds by draws, and p(z|x) beside q(z|x)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.image_view import to_clear_qimage
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.plot_marks import Dots, Line, Mark, Picture, Range, Words, widened
from vaeexplorer.gui.widgets.theme import SLOT_LETTERS, colours
from vaeexplorer.run import Measures

translate = QCoreApplication.translate

LINES = 4
HEADROOM = 0.1
"""Share of the height of a plane above which no number fits below its top."""
DEVIATIONS = (1.0, 2.0)
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
                "line is a model without a rate, such as an AE. Only runs with the kind of nats of "
                "the active slot are here: those of another likelihood cannot be compared.",
            )
        )
        self._others: list[tuple[str, Measures]] = []
        self._slots: dict[int, Measures] = {}

    def show_runs(
        self,
        others: Sequence[tuple[str, Measures]],
        slots: Mapping[int, Measures],
        without: Sequence[int] = (),
    ) -> None:
        """Draw runs by name, and those that stand in a slot with its letter.

        The title names the slots `without` a place here, whose nats are of another kind.
        """
        self._others, self._slots = list(others), dict(slots)
        title = translate("Evidence", "rate and distortion, nats")
        if without:
            letters = ", ".join(SLOT_LETTERS[slot] for slot in without)
            title = translate("Evidence", "{title} (other nats: {letters})").format(
                title=title, letters=letters
            )
        self.set_title(title)
        every = [*(measures for _, measures in self._others), *self._slots.values()]
        if every:
            right = 1.25 * max(1.0, *(one.rate or 0.0 for one in every))
            distortions = [one.distortion for one in every]
            self.set_range((0, right), _with_room(min(distortions), max(distortions), least=right))

    def marks(self) -> Iterator[Mark]:
        """Return the diagonals, the other runs, and the slots above them."""
        if not (self._others or self._slots):
            return
        theme = colours()
        yield from self._diagonals()
        grey = [(one.rate, one.distortion) for _, one in self._others if one.rate is not None]
        if grey:
            yield Dots(*zip(*grey, strict=True), 7, theme.muted)
        right = self.ranges[0][1]
        for slot, one in self._slots.items():
            letter, colour = SLOT_LETTERS[slot], SLOT_COLOURS[slot]
            y = one.distortion
            if one.rate is None:  # such as an AE: it stands nowhere along the line
                yield Line([0, right], [y, y], colour, style=Qt.PenStyle.DotLine)
                yield Words(right, y, letter, theme.text, (1, 1))
            else:
                yield Dots([one.rate], [y], 11, colour, theme.surface)
                yield Words(one.rate, y, letter, theme.text, (-0.4, 0.5))

    def _diagonals(self) -> Iterator[Mark]:
        """Return the lines of equal ELBO, each with its number where no line runs through it.

        That is above the left end; of lines that come in at the top, where numbers would stand
        over one another, below the right end.
        """
        theme = colours()
        (_, right), (low, high) = self.ranges
        for level in np.linspace(low, high + right, LINES + 2)[1:-1]:
            ends = [level, level - right]
            yield Line([0, right], ends, theme.border, 1, Qt.PenStyle.DashLine)
            text = f"ELBO {-level:.1f}".replace("-", "\N{MINUS SIGN}")
            if level < high - HEADROOM * (high - low):
                yield Words(0.0, level, text, theme.muted, (0, 1))
            else:
                yield Words(right, level - right, text, theme.muted, (1, 0))


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
        self.update()
        if self._curves:
            draws = np.concatenate([parts[0] for parts in self._curves.values()])
            bounds = np.concatenate([parts[1] for parts in self._curves.values()])
            self.set_range(
                (float(draws.min()), max(float(draws.max()), 2 * float(draws.min()))),
                _with_room(bounds.min(), bounds.max(), least=1.0),
            )

    def marks(self) -> Iterator[Mark]:
        """Return the curves of all slots."""
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine)
        for slot, (draws, *curves) in self._curves.items():
            for values, style in zip(curves, styles, strict=False):
                yield Line(draws, values, SLOT_COLOURS[slot], style=style)


class PosteriorPlot(Plot):
    """The true posterior of one image as a density, and the encoder's as ellipses."""

    def __init__(self) -> None:
        super().__init__("", square=True)
        self._axes: tuple[NDArray[np.float64], ...] = ()
        self._density = self._mean = self._deviation = np.zeros(0)

    def show_posterior(
        self,
        title: str,
        axes: tuple[NDArray[np.float64], ...],
        log_true: NDArray[np.float64],
        mean: NDArray[np.float64],
        deviation: NDArray[np.float64],
    ) -> None:
        """Draw log p(z|x) on a grid, and the Gaussian with `mean` and `deviation`, (size,) each."""
        self.set_title(title)
        self._mean, self._deviation = mean, deviation
        self._square = len(axes) > 1
        if self._square:
            density = np.exp(log_true - log_true.max())
            density[density < SEEN] = 0
            self._axes, self._density = _cut_out(axes, density, mean, 3 * deviation)
            across, up = (_extent(axis) for axis in self._axes)
            self.set_range(widened(across, 0.02), widened(up, 0.02))
        else:
            self._axes, self._density = axes, np.exp(log_true)
            highest = max(self._density.max(), self._believed().max())
            self.set_range(_extent(axes[0]), (0.0, 1.05 * float(highest)))

    def marks(self) -> Iterator[Mark]:
        """Return both posteriors."""
        if not self._axes:
            return
        theme = colours()
        if not self._square:
            fill = QColor(theme.accent)
            fill.setAlpha(90)
            yield Line(self._axes[0], self._density, theme.accent, 1, fill=fill)
            yield Line(self._axes[0], self._believed(), theme.text, 1.5)
            return
        yield self._picture()
        turn = np.linspace(0, 2 * np.pi, 129)
        for reach in DEVIATIONS:
            across = self._mean[0] + reach * self._deviation[0] * np.cos(turn)
            up = self._mean[1] + reach * self._deviation[1] * np.sin(turn)
            yield Line(across, up, theme.text, 1.5)

    def _believed(self) -> NDArray[np.float64]:
        """Return q(z|x) along the one axis."""
        mean, deviation = float(self._mean[0]), float(self._deviation[0])
        scale = deviation * math.sqrt(2 * math.pi)
        density: NDArray[np.float64] = (
            np.exp(-0.5 * ((self._axes[0] - mean) / deviation) ** 2) / scale
        )
        return density

    def _picture(self) -> Picture:
        """Return p(z|x) as the shade of the accent over the plane."""
        accent = QColor(colours().accent)
        picture = np.empty((*self._density.shape[::-1], 4), np.uint8)
        picture[..., :3] = accent.red(), accent.green(), accent.blue()
        # Its first row is the top of the plot.
        picture[..., 3] = np.rint(230 * self._density.T[::-1])
        across, up = (_extent(axis) for axis in self._axes)
        return Picture(to_clear_qimage(picture), (across[0], up[0]), (across[1], up[1]))


def _extent(axis: NDArray[np.float64]) -> Range:
    return float(axis[0]), float(axis[-1])


def _cut_out(
    axes: tuple[NDArray[np.float64], ...],
    density: NDArray[np.float64],
    mean: NDArray[np.float64],
    reach: NDArray[np.float64],
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Leave out the margins where `density` is 0 and that are out of reach of `mean`."""
    parts = []
    for dimension, axis in enumerate(axes):
        seen = density.any(axis=1 - dimension) | (np.abs(axis - mean[dimension]) < reach[dimension])
        found = np.flatnonzero(seen)
        parts.append(slice(found[0], found[-1] + 1))
    return tuple(axis[part] for axis, part in zip(axes, parts, strict=True)), density[tuple(parts)]


def _with_room(low: float, high: float, least: float = 1e-3) -> Range:
    """Widen the range from `low` to `high`, to `least` at least."""
    margin = max(0.15 * (high - low), (least - (high - low)) / 2)
    return low - margin, high + margin
