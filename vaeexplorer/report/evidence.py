"""The evidence behind the scores: a path, the overlays of the maps, and the worst places.

Their numbers for report.json, and what the page says of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from vaeexplorer.report.blocks import (
    Pair,
    caption,
    figures,
    image,
    image_by_theme,
    missing,
    section,
    table_of,
)
from vaeexplorer.report.draws import DRAWS_LEAD, draws_figure, draws_numbers, draws_rows
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.holes import HOLES_LEAD, HOLES_ROWS, hole_numbers, holes_figure
from vaeexplorer.report.quantities import Numbers, Quantity, number

WAYS = {"straight": "Straight line", "slerp": "Slerp", "data": "Along the data"}
ABOUT_WAYS = {
    "straight": "The line between the two codes.",
    "slerp": (
        "A turn about the middle of the prior, or of the codes where none is declared: it stays "
        "on the shell where draws lie."
    ),
    "data": (
        "Over real codes, by the least change of the picture, kept away from places without data."
    ),
}
PATH_LEAD = (
    "Thirteen frames, equally different from one another, of the way that each model decodes from "
    "one image to the other. Bars: change of the picture over each of {steps} equal steps in "
    "latent space, one scale for all, the largest step marked. Dashed: distance to the nearest "
    "code."
)
STRETCH_LEAD = (
    "How much the picture changes per step of one standard deviation of the codes: the root of "
    "the summed squared difference of pixels in [0, 1], root mean square over directions, at the "
    "code that each place of the map is lifted to. The colours are logarithmic, and the same for "
    "all slots: blue changes less than the common middle, orange more."
)
WORST_LEAD = (
    "Above: of the 4,096 small steps that continuity measures, those that change the picture "
    "most, before and after; the number says how many times as much as if the same pictures lay "
    "on straight lines. Below: of the draws that completeness measures, those that decode "
    "farthest from every real image; the number says how many times as far as reconstructions "
    "usually lie."
)
NO_PATH = "Other data than that of A: the two images are not in it."
NO_WORST = "There are no scores, hence no places that they were worst at."

TIMES = "\N{MULTIPLICATION SIGN}"


def path_quantities(ways: Sequence[str]) -> tuple[Quantity, ...]:
    """Rows of the table under the films: what they mean is said once, for the first way."""
    return tuple(
        Quantity(
            f"{title}, {WAYS[way].lower()}" if way == ways[0] else WAYS[way],
            definition if way == ways[0] else "The same on this way.",
            ("path", way, key),
            part=way != ways[0],
        )
        for key, title, definition in PATH_ROWS
        for way in ways
    )


PATH_ROWS = (
    (
        "largest_over_mean_step",
        "Largest / mean step",
        "The largest change of the picture over one of the equal steps of the way, in units of "
        "the mean change; 1 is an even change. An alarm for this one path, which does not rank "
        "models: continuity does.",
    ),
    (
        "largest_gap",
        "Away from codes",
        "The largest distance of the way to the nearest code, in units of the median distance "
        "between neighbouring codes.",
    ),
)
STRETCH_ROWS = (
    Quantity(
        "Local stretch over the map, median",
        "Median over the places of the map that have data near. It judges the model where its "
        "codes lie, on the scale of the colours.",
        ("stretch", "median"),
    ),
    Quantity(
        "Local stretch over the map, 5 %",
        "5 % quantile of the same.",
        ("stretch", "quantile_05"),
        part=True,
    ),
    Quantity(
        "Local stretch over the map, 95 %",
        "95 % quantile of the same: far above the median, the picture changes in some places only.",
        ("stretch", "quantile_95"),
        part=True,
    ),
)


# --- numbers -------------------------------------------------------------------------------------


def evidence_numbers(found: Findings) -> dict[str, Any]:
    """Numbers of one run for report.json; None where there is no such evidence."""
    stretch, worst = found.stretch, found.worst
    paths = {
        way: {
            "largest_over_mean_step": film.ratio,
            "largest_step": film.largest,
            "largest_gap": None if film.gaps is None else float(film.gaps.max()),
            "steps": film.steps.tolist(),
            "gaps": None if film.gaps is None else film.gaps.tolist(),
        }
        for way, film in found.films.items()
    }
    return {
        "path": paths or None,
        "stretch": None
        if stretch is None
        else {
            "median": stretch.median,
            "quantile_05": float(np.nanquantile(stretch.changes, 0.05)),
            "quantile_95": float(np.nanquantile(stretch.changes, 0.95)),
            "reference": stretch.reference,
        },
        "draws": draws_numbers(found),
        "holes": hole_numbers(found),
        "worst": None
        if worst is None
        else {
            "steepest_steps": [place.amount for place in worst.steps],
            "emptiest_draws": [place.amount for place in worst.draws],
            "law": worst.law,
        },
    }


def path_numbers(
    findings: Sequence[Findings], pictures: Mapping[str, str]
) -> dict[str, Any] | None:
    """Tell between which images the path goes, for report.json."""
    first = findings[0]
    if not first.films:
        return None
    choice = next(iter(first.films.values())).choice
    ends = {}
    for name, index in (("start", choice.start), ("end", choice.end)):
        labels = first.run.labels
        label = None if labels is None else first.run.label_names[labels[index]]
        ends[name] = {"image": index, "label": label}
    return {**ends, "ways": list(first.films), "pictures": dict(pictures)}


# --- page ----------------------------------------------------------------------------------------


def evidence_sections(pairs: Sequence[Pair], report: Mapping[str, Any]) -> list[str]:
    """Return the sections on the path, the overlays and the worst places."""
    runs = [run for _, run in pairs]
    return [
        _path_section(pairs, report["path"]),
        figures("Local stretch", STRETCH_LEAD, pairs, _stretch_figure),
        table_of(runs, STRETCH_ROWS),
        figures("Draws on the map", DRAWS_LEAD, pairs, draws_figure),
        table_of(runs, draws_rows(runs)),
        figures("Holes", HOLES_LEAD, pairs, holes_figure),
        table_of(runs, HOLES_ROWS),
        figures("Worst places", WORST_LEAD, pairs, _worst_figure),
    ]


def _path_section(pairs: Sequence[Pair], path: Mapping[str, Any] | None) -> str:
    if path is None:
        return ""
    runs = [run for _, run in pairs]
    steps = max(len(film.steps) for found, _ in pairs for film in found.films.values())
    slots = " and ".join(run["slot"] for run in runs if run["path"])
    ends = f"image {_end(path['start'])} to image {_end(path['end'])}"
    cards = []
    for way in path["ways"]:
        alternative = f"{WAYS[way]} from {ends}: films of {slots}, steps below"
        pictures = path["pictures"]
        cards.append(
            f'<figure class="slot film"><h3>{escape(WAYS[way])}</h3>'
            + image_by_theme(pictures[way], pictures[f"{way}_dark"], alternative)
            + caption(ABOUT_WAYS[way])
            + "</figure>"
        )
    without = [run["slot"] for run in runs if not run["path"]]
    note = "" if not without else missing(f"{', '.join(without)}: {NO_PATH}")
    content = "".join(cards) + note + table_of(runs, path_quantities(path["ways"]))
    lead = f"From {ends}. {PATH_LEAD.format(steps=steps)}"
    return section("The way between two images", lead, content)


def _end(end: Mapping[str, Any]) -> str:
    label = "" if end["label"] is None else f" (label {end['label']})"
    return f"{end['image']}{label}"


def _stretch_figure(found: Findings, run: Numbers) -> str:
    if found.stretch is None:
        return missing("This map has no place with data near.")
    pictures = run["pictures"]
    told = f"median {number(run['stretch']['median'])}"
    alternative = f"Local stretch over the map of {run['slot']}: {told}"
    return image_by_theme(pictures["stretch"], pictures["stretch_dark"], alternative) + caption(
        f"Change per standard deviation of z; {told}."
    )


def _worst_figure(found: Findings, run: Numbers) -> str:
    if found.worst is None:
        return missing(NO_WORST)
    pictures, worst = run["pictures"], run["worst"]
    return _row_of_places(
        "Steepest steps", pictures["steepest_steps"], worst["steepest_steps"], run["slot"]
    ) + _row_of_places(
        f"Emptiest draws, {worst['law']}",
        pictures["emptiest_draws"],
        worst["emptiest_draws"],
        run["slot"],
    )


def _row_of_places(title: str, picture: str | None, amounts: Sequence[float], slot: str) -> str:
    """Show places side by side, the number of each under it."""
    if picture is None:
        return f"<h4>{escape(title)}</h4>" + missing("There are none that can be told apart.")
    texts = [f"{number(amount, 1)} {TIMES}" for amount in amounts]
    cells = "".join(f"<span>{escape(text)}</span>" for text in texts)
    return (
        f"<h4>{escape(title)}</h4>"
        + image(picture, f"{title} of {slot}, {', '.join(texts)}")
        + f'<div class="amounts" style="--count: {len(texts)}">{cells}</div>'
    )
