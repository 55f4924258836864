"""The probe: moved over a map, held, set by hand; linked between slots; decoded in its own lane."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer

from vaeexplorer.gui.session.document import Document
from vaeexplorer.jobs.opening import decode_pixels, main_space, round_trip
from vaeexplorer.latent.lattice import Lattice, NoData, no_data
from vaeexplorer.latent.lift import Lift, lift_of
from vaeexplorer.latent.neighbours import FEW
from vaeexplorer.latent.probe import Probe, probe_at, probe_code, probe_image
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Exhibit

NO_SNAP = -1.0
"""A snap distance that no dot is within."""

REST_MS = 80
"""Without another decode for so long, probes rest: time for what need not follow the cursor."""

DECODE_S = 0.004
"""How long a move waits for its decodes before the window draws it.

Most models need less. Side by side, the lane and the window hand the interpreter to and fro, which
costs more than that: the picture came 3 ms later, and a move took a third more of the CPU.
"""

REST_S, WAIT_S, MOST_WAITS = 0.15, 0.05, 10
"""After so long the cursor rests; how long to wait before looking again; how often, at most."""


class Probing(Document):
    """The verbs that move the probe.

    `last_moved` is the slot whose probe was moved last, other than along a path.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._probed, self.last_moved = self.active, 0
        self.slots_changed.connect(self._forget_beyond)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._go_round)

    def close(self) -> None:
        """Look at nothing any more, and close as the document does."""
        self._rest.stop()
        super().close()

    def move_probe(self, slot: int, point: NDArray[np.float64], snap_distance: float) -> None:
        """Probe a place on the map of `slot`; the other slots follow by the nearest image."""
        state = self.slots[slot]
        lift = state.lift
        if lift is None:
            return
        self.hovered_at = time.monotonic()
        held = None if state.held is None else state.held.z
        probe = probe_at(lift, point, snap_distance, held)
        if probe.kind == "dot" and self.hides(slot, probe.nearest):
            probe = probe_at(lift, point, NO_SNAP, held)
        self._show_probe(slot, probe)

    def probe_image(self, slot: int, index: int) -> None:
        """Probe the code of image `index`: its dot needs no lift, which may not be there yet."""
        state = self.slots[slot]
        if state.lift is not None:
            if 0 <= index < len(state.lift.codes):
                self._show_probe(slot, probe_image(state.lift, index, "dot"))
            return
        exhibit, shown = state.exhibit, self.shown_map(slot)
        if exhibit is None or shown is None or not 0 <= index < len(shown.positions):
            return
        place = shown.positions[index].astype(np.float64)
        z = exhibit.codes[main_space(exhibit)].mean[index]
        self._show_probe(slot, Probe("dot", place, z, index, 0.0))

    def set_code(
        self, slot: int, z: NDArray[np.float32], whole: NDArray[np.float32] | None = None
    ) -> None:
        """Probe a code set by hand, or a draw (`whole` as in Probe), and hold it."""
        lift = self.slots[slot].lift
        if lift is not None:
            self._show_probe(slot, probe_code(lift, np.asarray(z, np.float32), whole))
            self.hold()

    def decode_again(self) -> None:
        """Decode every slot's probe once more, for a view that has just been made."""
        for slot, state in enumerate(self.slots):
            if state.probe is not None:
                self._decode(slot, state.probe)

    def hold(self) -> None:
        """Keep what was probed last, there and in linked slots, when the cursor moves on."""
        for slot, state in enumerate(self.slots):
            if slot == self._probed or self.linked(self._probed, slot):
                state.held = state.probe
                self.held_changed.emit(slot, state.held)

    def hold_each(self, probes: Mapping[int, Probe]) -> None:
        """Probe each of these slots by itself, and hold that."""
        for slot, probe in probes.items():
            self._set_probe(slot, probe, urgent=True)
            self._probed = slot
        self.hold()

    def release(self) -> None:
        """Let go of what is held."""
        for slot, state in enumerate(self.slots):
            state.held = None
            self.held_changed.emit(slot, None)

    def leave(self) -> None:
        """Take back the probe to what is held: the cursor has left the maps."""
        for slot, state in enumerate(self.slots):
            if state.held is not None and state.held is not state.probe:
                self._set_probe(slot, state.held)

    def give_way(self, stop: threading.Event) -> None:
        """Wait until the cursor rests, for a while: what it decodes needs the same cores."""
        for _ in range(MOST_WAITS):
            if time.monotonic() - self.hovered_at > REST_S or stop.wait(WAIT_S):
                return

    def hides(self, slot: int, index: int) -> bool:
        """Whether the dot of image `index` is hidden by its label."""
        exhibit = self.slots[slot].exhibit
        if exhibit is None or exhibit.labels is None:
            return False
        return int(exhibit.labels[index]) in self.hidden_labels

    def _show_probe(self, slot: int, probe: Probe) -> None:
        self._probed = self.last_moved = slot
        probes = {slot: probe}
        for other in range(len(self.slots)):
            lift = self.slots[other].lift
            if other != slot and lift is not None and self.linked(slot, other):
                probes[other] = probe_image(lift, probe.nearest, "linked")
        for each, moved in probes.items():
            self.slots[each].probe = moved
            self._decode(each, moved, urgent=each == slot)
        self.lanes.decode.settle(DECODE_S)
        for each, moved in probes.items():
            self.probe_moved.emit(each, moved)

    def _forget_beyond(self, count: int) -> None:
        """Take the first slot for one that is gone."""
        self._probed, self.last_moved = (
            slot if slot < count else 0 for slot in (self._probed, self.last_moved)
        )

    def _set_probe(self, slot: int, probe: Probe, urgent: bool = False) -> None:
        self.slots[slot].probe = probe
        self.probe_moved.emit(slot, probe)
        self._decode(slot, probe, urgent)

    def _decode(self, slot: int, probe: Probe, urgent: bool = False) -> None:
        exhibit = self.slots[slot].exhibit
        if exhibit is None or not exhibit.spaces:
            return
        space = exhibit.spaces[main_space(exhibit)]
        self.lanes.decode.submit(
            (slot, "probe"),
            lambda: decode_pixels(*probe.source(space))[0],
            on_result=partial(self._probe_decoded, slot, exhibit, probe),
            on_error=self.tell,
            urgent=urgent,
        )

    def _probe_decoded(
        self, slot: int, exhibit: Exhibit, probe: Probe, image: NDArray[np.uint8]
    ) -> None:
        if self.shows(slot, exhibit):
            self.decoded.emit(slot, probe, image)
            self._rest.start()

    def _go_round(self) -> None:
        """Measure the round trip of every probe, now that none of them moves."""
        for slot, state in enumerate(self.slots):
            exhibit, probe = state.exhibit, state.probe
            if exhibit is None or probe is None or not exhibit.spaces:
                continue
            space = exhibit.spaces[main_space(exhibit)]
            self.lanes.decode.submit(
                (slot, "round trip"),
                partial(round_trip, space, probe),
                on_result=partial(self._gone_round, slot, exhibit, probe),
                on_error=self.tell,
            )

    def _gone_round(self, slot: int, exhibit: Exhibit, probe: Probe, distance: float) -> None:
        if self.shows(slot, exhibit):
            self.went_round.emit(slot, probe, distance)

    def set_map_method(self, method: str) -> None:
        """Show the maps made by `method` wherever there is one."""
        self.map_method = method
        self.map_method_changed.emit(method)
        for slot, state in enumerate(self.slots):
            if state.exhibit is not None:
                self._map_replaced(slot, state.exhibit)

    def _map_replaced(self, slot: int, exhibit: Exhibit, lift: Lift | None = None) -> None:
        """Draw another map of the same codes; what is probed and held stays, on its new place.

        It is lifted by `lift` until a better one is there.
        """
        state = self.slots[slot]
        state.lift, state.no_data, state.growing = lift, None, False
        self.map_changed.emit(slot, self.shown_map(slot))
        if self._started:
            self._prepare_lift(slot)

    def _prepare_lift(self, slot: int) -> None:
        exhibit = self.slots[slot].exhibit
        shown = self.shown_map(slot)
        if exhibit is None or shown is None:
            return
        codes = self.slots[slot].codes or exhibit.codes[main_space(exhibit)].mean
        self.lanes.work.cancel(("lattice", slot))
        if len(shown.positions) > FEW:
            # Search trees take a while, and scipy, the first time, longer.
            self.lanes.work.submit(
                ("quick lift", slot),
                lambda: lift_of(shown, codes, quick=True),
                on_result=partial(self._lift_at_once, slot, shown),
                on_error=self.tell,
                urgent=True,
            )
        self._work(
            ("lift", slot),
            lambda: lift_of(shown, codes),
            partial(self._lift_ready, slot, shown),
        )

    def _lift_at_once(self, slot: int, lifted: Map, lift: Lift) -> None:
        """Let the cursor be followed by a quick lift until the better one is there."""
        if self._awaits_lift(slot, lifted) and self.slots[slot].lift is None:
            self.slots[slot].lift = lift
            self._move_to(slot, lift)

    def _awaits_lift(self, slot: int, lifted: Map) -> bool:
        """Whether the map `lifted` still is that of `slot`, and at rest."""
        shown = slot < len(self.slots) and self.shown_map(slot) is lifted
        return shown and not self.slots[slot].growing

    def _lift_ready(self, slot: int, lifted: Map, lift: Lift) -> None:
        if not self._awaits_lift(slot, lifted):
            return
        state = self.slots[slot]
        before = state.lift
        state.lift, state.codes = lift, lift.index
        self._work(("lattice", slot), partial(_survey, lift), partial(self._surveyed, slot, lift))
        stays = before is not None and np.array_equal(before.positions, lift.positions)
        if not stays or state.probe is None:  # else what is probed lies where it did
            self._move_to(slot, lift)
        self.lifted.emit(slot)

    def _move_to(self, slot: int, lift: Lift) -> None:
        """Probe and hold the same codes on another map, or probe a first one."""
        self._move_held(slot, lift)
        probe = self.slots[slot].probe
        if probe is not None:
            self._set_probe(slot, self._moved_to(lift, probe))
        else:
            self._probe_first(slot, lift)

    def _move_held(self, slot: int, lift: Lift) -> None:
        """Hold the same code on another map, where one is held."""
        state = self.slots[slot]
        if state.held is not None:
            state.held = self._moved_to(lift, state.held)
            self.held_changed.emit(slot, state.held)

    def _surveyed(self, slot: int, lift: Lift, survey: tuple[Lattice, NoData]) -> None:
        lift.lattice, nothing = survey
        if slot < len(self.slots) and self.slots[slot].lift is lift:
            self.slots[slot].no_data = nothing
            self.surveyed.emit(slot, nothing)

    @staticmethod
    def _moved_to(lift: Lift, probe: Probe) -> Probe:
        """Return the same code on another map."""
        if probe.kind in ("dot", "linked"):
            return probe_image(lift, probe.nearest, "dot")
        return probe_code(lift, probe.z, probe.whole)

    def _probe_first(self, slot: int, lift: Lift) -> None:
        """Probe the image that the other slots probe, or the first one, so none stands empty."""
        for other, state in enumerate(self.slots):
            if other != slot and state.probe is not None and self.linked(slot, other):
                self._set_probe(slot, probe_image(lift, state.probe.nearest, "linked"))
                return
        self._set_probe(slot, probe_image(lift, 0, "dot"))


def _survey(lift: Lift) -> Generator[float, None, tuple[Lattice, NoData]]:
    """Lift a lattice over the map, and see where there is no data."""
    lattice = yield from lift.make_lattice()
    return lattice, no_data(lattice, lift.reach)
