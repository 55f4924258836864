"""Films of a path as one picture, and as a moving one, for use outside the window."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.grid import enlarge, image_grid, to_rgb
from vaeexplorer.drawing.palette import rgb, slot_colour, slot_letter

FRAME_MS, REST_MS = 60, 700
SHOWN = 13
TILE_SIDE, STILL_SIDE = 72, 192
COLOURS = 256
GAP, MARGIN = 8, 16
LETTER, BAND = 20, 28
BARS_HEIGHT = 56
TEXT, TEXT_BAND, MARK = 15, 24, 3
DASH, DASH_EVERY = 3, 6
Colour = tuple[int, int, int]


class Paper(NamedTuple):
    """What a film is drawn on: the colours of the sheet, of faint lines, of lines and of text."""

    background: Colour = (255, 255, 255)
    faint: Colour = (211, 215, 222)
    line: Colour = (110, 116, 126)
    text: Colour = (40, 42, 46)


WHITE = Paper()


class Strip(NamedTuple):
    """The film of one slot.

    Attributes
    ----------
    slot
        From 0: its letter and its colour.
    frames
        uint8, (count, channels, height, width).
    steps
        Change of the picture over equal steps of the way, (any,).
    edges
        Where on the film these steps begin and end, from 0 to 1, (any + 1,).
    gaps
        Distances of these places to the nearest code, (any + 1,), or None.
    largest
        Index of the step that is marked as the largest one; None: no step is.
    """

    slot: int
    frames: NDArray[np.uint8]
    steps: NDArray[np.float64]
    edges: NDArray[np.float64]
    gaps: NDArray[np.float64] | None = None
    largest: int | None = None


class _Scales(NamedTuple):
    """What the full height of the bars stands for: a step, and a distance to the nearest code."""

    step: float
    gap: float


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
        card = np.full((height + BAND, width, 3), WHITE.background, np.uint8)
        card[BAND:] = tile
        tiles.append(_lettered(card, strip.slot, 0, 4))
    height = max(len(tile) for tile in tiles)
    white = WHITE.background[0]
    padded = [
        np.pad(tile, ((0, height - len(tile)), (MARGIN, 0), (0, 0)), constant_values=white)
        for tile in tiles
    ]
    whole = np.concatenate(padded, axis=1)
    return np.pad(whole, ((MARGIN, MARGIN), (0, MARGIN), (0, 0)), constant_values=white)


def film_picture(strips: Sequence[Strip], paper: Paper = WHITE) -> NDArray[np.uint8]:
    """Thirteen frames of every strip in a row, its steps as bars under them: RGB, uint8.

    The largest step is marked, with how many times the mean step it is. A dashed line is the
    distance to the nearest code. Bars and lines have one scale each: a bar that is twice as high
    is a step that changes twice as much.
    """
    scales = _Scales(
        _largest([strip.steps for strip in strips]),
        _largest([strip.gaps for strip in strips if strip.gaps is not None]),
    )
    rows = [_row(strip, scales, paper) for strip in strips]
    width = max(row.shape[1] for row in rows)
    whole = np.full((MARGIN + sum(len(row) + MARGIN for row in rows), width, 3), 0, np.uint8)
    whole[:] = paper.background
    top = MARGIN
    for row in rows:
        whole[top : top + len(row), : row.shape[1]] = row
        top += len(row) + MARGIN
    return whole


def _largest(curves: Sequence[NDArray[np.float64]]) -> float:
    finite = [curve[np.isfinite(curve)] for curve in curves]
    return max((float(curve.max()) for curve in finite if len(curve)), default=0.0)


def _row(strip: Strip, scales: _Scales, paper: Paper) -> NDArray[np.uint8]:
    chosen = np.linspace(0, len(strip.frames) - 1, SHOWN).round().astype(int)
    scale = max(1, round(TILE_SIDE / strip.frames.shape[3]))
    film = image_grid(strip.frames[chosen], SHOWN, scale, GAP, paper.background)
    height, width, _ = film.shape
    left = MARGIN + LETTER + GAP
    size = (height + TEXT_BAND + BARS_HEIGHT, left + width + MARGIN, 3)
    row = np.full(size, 0, np.uint8)
    row[:] = paper.background
    row[:height, left : left + width] = film
    # The film goes from the middle of its first frame to the middle of its last.
    tile = scale * strip.frames.shape[3]
    places = left + (tile / 2 + strip.edges * (width - tile)).round().astype(int)
    row[-1, places[0] : places[-1]] = paper.faint
    heights = _heights(strip.steps, scales.step)
    for step, start, end in zip(heights, places[:-1], places[1:], strict=True):
        row[len(row) - step :, start : max(end - 1, start + 1)] = rgb(slot_colour(strip.slot))
    row = _with_curves(row, strip, places, scales, paper)
    return _lettered(row, strip.slot, MARGIN, 0)


def _heights(values: NDArray[np.float64], top: float) -> NDArray[np.int64]:
    """Heights in pixels of `values`, 0 where they are not finite."""
    known = np.where(np.isfinite(values), values, 0.0)
    return (known / (top or 1.0) * BARS_HEIGHT).round().astype(np.int64)


def _with_curves(
    row: NDArray[np.uint8],
    strip: Strip,
    places: NDArray[np.int64],
    scales: _Scales,
    paper: Paper,
) -> NDArray[np.uint8]:
    """Draw the distances to the nearest code, and the mark of the largest step."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(row)
    draw = ImageDraw.Draw(image)
    base = len(row) - 1
    if strip.gaps is not None and scales.gap > 0:
        x = np.arange(places[0], places[-1] + 1)
        y = base - np.interp(x, places, _heights(strip.gaps, scales.gap))
        for at in range(0, len(x) - DASH, DASH_EVERY):
            ends = (x[at], y[at], x[at + DASH], y[at + DASH])
            draw.line([float(end) for end in ends], fill=paper.line, width=2)
    if strip.largest is not None:
        worst = strip.largest
        at = int(places[worst] + places[worst + 1]) // 2
        top = base - int(_heights(strip.steps, scales.step)[worst])
        draw.circle((at, top), MARK, fill=paper.text, outline=paper.background)
        # The font that pillow brings has no multiplication sign.
        words = f"{strip.steps[worst] / strip.steps.mean():.1f} x mean"
        font = ImageFont.load_default(TEXT)
        half = font.getlength(words) / 2
        middle = min(max(at, half), row.shape[1] - half)
        # A rim of paper, so that the dashed line does not strike the words out.
        draw.text(
            (middle, top - MARK - 2),
            words,
            fill=paper.text,
            font=font,
            anchor="mb",
            stroke_width=2,
            stroke_fill=paper.background,
        )
    return np.array(image)


def _lettered(picture: NDArray[np.uint8], slot: int, left: int, top: int) -> NDArray[np.uint8]:
    """Draw the badge of `slot` on a copy of `picture`."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    box = (left, top, left + LETTER - 1, top + LETTER - 1)
    draw.rounded_rectangle(box, 4, fill=slot_colour(slot))
    middle = (left + LETTER / 2, top + LETTER / 2)
    font = ImageFont.load_default(14)
    ink = (16, 16, 16) if slot % 4 == 3 else (255, 255, 255)
    draw.text(middle, slot_letter(slot), fill=ink, font=font, anchor="mm")
    return np.asarray(image)
