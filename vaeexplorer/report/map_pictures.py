"""Maps as pictures: dots with their labels, and what is laid over them, each with its legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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

if TYPE_CHECKING:
    from vaeexplorer.jobs.draws import Draws
    from vaeexplorer.jobs.overlays import Stretch

MAP_SIDE = 960
LEGEND_TEXT = 24
LEGEND_GAP = 24
BAR_WIDTH, BAR_HEIGHT = 480, 18
QUIET_DOTS = (136, 141, 150)
"""Colour of dots that only show where the map is, on light and on dark."""
DRAW_DIAMETER, RING = 13.0, 13
Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]


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
    legend = _legend(names, class_colours(len(names)), paper)
    return np.concatenate([picture, legend])


def stretch_picture(found: Findings, field: Stretch, quiet: Dots, paper: Paper) -> Picture:
    """Draw the local stretch over the quiet dots of the map, with its scale."""
    dark = sum(paper.background) < 382
    dots = over(quiet.quiet, paper.background).astype(np.float32)
    middle = (0, 0, 0) if dark else (255, 255, 255)
    veil = _in_window(change_colours(field.changes, field.reference, middle), field, found.window)
    colour, alpha = veil[..., :3].astype(np.float32), veil[..., 3:] / np.float32(255)
    # The dots stay as they are where the middle of the scale lies over them.
    mixed = 255 - (255 - dots) * (255 - colour) / 255 if dark else dots * colour / 255
    picture = ((1 - alpha) * dots + alpha * mixed).round().astype(np.uint8)
    shades = (rgb(LESS), middle, rgb(MORE))
    values = (field.reference / SPAN, field.reference, field.reference * SPAN)
    return np.concatenate([picture, _scale(shades, values, paper)])


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
    return np.concatenate([np.asarray(image), _scale(stops, values, paper)])


def _dots(found: Findings, colours: Picture, opacity: float) -> Picture:
    """Draw the dots in `colours`, (n, 3) or (3,): RGBA, (MAP_SIDE, MAP_SIDE, 4)."""
    positions = found.chosen.positions
    diameter = float(np.clip(7 * math.sqrt(2000 / len(positions)), 2, 7))
    places = found.window.pixels(positions, MAP_SIDE)
    colours = np.broadcast_to(colours, (len(positions), 3))
    return raster_points(places, colours, (MAP_SIDE, MAP_SIDE), diameter, opacity)


def _in_window(rgba: Picture, field: Stretch, window: Window) -> Picture:
    """Lay cells that cover `field`, rows y upwards, over the window: (MAP_SIDE, MAP_SIDE, 4)."""
    from PIL import Image

    rows, columns, _ = rgba.shape
    across, up = (field.high - field.low) / (columns, rows)
    pixel = window.side / MAP_SIDE
    first_x = (window.left - field.low[0]) / across
    first_y = (field.high[1] - window.bottom - window.side) / up
    affine: Any = (pixel / across, 0.0, first_x, 0.0, pixel / up, first_y)
    moved = Image.fromarray(np.ascontiguousarray(rgba[::-1])).transform(
        (MAP_SIDE, MAP_SIDE), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


def _legend(names: Sequence[str], colours: Picture, paper: Paper) -> Picture:
    """Draw a strip as wide as the map: a disc and a name per class, in as many rows as it takes."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(LEGEND_TEXT)
    places, x, y = [], LEGEND_GAP, LEGEND_GAP // 2
    for name in names:
        width = LEGEND_TEXT + int(font.getlength(name))
        if x + width > MAP_SIDE and x > LEGEND_GAP:
            x, y = LEGEND_GAP, y + 3 * LEGEND_TEXT // 2
        places.append((x, y))
        x += width + LEGEND_GAP
    strip = Image.new("RGB", (MAP_SIDE, y + 2 * LEGEND_TEXT), paper.background)
    draw = ImageDraw.Draw(strip)
    for (left, top), name, colour in zip(places, names, colours, strict=True):
        middle, radius = top + LEGEND_TEXT // 2 + 1, LEGEND_TEXT // 3
        draw.circle((left + radius, middle), radius, fill=tuple(int(c) for c in colour))
        place = (left + LEGEND_TEXT, middle)
        draw.text(place, name, fill=paper.text, font=font, anchor="lm")
    return np.asarray(strip)


def _scale(shades: Sequence[Colour], values: Sequence[float], paper: Paper) -> Picture:
    """Draw a strip as wide as the map: a bar of `shades` over the values of its ends and middle."""
    from PIL import Image, ImageDraw, ImageFont

    stops = np.linspace(0, BAR_WIDTH - 1, len(shades))
    along = np.arange(BAR_WIDTH)
    columns = [np.interp(along, stops, channel) for channel in np.array(shades).T]
    bar = np.broadcast_to(np.stack(columns, axis=-1).round(), (BAR_HEIGHT, BAR_WIDTH, 3))
    height = LEGEND_GAP // 2 + BAR_HEIGHT + 2 * LEGEND_TEXT
    strip = Image.new("RGB", (MAP_SIDE, height), paper.background)
    strip.paste(Image.fromarray(bar.astype(np.uint8)), (LEGEND_GAP, LEGEND_GAP // 2))
    draw = ImageDraw.Draw(strip)
    top = LEGEND_GAP // 2
    frame = (LEGEND_GAP, top, LEGEND_GAP + BAR_WIDTH - 1, top + BAR_HEIGHT - 1)
    draw.rectangle(frame, outline=QUIET_DOTS)
    font = ImageFont.load_default(LEGEND_TEXT)
    for number, (value, anchor) in enumerate(zip(values, ("lt", "mt", "rt"), strict=True)):
        x = LEGEND_GAP + number * BAR_WIDTH // 2
        place = (x, top + BAR_HEIGHT + 8)
        draw.text(place, f"{value:.2g}", fill=paper.text, font=font, anchor=anchor)
    return np.asarray(strip)
