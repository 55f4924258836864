"""Images in place of the dots of a map, framed in the colours of these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from vaeexplorer.drawing.dot_field import FADED
from vaeexplorer.drawing.thumbnails import apart
from vaeexplorer.gui.widgets.dot_layer import DotLayer
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.gui.widgets.viewport import Viewport
from vaeexplorer.jobs.thumbnails import InView

SMALLEST_PX, LARGEST_PX = 28.0, 72.0
"""About how large a picture is, without its frame: larger where fewer are in view."""
SHARE = 0.6
"""How large, as a share of the room that each would have if all were spread evenly."""
FRAME_PX, GAP_PX = 2, 1
COVERED_PX = 5.0
"""Diameter of a dot that lies under the picture of another one."""


class MapThumbnails:
    """Draws the images of the dots in view where there is room, and says which one is where.

    Of dots whose pictures would overlap the first one becomes a picture, those that are selected
    before the others; the rest stay dots, which are drawn above the pictures.
    """

    def __init__(self, dots: DotLayer) -> None:
        self._dots = dots
        self._found: InView | None = None
        self._sheet = QImage()
        self._boxes: list[tuple[int, QRectF]] = []
        self._covered: list[tuple[int, QPointF]] = []

    def show(self, found: InView | None) -> None:
        """Draw the pictures of `found`, or none."""
        self._found = found
        if found is not None:
            k, height, width = found.pictures.shape
            # The array stays with `found`: the sheet is only another way to look at it.
            data = found.pictures.data.cast("B")
            self._sheet = QImage(data, width, k * height, 4 * width, QImage.Format.Format_RGB32)

    def clear(self) -> None:
        """Take note that none of them is drawn for now."""
        self._boxes, self._covered = [], []

    def draw(self, painter: QPainter, plane: Viewport, ratio: float) -> None:
        """Draw them on a widget with `ratio` device pixels per pixel."""
        found = self._found
        if found is None or len(self._dots.positions) <= int(found.indices[-1]):
            return
        self._arrange(found, plane, ratio)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        standing_out, dot_colours = self._dots.standing_out, self._dots.dot_colours
        gap = QColor(colours().surface)
        _, height, width = found.pictures.shape
        rows = np.searchsorted(found.indices, [index for index, _ in self._boxes]).tolist()
        for row, (index, box) in zip(rows, self._boxes, strict=True):
            fades = standing_out is not None and not standing_out[index]
            painter.fillRect(box, gap)
            painter.setOpacity(FADED if fades else 1.0)
            framed = box.adjusted(GAP_PX, GAP_PX, -GAP_PX, -GAP_PX)
            painter.fillRect(framed, QColor(*dot_colours[index].tolist()))
            inner = framed.adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX)
            source = QRectF(0, row * height, width, height)
            painter.drawImage(inner, self._sheet, source)
            painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(gap, 1))
        for index, at in self._covered:
            painter.setBrush(QColor(*dot_colours[index].tolist()))
            painter.drawEllipse(at, COVERED_PX / 2, COVERED_PX / 2)
        painter.restore()

    def _arrange(self, found: InView, plane: Viewport, ratio: float) -> None:
        """Give a box to every picture that has room, in whole pixels of the device."""
        visible = self._dots.visible[found.indices]
        if self._dots.standing_out is not None:
            first = np.argsort(~self._dots.standing_out[found.indices], kind="stable")
        else:
            first = np.arange(len(found.indices))
        indices = found.indices[first[visible[first]]]
        places = self._dots.positions[indices].astype(float) - plane.centre
        places = places * (plane.scale, -plane.scale) + plane.middle
        width, height = self._size(found, plane, ratio)
        chosen = apart(places, width, height)
        corners = np.round((places - (width / 2, height / 2)) * ratio) / ratio
        self._boxes = [
            (int(index), QRectF(x, y, width, height))
            for index, (x, y) in zip(indices[chosen], corners[chosen].tolist(), strict=True)
        ]
        offsets = np.abs(places[~chosen, None] - places[chosen])
        under = (offsets < (width / 2, height / 2)).all(axis=2).any(axis=1)
        self._covered = [
            (int(index), QPointF(x, y))
            for index, (x, y) in zip(
                indices[~chosen][under], places[~chosen][under].tolist(), strict=True
            )
        ]

    def _size(self, found: InView, plane: Viewport, ratio: float) -> tuple[float, float]:
        """Return width and height of a picture with its frame: whole steps of its pixels."""
        k, height, width = found.pictures.shape
        room = plane.size.width() * plane.size.height() / k
        side = np.clip(SHARE * np.sqrt(room), SMALLEST_PX, LARGEST_PX) * ratio
        times = max(1, int(side / max(height, width)))
        border = 2 * (FRAME_PX + GAP_PX)
        return times * width / ratio + border, times * height / ratio + border

    def box_at(self, pixel: QPointF) -> QRectF | None:
        """Return the outline of the picture in the middle of which `pixel` is."""
        for _, box in self._boxes:
            offset = box.center() - pixel
            if max(abs(offset.x()), abs(offset.y())) <= 1:
                return box
        return None

    def dot_under(self, pixel: QPointF, reach: float) -> NDArray[np.float64] | None:
        """Return the place on the map, (2,), of the dot whose picture is under `pixel`.

        None where there is no picture, and where a dot within `reach` pixels lies above it.
        """
        if any((at - pixel).manhattanLength() <= reach for _, at in self._covered):
            return None
        for index, box in self._boxes:
            if box.contains(pixel) and index < len(self._dots.positions):
                return self._dots.positions[index].astype(float)
        return None
