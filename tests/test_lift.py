"""The lift: smooth between dots, exact on them, honest about its spread, robust to odd maps."""

import numpy as np
import pytest
from finishing import finish
from scipy.spatial import cKDTree

from vaeexplorer.latent.lattice import NODES, no_data
from vaeexplorer.latent.lift import Lift, lift_of
from vaeexplorer.latent.neighbours import CodeIndex, Dots
from vaeexplorer.latent.projection import Map, axes_map, pca_map

NO_SNAP = -1.0


@pytest.fixture(scope="module")
def digits():
    """PCA codes of the 1,797 digits, size 8, with their PCA map."""
    from sklearn.datasets import load_digits

    images = load_digits().data
    centred = images - images.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    codes = (left[:, :8] * values[:8]).astype(np.float32)
    return codes, pca_map(codes).positions


@pytest.fixture(scope="module")
def lift(digits):
    codes, positions = digits
    return Lift(positions, codes, {})


def soft_shepard(point, positions, codes):
    """The formula of the documentation, word for word."""
    distances = np.linalg.norm(positions.astype(float) - point, axis=1)
    order = np.argsort(distances)[:61]
    radius = distances[order[-1]]
    order = order[:-1]
    u = 1 - distances[order] / radius
    w = u**2 / ((distances[order] / radius) ** 2 + 0.3**2)
    w /= w.sum()
    z = w @ codes[order].astype(float)
    return z, np.sqrt(w @ ((codes[order] - z) ** 2).sum(axis=1))


def inverse_distance(point, tree, codes):
    """The usual inverse distance weighting over 12 neighbours: the peer."""
    distances, found = tree.query(point, 12)
    w = 1 / np.maximum(distances, 1e-12) ** 2
    return w @ codes[found] / w.sum()


@pytest.mark.parametrize("point", [(0.0, 0.0), (10.3, -4.2), (300.0, 40.0)])
def test_between_dots_it_is_the_soft_shepard_mean(lift, digits, point):
    codes, positions = digits
    z, spread = soft_shepard(point, positions, codes)
    lifted = lift.lift(point, NO_SNAP)
    np.testing.assert_allclose(lifted.z, z, rtol=1e-3, atol=1e-3)
    assert lifted.spread == pytest.approx(spread, rel=1e-3)
    assert lifted.z.dtype == np.float32
    assert not lifted.snapped


def test_a_grid_of_places_lifts_like_each_of_them(lift):
    points = np.random.default_rng(0).normal(0, 20, (5_000, 2))
    grid = lift.lift_grid(points)
    assert grid.shape == (5_000, 8)
    for index in (0, 17, 4_999):
        np.testing.assert_allclose(grid[index], lift.lift(points[index], NO_SNAP).z, atol=1e-3)


def test_a_lattice_holds_the_lift_at_its_nodes_and_goes_beyond_the_data(digits):
    codes, positions = digits
    lift = Lift(positions, codes, {})
    lattice, shares = finish(lift.make_lattice())
    assert shares[-1] == 1
    assert (np.diff(shares) > 0).all()
    assert (lattice.low < positions.min(axis=0) - lift.reach / 2).all()
    assert (lattice.high > positions.max(axis=0) + lift.reach / 2).all()
    for row, column in ((0, 0), (3, 70), (64, 64), (NODES - 1, NODES - 1)):
        place = lattice.low + (column, row) * lattice.step
        lifted = lift.lift(place, NO_SNAP)
        np.testing.assert_allclose(lattice.codes[row, column], lifted.z, atol=1e-3)
        assert lattice.distances[row, column] == pytest.approx(lifted.distance, rel=1e-5)


def test_a_grid_from_the_lattice_is_nearly_the_lift_and_between_nodes_bilinear(digits):
    codes, positions = digits
    lift = Lift(positions, codes, {})
    points = np.random.default_rng(0).normal(0, 15, (2_000, 2))
    direct = lift.lift_grid(points)
    lift.lattice = lattice = finish(lift.make_lattice())[0]
    scale = np.linalg.norm(codes - codes.mean(axis=0), axis=1).mean()
    by_lattice = lift.lift_grid(points)
    assert not np.array_equal(by_lattice, direct)
    assert np.linalg.norm(by_lattice - direct, axis=1).mean() < 0.02 * scale
    column, row, right, up = 60, 71, 0.25, 0.875
    place = lattice.low + (column + right, row + up) * lattice.step
    corners = lattice.codes[row : row + 2, column : column + 2]
    below, above = (1 - right) * corners[:, 0] + right * corners[:, 1]
    expected = (1 - up) * below + up * above
    np.testing.assert_allclose(lift.lift_grid(place[None])[0], expected, atol=1e-3)


