"""Which latent space of a model is explored, and what is held beside its codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QLabel, QToolButton, QWidget

from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.theme import GRID
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate


class SpaceChoice(QWidget):
    """One button per space, and in words what is held; hidden where there is nothing to choose.

    Emits `chosen` with the name of a space, and `held` with whether what it lacks shall be that
    of the held image.
    """

    chosen = Signal(str)
    held = Signal(bool)

    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self.context = QCheckBox()
        self.context.clicked.connect(self.held)
        self._label = QLabel(translate("SpaceChoice", "space"))
        self._label.setProperty("muted", True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(SlotBadge.SIDE + GRID, 0, 0, 0)
        self._row.setSpacing(GRID // 2)
        self._row.addWidget(self._label)
        self._row.addSpacing(GRID // 2)
        self._row.addStretch(1)
        self._row.addWidget(self.context)
        self.hide()

    def show_exhibit(self, exhibit: Exhibit | None, image: int | None, holds: bool) -> None:
        """Offer the spaces of `exhibit`, and say what the explored one has beside its codes.

        `image` is the number of the image that this is taken from, None for the default; `holds`
        whether it shall be that of the held image.
        """
        names = [] if exhibit is None else list(exhibit.codes)
        if names != list(self.buttons):
            self._make_buttons(names)
        self.context.hide()
        # A single space may lack something all the same: then that is all there is to choose.
        for part in (self._label, *self.buttons.values()):
            part.setVisible(len(names) > 1)
        self.setVisible(len(names) > 1)
        if exhibit is None:
            return
        explored = main_space(exhibit)
        self.buttons[explored].setChecked(True)
        if exhibit.spaces:
            given = {name: space.given for name, space in exhibit.spaces.items()}
            self._show_given(given, explored, image, holds)

    def _show_given(
        self, given: Mapping[str, str | None], explored: str, image: int | None, holds: bool
    ) -> None:
        layered = "upper" in given.values()
        for name, button in self.buttons.items():
            button.setToolTip(space_story(given[name], layered))
        lacks = given[explored]
        if lacks is not None:
            self.show()
            self.context.show()
            self.context.setChecked(holds)
            self.context.setText(context_words(lacks, image))
            self.context.setToolTip(
                translate(
                    "SpaceChoice",
                    "Ticked: what this space lacks is taken from the image that is held, as soon "
                    "as one is (click its dot). Not ticked: it stays as it is by default.",
                )
            )
            self.context.setAccessibleName(
                translate("SpaceChoice", "Held in slot {letter}: {words}").format(
                    letter=self._letter, words=self.context.text()
                )
            )

    def _make_buttons(self, names: Sequence[str]) -> None:
        for button in self.buttons.values():
            self._group.removeButton(button)
            # Hidden until it is deleted; without its parent Python would delete it, anywhere.
            button.hide()
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = {name: self._button(name) for name in names}
        for place, button in enumerate(self.buttons.values()):
            self._row.insertWidget(2 + place, button)
            self._group.addButton(button)

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setCheckable(True)
        button.setProperty("choice", True)
        button.setAccessibleName(
            translate("SpaceChoice", "Explore the space {name} in slot {letter}").format(
                name=name, letter=self._letter
            )
        )
        button.clicked.connect(lambda: self.chosen.emit(name))
        return button


def space_story(given: str | None, layered: bool) -> str:
    """Return in one sentence what is held while a space is explored (see LatentSpace.given)."""
    if given is None and layered:
        return translate(
            "SpaceChoice",
            "The top layer: those below it are at the means that it makes the model expect.",
        )
    return {
        None: translate("SpaceChoice", "The whole code of an image: nothing is held."),
        "upper": translate(
            "SpaceChoice",
            "This layer, with those below it at the means that it makes the model expect; those "
            "above it decide which of its codes are likely, and are drawn or held.",
        ),
        "style": translate(
            "SpaceChoice",
            "What images of one label have in common, with one style held: the mean of its "
            "prior, or that of the held image.",
        ),
        "content": translate(
            "SpaceChoice",
            "What is each image's own, with one content held: the mean of its prior, or that of "
            "the held image.",
        ),
        "source": translate(
            "SpaceChoice",
            "The warp of an image, with one image held that is warped: the first held-out one, "
            "or the held one.",
        ),
    }[given]


def context_words(given: str, image: int | None) -> str:
    """Return in words what is held of `image`; None: what is held by default."""
    if image is None:
        return {
            "upper": translate("SpaceChoice", "upper layers drawn"),
            "style": translate("SpaceChoice", "style: prior mean"),
            "content": translate("SpaceChoice", "content: prior mean"),
            "source": translate("SpaceChoice", "source: first held-out image"),
        }[given]
    return {
        "upper": translate("SpaceChoice", "upper layers of image #{index}"),
        "style": translate("SpaceChoice", "style of image #{index}"),
        "content": translate("SpaceChoice", "content of image #{index}"),
        "source": translate("SpaceChoice", "source: image #{index}"),
    }[given].format(index=image)
