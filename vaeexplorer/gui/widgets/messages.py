"""What the window says without a dialog: a bar for failures, a strip for work that goes on."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from vaeexplorer.run import Progress

translate = QCoreApplication.translate


class MessageBar(QFrame):
    """One sentence that stays until it is dismissed or replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setProperty("warning", True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QPushButton(translate("MessageBar", "Dismiss"))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show `sentence`."""
        self._text.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()

    @property
    def text(self) -> str:
        """The sentence that is shown or was shown last."""
        return self._text.text()


class ProgressStrip(QWidget):
    """A thin bar with what is being done, the time left, and a button that ends it.

    With `keeps_room` nothing around it moves when it comes and goes.
    """

    cancelled = Signal()

    def __init__(self, button: str = "", *, keeps_room: bool = False) -> None:
        super().__init__()
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(keeps_room)
        self.setSizePolicy(policy)
        self._text = QLabel()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(80)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text)
        row.addWidget(self._bar, 1)
        if button:
            cancel = QPushButton(button)
            cancel.clicked.connect(self.cancelled)
            row.addWidget(cancel)
        self.hide()

    def show_progress(self, progress: Progress) -> None:
        """Show `progress`; without a fraction the bar only moves."""
        text = progress.message
        if progress.seconds_left is not None:
            text += "  " + seconds_left(progress.seconds_left)
        self._text.setText(text)
        self._bar.setAccessibleName(progress.message)
        if progress.fraction is None:
            self._bar.setRange(0, 0)
        else:
            # A bar paints at once whatever waits to be painted, a map perhaps, if it may.
            self._bar.setUpdatesEnabled(False)
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * progress.fraction))
            self._bar.setUpdatesEnabled(True)
        self.show()


def seconds_left(seconds: float) -> str:
    """Return the time left in words."""
    if seconds < 90:
        return translate("Progress", "{n} s left").format(n=max(1, round(seconds)))
    return translate("Progress", "{n} min left").format(n=round(seconds / 60))
