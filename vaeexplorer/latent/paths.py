"""Paths between two codes: straight, slerp, along the data; and where frames stand on them.

A path is a polyline of codes, (points, size). A place on it is its share of the way, 0 to 1,
measured by length in latent space. A decoder here is a function from codes (m, size) to flattened
pictures (m, pixels), so that nothing in this file knows torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.float32]
Decoder = Callable[[Codes], NDArray[np.float32]]

WAYS = ("straight", "slerp", "data")

SLERP_POINTS = 65
PARALLEL = 1e-6
"""Sine of the angle below which two directions span no plane to turn in."""

LANDMARKS = 2_000
"""Codes among which the way along the data is sought, at most."""
NEIGHBOURS = 10
SMOOTHINGS = 2

OVERSAMPLING = 8
ROUNDS = 12
EVEN = 0.01
"""Steps that differ from their mean by less than this share of it are called equal."""

CHUNK = 256


def straight(start: Codes, end: Codes) -> Codes:
    """Return the straight line from `start` to `end`, (size,) each: (2, size)."""
    return np.stack([start, end]).astype(np.float32)


def slerp(start: Codes, end: Codes, centre: Codes) -> Codes:
    """Turn from `start` to `end` about `centre`, (size,) each: (65, size).

    The direction turns evenly along the great circle, and the distance to the centre goes evenly
    from that of the start to that of the end: draws from N(0, I) lie on a shell, which a straight
    line would leave. Where the two directions span no plane it is the straight line.

    References
    ----------
    K. Shoemake, "Animating rotation with quaternion curves", 1985; T. White, "Sampling generative
    networks", arXiv:1609.04468 (2016).
    """
    first, last = (np.asarray(z - centre, np.float64) for z in (start, end))
    lengths = np.linalg.norm([first, last], axis=1)
    if not lengths.min() > 0:
        return straight(start, end)
    directions = np.stack([first, last]) / lengths[:, None]
    angle = np.arccos(np.clip(directions[0] @ directions[1], -1, 1))
    if not np.sin(angle) > PARALLEL:
        return straight(start, end)
    turn = np.linspace(0, 1, SLERP_POINTS)[:, None]
    weights = np.hstack([np.sin((1 - turn) * angle), np.sin(turn * angle)]) / np.sin(angle)
    away = (1 - turn) * lengths[0] + turn * lengths[1]
    points: Codes = (centre + away * (weights @ directions)).astype(np.float32)
    points[0], points[-1] = start, end
    return points


def along_data(start: Codes, end: Codes, codes: Codes, decode: Decoder, seed: int = 0) -> Codes:
    """Go from `start` to `end` over real codes: the cheapest way over up to 2,000 landmarks.

    Landmarks are a random choice of `codes`; each is joined to its 10 nearest, and islands by the
    shortest bridges where the two ends would not be connected. An edge costs the distance of the
    two decoded pictures times (1 + its length / the median length): a long edge crosses a place
    without data. The density term is essential: without it the cheapest way leaves the data,
    because the mean decoder is flat there. The way is then smoothed twice.

    Parameters
    ----------
    start, end
        (size,).
    codes
        (n, size).

    Returns
    -------
    Codes, (points, size), from `start` to `end`; the straight line where a landmark or its picture
    is not finite.
    """
    chosen = np.random.default_rng(seed).permutation(len(codes))[:LANDMARKS]
    nodes = np.concatenate([codes[np.sort(chosen)], start[None], end[None]]).astype(np.float32)
    pictures = np.concatenate([decode(nodes[part]) for part in _cut(np.arange(len(nodes)))])
    if not (np.isfinite(nodes).all() and np.isfinite(pictures).all()):
        return straight(start, end)
    return smoothed(nodes[_cheapest(nodes, pictures)])


def smoothed(path: Codes) -> Codes:
    """Take the kinks out of `path`, (points, size), twice; its ends stay."""
    points = path.astype(np.float64)
    for _ in range(SMOOTHINGS):
        points[1:-1] = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    return points.astype(np.float32)


def _cheapest(nodes: Codes, pictures: NDArray[np.float32]) -> list[int]:
    """Return the indices of the cheapest way from the last but one node to the last."""
    from scipy.sparse import csr_array  # late: the window is painted before scipy is imported
    from scipy.sparse.csgraph import dijkstra

    n = len(nodes)
    lengths = _distances(nodes)
    np.fill_diagonal(lengths, np.inf)
    count = min(NEIGHBOURS, n - 1)
    near = np.argpartition(lengths, count - 1, axis=1)[:, :count]
    typical = float(np.median(np.take_along_axis(lengths, near, axis=1))) or 1.0
    edges = np.stack([np.repeat(np.arange(n), count), near.ravel()], axis=1)
    edges = np.concatenate([edges, _bridges(edges, lengths)])
    first, second = edges.T
    change = np.concatenate(
        [
            np.linalg.norm(pictures[one] - pictures[other], axis=1)
            for one, other in zip(_cut(first), _cut(second), strict=True)
        ]
    )
    # Never 0, which a sparse matrix would take for no edge at all.
    cost = change * (1 + lengths[first, second] / typical) + 1e-9
    graph = csr_array((cost.astype(float), (first, second)), shape=(n, n))
    search: Any = dijkstra
    _, before = search(graph, directed=False, indices=n - 2, return_predecessors=True)
    way = [n - 1]
    while way[-1] != n - 2:
        way.append(int(before[way[-1]]))
    return way[::-1]


def _cut(indices: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [indices[at : at + CHUNK] for at in range(0, len(indices), CHUNK)]


def _bridges(edges: NDArray[np.int64], lengths: NDArray[np.float32]) -> NDArray[np.int64]:
    """Shortest edges that, beside `edges`, connect the last two nodes: (count, 2), often none."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(lengths)
    graph = csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    bridges = []
    while part[n - 2] != part[n - 1]:
        reached = np.flatnonzero(part == part[n - 2])
        beyond = np.flatnonzero(part != part[n - 2])
        between = lengths[np.ix_(reached, beyond)]
        one, other = np.unravel_index(between.argmin(), between.shape)
        bridges.append((reached[one], beyond[other]))
        part[part == part[beyond[other]]] = part[n - 2]
    return np.array(bridges, np.int64).reshape(-1, 2)