def test_where_there_is_no_data_is_what_the_lift_calls_outside(digits):
    codes, positions = digits
    lift = Lift(positions, codes, {})
    nowhere = no_data(finish(lift.make_lattice())[0], lift.reach)
    side = len(nowhere.mask)
    agreed, judged = 0, 0
    for row, column in np.random.default_rng(0).integers(0, side, (400, 2)):
        value = nowhere.mask[row, column]
        if value in (0, 255):
            share = np.array([column, row]) / (side - 1)
            lifted = lift.lift(nowhere.low + share * (nowhere.high - nowhere.low), NO_SNAP)
            agreed += lifted.inside == (value == 0)
            judged += 1
    assert judged > 300
    # Between the nodes of the lattice the border may lie a little off.
    assert agreed >= 0.97 * judged
    edge = np.concatenate([nowhere.mask[[0, -1]].ravel(), nowhere.mask[:, [0, -1]].ravel()])
    assert (edge == 255).all(), "beyond the mask there is no data anywhere"


def test_places_beyond_the_lattice_are_lifted_all_the_same(digits):
    codes, positions = digits
    lift = Lift(positions, codes, {})
    far = np.array([positions.max(axis=0) * 7, positions.mean(axis=0)], float)
    direct = lift.lift_grid(far)
    lift.lattice = finish(lift.make_lattice())[0]
    np.testing.assert_array_equal(lift.lift_grid(far)[0], direct[0])
    edges = np.array([lift.lattice.low, lift.lattice.high])
    assert np.isfinite(lift.lift_grid(edges)).all()


def test_the_ring_is_the_weighted_distance_to_the_dots_that_are_averaged(digits):
    codes, positions = digits
    point = np.array([10.3, -4.2])
    distances = np.sort(np.linalg.norm(positions - point, axis=1))[:61]
    share = distances / distances[-1]
    w = (1 - share) ** 2 / (share**2 + 0.3**2)
    expected = np.sqrt((w * distances**2).sum() / w.sum())
    lifted = Lift(positions, codes, {}).lift(point, NO_SNAP)
    assert lifted.radius == pytest.approx(expected, rel=1e-4)
    assert Lift(positions, codes, {}).lift(positions[3], 1.0).radius == 0


def test_a_quick_lift_is_the_same_lift(digits, lift):
    _, positions = digits
    quick = Lift(positions, lift.index, {}, quick=True)
    assert quick.index is lift.index
    point = (10.3, -4.2)
    for mine, full in zip(quick.lift(point, NO_SNAP), lift.lift(point, NO_SNAP), strict=True):
        np.testing.assert_allclose(mine, full, rtol=1e-5)
    assert quick.reach == pytest.approx(lift.reach, rel=0.5)


def test_how_far_dots_are_apart_is_the_same_without_a_tree():
    positions = np.random.default_rng(1).normal(size=(3_200, 2)).astype(np.float32)
    positions[5] = positions[105] = positions[2_000]  # two of those that are looked at coincide
    quick, tree = Dots(positions, quick=True), Dots(positions, quick=True)
    tree.plant()
    assert quick.neighbour_distance() == pytest.approx(tree.neighbour_distance(), rel=1e-4)
    assert Dots(np.zeros((9, 2), np.float32), quick=True).neighbour_distance() == 0


def test_the_nearest_of_many_dots_are_the_same_without_a_tree():
    generator = np.random.default_rng(2)
    positions = generator.normal(size=(40_000, 2)).astype(np.float32)
    quick, tree = Dots(positions, quick=True), Dots(positions)
    for point in (*generator.normal(size=(8, 2)), positions[7].astype(np.float64), [40.0, -3.0]):
        mine, full = quick.nearest(np.asarray(point), 61), tree.nearest(np.asarray(point), 61)
        np.testing.assert_allclose(mine[0], full[0], rtol=1e-5)
        assert mine[1][0] == full[1][0]


