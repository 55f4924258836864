"""The film of a path: what a model decodes on the way from one image to another."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.strips import Strip, film_file
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.latent import paths
from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.probe import Probe, probe_code, probe_image
from vaeexplorer.latent.strokes import Stroke
from vaeexplorer.regularity.rounding import is_seen
from vaeexplorer.run import Progress
from vaeexplorer.storage.atomic import write_atomically

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

FRAMES = 49
STEPS = 64
"""Equal steps in latent space along which the change of the picture is measured."""

EXAMPLES = 10_000
"""Images among which the ends of the first path are sought, at most."""


@dataclass(frozen=True)
class PathChoice:
    """Which path is looked at, in every model of one data set.

    Attributes
    ----------
    fingerprint
        Of the images; models of other data have no such path.
    start, end
        Indices of the two images.
    way
        One of latent.paths.WAYS, or "drawn".
    even
        Whether frames of the film differ by equal amounts; else they stand at equal distances in
        latent space.
    stroke
        The line that was drawn last: `start` and `end` are the images nearest to its ends.
    """

    fingerprint: str
    start: int
    end: int
    way: str = "straight"
    even: bool = True
    stroke: Stroke | None = field(default=None, repr=False)

    @property
    def drawn(self) -> Stroke | None:
        """The line that the path follows; None where it goes from image to image."""
        return self.stroke if self.way == "drawn" else None

    def without_stroke(self) -> PathChoice:
        """Return the same path for other ends, which no line was drawn between."""
        way = "straight" if self.drawn else self.way
        return replace(self, way=way, stroke=None)


@dataclass(frozen=True, eq=False)
class Film:
    """What one model decodes along a path.

    Attributes
    ----------
    choice
        The path.
    z, frames
        The codes of the frames, float32, (49, size), and their pictures, uint8,
        (49, channels, height, width).
    shares
        Share of the way in latent space at which each frame stands, (49,).
    steps
        Change of the picture over each of 64 equal steps in latent space, Euclidean, pixels in
        [0, 1], (64,). Measured so whatever the frames are, because only that is the model's.
    gaps
        Distance from the ends of these steps to the nearest code, (65,), in units of the median
        distance of a code to its nearest other one; None where that is 0.
    way
        Codes at the ends of these steps, float32, (65, size).
    lifted
        Whether the path is the lift of a line on this model's map, and not between codes.
    """

    choice: PathChoice
    z: NDArray[np.float32] = field(repr=False)
    frames: NDArray[np.uint8] = field(repr=False)
    shares: NDArray[np.float64] = field(repr=False)
    steps: NDArray[np.float64] = field(repr=False)
    gaps: NDArray[np.float64] | None = field(repr=False)
    way: NDArray[np.float32] = field(repr=False)
    lifted: bool = False

    @property
    def largest(self) -> int | None:
        """Index of the largest step; None where nothing changes but by rounding, or not finite."""
        mean, pixels = float(self.steps.mean()), self.frames[0].size
        return (
            int(self.steps.argmax()) if math.isfinite(mean) and is_seen(mean**2, pixels) else None
        )

    @property
    def ratio(self) -> float | None:
        """The largest step in units of the mean step: 1 where the picture changes evenly."""
        largest = self.largest
        return None if largest is None else float(self.steps[largest] / self.steps.mean())

    def film_places(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where on the film, 0 to 1, the places at `shares` of the way are."""
        return np.interp(shares, self.shares, np.linspace(0, 1, len(self.shares)))

    def strip(self, slot: int) -> Strip:
        """Return the film as it is drawn in a file, for the slot `slot`."""
        edges = self.film_places(np.linspace(0, 1, len(self.steps) + 1))
        return Strip(slot, self.frames, self.steps, edges, self.gaps, self.largest)


