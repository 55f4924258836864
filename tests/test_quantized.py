"""A VQ-VAE writes images in an alphabet: codes of a codebook, and nothing between them."""

import math

import numpy as np
import pytest
import torch
from analytic import blob_ground, blob_space, blobs, places

from vaeexplorer.data import open_data
from vaeexplorer.jobs.codes import MOST_VARIANTS, CodeUsage, count_codes, decode_variants
from vaeexplorer.jobs.opening import decode_pixels
from vaeexplorer.models import build, restore
from vaeexplorer.models.base import Batch, CodeSpace, Posterior
from vaeexplorer.regularity.continuity import continuity
from vaeexplorer.regularity.ground import reconstruct, unsnapped
from vaeexplorer.run import Config
from vaeexplorer.training import train

SHAPE = (1, 8, 8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=6):
    return torch.rand((n, *SHAPE), generator=generator(3))


def made(**options):
    return build("vqvae", {"latent_dim": 6, "codes": 5, **options}, SHAPE, images().mean(dim=0))


@pytest.mark.parametrize(("width", "positions"), [(0, 3), (1, 6), (2, 3), (3, 2), (6, 1)])
def test_the_rate_is_positions_times_ln_k_whatever_is_learnt(width, positions):
    model = made(code_width=width)
    terms = model(Batch(images()), generator())
    expected = torch.full((6,), positions * math.log(5))
    torch.testing.assert_close(terms.rate, expected)
    prior = model.spaces()["z"].prior
    torch.testing.assert_close(prior.log_prob(torch.zeros(6, 6)), -expected)


def test_codes_and_decodes_snap_to_the_codebook():
    model = made()
    space = model.spaces()["z"]
    codes = space.encode(images()).mean.unflatten(1, (3, 2))
    codebook = space.codebook
    assert codebook.shape == (5, 2)
    apart = torch.cdist(codes.flatten(0, 1), codebook)
    assert apart.amin(dim=1).max() < 1e-6
    near = codes.flatten(1) + 1e-4 * torch.randn(6, 6, generator=generator(1))
    assert torch.equal(space.decode(near), space.decode(codes.flatten(1)))
    assert torch.equal(model.snap(codes.flatten(1)), codes.flatten(1))


def test_exact_codes_are_those_before_snapping_and_decode_alike():
    model = made()
    space = model.spaces()["z"]
    exact, snapped = space.exact(images()), space.encode(images()).mean
    assert not torch.equal(exact, snapped)
    assert torch.equal(model.snap(exact), snapped)
    torch.testing.assert_close(space.decode(exact), space.decode(snapped))


def test_continuity_steps_from_where_images_are_before_they_snap():
    """From a code itself no small step reaches another one, and nothing would seem to jump."""
    ground = blob_ground(train=400, held_out=200)
    book = 3.0 * torch.tensor([[x, y] for x in (-0.5, 0.5) for y in (-0.5, 0.5)])

    def snap(z):
        return book[torch.cdist(z, book).argmin(dim=1)]

    space = CodeSpace(
        2,
        lambda images: Posterior(snap(places(images)), None),
        lambda z: blobs(snap(z)),
        codebook=book,
        unsnapped=places,
    )
    snapped = reconstruct(space, ground, ground.held_out)
    exact = unsnapped(space, ground, snapped)
    torch.testing.assert_close(exact.codes, places(ground.held_out.unflatten(1, ground.shape)))
    torch.testing.assert_close(reconstruct(space, ground, ground.held_out).images, exact.images)
    still, jumping = (continuity(space, ground, one) for one in (snapped, exact))
    assert jumping.jumps > 0.8
    assert jumping.evenness < 0.5 * still.evenness
    free = blob_space()
    plain = reconstruct(free, ground, ground.held_out)
    assert unsnapped(free, ground, plain) is plain


