"""Sampling: draws from one law in every slot, also on the maps, and how laws compare."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from vaeexplorer.data import Dataset, InputError
from vaeexplorer.gui.session.outlining import Outlining
from vaeexplorer.gui.session.overlaying import Overlay
from vaeexplorer.gui.session.scoring import StoppedError
from vaeexplorer.gui.session.stops import Stops
from vaeexplorer.jobs.draws import Draws, NoDraws, draws_on_map
from vaeexplorer.jobs.laws import Fits, LawComparison, Samples, compare_laws, draw_samples
from vaeexplorer.latent.lift import Lift
from vaeexplorer.regularity.law_names import OWN, LawError
from vaeexplorer.run import Exhibit

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

log = logging.getLogger(__name__)

SAMPLES = 24
DRAWS = "draws"


class Sampling(Outlining):
    """The verbs of the draws. Nothing is drawn or fitted until somebody looks at them.

    `samples_drawn` brings a slot's Samples, or None with the reason why there are none;
    `laws_compared` its LawComparison so far; `law_chosen` the name of the law in force.
    """

    law_chosen = Signal(str)
    samples_drawn = Signal(int, object, str)
    laws_compared = Signal(int, object)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.law = OWN
        self.samples: dict[int, Samples] = {}
        self.law_comparisons: dict[int, LawComparison] = {}
        self._law_fits: dict[int, Fits] = {}
        self._law_stops = Stops(self.lanes.map, "laws")
        self._samples_watched = False
        self._sampling_seed = 0
        self.exhibit_changed.connect(self._forget_laws)
        self.slots_changed.connect(self._forget_laws_beyond)
        self.model_changed.connect(self._sample_slot)
        self.scoring_changed.connect(self._compare_when_scored)

    def close(self) -> None:
        """Stop fitting, and close as the document does."""
        self._law_stops.stop_all()
        super().close()

    def watch_samples(self, watched: bool) -> None:
        """Say whether the draws are looked at: only then are they made."""
        self._samples_watched = watched
        if watched:
            for slot in range(len(self.slots)):
                if slot not in self.samples:
                    self._sample_slot(slot)
                self._compare_laws(slot)

    def choose_law(self, law: str) -> None:
        """Draw from the law of this name (see `regularity.law_names`) in every slot."""
        if law != self.law:
            self.law = law
            self.law_chosen.emit(law)
            self._sample_slots()
            self._lay_draws_over()

    def draw_again(self) -> None:
        """Make other draws from the same law."""
        self._sampling_seed += 1
        self._sample_slots()

    def _sample_slots(self) -> None:
        for slot in range(len(self.slots)):
            self._sample_slot(slot)

    def _sample_slot(self, slot: int, *_: object) -> None:
        exhibit = self.slots[slot].exhibit
        if not self._samples_watched:
            self.samples.pop(slot, None)  # of another law, or of a model without its images
            return
        if exhibit is None or not exhibit.spaces:
            self.samples.pop(slot, None)
            self.samples_drawn.emit(slot, None, "empty" if exhibit is None else "loading")
            return
        # On the lane of the overlays: a mixture is fitted for a second, and hovering goes on.
        self.lanes.overlay.submit(
            ("samples", slot),
            partial(
                draw_samples,
                self._fits_of(slot, exhibit),
                self.law,
                exhibit.dataset,
                SAMPLES,
                self._sampling_seed,
            ),
            on_result=partial(self._take_samples, slot, exhibit),
            on_error=partial(self._sampling_failed, slot, exhibit),
        )

    def _fits_of(self, slot: int, exhibit: Exhibit) -> Fits:
        """Laws of the model in `slot`, those that were fitted before where it is the same."""
        kept = self._law_fits.get(slot)
        if kept is None or not kept.are_of(exhibit):
            kept = self._law_fits[slot] = Fits(exhibit)
        return kept

    def _take_samples(self, slot: int, exhibit: Exhibit, samples: Samples) -> None:
        if self.shows(slot, exhibit):
            self.samples[slot] = samples
            self.samples_drawn.emit(slot, samples, "")

    def _sampling_failed(self, slot: int, exhibit: Exhibit, error: Exception) -> None:
        if not isinstance(error, InputError | LawError):
            log.error("drawing from %s failed", exhibit.name, exc_info=error)
        if self.shows(slot, exhibit):
            self.samples.pop(slot, None)
            reason = "no codebook" if isinstance(error, LawError) else "failed"
            self.samples_drawn.emit(slot, None, reason)

    # --- draws over the maps -------------------------------------------------------------------

    def _lay_draws_over(self) -> None:
        """Draw over the maps again, from the law in force by now."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] != DRAWS}
        if self.overlay == DRAWS:
            for slot in range(len(self.slots)):
                self._lay_bare(slot)
                self._lay_over(slot)

    def _overlay_job(
        self, slot: int, space: LatentSpace, lift: Lift, exhibit: Exhibit
    ) -> Callable[[], Generator[Overlay | None, None, Overlay | None]] | None:
        if self.overlay != DRAWS:
            return super()._overlay_job(slot, space, lift, exhibit)
        if exhibit.dataset is None:
            return None
        return partial(_draws, self._fits_of(slot, exhibit), self.law, lift, exhibit.dataset)

    # --- the laws compared --------------------------------------------------------------------

    def _compare_when_scored(self, slot: int, state: str) -> None:
        del state
        if slot < len(self.slots):
            self._compare_laws(slot)

    def _compare_laws(self, slot: int) -> None:
        """Fit and score all laws of `slot`, behind its scores, which prepare the images."""
        exhibit = self.slots[slot].exhibit
        begun = slot in self._law_stops
        if not self._samples_watched or exhibit is None or begun or not exhibit.spaces:
            return
        if self.scoring_states.get(slot) != "scored":
            return
        stop = self._law_stops.begin(slot)
        fits = self._fits_of(slot, exhibit)
        self.lanes.map.submit(
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
            self.give_way(stop)
            if stop.is_set():
                raise StoppedError

        measure = partial(compare_laws, fits=fits, wanted=lambda: self.law, pause=pause)
        return (yield from self.measure_exhibit(measure, exhibit, stop))

    def _take_comparison(self, slot: int, exhibit: Exhibit, found: LawComparison | None) -> None:
        if found is not None and self.shows(slot, exhibit):
            self.law_comparisons[slot] = found
            self.laws_compared.emit(slot, found)

    def _comparison_failed(self, exhibit: Exhibit, error: Exception) -> None:
        if not isinstance(error, StoppedError | InputError):
            log.error("comparing the laws of %s failed", exhibit.name, exc_info=error)

    def _forget_laws(self, slot: int, exhibit: Exhibit | None = None) -> None:
        self.lanes.overlay.cancel(("samples", slot))
        self._law_stops.stop(slot)
        for kept in (self.samples, self.law_comparisons, self._law_fits):
            kept.pop(slot, None)
        if slot < len(self.slots):
            self.laws_compared.emit(slot, None)
            self.samples_drawn.emit(slot, None, "empty" if exhibit is None else "loading")

    def _forget_laws_beyond(self, count: int) -> None:
        for slot in [slot for slot in (*self._law_fits, *self._law_stops) if slot >= count]:
            self._forget_laws(slot)


def _draws(
    fits: Fits, law: str, lift: Lift, dataset: Dataset
) -> Generator[Draws, None, Draws | NoDraws]:
    """Fit the law of this name, on a lane, and draw from it over the map of `lift`."""
    try:
        found = fits.law(law)
    except LawError:
        return NoDraws()
    return (yield from draws_on_map(fits.space, found, lift, dataset))
