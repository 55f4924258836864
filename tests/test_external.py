"""Models of others: adapted to a latent space, judged by the same instrument, or refused."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import vaeexplorer
from vaeexplorer.data import open_data
from vaeexplorer.data.memory import images_in_memory
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.external import exhibits_of
from vaeexplorer.jobs.opening import build_spaces
from vaeexplorer.jobs.scoring import score_runs
from vaeexplorer.models.base import StandardNormal
from vaeexplorer.models.external import external_space
from vaeexplorer.run import result_of
from vaeexplorer.storage import load_run

SIDE = 4
PIXELS = SIDE * SIDE
IMAGES = torch.rand(60, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


class Straight:
    """Two straight axes, in tensors."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(1)
        self.axes = torch.linalg.qr(torch.randn(PIXELS, 2, generator=generator)).Q

    def encode(self, x: Tensor) -> Any:
        return (x.flatten(1) - 0.5) @ self.axes

    def decode(self, z: Tensor) -> Any:
        return (0.5 + z @ self.axes.T).reshape(-1, 1, SIDE, SIDE)


class OfArrays(Straight):
    """The same in numpy, which also leaves the channel away."""

    def __init__(self) -> None:
        super().__init__()
        self.axes = self.axes.numpy()

    def encode(self, x: Any) -> Any:
        return (x.reshape(len(x), -1) - np.float32(0.5)) @ self.axes

    def decode(self, z: Any) -> Any:
        return (0.5 + z @ self.axes.T).reshape(-1, SIDE, SIDE)


class Declaring(Straight):
    prior = "standard normal"

    def encode(self, x: Tensor) -> Any:
        mean = super().encode(x)
        return mean, torch.zeros_like(mean)


class Module(nn.Module):
    """A torch module in the midst of its training."""

    def __init__(self) -> None:
        super().__init__()
        self.axes = nn.Parameter(Straight().axes)
        self.dropout = nn.Dropout(0.5)

    def encode(self, x: Tensor) -> Any:
        return self.dropout(x.flatten(1) - 0.5) @ self.axes

    def decode(self, z: Tensor) -> Any:
        return (0.5 + z @ self.axes.T).reshape(-1, 1, SIDE, SIDE)


@pytest.mark.parametrize("model", [Straight(), OfArrays(), Declaring(), Module()])
def test_tensors_arrays_and_modules_are_the_same_space(model: Any) -> None:
    space = external_space(model, IMAGES, "mine")
    straight = Straight()
    assert space.size == 2
    posterior = space.encode(IMAGES)
    torch.testing.assert_close(posterior.mean, straight.encode(IMAGES))
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(space.decode(z), straight.decode(z))
    assert not space.decode(z).requires_grad
    declares = isinstance(model, Declaring)
    assert (posterior.log_variance is not None) == declares
    assert space.prior == (StandardNormal(2) if declares else None)


def test_a_module_goes_on_training_and_its_snapshot_stays() -> None:
    module = Module().train()
    space = external_space(module, IMAGES, "mine")
    before = space.encode(IMAGES).mean
    with torch.no_grad():
        module.axes.zero_()
    torch.testing.assert_close(space.encode(IMAGES).mean, before)
    assert module.training
    assert module.axes.requires_grad


def changed(**methods: Any) -> Any:
    """Straight axes with other methods or attributes."""
    return type("Changed", (Straight,), methods)()


