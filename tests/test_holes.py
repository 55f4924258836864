"""Holes of a map: where no dot is near, and where latent space is empty."""

import math

import numpy as np
import pytest
import torch
from analytic import as_bytes, blob_space, blobs, without_prior

from vaeexplorer.data.dataset import Split
from vaeexplorer.jobs.holes import holes
from vaeexplorer.latent.lift import Lift
from vaeexplorer.regularity.ground import common_ground, reconstruct
from vaeexplorer.regularity.laws import fit_mixture
from vaeexplorer.regularity.secondary import secondary
from vaeexplorer.run import Codes, result_of

N = 1500


def found_by(space, lift, codes, known=None, law=None):
    """The last holes of a map whose last fifth of the images is held out, and those before."""
    lift.lattice = surveyed(lift)
    split = Split(np.arange(N * 4 // 5), np.arange(N * 4 // 5, N))
    return [one for one in holes(space, lift, codes, split, known, law) if one is not None]


def surveyed(lift):
    return result_of(lift.make_lattice())


@pytest.fixture(scope="module")
def ring():
    """Codes between 2 and 3 from the origin, evenly spread."""
    rng = np.random.default_rng(0)
    radius = np.sqrt(rng.uniform(4, 9, N))
    angle = rng.uniform(0, 2 * np.pi, N)
    codes = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return codes.astype(np.float32)


def at(holes_, mask, x, y):
    share = (np.array([x, y]) - holes_.low) / (holes_.high - holes_.low)
    column, row = (share * (np.array(mask.shape[::-1]) - 1)).round().astype(int)
    return mask[row, column]


def test_on_a_map_of_latent_axes_the_middle_of_a_ring_is_a_hole_and_all_beyond(ring):
    seen = found_by(blob_space(), Lift(ring, ring, {"exact": True}), Codes(ring))
    assert len(seen) == 3
    last = seen[-1]
    assert last.unmapped is None, "every place of this map is a code"
    assert last.beyond
    for x, y, empty in ((0, 0, 255), (1, 1, 255), (2.5, 0, 0), (0, -2.5, 0), (4, 3, 255)):
        assert at(last, last.empty, x, y) == empty
    # N(0, I) inside of the ring and beyond it, but for a margin.
    assert last.emptied.law == "standard normal"
    mass = 1 - math.exp(-2) + math.exp(-4.5)
    assert last.emptied.share == pytest.approx(mass, abs=0.06)
    assert len(last.emptied.codes) == pytest.approx(2000 * last.emptied.share)
    assert (np.diff(last.emptied.distances) <= 0).all()
    assert last.emptied.distances.min() > 1
    np.testing.assert_allclose(last.places, last.emptied.codes, rtol=1e-6)


def test_without_a_declared_law_a_gaussian_is_fitted(ring):
    last = found_by(without_prior(blob_space()), Lift(ring, ring, {"exact": True}), Codes(ring))[-1]
    assert last.emptied.law == "fitted Gaussian"
    variance = 6.5 / 2  # the mean of the squared radius, over two axes
    mass = 1 - math.exp(-4 / (2 * variance)) + math.exp(-9 / (2 * variance))
    assert last.emptied.share == pytest.approx(mass, abs=0.06)


def test_a_gap_of_the_map_is_not_a_hole_of_the_model():
    """Codes without any gap, on a map torn in two."""
    codes = np.random.default_rng(1).standard_normal((N, 2)).astype(np.float32)
    torn = codes + np.sign(codes[:, :1]) * np.array([8, 0], np.float32)
    last = found_by(blob_space(), Lift(torn, codes, {}), Codes(codes))[-1]
    assert at(last, last.unmapped, 0, 0) == 255
    assert at(last, last.unmapped, 9, 0) == 0
    assert (last.empty > 127).mean() < 0.01
    assert last.emptied.share < 0.05
    assert not last.beyond


def test_another_map_of_the_same_codes_takes_what_is_known_of_the_model(ring):
    spread = np.full_like(ring, -3.0)
    codes = Codes(ring, spread)
    first = found_by(blob_space(), Lift(ring, ring, {"exact": True}), codes)[-1]
    second = found_by(blob_space(), Lift(ring[:, ::-1], ring, {}), codes, first.emptied)[-1]
    assert second.emptied is first.emptied
    assert len(second.places) == len(first.places)


def test_another_law_is_asked_without_measuring_the_posteriors_again(ring):
    lift, codes = Lift(ring, ring, {"exact": True}), Codes(ring)
    own = found_by(blob_space(), lift, codes)[-1].emptied
    law = fit_mixture(torch.from_numpy(ring), 12)
    other = found_by(blob_space(), lift, codes, own, law)[-1].emptied
    assert (other.law, other.cover) == ("fitted mixture of 12", own.cover)
    assert other.share < own.share / 4, "twelve Gaussians follow a ring"
    assert found_by(blob_space(), lift, codes, other, law)[-1].emptied is other


def test_the_share_is_the_secondary_number_of_the_scores():
    """One definition, asked of the same images, however it is come by."""
    z = torch.randn(N, 2, generator=torch.Generator().manual_seed(3)).clamp(-1, 2)
    images, space = as_bytes(blobs(z)), blob_space()
    codes = space.encode(torch.from_numpy(images).float() / 255).mean.numpy()
    mapped = Lift(codes, codes, {"exact": True})
    share = found_by(space, mapped, Codes(codes))[-1].emptied.share
    ground = common_ground(images[: N * 4 // 5], images[N * 4 // 5 :])
    held_out = reconstruct(space, ground, ground.held_out)
    assert share == secondary(space, ground, held_out)["far_share"] > 0.1
