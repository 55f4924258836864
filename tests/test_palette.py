"""Colours of classes and slots are told apart, by people with any colour vision, on any theme."""

import numpy as np
import pytest

from vaeexplorer.drawing.palette import SLOT_COLOURS, class_colours, rgb

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
VISIONS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]
    ),
    "deuteranopia": np.array(
        [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]
    ),
    "tritanopia": np.array(
        [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]
    ),
}
TO_XYZ = np.array(
    [[0.4339, 0.3762, 0.1899], [0.2127, 0.7152, 0.0722], [0.0178, 0.1094, 0.8729]]
)  # relative to the white of sRGB


def linear(colour):
    """Linear RGB of sRGB values in [0, 1]."""
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]


def lab(colours):
    """CIELAB of linear RGB, (n, 3)."""
    xyz = np.clip(colours, 0, 1) @ TO_XYZ.T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def luminance(colour):
    return np.dot(linear(colour), (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    high, low = sorted((luminance(np.array(c) / 255) for c in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_no_class_is_a_class_without_colours():
    assert class_colours(0).shape == (0, 3)


@pytest.mark.parametrize("vision", VISIONS)
def test_ten_classes_are_told_apart_by_any_colour_vision(vision):
    seen = lab(np.array([linear(colour / 255) for colour in class_colours(10)]) @ VISIONS[vision].T)
    apart = np.linalg.norm(seen[:, None] - seen, axis=2) + 1000 * np.eye(10)
    assert apart.min() > 14


@pytest.mark.parametrize("background", [(255, 255, 255), (32, 32, 32)])
def test_class_colours_are_seen_on_light_and_dark(background):
    assert min(contrast(colour, background) for colour in class_colours(10)) > 1.5


def test_a_class_keeps_its_colour_whatever_the_number_of_classes():
    assert (class_colours(40)[:12] == class_colours(12)).all()


def test_forty_classes_have_forty_colours():
    colours = class_colours(40).astype(int)
    apart = np.abs(colours[:, None] - colours).max(axis=2) + 255 * np.eye(40, dtype=int)
    assert apart.min() >= 6


@pytest.mark.parametrize("background", [(255, 255, 255), (32, 32, 32)])
@pytest.mark.parametrize("colour", SLOT_COLOURS)
def test_slot_colours_are_seen_on_light_and_dark(colour, background):
    assert contrast(rgb(colour), background) >= 2.95
