"""The themes: what is drawn with them is seen."""

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QLineEdit, QRadioButton

from vaeexplorer.gui.widgets.theme import DARK, apply_theme


@pytest.fixture
def dark(qapp):
    """The dark theme for the time of a test."""
    apply_theme(qapp, "dark")
    yield DARK
    apply_theme(qapp, "light")


def luminance(colour):
    """Relative luminance of a colour as WCAG defines it."""
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton, QLineEdit])
def test_the_frame_of_an_empty_field_is_seen_on_dark(qtbot, dark, kind):
    field = kind()
    qtbot.addWidget(field)
    picture = field.grab().toImage()
    pixels = [
        picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())
    ]
    lightest = max(luminance(pixel) for pixel in pixels)
    assert (lightest + 0.05) / (luminance(QColor(dark.window)) + 0.05) >= 3
