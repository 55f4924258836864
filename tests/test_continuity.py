"""Continuity is 1 for affine decoders, blind to coordinates, and falls where pictures jump."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from analytic import (
    EMPTY_DECODERS,
    Decoder,
    as_bytes,
    blob_ground,
    blob_space,
    blobs,
    hashed,
    moved,
)

from vaeexplorer.data.dataset import InputError
from vaeexplorer.models.base import CodeSpace, Posterior, StandardNormal
from vaeexplorer.regularity import continuity as module
from vaeexplorer.regularity.continuity import Continuity, continuity
from vaeexplorer.regularity.ground import (
    Ground,
    common_ground,
    lloyd,
    principal_axes,
    reconstruct,
)

KEYS = {"score", "sd", "C", "C20", "gate", "R2", "A", "J"}


def score(space: CodeSpace, ground: Ground) -> Continuity:
    return continuity(space, ground, reconstruct(space, ground, ground.held_out))


@pytest.fixture(scope="module")
def ground() -> Ground:
    return blob_ground()


@pytest.fixture(scope="module")
def flat() -> tuple[CodeSpace, Ground]:
    """An affine decoder with its exact encoder, on the data that it makes."""
    generator = torch.Generator().manual_seed(3)
    columns, _ = torch.linalg.qr(torch.randn(64, 4, generator=generator))
    columns = columns * torch.tensor([0.9, 0.6, 0.4, 0.3])
    inverse = torch.linalg.pinv(columns)
    space = CodeSpace(
        4,
        lambda images: Posterior((images.flatten(1) - 0.5) @ inverse.T, None),
        lambda z: (0.5 + z @ columns.T).reshape(-1, 1, 8, 8),
        StandardNormal(4),
    )
    z = torch.randn(3000, 4, generator=generator)
    images = as_bytes(space.decode(z).clamp(0, 1))
    return space, common_ground(images[:2000], images[2000:])


def test_an_affine_decoder_is_perfectly_continuous(flat: tuple[CodeSpace, Ground]) -> None:
    result = score(*flat)
    assert result.evenness == pytest.approx(1, abs=0.03)
    assert result.visible_evenness == pytest.approx(1, abs=0.03)
    assert result.gate == pytest.approx(1, abs=0.001)
    assert result.score == pytest.approx(1, abs=0.03)
    assert result.jumps == pytest.approx(0, abs=0.001)


def test_a_bent_decoder_is_less_even_than_an_affine_one(ground: Ground) -> None:
    result = score(blob_space(), ground)
    assert 0.1 < result.evenness < 0.8
    assert result.r2 > 0.95
    assert result.gate == 1
    assert result.alike_share is not None
    assert result.alike_share > 0.8
    assert result.jumps == pytest.approx(0, abs=0.02)


def test_other_coordinates_of_the_same_model_score_the_same(ground: Ground) -> None:
    plain = score(blob_space(), ground)
    turn = torch.tensor([[0.8, -0.6], [0.6, 0.8]])
    stretched = turn @ torch.diag(torch.tensor([0.1, 10.0]))
    offset = torch.tensor([3.0, -1.0])
    bent = score(moved(blob_space(), stretched, offset), ground)
    assert bent.score == pytest.approx(plain.score, abs=0.03)
    assert bent.visible_evenness == pytest.approx(plain.visible_evenness, abs=0.03)
    scaled = score(moved(blob_space(), 7 * torch.eye(2), torch.zeros(2)), ground)
    assert scaled.score == pytest.approx(plain.score, abs=0.001)


@pytest.mark.parametrize("decoder", EMPTY_DECODERS.values(), ids=EMPTY_DECODERS)
def test_what_shows_nothing_is_not_continuous(decoder: Decoder, ground: Ground) -> None:
    assert score(blob_space(decoder), ground).score < 0.05


def test_a_hash_table_is_all_jumps(ground: Ground) -> None:
    table = ground.real.reshape(-1, *ground.shape)
    result = score(blob_space(lambda z: table[hashed(z, len(table))]), ground)
    assert result.score < 0.05
    assert result.evenness < 0.05
    assert result.jumps is not None
    assert result.jumps > 0.9


@pytest.mark.parametrize("spread", [0.05, 1.0], ids=["two tight clusters", "one cloud"])
def test_the_smaller_the_step_the_worse_a_step_decoder(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that jumps has D in proportion to h, not to h^2, also where no code is near."""
    ends = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    z = spread * torch.randn(2000, 2, generator=torch.Generator().manual_seed(5))
    images = as_bytes(blobs(z + ends.repeat(1000, 1) if spread < 1 else z.clamp(-2.4, 2.4)))
    ground = common_ground(images[:1000], images[1000:])
    pictures = blobs(ends)
    space = blob_space(lambda z: pictures[(z[:, 0] > 0).long()])
    seen = []
    for step in (0.2, 0.1, 0.05):
        monkeypatch.setattr(module, "STEP", step)
        seen.append(score(space, ground).evenness)
    assert seen[0] > 1.5 * seen[1] > 2.25 * seen[2]


