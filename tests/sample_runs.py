"""Small runs for tests of storage, and for the processes that those tests kill."""

from __future__ import annotations

import numpy as np

from vaeexplorer.data.dataset import Source
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Codes, Config, EpochRecord, Measures, Run

N = 12


def vae_run(name: str = "VAE of digits", seed: int = 0) -> Run:
    """Two spaces, log variances, maps with settings, and a 0-dimensional weight."""
    rng = np.random.default_rng(seed)
    codes = {
        "content": Codes(normal(rng, N, 3), normal(rng, N, 3)),
        "style": Codes(normal(rng, N, 2), normal(rng, N, 2)),
    }
    maps = {
        "content": {
            "pca": Map("pca", normal(rng, N, 2)),
            "umap-learn": Map("umap-learn", normal(rng, N, 2), {"neighbours": 15, "seed": None}),
        },
        "style": {"axes": Map("axes", normal(rng, N, 2))},
    }
    return Run(
        name=name,
        config=Config(
            "vae", {"latent_dim": 3, "hidden": (64, 32), "beta": 0.1}, epochs=2, seed=seed
        ),
        source=Source("shapes", None, {"n": N, "seed": 7}, N, (1, 8, 8), "ab" * 32),
        split_seed=seed,
        status="finished",
        created="2026-01-02T03:04:05+00:00",
        history=(
            EpochRecord(1, Measures(0.1 + 0.2, 1 / 3), Measures(61.25, 2.5)),
            EpochRecord(2, Measures(50.0, 3.0), None),
        ),
        weights={
            "encoder.0.weight": normal(rng, 5, 7).T,  # not contiguous
            "encoder.0.bias": normal(rng, 7).astype(np.float64),
            "seen": np.array(3, np.int64),
        },
        threads=2,
        versions={"python": "3.11.7", "torch": "2.13.0"},
        codes=codes,
        labels=rng.integers(0, 2, N),
        label_names=("圆", "square"),
        maps=maps,
    )


def ae_run(name: str = "AE of digits", seed: int = 1) -> Run:
    """One deterministic space, no labels, no rates, trained on a file."""
    rng = np.random.default_rng(seed)
    return Run(
        name=name,
        config=Config("ae", {"latent_dim": 2}, epochs=1),
        source=Source("idx", "/data/mnist/train", {}, N, (1, 8, 8), "cd" * 32),
        split_seed=0,
        status="stopped",
        created="2026-01-02T03:04:06+00:00",
        history=(EpochRecord(1, Measures(70.5, None), Measures(71.5, None)),),
        weights={"w": normal(rng, 3, 3)},
        threads=1,
        versions={},
        codes={"latent": Codes(normal(rng, N, 2))},
    )


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


def assert_same(found: Run, wanted: Run) -> None:
    """Fail unless the runs agree in every record and in every bit of every array."""
    plain = ("name", "config", "source", "split_seed", "status", "created", "history")
    for field in (*plain, "threads", "versions", "label_names"):
        assert getattr(found, field) == getattr(wanted, field), field
    assert_same_arrays(found.weights, wanted.weights)
    assert list(found.codes) == list(wanted.codes)
    for space, codes in wanted.codes.items():
        assert_same_arrays(vars(found.codes[space]), vars(codes))
    assert_same_arrays({"labels": found.labels}, {"labels": wanted.labels})
    assert list(found.maps) == list(wanted.maps)
    for space, maps in wanted.maps.items():
        assert list(found.maps[space]) == list(maps)
        for method, made in maps.items():
            got = found.maps[space][method]
            assert (got.method, got.settings) == (made.method, made.settings)
            assert_same_arrays({"positions": got.positions}, {"positions": made.positions})


def assert_same_arrays(found: dict, wanted: dict) -> None:
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        if array is None:
            assert found[name] is None, name
            continue
        got = found[name]
        assert (got.dtype, got.shape) == (array.dtype, array.shape), name
        assert got.tobytes() == array.tobytes(), name
        assert got.flags.writeable, f"{name}: torch warns of arrays that are read-only"
