"""The data set record: images, labels, where they came from, and how they are split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

HELD_OUT_SHARE = 6
"""One image in this many is held out where the data brings no split of its own."""


class InputError(ValueError):
    """Input that cannot be used.

    The message is one sentence for the user: what was wrong, in which file, and what to do.
    """


def quoted(path: Path | str) -> str:
    """Return `path` in quotes for a sentence, with what cannot be printed escaped."""
    printable = (
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(path)
    )
    return f"'{''.join(printable)}'"


@dataclass(frozen=True)
class Source:
    """Where a data set came from, enough to find it again and to know that it is the same.

    Attributes
    ----------
    kind
        "digits", "shapes" or "idx": the file in vaeexplorer/data that reads it.
    path
        Absolute path of the file or folder, or None for data that is made or bundled.
    options
        What the reader was told beside the path, JSON values only.
    n, shape
        Number of images and (channels, height, width).
    fingerprint
        SHA-256 of the shape and of all pixels, in hex.
    """

    kind: str
    path: str | None
    options: Mapping[str, int | float | str | bool | None]
    n: int
    shape: tuple[int, int, int]
    fingerprint: str


class Split(NamedTuple):
    """Indices of the training and of the held-out images, each int64 in file order."""

    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with what is known of them.

    Attributes
    ----------
    name
        What the window calls it.
    images
        uint8, (n, channels, height, width). Read through `pixels` or `batch` only, so that
        sources that are not in memory can stand here too.
    source
        Where it came from.
    labels
        int64, (n,), indices into `label_names`; or None.
    label_names
        One name per label.
    groups
        int64, (n,): the subject that each image shows; or None.
    factors
        Known generating factors by name, float32, (n,) each; empty where none are known.
    official_held_out
        bool, (n,): the images that the publisher holds out; or None.
    """

    name: str
    images: NDArray[np.uint8] = field(repr=False)
    source: Source
    labels: NDArray[np.int64] | None = field(default=None, repr=False)
    label_names: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = field(default=None, repr=False)
    factors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, repr=False)
    official_held_out: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of every image."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    def pixels(self, indices: NDArray[np.int64] | slice) -> NDArray[np.uint8]:
        """Images at `indices` as uint8, (batch, channels, height, width)."""
        return self.images[indices]

    def batch(self, indices: NDArray[np.int64] | slice) -> torch.Tensor:
        """Images at `indices` as a uint8 tensor, (batch, channels, height, width)."""
        import torch  # late: the window draws its maps before torch is imported

        return torch.from_numpy(self.pixels(indices))

    def split(self, seed: int) -> Split:
        """Split into training and held-out images: the publisher's, else one drawn with `seed`."""
        n = len(self)
        if self.official_held_out is not None:
            held_out = np.flatnonzero(self.official_held_out)
        else:
            order = np.random.default_rng(seed).permutation(n)
            held_out = np.sort(order[: max(1, n // HELD_OUT_SHARE)]) if n > 1 else order[:0]
        return Split(np.setdiff1d(np.arange(n), held_out, assume_unique=True), held_out)


def fingerprint(images: NDArray[np.uint8]) -> str:
    """SHA-256 of the shape and the pixels of uint8 `images`, in hex."""
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()
