"""Small widgets in little room: nothing is cut, nothing lies over another, and space is used."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.dock_buttons import CLOSE, FLOAT, DockButtons
from vaeexplorer.gui.widgets.elided_label import ElidedLabel
from vaeexplorer.gui.widgets.empty_slot import EmptySlot
from vaeexplorer.gui.widgets.evidence_plots import RatePlane
from vaeexplorer.gui.widgets.image_view import ImageView
from vaeexplorer.gui.widgets.map_hint import MapHint
from vaeexplorer.gui.widgets.map_view import MapView
from vaeexplorer.gui.widgets.picture_grid import GAP, PictureGrid
from vaeexplorer.gui.widgets.score_bar import LEAST_TRACK, ScoreBar
from vaeexplorer.gui.widgets.theme import DARK, GRID, LIGHT, apply_theme
from vaeexplorer.gui.widgets.tiles import LEAST_SIDE, MOST_SIDE, Tiles
from vaeexplorer.run import Measures


def pictures(count: int, together: int, side: int) -> list:
    return [np.full((together, 1, side, side), 90, np.uint8) for _ in range(count)]


@pytest.fixture
def tiles(qtbot):
    tiles = Tiles()
    qtbot.addWidget(tiles)
    return tiles


@pytest.mark.parametrize("side", [8, 28, 64])
@pytest.mark.parametrize(("count", "together"), [(5, 2), (8, 1)])
@pytest.mark.parametrize("width", [456, 535, 900])
def test_all_tiles_stand_in_one_row_as_large_as_that_lets_them(
    qtbot, tiles, side, count, together, width
):
    tiles.resize(width, 200)
    tiles.show_tiles(pictures(count, together, side), ["1.8 ×"] * count, ["tile"] * count)
    tiles.show()
    qtbot.waitUntil(lambda: tiles.buttons[-1].x() > 0)
    assert len({button.y() for button in tiles.buttons}) == 1
    assert max(button.geometry().right() for button in tiles.buttons) < width
    height = tiles.buttons[0].iconSize().height()
    # 28 of 32 pixels: each pixel of a picture is a whole one of the screen.
    assert LEAST_SIDE - 8 < height <= MOST_SIDE
    if side <= LEAST_SIDE:
        assert height % side == 0


def test_tiles_go_on_in_a_new_row_where_even_the_smallest_have_no_room(qtbot, tiles):
    tiles.resize(200, 200)
    tiles.show_tiles(pictures(8, 2, 8), ["1.8 ×"] * 8, ["tile"] * 8)
    tiles.show()
    qtbot.waitUntil(lambda: len({button.y() for button in tiles.buttons}) > 1)
    assert tiles.buttons[0].iconSize().height() == LEAST_SIDE


def test_the_values_of_the_diagonals_never_lie_over_one_another(qtbot):
    plane = RatePlane()
    qtbot.addWidget(plane)
    plane.show()
    for width in (246, 330):
        plane.resize(width, 258)
        for rate, distortions in ((4.2, [16.5, 19.3]), (25.0, [70.0, 130.0]), (1.0, [3.0])):
            others = [("other", Measures(one, rate)) for one in distortions]
            plane.show_runs(others, {0: others[0][1]})
            qtbot.waitUntil(lambda: plane.up_to_date)
            plane.grab()
            values = [one for one in plane.scene().items() if isinstance(one, pg.TextItem)]
            places = [
                one.mapRectToScene(one.boundingRect())
                for one in values
                if "ELBO" in one.textItem.toPlainText()
            ]
            area = plane.box.sceneBoundingRect()
            assert len(places) > 2
            assert not any(one.intersects(other) for one, other in combinations(places, 2))
            assert all(area.contains(place) for place in places)


def test_pictures_of_few_pixels_stand_close_together(qtbot):
    grid = PictureGrid("draws")
    qtbot.addWidget(grid)
    grid.show_pictures(np.zeros((24, 1, 8, 8), np.uint8), [f"draw {n}" for n in range(24)])
    grid.resize(188, 178)
    first, second = grid.cell(0), grid.cell(1)
    assert first.width() == 32
    assert second.left() - first.right() - 1 == GAP
    assert all(grid.rect().contains(grid.cell(index)) for index in range(24))


def turned(grid, steps):
    """Turn the wheel over `grid`, down for positive steps; return whether it took that."""
    middle = QPointF(grid.rect().center())
    event = QWheelEvent(
        middle,
        grid.mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(grid, event)
    return event.isAccepted()


def test_pictures_that_there_is_no_room_for_are_counted_and_come_by_wheel_keys_and_click(qtbot):
    grid = PictureGrid("draws")
    qtbot.addWidget(grid)
    grid.show_pictures(np.zeros((36, 1, 28, 28), np.uint8), [f"draw {n}" for n in range(36)])
    grid.resize(8 * 24, 2 * 24)
    grid.show()
    assert grid.shown == range(15), "the last cell says how many more there are"
    last = grid.cell(15).center()
    assert turned(grid, 1)
    assert grid.shown == range(8, 23)
    assert turned(grid, -1)
    assert not turned(grid, -1), "what it is in may scroll now"
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=last)
    assert grid.current is None
    assert grid.shown == range(16, 31)
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell(20).center())
    assert grid.current == 20
    for key in 3 * [Qt.Key.Key_Down, Qt.Key.Key_Right]:
        QTest.keyClick(grid, key)
        assert grid.current in grid.shown
    assert (grid.current, grid.shown) == (31, range(24, 36)), "now the last row is seen whole"
    grid.resize(400, 300)
    assert grid.shown == range(36)


def test_an_empty_slot_is_as_low_as_a_map_and_its_buttons_stand_apart(qtbot):
    empty, view = EmptySlot(), MapView()
    for widget in (empty, view):
        qtbot.addWidget(widget)
    assert empty.minimumSizeHint().height() <= view.minimumSizeHint().height()
    empty.resize(empty.minimumSizeHint())
    empty.show()
    first, second = empty.findChildren(QPushButton)
    assert second.geometry().left() - first.geometry().right() > GRID


def test_the_hint_floats_over_the_map_and_leaves_the_mouse_to_it(qtbot):
    stage, view = QWidget(), QWidget()
    qtbot.addWidget(stage)
    column = QVBoxLayout(stage)
    column.addWidget(view)
    hint = MapHint("Move over a map", stage)
    hint.stand_over(view)
    stage.resize(600, 400)
    stage.show()
    qtbot.waitUntil(lambda: view.geometry().contains(hint.geometry()))
    assert abs(hint.geometry().center().x() - stage.rect().center().x()) <= 1
    before = view.geometry()
    view.hide()
    assert not hint.isVisible()
    view.show()
    assert hint.isVisible()
    hint.dismiss()
    stage.layout().activate()
    assert view.geometry() == before
    view.hide()
    view.show()
    assert not hint.isVisible()
    assert hint.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_a_long_name_is_cut_with_dots_and_whole_in_its_tooltip(qtbot):
    label = ElidedLabel(first=True)
    qtbot.addWidget(label)
    label.setText("a convolutional VAE of 64 dimensions, trained for 200 epochs on all the digits")
    assert label.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Maximum
    assert label.minimumWidth() == 1
    label.resize(label.sizeHint())
    assert label._elided() == label.text()
    label.resize(120, 20)
    assert label._elided().startswith("a conv")
    assert label.fontMetrics().horizontalAdvance(label._elided()) <= 120


def test_a_long_name_leaves_some_room_to_what_is_beside_it(qtbot):
    row = QWidget()
    qtbot.addWidget(row)
    title, details = ElidedLabel(first=True), ElidedLabel()
    layout = QHBoxLayout(row)
    layout.addWidget(title)
    layout.addWidget(details, 1)
    title.setText("a convolutional VAE of 64 dimensions, trained for 200 epochs on all the digits")
    details.setText("digits, 8 dimensions, UMAP of 1,797 images")
    details.keep(120)
    row.resize(300, 30)
    row.show()
    assert details.width() == 120
    details.setText("digits")
    layout.activate()
    needed = details.fontMetrics().horizontalAdvance("digits")
    assert details.width() == needed, "and no more than it needs"


def test_a_name_of_two_rows_is_broken_between_words_and_cut_at_its_end(qtbot):
    label = ElidedLabel(rows=2)
    qtbot.addWidget(label)
    label.setText("fitted mixture of seven\n0.871")
    metrics = label.fontMetrics()
    label.resize(metrics.horizontalAdvance("fitted mixture of"), 60)
    assert label._elided() == "fitted mixture of\nseven\n0.871"
    assert label.heightForWidth(label.width()) == 3 * metrics.lineSpacing()
    label.resize(metrics.horizontalAdvance("mixture"), 60)
    first, second, number = label._elided().split("\n")
    assert (first, number) == ("fitted", "0.871")
    assert second.startswith("mix")
    assert not label._elided().endswith("seven")


@pytest.mark.parametrize(("side", "shown"), [(8, 96), (28, 84), (64, 96), (300, 96)])
def test_pictures_of_any_size_fill_their_view(qtbot, side, shown):
    view = ImageView("decode")
    qtbot.addWidget(view)
    view.resize(100, 100)  # with the frame around
    view.show_image(np.full((1, side, side), 255, np.uint8))
    view.show()
    grabbed = view.grab().toImage()
    white = [grabbed.pixelColor(x, 50).lightness() > 250 for x in range(2, 98)]
    assert sum(white) == shown


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_buttons_of_a_dock_are_seen_on_both_themes(qtbot, theme):
    window = QMainWindow()
    qtbot.addWidget(window)
    dock, buttons = QDockWidget("Probe", window), DockButtons(window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    buttons.watch(dock)
    window.show()
    apply_theme(QApplication.instance(), theme)
    muted = (DARK if theme == "dark" else LIGHT).muted
    qtbot.waitUntil(lambda: ink(dock, CLOSE) == ink(dock, FLOAT) == muted)
    # As Qt does when a dock begins to float.
    dock.findChild(QAbstractButton, CLOSE).setIcon(QIcon())
    dock.topLevelChanged.emit(True)
    assert ink(dock, CLOSE) == muted


def ink(dock: QDockWidget, name: str) -> str:
    """Return the colour of the most opaque pixel of a button's icon."""
    icon = dock.findChild(QAbstractButton, name).icon().pixmap(16, 16).toImage()
    pixels = [icon.pixelColor(x, y) for x in range(16) for y in range(16)]
    return max(pixels, key=QColor.alpha).name()


def test_a_number_without_room_for_its_bar_is_written_whole(qtbot):
    bar = ScoreBar(0, "continuity")
    qtbot.addWidget(bar)
    bar.show_value(1.0, 0.004, "0.520 ± 0.005")
    bar.resize(bar.minimumSizeHint())
    assert bar.fontMetrics().horizontalAdvance(bar.text) <= bar.width()
    narrow = bar.grab().toImage().pixelColor(2, bar.height() // 2)
    assert narrow.getRgb()[:3] != QColor(SLOT_COLOURS[0]).getRgb()[:3], "no stump of a bar"
    bar.resize(bar.width() + LEAST_TRACK, bar.height())
    wide = bar.grab().toImage().pixelColor(12, bar.height() // 2)
    assert wide.getRgb()[:3] == QColor(SLOT_COLOURS[0]).getRgb()[:3]
