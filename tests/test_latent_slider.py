"""The value beside a slider: written as all numbers are, typed as one likes."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vaeexplorer.gui.widgets.latent_slider import LatentSlider
from vaeexplorer.jobs.describing import describe_codes
from vaeexplorer.run import Codes

NO_MODIFIER = Qt.KeyboardModifier.NoModifier
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def row(qtbot):
    row = LatentSlider()
    qtbot.addWidget(row)
    codes = Codes(np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32))
    row.show_dimension(0, "", describe_codes(codes))
    with qtbot.waitActive(row):
        row.show()
    return row


@pytest.mark.parametrize("typed", ["-1.5", f"{MINUS}1.5"])
def test_a_negative_value_has_a_minus_sign_and_is_typed_with_either(row, typed):
    row.place(-0.25)
    editor, moved = row._editor, []
    assert editor.text() == f"{MINUS}0.25"
    row.moved.connect(lambda dimension, value: moved.append(value))
    editor.setFocus()
    editor.selectAll()
    for sign in typed:  # QTest knows no keys beyond Latin letters
        QApplication.sendEvent(editor, QKeyEvent(QEvent.Type.KeyPress, 0, NO_MODIFIER, sign))
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert moved == [-1.5]
    assert editor.text() == f"{MINUS}1.50"