def test_many_dots_are_searched_by_trees_with_the_same_result():
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(5_000, 8)).astype(np.float32)
    positions = generator.normal(size=(5_000, 2)).astype(np.float32)
    tree, quick = Lift(positions, codes, {}), Lift(positions, codes, {}, quick=True)
    for point in generator.normal(size=(10, 2)):
        mine, full = quick.lift(point, NO_SNAP), tree.lift(point, NO_SNAP)
        np.testing.assert_allclose(mine.z, full.z, atol=1e-4)
        assert mine.nearest == full.nearest
    z = generator.normal(size=8)
    nearest = np.linalg.norm(codes - z, axis=1).argmin()
    assert tree.nearest_code(z)[0] == quick.nearest_code(z)[0] == nearest
    assert tree.index._tree is not None
    assert quick.index._tree is None


def test_a_tree_that_is_planted_for_many_places_answers_as_before(digits):
    dots = Dots(digits[1])
    places = np.random.default_rng(0).normal(size=(40, 2)) * np.abs(digits[1]).max()
    before = dots.nearest(places, 5)
    dots.plant()
    for mine, full in zip(dots.nearest(places, 5), before, strict=True):
        np.testing.assert_array_equal(mine, full)
    assert dots.nearest(places[0], 5)[1].tolist() == before[1][0].tolist()


def test_no_places_lift_to_no_codes(lift):
    assert lift.lift_grid(np.zeros((0, 2))).shape == (0, 8)


def test_near_a_dot_it_gives_the_code_of_that_dot(lift, digits):
    codes, positions = digits
    lifted = lift.lift(positions[42] + [1e-4, 0], 1e-3)
    assert lifted.snapped
    assert lifted.inside
    assert lifted.nearest == 42
    assert lifted.spread == 0
    assert lifted.distance == pytest.approx(1e-4, rel=0.05)
    np.testing.assert_array_equal(lifted.z, codes[42])


def test_a_caller_may_write_into_a_lifted_code(lift, digits):
    codes, positions = digits
    before = codes[42].copy()
    lift.lift(positions[42], 1e-3).z[:] = 0
    np.testing.assert_array_equal(lift.lift(positions[42], 1e-3).z, before)


def test_far_from_all_dots_there_is_no_data(lift, digits):
    _, positions = digits
    far = positions.max(axis=0) + np.ptp(positions)
    assert not lift.lift(far, NO_SNAP).inside
    assert lift.lift(positions.mean(axis=0), NO_SNAP).inside


def largest_step(lift_point, start, end, steps):
    line = start + np.linspace(0, 1, steps + 1)[:, None] * (end - start)
    codes = np.array([lift_point(point) for point in line])
    return np.linalg.norm(np.diff(codes, axis=0), axis=1).max()


@pytest.mark.slow
def test_it_is_continuous_where_inverse_distance_weighting_jumps(lift, digits):
    codes, positions = digits
    tree = cKDTree(positions)
    # From within the data to far outside its hull, over many dots.
    start, end = positions.mean(axis=0), positions.max(axis=0) * 1.5

    def smooth(point):
        return lift.lift(point, NO_SNAP).z

    def peer(point):
        return inverse_distance(point, tree, codes)

    scale = np.linalg.norm(codes - codes.mean(axis=0), axis=1).mean()
    coarse, fine = (largest_step(smooth, start, end, steps) / scale for steps in (1_000, 10_000))
    assert fine < 0.01
    assert fine < coarse / 5
    assert largest_step(peer, start, end, 10_000) / scale > 5 * fine


def test_its_error_on_unseen_digits_is_no_larger_than_that_of_inverse_distances(digits):
    codes, positions = digits
    unseen = np.arange(len(codes)) % 6 == 0
    tree = cKDTree(positions[~unseen])
    lift = Lift(positions[~unseen], codes[~unseen], {})
    lifted = lift.lift_grid(positions[unseen])
    peer = np.array([inverse_distance(p, tree, codes[~unseen]) for p in positions[unseen]])
    scale = np.linalg.norm(codes[unseen] - codes.mean(axis=0), axis=1).mean()
    error, peer_error = (
        np.linalg.norm(codes[unseen] - guess, axis=1).mean() / scale for guess in (lifted, peer)
    )
    assert error < 0.75
    assert error <= peer_error


def test_its_spread_has_the_size_of_its_error(digits):
    codes, positions = digits
    unseen = np.arange(len(codes)) % 6 == 0
    lift = Lift(positions[~unseen], codes[~unseen], {})
    shares = []
    for code, position in zip(codes[unseen], positions[unseen], strict=True):
        lifted = lift.lift(position, NO_SNAP)
        shares.append(np.linalg.norm(code - lifted.z) / lifted.spread)
    assert 0.7 < np.median(shares) < 1.3