REFUSED = {
    "no decode": (object(), "has no method encode"),
    "raises": (changed(encode=lambda self, x: 1 / 0), "encode(x) of the model mine failed: Zero"),
    "three things": (changed(encode=lambda self, x: (x, x, x)), "gives 3 things"),
    "no tensor": (changed(encode=lambda self, x: "code"), "gives str"),
    "nothing": (changed(encode=lambda self, x: None), "of the shape None"),
    "images as codes": (changed(encode=lambda self, x: x), "(8, 1, 4, 4) for 8 images"),
    "too few codes": (changed(encode=lambda self, x: x[1:, 0, 0]), "(7, 4) for 8 images"),
    "no dimension": (changed(encode=lambda self, x: x[:, 0, 0, :0]), "without any dimension"),
    "log variance": (
        changed(encode=lambda self, x: (x[:, 0, 0], x[:, 0, 0, :2])),
        "log variances of the shape (8, 2) for means of the shape (8, 4)",
    ),
    "infinite codes": (changed(encode=lambda self, x: x[:, 0, 0] / 0), "not finite"),
    "random codes": (
        changed(encode=lambda self, x: x[:, 0, 0, :2] + torch.randn(len(x), 2)),
        "other codes each time",
    ),
    "order of codes": (
        changed(encode=lambda self, x: Straight.encode(self, x).sort(dim=0).values),
        "must keep their order",
    ),
    "flat images": (
        changed(decode=lambda self, z: z @ self.axes.T),
        "(8, 16): it must be (8, 1, 4, 4)",
    ),
    "infinite pixels": (
        changed(decode=lambda self, z: torch.full((len(z), 1, 4, 4), torch.nan)),
        "pixels that are not finite",
    ),
    "bytes": (
        changed(decode=lambda self, z: torch.full((len(z), 1, 4, 4), 255.0)),
        "pixels from 255 to 255",
    ),
    "order of images": (
        changed(decode=lambda self, z: Straight.decode(self, z).sort(dim=0).values),
        "must keep their order",
    ),
    "unknown prior": (changed(prior="uniform"), "declares the prior 'uniform'"),
    "object as prior": (changed(prior=np.zeros(3)), "declares the prior ndarray"),
}


