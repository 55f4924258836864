"""The probe: the inspected place of one slot, and the three ways to put it somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.lift import Exactness, Lift

if TYPE_CHECKING:
    from vaeexplorer.models.base import LatentSpace

Kind = Literal["dot", "between", "outside", "code", "linked"]


@dataclass(frozen=True, eq=False)
class Probe:
    """One place in a latent space and on its map.

    Attributes
    ----------
    kind
        "dot": on the dot of an image, z is its own code. "between" and "outside": lifted from a
        free place among the dots, or beyond them. "code": set by hand, placed at its nearest
        codes. "linked": the image that another slot's probe is nearest to.
    position
        Place on the map, float64, (2,).
    z
        The code that is decoded, float32, (size,).
    nearest
        Index of the image whose code is nearest to z.
    distance
        Euclidean distance from z to that code.
    spread
        Root mean square distance of the neighbours' codes from a lifted z; 0 where z is not lifted.
    radius
        The same of their dots from `position`, on the map.
    exactness
        "code": z is the code of this very place. "map": z is on this very place of the map, its
        components across the map are a choice. "none": z is a mean.
    whole
        Of a draw, the code of the whole image, float32, in the space that it was drawn in
        (LatentSpace.drawn_in): z or, of a layer of a hierarchy, the code of the lowest layer that
        was drawn under it. It is decoded in place of z. None: no draw.
    """

    kind: Kind
    position: NDArray[np.float64]
    z: NDArray[np.float32]
    nearest: int
    distance: float
    spread: float = 0.0
    radius: float = 0.0
    exactness: Exactness = "code"
    whole: NDArray[np.float32] | None = None

    def source(self, space: LatentSpace) -> tuple[LatentSpace, NDArray[np.float32]]:
        """Return what the picture of this place of `space` is decoded from: space and (1, size)."""
        if self.whole is None:
            return space, self.z[None]
        return space.drawn_in, self.whole[None]


def probe_at(
    lift: Lift,
    point: NDArray[np.float64],
    snap_distance: float,
    held: NDArray[np.float32] | None = None,
) -> Probe:
    """Probe the place `point` of the map; within `snap_distance` of a dot, that dot.

    `held` is the code, if any, whose components across a map of principal axes are kept.
    """
    lifted = lift.lift(point, snap_distance, held)
    if lifted.snapped:
        return probe_image(lift, lifted.nearest, "dot")
    nearest, distance = lift.nearest_code(lifted.z)
    kind: Kind = "between" if lifted.inside else "outside"
    return Probe(
        kind,
        np.asarray(point, float),
        lifted.z,
        nearest,
        distance,
        lifted.spread,
        lifted.radius,
        lift.exactness,
    )


def probe_image(lift: Lift, index: int, kind: Literal["dot", "linked"]) -> Probe:
    """Probe the dot of image `index`."""
    position = np.asarray(lift.positions[index], float)
    return Probe(kind, position, lift.codes[index], index, 0.0)


def probe_code(
    lift: Lift, z: NDArray[np.float32], whole: NDArray[np.float32] | None = None
) -> Probe:
    """Probe the code `z`, placed on the map among its nearest codes; `whole` as in Probe."""
    nearest, distance = lift.nearest_code(z)
    return Probe("code", np.asarray(lift.place(z), float), z, nearest, distance, whole=whole)