ODD = {
    "one": np.array([[1.0, 2.0]]),
    "two": np.array([[0.0, 0.0], [1.0, 0.0]]),
    "five": np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [3.0, 3.0]]),
    "coincident": np.full((100, 2), 0.5),
    "two piles": np.repeat([[0.0, 0.0], [1.0, 1.0]], 80, axis=0),
    "a line": np.stack([np.linspace(0, 1, 200), np.zeros(200)], axis=1),
}


@pytest.mark.parametrize("positions", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("point", [(0.0, 0.0), (0.5, 0.5), (0.5, 0.0), (-7.0, 1e6)])
@pytest.mark.parametrize("snap_distance", [NO_SNAP, 0.1])
def test_odd_maps_lift_within_the_range_of_their_codes(positions, point, snap_distance):
    codes = np.random.default_rng(0).normal(size=(len(positions), 5)).astype(np.float32)
    lift = Lift(positions.astype(np.float32), codes, {})
    lifted = lift.lift(point, snap_distance)
    assert lifted.z.shape == (5,)
    assert (lifted.z >= codes.min(axis=0) - 1e-5).all()
    assert (lifted.z <= codes.max(axis=0) + 1e-5).all()
    assert np.isfinite(lifted.spread)
    assert 0 <= lifted.nearest < len(codes)
    np.testing.assert_allclose(lift.lift_grid([point])[0], lift.lift(point, NO_SNAP).z, atol=1e-5)
    assert np.isfinite(lift.place(codes[0] + 1)).all()


def test_coincident_dots_lift_to_a_mean_of_their_codes():
    codes = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    lifted = Lift(np.zeros((30, 2), np.float32), codes, {}).lift((0.0, 0.0), NO_SNAP)
    np.testing.assert_allclose(lifted.z, codes.mean(axis=0), atol=1e-5)
    assert lifted.spread == pytest.approx(np.sqrt(codes.var(axis=0).sum()), rel=1e-4)


def test_positions_and_codes_must_be_of_the_same_images():
    with pytest.raises(ValueError, match="2 positions for 3 codes"):
        Lift(np.zeros((2, 2), np.float32), np.zeros((3, 4), np.float32), {})


def test_a_map_of_two_latent_axes_is_its_own_lift():
    codes = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    map_ = axes_map(codes)
    lift = Lift(map_.positions, codes, map_.settings)
    assert lift.exactness == "code"
    lifted = lift.lift((0.25, -3.0), NO_SNAP)
    np.testing.assert_array_equal(lifted.z, np.float32([0.25, -3.0]))
    assert lifted.spread == 0
    np.testing.assert_array_equal(lift.lift_grid(codes), codes)
    np.testing.assert_array_equal(lift.place(np.float32([9.0, 9.0])), np.float32([9.0, 9.0]))


@pytest.mark.parametrize("held", [None, 3])
def test_on_a_pca_map_a_lifted_place_projects_onto_itself(digits, held):
    codes, _ = digits
    map_ = pca_map(codes)
    lift = lift_of(map_, codes)
    assert lift.exactness == "map"
    scale = np.abs(map_.positions).max()
    kept = None if held is None else codes[held]
    for place in np.random.default_rng(0).normal(0, scale / 2, (50, 2)):
        lifted = lift.lift(place, NO_SNAP, kept)
        np.testing.assert_allclose(lift.place(lifted.z), place, atol=1e-5 * scale)
        assert lifted.spread > 0


def test_on_a_pca_map_the_other_components_are_those_of_what_is_held(digits):
    codes, _ = digits
    map_ = pca_map(codes)
    lift = lift_of(map_, codes)
    place = map_.positions[3] + [0.5, -0.25]
    away = lift.lift(place, NO_SNAP, codes[3]).z - codes[3]
    # Only along the two axes of the map, by the distance on the map.
    assert np.linalg.norm(away) == pytest.approx(np.hypot(0.5, 0.25), rel=1e-3)
    np.testing.assert_allclose(
        lift.place(codes[3] + 2 * away) - map_.positions[3], [1.0, -0.5], atol=1e-3
    )


def test_on_a_pca_map_the_other_components_are_the_mean_of_the_neighbours(digits):
    codes, _ = digits
    map_ = pca_map(codes)
    place = np.array([4.0, 5.0])
    mean = Lift(map_.positions, codes, {}).lift(place, NO_SNAP).z
    lift = lift_of(map_, codes)
    lifted = lift.lift(place, NO_SNAP).z
    axes = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)[2]
    np.testing.assert_allclose((axes[2:] @ lifted), axes[2:] @ mean, atol=1e-3)
    grid = np.random.default_rng(0).normal(0, 10, (50, 2))
    for lattice in (None, finish(lift.make_lattice())[0]):
        lift.lattice = lattice
        projected = [lift.place(z) for z in lift.lift_grid(grid)]
        np.testing.assert_allclose(projected, grid, atol=1e-3)


