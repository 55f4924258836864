"""A page that is scrolled by keys shows that it has them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.theme import colours


@pytest.fixture
def stage(qtbot):
    stage = QWidget()
    qtbot.addWidget(stage)
    QHBoxLayout(stage).addWidget(QPushButton("before"))
    stage.resize(400, 200)
    with qtbot.waitActive(stage):
        stage.show()
    return stage


def tab_to(qtbot, stage, area):
    area.setWidget(QLabel("line\n" * 50))
    stage.layout().addWidget(area)
    qtbot.waitUntil(lambda: area.isVisible() and area.verticalScrollBar().maximum() > 0)
    stage.findChild(QPushButton).setFocus()
    QTest.keyClick(stage.focusWidget(), Qt.Key.Key_Tab)


def corner(area):
    return area.grab().toImage().pixelColor(0, 0)


def test_a_ring_is_there_while_keys_scroll_the_page(qtbot, stage):
    area = ScrollArea(sideways=False)
    tab_to(qtbot, stage, area)
    assert area.hasFocus()
    assert corner(area) == QColor(colours().accent)
    QTest.keyClick(area, Qt.Key.Key_PageDown)
    assert area.verticalScrollBar().value() > 0
    stage.findChild(QPushButton).setFocus()
    assert corner(area) != QColor(colours().accent)


def test_what_is_in_it_may_have_the_keys_alone(qtbot, stage):
    area = ScrollArea(takes_keys=False)
    tab_to(qtbot, stage, area)
    assert not area.hasFocus()
    assert corner(area) != QColor(colours().accent)
