"""Both scores of a model in words, as they stand above its map, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from vaeexplorer.gui.widgets.score_rows import with_deviation
from vaeexplorer.regularity.verdict import withheld

translate = QCoreApplication.translate


def headlines(scores: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is said of continuity and of completeness."""
    even, full = scores["continuity"], scores["completeness"]
    completeness = translate("Map", "completeness {score}").format(
        score=with_deviation(full["score"], full["sd"])
    )
    reason = withheld(scores)
    if reason == "forgets":
        # Continuity rises as a model forgets: no good number may stand here then.
        size = scores["latent_dim"]
        said = (
            translate("Map", "carries {share:.0f} % of 1 straight axis")
            if size == 1
            else translate("Map", "carries {share:.0f} % of {size} straight axes")
        ).format(share=100 * even["gate"], size=size)
    elif reason == "snaps" and even["J"] is not None:
        # Between codes of a codebook nothing is even: how much of the change is sudden is all.
        said = translate("Map", "jumps {jumps:.2f} (codes snap)").format(jumps=even["J"])
    else:
        said = translate("Map", "continuity {score}").format(
            score=with_deviation(even["score"], even["sd"])
        )
    return said, completeness


def about_headlines(scores: Mapping[str, Any]) -> str:
    """Return what both scores are, and what they mean here."""
    told = translate(
        "Map",
        "Continuity: how evenly the picture changes along steps near and between codes, "
        "1 for straight lines. Completeness: whether draws from the {law} decode to "
        "something real and reach all kinds of images. Both from 0 to 1, mean and "
        "standard deviation of three measurements. Click: all that was measured.",
    ).format(law=scores["completeness"]["law"])
    return told + "\n\n" + "\n".join(scores["verdict"])


def no_headlines(state: str) -> tuple[str, str]:
    """Return the line above a map that has no scores, and what to do; both empty: no need yet.

    `state` is the word that the session's scores say of a slot.
    """
    if state == "too few":
        return (
            translate("Map", "Too few images to score: use a larger data set."),
            translate(
                "Map",
                "The scores need at least 20 training and 20 held-out images, or their spread "
                "would say more than they do.",
            ),
        )
    if state == "no images":
        return (
            translate("Map", "No scores without its images: locate the data."),
            translate(
                "Map",
                "The scores are measured on the images of the run, which were not found where "
                "they were: Locate data, beside.",
            ),
        )
    if state == "no model":
        return (
            translate("Map", "The model could not be loaded: open the run again."),
            translate("Map", "It is neither decoded nor scored; Help > Open the log says why."),
        )
    if state == "failed":
        return (
            translate("Map", "Scoring failed: open the run again to repeat it."),
            translate("Map", "Help > Open the log says what went wrong. The map is not affected."),
        )
    return "", ""
