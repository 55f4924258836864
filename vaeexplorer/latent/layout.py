"""UMAP's layout of a graph: where its dots start, and how they move, a few epochs at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SIDE = 10.0
"""Width and height of the square in which the dots start."""

NOISE = 1e-4
"""Standard deviation of what parts equal codes at the start, while the largest coordinate is 10."""

PUSHES = 5.0
"""Random dots that a dot is pushed away from, per pull of an edge."""

FEWEST_CUT_EPOCHS = 10


class Layout:
    """A layout under way.

    Parameters
    ----------
    graph
        Symmetric weights, (n, n), of `fuzzy_graph`.
    start
        (n, 2), finite: the shape to start from, scaled to a square.
    epochs
        Passes in all, >= 1.
    min_dist
        Smallest distance between dots, in [0, 1].
    seed
        Decides all that is random: equal seeds give equal layouts, however the epochs are split.

    Attributes
    ----------
    positions
        float32, (n, 2): where the dots are now. Changed in place by `run`.
    done
        Epochs that have been run.
    """

    def __init__(
        self,
        graph: csr_array[Any],
        start: NDArray[np.float32],
        epochs: int,
        min_dist: float,
        seed: int,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.positions = _scaled(start, rng)
        self.epochs = epochs
        self.done = 0
        self._random = rng.integers(1, 2**63, 1, np.uint64)
        self._curve = curve(min_dist)
        edges = graph.tocoo()
        weights = np.asarray(edges.data, np.float64)
        # An edge that would not be due once in all epochs need not be looked at.
        kept = weights * max(epochs, FEWEST_CUT_EPOCHS) >= weights.max()
        self._heads, self._tails = (
            np.ascontiguousarray(ends[kept], np.int32) for ends in (edges.row, edges.col)
        )
        self._every = weights.max() / weights[kept]
        self._next_pull = self._every.copy()
        self._next_push = self._every / PUSHES

    def run(self, epochs: int) -> None:
        """Run up to `epochs` more epochs, in place; the GIL is not held meanwhile."""
        from vaeexplorer.latent.layout_kernel import power_tables, run_epochs

        stop = min(self.done + epochs, self.epochs)
        a, b = self._curve
        run_epochs(
            self.positions,
            self._heads,
            self._tails,
            self._every,
            self._next_pull,
            self._next_push,
            self._random,
            np.float32(a),
            np.float32(b),
            *power_tables(b),
            PUSHES,
            self.done,
            stop,
            self.epochs,
        )
        self.done = stop


def curve(min_dist: float) -> tuple[float, float]:
    """Return a and b for which 1 / (1 + a d^(2 b)) is nearest to UMAP's wish.

    The wish is 1 up to `min_dist` and exp(min_dist - d) beyond, at 300 distances d in [0, 3].

    Raises
    ------
    ValueError
        Unless 0 <= min_dist <= 1.
    """
    from scipy.optimize import curve_fit

    if not 0 <= min_dist <= 1:
        raise ValueError(f"min_dist is {min_dist:g}, but it must be from 0 to 1")
    distances = np.linspace(0, 3, 300)
    wish = np.where(distances < min_dist, 1.0, np.exp(min_dist - distances))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), distances, wish)
    return float(a), float(b)


def _scaled(start: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Stretch `start`, with a little noise, to a square from 0 to `SIDE`."""
    shape = np.asarray(start, np.float64)
    shape = shape * (SIDE / (np.abs(shape).max() or 1.0)) + rng.normal(0, NOISE, shape.shape)
    low, extent = shape.min(axis=0), np.ptp(shape, axis=0)
    return np.ascontiguousarray(SIDE * (shape - low) / extent, np.float32)
