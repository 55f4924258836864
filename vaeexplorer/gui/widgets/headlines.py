"""Both scores of a model in words, as they stand above its map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from vaeexplorer.gui.widgets.score_rows import with_deviation
from vaeexplorer.regularity.verdict import GATE_NEEDED

translate = QCoreApplication.translate


def headlines(scores: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is said of continuity and of completeness."""
    even, full = scores["continuity"], scores["completeness"]
    completeness = translate("Map", "completeness {score}").format(
        score=with_deviation(full["score"], full["sd"])
    )
    if even["gate"] < GATE_NEEDED:
        # Continuity rises as a model forgets: no good number may stand here then.
        said = translate("Map", "carries {share:.0%} of {size} straight axes").format(
            share=even["gate"], size=scores["latent_dim"]
        )
    elif scores.get("snaps") and even["J"] is not None:
        # Between codes of a codebook nothing is even: how much of the change is sudden is all.
        said = translate("Map", "jumps {jumps:.2f} (codes snap)").format(jumps=even["J"])
    else:
        said = translate("Map", "continuity {score}").format(
            score=with_deviation(even["score"], even["sd"])
        )
    return said, completeness
