"""A denoising autoencoder is shown spoilt images and learns which way the clean ones lie."""

import pytest
import torch

from vaeexplorer.models import build, learning, settings
from vaeexplorer.models.base import Batch

SHAPE = (1, 20, 20)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def made(**options):
    return build("dae", {"latent_dim": 2, **options}, SHAPE, torch.full(SHAPE, 0.5))


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.9])
def test_masking_blackens_that_share_of_the_pixels(strength):
    images = torch.full((50, *SHAPE), 0.7)
    spoilt = made(strength=strength).corrupt(images, generator())
    assert set(spoilt.unique().tolist()) <= {0.0, images[0, 0, 0, 0].item()}
    assert (spoilt == 0).float().mean().item() == pytest.approx(strength, abs=0.02)


def test_gaussian_noise_has_that_deviation_and_is_not_cut():
    images = torch.full((50, *SHAPE), 0.7)
    spoilt = made(corruption="gaussian", strength=0.3).corrupt(images, generator())
    assert (spoilt - images).mean().item() == pytest.approx(0, abs=0.01)
    assert (spoilt - images).std().item() == pytest.approx(0.3, abs=0.01)
    assert spoilt.max() > 1


def test_the_target_is_the_clean_image():
    model = made(strength=0.5)
    images = torch.rand(6, *SHAPE, generator=generator(1))
    terms = model(Batch(images), generator(2))
    spoilt = model.corrupt(images, generator(2))
    output = model.network.decode(model.network.encode(spoilt).mean)
    torch.testing.assert_close(terms.distortion, -model.likelihood.log_prob(output, images))


def test_without_noise_it_is_the_autoencoder():
    images = torch.rand(6, *SHAPE, generator=generator(1))
    options = {"latent_dim": 2}
    ae = build("ae", options, SHAPE, images.mean(dim=0), seed=3)
    dae = build("dae", {**options, "strength": 0.0}, SHAPE, images.mean(dim=0), seed=3)
    first, second = (model(Batch(images), generator()).distortion for model in (ae, dae))
    assert torch.equal(first, second)


CENTRES = torch.tensor([[0.25, 0.3], [0.7, 0.35], [0.5, 0.75]])
WIDTH, NOISE = 0.03, 0.12


def way_to_the_data(spoilt):
    """s^2 grad log p_s of the mixture with noise added: (n, 2)."""
    variance = WIDTH**2 + NOISE**2
    apart = CENTRES - spoilt[:, None]
    shares = (-apart.square().sum(dim=2) / (2 * variance)).softmax(dim=1)
    return NOISE**2 * (shares[:, :, None] * apart).sum(dim=1) / variance


def test_it_finds_tweedies_denoiser_of_a_mixture():
    shape, steps = (1, 1, 2), 500
    options = {
        **{"latent_dim": 8, "hidden": [32, 32], "body": "mlp", "likelihood": "gaussian"},
        **{"corruption": "gaussian", "strength": NOISE, "variance": 0.05},
    }
    model = build("dae", options, shape, CENTRES.mean(dim=0).reshape(shape))
    learner = learning.Learner(model, settings("dae", options), 1e-2, 0)
    noise = generator(1)

    def draw(n):
        chosen = torch.randint(3, (n,), generator=noise)
        return CENTRES[chosen] + WIDTH * torch.randn(n, 2, generator=noise)

    for step in range(steps):
        learner.step(Batch(draw(256).reshape(-1, *shape)), step / steps)
    spoilt = draw(2000) + NOISE * torch.randn(2000, 2, generator=noise)
    space = model.spaces()["z"]
    moved = space.decode(space.encode(spoilt.reshape(-1, *shape)).mean).flatten(1) - spoilt
    both = torch.stack([moved.flatten(), way_to_the_data(spoilt).flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.95
    assert moved.std().item() == pytest.approx(way_to_the_data(spoilt).std().item(), rel=0.1)
