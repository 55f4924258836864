"""Laws that codes are drawn from: what they are fitted to, what speaks for them, what they draw."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.laws import Fits, compare_laws, draw_samples
from vaeexplorer.jobs.opening import decode_pixels, open_exhibit, with_images, with_model
from vaeexplorer.jobs.scoring import Grounds, score_space
from vaeexplorer.models.base import CodeSpace, Posterior, StandardNormal
from vaeexplorer.regularity.code_laws import code_indices, fit_frequencies, fit_neighbours
from vaeexplorer.regularity.law_names import (
    GAUSSIAN,
    MOST_COMPONENTS,
    NEIGHBOURS,
    OWN,
    LawError,
    components_of,
    mixture_of,
)
from vaeexplorer.regularity.laws import fit_gaussian, fit_mixture, law_of, own_law, title_of
from vaeexplorer.run import result_of


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def clusters(count, n=900, seed=1):
    """Codes in `count` round heaps far apart, (n, 2), stretched along one axis."""
    heap = torch.randint(count, (n,), generator=generator(seed))
    centre = torch.stack([6.0 * heap, 3.0 * (heap % 2)], dim=1)
    noise = torch.randn(n, 2, generator=generator(seed + 1))
    return centre + noise * torch.tensor([1.0, 0.1])


@pytest.fixture(scope="module")
def autoencoder():
    """The AE of the default pair as an exhibit with model and images."""
    return with_images(with_model(result_of(open_exhibit(default_pair_folders()[0]))))


@pytest.mark.parametrize("components", [1, 2, 4])
def test_the_bic_is_that_of_its_formula(components):
    codes = clusters(3)
    law = fit_mixture(codes, components)
    covariances = law.roots.mT @ law.roots
    density = MixtureSameFamily(
        Categorical(law.weights), MultivariateNormal(law.means, covariances)
    )
    likelihood = density.log_prob(codes.double()).sum()
    parameters = components - 1 + components * 2 + components * 3
    expected = parameters * np.log(len(codes)) - 2 * float(likelihood)
    assert law.bic == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("heaps", [2, 4])
def test_the_bic_is_least_at_the_number_of_heaps_that_the_codes_lie_in(heaps):
    bic = {k: fit_mixture(clusters(heaps), k).bic for k in range(1, 7)}
    assert min(bic, key=bic.get) == heaps


def test_a_mixture_of_one_is_the_fitted_gaussian():
    codes = clusters(3)
    one, gaussian = fit_mixture(codes, 1), fit_gaussian(codes)
    torch.testing.assert_close(one.means, gaussian.means)
    covariances = (law.roots.mT @ law.roots for law in (one, gaussian))
    torch.testing.assert_close(*covariances, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("n", [1, 30])
def test_codes_that_are_all_the_same_are_drawn_again(n):
    codes = torch.full((n, 2), 3.0)
    law = fit_mixture(codes, 4)
    assert law.bic is None
    assert law.name == "fitted mixture of 4"
    torch.testing.assert_close(fit_gaussian(codes).sample(5, generator()), codes[:1].repeat(5, 1))
    torch.testing.assert_close(law.sample(5, generator()), torch.full((5, 2), 3.0))


def test_a_fit_can_be_given_up_between_its_rounds():
    asked = []

    def pause():
        asked.append(1)
        if len(asked) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit_mixture(clusters(3, n=5000), 6, pause)


def test_names_of_laws():
    assert [components_of(name) for name in (OWN, GAUSSIAN, NEIGHBOURS)] == [0, 0, 0]
    assert components_of(mixture_of(7)) == 7
    for wrong in ("mixture", "mixture:0", "mixture:21", "mixture:x", "gauss", "mixture:-1", ""):
        with pytest.raises(LawError, match="mixture:20"):
            components_of(wrong)


# --- codes of a codebook -------------------------------------------------------------------------

BOOK = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])


def book_space():
    def no_encoder(images):
        return Posterior(torch.zeros(len(images), 4), None)

    return CodeSpace(4, no_encoder, lambda z: z, None, BOOK)


def pairs(n=3000):
    """Codes of two positions that always hold the same: code 0 twice as often as code 1."""
    held = (torch.arange(n) % 3 == 0).long()
    return BOOK[torch.stack([held, held], dim=1)].flatten(1)


@pytest.mark.parametrize("fit", [fit_frequencies, fit_neighbours])
def test_laws_of_a_codebook_draw_each_code_as_often_as_images_hold_it(fit):
    drawn = fit(pairs(), BOOK).sample(6000, generator(4))
    assert drawn.shape == (6000, 4)
    indices = code_indices(drawn, BOOK)
    for column in indices.T:
        shares = torch.bincount(column, minlength=3) / len(column)
        assert shares.tolist() == pytest.approx([2 / 3, 1 / 3, 0], abs=0.03)


def test_only_the_chain_keeps_neighbours_together():
    together = {
        fit: code_indices(fit(pairs(), BOOK).sample(2000, generator(5)), BOOK).unbind(dim=1)
        for fit in (fit_frequencies, fit_neighbours)
    }
    apart = {fit: float((left != right).float().mean()) for fit, (left, right) in together.items()}
    assert apart[fit_neighbours] == 0
    assert apart[fit_frequencies] == pytest.approx(4 / 9, abs=0.04)


def test_a_law_of_a_codebook_needs_one():
    space = book_space()
    assert law_of(NEIGHBOURS, space, pairs()).name == title_of(NEIGHBOURS, space)
    without = CodeSpace(4, space.encoder, space.decoder)
    with pytest.raises(LawError, match="no codebook"):
        law_of(NEIGHBOURS, without, pairs())


def test_codes_are_not_asked_for_where_a_prior_is_declared():
    without = book_space()
    declares = replace(without, prior=StandardNormal(4))
    assert own_law(declares, lambda: pytest.fail("needs no codes")) is declares.prior
    law, fitted = own_law(without, pairs), fit_gaussian(pairs())
    assert law.name == fitted.name == title_of(OWN, without)
    assert torch.equal(law.sample(5, generator()), fitted.sample(5, generator()))


# --- jobs ----------------------------------------------------------------------------------------


def test_what_is_wanted_is_measured_first_and_as_the_command_measures_it(autoencoder):
    dataset = autoencoder.dataset
    split, grounds = dataset.split(autoencoder.split_seed), Grounds()
    space = autoencoder.spaces["z"]
    steps = compare_laws(
        space,
        dataset,
        split,
        grounds=grounds,
        fits=Fits(autoencoder),
        wanted=lambda: "mixture:3",
    )
    found = next(steps)
    assert list(found.scores) == ["mixture:3"]
    assert list(found.bic) == [3]
    assert found.best is None
    steps.close()
    printed = result_of(
        score_space(
            space,
            dataset,
            split,
            with_others=False,
            grounds=grounds,
            laws=["mixture:3", NEIGHBOURS],
        )
    )
    others = printed["completeness"]["others"]
    assert list(others) == ["fitted mixture of 3"]
    assert found.scores["mixture:3"].score == pytest.approx(others["fitted mixture of 3"], abs=0.01)


@pytest.mark.slow
def test_all_laws_are_compared_in_the_end(autoencoder):
    dataset = autoencoder.dataset
    found = result_of(
        compare_laws(
            autoencoder.spaces["z"],
            dataset,
            dataset.split(autoencoder.split_seed),
            grounds=Grounds(),
            fits=Fits(autoencoder),
            wanted=lambda: NEIGHBOURS,  # which it has not
        )
    )
    assert found.whole
    assert list(found.bic) == list(range(1, MOST_COMPONENTS + 1))
    assert found.bic[found.best] == min(found.bic.values())
    assert set(found.scores) == {OWN, GAUSSIAN, *map(mixture_of, found.bic)}
    scores = {law: score.score for law, score in found.scores.items()}
    assert scores[mixture_of(found.best)] > scores[GAUSSIAN] + 0.05
    assert scores[GAUSSIAN] == pytest.approx(scores["mixture:1"], abs=0.03)


def test_draws_come_with_the_real_image_nearest_to_each(autoencoder):
    fits = Fits(autoencoder)
    samples = draw_samples(fits, "mixture:2", autoencoder.dataset, 6, seed=3)
    assert samples.law == "fitted mixture of 2"
    np.testing.assert_array_equal(
        samples.pictures, decode_pixels(autoencoder.spaces["z"], samples.z)
    )
    real = autoencoder.dataset.pixels(slice(None)).reshape(len(autoencoder.dataset), -1) / 255
    for picture, nearest, away in zip(
        samples.pictures, samples.nearest, samples.distances, strict=True
    ):
        distances = np.linalg.norm(real - picture.reshape(-1) / 255, axis=1)
        assert distances[nearest] == pytest.approx(distances.min(), abs=1e-4)
        assert away == pytest.approx(distances.min(), abs=1e-3)
    again = draw_samples(fits, "mixture:2", autoencoder.dataset, 6, seed=3)
    np.testing.assert_array_equal(again.z, samples.z)
    other = draw_samples(fits, "mixture:2", None, 6, seed=4)
    assert not np.array_equal(other.z, samples.z)
    assert not len(other.nearest)
