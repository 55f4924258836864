"""How numbers are written, in the window and in reports."""

import pytest

from vaeexplorer.drawing.numbers import written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-98.26, "\N{MINUS SIGN}98.3"),
        (-0.04, "0.0"),
        (3.14, "3.1"),
        (-46112.31, "\N{MINUS SIGN}46,112.3"),
    ],
)
def test_a_number_has_the_minus_sign_of_typography_and_its_thousands_apart(value, text):
    assert written(value, 1) == text
