"""The path check: one way between the same two images, as every slot's model decodes it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.drawing.strips import film_picture
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.badge import SlotBadge
from vaeexplorer.gui.widgets.film_view import FilmView
from vaeexplorer.gui.widgets.image_name import image_name
from vaeexplorer.gui.widgets.image_view import to_qimage
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS, tabular
from vaeexplorer.jobs.paths import FRAMES, Film, PathChoice
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

PLAY_MS = 60
LEAST_NAME = 64
NUMBERS_WIDTH = 168
NOTHING = "--"


class SlotFilm(QWidget):
    """The film of one slot with its two numbers."""

    def __init__(self, slot: int) -> None:
        super().__init__()
        self.view = FilmView(slot)
        self.numbers = QLabel()
        self.numbers.setFixedWidth(NUMBERS_WIDTH)
        self.numbers.setWordWrap(True)
        self.numbers.setFont(tabular(self.numbers.font()))
        self.numbers.setToolTip(
            translate(
                "Path",
                "Largest step: the largest change of the picture over one of the equal steps of "
                "the way, in units of the mean change; 1 is an even change. It is an alarm for "
                "this one path and does not rank models: continuity does. Away from codes: the "
                "largest distance of the way to the nearest code, in units of the usual one, the "
                "median distance between neighbouring codes.",
            )
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(SlotBadge(slot), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.view, 1)
        row.addWidget(self.numbers, 0, Qt.AlignmentFlag.AlignTop)

    def show_film(self, film: Film | None, reason: str) -> None:
        """Show `film`, or in words why there is none."""
        self.view.show_film(film, _reason(reason))
        if film is None:
            self.numbers.setText("")
            return
        ratio, gaps = film.ratio, film.gaps
        self.numbers.setText(
            translate("Path", "largest step: {step}\naway from codes (dashed): {gap}").format(
                step=NOTHING
                if ratio is None
                else translate("Path", "{ratio:.2f} \N{MULTIPLICATION SIGN} mean").format(
                    ratio=ratio
                ),
                gap=NOTHING
                if gaps is None
                else translate("Path", "{gap:.2f} \N{MULTIPLICATION SIGN} usual").format(
                    gap=gaps.max()
                ),
            )
        )


class PathPanel(QWidget):
    """The ends and the way at the top, then one film per slot."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.films: list[SlotFilm] = []
        self._frame, self._direction = 0, 1
        self._clock = QTimer(self)
        self._clock.setInterval(PLAY_MS)
        self._clock.timeout.connect(self._play_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(self._tools())
        self.note = QLabel()
        self.note.setProperty("muted", True)
        self.note.setWordWrap(True)
        column.addWidget(self.note)
        self._rows = QGridLayout()
        self._rows.setSpacing(GRID)
        page = QWidget()
        page.setLayout(self._rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollArea(takes_keys=False, sideways=False)
        scroll.setWidget(page)
        column.addWidget(scroll, 1)
        self._rebuild(len(session.slots))
        session.slots_changed.connect(self._rebuild)
        session.path.chosen.connect(self._show_choice)
        session.path.filmed.connect(self._show_film)
        session.path.stepped.connect(self._show_frame)
        session.path.watched.connect(self._rest)
        session.path.drawing_changed.connect(self._show_drawing)
        self._show_choice(session.path.choice)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.start, self.end = QLabel(), QLabel()
        for label in (self.start, self.end):
            label.setMinimumWidth(LEAST_NAME)  # a long name must not widen the window
        self.start_button = QPushButton(translate("Path", "Start at probe"))
        self.start_button.setToolTip(
            translate("Path", "Let the path start at the image nearest to the probe (S)")
        )
        self.start_button.clicked.connect(lambda: self._session.path.set_end("start"))
        self.end_button = QPushButton(translate("Path", "End at probe"))
        self.end_button.setToolTip(
            translate("Path", "Let the path end at the image nearest to the probe (E)")
        )
        self.end_button.clicked.connect(lambda: self._session.path.set_end("end"))
        self.draw_button = QPushButton(translate("Path", "Draw"))
        self.draw_button.setCheckable(True)
        self.draw_button.setToolTip(
            translate(
                "Path",
                "Draw a path on one of the maps with the mouse (D). That model decodes the lift of "
                "the line; the others go through the images nearest to it. Esc gives up.",
            )
        )
        self.draw_button.clicked.connect(self._session.path.draw)
        parts = (self.start, self.start_button, self.end, self.end_button, self.draw_button)
        for part in parts:
            row.addWidget(part)
        row.addSpacing(GRID)
        row.addWidget(self._way_choice())
        row.addWidget(self._even_choice())
        row.addStretch()
        self.play_button = QPushButton(translate("Path", "Play"))
        self.play_button.setToolTip(translate("Path", "Move the probe along the path (Space)"))
        self.play_button.clicked.connect(self.play)
        self.save_button = QPushButton(translate("Path", "Save"))
        menu = QMenu(self.save_button)
        menu.addAction(translate("Path", "As a moving picture (GIF)..."), self._save_gif)
        menu.addAction(translate("Path", "As a picture (PNG)..."), self._save_png)
        menu.addAction(translate("Path", "Copy the picture"), self.copy)
        self.save_button.setMenu(menu)
        self.save_button.setToolTip(translate("Path", "Save or copy the films of all slots"))
        row.addWidget(self.play_button)
        row.addWidget(self.save_button)
        return row

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Tab goes through the tools as they stand: Qt takes boxes of choices for the first.
        tools = (self.start_button, self.end_button, self.draw_button, self.way, self.even)
        for one, other in pairwise((*tools, self.play_button, self.save_button)):
            self.setTabOrder(one, other)

    def _way_choice(self) -> QComboBox:
        self.way = QComboBox(self)
        self.way.setAccessibleName(translate("Path", "Way from one image to the other"))
        self.way.setToolTip(
            translate(
                "Path",
                "Straight: the line between the two codes. Slerp: a turn about the middle, which "
                "stays on the shell where draws from the prior lie. Along the data: over real "
                "codes, by the least change of the picture, kept away from places without data.",
            )
        )
        for way, title in (
            ("straight", translate("Path", "straight")),
            ("slerp", translate("Path", "slerp")),
            ("data", translate("Path", "along the data")),
        ):
            self.way.addItem(title, way)
        self.way.activated.connect(lambda k: self._session.path.set_way(self.way.itemData(k)))
        return self.way

    def _even_choice(self) -> QCheckBox:
        self.even = QCheckBox(translate("Path", "equal steps"))
        self.even.setToolTip(
            translate(
                "Path",
                "On: frames differ from one another by equal amounts, so that the film runs "
                "evenly. Off: they stand at equal distances in latent space. The curves below are "
                "measured over equal distances in latent space either way.",
            )
        )
        self.even.clicked.connect(self._session.path.set_even)
        return self.even

    def _rebuild(self, count: int) -> None:
        for film in self.films:
            self._rows.removeWidget(film)
            film.hide()
            film.deleteLater()
        self.films = [SlotFilm(slot) for slot in range(count)]
        for slot, film in enumerate(self.films):
            film.view.stepped.connect(self._step)
            film.view.played.connect(self.play)
            path = self._session.path
            film.show_film(path.films.get(slot), path.obstacle(slot))
            # As the maps stand: more than two in rows of two.
            self._rows.addWidget(film, *(divmod(slot, 2) if count > 2 else (slot, 0)))
        self._share_scales()

    # --- what the session says ----------------------------------------------------------------

    def _show_choice(self, path: PathChoice | None) -> None:
        self.start.setText(translate("Path", "from"))
        self.end.setText(translate("Path", "to"))
        self._offer_stroke(path)
        if path is not None:
            self.way.setCurrentIndex(self.way.findData(path.way))
            self.even.setChecked(path.even)
            self.start.setText(
                translate("Path", "from {image}").format(image=self._image_name(path.start))
            )
            self.end.setText(
                translate("Path", "to {image}").format(image=self._image_name(path.end))
            )
        self._show_drawing(self._session.path.drawing)

    def _offer_stroke(self, path: PathChoice | None) -> None:
        """Offer the line that was drawn last among the ways, as long as there is one."""
        at, there = self.way.findData("drawn"), path is not None and path.stroke is not None
        if there and at < 0:
            self.way.addItem(translate("Path", "drawn"), "drawn")
        elif not there and at >= 0:
            self.way.removeItem(at)

    def _show_drawing(self, drawing: bool) -> None:
        """Say what to do, or what the line that was drawn means."""
        self.draw_button.setChecked(drawing)
        stroke = None if self._session.path.choice is None else self._session.path.choice.drawn
        text = ""
        if drawing:
            text = translate(
                "Path",
                "Drag the mouse over one of the maps: the path follows the line. Esc gives up.",
            )
        elif stroke is not None:
            text = translate(
                "Path",
                "Drawn on map {letter}; the other models pass the same {n} images. A map tears "
                "where its model need not: only the change per step in z, below, judges a model.",
            ).format(letter=SLOT_LETTERS[stroke.slot], n=len(stroke.images))
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _image_name(self, index: int) -> str:
        exhibit = self._exhibit_of_path()
        return f"#{index}" if exhibit is None else image_name(exhibit, index)

    def _exhibit_of_path(self) -> Exhibit | None:
        path = self._session.path.choice
        for state in self._session.slots:
            exhibit = state.exhibit
            if exhibit is not None and path and exhibit.source.fingerprint == path.fingerprint:
                return exhibit
        return None

    def _show_film(self, slot: int, film: Film | None, reason: str) -> None:
        if slot < len(self.films):
            self.films[slot].show_film(film, reason)
            self._share_scales()
        can = bool(self._session.path.films)
        self.play_button.setEnabled(can)
        self.save_button.setEnabled(can)
        if not can:
            self._clock.stop()

    def _share_scales(self) -> None:
        """Give the curves of all slots the same two scales, so that they can be compared."""
        films = [part.view.film for part in self.films if part.view.film is not None]
        steps = max((np.nanmax(film.steps, initial=0) for film in films), default=0.0)
        gaps = [film.gaps for film in films if film.gaps is not None]
        gap = max((np.nanmax(one, initial=0) for one in gaps), default=0.0)
        for part in self.films:
            part.view.set_scales(float(steps), float(gap))

    def _show_frame(self, frame: int) -> None:
        self._frame = frame
        for part in self.films:
            part.view.set_frame(frame)

    # --- what the user does -------------------------------------------------------------------

    def _step(self, frame: int) -> None:
        self._clock.stop()
        self._dress_play()
        self._session.path.step(frame)

    def play(self) -> None:
        """Move the probe along the path, there and back, until it is asked to stop."""
        if self._clock.isActive():
            self._clock.stop()
        elif self._session.path.films:
            self._clock.start()
        self._dress_play()

    def _dress_play(self) -> None:
        playing = self._clock.isActive()
        self.play_button.setText(
            translate("Path", "Pause") if playing else translate("Path", "Play")
        )

    def _play_on(self) -> None:
        if not 0 <= self._frame + self._direction < FRAMES:
            self._direction = -self._direction
        self._session.path.step(self._frame + self._direction)

    def _save_gif(self) -> None:
        self._save(translate("Path", "Moving picture (*.gif)"), ".gif")

    def _save_png(self) -> None:
        self._save(translate("Path", "Picture (*.png)"), ".png")

    def _save(self, kind: str, ending: str) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, translate("Path", "Save the path"), f"path{ending}", kind
        )
        if name:
            path = Path(name)
            self._session.path.save(path if path.suffix.lower() == ending else Path(name + ending))

    def copy(self) -> None:
        """Put the films of all slots on the clipboard as one picture."""
        strips = self._session.path.strips()
        if strips:
            picture = np.moveaxis(film_picture(strips), -1, 0)
            QGuiApplication.clipboard().setImage(to_qimage(picture))

    def _rest(self, watched: bool) -> None:
        """Stop playing where nobody looks."""
        if not watched:
            self._clock.stop()
            self._dress_play()


def _reason(reason: str) -> str:
    return {
        "": "",
        "empty": translate("Path", "this slot is empty"),
        "loading": translate("Path", "the model is loading"),
        "other data": translate("Path", "different data: the two images are not in it"),
        "failed": translate("Path", "this model cannot decode the path"),
    }[reason]
