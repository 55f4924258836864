"""Bounding log p(x): for the models of all slots, as long as somebody looks at the evidence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.probing import Probing
from vaeexplorer.jobs.marginals import compare_marginal, draw_images
from vaeexplorer.regularity.quadrature import GREATEST_EXACT
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.jobs.evidence import Evidence
    from vaeexplorer.regularity.quadrature import ExactEvidence


class Bounding(QObject):
    """Measures the evidence. Nothing is computed until somebody looks at it.

    `measured` brings a slot's Evidence, or None with "family", "data" or "failed" for the
    reason; `integrated` its ExactEvidence with the index of the image, or None;
    `marginal_compared` a MarginalCurve, `images_drawn` ImageDraws of the probe, or None.
    """

    measured = Signal(int, object, str)
    progressed = Signal(int, object)
    integrated = Signal(int, int, object)
    marginal_compared = Signal(int, object)
    images_drawn = Signal(int, object)

    def __init__(self, session: Probing) -> None:
        super().__init__(session)
        self._session = session
        self.by_slot: dict[int, Evidence] = {}
        self._watched = False
        self._integrated: set[int] = set()
        session.exhibit_changed.connect(self._forget)
        session.slots_changed.connect(self._forget_beyond)
        session.model_changed.connect(self._measure_when_ready)
        session.held_changed.connect(self._integrate)
        session.probe_moved.connect(self._integrate_first)

    def watch(self, watched: bool) -> None:
        """Say whether the evidence is looked at: only then is it measured."""
        if watched == self._watched:
            return
        self._watched = watched
        for slot in range(len(self._session.slots)):
            if watched:
                self._measure(slot)
                self._integrate(slot)
            else:
                self._session.lanes.map.cancel(("evidence", slot))
                self._session.lanes.map.cancel(("exact", slot))

    def compare_marginal(self, slot: int, dimension: int) -> None:
        """Compare what all images make of one dimension of the codes with the prior."""
        exhibit = self._session.slots[slot].exhibit
        if exhibit is not None and exhibit.spaces:
            self._session.lanes.decode.submit(
                (slot, "marginal"),
                partial(compare_marginal, exhibit, dimension),
                on_result=partial(self._tell_if_shown, self.marginal_compared, slot, exhibit),
                on_error=self._session.tell,
            )

    def draw_images(self, slot: int, seed: int) -> None:
        """Draw images from p(x|z) of the code that is probed in `slot`."""
        state = self._session.slots[slot]
        exhibit, probe = state.exhibit, state.probe
        if exhibit is not None and probe is not None and exhibit.spaces:
            self._session.lanes.decode.submit(
                (slot, "draws"),
                partial(draw_images, exhibit, probe, seed, state.context),
                on_result=partial(self._tell_if_shown, self.images_drawn, slot, exhibit),
                on_error=self._session.tell,
            )

    def _tell_if_shown(self, signal: Any, slot: int, exhibit: Exhibit, found: object) -> None:
        if self._session.shows(slot, exhibit):
            signal.emit(slot, found)

    def _forget(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self._session.lanes.map.cancel(("evidence", slot))
        self._session.lanes.map.cancel(("exact", slot))
        self.by_slot.pop(slot, None)
        self._integrated.discard(slot)

    def _forget_beyond(self, count: int) -> None:
        for slot in [slot for slot in self.by_slot if slot >= count]:
            self._forget(slot)

    def _measure_when_ready(self, slot: int, state: str) -> None:
        if state == "ready":
            self._measure(slot)
            self._integrate(slot)

    def _measure(self, slot: int) -> None:
        exhibit = self._session.slots[slot].exhibit
        if not self._watched or exhibit is None or slot in self.by_slot:
            return
        run, dataset = exhibit.run, exhibit.dataset
        if run is None or dataset is None:
            self.measured.emit(slot, None, "family" if run is None else "data")
            return

        def job() -> Any:
            from vaeexplorer.jobs.evidence import measure_evidence  # imports torch

            return (yield from measure_evidence(run, dataset))

        self._session.lanes.map.submit(
            ("evidence", slot),
            job,
            on_progress=partial(self.progressed.emit, slot),
            on_result=partial(self._take, slot, exhibit),
            on_error=partial(self._failed, slot, exhibit),
        )

    def _take(self, slot: int, exhibit: Exhibit, found: Evidence | None) -> None:
        if not self._session.shows(slot, exhibit):
            return
        if found is not None:
            self.by_slot[slot] = found
        self.measured.emit(slot, found, "" if found is not None else "family")

    def _failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        self._session.tell(error)
        if self._session.shows(slot, exhibit):
            self.measured.emit(slot, None, "failed")

    def _integrate_first(self, slot: int) -> None:
        """Integrate log p(x) of the first image that is probed: later ones when they are held."""
        if slot not in self._integrated:
            self._integrate(slot)

    def _integrate(self, slot: int, *_: object) -> None:
        """Integrate log p(x) of the image that the held probe, or else the probe, is nearest to."""
        if slot >= len(self._session.slots):
            return
        state = self._session.slots[slot]
        exhibit, probe = state.exhibit, state.held or state.probe
        if not self._watched or exhibit is None or probe is None:
            return
        run, dataset, index = exhibit.run, exhibit.dataset, probe.nearest
        size = next(iter(exhibit.codes.values())).mean.shape[1]
        if run is None or dataset is None or size > GREATEST_EXACT:
            return

        self._integrated.add(slot)

        def job() -> Any:
            from vaeexplorer.jobs.evidence import integrate_evidence  # imports torch

            return (yield from integrate_evidence(run, dataset.pixels(slice(index, index + 1))[0]))

        self._session.lanes.map.submit(
            ("exact", slot),
            job,
            on_result=partial(self._take_exact, slot, exhibit, index),
            on_error=self._session.tell,
        )

    def _take_exact(
        self, slot: int, exhibit: Exhibit, index: int, found: ExactEvidence | None
    ) -> None:
        if self._session.shows(slot, exhibit):
            self.integrated.emit(slot, index, found)
