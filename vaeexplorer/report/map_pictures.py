"""Maps as pictures: dots with their labels, and what is laid over them, each with its legend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vaeexplorer.drawing.overlay_colours import (
    DISTANCES,
    LESS,
    MORE,
    SPAN,
    change_colours,
    distance_colours,
)
from vaeexplorer.drawing.palette import class_colours, rgb
from vaeexplorer.drawing.raster import over, raster_points
from vaeexplorer.drawing.strips import Paper
from vaeexplorer.report.findings import Findings, Window
from vaeexplorer.report.legends import Colour, Picture, label_legend, scale_legend

if TYPE_CHECKING:
    from vaeexplorer.jobs.draws import Draws
    from vaeexplorer.jobs.holes import Holes
    from vaeexplorer.jobs.overlays import Stretch

MAP_SIDE = 960
QUIET_DOTS = (136, 141, 150)
"""Colour of dots that only show where the map is, on light and on dark."""
DRAW_DIAMETER, RING = 13.0, 13


class Dots(NamedTuple):
    """The dots of a map without a background, as drawing.raster gives them.

    coloured: by label, or in the colour of the slot. quiet: where something lies over them.
    """

    coloured: Picture
    quiet: Picture


def dots_of(found: Findings, colour: Colour) -> Dots:
    """Draw the dots once for all backgrounds; those without labels have the `colour` given."""
    labels, plain = found.run.labels, np.array(colour, np.uint8)
    shown = plain if labels is None else class_colours(len(found.run.label_names))[labels]
    return Dots(_dots(found, shown, 0.8), _dots(found, np.array(QUIET_DOTS, np.uint8), 0.5))


def map_picture(found: Findings, dots: Dots, paper: Paper) -> Picture:
    """Draw the map with its legend."""
    names = found.run.label_names
    picture = over(dots.coloured, paper.background)
    if found.run.labels is None:
        return picture
    legend = label_legend(names, class_colours(len(names)), paper, MAP_SIDE)
    return np.concatenate([picture, legend])


def stretch_picture(found: Findings, field: Stretch, quiet: Dots, paper: Paper) -> Picture:
    """Draw the local stretch over the quiet dots of the map, with its scale."""
    dark = sum(paper.background) < 382
    dots = over(quiet.quiet, paper.background).astype(np.float32)
    middle = (0, 0, 0) if dark else (255, 255, 255)
    veil = in_window(change_colours(field.changes, field.reference, middle), field, found.window)
    colour, alpha = veil[..., :3].astype(np.float32), veil[..., 3:] / np.float32(255)
    # The dots stay as they are where the middle of the scale lies over them.
    mixed = 255 - (255 - dots) * (255 - colour) / 255 if dark else dots * colour / 255
    picture = ((1 - alpha) * dots + alpha * mixed).round().astype(np.uint8)
    shades = (rgb(LESS), middle, rgb(MORE))
    values = (field.reference / SPAN, field.reference, field.reference * SPAN)
    return np.concatenate([picture, scale_legend(shades, values, paper, MAP_SIDE)])


def draws_picture(found: Findings, draws: Draws, quiet: Dots, paper: Paper) -> Picture:
    """Draw the draws from the law of the codes over the quiet dots, the worst ones with a ring."""
    from PIL import Image, ImageDraw

    places = found.window.pixels(draws.places, MAP_SIDE)
    shades = distance_colours(draws.distances / max(draws.limit, 1e-12))
    rim = np.broadcast_to(np.array(paper.text, np.uint8), shades.shape)
    picture = over(quiet.quiet, paper.background)
    for colours, diameter in ((rim, DRAW_DIAMETER + 4), (shades, DRAW_DIAMETER)):
        points = raster_points(places, colours, (MAP_SIDE, MAP_SIDE), diameter, 1.0)
        picture = over(points, picture)
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    for x, y in places[draws.worst].tolist():
        pen.circle((x, y), RING, outline=rgb(DISTANCES[-1]), width=3)
    stops = [rgb(name) for name in DISTANCES]
    values = (0.0, draws.limit / 2, draws.limit)
    return np.concatenate([np.asarray(image), scale_legend(stops, values, paper, MAP_SIDE)])


def _dots(found: Findings, colours: Picture, opacity: float) -> Picture:
    """Draw the dots in `colours`, (n, 3) or (3,): RGBA, (MAP_SIDE, MAP_SIDE, 4)."""
    positions = found.chosen.positions
    diameter = float(np.clip(7 * math.sqrt(2000 / len(positions)), 2, 7))
    places = found.window.pixels(positions, MAP_SIDE)
    colours = np.broadcast_to(colours, (len(positions), 3))
    return raster_points(places, colours, (MAP_SIDE, MAP_SIDE), diameter, opacity)


def in_window(cells: Picture, field: Stretch | Holes, window: Window, outside: int = 0) -> Picture:
    """Lay cells that cover `field` over the window, and `outside` around them.

    `cells` are (rows, columns) or (rows, columns, 4), rows y upwards; the picture is MAP_SIDE wide.
    """
    from PIL import Image

    rows, columns = cells.shape[:2]
    across, up = (field.high - field.low) / (columns, rows)
    pixel = window.side / MAP_SIDE
    first_x = (window.left - field.low[0]) / across
    first_y = (field.high[1] - window.bottom - window.side) / up
    affine: Any = (pixel / across, 0.0, first_x, 0.0, pixel / up, first_y)
    moved = Image.fromarray(np.ascontiguousarray(cells[::-1])).transform(
        (MAP_SIDE, MAP_SIDE),
        Image.Transform.AFFINE,
        affine,
        Image.Resampling.BILINEAR,
        fillcolor=None if cells.ndim > 2 else outside,
    )
    return np.asarray(moved)