def film_path(
    space: LatentSpace, codes: NDArray[np.float32], choice: PathChoice
) -> Generator[Progress, None, Film]:
    """Decode the path `choice` in a model whose codes of all images are `codes`, (n, size)."""
    import torch

    def decode(z: NDArray[np.float32]) -> NDArray[np.float32]:
        pictures: NDArray[np.float32] = space.decode(torch.from_numpy(z)).flatten(1).numpy()
        return pictures

    yield Progress("path", 0.0)
    path = _path(space, codes, choice, decode)
    yield Progress("path", 0.5)
    shares = np.linspace(0, 1, FRAMES)
    if choice.even:
        shares = paths.equal_steps(path, decode, FRAMES)
    yield Progress("path", 0.7)
    way = paths.along(path, np.linspace(0, 1, STEPS + 1))
    steps = paths.picture_steps(decode(way))
    yield Progress("path", 0.8)
    typical = paths.typical_distance(codes)
    gaps = paths.nearest_distances(way, codes) / typical if typical > 0 else None
    z = paths.along(path, shares)
    lifted = choice.drawn is not None and choice.drawn.codes is codes
    return Film(choice, z, decode_pixels(space, z), shares, steps, gaps, way, lifted)


def _path(
    space: LatentSpace,
    codes: NDArray[np.float32],
    choice: PathChoice,
    decode: paths.Decoder,
) -> NDArray[np.float32]:
    start, end = codes[choice.start], codes[choice.end]
    if choice.drawn is not None:
        return choice.drawn.path_of(codes)
    if choice.way == "slerp":
        # A prior is N(0, I): about 0. Without one, about the middle of the codes.
        middle = codes.mean(axis=0) if space.prior is None else np.zeros_like(start)
        return paths.slerp(start, end, middle)
    if choice.way == "data":
        return paths.along_data(start, end, codes, decode)
    return paths.straight(start, end)


def place_path(lift: Lift, film: Film) -> NDArray[np.float64]:
    """Places of the path's codes on a map, float64, (65, 2): a line that jumps where it tears.

    A line that was drawn on this very map is that line, (257, 2).
    """
    stroke = _stroke_on(lift, film)
    if stroke is not None:
        return stroke.places.astype(np.float64)
    return np.stack([np.asarray(lift.place(z), np.float64) for z in film.way])


def probe_frame(lift: Lift, film: Film, frame: int) -> Probe:
    """Probe frame `frame` of `film`: at its ends the two images, on a drawn line its place."""
    if frame in (0, len(film.z) - 1) and not film.lifted:
        return probe_image(lift, film.choice.end if frame else film.choice.start, "dot")
    probe, stroke = probe_code(lift, film.z[frame]), _stroke_on(lift, film)
    if stroke is None:
        return probe
    return replace(probe, position=stroke.place_at(float(film.shares[frame])))


def _stroke_on(lift: Lift, film: Film) -> Stroke | None:
    """Return the line that `film` follows, if it was drawn on the map of `lift`."""
    stroke = film.choice.drawn
    there = stroke is not None and film.lifted and stroke.positions is lift.positions
    return stroke if there else None


def first_ends(codes: NDArray[np.float32], labels: NDArray[np.int64] | None) -> tuple[int, int]:
    """Two images that make a telling path: the most typical ones of the two farthest classes.

    Typical: the code nearest to the mean of its class. Without labels, or with one class only,
    the two codes at the ends of the dimension that varies most.
    """
    codes = codes[:EXAMPLES].astype(np.float64)
    known = np.unique(labels[:EXAMPLES]) if labels is not None else np.zeros(0, np.int64)
    if labels is None or len(known) < 2:
        along = codes[:, codes.var(axis=0).argmax()]
        return int(along.argmin()), int(along.argmax())
    members = [np.flatnonzero(labels[:EXAMPLES] == label) for label in known]
    means = np.stack([codes[members_].mean(axis=0) for members_ in members])
    apart = np.linalg.norm(means[:, None] - means, axis=2)
    pair = np.unravel_index(apart.argmax(), apart.shape)
    first, last = (
        int(members[k][np.linalg.norm(codes[members[k]] - means[k], axis=1).argmin()])
        for k in sorted(int(k) for k in pair)
    )
    return first, last


def save_film(strips: Sequence[Strip], target: Path) -> None:
    """Save the films of several models side by side: a GIF that moves, or else a PNG.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    write_atomically(target, film_file(strips, target.suffix.lower()))
