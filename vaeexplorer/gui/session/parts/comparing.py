"""Comparing: one path between the same two images, decoded by the model of every slot."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vaeexplorer.drawing.strips import Strip
from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.jobs.paths import (
    Film,
    PathChoice,
    film_path,
    first_ends,
    place_path,
    probe_frame,
    save_film,
)
from vaeexplorer.latent.lift import Lift
from vaeexplorer.run import Exhibit


class Comparing(QObject):
    """Decodes a path in every slot. Nothing is computed until somebody looks at a path.

    `chosen` brings the PathChoice; `filmed` a slot's Film, or None with the reason why there is
    none; `placed` the places of the path on a slot's map, (65, 2), or None.
    """

    chosen = Signal(object)
    filmed = Signal(int, object, str)
    placed = Signal(int, object)
    stepped = Signal(int)
    watched = Signal(bool)

    def __init__(self, session: Holding) -> None:
        super().__init__(session)
        self._session = session
        self.choice: PathChoice | None = None
        self.films: dict[int, Film] = {}
        self._watched = False
        for signal in (session.exhibit_changed, session.context_changed):
            signal.connect(self._forget_film)
        session.model_changed.connect(self._film_when_ready)
        session.slots_changed.connect(self._forget_beyond)
        session.map_changed.connect(self._take_away)
        session.lifted.connect(self._place_path)

    # --- verbs --------------------------------------------------------------------------------

    def watch(self, watched: bool) -> None:
        """Say whether the path is looked at: only then is it computed, and drawn on the maps."""
        if watched == self._watched:
            return
        self._watched = watched
        self.watched.emit(watched)
        for slot in range(len(self._session.slots)):
            if watched:
                self._film(slot)
                self._place_path(slot)
            else:
                self.placed.emit(slot, None)

    def set_end(self, which: str) -> None:
        """Let the path "start" or "end" at the image nearest to the probe."""
        slot = self._session.last_moved
        exhibit, probe = self._session.slots[slot].exhibit, self._session.slots[slot].probe
        if exhibit is None or probe is None:
            return
        path = self.choice
        if path is None or path.fingerprint != exhibit.source.fingerprint:
            path = _first_path(exhibit, path)
        self._choose(replace(path.without_stroke(), **{which: probe.nearest}))

    def set_way(self, way: str) -> None:
        """Go "straight", by "slerp", along the "data", or again along the line that was "drawn"."""
        if self.choice is not None and (way != "drawn" or self.choice.stroke is not None):
            self._choose(replace(self.choice, way=way))

    def set_even(self, even: bool) -> None:
        """Let frames differ by equal amounts, or stand at equal distances in latent space."""
        if self.choice is not None:
            self._choose(replace(self.choice, even=even))

    def step(self, frame: int) -> None:
        """Probe frame `frame` of the path in every slot that has one, and hold it."""
        lifts = {slot: self._session.slots[slot].lift for slot in self.films}
        self._session.hold_each(
            {
                slot: probe_frame(lift, self.films[slot], frame)
                for slot, lift in lifts.items()
                if lift is not None
            }
        )
        self.stepped.emit(frame)

    def save(self, target: Path) -> None:
        """Save the films of all slots as one picture, or as a moving one: by the file's ending."""
        strips = self.strips()
        if strips:
            self._session.save(partial(save_film, strips, target))

    def strips(self) -> list[Strip]:
        """Films of all slots, as they are drawn in a file."""
        return [film.strip(slot) for slot, film in sorted(self.films.items())]

    # --- what follows from them ---------------------------------------------------------------

    def _choose(self, path: PathChoice) -> None:
        if path == self.choice:
            return
        before, self.choice = self.choice, path
        self.chosen.emit(path)
        if before is None or replace(before, way=path.way, even=path.even) != path:
            self.stepped.emit(0)  # between other images: the frame that was marked means nothing
        for slot in range(len(self._session.slots)):
            self._film(slot)

    def _forget_film(self, slot: int, *_: object) -> None:
        """Film anew: the model is another one, or decodes in another context."""
        self._session.lanes.work.cancel(("path", slot))
        self.films.pop(slot, None)
        self.placed.emit(slot, None)
        self._film(slot)

    def _forget_beyond(self, count: int) -> None:
        for slot in [slot for slot in self.films if slot >= count]:
            self._session.lanes.work.cancel(("path", slot))
            del self.films[slot]
        for slot in range(count):
            self._film(slot)

    def _film_when_ready(self, slot: int, state: str) -> None:
        if state == "failed":
            self.filmed.emit(slot, None, "failed")
        elif slot not in self.films:
            self._film(slot)

    def _film(self, slot: int) -> None:
        """Decode the path in `slot`, where there is one; the latest wish wins."""
        exhibit = self._session.slots[slot].exhibit
        if not self._watched:
            return
        if exhibit is not None:
            self._choose_first(exhibit)
        obstacle = self.obstacle(slot)
        if obstacle:
            self.films.pop(slot, None)
            self.filmed.emit(slot, None, obstacle)
            return
        if slot in self.films and self.films[slot].choice == self.choice:
            return
        space, codes = exhibit.spaces[main_space(exhibit)], exhibit.codes[main_space(exhibit)].mean
        self._session.lanes.work.cancel(("path", slot))
        self._session.lanes.work.submit(
            ("path", slot),
            partial(film_path, space, codes, self.choice),
            on_result=partial(self._filmed, slot, exhibit),
            on_error=partial(self._filming_failed, slot, exhibit),
        )

    def _choose_first(self, exhibit: Exhibit) -> None:
        """Choose a first path, where no slot holds the images that the present one is between."""
        shown = [state.exhibit for state in self._session.slots if state.exhibit is not None]
        path = self.choice
        if path is None or all(path.fingerprint != one.source.fingerprint for one in shown):
            self._choose(_first_path(exhibit, path))

    def obstacle(self, slot: int) -> str:
        """Return in a word why there is no film in `slot`; empty if there is one, or will be."""
        exhibit = self._session.slots[slot].exhibit
        if exhibit is None:
            return "empty"
        if self.choice is not None and exhibit.source.fingerprint != self.choice.fingerprint:
            return "other data"
        return "" if exhibit.spaces else "loading"

    def _filmed(self, slot: int, exhibit: Exhibit, film: Film) -> None:
        if self._session.shows(slot, exhibit) and film.choice == self.choice:
            self.films[slot] = film
            self.filmed.emit(slot, film, "")
            self._place_path(slot)

    def _filming_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if self._session.shows(slot, exhibit):
            self.films.pop(slot, None)
            self.filmed.emit(slot, None, "failed")
        self._session.tell(error)

    def _take_away(self, slot: int, *_: object) -> None:
        """Draw no path over a map that is another one by now."""
        self.placed.emit(slot, None)

    def _place_path(self, slot: int) -> None:
        film = self.films.get(slot)
        if not self._watched or film is None or slot >= len(self._session.slots):
            return
        lift = self._session.slots[slot].lift
        if lift is not None:
            self._session.lanes.work.submit(
                ("place path", slot),
                partial(place_path, lift, film),
                on_result=partial(self._path_placed, slot, film, lift),
                on_error=self._session.tell,
            )

    def _path_placed(self, slot: int, film: Film, lift: Lift, places: Any) -> None:
        there = slot < len(self._session.slots) and self._session.slots[slot].lift is lift
        if self._watched and there and self.films.get(slot) is film:
            self.placed.emit(slot, places)


def _first_path(exhibit: Exhibit, former: PathChoice | None) -> PathChoice:
    """Return a path between two images of `exhibit`, going as the `former` one goes."""
    start, end = first_ends(exhibit.codes[main_space(exhibit)].mean, exhibit.labels)
    settings = (former or PathChoice("", 0, 0)).without_stroke()
    return replace(settings, fingerprint=exhibit.source.fingerprint, start=start, end=end)
