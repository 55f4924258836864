"""UMAP's graph: which codes are near one another, and how much so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK = 5_000
"""Codes whose neighbours are looked up between two reports."""

TREE_SIZE = 12
TREE_WORK = 1e6
"""A tree is faster up to `TREE_SIZE` dimensions, and where n x dimensions^2 is below this."""

SEARCH_STEPS = 64
TOLERANCE = 1e-5
"""Of the search for each code's bandwidth: steps at most, and error of the sum it looks for."""

SMALLEST_SHARE = 1e-3
"""Bandwidths are at least this share of the mean distance to the neighbours."""

Report = Callable[[float], None]


def nearest_codes(
    codes: NDArray[np.float32], count: int, report: Report
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the exact nearest codes of each code, itself among them.

    Parameters
    ----------
    codes
        float32, (n, size).
    count
        Of neighbours, the code itself included, 1 <= count <= n.
    report
        Told the share in (0, 1] that is done after every `CHUNK` codes; what it raises ends the
        search.

    Returns
    -------
    indices, distances
        int32 and float32, (n, count), nearest first.
    """
    n = len(codes)
    size = _effective_size(codes)
    by_tree = size <= TREE_SIZE or n * size**2 <= TREE_WORK
    order, look_up = (_tree_search if by_tree else _full_search)(codes, count)
    indices = np.empty((n, count), np.int32)
    distances = np.empty((n, count), np.float32)
    for start in range(0, n, CHUNK):
        chunk = order[start : start + CHUNK]
        found = look_up(chunk)
        away = _distances(codes, chunk, found)
        nearer = np.argsort(away, axis=1, kind="stable")
        indices[chunk] = np.take_along_axis(found, nearer, 1)
        distances[chunk] = np.take_along_axis(away, nearer, 1)
        report(min(start + CHUNK, n) / n)
    return indices, distances


def _effective_size(codes: NDArray[np.float32]) -> float:
    """Dimensions in which codes vary: (sum of variances)^2 / sum of squared variances.

    A VAE leaves many of its dimensions nearly constant, and those cost a tree nothing.
    """
    variances = codes.var(axis=0, dtype=np.float64)
    variances /= variances.max() or 1.0
    return float(variances.sum() ** 2 / max((variances**2).sum(), 1.0))


LookUp = Callable[[NDArray[Any]], NDArray[Any]]


def _tree_search(codes: NDArray[np.float32], count: int) -> tuple[NDArray[Any], LookUp]:
    """Return the order in which to look up codes, and how: codes to indices of their nearest."""
    from scipy.spatial import cKDTree

    # Turned onto their principal axes, codes that vary little in some directions are found in two
    # thirds of the time: the tree does not cut across those.
    centred = codes - codes.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    turned = centred @ axes[:, ::-1]
    tree = cKDTree(turned, balanced_tree=False)
    ranks = list(range(1, count + 1))

    def look_up(chunk: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(tree.query(turned[chunk], ranks, workers=-1)[1])

    # In the tree's own order a look-up finds in the processor's cache what the last one read.
    return np.asarray(tree.indices), look_up


def _full_search(codes: NDArray[np.float32], count: int) -> tuple[NDArray[Any], LookUp]:
    """Return the order in which to look up codes, and how: codes to indices of their nearest."""
    from sklearn.neighbors import NearestNeighbors

    searcher = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(codes)

    def look_up(chunk: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(searcher.kneighbors(codes[chunk], return_distance=False))

    return np.arange(len(codes)), look_up


def _distances(
    codes: NDArray[np.float32], chunk: NDArray[Any], found: NDArray[Any]
) -> NDArray[np.float32]:
    """Distances of the codes `chunk`, (m,), to those `found` for each, (m, count).

    Of the codes as they are: in a search that turned or multiplied them, a code is not at distance
    0 of its equals, on which UMAP relies.
    """
    here = codes[chunk].astype(np.float64)
    distances = np.empty(found.shape, np.float32)
    for rank in range(found.shape[1]):
        distances[:, rank] = np.linalg.norm(here - codes[found[:, rank]], axis=1)
    return distances


def fuzzy_graph(indices: NDArray[np.int32], distances: NDArray[np.float32]) -> csr_array[Any]:
    """Weigh the edges between near codes by how surely they are neighbours.

    From each code, a neighbour at distance d has membership exp(-max(d - rho, 0) / sigma), with
    rho the distance of its nearest other code and sigma such that its memberships sum to
    log2(count). An edge's weight is the probability that either end's membership holds.

    Parameters
    ----------
    indices, distances
        (n, count), of `nearest_codes`.

    Returns
    -------
    csr_array
        Symmetric, float32, (n, n), weights in (0, 1], sorted.

    References
    ----------
    L. McInnes, J. Healy, J. Melville, "UMAP: Uniform Manifold Approximation and Projection",
    2018, algorithms 2 and 3; numerically as umap-learn 0.5.
    """
    from scipy.sparse import csr_array

    n, count = indices.shape
    nearest, bandwidth = _local_scales(distances)
    gaps = np.maximum(distances - nearest[:, None], 0)
    memberships = np.exp(-gaps / bandwidth[:, None])
    memberships[indices == np.arange(n)[:, None]] = 0
    ends = np.arange(0, n * count + 1, count)
    directed = csr_array((memberships.ravel(), indices.ravel(), ends), shape=(n, n))
    directed.eliminate_zeros()
    directed.sort_indices()
    reverse = directed.T.tocsr()
    graph = csr_array(directed + reverse - directed.multiply(reverse))
    graph.eliminate_zeros()
    graph.sort_indices()
    return graph


def _local_scales(
    distances: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Distance of the nearest other place and bandwidth of each code, (n,) each."""
    apart = np.where(distances > 0, distances, np.inf).min(axis=1)
    nearest = np.where(np.isfinite(apart), apart, 0).astype(np.float32)
    bandwidth = np.empty_like(nearest)
    for start in range(0, len(distances), CHUNK):
        chunk = slice(start, start + CHUNK)
        gaps = np.maximum(distances[chunk, 1:] - nearest[chunk, None], 0).astype(np.float64)
        bandwidth[chunk] = _bandwidths(gaps, np.log2(distances.shape[1]))
    own_mean = distances.mean(axis=1, dtype=np.float64)
    scale = np.where(nearest > 0, own_mean, own_mean.mean())
    return nearest, np.maximum(bandwidth, SMALLEST_SHARE * scale).astype(np.float32)


def _bandwidths(gaps: NDArray[np.float64], target: float) -> NDArray[np.float64]:
    """Sigma, (n,), for which the sum of exp(-gaps / sigma) over each row is `target`.

    Steps as umap-learn does it, because where no sigma will do, the last step is the answer.
    """
    n = len(gaps)
    low, high, found = np.zeros(n), np.full(n, np.inf), np.ones(n)
    rows = np.arange(n)
    for _ in range(SEARCH_STEPS):
        total = np.exp(-gaps / found[rows, None]).sum(axis=1)
        open_ = np.abs(total - target) >= TOLERANCE
        rows, gaps, above = rows[open_], gaps[open_], (total > target)[open_]
        if not len(rows):
            break
        high[rows[above]] = found[rows[above]]
        low[rows[~above]] = found[rows[~above]]
        middle = (low[rows] + high[rows]) / 2
        found[rows] = np.where(np.isinf(middle), found[rows] * 2, middle)
    return found
