"""A map as a file that others can read: circles (SVG), or a table of positions (CSV)."""

from __future__ import annotations

import base64
import csv
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.drawing.colour_scales import scale
from vaeexplorer.drawing.dot_field import FADED, Frame
from vaeexplorer.drawing.raster import raster_points

VECTOR_DOTS = 50_000
"""More dots than this are drawn into a picture inside the SVG, which no viewer chokes on."""

ENLARGED = 2
"""Pixels of that picture per unit of the SVG."""
ROW, MARGIN, SWATCH = 22, 12, 5
LETTER = 7.5
"""Width of a letter, about: nobody knows the font of the reader."""
BAR = (160, 10)
STOPS = 16


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """A map as it is seen.

    Attributes
    ----------
    title
        What stands above it.
    positions
        float32, (n, 2), y upwards.
    colours
        uint8, (n, 3).
    shown
        bool, (n,).
    standing_out
        bool, (n,), the dots above the others, which fade; None: all alike.
    frame
        The view; its background is opaque.
    ink
        Colour of text, "#rrggbb".
    legend
        Name and "#rrggbb" of every label that is shown.
    bar
        Title, least and largest value of a colour scale, in place of the legend; or None.
    """

    title: str
    positions: NDArray[np.float32]
    colours: NDArray[np.uint8]
    shown: NDArray[np.bool_]
    standing_out: NDArray[np.bool_] | None
    frame: Frame
    ink: str
    legend: tuple[tuple[str, str], ...] = ()
    bar: tuple[str, str, str] | None = None


def as_csv(
    positions: NDArray[np.float32],
    labels: NDArray[np.int64] | None,
    label_names: Sequence[str],
    shown: NDArray[np.bool_],
) -> str:
    """Return one line "index,label,x,y,shown" per dot, under a heading; shown is 0 or 1."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "label", "x", "y", "shown"])
    names = [""] * len(positions) if labels is None else [label_names[k] for k in labels.tolist()]
    places = positions.tolist()
    writer.writerows(
        (index, name, f"{x:.7g}", f"{y:.7g}", int(seen))
        for index, (name, (x, y), seen) in enumerate(
            zip(names, places, shown.tolist(), strict=True)
        )
    )
    return text.getvalue()


def as_svg(drawn: DrawnMap) -> str:
    """Return the map with its title and its legend or colour bar as SVG.

    Dots that lie in the view are circles, one by one, or one picture where there are more than
    VECTOR_DOTS of them.
    """
    width, height = drawn.frame.size
    key, key_height = _key(drawn, width)
    top = ROW + MARGIN
    whole = top + height + key_height + MARGIN
    background = _hex(drawn.frame.background >> shift & 255 for shift in (16, 8, 0))
    centres = _centres(drawn)
    reach = drawn.frame.diameter / 2
    inside = drawn.shown & (
        np.abs(centres - (width / 2, height / 2)) <= (width / 2 + reach, height / 2 + reach)
    ).all(axis=1)
    if int(inside.sum()) <= VECTOR_DOTS:
        dots = _circles(drawn, centres, inside)
    else:
        dots = _embedded(drawn, centres, inside)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{whole}" '
            f'viewBox="0 0 {width} {whole}" font-family="sans-serif" font-size="13">',
            f'<rect width="{width}" height="{whole}" fill="{background}"/>',
            f'<text x="{MARGIN}" y="{ROW}" fill="{drawn.ink}" font-weight="600">'
            f"{_escaped(drawn.title)}</text>",
            # Neither a nested <svg> nor a clipPath: Qt leaves out the one and paints the other.
            f'<g id="dots" transform="translate(0 {top})">',
            *dots,
            "</g>",
            f'<g transform="translate(0 {top + height})" fill="{drawn.ink}">',
            *key,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _centres(drawn: DrawnMap) -> NDArray[np.float64]:
    """Pixels of all dots, (n, 2); what is nowhere is far outside."""
    width, height = drawn.frame.size
    moved = (drawn.positions - np.array(drawn.frame.centre)) * drawn.frame.scale
    pixels = moved * (1, -1) + (width / 2, height / 2)
    centres: NDArray[np.float64] = np.nan_to_num(pixels, nan=-1e9, posinf=1e9, neginf=-1e9)
    return centres


def _layers(drawn: DrawnMap, inside: NDArray[np.bool_]) -> list[tuple[NDArray[np.intp], float]]:
    """Which dots are drawn together, and the opacity of all of them, from back to front."""
    if drawn.standing_out is None:
        return [(np.flatnonzero(inside), 1.0)]
    return [
        (np.flatnonzero(inside & ~drawn.standing_out), FADED),
        (np.flatnonzero(inside & drawn.standing_out), 1.0),
    ]


def _circles(drawn: DrawnMap, centres: NDArray[np.float64], inside: NDArray[np.bool_]) -> list[str]:
    lines = []
    radius = f"{drawn.frame.diameter / 2:.4g}"
    for dots, opacity in _layers(drawn, inside):
        lines.append(f'<g opacity="{opacity:g}" fill-opacity="{drawn.frame.opacity:g}">')
        lines += [
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius}" fill="{_hex(colour)}"/>'
            for (x, y), colour in zip(
                centres[dots].tolist(), drawn.colours[dots].tolist(), strict=True
            )
        ]
        lines.append("</g>")
    return lines


def _embedded(
    drawn: DrawnMap, centres: NDArray[np.float64], inside: NDArray[np.bool_]
) -> list[str]:
    from PIL import Image  # late: the maps are on the screen before anyone exports one

    width, height = drawn.frame.size
    lines = []
    for dots, opacity in _layers(drawn, inside):
        raster = raster_points(
            ENLARGED * centres[dots],
            drawn.colours[dots],
            (ENLARGED * width, ENLARGED * height),
            ENLARGED * drawn.frame.diameter,
            drawn.frame.opacity,
        )
        file = io.BytesIO()
        Image.fromarray(_straight(raster)).save(file, format="PNG")
        data = base64.b64encode(file.getvalue()).decode("ascii")
        lines.append(
            f'<image width="{width}" height="{height}" opacity="{opacity:g}" '
            f'href="data:image/png;base64,{data}"/>'
        )
    return lines


def _straight(premultiplied: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take the alpha out of the colours of a premultiplied RGBA picture."""
    straight = premultiplied.copy()
    alpha = np.maximum(premultiplied[..., 3:], 1).astype(np.float32)
    colour = premultiplied[..., :3].astype(np.float32) * 255 / alpha
    straight[..., :3] = np.minimum(colour + 0.5, 255)
    return straight


