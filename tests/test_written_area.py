"""A page that is written in turns is seen when it is whole, and the former one until then."""

from functools import partial

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout

from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.written_area import WrittenArea


@pytest.fixture
def area(qtbot):
    area = WrittenArea("numbers")
    area.resize(300, 200)
    qtbot.addWidget(area)
    with qtbot.waitExposed(area):
        area.show()
    return area


def writer(*texts, seen=lambda: None):
    """Return what writes one text in each piece."""

    def write(page):
        column = QVBoxLayout(page)
        for text in texts:
            seen()
            column.addWidget(QLabel(text))
            yield

    return write


def shown(area):
    return [label.text() for label in area.findChildren(QLabel) if label.isVisible()]


def test_the_former_page_stays_until_the_new_one_is_whole(qtbot, area):
    area.write(writer("a", "b"))
    qtbot.waitUntil(lambda: shown(area) == ["a", "b"])
    meanwhile = []
    area.write(writer("c", "d", "e", seen=lambda: meanwhile.append(shown(area))))
    qtbot.waitUntil(lambda: not turns().busy())
    assert shown(area) == ["c", "d", "e"]
    assert meanwhile == 3 * [["a", "b"]]


def test_what_is_written_later_is_shown_and_nothing_of_what_it_replaces(qtbot, area):
    texts = [f"line {number}" for number in range(4)]
    for pieces in range(8):  # given up at its beginning, in the middle, and when it is whole
        done = []
        area.write(writer(*texts, seen=lambda done=done: done.append(0)))
        qtbot.waitUntil(lambda done=done, n=pieces: len(done) >= min(n, len(texts)))
        area.write(writer("last"))
        qtbot.waitUntil(lambda: not turns().busy())
        assert shown(area) == ["last"]
        qtbot.waitUntil(lambda: len(area.findChildren(QLabel)) == 1)


def test_text_that_wraps_has_the_height_that_it_needs(qtbot, area):
    def write(page, words):
        column = QVBoxLayout(page)
        for _ in range(6):
            label = QLabel(words * "word ")
            label.setWordWrap(True)
            column.addWidget(label)
            yield

    for words in (3, 60, 5, 90):
        area.write(partial(write, words=words))
        qtbot.waitUntil(lambda: not turns().busy())
        labels = [one for one in area.findChildren(QLabel) if one.isVisible()]
        assert len(labels) == 6
        for label in labels:
            qtbot.waitUntil(lambda one=label: one.height() >= one.heightForWidth(one.width()))
