"""Images per second of training, against the usual DataLoader loop and against a bare step.

All train the VAE 784-400-20 on MNIST's training images at batch 128, in turns of a second. Ours is
`train()` as it is used, with its schedule, gradient norm, finite check, running sums, reports and
snapshots; nothing is held out, for the others measure nothing either.

`dataloader` is the usual loop, that of pytorch/examples/vae and of nearly every public VAE on
MNIST: a DataLoader over torchvision's MNIST with ToTensor, and a step of Adam as it comes. What
those two do to an image, from a PIL image to a float tensor, is done here without torchvision,
which is no dependency; torchvision itself takes a third longer per image. `lean_dataloader` does
the least that a loop over single images can do: it makes one uint8 image float in [0, 1].
`dataloader_of_floats` reads floats made beforehand. The bare step is one on a fixed batch, with our
fused Adam and nothing else.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sizes import sized
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data import Dataset as Images

from vaeexplorer.data import Dataset, open_data
from vaeexplorer.models import build
from vaeexplorer.models.adam import Adam
from vaeexplorer.models.base import Batch, Model, Pressure, float_images
from vaeexplorer.models.learning import objective
from vaeexplorer.run import Config
from vaeexplorer.training import train

OPTIONS = {"latent_dim": 20, "body": "mlp", "hidden": [400]}
BATCH = 128
TURN_S = sized(1.0, quick=1.0, smoke=0.01)


class Pixels(Images[tuple[torch.Tensor, int]]):
    """One image at a time, as the usual in-memory data set hands them out."""

    def __init__(self, pixels: torch.Tensor) -> None:
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.pixels[index].float() / 255, 0


class PilPixels(Pixels):
    """One image at a time as torchvision's MNIST with ToTensor hands them out."""

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.pixels[index, 0].numpy(), mode="L")
        values = torch.from_numpy(np.array(picture, np.uint8, copy=True))
        channels_first = values.view(picture.height, picture.width, 1).permute(2, 0, 1)
        return channels_first.contiguous().float().div(255), 0


def ours(dataset: Dataset) -> Iterator[int]:
    """Yield the images trained on so far, at each report of train()."""
    epochs = 1000
    for progress in train(dataset, Config("vae", OPTIONS, epochs=epochs, batch_size=BATCH)):
        yield round((progress.fraction or 0.0) * epochs * len(dataset))


def bare(model: Model, images: torch.Tensor) -> Iterator[int]:
    """Yield the images trained on so far, one fixed batch at a time."""
    generator, optimiser = torch.Generator(), Adam(list(model.parameters()))
    for step in itertools.count(1):
        optimiser.zero_grad()
        objective(model(Batch(images), generator), Pressure(1.0)).backward()
        optimiser.step()
        yield step * len(images)


def usual(model: Model, loader: DataLoader[tuple[torch.Tensor, int]]) -> Iterator[int]:
    """Yield the images trained on so far by the loop of every tutorial."""
    generator, optimiser = torch.Generator(), torch.optim.Adam(model.parameters(), lr=1e-3)
    done, total = 0, 0.0
    while True:
        for images, _ in loader:
            optimiser.zero_grad()
            loss = objective(model(Batch(images), generator), Pressure(1.0))
            loss.backward()
            optimiser.step()
            total += loss.item()
            done += len(images)
            yield done


def turn(loop: Iterator[int]) -> float:
    """Advance a loop for TURN_S and return its images per second."""
    first, start = next(loop), time.perf_counter()
    for done in loop:
        elapsed = time.perf_counter() - start
        if elapsed >= TURN_S:
            return (done - first) / elapsed
    raise RuntimeError("The loop ended during its turn.")


def loops(dataset: Dataset) -> dict[str, Iterator[int]]:
    """The five loops, each with a net of its own that starts from the same weights."""
    pixels = dataset.batch(slice(None))
    images = float_images(pixels)
    new: Callable[[], Model] = lambda: build("vae", OPTIONS, dataset.shape, images.mean(dim=0))  # noqa: E731
    floats = TensorDataset(images, torch.zeros(len(images), dtype=torch.long))
    return {
        "ours": ours(dataset),
        "dataloader": usual(new(), DataLoader(PilPixels(pixels), BATCH, shuffle=True)),
        "lean_dataloader": usual(new(), DataLoader(Pixels(pixels), BATCH, shuffle=True)),
        "dataloader_of_floats": usual(new(), DataLoader(floats, BATCH, shuffle=True)),
        "bare_step": bare(new(), images[:BATCH].clone()),
    }


def main() -> None:
    folder = os.environ.get("VAEEXPLORER_DATA")
    figures: dict[str, float] = {}
    peers: dict[str, float] = {}
    ratios: dict[str, float] = {}
    if folder is None:
        print("VAEEXPLORER_DATA is not set: nothing to train on", file=sys.stderr)
    else:
        mnist = open_data(Path(folder) / "mnist")
        chosen = mnist.split(0).train
        dataset = dataclasses.replace(
            mnist,
            images=mnist.pixels(chosen),
            labels=None,
            official_held_out=np.zeros(len(chosen), bool),
        )
        rounds = sized(25, quick=8, smoke=1)
        print(f"{rounds} rounds of five turns, {torch.get_num_threads()} threads", file=sys.stderr)
        running = loops(dataset)
        speeds: dict[str, list[float]] = {name: [] for name in running}
        for loop in running.values():
            turn(loop)  # warm up
        for number in range(rounds):
            for name, loop in running.items():
                speeds[name].append(turn(loop))
            line = ", ".join(f"{name} {each[-1]:.0f}" for name, each in speeds.items())
            print(f"{number + 1}: {line} images/s", file=sys.stderr)
        median = {name: round(statistics.median(each)) for name, each in speeds.items()}
        figures["images_per_second"] = median.pop("ours")
        for name, value in median.items():
            peers[f"{name}_images_per_second"] = value
            pairs = zip(speeds["ours"], speeds[name], strict=True)
            ratios[f"over_{name}"] = round(statistics.median(a / b for a, b in pairs), 3)
    print(json.dumps({"benchmark": "train", "figures": figures, "peers": peers, "ratios": ratios}))


if __name__ == "__main__":
    main()
