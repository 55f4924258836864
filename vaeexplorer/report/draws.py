"""Draws over the maps: their numbers for report.json, and what the page says of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from vaeexplorer.report.blocks import caption, image_by_theme, missing
from vaeexplorer.report.figures import of_law
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.quantities import Numbers, Quantity, number

if TYPE_CHECKING:
    from vaeexplorer.jobs.draws import Draws

DRAWS_LEAD = (
    "Codes drawn from the law that is named below each map, at the place of their nearest codes. "
    "Colour: distance from their decode to the nearest real image, the root of the summed squared "
    "difference of pixels in [0, 1]; one scale for all maps, the ten farthest ringed."
)
DRAWS_ROWS = (
    Quantity(
        "Distance of draws, median",
        "Median distance from the decode of a draw to the nearest of up to 5,000 real images.",
        ("draws", "median"),
    ),
    Quantity(
        "Distance of draws, largest", "That of the emptiest draw.", ("draws", "largest"), part=True
    ),
    Quantity(
        "Distance of reconstructions",
        "Median of the same distance for decodes of the codes of 50 real images: as near as the "
        "model can come.",
        ("draws", "reconstructions"),
        part=True,
    ),
)


def draws_rows(runs: Sequence[Numbers]) -> tuple[Quantity, ...]:
    """Return the rows of the table below the maps: DRAWS_ROWS, and one for each further law."""
    further = dict.fromkeys(law for run in runs for law in run["laws"].values())
    return (
        *DRAWS_ROWS,
        *(
            Quantity(
                f"Distance of draws, {law}",
                f"Median distance of draws from the {law}.",
                ("draws", "others", law, "median"),
            )
            for law in further
        ),
    )


def draws_numbers(found: Findings) -> dict[str, Any] | None:
    """Numbers of one run for report.json; None where the images are gone."""
    own = found.draws
    if own is None:
        return None
    return {
        "law": own.law,
        **_numbers(own),
        "reconstructions": own.real,
        "limit": own.limit,
        "others": {one.law: _numbers(one) for one in found.further_draws.values()},
    }


def _numbers(draws: Draws) -> dict[str, float]:
    return {
        "count": len(draws.distances),
        "median": float(np.median(draws.distances)),
        "largest": float(draws.distances.max()),
    }


def draws_figure(found: Findings, run: Numbers) -> str:
    """Show the map under draws from the law of one run, and under those from further laws."""
    if found.draws is None:
        return missing(
            "The images of this run were not found again, so that draws have nothing to be near."
        )
    own = run["draws"]
    median, best = number(own["median"]), number(own["reconstructions"])
    shown = _picture(run, "draws", own["law"], median) + caption(
        f"{own['count']} draws from the {own['law']}: distance to the nearest real image, median "
        f"{median}; reconstructions {best}."
    )
    for name, draws in found.further_draws.items():
        further = number(own["others"][draws.law]["median"])
        shown += f"<h4>From the {escape(draws.law)}: median {further}</h4>"
        shown += _picture(run, of_law("draws", name), draws.law, further)
    return shown


def _picture(run: Numbers, name: str, law: str, median: str) -> str:
    about = f"Draws from the {law} over the map of {run['slot']}, median distance {median}"
    return image_by_theme(run["pictures"][name], run["pictures"][f"{name}_dark"], about)
