"""One latent dimension: what all images make of it, against what the prior expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
from vaeexplorer.gui.widgets.plot_marks import Line, Mark
from vaeexplorer.gui.widgets.theme import colours

if TYPE_CHECKING:
    from vaeexplorer.regularity.aggregate import MarginalCurve

translate = QCoreApplication.translate

NEGLIGIBLE = 2e-3
"""Share of the highest density below which nothing is drawn."""


class MarginalPlot(Plot):
    """Density of the aggregate posterior, filled, and of the prior, dashed."""

    def __init__(self) -> None:
        super().__init__("")
        self.setToolTip(
            translate(
                "Evidence",
                "Filled: q(z), the mixture of the posteriors of all images, in one dimension; of a "
                "model without a posterior the histogram of its codes. Dashed: the prior p(z). The "
                "KL between the two is what this dimension alone adds to KL(q(z) || p(z)).",
            )
        )
        self._curve: MarginalCurve | None = None
        self._slot = 0

    def show_curve(self, slot: int, curve: MarginalCurve | None) -> None:
        """Draw `curve` in the colour of `slot`; None: nothing."""
        self._slot, self._curve = slot, curve
        self.set_title(_title(curve))
        if curve is not None:
            self.set_range(_seen(curve), (0.0, 1.05 * float(_highest(curve).max())))

    def marks(self) -> Iterator[Mark]:
        """Return both densities."""
        if self._curve is None:
            return
        edges, colour = self._curve.edges, SLOT_COLOURS[self._slot]
        fill = QColor(colour)
        fill.setAlpha(90)
        yield Line(edges, self._curve.aggregate, colour, 1.5, fill=fill, steps=True)
        if self._curve.prior is not None:
            middles, style = (edges[1:] + edges[:-1]) / 2, Qt.PenStyle.DashLine
            yield Line(middles, self._curve.prior, colours().text, 1.5, style)


def _highest(curve: MarginalCurve) -> NDArray[np.float64]:
    return curve.aggregate if curve.prior is None else np.maximum(curve.aggregate, curve.prior)


def _seen(curve: MarginalCurve) -> tuple[float, float]:
    """Where either density is more than negligible."""
    highest = _highest(curve)
    found = np.flatnonzero(highest > NEGLIGIBLE * highest.max())
    return float(curve.edges[found[0]]), float(curve.edges[found[-1] + 1])


def _title(curve: MarginalCurve | None) -> str:
    if curve is None:
        return ""
    if curve.divergence is None:
        return translate("Evidence", "z{number}: no prior of its own").format(
            number=curve.dimension + 1
        )
    return translate("Evidence", "z{number}: KL(q || p) = {nats:.3f} nats").format(
        number=curve.dimension + 1, nats=curve.divergence
    )
