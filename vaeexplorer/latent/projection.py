"""Codes to 2-D: the Map record, and the projections that take no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Map:
    """Positions of a data set's codes in the plane.

    Attributes
    ----------
    method
        "pca", "umap-learn" or "axes" (the latent axes themselves, for size <= 2).
    positions
        float32, (n, 2).
    settings
        What the method was told (neighbours, min_dist, seed ...), JSON values.
    """

    method: str
    positions: NDArray[np.float32]
    settings: Mapping[str, Any] = field(default_factory=dict)
