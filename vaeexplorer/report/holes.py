"""Holes of the maps and of the models: their numbers for report.json, and what the page says."""

from __future__ import annotations

from typing import Any

from vaeexplorer.report.blocks import caption, image_by_theme, missing
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.hole_pictures import hole_masks
from vaeexplorer.report.quantities import Numbers, Quantity, number

HOLES_LEAD = (
    "Empty places of two kinds. Grey lines: no dot is near; a map tears where the codes need not, "
    "so that this says nothing about the model (there are none on a map of the latent axes "
    "themselves, where every place is a code). Colour: the code that the place is lifted to is "
    "far from every posterior, which means farther from everything drawn from the posteriors of "
    "training images than 99 % of what is drawn from those of held-out images, in whitened active "
    "dimensions. Crosses: of 2,000 draws from the own law of each model, named below its map, "
    "those that are as far, each at the place of its nearest codes; further laws are not asked."
)
HOLES_ROWS = (
    Quantity(
        "Holes, share of the own law",
        "Share of 2,000 draws from the own law of the model, the prior that it declares or else "
        "the Gaussian fitted to its codes, that are far from every posterior. About .01 is "
        "unavoidable: as much of what the posteriors themselves give is far.",
        ("holes", "share"),
        3,
    ),
    Quantity(
        "Farthest draw",
        "Distance of the farthest of them to the nearest draw of a posterior, in units of the "
        "distance from which on a code is far.",
        ("holes", "farthest"),
        part=True,
    ),
    Quantity(
        "Holes, share of the map",
        "Share of the places drawn whose code is far from every posterior: how much of the map "
        "has the colour, places without a dot near left out. Between the dots of a UMAP a place "
        "is lifted to a mean of codes amidst them, which is hardly ever far.",
        ("holes", "map_share"),
        3,
    ),
)


def hole_numbers(found: Findings) -> dict[str, Any] | None:
    """Numbers of one run for report.json; None where nobody knows which images are held out."""
    holes = found.holes
    if holes is None:
        return None
    emptied = holes.emptied
    return {
        "law": emptied.law,
        "share": emptied.share,
        "farthest": float(emptied.distances[0]) if len(emptied.distances) else None,
        "map_share": hole_masks(found, holes).far_share,
    }


def holes_figure(found: Findings, run: Numbers) -> str:
    """Show the picture of one run, and say which share of its law lies in holes."""
    if found.holes is None:
        return missing(
            "The images of this run were not found again, or none is held out, so that nothing "
            "says which codes are far from them."
        )
    pictures, numbers = run["pictures"], run["holes"]
    outside = int((~found.window.covers(found.holes.places)).sum())
    beyond = f" Crosses beyond this part of the map: {outside}." if outside else ""
    told = f"{number(100 * numbers['share'], 1)} % of the {numbers['law']}"
    alternative = f"Holes over the map of {run['slot']}: {told} is far from every posterior"
    return image_by_theme(pictures["holes"], pictures["holes_dark"], alternative) + caption(
        f"{told} lies in holes of the latent space.{beyond}"
    )
