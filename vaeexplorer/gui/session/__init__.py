"""The document of the window. Panels call its verbs and draw what its signals bring.

A verb is thin: what takes long lives in `jobs`, on a lane (lanes). What others build upon is one
class in a file each, in this order: the state (document), the probe (probing), what is opened
(opening), mapped (mapping, aligning), selected (selecting), shown of two dimensions (planes) and
held beside the codes (holding).

What nothing else of these builds upon is a part: an object of its own in `parts`, with its own
verbs, signals and state, called `session.search` or `session.map_files`. To add one:

1. Write `parts/NAME.py`: a QObject that is given the session, and the parts that it needs. It
   calls public verbs, listens to signals and puts jobs on `session.lanes`. What it knows of each
   slot stands in `by_slot`, or comes from `of(slot)` where it must fit what the slot holds by now.
2. Make it in `Session.__init__`, under a noun of the field. Signals reach parts after the classes
   of the chain, and one part after the other as they stand there: that order is kept on purpose.
3. If it has begun what must be told to stop, give it `close()` and name it in `Session.close`.
   `parts.watched` has that for work that is done only while somebody looks at what it brings.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from vaeexplorer.gui.session.document import MAX_SLOTS, Slot
from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.gui.session.parts.bounding import Bounding
from vaeexplorer.gui.session.parts.colouring import Colouring
from vaeexplorer.gui.session.parts.describing import Describing
from vaeexplorer.gui.session.parts.drawing import Drawing
from vaeexplorer.gui.session.parts.exporting import Exporting
from vaeexplorer.gui.session.parts.finding import Finding
from vaeexplorer.gui.session.parts.judging import Judging
from vaeexplorer.gui.session.parts.keeping import Keeping
from vaeexplorer.gui.session.parts.outlining import Outlining
from vaeexplorer.gui.session.parts.picking import Picking
from vaeexplorer.gui.session.parts.picturing import Picturing
from vaeexplorer.gui.session.parts.rating import Rating
from vaeexplorer.gui.session.parts.sampling import Sampling
from vaeexplorer.gui.session.parts.scoring import Scoring
from vaeexplorer.gui.session.parts.supplementing import Supplementing
from vaeexplorer.gui.session.parts.swapping import Swapping
from vaeexplorer.gui.session.parts.training import Training
from vaeexplorer.gui.session.parts.trusting import Trusting
from vaeexplorer.storage import RunLibrary

__all__ = ["MAX_SLOTS", "Session", "Slot"]


class Session(Holding):
    """Holds the document, changes it by verbs, and tells of every change by a signal."""

    def __init__(self, library: RunLibrary, parent: QObject | None = None) -> None:
        super().__init__(library, parent)
        self.runs = Keeping(self)
        self.training = Training(self)
        self.scores = Scoring(self)
        self.worst_places = Judging(self, self.scores)
        self.secondary = Supplementing(self, self.scores)
        self.path = Drawing(self)
        self.rates = Rating(self)
        self.search = Finding(self)
        self.evidence = Bounding(self)
        self.colours = Colouring(self)
        self.overlays = Outlining(self)
        self.thumbnails = Picturing(self)
        self.codebooks = Picking(self)
        self.samples = Sampling(self, self.scores, self.overlays)
        self.map_trust = Trusting(self)
        self.map_files = Exporting(self)
        self.swaps = Swapping(self)
        self.descriptions = Describing(self)

    def let_go(self) -> None:
        """Give up drawing a path; else let go of what is held, else of what is selected."""
        if self.path.drawing:
            self.path.draw(False)
        elif any(state.held is not None for state in self.slots):
            self.release()
        else:
            self.clear_selection()

    def close(self) -> None:
        """Let the parts stop what they have begun, and close as the document does."""
        for part in (self.samples, self.secondary, self.worst_places, self.scores):
            part.close()
        super().close()
