"""A VQ-VAE writes images in an alphabet: codes of a codebook, and nothing between them."""

import math

import pytest
import torch

from vaeexplorer.data import open_data
from vaeexplorer.models import build, restore
from vaeexplorer.models.base import Batch
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
