"""One latent dimension: what all images make of it, against what the prior expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor

from vaeexplorer.drawing.numbers import written
from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.plot import Plot
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

    def show_curve(self, slot: int, curve: MarginalCurve | None, name: str = "") -> None:
        """Draw `curve`, of the dimension `name`, in the colour of `slot`; None: nothing."""
        self._slot, self._curve = slot, curve
        self.set_title(_title(curve, name))
        self.redraw()

    def _draw(self) -> None:
        self.clear()
        if self._curve is None:
            return
        edges, theme = self._curve.edges, colours()
        fill = QColor(SLOT_COLOURS[self._slot])
        fill.setAlpha(90)
        ours = pg.PlotCurveItem(
            edges, self._curve.aggregate, stepMode="center", fillLevel=0, brush=fill
        )
        ours.setPen(pg.mkPen(SLOT_COLOURS[self._slot], width=1.5))
        self.add(ours)
        if self._curve.prior is not None:
            expected = pg.PlotCurveItem((edges[1:] + edges[:-1]) / 2, self._curve.prior)
            expected.setPen(pg.mkPen(theme.text, width=1.5, style=Qt.PenStyle.DashLine))
            self.add(expected)
        self.box.setXRange(*_seen(self._curve), padding=0)
        self.box.enableAutoRange(y=True)


def _seen(curve: MarginalCurve) -> tuple[float, float]:
    """Where either density is more than negligible."""
    highest = curve.aggregate if curve.prior is None else np.maximum(curve.aggregate, curve.prior)
    found = np.flatnonzero(highest > NEGLIGIBLE * highest.max())
    return float(curve.edges[found[0]]), float(curve.edges[found[-1] + 1])


def _title(curve: MarginalCurve | None, name: str) -> str:
    if curve is None:
        return ""
    if curve.divergence is None:
        return translate("Evidence", "{dimension}: no prior of its own").format(dimension=name)
    return translate("Evidence", "{dimension}: KL(q || p) = {nats} nats").format(
        dimension=name, nats=written(curve.divergence, 3)
    )
