"""The mean image of a code beside images drawn from p(x|z), one row per slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.image_view import ImageView
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS
from vaeexplorer.jobs.marginals import DRAWS

if TYPE_CHECKING:
    from vaeexplorer.jobs.marginals import ImageDraws

translate = QCoreApplication.translate

SIDE = 96


class DrawsPage(ScrollArea):
    """Shows what came last for every slot; a row for each of `count` slots."""

    def __init__(self, count: int) -> None:
        super().__init__(sideways=False)
        page = QWidget()
        page.setToolTip(
            translate(
                "Evidence",
                "The decoder gives a law of images, of which everything else shows only the mean. "
                "These are draws from it at the probe: noise that the model takes for no part of "
                "its code. Layers below the explored one are at their means, or drawn where the "
                "probe is a draw; what a space lacks is held. Of a flow VAE fields are drawn, "
                "which warp the source.",
            )
        )
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        titles = (translate("Evidence", "mean image"), translate("Evidence", "draws from p(x|z)"))
        for column, title in enumerate(titles, 1):
            label = QLabel(title)
            label.setProperty("muted", True)
            grid.addWidget(label, 0, column, 1, 1 if column == 1 else DRAWS)
        self.views: list[list[ImageView]] = []
        self._reasons: list[QLabel] = []
        for slot in range(count):
            grid.addWidget(SlotBadge(slot), slot + 1, 0, Qt.AlignmentFlag.AlignTop)
            views = [_view(slot, number) for number in range(DRAWS + 1)]
            for column, view in enumerate(views, 1):
                grid.addWidget(view, slot + 1, column)
            reason = QLabel()
            reason.setProperty("muted", True)
            reason.setWordWrap(True)
            grid.addWidget(reason, slot + 1, 1, 1, DRAWS + 1)
            self.views.append(views)
            self._reasons.append(reason)
            self.show_draws(slot, None, "")
        grid.setColumnStretch(DRAWS + 2, 1)
        grid.setRowStretch(count + 1, 1)
        self.setWidget(page)

    def show_draws(self, slot: int, found: ImageDraws | None, reason: str) -> None:
        """Show `found` in the row of `slot`, or in words why there is nothing."""
        if slot >= len(self.views):
            return
        self._reasons[slot].setText(reason)
        self._reasons[slot].setVisible(found is None)
        for view in self.views[slot]:
            view.setVisible(found is not None)
        if found is not None:
            for view, picture in zip(self.views[slot], (found.mean, *found.draws), strict=True):
                view.show_image(picture)
                view.setToolTip(likelihood_words().get(found.likelihood, found.likelihood))


def likelihood_words() -> dict[str, str]:
    """Say which law of pixels a likelihood is, by the name of its class."""
    return {
        "Bernoulli": translate("Evidence", "Bernoulli: every pixel is black or white"),
        "Gaussian": translate("Evidence", "Gaussian of the fixed variance"),
        "OptimalGaussian": translate("Evidence", "Gaussian of the optimal variance"),
        "LearnedGaussian": translate("Evidence", "Gaussian of the variance learned for each pixel"),
        "Categorical": translate("Evidence", "Categorical: every pixel has one of the grey levels"),
        "ResidualGaussian": translate(
            "Evidence",
            "Gaussian, as in probabilistic PCA: its variance is the mean of the eigenvalues that "
            "the axes leave out",
        ),
    }


def _view(slot: int, number: int) -> ImageView:
    name = (
        translate("Evidence", "Draw {number} from p(x|z) of slot {letter}")
        if number
        else translate("Evidence", "Mean image of slot {letter}")
    )
    view = ImageView(
        name.format(number=number, letter=SLOT_LETTERS[slot]),
        SLOT_COLOURS[slot] if number == 0 else None,
    )
    view.setFixedSize(SIDE, SIDE)
    return view
