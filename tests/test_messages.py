from PySide6.QtWidgets import QVBoxLayout, QWidget

from vaeexplorer.gui.widgets.messages import ProgressStrip
from vaeexplorer.run import MappingProgress


class Painted(QWidget):
    """Counts how often it is painted."""

    count = 0

    def paintEvent(self, event):
        self.count += 1


def test_progress_leaves_it_to_the_window_when_what_waits_is_painted(qtbot):
    window, map_of_many_dots, strip = QWidget(), Painted(), ProgressStrip()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(map_of_many_dots)
    column.addWidget(strip)
    map_of_many_dots.setMinimumSize(80, 80)
    strip.show_progress(MappingProgress("mapping", fraction=0.1))
    window.show()
    qtbot.waitUntil(lambda: map_of_many_dots.count > 0)
    before = map_of_many_dots.count
    map_of_many_dots.update()
    strip.show_progress(MappingProgress("mapping", fraction=0.6))
    assert map_of_many_dots.count == before
    qtbot.waitUntil(lambda: map_of_many_dots.count > before)


def test_a_strip_that_keeps_its_room_moves_nothing_when_it_comes_and_goes(qtbot):
    window, above, strip = QWidget(), Painted(), ProgressStrip(keeps_room=True)
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(above, 1)
    column.addWidget(strip)
    window.resize(200, 200)
    window.show()
    strip.show_progress(MappingProgress("mapping", fraction=0.1))
    qtbot.waitUntil(lambda: above.count > 0)
    before = above.height()
    strip.hide()
    column.activate()
    assert above.height() == before < 200
