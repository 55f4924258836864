"""Picking: one code of a codebook in place of another, and what each of them would show."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from vaeexplorer.gui.session.probing import Probing
from vaeexplorer.jobs.codes import CodeUsage, Variants, count_codes, decode_variants
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Exhibit


class Picking(QObject):
    """Serves models that decode codes of a codebook.

    `counted` brings a slot's CodeUsage once its model is there, or None; `tried` what its probe
    shows with other codes at one position.
    """

    counted = Signal(int, object)
    tried = Signal(int, object)

    def __init__(self, session: Probing) -> None:
        super().__init__(session)
        self._session = session
        self.by_slot: dict[int, CodeUsage] = {}
        session.exhibit_changed.connect(self._forget)
        session.model_changed.connect(self._count)

    def pick(self, slot: int, position: int, code: int) -> None:
        """Probe the code of `slot` with another one at `position`, and hold it."""
        probe, usage = self._session.slots[slot].probe, self.by_slot.get(slot)
        if probe is not None and usage is not None:
            self._session.set_code(slot, usage.with_code(probe.z, position, code))

    def try_others(self, slot: int, position: int) -> None:
        """Decode what the probe of `slot` shows with other codes at `position`."""
        state, usage = self._session.slots[slot], self.by_slot.get(slot)
        exhibit, probe = state.exhibit, state.probe
        if exhibit is None or probe is None or usage is None:
            return
        space = exhibit.spaces[main_space(exhibit)]
        self._session.lanes.decode.submit(
            (slot, "variants"),
            partial(decode_variants, space, usage, probe.z, position),
            on_result=partial(self._take_variants, slot, exhibit),
            on_error=self._session.tell,
        )

    def _take_variants(self, slot: int, exhibit: Exhibit, variants: Variants) -> None:
        if self._session.shows(slot, exhibit):
            self.tried.emit(slot, variants)

    def _count(self, slot: int, state: str) -> None:
        exhibit = self._session.slots[slot].exhibit
        if state != "ready" or exhibit is None or slot in self.by_slot:
            return
        name = main_space(exhibit)
        if exhibit.spaces[name].codebook is None:
            return
        self._session.lanes.overlay.submit(
            ("codes", slot),
            partial(count_codes, exhibit.spaces[name], exhibit.codes[name].mean),
            on_result=partial(self._take_usage, slot, exhibit),
            on_error=self._session.tell,
        )

    def _take_usage(self, slot: int, exhibit: Exhibit, usage: CodeUsage | None) -> None:
        if usage is not None and self._session.shows(slot, exhibit):
            self.by_slot[slot] = usage
            self.counted.emit(slot, usage)

    def _forget(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self._session.lanes.overlay.cancel(("codes", slot))
        if self.by_slot.pop(slot, None) is not None:
            self.counted.emit(slot, None)
