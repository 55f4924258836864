"""The film of a path: frames in a row, and under them how much the picture changes on the way."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaeexplorer.drawing.palette import SLOT_COLOURS
from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.theme import SLOT_LETTERS, colours
from vaeexplorer.jobs.paths import FRAMES, STEPS, Film

translate = QCoreApplication.translate

CURVE_SHARE = 0.46
LEAST_CURVE, GAP = 40, 4
LEAST_SIDE, MOST_SIDE = 28, 128
BIG_STEP = 6


class FilmView(QWidget):
    """Shows one Film; a click or an arrow key asks for a frame by `stepped`, Space by `played`."""

    stepped = Signal(int)
    played = Signal()

    def __init__(self, slot: int) -> None:
        super().__init__()
        self._colour = SLOT_COLOURS[slot]
        self._film: Film | None = None
        self._pictures: list[QImage] = []
        self._placeholder = ""
        self._scale = self._gap_scale = 0.0
        self._frame = 0
        self._strip: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        letter = SLOT_LETTERS[slot]
        self.setAccessibleName(translate("Film", "Film of slot {letter}").format(letter=letter))
        self.setToolTip(
            translate(
                "Film",
                "What this model decodes on the way from one image to the other. Below: how much "
                "the picture changes over each of {steps} equal steps in latent space, with one "
                "scale for all slots, the largest step marked; dashed: the distance to the "
                "nearest code. Click or arrow keys: put the probe there. Space: play.",
            ).format(steps=STEPS)
        )

    def sizeHint(self) -> QSize:
        return QSize(600, 88)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, LEAST_SIDE + GAP + LEAST_CURVE + 4)

    @property
    def film(self) -> Film | None:
        """The film that is shown."""
        return self._film

    @property
    def frame(self) -> int:
        """The frame that is marked."""
        return self._frame

    def show_film(self, film: Film | None, placeholder: str = "") -> None:
        """Show `film`, or say `placeholder` where there is none."""
        self._film, self._placeholder = film, placeholder
        self._pictures = [] if film is None else [to_qimage(frame) for frame in film.frames]
        self._strip = None
        self.update()

    def set_scales(self, step: float, gap: float) -> None:
        """Let the tops of the two curves stand for `step` and for `gap`."""
        if (step, gap) != (self._scale, self._gap_scale):
            self._scale, self._gap_scale = step, gap
            self._strip = None
            self.update()

    def set_frame(self, frame: int) -> None:
        """Mark `frame`."""
        self._frame = frame
        self.update()

    # --- where things are ---------------------------------------------------------------------

    def _side(self) -> tuple[int, int]:
        """Width and height of a frame: whole steps of its pixels where there is room."""
        picture = self._pictures[0]
        room = min(max(self.height() * (1 - CURVE_SHARE) - GAP, LEAST_SIDE), MOST_SIDE)
        scale = room / picture.height()
        scale = np.floor(scale) if scale >= 1 else scale
        return round(picture.width() * scale), round(picture.height() * scale)

    def _x(self, place: float) -> float:
        """Pixel of a place on the film, 0 to 1: the middle of the frame there."""
        width, _ = self._side()
        return 2 + width / 2 + place * (self.width() - 4 - width)

    def _frame_at(self, x: float) -> int:
        width, _ = self._side()
        share = (x - 2 - width / 2) / max(self.width() - 4 - width, 1)
        return int(np.clip(round(share * (FRAMES - 1)), 0, FRAMES - 1))

    # --- events -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._strip = None

    def changeEvent(self, event: object) -> None:
        super().changeEvent(event)
        self._strip = None

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._film is not None and event.button() == Qt.MouseButton.LeftButton:
            self.stepped.emit(self._frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._film is not None and event.buttons() & Qt.MouseButton.LeftButton:
            frame = self._frame_at(event.position().x())
            if frame != self._frame:
                self.stepped.emit(frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = BIG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        goals = {
            Qt.Key.Key_Left: self._frame - step,
            Qt.Key.Key_Right: self._frame + step,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: FRAMES - 1,
        }
        key = Qt.Key(event.key())
        if self._film is not None and key in goals:
            self.stepped.emit(min(max(goals[key], 0), FRAMES - 1))
        elif self._film is not None and key == Qt.Key.Key_Space:
            self.played.emit()
        else:
            super().keyPressEvent(event)

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colours()
        painter = QPainter(self)
        if not self._pictures:
            painter.setPen(QColor(theme.muted))
            how = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), how, self._placeholder)
            self._draw_ring(painter)
            return
        if self._strip is None:
            self._strip = self._drawn_strip()
        painter.drawImage(0, 0, self._strip)
        width, height = self._side()
        x = self._x(self._frame / (FRAMES - 1))
        painter.fillRect(
            QRectF(x - 0.5, height + GAP, 1, self.height() - height), QColor(theme.accent)
        )
        box = QRect(round(x - width / 2), 2, width, height)
        self._draw_picture(painter, box, self._frame)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawRect(box)
        self._draw_ring(painter)

    def _draw_ring(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours().accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _drawn_strip(self) -> QImage:
        """Draw all but the mark of the frame: it moves often, the rest seldom."""
        ratio = self.devicePixelRatioF()
        sheet = QImage(self.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        sheet.setDevicePixelRatio(ratio)
        sheet.fill(Qt.GlobalColor.transparent)
        painter = QPainter(sheet)
        width, height = self._side()
        count = int(np.clip((self.width() - 4) // (width + 4), 2, FRAMES))
        for place in np.linspace(0, 1, count):
            box = QRect(round(self._x(place) - width / 2), 2, width, height)
            self._draw_picture(painter, box, round(place * (FRAMES - 1)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = height + GAP + 2
        # Above the largest step stands what it is called.
        top += painter.fontMetrics().height() + 6
        self._draw_curves(painter, QRectF(0, top, self.width(), self.height() - top - 3))
        painter.end()
        return sheet

    def _draw_picture(self, painter: QPainter, box: QRect, frame: int) -> None:
        picture = self._pictures[frame]
        shrunk = box.width() < picture.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        painter.drawImage(box, picture)

    def _draw_curves(self, painter: QPainter, area: QRectF) -> None:
        film, theme = self._film, colours()
        assert film is not None
        left, right = self._x(0), self._x(1)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(left, area.bottom()), QPointF(right, area.bottom()))
        places = film.film_places(np.linspace(0, 1, STEPS + 1))
        edges = (left + places * (right - left)).tolist()
        if film.gaps is not None and self._gap_scale > 0 and np.isfinite(film.gaps).all():
            heights = area.bottom() - film.gaps / self._gap_scale * area.height()
            line = QPolygonF([QPointF(x, y) for x, y in zip(edges, heights, strict=True)])
            painter.setPen(QPen(QColor(theme.muted), 1.2, Qt.PenStyle.DashLine))
            painter.drawPolyline(line)
        if film.largest is not None and self._scale > 0:
            self._draw_steps(painter, area, edges)

    def _draw_steps(self, painter: QPainter, area: QRectF, edges: list[float]) -> None:
        film, theme = self._film, colours()
        heights = area.bottom() - film.steps / self._scale * area.height()
        outline = QPainterPath(QPointF(edges[0], area.bottom()))
        for x, beyond, y in zip(edges[:-1], edges[1:], heights, strict=True):
            outline.lineTo(x, y)
            outline.lineTo(beyond, y)
        outline.lineTo(edges[-1], area.bottom())
        fill = QColor(self._colour)
        fill.setAlpha(60)
        painter.fillPath(outline, fill)
        painter.setPen(QPen(QColor(self._colour), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        largest = film.largest
        at = QPointF((edges[largest] + edges[largest + 1]) / 2, heights[largest])
        painter.setPen(QPen(QColor(theme.surface), 1.5))
        painter.setBrush(QColor(self._colour))
        painter.drawEllipse(at, 4, 4)
        text = translate("Film", "{ratio:.1f} \N{MULTIPLICATION SIGN} mean").format(
            ratio=film.ratio
        )
        box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(0, 0, 4, 0)
        box.moveCenter(QPointF(at.x(), at.y() - 6 - box.height() / 2))
        box.moveLeft(min(max(box.left(), 2), self.width() - box.width() - 2))
        behind = QColor(theme.window)
        behind.setAlpha(200)
        painter.fillRect(box, behind)  # the dashed line may run there
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
