"""A line of text that changes with every move of the mouse."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from vaeexplorer.gui.widgets.elided_label import ElidedLabel

REST_MS = 200


class LiveLabel(ElidedLabel):
    """An ElidedLabel around which nothing is laid out anew while its text keeps changing.

    A QLabel has its whole window laid out by every new text. Here only what is painted changes at
    once; the label itself, which screen readers ask, follows when the text has rested. They say
    what it is `about` before it.
    """

    def __init__(self, about: str = "") -> None:
        super().__init__()
        self._live, self._about = "", about
        self.setAccessibleName(about)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._follow)

    def text(self) -> str:
        """Return what is painted."""
        return self._live

    def setText(self, text: str) -> None:  # noqa: N802
        if text != self._live:
            self._live = text
            self.update()
            self._rest.start()

    def clear(self) -> None:
        self.setText("")

    def _follow(self) -> None:
        super().setText(self._live)
        if self._about:
            self.setAccessibleName(f"{self._about} {self._live}")
