"""Comparing: one path between the same two images, decoded by the model of every slot."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from vaeexplorer.drawing.strips import Strip
from vaeexplorer.gui.session.aligning import Aligning
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
from vaeexplorer.latent.probe import Probe
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Exhibit


class Comparing(Aligning):
    """The verbs of the path check. Nothing is computed until somebody looks at a path.

    `path_chosen` brings the PathChoice; `path_filmed` a slot's Film, or None with the reason why
    there is none; `path_placed` the places of the path on a slot's map, (65, 2), or None.
    """

    path_chosen = Signal(object)
    path_filmed = Signal(int, object, str)
    path_placed = Signal(int, object)
    path_stepped = Signal(int)
    path_watched = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.path: PathChoice | None = None
        self.films: dict[int, Film] = {}
        self._watched = False
        self._moved = 0
        self.exhibit_changed.connect(self._forget_film)
        self.model_changed.connect(self._film_when_ready)
        self.slots_changed.connect(self._forget_beyond)

    # --- verbs --------------------------------------------------------------------------------

    def watch_path(self, watched: bool) -> None:
        """Say whether the path is looked at: only then is it computed, and drawn on the maps."""
        if watched == self._watched:
            return
        self._watched = watched
        self.path_watched.emit(watched)
        for slot in range(len(self.slots)):
            if watched:
                self._film(slot)
                self._place_path(slot)
            else:
                self.path_placed.emit(slot, None)

    def set_path_end(self, which: str) -> None:
        """Let the path "start" or "end" at the image nearest to the probe."""
        slot = self._moved if self._moved < len(self.slots) else 0
        exhibit, probe = self.slots[slot].exhibit, self.slots[slot].probe
        if exhibit is None or probe is None:
            return
        path = self.path
        if path is None or path.fingerprint != exhibit.source.fingerprint:
            path = _first_path(exhibit, path)
        self._choose(replace(path.without_stroke(), **{which: probe.nearest}))

    def set_path_way(self, way: str) -> None:
        """Go "straight", by "slerp", along the "data", or again along the line that was "drawn"."""
        if self.path is not None and (way != "drawn" or self.path.stroke is not None):
            self._choose(replace(self.path, way=way))

    def set_path_even(self, even: bool) -> None:
        """Let frames differ by equal amounts, or stand at equal distances in latent space."""
        if self.path is not None:
            self._choose(replace(self.path, even=even))

    def step_path(self, frame: int) -> None:
        """Probe frame `frame` of the path in every slot that has one, and hold it."""
        for slot, film in self.films.items():
            lift = self.slots[slot].lift
            if lift is not None:
                self._set_probe(slot, probe_frame(lift, film, frame), urgent=True)
                self._probed = slot
        self.hold()
        self.path_stepped.emit(frame)

    def save_film(self, target: Path) -> None:
        """Save the films of all slots as one picture, or as a moving one: by the file's ending."""
        strips = self.film_strips()
        if strips:
            self.save(partial(save_film, strips, target))

    def film_strips(self) -> list[Strip]:
        """Films of all slots, as they are drawn in a file."""
        return [film.strip(slot) for slot, film in sorted(self.films.items())]

    # --- what follows from them ---------------------------------------------------------------

    def _choose(self, path: PathChoice) -> None:
        if path == self.path:
            return
        self.path = path
        self.path_chosen.emit(path)
        for slot in range(len(self.slots)):
            self._film(slot)

    def _show_probe(self, slot: int, probe: Probe) -> None:
        self._moved = slot
        super()._show_probe(slot, probe)

    def _forget_film(self, slot: int, exhibit: Exhibit | None = None) -> None:
        self.lanes.work.cancel(("path", slot))
        self.films.pop(slot, None)
        self.path_placed.emit(slot, None)
        self._film(slot)

    def _forget_beyond(self, count: int) -> None:
        for slot in [slot for slot in self.films if slot >= count]:
            self.lanes.work.cancel(("path", slot))
            del self.films[slot]
        for slot in range(count):
            self._film(slot)

    def _film_when_ready(self, slot: int, state: str) -> None:
        if state == "failed":
            self.path_filmed.emit(slot, None, "failed")
        elif slot not in self.films:
            self._film(slot)

    def _film(self, slot: int) -> None:
        """Decode the path in `slot`, where there is one; the latest wish wins."""
        exhibit = self.slots[slot].exhibit
        if not self._watched:
            return
        if exhibit is not None:
            self._choose_first(exhibit)
        obstacle = self._obstacle(exhibit)
        if obstacle:
            self.films.pop(slot, None)
            self.path_filmed.emit(slot, None, obstacle)
            return
        if slot in self.films and self.films[slot].choice == self.path:
            return
        space, codes = exhibit.spaces[main_space(exhibit)], exhibit.codes[main_space(exhibit)].mean
        self.lanes.work.cancel(("path", slot))
        self.lanes.work.submit(
            ("path", slot),
            partial(film_path, space, codes, self.path),
            on_result=partial(self._filmed, slot, exhibit),
            on_error=partial(self._filming_failed, slot, exhibit),
        )

    def _choose_first(self, exhibit: Exhibit) -> None:
        """Choose a first path, where no slot holds the images that the present one is between."""
        shown = [state.exhibit for state in self.slots if state.exhibit is not None]
        path = self.path
        if path is None or all(path.fingerprint != one.source.fingerprint for one in shown):
            self._choose(_first_path(exhibit, path))

    def _obstacle(self, exhibit: Exhibit | None) -> str:
        """Return in a word why there is no film of `exhibit`; empty if there can be one."""
        if exhibit is None:
            return "empty"
        if self.path is None or exhibit.source.fingerprint != self.path.fingerprint:
            return "other data"
        return "" if exhibit.spaces else "loading"

    def _filmed(self, slot: int, exhibit: Exhibit, film: Film) -> None:
        if self.shows(slot, exhibit) and film.choice == self.path:
            self.films[slot] = film
            self.path_filmed.emit(slot, film, "")
            self._place_path(slot)

    def _filming_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if self.shows(slot, exhibit):
            self.films.pop(slot, None)
            self.path_filmed.emit(slot, None, "failed")
        self.tell(error)

    def _lift_ready(self, slot: int, lifted: Map, lift: Lift) -> None:
        super()._lift_ready(slot, lifted, lift)
        self._place_path(slot)

    def _map_replaced(self, slot: int, exhibit: Exhibit) -> None:
        self.path_placed.emit(slot, None)
        super()._map_replaced(slot, exhibit)

    def _place_path(self, slot: int) -> None:
        film = self.films.get(slot)
        if not self._watched or film is None or slot >= len(self.slots):
            return
        lift = self.slots[slot].lift
        if lift is not None:
            self._work(
                ("place path", slot),
                partial(place_path, lift, film),
                partial(self._path_placed, slot, film, lift),
            )

    def _path_placed(self, slot: int, film: Film, lift: Lift, places: Any) -> None:
        there = slot < len(self.slots) and self.slots[slot].lift is lift
        if self._watched and there and self.films.get(slot) is film:
            self.path_placed.emit(slot, places)


def _first_path(exhibit: Exhibit, former: PathChoice | None) -> PathChoice:
    """Return a path between two images of `exhibit`, going as the `former` one goes."""
    start, end = first_ends(exhibit.codes[main_space(exhibit)].mean, exhibit.labels)
    settings = (former or PathChoice("", 0, 0)).without_stroke()
    return replace(settings, fingerprint=exhibit.source.fingerprint, start=start, end=end)
