"""Films of a path as one picture, and as a moving one, for use outside the window."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.grid import enlarge, image_grid, to_rgb
from vaeexplorer.drawing.palette import SLOT_COLOURS, SLOT_LETTERS, rgb

FRAME_MS, REST_MS = 60, 700
SHOWN = 13
TILE_SIDE, STILL_SIDE = 72, 192
COLOURS = 256
GAP, MARGIN = 8, 16
LETTER, BAND = 20, 28
BARS_HEIGHT = 56
BACKGROUND, FAINT = (255, 255, 255), (211, 215, 222)


class Strip(NamedTuple):
    """The film of one slot.

    Attributes
    ----------
    slot
        0 to 3: its letter and its colour.
    frames
        uint8, (count, channels, height, width).
    steps
        Change of the picture over equal steps of the way, (any,).
    edges
        Where on the film these steps begin and end, from 0 to 1, (any + 1,).
    """

    slot: int
    frames: NDArray[np.uint8]
    steps: NDArray[np.float64]
    edges: NDArray[np.float64]


def film_file(strips: Sequence[Strip], ending: str) -> bytes:
    """Content of a file of `strips`: a PNG, or for ".gif" an endless film, side by side."""
    from PIL import Image  # late: the window is painted without it

    content = io.BytesIO()
    if ending != ".gif":
        Image.fromarray(film_picture(strips)).save(content, format="PNG")
        return content.getvalue()
    # There and back again, with a rest at both ends.
    count = len(strips[0].frames)
    order = [*range(count), *range(count - 2, 0, -1)]
    # One palette and no dither: nothing flickers, and the file stays small.
    rich = [Image.fromarray(film_still(strips, frame)) for frame in range(count)]
    sample = np.concatenate([np.asarray(still) for still in rich[:: max(1, count // 8)]])
    palette = Image.fromarray(sample).quantize(COLOURS)
    flat = [still.quantize(palette=palette, dither=Image.Dither.NONE) for still in rich]
    stills = [flat[frame] for frame in order]
    stills[0].save(
        content,
        format="GIF",
        save_all=True,
        optimize=False,
        append_images=stills[1:],
        duration=[REST_MS if frame in (0, count - 1) else FRAME_MS for frame in order],
        loop=0,
    )
    return content.getvalue()


def film_still(strips: Sequence[Strip], frame: int) -> NDArray[np.uint8]:
    """Frame `frame` of every strip side by side under its letter: RGB, uint8."""
    tiles = []
    for strip in strips:
        tile = enlarge(to_rgb(strip.frames[frame]), STILL_SIDE)
        height, width, _ = tile.shape
        card = np.full((height + BAND, width, 3), BACKGROUND, np.uint8)
        card[BAND:] = tile
        tiles.append(_lettered(card, strip.slot, 0, 4))
    height = max(len(tile) for tile in tiles)
    padded = [
        np.pad(
            tile,
            ((0, height - len(tile)), (MARGIN, 0), (0, 0)),
            constant_values=BACKGROUND[0],
        )
        for tile in tiles
    ]
    whole = np.concatenate(padded, axis=1)
    return np.pad(whole, ((MARGIN, MARGIN), (0, MARGIN), (0, 0)), constant_values=BACKGROUND[0])


def film_picture(strips: Sequence[Strip]) -> NDArray[np.uint8]:
    """Thirteen frames of every strip in a row, its steps as bars under them: RGB, uint8.

    All bars have one scale: a bar that is twice as high is a step that changes twice as much.
    """
    finite = [strip.steps[np.isfinite(strip.steps)] for strip in strips]
    top = max((float(steps.max()) for steps in finite if len(steps)), default=0.0)
    rows = [_row(strip, top) for strip in strips]
    width = max(row.shape[1] for row in rows)
    gap = np.full((MARGIN, width, 3), BACKGROUND, np.uint8)
    parts = [gap]
    for row in rows:
        spare = ((0, 0), (0, width - row.shape[1]), (0, 0))
        parts += [np.pad(row, spare, constant_values=BACKGROUND[0]), gap]
    return np.concatenate(parts)


def _row(strip: Strip, top: float) -> NDArray[np.uint8]:
    chosen = np.linspace(0, len(strip.frames) - 1, SHOWN).round().astype(int)
    scale = max(1, round(TILE_SIDE / strip.frames.shape[3]))
    film = image_grid(strip.frames[chosen], SHOWN, scale, GAP, BACKGROUND)
    bars = _bars(strip, film.shape[1], scale * strip.frames.shape[3], top)
    gap = np.full((GAP, film.shape[1], 3), BACKGROUND, np.uint8)
    column = np.concatenate([film, gap, bars])
    left, right = MARGIN + LETTER + GAP, MARGIN
    row = np.pad(column, ((0, 0), (left, right), (0, 0)), constant_values=BACKGROUND[0])
    return _lettered(row, strip.slot, MARGIN, 0)


def _bars(strip: Strip, width: int, tile: int, top: float) -> NDArray[np.uint8]:
    picture = np.full((BARS_HEIGHT, width, 3), BACKGROUND, np.uint8)
    # The film goes from the middle of its first frame to the middle of its last.
    reach = width - tile
    places = (tile / 2 + strip.edges * reach).round().astype(int)
    picture[-1, places[0] : places[-1]] = FAINT
    for step, left, right in zip(strip.steps, places[:-1], places[1:], strict=True):
        if np.isfinite(step) and top > 0:
            height = round(step / top * BARS_HEIGHT)
            bar = slice(left, max(right - 1, left + 1))
            picture[BARS_HEIGHT - height :, bar] = rgb(SLOT_COLOURS[strip.slot])
    return picture


def _lettered(picture: NDArray[np.uint8], slot: int, left: int, top: int) -> NDArray[np.uint8]:
    """Draw the badge of `slot` on a copy of `picture`."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    box = (left, top, left + LETTER - 1, top + LETTER - 1)
    draw.rounded_rectangle(box, 4, fill=SLOT_COLOURS[slot])
    middle = (left + LETTER / 2, top + LETTER / 2)
    font = ImageFont.load_default(14)
    ink = (16, 16, 16) if slot == 3 else (255, 255, 255)
    draw.text(middle, SLOT_LETTERS[slot], fill=ink, font=font, anchor="mm")
    return np.asarray(image)
