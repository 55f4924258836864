"""Maps side by side are equally high, whatever stands above and below them."""

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vaeexplorer.gui.turns import Turns, turns
from vaeexplorer.gui.widgets.map_canvas import MapCanvas
from vaeexplorer.gui.widgets.map_grid import MapGrid

LONG = "a legend of many words that takes more than one row "


class Panel(QWidget):
    """A map between two texts that wrap."""

    def __init__(self) -> None:
        super().__init__()
        self.view = MapCanvas()
        self.texts, self.around = (QLabel(), QLabel()), (QWidget(), QWidget())
        for part, text in zip(self.around, self.texts, strict=True):
            text.setWordWrap(True)
            QVBoxLayout(part).addWidget(text)
        column = QVBoxLayout(self)
        column.addWidget(self.around[0])
        column.addWidget(self.view, 1)
        column.addWidget(self.around[1])


@pytest.fixture
def grid(qtbot):
    """Two maps in a window of 600 x 600."""
    grid = MapGrid()
    qtbot.addWidget(grid)
    grid.panels = [Panel(), Panel()]
    for panel in grid.panels:
        grid.add(panel, panel.around)
    grid.resize(600, 600)
    with qtbot.waitExposed(grid):
        grid.show()
    return grid


def heights(grid):
    return {panel.view.height() for panel in grid.panels}


@pytest.mark.parametrize("place", [0, 1], ids=["above", "below"])
def test_a_text_of_many_rows_takes_room_from_every_map(qtbot, grid, place):
    (before,) = heights(grid)
    text = grid.panels[1].texts[place]
    text.setText(4 * LONG)
    qtbot.waitUntil(lambda: len(heights(grid)) == 1 and heights(grid) != {before})
    assert max(heights(grid)) <= before - text.fontMetrics().height()
    text.setText("")
    qtbot.waitUntil(lambda: heights(grid) == {before})


def test_the_narrower_map_decides_how_many_rows_there_are(qtbot, grid):
    for panel in grid.panels:
        panel.texts[1].setText(LONG)
    qtbot.waitUntil(lambda: len(heights(grid)) == 1)
    (before,) = heights(grid)
    grid.widget(0).setSizes([100, 500])
    qtbot.waitUntil(lambda: len(heights(grid)) == 1 and min(heights(grid)) < before)


def test_four_maps_are_equally_high_and_two_are_again_when_the_others_go(qtbot, grid):
    (before,) = heights(grid)
    for _ in range(2):
        grid.panels.append(Panel())
        panel = grid.panels[-1]
        grid.add(panel, panel.around)
    grid.panels[3].texts[0].setText(2 * LONG)
    qtbot.waitUntil(lambda: max(heights(grid)) < before / 2)
    qtbot.waitUntil(lambda: max(heights(grid)) - min(heights(grid)) <= 1)
    for _ in range(2):
        grid.panels.pop()
        grid.remove_last()
    qtbot.waitUntil(lambda: heights(grid) == {before})


def lengthen(grid):
    grid.panels[0].texts[1].setText(3 * LONG)


@pytest.mark.parametrize("change", [lengthen, lambda grid: grid.resize(600, 400)])
def test_maps_that_get_another_size_together_are_drawn_in_turns(qtbot, grid, monkeypatch, change):
    qtbot.waitUntil(lambda: not turns().busy())
    (before,), seen, real = heights(grid), [], Turns._do_next
    monkeypatch.setattr(Turns, "_do_next", lambda its: (seen.append("turn"), real(its)))
    for place, panel in enumerate(grid.panels):
        for what in ("draw", "draw_former"):
            draw = getattr(panel.view.dots, what)

            def noted(*given, draw=draw, what=(what, place)):
                seen.append(what)
                return draw(*given)

            monkeypatch.setattr(panel.view.dots, what, noted)
    change(grid)
    qtbot.waitUntil(lambda: len(heights(grid)) == 1 and heights(grid) != {before})
    qtbot.waitUntil(lambda: {("draw", 0), ("draw", 1)} <= set(seen))
    first, second = sorted(seen.index(("draw", place)) for place in (0, 1))
    assert {("draw_former", 0), ("draw_former", 1)} <= set(seen[:first])
    assert "turn" in seen[first:second]