def test_a_cliff_on_a_twentieth_of_the_mass_is_found(
    flat: tuple[CodeSpace, Ground],
) -> None:
    space, data = flat
    cliff = CodeSpace(
        space.size,
        space.encoder,
        lambda z: torch.where(
            (z[:, 0] > 1.645)[:, None, None, None], 1 - space.decoder(z), space.decoder(z)
        ),
        space.prior,
    )
    result = score(cliff, data)
    assert result.jumps is not None
    assert result.jumps > 0.5
    assert result.evenness < 0.7


@pytest.mark.parametrize(("scale", "told"), [(1e-2, True), (1e-6, False), (0.0, False)])
def test_what_float32_rounds_is_no_jump(ground: Ground, scale: float, told: bool) -> None:
    """A collapsed decoder is smooth, although its last digits jump."""
    flat = score(blob_space(lambda z: 0.3 + scale * blobs(z)), ground)
    assert (flat.jumps == pytest.approx(0, abs=0.02)) if told else (flat.jumps is None)


def test_the_same_scores_twice_and_the_global_generator_untouched(ground: Ground) -> None:
    before = torch.random.get_rng_state()
    assert score(blob_space(), ground) == score(blob_space(), ground)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_decoder_that_is_not_finite_scores_nothing(ground: Ground) -> None:
    broken = blob_space(lambda z: torch.where(z[:, :1, None, None] > 0, torch.nan, blobs(z)))
    result = score(broken, ground)
    assert (result.score, result.alike_share, result.jumps) == (0.0, None, None)


def test_the_json_keys_are_the_published_ones(ground: Ground) -> None:
    as_dict = score(blob_space(), ground).as_dict()
    assert set(as_dict) >= KEYS
    assert all(value is not None and np.isfinite(value) for value in as_dict.values())


def test_principal_axes_are_those_of_the_full_decomposition(ground: Ground) -> None:
    images = ground.train.flatten(1).double() / 255
    _, _, exact = torch.linalg.svd(images - images.mean(dim=0), full_matrices=False)
    found = principal_axes(ground.train, ground.mean, 5).double()
    overlap = torch.linalg.svdvals(exact[:5] @ found)
    assert overlap.min() > 0.9999


def test_images_too_many_to_be_kept_as_floats_give_the_same(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = lloyd(ground.train, 5), principal_axes(ground.train, ground.mean, 5)
    monkeypatch.setattr("vaeexplorer.regularity.ground.MOST_KEPT", 0)
    anew = lloyd(ground.train, 5), principal_axes(ground.train, ground.mean, 5)
    for one, other in zip(kept, anew, strict=True):
        assert torch.equal(one, other)


def test_the_gate_compares_with_straight_axes(ground: Ground) -> None:
    """With as many axes as PCA keeps, R2 of PCA is what numpy says it is."""
    images = ground.held_out.double().numpy()
    mean = ground.mean.double().numpy()
    train = ground.train.flatten(1).double().numpy() / 255
    _, _, axes = np.linalg.svd(train - mean, full_matrices=False)
    kept = (images - mean) @ axes[:2].T @ axes[:2]
    expected = 1 - ((images - mean - kept) ** 2).sum() / ((images - mean) ** 2).sum()
    assert ground.r2_of_axes(2) == pytest.approx(expected, abs=1e-4)


def test_too_few_images_are_refused_with_one_sentence() -> None:
    images = np.zeros((30, 1, 4, 4), np.uint8)
    with pytest.raises(InputError, match="at least 20 training and 20 held-out images"):
        common_ground(images, images[:5])
