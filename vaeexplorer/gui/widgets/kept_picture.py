"""A picture of what takes long to draw, made again only when something about it is another."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter


class KeptPicture:
    """Copies what was drawn for the same key; draws anew for another one."""

    def __init__(self) -> None:
        self._picture: QImage | None = None
        self._drawn_for: tuple[object, ...] = ()

    def draw(
        self,
        painter: QPainter,
        area: QRect,
        opacity: float,
        key: tuple[object, ...],
        paint: Callable[[QPainter], None],
        *,
        late: bool = False,
    ) -> None:
        """Draw what `paint` draws, as one sheet of `opacity`, on a widget of the size of `area`.

        With `late` the former sheet, if any, stands for one that would have to be drawn.
        """
        ratio = painter.device().devicePixelRatioF()
        wanted = (*key, area.size(), ratio)
        if self._drawn_for != wanted and not late:
            self._picture = QImage(area.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._picture)
            paint(inner)
            inner.end()
            self._drawn_for = wanted
        if self._picture is not None:
            painter.save()
            painter.setOpacity(opacity)
            painter.drawImage(0, 0, self._picture)
            painter.restore()