def _key(drawn: DrawnMap, width: int) -> tuple[list[str], int]:
    """Return the legend or the colour bar as SVG, and its height."""
    if drawn.bar is not None:
        return _bar(*drawn.bar), 2 * ROW
    lines = []
    x, row = float(MARGIN), 1
    for name, colour in drawn.legend:
        room = 3 * SWATCH + LETTER * len(name) + 2 * MARGIN
        if x + room > width and x > MARGIN:
            x, row = float(MARGIN), row + 1
        y = row * ROW
        lines.append(f'<circle cx="{x + SWATCH:.1f}" cy="{y - 4}" r="{SWATCH}" fill="{colour}"/>')
        lines.append(f'<text x="{x + 3 * SWATCH:.1f}" y="{y}">{_escaped(name)}</text>')
        x += room
    return lines, (row + 1) * ROW if lines else 0


def _bar(title: str, low: str, high: str) -> list[str]:
    colours = scale()[np.linspace(0, len(scale()) - 1, STOPS).round().astype(int)]
    stops = "".join(
        f'<stop offset="{number / (STOPS - 1):.3f}" stop-color="{_hex(colour)}"/>'
        for number, colour in enumerate(colours.tolist())
    )
    left = MARGIN + LETTER * len(f"{title} {low}") + MARGIN
    return [
        f'<defs><linearGradient id="scale">{stops}</linearGradient></defs>',
        f'<text x="{MARGIN}" y="{ROW}">{_escaped(title)} {_escaped(low)}</text>',
        f'<rect x="{left:.1f}" y="{ROW - BAR[1]}" width="{BAR[0]}" height="{BAR[1]}" '
        'fill="url(#scale)"/>',
        f'<text x="{left + BAR[0] + MARGIN:.1f}" y="{ROW}">{_escaped(high)}</text>',
    ]


def _hex(colour: Iterable[int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _escaped(text: str) -> str:
    # Not xml.sax.saxutils: it brings urllib and http.client, 40 ms before the first paint.
    return html.escape(text, quote=False)
