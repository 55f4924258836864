"""A path drawn on a map by hand: as codes of the model drawn on, and as images for the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.lift import Lift
from vaeexplorer.latent.paths import Codes, along, smoothed

PLACES = 257
"""Places along a stroke that are lifted, at equal distances on the map."""

KNOTS = 25
"""Of these, the places whose nearest image the other models pass."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line drawn on the map of one model.

    Attributes
    ----------
    slot
        Where it was drawn.
    places
        Places along it at equal distances on the map, float32, (257, 2).
    z
        Their lifts, float32, (257, size): the path of the model that it was drawn on.
    images
        Indices of the images whose codes are nearest to every tenth or so of `z`, in order, none
        twice in a row, (k,), k >= 1: what other models pass through.
    codes, positions
        The very arrays of codes and of places of dots that it was lifted among, by which a model
        and a map are known again.
    """

    slot: int
    places: NDArray[np.float32] = field(repr=False)
    z: Codes = field(repr=False)
    images: NDArray[np.int64] = field(repr=False)
    codes: Codes = field(repr=False)
    positions: NDArray[np.float32] = field(repr=False)

    def path_of(self, codes: Codes) -> Codes:
        """Return the path, (points, size), of the model whose codes of all images are `codes`.

        The lift of the stroke in the model that it was drawn on. In another one the codes of
        `images`, joined and smoothed as a way along the data is: the same images, and no more
        than that, since a place of one map is no place of another.
        """
        if codes is self.codes:
            return self.z
        return smoothed(codes[self.images] if len(self.images) > 1 else codes[[*self.images] * 2])

    def place_at(self, share: float) -> NDArray[np.float64]:
        """Place on the map, (2,), at `share` of the way along `z`, by length in latent space."""
        lengths = np.linalg.norm(np.diff(self.z.astype(np.float64), axis=0), axis=1)
        reached = np.concatenate([[0.0], np.cumsum(lengths)])
        at = share * reached[-1]
        return np.array([np.interp(at, reached, column) for column in self.places.T])


def lift_stroke(lift: Lift, slot: int, corners: NDArray[np.float64], codes: Codes) -> Stroke:
    """Lift the line through `corners`, (m, 2), m >= 1, on the map of `lift`, drawn in `slot`.

    `codes` are those that `lift` was made of.
    """
    places = along(corners.astype(np.float32), np.linspace(0, 1, PLACES))
    z = lift.lift_grid(places)
    every = np.linspace(0, PLACES - 1, KNOTS).round().astype(int)
    images = np.array([lift.nearest_code(one)[0] for one in z[every]])
    changes = np.concatenate([[True], images[1:] != images[:-1]])
    return Stroke(slot, places, z, images[changes], codes, lift.positions)
