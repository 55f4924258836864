"""The pictures of a report as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vaeexplorer.drawing.grid import image_grid, write_png
from vaeexplorer.drawing.palette import rgb
from vaeexplorer.drawing.strips import WHITE, Paper, film_picture
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.hole_pictures import holes_picture
from vaeexplorer.report.legends import Picture
from vaeexplorer.report.map_pictures import (
    Dots,
    dots_of,
    draws_picture,
    map_picture,
    stretch_picture,
)

TILES_PER_ROW = 8
TILE_SIDE = 96
GRID_TILE_SIDE = 48
GRID_GAP = 2
GAP = 4
GAP_COLOUR = (128, 132, 138)
HATCH = 12
PAPERS = {
    "": WHITE,
    "-dark": Paper((22, 24, 29), (58, 63, 72), (150, 156, 166), (220, 222, 226)),
}
"""What maps and films are drawn on, by the ending of the file name: the cards of the page."""


def write_pictures(found: Findings, stem: str, colour: str, folder: Path) -> dict[str, str | None]:
    """Write the pictures of one run; return their file names, None for those that it lacks."""

    def write(name: str, picture: Picture | None) -> str | None:
        return None if picture is None else _write(picture, folder, f"{stem}-{name}")

    names: dict[str, str | None] = {}
    dots = dots_of(found, rgb(colour))
    for ending, paper in PAPERS.items():
        for name, picture in _over_map(found, dots, paper).items():
            key = name + ending.replace("-", "_")
            names[key] = write(key.replace("_", "-"), picture)
    names["grid"] = write("grid", _grid_picture(found))
    names["samples"] = write("samples", _tiles(found.samples))
    for law, samples in found.further.items():
        name = of_law("samples", law)
        names[name] = write(name.replace("_", "-"), _tiles(samples.pictures))
    names["reconstructions"] = names["steepest_steps"] = names["emptiest_draws"] = None
    if found.originals is not None and found.reconstructions is not None:
        picture = _pairs_picture(found.originals, found.reconstructions)
        names["reconstructions"] = write("reconstructions", picture)
    if found.worst is not None:
        steps, draws = found.worst.steps, found.worst.draws
        names["steepest_steps"] = write("steepest-steps", _columns([p.pictures for p in steps]))
        names["emptiest_draws"] = write("emptiest-draws", _columns([p.pictures for p in draws]))
    return names


def of_law(picture: str, law: str) -> str:
    """Return what `picture` is called where its draws are from a further law of this name."""
    return f"{picture}_{law.replace(':', '_')}"


def _over_map(found: Findings, dots: Dots, paper: Paper) -> dict[str, Picture | None]:
    """Draw the map, and what lies over it."""
    field, draws, holes = found.stretch, found.draws, found.holes
    further = {
        of_law("draws", law): draws_picture(found, one, dots, paper)
        for law, one in found.further_draws.items()
    }
    return {
        "map": map_picture(found, dots, paper),
        "stretch": None if field is None else stretch_picture(found, field, dots, paper),
        "draws": None if draws is None else draws_picture(found, draws, dots, paper),
        **further,
        "holes": None if holes is None else holes_picture(found, holes, dots, paper),
    }


def write_path_pictures(findings: Sequence[Findings], folder: Path) -> dict[str, str]:
    """Write a picture per way with the films of all runs that have one; return their names."""
    names = {}
    ways = list(dict.fromkeys(way for found in findings for way in found.films))
    for way in ways:
        strips = [
            found.films[way].strip(slot)
            for slot, found in enumerate(findings)
            if way in found.films
        ]
        for ending, paper in PAPERS.items():
            picture = film_picture(strips, paper)
            names[way + ending.replace("-", "_")] = _write(picture, folder, f"path-{way}{ending}")
    return names


def _write(picture: Picture, folder: Path, stem: str) -> str:
    name = f"{stem}.png"
    write_png(folder / name, picture)
    return name


def _scale(images: Picture, side: int) -> int:
    """Whole factor by which `images` are enlarged to be about `side` pixels wide."""
    width: int = images.shape[-1]
    return max(1, round(side / width))


def _grid_picture(found: Findings) -> Picture:
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


def _tiles(images: Picture) -> Picture:
    columns = min(TILES_PER_ROW, len(images))
    return image_grid(images, columns, _scale(images, TILE_SIDE), GAP, GAP_COLOUR)


def _pairs_picture(originals: Picture, reconstructions: Picture) -> Picture:
    """Rows of originals, each above the row of their reconstructions."""
    rows = []
    for start in range(0, len(originals), TILES_PER_ROW):
        part = slice(start, start + TILES_PER_ROW)
        rows += [originals[part], reconstructions[part]]
    return _tiles(np.concatenate(rows))


def _columns(places: Sequence[Picture]) -> Picture | None:
    """Lay out places as columns, the pictures of each, (1 or 2, ...), from above; None: no place.

    There are no gaps at the sides, so that a row of as many numbers stands under the columns.
    """
    if not places:
        return None
    images = np.stack(places, axis=1).reshape(-1, *places[0].shape[1:])
    return image_grid(images, len(places), _scale(images, TILE_SIDE), GAP, GAP_COLOUR)
