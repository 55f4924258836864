"""Legends of maps as pictures: strips as wide as the map that they stand below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.strips import Paper

LEGEND_TEXT = SIGN = 28
LEGEND_GAP = 24
BAR_WIDTH, BAR_HEIGHT = 480, 18
FRAME = (136, 141, 150)
Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]


def label_legend(names: Sequence[str], colours: Picture, paper: Paper, width: int) -> Picture:
    """Draw a disc and a name per label, in as many rows as it takes."""
    discs = [_disc(colour, paper) for colour in colours]
    return sign_legend(list(zip(names, discs, strict=True)), paper, width)


def sign_legend(entries: Sequence[tuple[str, Picture]], paper: Paper, width: int) -> Picture:
    """Draw `entries`, a text behind its sign of SIGN pixels each, in as many rows as it takes."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(LEGEND_TEXT)
    beside = SIGN + LEGEND_GAP // 3
    places, x, y = [], LEGEND_GAP, LEGEND_GAP // 2
    for text, _ in entries:
        wide = beside + int(font.getlength(text))
        if x + wide > width and x > LEGEND_GAP:
            x, y = LEGEND_GAP, y + 3 * LEGEND_TEXT // 2
        places.append((x, y))
        x += wide + LEGEND_GAP
    strip = Image.new("RGB", (width, y + 2 * LEGEND_TEXT), paper.background)
    pen = ImageDraw.Draw(strip)
    for (left, top), (text, sign) in zip(places, entries, strict=True):
        strip.paste(Image.fromarray(sign), (left, top))
        place = (left + beside, top + LEGEND_TEXT // 2 + 1)
        pen.text(place, text, fill=paper.text, font=font, anchor="lm")
    return np.asarray(strip)


def scale_legend(
    shades: Sequence[Colour], values: Sequence[float], paper: Paper, width: int
) -> Picture:
    """Draw a bar of `shades` over the values of its ends and middle."""
    from PIL import Image, ImageDraw, ImageFont

    stops = np.linspace(0, BAR_WIDTH - 1, len(shades))
    along = np.arange(BAR_WIDTH)
    columns = [np.interp(along, stops, channel) for channel in np.array(shades).T]
    bar = np.broadcast_to(np.stack(columns, axis=-1).round(), (BAR_HEIGHT, BAR_WIDTH, 3))
    height = LEGEND_GAP // 2 + BAR_HEIGHT + 2 * LEGEND_TEXT
    strip = Image.new("RGB", (width, height), paper.background)
    strip.paste(Image.fromarray(bar.astype(np.uint8)), (LEGEND_GAP, LEGEND_GAP // 2))
    draw = ImageDraw.Draw(strip)
    top = LEGEND_GAP // 2
    frame = (LEGEND_GAP, top, LEGEND_GAP + BAR_WIDTH - 1, top + BAR_HEIGHT - 1)
    draw.rectangle(frame, outline=FRAME)
    font = ImageFont.load_default(LEGEND_TEXT)
    for number, (value, anchor) in enumerate(zip(values, ("lt", "mt", "rt"), strict=True)):
        x = LEGEND_GAP + number * BAR_WIDTH // 2
        place = (x, top + BAR_HEIGHT + 8)
        draw.text(place, f"{value:.2g}", fill=paper.text, font=font, anchor=anchor)
    return np.asarray(strip)


def _disc(colour: Picture, paper: Paper) -> Picture:
    from PIL import Image, ImageDraw

    sign = Image.new("RGB", (SIGN, SIGN), paper.background)
    fill = tuple(int(c) for c in colour)
    ImageDraw.Draw(sign).circle((SIGN // 2, SIGN // 2), SIGN // 3, fill=fill)
    return np.asarray(sign)
