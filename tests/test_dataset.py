"""A data set is split the same way every time, and is known by its pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeexplorer.data.dataset import Dataset, Source, fingerprint, quoted


def dataset(n: int, held_out: list[bool] | None = None) -> Dataset:
    images = np.arange(n * 6, dtype=np.uint8).reshape(n, 1, 2, 3)
    return Dataset(
        name="numbers",
        images=images,
        source=Source("idx", "/numbers", {}, n, (1, 2, 3), fingerprint(images)),
        official_held_out=None if held_out is None else np.array(held_out),
    )


@settings(deadline=None)
@given(n=st.integers(2, 400), seed=st.integers(0, 2**32))
def test_split_gives_every_image_to_one_side(n: int, seed: int) -> None:
    split = dataset(n).split(seed)
    assert np.array_equal(np.sort(np.concatenate(split)), np.arange(n))
    assert len(split.held_out) == max(1, n // 6)
    assert np.array_equal(split.train, np.sort(split.train))
    assert np.array_equal(split.held_out, np.sort(split.held_out))


def test_split_is_fixed_by_its_seed() -> None:
    data = dataset(100)
    assert np.array_equal(data.split(1).held_out, data.split(1).held_out)
    assert not np.array_equal(data.split(1).held_out, data.split(2).held_out)


def test_official_split_stands_whatever_the_seed() -> None:
    data = dataset(4, [False, True, False, True])
    for seed in (0, 1):
        split = data.split(seed)
        assert split.train.tolist() == [0, 2]
        assert split.held_out.tolist() == [1, 3]


def test_batch_is_a_tensor_of_the_images_asked_for() -> None:
    data = dataset(5)
    batch = data.batch(np.array([3, 0]))
    assert batch.dtype == torch.uint8
    assert np.array_equal(batch.numpy(), data.images[[3, 0]])
    assert data.batch(slice(1, 3)).shape == (2, 1, 2, 3)


def test_fingerprint_knows_pixels_and_shape_but_not_memory_layout() -> None:
    images = dataset(3).images
    changed = images.copy()
    changed[2, 0, 1, 2] ^= 1
    assert fingerprint(images) != fingerprint(changed)
    assert fingerprint(images) != fingerprint(images.reshape(3, 1, 3, 2))
    assert fingerprint(images) == fingerprint(np.asfortranarray(images))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/a b/é", "'/a b/é'"),
        ("a\nb", r"'a\nb'"),
        ("a\x1b[31m", r"'a\x1b[31m'"),
        ("a\udcff", r"'a\udcff'"),
    ],
)
def test_quoted_paths_can_always_be_printed(path: str, text: str) -> None:
    assert quoted(path) == text
