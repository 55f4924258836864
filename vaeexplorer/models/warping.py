"""Displacement fields between two images: warps by them, and how they are estimated.

A field F, (batch, 2, height, width), is in pixels, along columns first, then along rows. It carries
a source to a partner by a backward warp: partner(p) = source(p + F(p)).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.data.pairs import known_motions, knows_motions, sources_of
from vaeexplorer.models.base import Batch, float_images

KNOWN, ESTIMATED = "known", "estimated from moments and rotation"
"""How fields were found, as runs say it: see `known_motions` and `estimated_fields`."""
CHUNK = 1_024
"""Pairs whose fields are estimated at a time."""

RADII, REACH = 10, 2.4
"""Circles around a figure on which its rotation is seen, the largest so many times its spread."""
ANGLES = 128
MOST_ROTATION = math.radians(60)
"""More turns a triangle into itself: of rotations that fit equally well, the least is meant."""
LEAST_GAIN = 1e-2
"""Share of the best correlation by which the greatest rotation must be better than none."""
ROUND = 0.01
"""A figure that varies less than this around its centroid is not rotated: a circle's noise would
decide."""
MOST_SCALE = 2.0


def places(height: int, width: int) -> Tensor:
    """Column and row of every pixel, float, (2, height, width)."""
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=torch.float32),
        torch.arange(width, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([columns, rows])


def warp(images: Tensor, fields: Tensor) -> Tensor:
    """Images, (batch, channels, height, width), carried along `fields`; see the module.

    Between pixels it is bilinear; beyond the border the border goes on.
    """
    height, width = fields.shape[2:]
    return _sample(images, (places(height, width) + fields).permute(0, 2, 3, 1))


def _sample(images: Tensor, where: Tensor) -> Tensor:
    """Values of `images` at columns and rows (batch, rows, columns, 2)."""
    size = torch.tensor([images.shape[3], images.shape[2]])
    # A pixel's centre is (2 p + 1) / size - 1 where the image spans [-1, 1] from edge to edge.
    grid = (2 * where + 1) / size - 1
    sampled: Tensor = functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return sampled


def affine_fields(motions: Tensor, height: int, width: int) -> Tensor:
    """Fields of affine maps (batch, 2, 3) that take pixels of the partner to those of the source.

    The last column of a map is its shift.
    """
    where = places(height, width)
    moved = torch.einsum("bij,jhw->bihw", motions[:, :, :2], where)
    return moved + motions[:, :, 2, None, None] - where


def estimated_fields(sources: Tensor, partners: Tensor) -> Tensor:
    """Estimate the fields that carry `sources` to `partners`, (batch, 2, height, width).

    Both are float images of one shape; a single source serves all partners. A field is a shift, a
    scale and a rotation of the figure, which is what differs from the image's border: the first
    two from its moments, the last where the two figures, seen in polar coordinates around their
    centroids, correlate most. A field that brings the source no nearer to its partner is none.
    """
    fields = affine_fields(_motions(sources, partners), *partners.shape[2:])
    sources = sources.expand(len(partners), -1, -1, -1)
    lost = (warp(sources, fields) - partners).square().sum(dim=(1, 2, 3))
    apart = (sources - partners).square().sum(dim=(1, 2, 3))
    return torch.where((lost < apart)[:, None, None, None], fields, 0.0)


def _motions(sources: Tensor, partners: Tensor) -> Tensor:
    """Affine maps, (batch, 2, 3), from partners to sources."""
    there, here = _figures(sources), _figures(partners)
    (to, far), (off, near) = _moments(there), _moments(here)
    seen = (far > 0) & (near > 0)
    angles = _rotations(_polar(there, to, far), _polar(here, off, near))
    scale = (far / near.clamp_min(1e-6)).clamp(1 / MOST_SCALE, MOST_SCALE)
    cosine, sine = scale * angles.cos(), scale * angles.sin()
    turned = torch.stack([cosine, -sine, sine, cosine], dim=1).unflatten(1, (2, 2))
    shift = to - torch.einsum("bij,bj->bi", turned, off)
    found = torch.cat([turned, shift[:, :, None]], dim=2)
    return torch.where(seen[:, None, None], found, torch.eye(2, 3))


def _figures(images: Tensor) -> Tensor:
    """How much pixels differ from the border of their image, (batch, 1, height, width)."""
    border = torch.cat(
        [images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1]], dim=2
    )
    ground = border.median(dim=2).values[:, :, None, None]
    return (images - ground).abs().mean(dim=1, keepdim=True)


def _moments(figures: Tensor) -> tuple[Tensor, Tensor]:
    """Centroid, (batch, 2), and spread, (batch,), the latter 0 where there is no figure."""
    where = places(*figures.shape[2:]).flatten(1)
    weights = figures.flatten(1)
    total = weights.sum(dim=1, keepdim=True)
    shares = weights / total.clamp_min(1e-6)
    centroid = shares @ where.T
    squared = (shares @ where.square().T).sum(dim=1) - centroid.square().sum(dim=1)
    return centroid, torch.where(total[:, 0] > 1e-3, squared.clamp_min(0).sqrt(), 0.0)


def _polar(figures: Tensor, centroid: Tensor, spread: Tensor) -> Tensor:
    """Figures around their centroids, (batch, radii, angles), radii in units of the spread."""
    angles = torch.arange(ANGLES) * (2 * math.pi / ANGLES)
    radii = torch.arange(1, RADII + 1) * (REACH / RADII)
    circle = torch.stack([angles.cos(), angles.sin()], dim=1)
    offsets = radii[:, None, None] * circle
    where = centroid[:, None, None] + spread[:, None, None, None] * offsets
    # Outer circles have more pixels.
    return _sample(figures, where)[:, 0] * radii.sqrt()[:, None]


def _rotations(there: Tensor, here: Tensor) -> Tensor:
    """Angles, (batch,), by which what is `here` must be turned to lie best on what is `there`."""
    (there, edges), (here, others) = _uneven(there), _uneven(here)
    spectrum = torch.fft.rfft(here).conj() * torch.fft.rfft(there)
    likeness = torch.fft.irfft(spectrum.sum(dim=1), n=ANGLES)
    most = int(MOST_ROTATION / (2 * math.pi) * ANGLES)
    steps = torch.arange(-most, most + 1)
    likeness = likeness[:, steps % ANGLES]
    handicap = LEAST_GAIN * likeness.amax(dim=1, keepdim=True) * (steps / most).square()
    best = (likeness - handicap).argmax(dim=1).clamp(1, 2 * most - 1)
    before, at, after = (likeness.gather(1, best[:, None] + one)[:, 0] for one in (-1, 0, 1))
    # The top of the parabola through three points.
    bend = (2 * at - before - after).clamp_min(1e-9)
    between = ((after - before) / (2 * bend)).clamp(-1, 1)
    angles = (best - most + between) * (2 * math.pi / ANGLES)
    return torch.where(torch.minimum(edges, others) < ROUND, 0.0, angles)


def _uneven(circles: Tensor) -> tuple[Tensor, Tensor]:
    """Give what varies along circles (batch, radii, angles), and its share of all, (batch,)."""
    varying = circles - circles.mean(dim=2, keepdim=True)
    share = varying.square().sum(dim=(1, 2)) / circles.square().sum(dim=(1, 2)).clamp_min(1e-6)
    return varying, share


def as_pictures(fields: Tensor) -> Tensor:
    """Pictures of fields in [0, 1], 0.5 where nothing moves; as many pixels as a side are 0.5."""
    return (0.5 + fields / (2 * max(fields.shape[2:]))).clamp(0, 1)


def of_pictures(pictures: Tensor) -> Tensor:
    """Fields of pictures of them, in pixels."""
    return (pictures - 0.5) * (2 * max(pictures.shape[2:]))


@dataclass(frozen=True, eq=False)
class Pairs:
    """The sources of pairs whose partners stand elsewhere, and the fields between the two.

    sources: uint8, (n, channels, height, width). fields: (n, 2, height, width), in half precision,
    which is a hundredth of a pixel at 32 of them. method: how the fields were found.
    """

    sources: Tensor
    fields: Tensor
    method: str

    def batch(self, indices: Tensor) -> Batch:
        """Make the batch of the pairs at `indices`."""
        sources = float_images(self.sources.index_select(0, indices))
        return Batch(sources, fields=self.fields.index_select(0, indices).float())


def pairs_of(
    dataset: Dataset, partners: NDArray[np.int64], seed: int | Sequence[int]
) -> Generator[int, None, Pairs]:
    """Give each image at `partners` a source, drawn with `seed`, and find the fields once.

    Yields how many are found.
    """
    chosen = sources_of(dataset, partners, seed)
    height, width = dataset.shape[1:]
    known = knows_motions(dataset)
    fields = torch.empty(len(partners), 2, height, width, dtype=torch.float16)
    for start in range(0, len(partners), CHUNK):
        part = slice(start, start + CHUNK)
        if known:
            motions = known_motions(dataset, chosen[part], partners[part])
            fields[part] = affine_fields(torch.from_numpy(motions).float(), height, width)
        else:
            images = (dataset.batch(which[part]) for which in (chosen, partners))
            fields[part] = estimated_fields(*map(float_images, images))
        yield min(part.stop, len(partners))
    return Pairs(dataset.batch(chosen), fields, KNOWN if known else ESTIMATED)