def test_what_images_use_of_a_codebook_is_counted_by_position():
    model = made(codes=4)
    space = model.spaces()["z"]
    book = space.codebook
    indices = torch.tensor([[0, 0, 1], [0, 1, 1], [0, 1, 1], [0, 0, 1]])
    usage = count_codes(space, book[indices].flatten(1).numpy())
    assert usage.positions == 3
    np.testing.assert_allclose(usage.shares[1], [0.5, 0.5, 0, 0])
    assert usage.perplexity == pytest.approx(2)
    assert usage.dead == 2
    assert usage.nats == pytest.approx(3 * math.log(4))
    z = book[indices[1]].flatten().numpy()
    assert usage.indices(z + 1e-4).tolist() == [0, 1, 1]
    assert usage.indices(usage.with_code(z, 2, 3)).tolist() == [0, 1, 3]
    variants = decode_variants(space, usage, z, 2)
    assert variants.codes.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(variants.pictures[1], decode_pixels(space, z[None])[0])
    assert count_codes(CodeSpace(6, space.encoder, space.decoder), z[None]) is None


def test_of_a_large_codebook_the_most_frequent_codes_are_tried():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(200), size=2)
    usage = CodeUsage(rng.normal(size=(200, 2)).astype(np.float32), shares, dead=0)
    tried = usage.tried(1)
    assert len(tried) == MOST_VARIANTS
    assert (np.diff(tried) > 0).all()
    left_out = np.setdiff1d(np.arange(200), tried)
    assert shares[1][tried].min() >= shares[1][left_out].max()


def test_the_prior_draws_every_code_alike():
    space = made().spaces()["z"]
    drawn = space.prior.sample(3000, generator(2)).unflatten(1, (3, 2)).flatten(0, 1)
    counts = torch.bincount(torch.cdist(drawn, space.codebook).argmin(dim=1), minlength=5)
    assert (counts / len(drawn)).tolist() == pytest.approx([0.2] * 5, abs=0.02)


def test_the_gradient_goes_straight_through_and_the_penalty_is_as_published():
    model = made().eval()
    batch = Batch(images())
    exact = model.network.encode(batch.images).mean
    snapped = model.snap(exact)
    terms = model(batch, generator())
    squared = (exact - snapped).square().sum(dim=1).mean()
    torch.testing.assert_close(terms.penalty, 1.25 * squared)
    z = snapped.detach().requires_grad_()
    loss = -model.likelihood.log_prob(model.network.decode(z), batch.images)
    loss.mean().backward()
    torch.testing.assert_close(terms.distortion, loss)
    reached = torch.autograd.grad(terms.distortion.mean(), model.network.mean.bias)[0]
    torch.testing.assert_close(reached, z.grad.sum(dim=0))


def test_the_first_batch_gives_the_codebook_its_place():
    model = made(codes=64)
    model(Batch(images(200)), generator())
    with torch.no_grad():
        exact = model.network.encode(images(200)).mean.unflatten(1, (3, 2)).flatten(0, 1)
    assert model.codebook.mean(dim=0).sub(exact.mean(dim=0)).abs().max() < 3 * exact.std()
    assert 0.5 < (model.codebook.std() / exact.std()).item() < 1.5
    assert model.usage.sum().item() == pytest.approx(1, abs=1e-5)


def test_perplexity_and_dead_codes():
    model = made(codes=4)
    model.usage.copy_(torch.tensor([0.5, 0.5, 0.0, 0.0]))
    assert model.perplexity == pytest.approx(2)
    assert model.dead_codes == 2
    assert model.remark() == "perplexity 2.0 of 4, 2 dead"
    assert model.trouble({}).startswith("2 of 4 codes are dead")
    model.usage.fill_(0.25)
    assert model.perplexity == pytest.approx(4)
    assert model.trouble({}) == ""


def test_it_learns_digits_with_most_of_its_codes():
    data = open_data("digits")
    config = Config("vqvae", {"latent_dim": 8, "codes": 16}, epochs=12)
    reports = list(train(data, config, threads=1))
    history, last = reports[-1].snapshot.history, reports[-1]
    assert history[-1].held_out.distortion < history[0].held_out.distortion - 1
    assert history[-1].held_out.rate == pytest.approx(4 * math.log(16), rel=1e-5)
    assert last.remark.startswith("perplexity ")
    model = restore("vqvae", config.model, data.shape, last.snapshot.weights)
    assert model.perplexity > 4
    assert last.remark == model.remark()
