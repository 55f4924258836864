"""Which dots an outline goes round, and what selections do to one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeexplorer.latent.selection import (
    Selection,
    as_csv,
    changed,
    label_counts,
    rectangle,
    spread_out,
    within,
)


def wound_round(points, outline):
    """The non-zero winding rule, edge by edge, as textbooks have it."""
    winding = np.zeros(len(points), int)
    x, y = points.T
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crossing = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        winding += (y0 <= y) & (y < y1) & (x < crossing)
        winding -= (y1 <= y) & (y < y0) & (x < crossing)
    return winding != 0


@given(st.integers(0, 10**6), st.integers(3, 40), st.floats(1e-3, 1e4), st.floats(-1e3, 1e3))
def test_a_lasso_takes_what_it_goes_round_however_it_crosses_itself(seed, corners, size, shift):
    rng = np.random.default_rng(seed)
    outline = size * rng.standard_normal((corners, 2)) + shift
    points = size * 1.5 * rng.standard_normal((500, 2)) + shift
    np.testing.assert_array_equal(within(points, outline), wound_round(points, outline))


def test_positions_in_single_precision_and_in_great_number_are_told_as_exactly():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((200_000, 2)).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, 300)
    outline = np.c_[np.cos(angle), np.sin(angle)] * (1 + 0.3 * np.sin(9 * angle))[:, None]
    np.testing.assert_array_equal(within(points, outline), wound_round(points, outline))


def test_a_lasso_that_overshoots_its_start_leaves_no_hole():
    angle = np.linspace(0, 2.4 * np.pi, 80)
    spiral = np.c_[np.cos(angle), np.sin(angle)] * np.linspace(1, 0.8, 80)[:, None]
    assert within(np.array([[0.0, 0.0], [0.5, 0.5], [2.0, 0.0]]), spiral).tolist() == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("outline", [[], [(0, 0)], [(0, 0), (1, 1)], [(0, 0), (1, 0), (2, 0)]])
def test_an_outline_without_a_surface_takes_nothing(outline):
    assert not within(np.zeros((3, 2)), np.array(outline, float).reshape(-1, 2)).any()


def test_what_is_nowhere_is_in_no_lasso():
    points = np.array([[np.nan, 0], [np.inf, 0], [0, -np.inf], [0, 0]], np.float32)
    assert within(points, rectangle([-1, -1], [1, 1])).tolist() == [False, False, False, True]


def test_a_rectangle_may_be_drawn_from_any_corner():
    points = np.random.default_rng(0).uniform(-2, 2, (300, 2))
    expected = (np.abs(points - [0.5, 0.25]) < [0.5, 0.75]).all(axis=1)
    for first, second in (((0, -0.5), (1, 1)), ((1, -0.5), (0, 1)), ((1, 1), (0, -0.5))):
        np.testing.assert_array_equal(within(points, rectangle(first, second)), expected)


def chosen(*indices, data="data"):
    return changed(None, data, 10, np.array(indices, int))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("new", [2, 3]),
        ("add", [1, 2, 3]),
        ("remove", [1]),
        ("toggle", [1, 3]),
    ],
)
def test_changes(change, expected):
    after = changed(chosen(2, 1), "data", 10, np.array([3, 2, 3]), change)
    assert after.indices.tolist() == expected
    assert not after.indices.flags.writeable
    assert np.flatnonzero(after.mask).tolist() == expected


def test_nothing_selected_is_no_selection():
    assert chosen() is None
    assert changed(chosen(1), "data", 10, np.array([1]), "toggle") is None
    assert changed(chosen(1), "data", 10, np.zeros(0, int)) is None


def test_images_of_other_data_are_never_mixed():
    before = chosen(1, 2)
    for change in ("new", "add", "toggle"):
        after = changed(before, "other", 5, np.array([4]), change)
        assert (after.fingerprint, after.n, after.indices.tolist()) == ("other", 5, [4])
    assert changed(before, "other", 5, np.array([1]), "remove") is before


@pytest.mark.parametrize("index", [-1, 10])
def test_images_that_do_not_exist_are_refused(index):
    with pytest.raises(IndexError):
        chosen(index)


def test_counts_table_and_sample():
    labels = np.array([0, 1, 1, 0, 2, 2, 2, 1, 0, 0])
    selection = Selection("data", 10, np.array([1, 4, 7]))
    assert label_counts(selection.indices, labels, 4).tolist() == [0, 2, 1, 0]
    assert as_csv(selection, labels, ("a", 'b, "c"', "圆")) == (
        'index,label\n1,"b, ""c"""\n4,圆\n7,"b, ""c"""\n'
    )
    assert as_csv(selection, None, ()) == "index\n1\n4\n7\n"
    assert spread_out(np.arange(100, 200), 3).tolist() == [100, 150, 199]
    assert spread_out(np.arange(3), 24).tolist() == [0, 1, 2]
