"""Holes in a report: what is drawn, and how much of the map it is."""

from types import SimpleNamespace

import numpy as np
import pytest

from vaeexplorer.report.findings import Window
from vaeexplorer.report.hole_pictures import hole_masks

LEFT = np.tile(np.array([255, 0], np.uint8).repeat(32), (64, 1))
"""A field whose left half is far from every posterior."""


def masks(window, *, unmapped=None, beyond=False):
    """The masks of a map from (0, 0) to (1, 1) in a window of it."""
    holes = SimpleNamespace(
        low=np.zeros(2), high=np.ones(2), empty=LEFT, unmapped=unmapped, beyond=beyond
    )
    return hole_masks(SimpleNamespace(window=window), holes)


def test_the_share_is_that_of_the_part_that_is_drawn():
    assert masks(Window(0, 0, 1)).far_share == pytest.approx(0.5, abs=0.01)
    assert masks(Window(0, 0, 0.5)).far_share == pytest.approx(1, abs=0.02)
    assert masks(Window(0.5, 0, 0.5)).far_share == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(("beyond", "share"), [(False, 0.125), (True, 0.875)])
def test_places_around_the_field_are_what_its_edges_are(beyond, share):
    found = masks(Window(0, 0, 2), beyond=beyond)
    assert found.far_share == pytest.approx(share, abs=0.01)


def test_places_without_a_dot_are_no_holes_and_count_for_nothing():
    low = np.zeros((64, 64), np.uint8)
    low[:32] = 255
    found = masks(Window(0, 0, 1), unmapped=low)
    # Rows of a field go upwards, those of a picture downwards.
    assert found.unmapped[-1].min() == 255
    assert found.unmapped[0].max() == 0
    assert not found.empty[-1].any()
    assert found.far_share == pytest.approx(0.5, abs=0.01)
    # Around a map of dots there are none.
    assert masks(Window(2, 2, 1), unmapped=low).far_share is None


def test_a_window_tells_what_lies_in_it():
    places = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, -0.1], [1, 0]])
    assert Window(0, 0, 1).covers(places).tolist() == [True, False, False, True]
