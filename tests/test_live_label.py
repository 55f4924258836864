"""Text that changes under a moving cursor: at once on the screen, without a new layout."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.live_label import LiveLabel


class Layouts(QObject):
    """Counts how often the layout of what it watches is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.asked += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def page(qtbot) -> QWidget:
    page = QWidget()
    qtbot.addWidget(page)
    QVBoxLayout(page)
    page.resize(200, 80)
    page.show()
    return page


def asked_by(page: QWidget, label: QLabel) -> int:
    page.layout().addWidget(label)
    QApplication.processEvents()
    layouts = Layouts()
    page.installEventFilter(layouts)
    label.setText("image 1")
    QApplication.processEvents()
    page.removeEventFilter(layouts)
    return layouts.asked


def test_new_text_is_painted_and_nothing_is_laid_out_for_it(page) -> None:
    label = LiveLabel()
    assert asked_by(page, QLabel("image")) > 0
    assert asked_by(page, label) == 0
    before = label.grab().toImage()
    label.setText("another text")
    assert label.grab().toImage() != before
    label.clear()
    assert label.text() == ""


def test_a_screen_reader_hears_the_text_that_has_rested(qtbot, page) -> None:
    label, distance = LiveLabel(), LiveLabel("distance")
    for one, texts in ((label, ("image 1", "image 2")), (distance, ("2.50", "0.75"))):
        page.layout().addWidget(one)
        for text in texts:
            one.setText(text)
    heard = [QAccessible.queryAccessibleInterface(one) for one in (label, distance)]
    qtbot.waitUntil(
        lambda: [one.text(QAccessible.Text.Name) for one in heard] == ["image 2", "distance 0.75"]
    )
