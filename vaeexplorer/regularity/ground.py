"""Common ground of the scores: the images they are measured on, fixed once per data set.

All squared distances are sums over pixels in [0, 1]. Images are flattened to (batch, pixels);
everything runs on the CPU in float32, in chunks of 1,024, so that a score can be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.data.dataset import InputError
from vaeexplorer.models.base import LatentSpace

CHUNK = 1024
SCORE_SEEDS = (0, 1, 2)
MOST_TRAINING = 20_000
MOST_FITTED = 10_000
MOST_COMPARED = 2_000
MOST_CELLS = 50
IMAGES_PER_CELL = 20
LLOYD_ROUNDS = 15
VISIBLE_AXES = 20
GATE_AXES = 16
POWER_ROUNDS = 5
POWER_SPARE = 30
MOST_KEPT = 2**24
"""Pixels that are kept as floats (64 MB), rather than made again of bytes for each pass."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What every model of one data set is scored on.

    Attributes
    ----------
    shape
        (channels, height, width) of an image.
    train
        uint8, (up to 20,000, channels, height, width): the first training images.
    held_out, real
        float32, (n, pixels) each: the first n held-out and the first n training images.
    mean
        float32, (pixels,): mean of `train`.
    axes
        float32, (pixels, up to 20): first principal axes of `train`, orthonormal columns.
    centres
        float32, (cells, pixels): k-means centres of up to 10,000 training images.
    cell_shares
        float64, (cells,): share of `held_out` that is nearest to each centre.
    """

    shape: tuple[int, int, int]
    train: Tensor
    held_out: Tensor
    real: Tensor
    mean: Tensor
    axes: Tensor
    centres: Tensor
    cell_shares: Tensor

    @property
    def n(self) -> int:
        """Number of held-out images, of training images and of draws that are compared."""
        return len(self.held_out)

    def r2(self, images: Tensor, reconstructions: Tensor) -> float:
        """Share of the variation around the mean image that is reconstructed, in [0, 1].

        Both (batch, pixels). 0 if anything is not finite.
        """
        lost, total = (
            squared_lengths(images - other).sum() for other in (reconstructions, self.mean)
        )
        share = float(1 - lost / total)
        return min(1.0, max(0.0, share)) if np.isfinite(share) else 0.0

    def r2_of_axes(self, size: int) -> float:
        """R2 on the held-out images of PCA with min(`size`, 16) axes."""
        axes = self.axes[:, : min(size, GATE_AXES)]
        centred = self.held_out - self.mean
        return self.r2(self.held_out, self.mean + (centred @ axes) @ axes.T)


@dataclass(frozen=True, eq=False)
class Reconstructions:
    """Posterior means of images and their decodes: (n, size) and (n, pixels), float32."""

    codes: Tensor
    images: Tensor

    @property
    def finite(self) -> bool:
        """Whether all codes and all pixels are finite."""
        return all_finite(self.codes) and all_finite(self.images)


@torch.no_grad()
def common_ground(train: NDArray[np.uint8], held_out: NDArray[np.uint8]) -> Ground:
    """Prepare what is the same for every model of a data set.

    Parameters
    ----------
    train, held_out
        uint8, (count, channels, height, width), in file order; only the first 20,000 and the
        first 2,000 are used.

    Raises
    ------
    InputError
        With fewer than 20 training or held-out images, which are too few for a score.
    """
    n = min(MOST_COMPARED, len(held_out), len(train))
    if n < IMAGES_PER_CELL:
        raise InputError(
            f"The scores need at least {IMAGES_PER_CELL} training and {IMAGES_PER_CELL} held-out "
            f"images, and this data set has {len(train)} and {len(held_out)}; use a larger one."
        )
    images = _tensor(train[:MOST_TRAINING])
    compared = unit_pixels(_tensor(held_out[:n]))
    total = torch.stack([part.flatten(1).sum(dim=0) for part in torch.split(images, CHUNK)])
    mean = (total.sum(dim=0) / (255.0 * len(images))).float()
    centres = lloyd(images[:MOST_FITTED], min(MOST_CELLS, n // IMAGES_PER_CELL))
    _, channels, height, width = images.shape
    return Ground(
        shape=(channels, height, width),
        train=images,
        held_out=compared,
        real=unit_pixels(images[:n]),
        mean=mean,
        axes=principal_axes(images, mean, VISIBLE_AXES),
        centres=centres,
        cell_shares=cell_shares(compared, centres),
    )


@torch.no_grad()
def reconstruct(space: LatentSpace, ground: Ground, images: Tensor) -> Reconstructions:
    """Encode flattened `images`, (n, pixels), and decode their posterior means."""
    return decoded(space, encode(space, ground, images))


@torch.no_grad()
def decoded(space: LatentSpace, codes: Tensor) -> Reconstructions:
    """Decode `codes`, (n, size), posterior means of images."""
    return Reconstructions(codes, torch.cat([decode(space, z) for z in torch.split(codes, CHUNK)]))


@torch.no_grad()
def unsnapped(space: LatentSpace, ground: Ground, held_out: Reconstructions) -> Reconstructions:
    """Reconstructions of `ground.held_out` with their codes before these snap to a codebook.

    They decode alike. From snapped codes no small step would reach another code: where decoding
    snaps, what lies around the codes of images is around these. Others are returned as they are.
    """
    if space.codebook is None:
        return held_out
    parts = torch.split(ground.held_out, CHUNK)
    codes = [space.exact(part.reshape(-1, *ground.shape)) for part in parts]
    return Reconstructions(torch.cat(codes), held_out.images)


def training_codes(space: LatentSpace, ground: Ground) -> Tensor:
    """Posterior means of the first 10,000 training images, which laws are fitted to; (n, size)."""
    return encode(space, ground, ground.train[:MOST_FITTED])


@torch.no_grad()
def encode(space: LatentSpace, ground: Ground, images: Tensor) -> Tensor:
    """Posterior means, (n, size), of flattened float images or of uint8 `images`."""
    parts = chunks(images) if images.dtype == torch.uint8 else torch.split(images, CHUNK)
    return torch.cat([space.encode(part.reshape(-1, *ground.shape)).mean for part in parts])


def decode(space: LatentSpace, z: Tensor) -> Tensor:
    """Flattened mean images, (batch, pixels), of at most one chunk of codes (batch, size)."""
    pictures: Tensor = space.decode(z).flatten(1)
    return pictures


def all_finite(values: Tensor) -> bool:
    """Whether all of `values`, of which there is at least one, are finite."""
    return bool(torch.stack(torch.aminmax(values)).isfinite().all())


def squared_lengths(pictures: Tensor) -> Tensor:
    """Squared length of each of `pictures`, (batch, pixels), or change of one: float64, (batch,).

    float64 is for what is made of them; the sum over pixels is one of float32, as all distances.
    """
    lengths: Tensor = torch.linalg.vecdot(pictures, pictures)
    return lengths.double()


def covariance(codes: Tensor) -> Tensor:
    """Covariance of `codes` (n, size), float64, (size, size); of a single code, all zeros."""
    size = codes.shape[1]
    if len(codes) == 1:
        return torch.zeros(size, size, dtype=torch.float64)
    return torch.cov(codes.double().T).reshape(size, size)


def symmetric_root(codes: Tensor) -> Tensor:
    """Symmetric square root of the covariance of `codes` (n, size), float64, (size, size).

    Symmetric, because then scaling all codes scales every step that is made with it.
    """
    values, vectors = torch.linalg.eigh(covariance(codes))
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root


def nearest_squared(images: Tensor, targets: Tensor) -> Tensor:
    """Squared distance from each of `images` to its nearest of `targets`, (batch,)."""
    nearest = _without_own_length(images, targets).amin(dim=1)
    lengths: Tensor = torch.linalg.vecdot(images, images)
    return (nearest + lengths).clamp_min(0)


def nearest_cell(images: Tensor, centres: Tensor) -> Tensor:
    """Index of the centre nearest to each of `images`, (batch,)."""
    return _without_own_length(images, centres).argmin(dim=1)


def _without_own_length(images: Tensor, targets: Tensor) -> Tensor:
    """Squared distances less the squared length of each of `images`, (batch, targets)."""
    lengths = torch.linalg.vecdot(targets, targets)
    distances: Tensor = torch.addmm(lengths, images, targets.T, alpha=-2)
    return distances


def cell_shares(images: Tensor, centres: Tensor) -> Tensor:
    """Share of `images` that is nearest to each centre, float64, (cells,)."""
    counts = torch.bincount(nearest_cell(images, centres), minlength=len(centres))
    return counts.double() / len(images)


def lloyd(images: Tensor, cells: int) -> Tensor:
    """Centres, (cells, pixels), after 15 rounds of Lloyd's k-means on uint8 `images`.

    Starts at images drawn with seed 0; a centre that no image is nearest to stays.
    """
    start = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:cells]
    centres = unit_pixels(images[start])
    passes = Passes(images)
    for _ in range(LLOYD_ROUNDS):
        sums, counts = torch.zeros_like(centres), torch.zeros(cells)
        for chunk in passes:
            nearest = nearest_cell(chunk, centres)
            sums.index_add_(0, nearest, chunk)
            counts += torch.bincount(nearest, minlength=cells)
        used = counts > 0
        centres[used] = sums[used] / counts[used, None]
    return centres


def principal_axes(images: Tensor, mean: Tensor, count: int) -> Tensor:
    """First principal axes of uint8 `images`, orthonormal columns, (pixels, up to `count`).

    By subspace iteration with spare axes (Halko, Martinsson & Tropp 2011), which never holds
    the images as floats nor a pixels x pixels matrix: colour images have 49,152 pixels.
    """
    pixels = len(mean)
    width = min(count + POWER_SPARE, pixels, len(images))
    block = torch.randn(pixels, width, generator=torch.Generator().manual_seed(0))
    passes = Passes(images, mean)
    for _ in range(POWER_ROUNDS):
        block, _ = torch.linalg.qr(block)
        block = torch.stack([part.T @ (part @ block) for part in passes]).sum(dim=0)
    vectors, _, _ = torch.linalg.svd(block, full_matrices=False)
    first: Tensor = vectors[:, :count].contiguous()
    return first


def chunks(images: Tensor) -> Iterator[Tensor]:
    """Chunks of uint8 `images` as flattened floats in [0, 1]."""
    return (unit_pixels(part) for part in torch.split(images, CHUNK))


class Passes:
    """`chunks` less `offset`, to go through many times: kept if they are small, else made anew."""

    def __init__(self, images: Tensor, offset: Tensor | None = None) -> None:
        self._images = images
        self._offset = offset
        self._kept = list(self._made()) if images.numel() <= MOST_KEPT else None

    def __iter__(self) -> Iterator[Tensor]:
        return self._made() if self._kept is None else iter(self._kept)

    def _made(self) -> Iterator[Tensor]:
        for chunk in chunks(self._images):
            yield chunk if self._offset is None else chunk.sub_(self._offset)


def _tensor(images: NDArray[np.uint8]) -> Tensor:
    # torch warns of arrays that nobody may write to, such as mapped files: those are copied.
    return torch.from_numpy(np.require(images, requirements=["C", "W"]))


def unit_pixels(images: Tensor) -> Tensor:
    """Flattened floats in [0, 1], (batch, pixels), of uint8 `images`."""
    return images.flatten(1).float().div_(255)
