"""The flow VAE: fields are what they claim, and a trained one draws them to half a pixel."""

import dataclasses

import numpy as np
import pytest
import torch

from vaeexplorer.data import open_data
from vaeexplorer.data.pairs import known_motions, sources_of, subjects
from vaeexplorer.jobs.opening import decode_pixels, model_of
from vaeexplorer.jobs.scoring import Grounds, score_space
from vaeexplorer.jobs.worst import worst_places
from vaeexplorer.models import build
from vaeexplorer.models.base import Batch, SettingError, float_images
from vaeexplorer.models.learning import Images
from vaeexplorer.models.warping import (
    ESTIMATED,
    KNOWN,
    affine_fields,
    as_pictures,
    estimated_fields,
    of_pictures,
    pairs_of,
    warp,
)
from vaeexplorer.regularity.verdict import not_comparable
from vaeexplorer.run import Config, result_of
from vaeexplorer.storage import load_run, save_run
from vaeexplorer.training import train

SHAPE = (1, 8, 8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=6, shape=SHAPE):
    return torch.rand((n, *shape), generator=generator(3))


def made(**options):
    return build("flowvae", {"latent_dim": 5, **options}, SHAPE, noise().mean(dim=0), seed=1)


def end_point_errors(found, wanted):
    """Mean distance in pixels of two fields, (batch,)."""
    return (found - wanted).norm(dim=1).mean(dim=(1, 2))


# Fields and warps.


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 9), (2, 1, 1), (1, 1, 7)])
def test_a_field_of_zeros_leaves_images_as_they_are(shape):
    images = noise(shape=shape)
    still = torch.zeros(6, 2, *shape[1:])
    torch.testing.assert_close(warp(images, still), images, atol=1e-5, rtol=0)
    torch.testing.assert_close(affine_fields(torch.eye(2, 3)[None], *shape[1:]), still[:1])


def test_a_field_says_where_each_pixel_comes_from():
    images = noise(shape=(1, 6, 9))
    fields = torch.zeros(6, 2, 6, 9)
    fields[:, 0], fields[:, 1] = 2.0, -1.0
    warped = warp(images, fields)
    torch.testing.assert_close(warped[..., 1:, :-2], images[..., :-1, 2:], atol=1e-4, rtol=0)
    # Beyond the border the border goes on.
    torch.testing.assert_close(warped[..., 1:, -1], images[..., :-1, -1], atol=1e-4, rtol=0)


def test_between_pixels_a_warp_is_bilinear():
    ramp = torch.arange(9.0).expand(1, 1, 6, 9) / 9
    fields = torch.zeros(1, 2, 6, 9)
    fields[:, 0] = 0.25
    torch.testing.assert_close(warp(ramp, fields)[..., :-1], ramp[..., :-1] + 0.25 / 9)


@pytest.fixture(scope="module")
def shapes():
    """1,200 shapes, which a source is given to, and the two fields of each pair."""
    data = open_data("shapes", n=1200)
    partners = np.arange(len(data))
    sources = sources_of(data, partners, 0)
    motions = torch.from_numpy(known_motions(data, sources, partners)).float()
    return data, sources, affine_fields(motions, *data.shape[1:])


def test_known_fields_carry_a_shape_to_the_other_one(shapes):
    data, sources, fields = shapes
    there, here = (float_images(data.batch(which)) for which in (sources, np.arange(len(data))))
    # A figure that grows keeps its blur: only bodies and grounds are equal, edges are not.
    lost = (warp(there, fields) - here).square().sum()
    assert lost < 0.02 * (here - here.mean(dim=0)).square().sum()
    assert lost < 0.02 * (there - here).square().sum()
    assert torch.equal(
        fields[torch.from_numpy(sources == np.arange(len(data)))].unique(), torch.zeros(1)
    )


def test_estimated_fields_are_those_known(shapes):
    data, sources, fields = shapes
    there, here = (float_images(data.batch(which)) for which in (sources, np.arange(len(data))))
    found = estimated_fields(there, here)
    errors = end_point_errors(found, fields)
    for kind in range(3):
        # Where a square is turned by nearly 45 degrees, either way round is as good.
        assert errors[data.labels == kind].median() < 0.1
    assert (errors < 0.5).float().mean() > 0.95
    still = estimated_fields(here, here)
    assert still.norm(dim=1).mean() < 0.01


