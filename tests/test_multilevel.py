"""A multi-level VAE shares the content of a group, and is the VAE in groups of one."""

import dataclasses

import pytest
import torch
from torch.distributions import Normal

from vaeexplorer.data import open_data
from vaeexplorer.models import build
from vaeexplorer.models.base import Batch, Posterior, SettingError
from vaeexplorer.models.learning import Images
from vaeexplorer.models.multilevel import product, random_groups
from vaeexplorer.run import Config
from vaeexplorer.training import train

SHAPE = (1, 8, 8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=6):
    return torch.rand((n, *SHAPE), generator=generator(3))


def made(family="mlvae", **options):
    return build(family, {"latent_dim": 5, **options}, SHAPE, images().mean(dim=0), seed=1)


@pytest.mark.parametrize("groups", [None, torch.tensor([3, 0, 5, 1, 9, 4])])
def test_in_groups_of_one_it_is_the_vae(groups):
    vae, model = made("vae"), made()
    assert vae.state_dict().keys() == model.state_dict().keys()
    first = vae(Batch(images()), generator(1))
    second = model(Batch(images(), groups), generator(1))
    torch.testing.assert_close(first.distortion, second.distortion)
    torch.testing.assert_close(first.rate, second.rate)
    joint = torch.cat(list(second.rates.values()), dim=1)
    torch.testing.assert_close(first.rates["z"], joint)


def test_the_content_of_a_group_has_the_product_of_its_posteriors():
    mean, log_variance = torch.randn(2, 5, 3, generator=generator(2), dtype=torch.float64)
    shared = product(Posterior(mean, log_variance), torch.tensor([0, 1, 0, 0, 1]))
    z = torch.linspace(-4, 4, 4001, dtype=torch.float64)[:, None, None]
    for group, members in enumerate([[0, 2, 3], [1, 4]]):
        laws = Normal(mean[members], (0.5 * log_variance[members]).exp())
        log_density = laws.log_prob(z).sum(dim=1)
        weights = (log_density - log_density.logsumexp(dim=0)).exp()
        expected = (weights * z[:, 0]).sum(dim=0)
        spread = (weights * (z[:, 0] - expected).square()).sum(dim=0)
        torch.testing.assert_close(shared.mean[group], expected, atol=1e-4, rtol=0)
        torch.testing.assert_close(shared.log_variance[group].exp(), spread, atol=1e-3, rtol=0)


def test_a_group_has_one_content_and_shares_its_rate():
    model = made(latent_dim=4, content_dim=3)
    groups = torch.tensor([0, 0, 0, 1, 1, 1])
    seen = []
    decode = model.network.decode
    model.network.decode = lambda z: (seen.append(z), decode(z))[1]
    terms = model(Batch(images(), groups), generator())
    (z,) = seen
    for group in (z[:3], z[3:]):
        assert torch.equal(group[0, :3].expand(3, 3), group[:, :3])
        assert len(group[:, 3].unique()) == 3
    content = terms.rates["content"]
    assert torch.equal(content[0], content[2])
    alone = model(Batch(images()[:3], torch.zeros(3)), generator()).rates["content"].sum()
    torch.testing.assert_close(content[:3].sum(), alone)


def test_groups_have_2_to_8_images_of_one_label_and_hold_every_image_once():
    labels = torch.randint(3, (500,), generator=generator(4))
    groups = random_groups(labels, generator())
    assert sorted(torch.cat(groups).tolist()) == list(range(500))
    assert all(len(labels[group].unique()) == 1 for group in groups)
    lengths = [len(group) for group in groups]
    assert max(lengths) == 8
    assert lengths.count(1) <= 3
    again = random_groups(labels, generator())
    assert all(torch.equal(one, other) for one, other in zip(groups, again, strict=True))
    other = random_groups(labels, generator(1))
    assert [len(one) for one in other] != lengths


@pytest.mark.parametrize("size", [1, 5, 64, 1000])
def test_batches_do_not_divide_groups(size):
    labels = torch.randint(3, (200,), generator=generator(4))
    data = Images(torch.zeros(200, *SHAPE, dtype=torch.uint8), labels)
    batches = data.shuffled(size, generator())
    assert sorted(torch.cat([chosen for chosen, _ in batches]).tolist()) == list(range(200))
    numbers = [set(groups.tolist()) for _, groups in batches]
    assert sum(map(len, numbers)) == len(set().union(*numbers))
    assert len(batches) <= -(-200 // size)
    for chosen, groups in batches:
        for group in groups.unique():
            assert len(labels[chosen[groups == group]].unique()) == 1


def test_content_and_style_are_decoded_with_the_other_at_its_prior_mean():
    model = made(latent_dim=5, content_dim=2)
    spaces = model.spaces()
    assert {name: space.size for name, space in spaces.items()} == {
        **{"z": 5, "content": 2, "style": 3}
    }
    z = torch.randn(4, 5, generator=generator(6))
    only_content = torch.cat([z[:, :2], torch.zeros(4, 3)], dim=1)
    only_style = torch.cat([torch.zeros(4, 2), z[:, 2:]], dim=1)
    joint = spaces["z"]
    torch.testing.assert_close(spaces["content"].decode(z[:, :2]), joint.decode(only_content))
    torch.testing.assert_close(spaces["style"].decode(z[:, 2:]), joint.decode(only_style))
    whole = joint.encode(images()).mean
    torch.testing.assert_close(spaces["content"].encode(images()).mean, whole[:, :2])
    torch.testing.assert_close(spaces["style"].encode(images()).mean, whole[:, 2:])


def test_data_without_labels_is_refused_by_the_call():
    bare = dataclasses.replace(open_data("digits"), labels=None, label_names=())
    with pytest.raises(SettingError, match="needs labels") as error:
        train(bare, Config("mlvae"))
    assert str(error.value).count(". ") == 0


@pytest.mark.slow
def test_content_tells_labels_apart_and_style_does_not():
    data = open_data("digits")
    *_, last = train(data, Config("mlvae", {"latent_dim": 8}, epochs=15), threads=1)
    assert last.remark.startswith("rates content ")
    from vaeexplorer.models import restore

    run = last.snapshot
    spaces = restore("mlvae", run.config.model, data.shape, run.weights).spaces()
    x = data.batch(slice(0, 1000)).float() / 255
    labels = torch.from_numpy(data.labels[:1000])
    found = {}
    for level in ("content", "style"):
        codes = spaces[level].encode(x).mean
        apart = torch.cdist(codes, codes)
        apart.fill_diagonal_(torch.inf)
        found[level] = (labels[apart.argmin(dim=1)] == labels).float().mean().item()
    assert found["content"] > 0.8
    assert found["style"] < found["content"] - 0.2


def test_content_and_style_of_two_images_make_one_picture():
    model = made(latent_dim=5, content_dim=2)
    spaces = model.spaces()
    codes = spaces["z"].encode(images()).mean
    content, style = codes[:, :2], codes[:, 2:]
    swapped = spaces["z"].decode(torch.cat([content[1:2].expand(6, 2), style], dim=1))
    held = spaces["style"].holding(images()[1])
    torch.testing.assert_close(held.decode(style), swapped)
    torch.testing.assert_close(
        spaces["content"].holding(images()[4]).decode(content[1:2]), swapped[4:5]
    )
    reconstructed = held.decode(held.encode(images()[1:2]).mean)
    torch.testing.assert_close(reconstructed, spaces["z"].decode(codes[1:2]))
