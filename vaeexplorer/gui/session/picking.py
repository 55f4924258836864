"""Picking: one code of a codebook in place of another, and what each of them would show."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal

from vaeexplorer.gui.session.picturing import Picturing
from vaeexplorer.jobs.codes import CodeUsage, Variants, count_codes, decode_variants
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.run import Exhibit


class Picking(Picturing):
    """The verbs of models that decode codes of a codebook.

    `codes_counted` brings a slot's CodeUsage once its model is there, or None; `variants_decoded`
    what its probe shows with other codes at one position.
    """

    codes_counted = Signal(int, object)
    variants_decoded = Signal(int, object)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.code_usage: dict[int, CodeUsage] = {}
        self.exhibit_changed.connect(self._forget_codes)
        self.model_changed.connect(self._count_codes)

    def pick_code(self, slot: int, position: int, code: int) -> None:
        """Probe the code of `slot` with another one at `position`, and hold it."""
        probe, usage = self.slots[slot].probe, self.code_usage.get(slot)
        if probe is not None and usage is not None:
            self.set_code(slot, usage.with_code(probe.z, position, code))

    def try_codes(self, slot: int, position: int) -> None:
        """Decode what the probe of `slot` shows with other codes at `position`."""
        state, usage = self.slots[slot], self.code_usage.get(slot)
        exhibit, probe = state.exhibit, state.probe
        if exhibit is None or probe is None or usage is None:
            return
        space = exhibit.spaces[main_space(exhibit)]
        self.lanes.decode.submit(
            (slot, "variants"),
            partial(decode_variants, space, usage, probe.z, position),
            on_result=partial(self._take_variants, slot, exhibit),
            on_error=self.tell,
        )

    def _take_variants(self, slot: int, exhibit: Exhibit, variants: Variants) -> None:
        if self.shows(slot, exhibit):
            self.variants_decoded.emit(slot, variants)

    def _count_codes(self, slot: int, state: str) -> None:
        exhibit = self.slots[slot].exhibit
        if state != "ready" or exhibit is None or slot in self.code_usage:
            return
        name = main_space(exhibit)
        if exhibit.spaces[name].codebook is None:
            return
        self.lanes.overlay.submit(
            ("codes", slot),
            partial(count_codes, exhibit.spaces[name], exhibit.codes[name].mean),
            on_result=partial(self._take_usage, slot, exhibit),
            on_error=self.tell,
        )

    def _take_usage(self, slot: int, exhibit: Exhibit, usage: CodeUsage | None) -> None:
        if usage is not None and self.shows(slot, exhibit):
            self.code_usage[slot] = usage
            self.codes_counted.emit(slot, usage)

    def _forget_codes(self, slot: int, exhibit: Exhibit | None = None) -> None:
        del exhibit
        self.lanes.overlay.cancel(("codes", slot))
        if self.code_usage.pop(slot, None) is not None:
            self.codes_counted.emit(slot, None)