def _distances(points: Codes) -> NDArray[np.float32]:
    """Euclidean distances of all pairs of `points`, (n, n)."""
    centred = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    between = squares[:, None] + squares - 2 * (centred @ centred.T)
    distances: NDArray[np.float32] = np.sqrt(np.maximum(between, 0))
    return distances


def along(path: Codes, shares: NDArray[Any]) -> Codes:
    """Codes at `shares`, (m,), of the way along `path`, by length in latent space: (m, size)."""
    points = np.asarray(path, np.float64)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    if not reached[-1] > 0:
        return np.repeat(path[:1], len(shares), axis=0)
    at = np.asarray(shares, np.float64) * reached[-1]
    columns = [np.interp(at, reached, column) for column in points.T]
    places = np.stack(columns, axis=1).astype(np.float32)
    # Exactly the two ends: their pictures are compared with those of the images.
    places[shares == 0], places[shares == 1] = path[0], path[-1]
    return places


def picture_steps(pictures: NDArray[np.float32]) -> NDArray[np.float64]:
    """Euclidean distances between consecutive `pictures`, (m, pixels): (m - 1,)."""
    steps = np.diff(np.asarray(pictures, np.float64), axis=0)
    distances: NDArray[np.float64] = np.linalg.norm(steps, axis=1)
    return distances


def equal_steps(path: Codes, decode: Decoder, count: int) -> NDArray[np.float64]:
    """Shares of the way at which `count` frames differ from one another by equal amounts.

    Starts from the length of the decoded curve, sampled eight times as finely, then corrects the
    shares by the steps found until they are equal within 1 %. Where the picture jumps no sampling
    makes steps equal; the most even one found is returned. Where nothing changes, or a picture is
    not finite, frames stand at equal distances in latent space.

    Returns
    -------
    Ascending from 0 to 1, float64, (count,).
    """
    even = np.linspace(0, 1, count)
    fine = np.linspace(0, 1, OVERSAMPLING * (count - 1) + 1)
    steps = picture_steps(decode(along(path, fine)))
    if not (np.isfinite(steps).all() and steps.sum() > 0):
        return even
    best, least = even, np.inf
    shares = _rebalanced(fine, steps, count)
    for _ in range(ROUNDS):
        steps = picture_steps(decode(along(path, shares)))
        if not (np.isfinite(steps).all() and steps.sum() > 0):
            break
        uneven = float(np.abs(steps / steps.mean() - 1).max())
        if uneven < least:
            best, least = shares, uneven
        if uneven < EVEN:
            break
        shares = _rebalanced(shares, steps, count)
    return best


def _rebalanced(
    shares: NDArray[np.float64], steps: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Shares of the way that cut the sum of `steps` between `shares` into equal parts."""
    # A trace of length where nothing changes, so that the way back is unique.
    reached = np.concatenate([[0.0], np.cumsum(steps + 1e-9 * steps.sum())])
    moved: NDArray[np.float64] = np.interp(np.linspace(0, reached[-1], count), reached, shares)
    moved[0], moved[-1] = 0.0, 1.0
    return moved


def nearest_distances(z: Codes, codes: Codes) -> NDArray[np.float64]:
    """Euclidean distance from each of `z`, (m, size), to the nearest of `codes`, (n, size)."""
    found = _nearest(z, codes)
    distances: NDArray[np.float64] = np.linalg.norm(z.astype(np.float64) - codes[found], axis=1)
    return distances


def typical_distance(codes: Codes, sample: int = 500) -> float:
    """Median distance of a code to the nearest other one, over `sample` evenly chosen codes.

    0 where there is only one code, or where half of them coincide with another.
    """
    if len(codes) < 2:
        return 0.0
    chosen = np.arange(0, len(codes), max(1, len(codes) // sample))
    found = _nearest(codes[chosen], codes, chosen)
    apart = np.linalg.norm(codes[chosen].astype(np.float64) - codes[found], axis=1)
    return float(np.median(apart))


def _nearest(z: Codes, codes: Codes, own: NDArray[Any] | None = None) -> NDArray[np.int64]:
    """Index of the code nearest to each of `z`, but not its `own` one, (m,)."""
    centre = codes.mean(axis=0)
    centred = codes - centre
    half_squares = np.einsum("ij,ij->i", centred, centred) / 2
    found = []
    for at in range(0, len(z), CHUNK):
        closeness = half_squares - (z[at : at + CHUNK] - centre) @ centred.T
        if own is not None:
            mine = own[at : at + CHUNK]
            closeness[np.arange(len(mine)), mine] = np.inf
        found.append(closeness.argmin(axis=1))
    return np.concatenate(found)