def test_a_pca_map_that_was_made_otherwise_is_lifted_like_any_map(digits):
    codes, _ = digits
    turned = Map("pca", pca_map(codes).positions[:, ::-1].copy(), {"centred": True})
    assert lift_of(turned, codes).exactness == "none"
    assert lift_of(Map("umap", turned.positions), codes).exactness == "none"


@pytest.mark.parametrize("n", [1, 1800])
def test_on_a_map_of_one_dimension_data_is_wherever_a_code_lies_below_or_above(n):
    codes = np.random.default_rng(0).normal(size=(n, 1)).astype(np.float32)
    lift = lift_of(axes_map(codes), codes)
    z, beyond = np.median(codes), codes.max() + 2 * lift.reach + 0.1
    places = np.array([(z, -7.0), (z, 0.0), (z, 9.0), (beyond, 0.0)])
    assert lift.near(places).tolist() == [True, True, True, False]
    assert [lift.lift(place, NO_SNAP).inside for place in places] == [True, True, True, False]
    lattice = finish(lift.make_lattice())[0]
    assert not (lattice.distances - lattice.distances[0]).any(), "its height says nothing"


def test_only_x_counts_on_the_map_of_one_latent_axis():
    codes = np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)
    map_ = axes_map(codes)
    lift = Lift(map_.positions, codes, map_.settings)
    np.testing.assert_array_equal(lift.lift((0.25, 99.0), NO_SNAP).z, np.float32([0.25]))
    np.testing.assert_array_equal(lift.place(codes[7]), map_.positions[7])


@pytest.mark.parametrize("centre", [0, 100])
@pytest.mark.parametrize("size", [3, 12, 13, 64])
def test_the_nearest_code_is_the_nearest_of_all(size, centre):
    generator = np.random.default_rng(0)
    codes = (centre + generator.normal(size=(500, size))).astype(np.float32)
    lift = Lift(codes[:, :2], CodeIndex(codes), {})
    for z in centre + generator.normal(size=(20, size)):
        distances = np.linalg.norm(codes - z, axis=1)
        index, distance = lift.nearest_code(z)
        assert index == distances.argmin()
        assert distance == pytest.approx(distances.min())


@pytest.mark.parametrize("n", [8_191, 8_192, 20_001])
def test_the_nearest_of_many_codes_are_the_nearest_of_all(n):
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(n, 16)).astype(np.float32)
    codes[-3:] = codes[5:8] + np.float32(1e-3)
    index = CodeIndex(codes)
    for z in (codes[5], codes[6], *generator.normal(size=(5, 16))):
        distances, found = index.nearest(z, 3)
        expected = np.linalg.norm(codes - z, axis=1)
        np.testing.assert_array_equal(found, np.argsort(expected)[:3])
        np.testing.assert_allclose(distances, np.sort(expected)[:3], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [3, 64])
def test_a_code_of_the_data_is_placed_on_its_dot(size):
    codes = np.random.default_rng(0).normal(size=(500, size)).astype(np.float32)
    positions = pca_map(codes).positions
    lift = Lift(positions, codes, {})
    np.testing.assert_array_equal(lift.place(codes[123]), positions[123])


def test_a_new_code_is_placed_among_its_nearest_three():
    codes = np.float32([[0, 0, 0], [3, 0, 0], [0, 3, 0], [50, 50, 50]])
    positions = np.float32([[0, 0], [1, 0], [0, 1], [9, 9]])
    # At distances 1, 2 and sqrt(10) of the first three: weights 1, 1/2, 1/sqrt(10).
    weights = 1 / np.array([1, 2, np.sqrt(10)])
    expected = weights @ positions[:3] / weights.sum()
    place = Lift(positions, codes, {}).place(np.array([1.0, 0, 0]))
    np.testing.assert_allclose(place, expected, rtol=1e-5)
