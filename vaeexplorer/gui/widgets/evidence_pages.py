"""Pages of the evidence in one place: bounds, p(z|x), q(z) against p(z), draws from p(x|z)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.gui.widgets.draws_page import DrawsPage
from vaeexplorer.gui.widgets.evidence_plots import BoundPlot, PosteriorPlot
from vaeexplorer.gui.widgets.marginal_plot import MarginalPlot
from vaeexplorer.gui.widgets.theme import GRID

translate = QCoreApplication.translate

BOUNDS, POSTERIOR, MARGINAL, DRAWS = "bounds", "posterior", "marginal", "draws"


class EvidencePages(QWidget):
    """Shows one page; `turned` says that another one is looked at, or another dimension of it.

    Until somebody chooses, p(z|x) stands there where it is known, which is for two dimensions at
    most, and else the bounds.
    """

    turned = Signal()

    def __init__(self, slots: int) -> None:
        super().__init__()
        self._slots = slots
        self._chosen = ""
        self._buttons = {key: _button(*texts) for key, texts in _page_texts().items()}
        group = QButtonGroup(self)
        self._dimensions = QComboBox(self)
        self._dimensions.setAccessibleName(translate("Evidence", "Latent dimension"))
        self._dimensions.setToolTip(
            translate("Evidence", "Latent dimension, those first that carry most.")
        )
        self._dimensions.currentIndexChanged.connect(self.turned)
        head = QHBoxLayout()
        head.setSpacing(GRID // 2)
        for key, button in self._buttons.items():
            group.addButton(button)
            head.addWidget(button)
            button.clicked.connect(lambda _=False, key=key: self.turn_to(key))
        head.addStretch()
        head.addWidget(self._dimensions)
        self._makers: dict[str, Callable[[], QWidget]] = {
            BOUNDS: BoundPlot,
            POSTERIOR: PosteriorPlot,
            MARGINAL: MarginalPlot,
            DRAWS: lambda: DrawsPage(self._slots),
        }
        self._pages: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.offer_posterior(False)

    def _made(self, key: str) -> Any:
        """Return a page; it is made once somebody needs it, for each takes a while."""
        if key not in self._pages:
            page = self._pages[key] = self._makers[key]()
            self._stack.addWidget(page)
        return self._pages[key]

    @property
    def bounds(self) -> BoundPlot:
        return self._made(BOUNDS)

    @property
    def posterior(self) -> PosteriorPlot:
        return self._made(POSTERIOR)

    @property
    def marginal(self) -> MarginalPlot:
        return self._made(MARGINAL)

    @property
    def draws(self) -> DrawsPage:
        return self._made(DRAWS)

    @property
    def page(self) -> str:
        """The page that is shown."""
        return next(key for key, page in self._pages.items() if page is self._stack.currentWidget())

    @property
    def dimension(self) -> int | None:
        """The latent dimension that is chosen; None where there is none."""
        chosen: int | None = self._dimensions.currentData()
        return chosen

    def turn_to(self, page: str) -> None:
        """Show `page` from now on."""
        self._chosen = page
        self._show(page)
        self.turned.emit()

    def offer_posterior(self, known: bool) -> None:
        """Say whether p(z|x) is known of the active slot: it is shown unless another was chosen."""
        self._buttons[POSTERIOR].setEnabled(known)
        page = self._chosen or POSTERIOR
        self._show(page if known or page != POSTERIOR else BOUNDS)

    def offer_dimensions(self, names: Mapping[int, str]) -> None:
        """List the latent dimensions of the active slot by their names, in this order."""
        rows, box = range(self._dimensions.count()), self._dimensions
        if [(box.itemData(row), box.itemText(row)) for row in rows] == list(names.items()):
            return
        before = box.blockSignals(True)
        box.clear()
        for dimension, name in names.items():
            box.addItem(name, dimension)
        box.blockSignals(before)

    def set_slot_count(self, count: int) -> None:
        """Make room for the draws of so many slots."""
        self._slots = count
        if DRAWS in self._pages:
            page, former = self.page, self._pages.pop(DRAWS)
            self._show(page)
            self._stack.removeWidget(former)
            former.deleteLater()

    def _show(self, page: str) -> None:
        self._stack.setCurrentWidget(self._made(page))
        self._buttons[page].setChecked(True)
        self._dimensions.setVisible(page == MARGINAL)


def _button(title: str, story: str) -> QToolButton:
    button = QToolButton()
    button.setText(title)
    button.setCheckable(True)
    button.setProperty("choice", True)
    button.setAccessibleName(story)
    button.setToolTip(story)
    return button


def _page_texts() -> dict[str, tuple[str, str]]:
    return {
        BOUNDS: (
            translate("Evidence", "bounds"),
            translate("Evidence", "Bounds of log p(x) by the number of draws"),
        ),
        POSTERIOR: (
            translate("Evidence", "p(z|x)"),
            translate(
                "Evidence",
                "The true posterior of one image beside the encoder's, of models with at most two "
                "latent dimensions, of all layers together",
            ),
        ),
        MARGINAL: (
            translate("Evidence", "q(z)"),
            translate(
                "Evidence",
                "The codes of all images, as they are, against the prior, one dimension at a time",
            ),
        ),
        DRAWS: (
            translate("Evidence", "x|z"),
            translate("Evidence", "Images drawn from p(x|z) of the probe, beside their mean"),
        ),
    }
