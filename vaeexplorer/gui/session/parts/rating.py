"""Rating: the mean rates of a hierarchy, which its codes alone do not tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.document import Document
from vaeexplorer.jobs.layers import mean_rates
from vaeexplorer.run import Codes, Exhibit

Rates = Mapping[str, NDArray[np.float64]]
"""Mean rates by space, (size,) each, in nats."""


class Rating(QObject):
    """Measures rates once for all layers of a model. `measured` brings those of a slot."""

    measured = Signal(int, object)

    def __init__(self, session: Document) -> None:
        super().__init__(session)
        self._session = session
        self._known: dict[int, tuple[Mapping[str, Codes], Rates]] = {}
        session.model_changed.connect(self._measure)

    def of(self, slot: int) -> Rates | None:
        """Return the rates of `slot`; None until they are measured, and without layers."""
        exhibit, known = self._session.slots[slot].exhibit, self._known.get(slot)
        there = exhibit is not None and known is not None and known[0] is exhibit.codes
        return known[1] if there else None

    def _measure(self, slot: int, state: str) -> None:
        exhibit = self._session.slots[slot].exhibit
        if state != "ready" or exhibit is None or self.of(slot) is not None:
            return
        run, dataset = exhibit.run, exhibit.dataset
        layered = any(space.given == "upper" for space in exhibit.spaces.values())
        if layered and run is not None and dataset is not None:
            self._session.lanes.work.submit(
                ("rates", slot),
                partial(mean_rates, run, dataset),
                on_result=partial(self._take, slot, exhibit),
                on_error=self._session.tell,
            )

    def _take(self, slot: int, exhibit: Exhibit, rates: Rates) -> None:
        if self._session.as_now(slot, exhibit) is not None:
            self._known[slot] = exhibit.codes, rates
            self.measured.emit(slot, rates)
