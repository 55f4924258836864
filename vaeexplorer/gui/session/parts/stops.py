"""Jobs of slots that take long: each is told when nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from vaeexplorer.gui.background import Lane


class Stops:
    """The slots for which something has been begun on `lane`, under the keys (part, slot).

    What has been begun stays so when it is done: that slot need not be begun again until it is
    stopped, because what it holds has changed.
    """

    def __init__(self, lane: Lane, *parts: str) -> None:
        self._lane, self._parts = lane, parts
        self._events: dict[int, threading.Event] = {}

    def __contains__(self, slot: int) -> bool:
        return slot in self._events

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._events))

    def __getitem__(self, slot: int) -> threading.Event:
        """Return what is set when `slot` is stopped."""
        return self._events[slot]

    def begin(self, slot: int) -> threading.Event:
        """Say that `slot` is begun; return what will be set when it is stopped."""
        self._events[slot] = event = threading.Event()
        return event

    def stop(self, slot: int) -> None:
        """Give up what has been begun for `slot`, if anything."""
        for part in self._parts:
            self._lane.cancel((part, slot))
        event = self._events.pop(slot, None)
        if event is not None:
            event.set()

    def stop_all(self) -> None:
        """Give up everything."""
        for slot in self:
            self.stop(slot)
