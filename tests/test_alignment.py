"""Aligned maps: closed forms of Procrustes, and a lift that keeps working on what was turned."""

from __future__ import annotations

import numpy as np
import pytest

from vaeexplorer.latent.alignment import AlignedMap, aligned, similarity_onto
from vaeexplorer.latent.lift import lift_of
from vaeexplorer.latent.projection import Map, axes_map, pca_map

rng = np.random.default_rng(4)
POINTS = (rng.standard_normal((500, 2)) * (3, 1)).astype(np.float32)
MIRROR = np.diag([1, -1])


def turned(angle, mirrored=False):
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return turn @ MIRROR if mirrored else turn


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_map_that_was_turned_mirrored_scaled_and_shifted_is_brought_back(mirrored):
    turn = turned(2.1, mirrored)
    moved = 0.3 * POINTS @ turn + (5, -7)
    found = similarity_onto(moved, POINTS)
    np.testing.assert_allclose(found.turn, turn.T, atol=1e-6)
    assert found.scale == pytest.approx(1 / 0.3)
    np.testing.assert_allclose(found.applied(moved), POINTS, atol=1e-4)


def test_noise_is_averaged_out_and_nothing_fits_better():
    target = POINTS @ turned(0.7) + rng.normal(0, 0.3, POINTS.shape)

    def miss(turn, scale):
        centred = POINTS - POINTS.mean(axis=0)
        return ((scale * centred @ turn - (target - target.mean(axis=0))) ** 2).sum()

    found = similarity_onto(POINTS, target)
    np.testing.assert_allclose(found.turn, turned(0.7), atol=0.03)
    best = miss(found.turn, found.scale)
    for angle, scale in ((0.02, 1), (-0.02, 1), (0, 1.02), (0, 0.98)):
        assert miss(found.turn @ turned(angle), found.scale * scale) > best


@pytest.mark.parametrize("positions", [np.zeros((9, 2)), np.ones((1, 2))])
def test_a_map_without_extent_is_only_shifted(positions):
    found = similarity_onto(positions, POINTS[: len(positions)])
    assert found.scale == 1
    np.testing.assert_allclose(found.turn @ found.turn.T, np.eye(2), atol=1e-9)


def test_classes_come_to_lie_in_the_same_direction():
    reference = Map("umap", POINTS)
    shown = Map("umap", (POINTS @ turned(3.0, mirrored=True) * 9).astype(np.float32), {"seed": 1})
    moved = aligned(shown, reference)
    np.testing.assert_allclose(moved.positions, POINTS, atol=1e-4)
    assert (moved.method, moved.settings) == ("umap", {"seed": 1})
    assert moved.raw is shown


def test_a_map_of_latent_axes_stays_as_it_is():
    shown = axes_map(POINTS)
    assert aligned(shown, Map("umap", POINTS[::-1].copy())) is shown


def test_maps_of_other_images_stay_as_they_are():
    shown = Map("umap", POINTS)
    assert aligned(shown, Map("umap", POINTS[:100])) is shown


def test_a_turned_pca_map_keeps_its_exact_way_back():
    codes = (rng.standard_normal((400, 5)) * (5, 3, 1, 0.5, 0.1)).astype(np.float32)
    reference = Map("pca", (POINTS[:400] * 10).astype(np.float32))
    shown = aligned(pca_map(codes), reference)
    assert isinstance(shown, AlignedMap)
    assert shown.similarity.scale == 1
    lift = lift_of(shown, codes)
    assert lift.exactness == lift_of(shown.raw, codes).exactness == "map"
    for z in (codes[3], codes[8] + np.float32(0.3)):
        place = lift.place(z)
        expected = shown.similarity.applied(lift_of(shown.raw, codes).place(z)[None])[0]
        np.testing.assert_allclose(place, expected, atol=1e-4)
        # The components along the map come back from the place.
        back = lift.lift(place, 0.0).z
        np.testing.assert_allclose(lift.place(back), place, atol=1e-4)


def test_a_turned_umap_lifts_the_same_code_at_the_same_dots():
    codes = rng.standard_normal((500, 4)).astype(np.float32)
    shown = Map("umap", POINTS)
    moved = aligned(shown, Map("umap", (POINTS @ turned(1.0) * 2).astype(np.float32)))
    plain, lift = lift_of(shown, codes), lift_of(moved, codes)
    place = np.array([0.4, -0.2])
    there = moved.similarity.applied(place[None])[0]
    np.testing.assert_allclose(lift.lift(there, 0.0).z, plain.lift(place, 0.0).z, atol=1e-4)
