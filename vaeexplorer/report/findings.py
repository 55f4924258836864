"""What a report is made of: the findings on each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.map_trust import MapTrust
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Codes, Run

if TYPE_CHECKING:
    from vaeexplorer.jobs.draws import Draws
    from vaeexplorer.jobs.holes import Holes
    from vaeexplorer.jobs.laws import Samples
    from vaeexplorer.jobs.overlays import Stretch
    from vaeexplorer.jobs.paths import Film
    from vaeexplorer.jobs.worst import WorstPlaces


@dataclass(frozen=True)
class Window:
    """A square part of a map: its lower left corner and its side, in units of the map."""

    left: float
    bottom: float
    side: float

    @classmethod
    def around(cls, positions: NDArray[np.float32], margin: float = 0.04) -> Window:
        """Return the smallest square that holds `positions`, (n, 2), with a share of margin."""
        low, high = positions.min(axis=0), positions.max(axis=0)
        side = float((high - low).max()) * (1 + 2 * margin) or 1.0
        left, bottom = (low + high) / 2 - side / 2
        return cls(float(left), float(bottom), side)

    def centres(self, count: int) -> NDArray[np.float64]:
        """Centres of count x count equal squares, row by row from the top, (count^2, 2)."""
        steps = (np.arange(count) + 0.5) * self.side / count
        x, y = np.meshgrid(self.left + steps, self.bottom + steps[::-1])
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def holding(self, positions: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
        """Tell which of these squares hold one of `positions`, in their order, (count^2,)."""
        column, row = (self.pixels(positions, count).astype(int).clip(0, count - 1)).T
        held = np.zeros((count, count), np.bool_)
        held[row, column] = True
        return held.ravel()

    def covers(self, positions: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell which of `positions`, (n, 2), lie in it, (n,)."""
        shares = self.pixels(positions, 1)
        inside = (shares >= 0) & (shares <= 1)
        return np.logical_and(inside[:, 0], inside[:, 1])

    def pixels(self, positions: NDArray[np.floating], side: int) -> NDArray[np.float64]:
        """Pixels, x to the right and y down, of `positions` in a picture of `side` pixels."""
        x = (positions[:, 0] - self.left) / self.side * side
        y = (1 - (positions[:, 1] - self.bottom) / self.side) * side
        return np.stack([x, y], axis=1)


@dataclass(frozen=True, eq=False)
class Findings:
    """What a report shows of one run, all pictures uint8, (count, channels, height, width).

    Attributes
    ----------
    run, folder
        The run and where it was read.
    space
        Name of the latent space that is shown.
    chosen
        The map that is drawn, of all codes of that space.
    window
        The part of the map that is drawn.
    grid, inside
        Decodes of the centres of equal squares of the window, row by row from the top, and
        whether there is data at each.
    samples, law
        Decodes of draws, and the name of what they were drawn from.
    further
        Decodes of as many draws from further laws, by the names that `regularity.law_names` gives.
    declared
        Whether the model declares that law as its prior.
    originals, reconstructions
        Held-out images and their reconstructions; None where the data is gone.
    scores, worst
        As jobs.scoring and jobs.worst give them; None where the data is gone or too small.
    stretch, draws
        What is laid over the map, as jobs.overlays and jobs.draws give it, on one scale for all
        runs; None where the map has no data near, and where the images are gone.
    further_draws
        The same draws from further laws, by the names of `further`; empty where there are none.
    holes
        Holes of the map and of the model, as jobs.holes gives them; None where the images are gone
        or none is held out.
    trust
        How far the map can be trusted; None of very few images.
    films
        The path between two images that all runs on the same data share, by its way; empty for
        runs on other data than the first.
    nats
        One sentence on what the nats of its distortion are; empty: nothing to be said.
    """

    run: Run
    folder: str
    space: str
    chosen: Map
    window: Window
    grid: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    samples: NDArray[np.uint8]
    law: str
    further: Mapping[str, Samples]
    declared: bool
    originals: NDArray[np.uint8] | None
    reconstructions: NDArray[np.uint8] | None
    scores: Mapping[str, Any] | None
    worst: WorstPlaces | None
    stretch: Stretch | None
    draws: Draws | None
    further_draws: Mapping[str, Draws]
    holes: Holes | None
    trust: MapTrust | None
    films: Mapping[str, Film] = field(default_factory=dict)
    nats: str = ""

    @property
    def codes(self) -> Codes:
        """Codes of the space that is shown."""
        return self.run.codes[self.space]
