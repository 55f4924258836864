"""Our UMAP: the graph of umap-learn, a map as good as its own, and the same one every time."""

import subprocess
import sys

import numpy as np
import pytest

from vaeexplorer.data import open_data
from vaeexplorer.latent.layout import Layout, curve
from vaeexplorer.latent.projection import pca_map
from vaeexplorer.latent.umap_graph import CHUNK, fuzzy_graph, nearest_codes

NEIGHBOURS = 15

# It warns of TensorFlow when it is imported, and of jobs when it is seeded.
reference = pytest.mark.filterwarnings("ignore:::umap", "ignore:::sklearn")


def digits_codes(size):
    """The digits' first principal components: codes that have the shape of real ones."""
    images = open_data("digits").pixels(slice(None)).reshape(1797, -1).astype(np.float64)
    images = images - images.mean(axis=0)
    _, _, axes = np.linalg.svd(images, full_matrices=False)
    return np.ascontiguousarray(images @ axes[:size].T, np.float32)


def trust(codes, positions):
    from sklearn.manifold import trustworthiness

    return trustworthiness(codes, positions, n_neighbors=NEIGHBOURS)


def graph_of(codes, neighbours=NEIGHBOURS):
    return fuzzy_graph(*nearest_codes(codes, neighbours, lambda share: None))


def layout_of(codes, epochs, seed=0, min_dist=0.1):
    return Layout(graph_of(codes), pca_map(codes).positions, epochs, min_dist, seed)


def normal(n, size, seed=0):
    return np.random.default_rng(seed).normal(size=(n, size)).astype(np.float32)


def brute_force(codes, count):
    apart = codes[:, None, :].astype(np.float64) - codes
    distances = np.sqrt((apart**2).sum(axis=2))
    return np.sort(distances, axis=1)[:, :count]


@pytest.mark.parametrize(
    ("n", "size"),
    [
        pytest.param(60, 3, id="tree"),
        pytest.param(2_000, 24, id="all"),
        pytest.param(300, 64, id="all, many dimensions"),
    ],
)
def test_neighbours_are_exact_nearest_first_and_begin_with_the_code_itself(n, size):
    codes = normal(n, size)
    indices, distances = nearest_codes(codes, 6, lambda share: None)
    np.testing.assert_array_equal(indices[:, 0], np.arange(n))
    np.testing.assert_allclose(distances, brute_force(codes, 6), atol=1e-5)
    found = np.linalg.norm(codes[:, None] - codes[indices], axis=2)
    np.testing.assert_allclose(found, distances, atol=1e-5)


def test_the_search_reports_and_can_be_stopped_at_every_report():
    shares = []
    nearest_codes(normal(CHUNK + 1, 2), 3, shares.append)
    assert shares == [CHUNK / (CHUNK + 1), 1.0]

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nearest_codes(normal(10, 2), 3, stop)


@pytest.mark.parametrize("size", [4, 64])
def test_equal_codes_are_neighbours_at_no_distance(size):
    codes = np.repeat(100 + normal(400, size), 3, axis=0)
    _, distances = nearest_codes(codes, 4, lambda share: None)
    assert (distances[:, :3] == 0).all()
    assert (distances[:, 3] > 0).all()


@reference
@pytest.mark.slow
@pytest.mark.parametrize(("size", "neighbours"), [(2, 15), (8, 2), (8, 15), (16, 5), (64, 50)])
def test_the_graph_is_that_of_umap_learn(size, neighbours):
    from sklearn.metrics import pairwise_distances
    from umap.umap_ import fuzzy_simplicial_set

    codes = digits_codes(size)
    ours = graph_of(codes, neighbours)
    # As UMAP.fit does it for so few codes, but from distances that are right to the last digit.
    distances = pairwise_distances(codes.astype(np.float64)).astype(np.float32)
    theirs, _, _ = fuzzy_simplicial_set(distances, neighbours, None, "precomputed")
    assert abs(ours - theirs).max() <= 1e-5
    assert abs(ours - ours.T).max() == 0


@reference
@pytest.mark.slow
@pytest.mark.parametrize("min_dist", [0.0, 0.1, 0.5, 1.0])
def test_the_curve_is_that_of_umap_learn(min_dist):
    from umap.umap_ import find_ab_params

    np.testing.assert_allclose(curve(min_dist), find_ab_params(1.0, min_dist), rtol=1e-6)


@pytest.mark.parametrize("min_dist", [-0.1, 1.5, float("nan")])
def test_a_min_dist_that_means_nothing_is_refused(min_dist):
    with pytest.raises(ValueError, match="min_dist"):
        curve(min_dist)


@reference
@pytest.mark.slow
@pytest.mark.parametrize("size", [8, 16])
def test_the_map_is_as_trustworthy_as_that_of_umap_learn(size):
    import umap

    codes = digits_codes(size)
    layout = layout_of(codes, 200)
    layout.run(200)
    theirs = umap.UMAP(n_epochs=200, random_state=0, n_jobs=1).fit_transform(codes)
    assert trust(codes, layout.positions) >= trust(codes, theirs) - 0.01


def test_the_map_keeps_neighbours_together():
    codes = digits_codes(8)
    layout = layout_of(codes, 100)
    before = trust(codes, layout.positions)
    layout.run(100)
    assert trust(codes, layout.positions) > 0.975 > before


def test_clusters_stay_apart():
    codes = np.concatenate([normal(100, 6), 30 + normal(100, 6, 1)])
    layout = layout_of(codes, 200)
    layout.run(200)
    centres = [half.mean(axis=0) for half in np.split(layout.positions, 2)]
    spread = max(half.std(axis=0).max() for half in np.split(layout.positions, 2))
    assert np.linalg.norm(centres[0] - centres[1]) > 4 * spread


def test_any_split_of_the_epochs_gives_the_same_layout_bit_for_bit():
    codes = normal(200, 5)
    whole, split = layout_of(codes, 60), layout_of(codes, 60)
    whole.run(60)
    for epochs in (1, 0, 7, 30, 100):
        split.run(epochs)
    assert split.done == 60
    assert whole.positions.tobytes() == split.positions.tobytes()


def test_the_seed_decides():
    codes = normal(200, 5)
    layouts = [layout_of(codes, 20, seed) for seed in (1, 1, 2)]
    for layout in layouts:
        layout.run(20)
    first, same, other = (layout.positions.tobytes() for layout in layouts)
    assert first == same != other


def test_min_dist_keeps_dots_apart():
    codes = normal(300, 5)
    nearest = []
    for min_dist in (0.0, 0.9):
        layout = layout_of(codes, 200, min_dist=min_dist)
        layout.run(200)
        nearest.append(np.median(brute_force(layout.positions, 2)[:, 1]))
    assert nearest[1] > 2 * nearest[0]


UNCACHED = """
import numba.core.caching as caching
import numpy as np
from scipy.sparse import csr_array

def refuse(*args, **kwargs):
    raise {error}

caching.FunctionCache.load_overload = lambda *args: None
caching.FunctionCache.{method} = refuse
from vaeexplorer.data import open_data
from vaeexplorer.latent.layout import Layout

layout = Layout(csr_array(np.ones((3, 3))), np.eye(3)[:, :2], 5, 0.1, 0)
layout.run(5)
assert np.isfinite(layout.positions).all()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "error"),
    [
        pytest.param("__init__", "RuntimeError('no locator available')", id="no place"),
        pytest.param("save_overload", "OSError('no space left')", id="no space"),
    ],
)
def test_where_the_compiled_kernel_cannot_be_kept_it_works_all_the_same(method, error):
    code = UNCACHED.format(method=method, error=error)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
