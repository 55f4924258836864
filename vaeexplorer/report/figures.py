"""The pictures of a report: map, decodes over the map, samples, reconstructions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.grid import image_grid, write_png
from vaeexplorer.drawing.palette import class_colours, rgb
from vaeexplorer.drawing.raster import over, raster_points
from vaeexplorer.report.findings import Findings

MAP_SIDE = 960
TILES_PER_ROW = 8
TILE_SIDE = 96
GRID_TILE_SIDE = 48
GRID_GAP = 2
GAP = 4
GAP_COLOUR = (128, 132, 138)
HATCH = 12
LEGEND_TEXT = 24
LEGEND_GAP = 24
BACKGROUNDS = {"": "#ffffff", "-dark": "#16181d"}
"""Background of the map by the ending of its file name: the cards of the page."""


def write_pictures(found: Findings, stem: str, colour: str, folder: Path) -> dict[str, str | None]:
    """Write the pictures of one run; return their file names, None for those without images."""
    names: dict[str, str | None] = {}
    for ending, background in BACKGROUNDS.items():
        picture = _map_picture(found, rgb(background), rgb(colour))
        names[f"map{ending.replace('-', '_')}"] = _write(picture, folder, f"{stem}-map{ending}")
    names["grid"] = _write(_grid_picture(found), folder, f"{stem}-grid")
    names["samples"] = _write(_tiles(found.samples), folder, f"{stem}-samples")
    names["reconstructions"] = None
    if found.originals is not None and found.reconstructions is not None:
        picture = _pairs_picture(found.originals, found.reconstructions)
        names["reconstructions"] = _write(picture, folder, f"{stem}-reconstructions")
    return names


def _write(picture: NDArray[np.uint8], folder: Path, stem: str) -> str:
    name = f"{stem}.png"
    write_png(folder / name, picture)
    return name


def _map_picture(
    found: Findings, background: tuple[int, int, int], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Draw the map with its legend; dots without labels have the colour of the slot."""
    positions, labels, names = found.chosen.positions, found.run.labels, found.run.label_names
    classes = class_colours(len(names))
    plain = np.broadcast_to(np.array(colour, np.uint8), (len(positions), 3))
    colours = plain if labels is None else classes[labels]
    diameter = float(np.clip(7 * math.sqrt(2000 / len(positions)), 2, 7))
    dots = raster_points(
        found.window.pixels(positions, MAP_SIDE), colours, (MAP_SIDE, MAP_SIDE), diameter, 0.8
    )
    picture = over(dots, background)
    if labels is None:
        return picture
    return np.concatenate([picture, _legend(names, classes, background)])


def _legend(
    names: Sequence[str], colours: NDArray[np.uint8], background: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Draw a strip as wide as the map: a disc and a name per class, in as many rows as it takes."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(LEGEND_TEXT)
    text = (40, 42, 46) if sum(background) > 382 else (220, 222, 226)
    places, x, y = [], LEGEND_GAP, LEGEND_GAP // 2
    for name in names:
        width = LEGEND_TEXT + int(font.getlength(name))
        if x + width > MAP_SIDE and x > LEGEND_GAP:
            x, y = LEGEND_GAP, y + 3 * LEGEND_TEXT // 2
        places.append((x, y))
        x += width + LEGEND_GAP
    strip = Image.new("RGB", (MAP_SIDE, y + 2 * LEGEND_TEXT), background)
    draw = ImageDraw.Draw(strip)
    for (left, top), name, colour in zip(places, names, colours, strict=True):
        middle, radius = top + LEGEND_TEXT // 2 + 1, LEGEND_TEXT // 3
        draw.circle((left + radius, middle), radius, fill=tuple(int(c) for c in colour))
        draw.text((left + LEGEND_TEXT, middle), name, fill=text, font=font, anchor="lm")
    return np.asarray(strip)


def _scale(images: NDArray[np.uint8], side: int) -> int:
    """Whole factor by which `images` are enlarged to be about `side` pixels wide."""
    width: int = images.shape[-1]
    return max(1, round(side / width))


def _grid_picture(found: Findings) -> NDArray[np.uint8]:
    """Lay decodes out where they lie on the map; places without data are dimmed and hatched."""
    count = math.isqrt(len(found.grid))
    scale = _scale(found.grid, GRID_TILE_SIDE)
    picture = image_grid(found.grid, count, scale, GRID_GAP, GAP_COLOUR)
    height, width, _ = picture.shape
    rows = np.arange(height) // (found.grid.shape[2] * scale + GRID_GAP)
    columns = np.arange(width) // (found.grid.shape[3] * scale + GRID_GAP)
    known = found.inside.reshape(count, count)[rows[:, None], columns]
    hatch = np.add.outer(np.arange(height), np.arange(width)) % HATCH < 2
    veil = np.where(hatch, 168, 132)[..., None]
    dim = 0.25 * picture + 0.75 * veil
    return np.where(known[..., None], picture, dim.astype(np.uint8))


def _tiles(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    columns = min(TILES_PER_ROW, len(images))
    return image_grid(images, columns, _scale(images, TILE_SIDE), GAP, GAP_COLOUR)


def _pairs_picture(
    originals: NDArray[np.uint8], reconstructions: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Rows of originals, each above the row of their reconstructions."""
    rows = []
    for start in range(0, len(originals), TILES_PER_ROW):
        part = slice(start, start + TILES_PER_ROW)
        rows += [originals[part], reconstructions[part]]
    return _tiles(np.concatenate(rows))
