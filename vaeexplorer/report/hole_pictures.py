"""Holes as a picture, of both kinds: where no dot is near, and where latent space is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.overlay_colours import (
    EMPTY_DARK,
    EMPTY_LIGHT,
    EMPTY_OPACITY,
    UNMAPPED_OPACITY,
)
from vaeexplorer.drawing.palette import rgb
from vaeexplorer.drawing.raster import over
from vaeexplorer.drawing.strips import Paper
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.legends import SIGN, Colour, Picture, sign_legend
from vaeexplorer.report.map_pictures import MAP_SIDE, Dots, in_window

if TYPE_CHECKING:
    from vaeexplorer.jobs.holes import Holes

LINES_APART, LINE = 12, 2
CROSS, CROSS_LINE = 7, 3
Places = NDArray[np.floating]
FINER = 2
"""Crosses are drawn larger by this factor, then made smaller: their lines are oblique."""


class HoleMasks(NamedTuple):
    """Where the window has no dot near, and where its codes are far from every posterior.

    uint8, (MAP_SIDE, MAP_SIDE), rows from the top: 255 where it is so, 0 where it is not.
    """

    unmapped: Picture
    empty: Picture

    @property
    def far_share(self) -> float | None:
        """Share of the places with a dot near whose code is far from every posterior."""
        near = float((255 - self.unmapped).sum(dtype=np.int64))
        return float(self.empty.sum(dtype=np.int64)) / near if near else None


def hole_masks(found: Findings, holes: Holes) -> HoleMasks:
    """Lay the holes of `found` over the part of its map that is drawn."""
    empty = in_window(holes.empty, holes, found.window, 255 * holes.beyond)
    if holes.unmapped is None:
        return HoleMasks(np.zeros_like(empty), empty)
    unmapped = in_window(holes.unmapped, holes, found.window, 255)
    return HoleMasks(unmapped, np.minimum(empty, 255 - unmapped))


def holes_picture(found: Findings, holes: Holes, dots: Dots, paper: Paper) -> Picture:
    """Draw the holes over the quiet dots of the map, a cross per draw that is far, the legend."""
    colour = rgb(EMPTY_LIGHT if sum(paper.background) > 382 else EMPTY_DARK)
    masks = hole_masks(found, holes)
    whole = np.full((SIGN, SIGN), 255, np.uint8)
    blank = np.full((SIGN, SIGN, 3), paper.background, np.uint8)
    entries = [("place far from every posterior", _tinted(blank, whole, colour))]
    picture = _tinted(over(dots.quiet, paper.background), masks.empty, colour)
    if holes.unmapped is not None:
        picture = _lined(picture, masks.unmapped, paper.line)
        entries.insert(
            0, ("no dot near: says nothing of the model", _lined(blank, whole, paper.line))
        )
    places = found.window.pixels(holes.places, MAP_SIDE)
    if len(places):
        picture = _crossed(picture, places, colour, paper)
        middle = np.full((1, 2), SIGN / 2)
        entries.append(("draw far from every posterior", _crossed(blank, middle, colour, paper)))
    return np.concatenate([picture, sign_legend(entries, paper, MAP_SIDE)])


def _tinted(picture: Picture, mask: Picture, colour: Colour) -> Picture:
    return _mixed(picture, mask * (EMPTY_OPACITY / 255), colour)


def _lined(picture: Picture, mask: Picture, colour: Colour) -> Picture:
    """Draw lines from bottom left to top right where `mask` is not 0."""
    height, width = mask.shape
    along = np.add.outer(np.arange(height), np.arange(width)) % LINES_APART
    away = np.minimum(along, LINES_APART - along) / np.sqrt(2)
    lines = np.clip(LINE / 2 + 0.5 - away, 0, 1)
    return _mixed(picture, mask * lines * (UNMAPPED_OPACITY / 255), colour)


def _crossed(picture: Picture, places: Places, colour: Colour, paper: Paper) -> Picture:
    """Draw a cross at each of `places`, pixels, (n, 2), on a rim of paper."""
    from PIL import Image, ImageDraw

    height, width, _ = picture.shape
    for ink, wide in ((paper.background, 2 * CROSS_LINE), (colour, CROSS_LINE)):
        large = Image.new("L", (FINER * width, FINER * height))
        pen = ImageDraw.Draw(large)
        for x, y in (FINER * places).tolist():
            for turn in (-1, 1):
                reach = FINER * CROSS
                ends = (x - reach, y - turn * reach, x + reach, y + turn * reach)
                pen.line(ends, fill=255, width=FINER * wide)
        mask = np.asarray(large.resize((width, height), Image.Resampling.BOX))
        picture = _mixed(picture, mask, ink)
    return picture


def _mixed(picture: Picture, opacity: NDArray[Any], colour: Colour) -> Picture:
    """Lay `colour` over `picture`, as opaque as `opacity`, 0 to 255, says."""
    share = (np.asarray(opacity, np.float32) / 255)[..., None]
    mixed = picture * (1 - share) + np.array(colour, np.float32) * share
    return mixed.round().astype(np.uint8)
