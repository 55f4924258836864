"""Sampling: draws from one law in every slot, also on the maps, and how laws compare."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from functools import partial

from PySide6.QtCore import Signal

from vaeexplorer.data import Dataset, InputError
from vaeexplorer.data.dataset import Split
from vaeexplorer.gui.session.holding import Holding
from vaeexplorer.gui.session.parts.overlaying import Overlaying
from vaeexplorer.gui.session.parts.scoring import Scoring, StoppedError
from vaeexplorer.gui.session.parts.watched import Watched
from vaeexplorer.jobs.draws import Draws, NoDraws, draws_on_map
from vaeexplorer.jobs.holes import Holes, holes
from vaeexplorer.jobs.laws import Fits, LawComparison, Samples, compare_laws, draw_samples
from vaeexplorer.jobs.opening import main_space
from vaeexplorer.latent.lift import Lift
from vaeexplorer.regularity.law_names import OWN, LawError
from vaeexplorer.run import Codes, Exhibit

log = logging.getLogger(__name__)

SAMPLES = 24
DRAWS, HOLES = "draws", "holes"


class Sampling(Watched):
    """Draws from laws and compares them. Nothing is drawn or fitted until somebody looks at them.

    `drawn` brings a slot's Samples, or None with the reason why there are none;
    `laws_compared` its LawComparison so far; `law_chosen` the name of the law in force.
    """

    law_chosen = Signal(str)
    drawn = Signal(int, object, str)
    laws_compared = Signal(int, object)

    def __init__(self, session: Holding, scores: Scoring, overlays: Overlaying) -> None:
        super().__init__(session, "laws")
        self._scores, self._overlays = scores, overlays
        self.law = OWN
        self.by_slot: dict[int, Samples] = {}
        self.comparisons: dict[int, LawComparison] = {}
        self._fits: dict[int, Fits] = {}
        self._seed = 0
        session.exhibit_changed.connect(self._forget)
        session.slots_changed.connect(self._forget_beyond)
        for signal in (session.model_changed, session.context_changed):
            signal.connect(self._draw)
        scores.changed.connect(self._compare_when_scored)
        overlays.offer(DRAWS, self._draws_over)
        overlays.offer(HOLES, self._holes_over)

    def _look(self, slot: int) -> None:
        if slot not in self.by_slot:
            self._draw(slot)
        self._compare(slot)

    def choose_law(self, law: str) -> None:
        """Draw from the law of this name (see `regularity.law_names`) in every slot."""
        if law != self.law:
            self.law = law
            self.law_chosen.emit(law)
            self._draw_all()
            self._overlays.renew(DRAWS)
            self._overlays.renew(HOLES)

    def draw_again(self) -> None:
        """Make other draws from the same law."""
        self._seed += 1
        self._draw_all()

    def _draw_all(self) -> None:
        for slot in range(len(self._session.slots)):
            self._draw(slot)

    def _draw(self, slot: int, *_: object) -> None:
        exhibit = self._session.slots[slot].exhibit
        if not self._watched:
            self.by_slot.pop(slot, None)  # of another law, or of a model without its images
            return
        if exhibit is None or not exhibit.spaces:
            self.by_slot.pop(slot, None)
            self.drawn.emit(slot, None, "empty" if exhibit is None else "loading")
            return
        # On the lane of the overlays: a mixture is fitted for a second, and hovering goes on.
        self._session.lanes.overlay.submit(
            ("samples", slot),
            partial(
                draw_samples,
                self._fits_of(slot, exhibit),
                self.law,
                exhibit.dataset,
                SAMPLES,
                self._seed,
            ),
            on_result=partial(self._take, slot, exhibit),
            on_error=partial(self._failed, slot, exhibit),
        )

    def _fits_of(self, slot: int, exhibit: Exhibit) -> Fits:
        """Laws of the model in `slot`, those that were fitted before where it is the same."""
        kept = self._fits.get(slot)
        if kept is None or not kept.are_of(exhibit):
            kept = self._fits[slot] = Fits(exhibit)
        return kept

    def _take(self, slot: int, exhibit: Exhibit, samples: Samples) -> None:
        if self._session.shows(slot, exhibit):
            self.by_slot[slot] = samples
            self.drawn.emit(slot, samples, "")

    def _failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if not isinstance(error, InputError | LawError):
            log.error("drawing from %s failed", exhibit.name, exc_info=error)
        if self._session.shows(slot, exhibit):
            self.by_slot.pop(slot, None)
            reason = "no codebook" if isinstance(error, LawError) else "failed"
            self.drawn.emit(slot, None, reason)

    def _draws_over(
        self, slot: int, lift: Lift, exhibit: Exhibit
    ) -> Callable[[], Generator[Draws, None, Draws | NoDraws]] | None:
        """Return what draws over the map of `slot` from the law in force."""
        if exhibit.dataset is None:
            return None
        return partial(_draws, self._fits_of(slot, exhibit), self.law, lift, exhibit.dataset)

    def _holes_over(
        self, slot: int, lift: Lift, exhibit: Exhibit
    ) -> Callable[[], Generator[Holes | None, None, Holes]] | None:
        """Return what looks for holes of the map of `slot`, and asks the law in force."""
        if exhibit.dataset is None or lift.lattice is None:
            return None
        split = exhibit.dataset.split(exhibit.split_seed)
        codes = exhibit.codes[main_space(exhibit)]
        return partial(_holes, self._fits_of(slot, exhibit), self.law, lift, codes, split)

    # --- the laws compared --------------------------------------------------------------------

    def _compare_when_scored(self, slot: int, state: str) -> None:
        del state
        if slot < len(self._session.slots):
            self._compare(slot)

    def _compare(self, slot: int) -> None:
        """Fit and score all laws of `slot`, behind its scores, which prepare the images."""
        exhibit = self._session.slots[slot].exhibit
        begun = slot in self._stops
        if not self._watched or exhibit is None or begun or not exhibit.spaces:
            return
        if self._scores.states.get(slot) != "scored":
            return
        stop = self._stops.begin(slot)
        fits = self._fits_of(slot, exhibit)
        self._session.lanes.map.submit(
            ("laws", slot),
            partial(self._comparison, exhibit, fits, stop),
            on_progress=partial(self._take_comparison, slot, exhibit),
            on_result=partial(self._take_comparison, slot, exhibit),
            on_error=partial(self._comparison_failed, exhibit),
        )

    def _comparison(
        self, exhibit: Exhibit, fits: Fits, stop: threading.Event
    ) -> Generator[LawComparison, None, LawComparison | None]:
        """Compare the laws of an exhibit; on a lane, and only there."""

        def pause() -> None:
            self._session.give_way(stop)
            if stop.is_set():
                raise StoppedError

        measure = partial(compare_laws, fits=fits, wanted=lambda: self.law, pause=pause)
        return (yield from self._scores.measure_exhibit(measure, exhibit, stop))

    def _take_comparison(self, slot: int, exhibit: Exhibit, found: LawComparison | None) -> None:
        if found is not None and self._session.shows(slot, exhibit):
            self.comparisons[slot] = found
            self.laws_compared.emit(slot, found)

    def _comparison_failed(self, exhibit: Exhibit, error: Exception) -> None:
        if not isinstance(error, StoppedError | InputError):
            log.error("comparing the laws of %s failed", exhibit.name, exc_info=error)

    def _forget(self, slot: int, exhibit: Exhibit | None = None) -> None:
        self._session.lanes.overlay.cancel(("samples", slot))
        self._stops.stop(slot)
        for kept in (self.by_slot, self.comparisons, self._fits):
            kept.pop(slot, None)
        if slot < len(self._session.slots):
            self.laws_compared.emit(slot, None)
            self.drawn.emit(slot, None, "empty" if exhibit is None else "loading")

    def _forget_beyond(self, count: int) -> None:
        for slot in [slot for slot in (*self._fits, *self._stops) if slot >= count]:
            self._forget(slot)


def _draws(
    fits: Fits, law: str, lift: Lift, dataset: Dataset
) -> Generator[Draws, None, Draws | NoDraws]:
    """Fit the law of this name, on a lane, and draw from it over the map of `lift`."""
    try:
        found = fits.law(law)
    except LawError:
        return NoDraws()
    return (yield from draws_on_map(fits.space, found, lift, dataset))


def _holes(
    fits: Fits, law: str, lift: Lift, codes: Codes, split: Split
) -> Generator[Holes | None, None, Holes]:
    """Fit the law of this name, on a lane, and look for holes of the map of `lift`.

    Where holes are does not depend on the law, so that a model without a codebook has them too
    where a law of codebooks is in force: it is asked for its own law.
    """
    try:
        asked = fits.law(law)
    except LawError:
        asked = fits.law(OWN)
    known = fits.emptied.get(asked.name) or next(iter(fits.emptied.values()), None)
    found = yield from holes(fits.space, lift, codes, split, known, asked)
    fits.emptied[asked.name] = found.emptied
    return found
