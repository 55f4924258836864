"""Colours of the overlays: one scale, whatever map they lie over."""

import numpy as np

from vaeexplorer.drawing.overlay_colours import (
    DISTANCES,
    LESS,
    MORE,
    SPAN,
    change_colours,
    distance_colours,
)
from vaeexplorer.drawing.palette import rgb

MIDDLE = (255, 255, 255)


def test_changes_are_coloured_by_how_many_times_the_reference_they_are():
    changes = np.array([[2 / SPAN, 2.0, 2 * SPAN], [0.0, np.nan, 100.0]])
    colours = change_colours(changes, 2.0, MIDDLE)
    assert colours[0, :, :3].tolist() == [list(rgb(LESS)), list(MIDDLE), list(rgb(MORE))]
    np.testing.assert_array_equal(colours[1, [0, 2]], colours[0, [0, 2]])
    assert colours[..., 3].tolist() == [[255, 255, 255], [255, 0, 255]]
    # As far above as below.
    up, down = (change_colours(np.array([c]), 1.0, (0, 0, 0))[0, :3] for c in (1.5, 1 / 1.5))
    np.testing.assert_allclose(up / np.array(rgb(MORE)), down / np.array(rgb(LESS)), atol=0.02)


def test_without_a_reference_nothing_is_coloured():
    assert not change_colours(np.ones((2, 2)), 0.0, MIDDLE)[..., 3].any()


def test_distances_go_through_three_colours_up_to_the_limit():
    colours = distance_colours(np.array([0, 0.5, 1, 7]))
    assert colours[:3].tolist() == [list(rgb(name)) for name in DISTANCES]
    np.testing.assert_array_equal(colours[2], colours[3])
