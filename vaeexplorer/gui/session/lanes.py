"""The lanes of the document: one thread for each kind of work that must not wait for another."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from PySide6.QtCore import QObject

from vaeexplorer.gui.background import Lane
from vaeexplorer.gui.postponed import complete_torch

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 10.0


@dataclass(frozen=True, eq=False)
class Lanes:
    """Where the session and its parts put their jobs; a panel never does.

    All but `work` and `decode`, which the first picture needs, wait for the whole of torch.

    Attributes
    ----------
    train, work, decode
        What is trained; what is opened and saved; what follows the cursor.
    map
        A map waits for its process, for seconds, and scores come behind the maps: they must not
        hold up what is opened meanwhile.
    overlay
        It must hold up neither hovering nor opening.
    """

    train: Lane
    work: Lane
    decode: Lane
    map: Lane
    overlay: Lane

    @classmethod
    def of(cls, parent: QObject) -> Lanes:
        """Start the threads; their answers arrive on the thread of `parent`."""
        before = {"work": None, "decode": None}
        return cls(
            *(Lane(name, parent, before.get(name, complete_torch)) for name in cls.__annotations__)
        )

    def close(self) -> bool:
        """Cancel what does not last and wait for the threads; False if one did not end in time."""
        ended = True
        for lane in (self.overlay, self.decode, self.map, self.work, self.train):
            if not lane.close(CLOSE_TIMEOUT_S):
                log.warning("the lane %s did not end within %s s", lane.name, CLOSE_TIMEOUT_S)
                ended = False
        return ended
