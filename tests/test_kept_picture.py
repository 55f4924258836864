"""What takes long to draw is drawn once for one view."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from vaeexplorer.gui.widgets.kept_picture import KeptPicture

AREA = QRect(0, 0, 8, 8)


def drawn(kept, key, opacity, calls, late=False):
    """The colour of a white picture over which `kept` was drawn."""
    picture = QImage(AREA.size(), QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    painter = QPainter(picture)

    def paint(inner):
        calls.append(key)
        inner.fillRect(AREA, QColor("black"))

    kept.draw(painter, AREA, opacity, key, paint, late=late)
    painter.end()
    return picture.pixelColor(4, 4).red()


def test_the_same_key_is_painted_once_and_copied_with_any_opacity(qapp):
    kept, calls = KeptPicture(), []
    assert drawn(kept, ("one",), 1.0, calls) == 0
    assert 120 < drawn(kept, ("one",), 0.5, calls) < 135
    assert calls == [("one",)]
    assert drawn(kept, ("other",), 1.0, calls) == 0
    assert calls == [("one",), ("other",)]


def test_what_is_late_is_not_painted_and_the_former_picture_stands_for_it(qapp):
    kept, calls = KeptPicture(), []
    assert drawn(kept, ("one",), 1.0, calls, late=True) == 255
    drawn(kept, ("one",), 1.0, calls)
    assert drawn(kept, ("other",), 1.0, calls, late=True) == 0
    assert calls == [("one",)]