def test_one_source_serves_all_partners(shapes):
    data, _, _ = shapes
    images = float_images(data.batch(slice(0, 9)))
    alone = [estimated_fields(images[:1], images[k : k + 1]) for k in range(9)]
    torch.testing.assert_close(
        estimated_fields(images[:1], images), torch.cat(alone), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("level", [0.0, 0.4])
def test_a_picture_without_a_figure_stays_in_place(level):
    blank = torch.full((2, *SHAPE), level)
    for there, here in ((blank, noise(2)), (noise(2), blank), (blank, blank)):
        assert estimated_fields(there, here).isfinite().all()
    assert not estimated_fields(blank, blank).any()


# Pairs.


def test_pairs_are_of_one_subject_and_some_of_an_image_with_itself():
    data = open_data("shapes", n=900)
    partners = data.split(0).held_out
    sources = sources_of(data, partners, 3)
    assert (data.labels[sources] == data.labels[partners]).all()
    assert 0.05 < (sources == partners).mean() < 0.25
    assert len(np.unique(sources)) > 100
    assert np.array_equal(sources, sources_of(data, partners, 3))
    assert not np.array_equal(sources, sources_of(data, partners, 4))


def test_a_subject_is_a_group_else_a_label():
    digits = open_data("digits")
    assert subjects(digits) is digits.labels
    grouped = dataclasses.replace(digits, groups=np.arange(len(digits)) // 3)
    assert subjects(grouped) is grouped.groups
    sources = sources_of(grouped, np.arange(len(digits)), 0)
    assert np.array_equal(sources // 3, np.arange(len(digits)) // 3)
    alone = dataclasses.replace(digits, groups=np.arange(len(digits)))
    assert np.array_equal(sources_of(alone, np.arange(9), 0), np.arange(9))


def test_batches_hold_sources_and_their_fields():
    for data, method in ((open_data("shapes", n=60), KNOWN), (open_data("digits"), ESTIMATED)):
        partners = np.arange(60)
        pairs = result_of(pairs_of(data, partners, 0))
        assert pairs.method == method
        images = Images(data.batch(partners), pairs=pairs)
        for chosen in images.shuffled(25, generator()):
            batch = images.batch(chosen)
            here = float_images(images.pixels[chosen[0]])
            nearer = (warp(batch.images, batch.fields) - here).square().sum()
            assert nearer < 0.7 * (batch.images - here).square().sum()


def test_finding_fields_is_reported_and_can_be_stopped():
    data = open_data("shapes", n=3000)
    steps = train(data, Config("flowvae", epochs=1), threads=1)
    messages = [next(steps).message for _ in range(5)]
    assert messages == [
        "Preparing the images",
        *(f"Displacement fields: {found} of 2,500" for found in ("1,024", "2,048", "2,500")),
        "Displacement fields: 500 of 500",
    ]
    steps.close()


def test_data_that_tells_no_subjects_is_refused_by_the_call():
    bare = dataclasses.replace(open_data("digits"), labels=None, label_names=())
    with pytest.raises(SettingError, match="nothing says which images of digits") as error:
        train(bare, Config("flowvae"))
    assert str(error.value).count(". ") == 0
    assert str(error.value).endswith(".")


# The model.


def test_images_without_fields_are_their_own_partners():
    model = made()
    still = Batch(noise(), fields=torch.zeros(6, 2, 8, 8))
    first, second = (model(batch, generator(1)) for batch in (Batch(noise()), still))
    assert torch.equal(first.distortion, second.distortion)
    assert torch.equal(first.rate, second.rate)


def test_a_decode_is_the_source_warped_by_the_field_of_its_code():
    model = made()
    first, other = noise()[0], noise()[1]
    model.meet(first)
    space = model.spaces()["z"]
    z = 3 * torch.randn(4, 5, generator=generator())
    for held, source in ((space, first), (space.holding(other), other)):
        fields = model.fields(z, source[None]).detach()
        assert fields.abs().max() > 0.1
        expected = warp(source.expand(4, *SHAPE), fields)
        torch.testing.assert_close(held.decode(z), expected)


def test_the_source_comes_back_with_the_run(tmp_path):
    data = open_data("digits")
    small = dataclasses.replace(
        data,
        images=data.images[:120],
        labels=data.labels[:120],
        source=dataclasses.replace(data.source, n=120),
    )
    run = result_of(train(small, Config("flowvae", {"latent_dim": 3}, epochs=1), threads=1))
    save_run(run, tmp_path / "run")
    opened = load_run(tmp_path / "run")
    assert opened.versions["fields"] == ESTIMATED
    source = model_of(opened).source
    assert torch.equal(source, float_images(small.batch(small.split(0).held_out[:1]))[0])


def test_fields_become_pictures_and_come_back():
    fields = torch.randn(4, 2, 8, 6, generator=generator()).mul(3).clamp(-8, 8)
    pictures = as_pictures(fields)
    assert as_pictures(torch.zeros(1, 2, 8, 6)).unique().item() == 0.5
    torch.testing.assert_close(of_pictures(pictures), fields)
    rounded = float_images(pictures.mul(255).round().byte())
    torch.testing.assert_close(of_pictures(rounded), fields, atol=8 / 255 + 1e-5, rtol=0)


def test_scores_look_at_the_fields_that_the_codes_are_of():
    data = open_data("digits")
    small = dataclasses.replace(data, images=data.images[:240], labels=data.labels[:240])
    model = build("flowvae", {"latent_dim": 3}, SHAPE, float_images(small.batch([0, 7])).mean(0))
    space = model.spaces()["z"]
    scored = space.scored
    pixels = small.batch(slice(0, 20))
    pictures = scored.pictures(pixels)
    assert pictures.dtype == torch.uint8
    codes = space.encode(float_images(pixels)).mean
    found = scored.space.encode(float_images(pictures)).mean
    torch.testing.assert_close(found, codes, atol=0.05, rtol=0)
    assert torch.equal(
        scored.space.decode(codes), as_pictures(model.fields(codes, model.source[None]).detach())
    )
    scores = result_of(score_space(space, small, small.split(0), with_others=False))
    assert scores["scored"].startswith("displacement fields")
    assert scores["scored"] in scores["verdict"][0]
    assert scores["data"] != small.source.fingerprint
    model.meet(noise()[0])
    other = result_of(score_space(model.spaces()["z"], small, small.split(0), with_others=False))
    assert not_comparable(scores, dict(scores)) is None
    assert "different data" in not_comparable(scores, other)


def test_the_worst_places_are_shown_as_pictures_though_fields_are_measured():
    data = open_data("digits")
    small = dataclasses.replace(data, images=data.images[:120], labels=data.labels[:120])
    space = made().spaces()["z"]
    found = result_of(worst_places(space, small, small.split(0), Grounds()))
    assert found.law == "standard normal"
    assert found.draws
    for place in found.draws:
        np.testing.assert_array_equal(place.pictures[0], decode_pixels(space, place.z[None])[0])


@pytest.fixture(scope="module")
def trained():
    data = open_data("shapes")
    run = result_of(train(data, Config("flowvae", {"latent_dim": 4}, epochs=8), threads=2))
    return data, model_of(run).eval().requires_grad_(False)


@pytest.mark.slow
def test_held_out_fields_are_drawn_to_half_a_pixel(trained):
    data, model = trained
    batch = result_of(pairs_of(data, data.split(0).held_out, 7)).batch(torch.arange(500))
    found = model.fields(model.posterior(batch.fields, batch.images).mean, batch.images)
    errors = end_point_errors(found, batch.fields)
    assert errors.mean() < 0.5
    assert errors.quantile(0.95) < 0.7
    assert end_point_errors(0 * found, batch.fields).mean() > 5


@pytest.mark.slow
def test_what_does_not_move_stays_within_a_tenth_of_a_pixel(trained):
    data, model = trained
    images = float_images(data.batch(data.split(0).held_out))
    still = torch.zeros(len(images), 2, 32, 32)
    found = model.fields(model.posterior(still, images).mean, images)
    assert end_point_errors(found, still).mean() < 0.1


@pytest.mark.slow
def test_one_source_is_warped_onto_other_images_of_its_kind(trained):
    data, model = trained
    held_out = data.split(0).held_out
    kind = data.labels[held_out] == data.labels[held_out[0]]
    images = float_images(data.batch(held_out[kind]))
    space = model.spaces()["z"]
    lost = (space.decode(space.encode(images).mean) - images).square().sum()
    assert lost < 0.1 * (images - images.mean(dim=0)).square().sum()
