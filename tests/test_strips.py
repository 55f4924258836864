"""Films as files: what stands in the pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vaeexplorer.drawing.palette import SLOT_COLOURS, rgb
from vaeexplorer.drawing.strips import (
    GAP,
    LETTER,
    MARGIN,
    STILL_SIDE,
    WHITE,
    Strip,
    film_file,
    film_picture,
)

COUNT = 9
EDGES = np.linspace(0, 1, 5)


def strip(slot, steps, channels=1, side=8):
    frames = np.zeros((COUNT, channels, side, side), np.uint8)
    frames[:] = np.linspace(0, 255, COUNT).round()[:, None, None, None]
    return Strip(slot, frames, np.array(steps, float), EDGES)


def bars(picture, slot):
    """Pixels of the slot's colour in each column, without the badge at the left."""
    return (picture == rgb(SLOT_COLOURS[slot])).all(axis=2)[:, 60:].sum(axis=0)


def test_bars_of_all_slots_have_one_scale_and_stand_under_their_frames():
    picture = film_picture([strip(0, [1, 2, 1, 1]), strip(1, [1, 1, 4, 1], channels=3)])
    first, second = bars(picture, 0), bars(picture, 1)
    assert first.max() * 2 == second.max()
    assert (
        np.flatnonzero(first == first.max()).mean() < np.flatnonzero(second == second.max()).min()
    )
    reach = np.flatnonzero(first)
    half_a_frame = 36
    assert 60 + reach[0] == MARGIN + LETTER + GAP + half_a_frame
    assert 60 + reach[-1] + 2 == picture.shape[1] - MARGIN - half_a_frame


@pytest.mark.parametrize("steps", [[np.nan] * 4, [0, 0, 0, 0]])
def test_a_model_without_steps_has_no_bars(steps):
    assert not bars(film_picture([strip(2, steps)]), 2).any()


def test_only_a_step_that_is_the_largest_is_marked():
    def inked(largest):
        picture = film_picture([strip(0, [1, 2, 1, 2])._replace(largest=largest)])
        return np.flatnonzero((picture == WHITE.text).all(axis=2).any(axis=0)) / picture.shape[1]

    assert not inked(None).size
    assert inked(1).mean() < 1 / 2 < inked(3).mean()


def test_the_moving_picture_goes_there_and_back_side_by_side():
    content = film_file([strip(0, [1, 1, 1, 1]), strip(3, [1, 1, 1, 1])], ".gif")
    with Image.open(io.BytesIO(content)) as moving:
        assert moving.n_frames == 2 * COUNT - 2
        assert moving.info["loop"] == 0
        assert moving.size[0] == 2 * STILL_SIDE + 3 * MARGIN
        middle = moving.size[1] // 2
        values = []
        for frame in range(moving.n_frames):
            moving.seek(frame)
            red = moving.convert("RGB").getpixel((MARGIN + STILL_SIDE // 2, middle))[0]
            values.append(red)
    np.testing.assert_allclose(values[:COUNT], np.linspace(0, 255, COUNT), atol=3)
    assert values[1:] == values[:0:-1]


def test_any_other_ending_is_a_still_picture():
    with Image.open(io.BytesIO(film_file([strip(0, [1, 1, 1, 1], side=28)], ".png"))) as still:
        assert still.format == "PNG"
