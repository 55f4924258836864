"""The pair that ships opens at once, is what it says, and shows what the program is about."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from vaeexplorer.data import find_data
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.models import restore
from vaeexplorer.models.base import LatentSpace
from vaeexplorer.regularity.verdict import compare, more_complete, more_continuous
from vaeexplorer.run import Run
from vaeexplorer.storage import load_run

DIGITS = 1797


@pytest.fixture(scope="module")
def pair() -> dict[str, Run]:
    return dict(zip(("ae", "vae"), map(load_run, default_pair_folders()), strict=True))


def space_of(run: Run) -> LatentSpace:
    return restore(run.config.family, run.config.model, run.source.shape, run.weights).spaces()["z"]


def test_it_opens_without_torch_or_umap() -> None:
    program = """
import sys
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.storage import load_run
for folder in default_pair_folders():
    assert load_run(folder).status == "finished"
heavy = {"torch", "umap", "sklearn", "scipy", "PySide6"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_it_is_small() -> None:
    sizes = [
        file.stat().st_size
        for folder in default_pair_folders()
        for file in folder.rglob("*")
        if file.is_file()
    ]
    assert 500_000 < sum(sizes) < 2_000_000


def test_both_saw_the_same_images_in_the_same_order(pair: dict[str, Run]) -> None:
    ae, vae = pair["ae"], pair["vae"]
    assert (ae.name, vae.name) == ("AE on digits", "VAE on digits")
    assert (ae.config.family, vae.config.family) == ("ae", "vae")
    assert ae.source == vae.source
    for same in ("seed", "batch_size", "epochs", "learning_rate"):
        assert getattr(ae.config, same) == getattr(vae.config, same)
    assert len(ae.history) == len(vae.history) == ae.config.epochs
    assert ae.history[-1].train.rate is None
    assert vae.config.model["beta"] == 1


@pytest.mark.parametrize("family", ["ae", "vae"])
def test_every_image_has_a_code_and_a_place_on_both_maps(pair: dict[str, Run], family: str) -> None:
    run = pair[family]
    assert run.codes["z"].mean.shape == (DIGITS, 8)
    assert (run.codes["z"].log_variance is None) == (family == "ae")
    for method in ("pca", "umap-learn"):
        positions = run.maps["z"][method].positions
        assert positions.shape == (DIGITS, 2)
        assert np.isfinite(positions).all()


@pytest.mark.parametrize("family", ["ae", "vae"])
def test_the_ten_digits_are_visible_on_the_umap_map(pair: dict[str, Run], family: str) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    run = pair[family]
    positions = run.maps["z"]["umap-learn"].positions
    vote = KNeighborsClassifier(10).fit(positions[::2], run.labels[::2])
    assert vote.score(positions[1::2], run.labels[1::2]) > 0.93


def test_the_same_digits_lie_in_the_same_direction(pair: dict[str, Run]) -> None:
    """No turn or reflection of the VAE's map would bring it closer to the AE's."""
    maps = [pair[family].maps["z"]["umap-learn"].positions for family in ("vae", "ae")]
    vae, ae = (positions - positions.mean(axis=0, dtype=np.float64) for positions in maps)
    nuclear = np.linalg.svd(vae.T @ ae, compute_uv=False).sum()
    assert np.trace(vae.T @ ae) == pytest.approx(nuclear, rel=1e-3)
    assert np.trace(vae.T @ ae) > 0.6 * np.linalg.norm(vae) * np.linalg.norm(ae)


@pytest.mark.parametrize("family", ["ae", "vae"])
def test_its_images_are_found_and_its_models_are_those_of_its_codes(
    pair: dict[str, Run], family: str
) -> None:
    run = pair[family]
    dataset = find_data(run.source)
    assert dataset is not None
    np.testing.assert_array_equal(dataset.labels, run.labels)
    posterior = space_of(run).encode(dataset.batch(slice(None)).float() / 255)
    stored = torch.from_numpy(run.codes["z"].mean)
    torch.testing.assert_close(posterior.mean, stored, rtol=1e-4, atol=1e-4)


def test_the_vae_is_more_continuous_and_more_complete(
    default_pair_scores: dict[str, dict[str, Any]],
) -> None:
    ae, vae = default_pair_scores["ae"], default_pair_scores["vae"]
    assert ae["continuity"]["gate"] == vae["continuity"]["gate"] == 1
    assert more_continuous(vae, ae) == 1
    assert more_complete(vae, ae) == 1
    assert compare(ae, vae, ("AE", "VAE"))[:2] == [
        "VAE is more continuous than AE.",
        "VAE is more complete than AE.",
    ]
    assert ae["r2_train_minus_held_out"] > vae["r2_train_minus_held_out"]