@pytest.mark.parametrize(("model", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_one_sentence(model: Any, said: str) -> None:
    with pytest.raises(ValueError, match="model mine") as refusal:
        external_space(model, IMAGES, "mine")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_model_that_fails_later_is_named() -> None:
    calls = []

    def fickle(self: Straight, z: Tensor) -> Tensor:
        calls.append(len(z))
        if len(calls) > 4:
            raise RuntimeError("out of ideas")
        return Straight.decode(self, z)

    with pytest.raises(ValueError, match="of the model mine failed: RuntimeError: out of ideas"):
        vaeexplorer.score(IMAGES.repeat(4, 1, 1, 1), {"mine": changed(decode=fickle)})


BYTES = np.random.default_rng(0).integers(0, 256, (30, 5, 6), np.uint8)


@pytest.mark.parametrize(
    "images",
    [BYTES, BYTES[:, None], BYTES / 255, torch.from_numpy(BYTES / 255), list(BYTES)],
    ids=["bytes", "channel", "floats", "tensor", "list"],
)
@pytest.mark.parametrize("kind", [list, lambda names: np.array(names, object)])
def test_images_are_taken_as_they_come(images: Any, kind: Callable[..., Any]) -> None:
    dataset = images_in_memory(images, kind(["odd", "even"] * 15))
    assert np.array_equal(dataset.pixels(slice(None)), BYTES[:, None])
    assert dataset.source.shape == (1, 5, 6)
    assert dataset.label_names == ("even", "odd")
    assert dataset.labels is not None
    assert dataset.labels[:3].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (BYTES[0], None, "not (5, 6)"),
        (BYTES[:0], None, "not (0, 1, 5, 6)"),
        (BYTES.reshape(15, 2, 5, 6), None, "2 channels"),
        (BYTES.astype(np.int64), None, "not int64"),
        (BYTES.astype(np.float32), None, "these are from 0 to 255"),
        (BYTES / np.float32("nan"), None, "not all finite"),
        ([BYTES[0], BYTES[1, :2]], None, "one array"),
        (BYTES, [1, 2], "one label per image, (30,)"),
        (BYTES, [0.5] * 30, "whole numbers or texts"),
        (BYTES, [None] * 30, "whole numbers or texts, not a mixture of objects"),
        (None, None, "one array of numbers, not a list of objects"),
    ],
)
def test_images_and_labels_that_do_not_fit_are_one_sentence(
    images: Any, labels: Any, said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as refusal:
        images_in_memory(images, labels)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("models", [None, {}, [Straight()], Straight()])
def test_models_must_have_names(models: Any) -> None:
    with pytest.raises(ValueError, match="by their names"):
        vaeexplorer.score(IMAGES, models)


@pytest.mark.slow
def test_a_model_from_elsewhere_has_the_scores_that_the_same_run_has() -> None:
    """The VAE that ships, once as a run and once as a stranger's object."""
    folder = default_pair_folders()[1]
    space = build_spaces(load_run(folder), folder)["z"]

    class Shipped:
        prior = "standard normal"
        encode, decode = space.encode, space.decode

    dataset = open_data("digits")
    (wanted,) = result_of(score_runs([folder]))
    (scores,) = vaeexplorer.score(dataset.images / 255, {"shipped": Shipped()})
    assert scores.keys() == wanted.keys()
    assert (scores["run"], scores["family"], scores["folder"]) == ("shipped", None, None)
    for key in ("space", "latent_dim", "n", "data", "split", "continuity", "completeness"):
        assert scores[key] == wanted[key], key


def test_models_are_compared_with_the_first() -> None:
    one, other = vaeexplorer.score(
        IMAGES.repeat(4, 1, 1, 1), {"one": Straight(), "other": Declaring()}, laws=["mixture:3"]
    )
    assert "fitted mixture of 3" in one["completeness"]["others"]
    assert any(
        line.startswith("Draws from the same fitted mixture of 3")
        for line in (other["comparison"]["verdict"])
    )
    assert one["comparison"] is None
    assert other["comparison"]["with"] == "one"
    assert any("different laws" in line for line in other["comparison"]["warnings"])


@pytest.mark.parametrize("laws", [["mixture:21"], "mixtures", [7], ["gaussian", "neighbours"]])
def test_laws_that_there_are_not_are_one_sentence(laws: Any) -> None:
    with pytest.raises(ValueError, match="law") as refusal:
        vaeexplorer.score(IMAGES, {"one": Straight()}, laws=laws)
    assert "\n" not in str(refusal.value)


def test_exhibits_are_encoded_and_mapped() -> None:
    labels = np.arange(60) % 3
    (exhibit,) = exhibits_of(IMAGES, {"mine": Declaring()}, labels)
    assert exhibit.run is None
    assert exhibit.split_seed == 0
    assert exhibit.codes["z"].mean.shape == (60, 2)
    assert exhibit.codes["z"].log_variance is not None
    assert set(exhibit.maps["z"]) == {"axes"}
    assert exhibit.label_names == ("0", "1", "2")
    assert exhibit.source.n == 60


def test_the_door_says_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    five = {str(number): Straight() for number in range(5)}
    with pytest.raises(ValueError, match="Up to 4 models"):
        vaeexplorer.explore(IMAGES, models=five)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match="no display"):
        vaeexplorer.explore(IMAGES, models={"mine": Straight()})


@pytest.mark.slow
def test_scores_for_scripts_bring_no_window() -> None:
    program = (
        "import sys, numpy as np, vaeexplorer\n"
        "class Zero:\n"
        "    def encode(self, x): return x[:, 0, 0]\n"
        "    def decode(self, z): return z[:, None, None, :].expand(-1, 1, 4, 4)\n"
        "images = np.random.default_rng(0).random((240, 4, 4))\n"
        "(scores,) = vaeexplorer.score(images, models={'rows': Zero()})\n"
        "assert 0 <= scores['continuity']['score'] <= 1\n"
        "sys.exit(sorted({'PySide6', 'pyqtgraph'} & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
