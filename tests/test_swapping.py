"""The swap grid: what is decoded with what, and which images are taken."""

import dataclasses

import numpy as np
import pytest
import torch

from vaeexplorer.data import open_data
from vaeexplorer.jobs.opening import decode_pixels, exhibit_of
from vaeexplorer.jobs.swapping import MOST, images_to_swap, swap, swapped_spaces
from vaeexplorer.models import build
from vaeexplorer.run import Config
from vaeexplorer.training import train


@pytest.fixture(scope="module")
def exhibit():
    """An ML-VAE of digits with random weights."""
    data = open_data("digits")
    *_, last = train(data, Config("vae", {"latent_dim": 2}, epochs=1), threads=1)
    mean = torch.full(data.shape, 0.3)
    model = build("mlvae", {"latent_dim": 5, "content_dim": 2}, data.shape, mean, seed=3)
    labelled = dataclasses.replace(last.snapshot, labels=data.labels)
    return dataclasses.replace(exhibit_of(labelled, "", data), spaces=model.spaces())


def test_the_diagonal_is_what_the_joint_code_decodes_to(exhibit):
    images = np.array([7, 700, 70])
    grid = swap(exhibit, images)
    pixels = exhibit.dataset.batch(images)
    joint = exhibit.spaces["z"]
    codes = joint.encode(pixels.float() / 255).mean.numpy()
    expected = decode_pixels(joint, codes)
    diagonal = grid.cells[np.arange(3), np.arange(3)].astype(int)
    np.testing.assert_allclose(diagonal, expected, atol=1)
    np.testing.assert_array_equal(grid.originals, pixels.numpy())
    np.testing.assert_allclose(np.hstack([grid.content, grid.style]), codes, atol=1e-6)


def test_a_row_has_the_content_and_a_column_the_style_of_its_image(exhibit):
    grid = swap(exhibit, np.array([7, 700, 70]))
    for row, column in ((0, 1), (2, 0)):
        z = np.concatenate([grid.content[row], grid.style[column]])[None]
        cell = grid.cells[row, column].astype(int)
        np.testing.assert_allclose(cell, decode_pixels(exhibit.spaces["z"], z)[0], atol=1)
        assert (cell != grid.cells[column, row]).any()


def test_images_of_other_labels_stand_beside_the_first(exhibit):
    images = images_to_swap(exhibit, None, 17)
    assert images[0] == 17
    assert len(set(exhibit.labels[images])) == len(images) == 5


def test_selected_images_are_taken_evenly_spread(exhibit):
    few = images_to_swap(exhibit, np.array([3, 9]), 17)
    many = images_to_swap(exhibit, np.arange(100), 17)
    np.testing.assert_array_equal(few, [3, 9])
    assert len(many) == MOST
    assert many[0] == 0
    assert many[-1] == 99


def test_a_model_of_one_space_swaps_nothing(exhibit):
    only = {"z": exhibit.spaces["z"]}
    assert swapped_spaces(exhibit) == ("content", "style")
    assert swapped_spaces(dataclasses.replace(exhibit, spaces=only)) is None
