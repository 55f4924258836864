"""The swap grid: all of it is seen, however little room there is."""

from __future__ import annotations

import numpy as np
import pytest

from vaeexplorer.gui.widgets.swap_view import SwapView
from vaeexplorer.jobs.swapping import MOST, SwapGrid


@pytest.mark.parametrize("count", [2, 5, MOST])
def test_every_cell_is_seen_in_the_least_room(qtbot, count):
    view = SwapView()
    qtbot.addWidget(view)
    originals = np.zeros((count, 1, 8, 8), np.uint8)
    codes = np.zeros((count, 2), np.float32)
    cells = np.zeros((count, count, 1, 8, 8), np.uint8)
    grid = SwapGrid(np.arange(count), originals, cells, codes, codes)
    view.show_grid(grid, [f"image #{index}" for index in range(count)])
    view.resize(view.minimumSizeHint())
    ends = (-1, 0, count - 1)
    places = [view.cell(row, column) for row in ends for column in ends]
    assert all(view.rect().contains(place) for place in places)
    assert min(place.width() for place in places) >= 8
    assert not view.cell(0, 0).intersects(view.cell(0, 1))
    assert not view.cell(-1, 0).intersects(view.cell(0, 0))
