"""The dots of a map as one picture: where they are, in which colours, and which are shown."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from vaeexplorer.drawing.raster import raster_points
from vaeexplorer.gui.widgets.theme import colours

OPACITY = 0.85
FADED = 0.25
"""Opacity of all dots together that do not stand out, where some do."""
SMALLEST_PX, LARGEST_PX = 2.0, 14.0
FloatArray = NDArray[np.float64]


class DotLayer:
    """Draws dots for a view of the map; knows no widget.

    Attributes
    ----------
    positions
        (n, 2), in units of the map, y upwards.
    visible
        (n,), which dots are drawn.
    standing_out
        (n,), which dots are drawn above the others, which fade; None: all alike.
    drawing_s, drawn_at
        How long the last picture took, and when (time.perf_counter) it was done.
    """

    def __init__(self) -> None:
        self.positions: FloatArray = np.zeros((0, 2))
        self.visible: NDArray[np.bool_] = np.zeros(0, bool)
        self.standing_out: NDArray[np.bool_] | None = None
        self.drawing_s = self.drawn_at = 0.0
        self._colours: NDArray[np.uint8] = np.zeros((0, 3), np.uint8)
        self._picture: QImage | None = None
        self._drawn_for: tuple[object, ...] = ()

    def set_colours(self, dot_colours: NDArray[np.uint8]) -> None:
        """Take `dot_colours`, (n, 3), one for each position that is set next.

        Another number of dots than before is a new data set: all of them are shown.
        """
        self._colours = dot_colours
        if len(self.visible) != len(dot_colours):
            self.visible = np.ones(len(dot_colours), bool)
            self.standing_out = None
        self._picture = None

    def set_positions(self, positions: NDArray[np.floating]) -> None:
        """Put the dots to `positions`, (n, 2)."""
        self.positions = np.asarray(positions, float)
        self._picture = None

    def set_visible(self, visible: NDArray[np.bool_]) -> None:
        """Draw only the dots where `visible`, (n,), is true."""
        self.visible = visible
        self._picture = None

    def set_standing_out(self, standing_out: NDArray[np.bool_] | None) -> None:
        """Let the dots where `standing_out`, (n,), is true stand out; None: all are alike."""
        self.standing_out = standing_out
        self._picture = None

    @property
    def drawn(self) -> bool:
        """Whether the dots have been drawn as they are now."""
        return self._picture is not None

    def extent(self) -> tuple[FloatArray, FloatArray] | None:
        """Least and largest coordinates of all dots, shown or not, (2,) each; None without dots."""
        if not len(self.positions):
            return None
        return self.positions.min(axis=0), self.positions.max(axis=0)

    def draw(self, size: tuple[int, int], centre: FloatArray, scale: float, ratio: float) -> QImage:
        """Draw the dots on the theme's surface, in the format that is quickest to copy.

        Parameters
        ----------
        size
            (width, height) of the view, in the device-independent pixels of Qt.
        centre
            (2,), place on the map that lies in the middle of the view.
        scale
            Pixels per unit of the map.
        ratio
            Device pixels per pixel; the picture carries it.
        """
        view = (size, *centre, scale, ratio, colours().surface)
        if self._picture is None or view != self._drawn_for:
            begun = time.perf_counter()
            self._picture = self._drawn(size, centre, scale, ratio)
            self._drawn_for = view
            self.drawn_at = time.perf_counter()
            self.drawing_s = self.drawn_at - begun
        return self._picture

    def _drawn(
        self, size: tuple[int, int], centre: FloatArray, scale: float, ratio: float
    ) -> QImage:
        width, height = (round(side * ratio) for side in size)
        picture = QImage(width, height, QImage.Format.Format_RGB32)
        picture.fill(QColor(colours().surface))
        picture.setDevicePixelRatio(ratio)
        if not len(self.positions):
            return picture
        diameter = self._diameter(size, scale) * ratio
        painter = QPainter(picture)
        for chosen, opacity in self._layers():
            shown = self.positions[chosen]
            pixels = (shown - centre) * (scale * ratio) * (1, -1) + (width / 2, height / 2)
            raster = raster_points(
                pixels, self._colours[chosen], (width, height), diameter, OPACITY
            )
            dots = QImage(
                raster.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied
            )
            # Of the layer, not of its dots: where many lie on one another they would not fade.
            painter.setOpacity(opacity)
            painter.drawImage(QRectF(0, 0, width / ratio, height / ratio), dots)
        painter.end()
        return picture

    def _layers(self) -> list[tuple[NDArray[np.bool_], float]]:
        """Which dots are drawn together, and the opacity of their layer, from back to front."""
        if self.standing_out is None:
            return [(self.visible, 1.0)]
        others = self.visible & ~self.standing_out
        return [(others, FADED), (self.visible & self.standing_out, 1.0)]

    def _diameter(self, size: tuple[int, int], scale: float) -> float:
        """Diameter of a dot in pixels: smaller where there are many, larger when zoomed in."""
        base = 0.36 * np.sqrt(size[0] * size[1] / len(self.positions))
        extent = max(float(np.ptp(self.positions, axis=0).max()), 1e-9)
        zoom = scale * extent / max(min(size), 1)
        return float(np.clip(base * max(zoom, 1.0) ** 0.5, SMALLEST_PX, LARGEST_PX))
