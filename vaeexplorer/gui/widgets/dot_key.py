"""What the colours of the dots mean: a legend of labels, or the scale of a number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vaeexplorer.drawing.colour_scales import number_colours, robust_range
from vaeexplorer.drawing.palette import class_colours
from vaeexplorer.gui.widgets.colour_bar import ColourBar
from vaeexplorer.gui.widgets.legend import Legend

translate = QCoreApplication.translate

BY_LABEL = "label"


class Described(NamedTuple):
    """What dots are coloured by: how it is called, what it is, and why there may be no values."""

    title: str
    unit: str
    definition: str
    reason: str


def measure_described(what: str) -> Described:
    """Describe one of the colourings."""
    descriptions = {
        BY_LABEL: Described(
            translate("DotKey", "label"),
            "",
            translate("DotKey", "What each image is said to show."),
            "",
        ),
        "rate": Described(
            translate("DotKey", "rate"),
            translate("DotKey", "nats"),
            translate(
                "DotKey", "KL of the posterior of each image from the standard normal, in nats."
            ),
            translate("DotKey", "This model has no posterior, hence no rate."),
        ),
        "distance": Described(
            translate("DotKey", "distance from the origin"),
            "",
            translate("DotKey", "Length of the code of each image."),
            "",
        ),
        "index": Described(
            translate("DotKey", "number of the image"),
            "",
            translate("DotKey", "Place of each image in its file, from 0."),
            "",
        ),
        "distortion": Described(
            translate("DotKey", "distortion"),
            translate("DotKey", "nats"),
            translate("DotKey", "-log p(x|z) of each image, for one draw of z, in nats."),
            translate("DotKey", "The images of this run, or its model, are not at hand."),
        ),
        "loss": Described(
            translate("DotKey", "training loss"),
            translate("DotKey", "nats"),
            translate(
                "DotKey",
                "Distortion of each image plus its rate, if the model has one, times beta as it "
                "was trained; free nats and capacity, which act on batches, are left out.",
            ),
            translate(
                "DotKey",
                "The images of this run, or its model, are not at hand, or what it was trained on "
                "is no sum over single images.",
            ),
        ),
    }
    return descriptions[what]


class DotKey(QWidget):
    """Gives every dot its colour, and says what it stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.legend = Legend()
        self.bar = ColourBar()
        self.bar.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.legend)
        column.addWidget(self.bar)
        column.addStretch()
        self._labels: NDArray[np.int64] | None = None
        self._names: tuple[str, ...] = ()
        self._what = BY_LABEL
        self._values: NDArray[np.float32] | None = None

    def set_labels(self, labels: NDArray[np.int64] | None, names: tuple[str, ...]) -> None:
        """Take the labels of other images, (n,), indices into `names`, and colour by them."""
        self._labels, self._names = labels, names
        self.legend.set_labels(names, class_colours(len(names)))
        self.show_measure(BY_LABEL, None)

    def prepare(self, names: tuple[str, ...]) -> None:
        """Make ready for images with labels of these `names`, of which there are none yet."""
        self.legend.prepare(names, class_colours(len(names)))

    def show_measure(self, what: str, values: NDArray[np.float32] | None) -> None:
        """Colour by `values`, (n,), of the measure `what`; None: by label, or there are none."""
        self._what, self._values = what, values
        shown = measure_described(what)
        if values is not None:
            self.bar.show_values(shown.title, shown.unit, values, shown.definition)
        elif what != BY_LABEL:
            self.bar.show_none(shown.title, shown.reason)
        self.bar.setVisible(what != BY_LABEL)
        self.legend.setVisible(what == BY_LABEL and bool(self._names))

    def colours(self, n: int) -> NDArray[np.uint8]:
        """Colours of `n` dots, (n, 3)."""
        if self._what != BY_LABEL:
            if self._values is None:
                return number_colours(np.full(n, np.nan), 0, 1)
            return number_colours(self._values, *robust_range(self._values))
        if self._labels is None:
            return np.tile(class_colours(1), (n, 1))
        return class_colours(len(self._names))[self._labels]

    def entries(self) -> tuple[tuple[str, str], ...]:
        """Names and "#rrggbb" of the labels that are shown; empty where a number is shown."""
        if self._what != BY_LABEL:
            return ()
        hidden = self.legend.hidden
        return tuple(
            (name, "#" + bytes(colour).hex())
            for index, (name, colour) in enumerate(
                zip(self._names, class_colours(len(self._names)), strict=True)
            )
            if index not in hidden
        )

    def scale(self) -> tuple[str, str, str] | None:
        """Title, least and largest value of the number that is shown; None: there is none."""
        return None if self._what == BY_LABEL or self._values is None else self.bar.texts
