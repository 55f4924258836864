import numpy as np
import pytest

from vaeexplorer.drawing.colour_scales import MISSING, STEPS, number_colours, robust_range, scale

# Sight without one kind of cones, on linear RGB: Machado, Oliveira and Fernandes 2009.
SIGHTS = {
    "all": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colours):
    share = np.asarray(colours, float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def oklab(colours, sight="all"):
    to_lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    seen = np.clip(linear(colours) @ np.transpose(SIGHTS[sight]), 0, 1)
    return np.cbrt(seen @ np.transpose(to_lms)) @ np.transpose(to_lab)


def contrast(one, other):
    weights = (0.2126, 0.7152, 0.0722)
    low, high = sorted(float(linear(colour) @ weights) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_steps_of_the_scale_are_even():
    steps = np.linalg.norm(np.diff(oklab(scale()[::8]), axis=0), axis=1)
    assert len(scale()) == STEPS
    assert steps.max() < 1.2 * steps.min()


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_eye_sees_every_sixteenth_of_the_scale(sight):
    assert np.linalg.norm(np.diff(oklab(scale()[::16], sight), axis=0), axis=1).min() > 0.018


@pytest.mark.parametrize("background", [(255, 255, 255), (18, 21, 26)])
def test_the_whole_scale_is_seen_on_light_and_on_dark(background):
    assert min(contrast(colour, background) for colour in scale()) > 1.6


def test_numbers_get_colours_in_their_order_and_missing_ones_grey():
    values = np.array([-5.0, 0.0, 5.0, 10.0, 99.0, np.nan, np.inf])
    colours = number_colours(values, 0.0, 10.0)
    ends = scale()[[0, 0, STEPS // 2, STEPS - 1, STEPS - 1]]
    assert (colours[:5] == ends).all()
    assert (colours[5:] == MISSING).all()


def test_equal_numbers_get_one_colour():
    assert len(np.unique(number_colours(np.full(5, 3.0), 3.0, 3.0), axis=0)) == 1


def test_a_few_odd_values_do_not_stretch_the_scale():
    values = np.concatenate([np.linspace(0, 1, 1_000), [1e9, -1e9, np.nan]])
    low, high = robust_range(values)
    assert -0.01 < low < 0.02
    assert 0.98 < high < 1.01
    assert robust_range(np.array([np.nan])) == (0.0, 1.0)
