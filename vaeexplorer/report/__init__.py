"""A report on runs as files: pictures, report.json and one HTML page that stands by itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vaeexplorer.drawing.palette import slot_colour, slot_letter
from vaeexplorer.regularity import verdict
from vaeexplorer.regularity.information import active_units, rate_per_dimension
from vaeexplorer.report.evidence import evidence_numbers, path_numbers
from vaeexplorer.report.figures import write_path_pictures, write_pictures
from vaeexplorer.report.findings import Findings, Window
from vaeexplorer.report.origin import origin
from vaeexplorer.report.page import render
from vaeexplorer.run import Measures

__all__ = ["NUMBERS", "PAGE", "Findings", "Window", "write_files"]

SCORE_KEYS = (
    "n",
    "split",
    "continuity",
    "completeness",
    "r2_train_minus_held_out",
    "secondary",
)
PAGE = "index.html"
NUMBERS = "report.json"


def write_files(findings: Sequence[Findings], folder: Path, template: str) -> dict[str, Any]:
    """Write the pictures, report.json and index.html into `folder`, which exists and is empty.

    `template` is the page without its content, resources/report.html.

    Returns
    -------
    dict
        What report.json holds; None stands where a quantity does not exist.
    """
    runs = []
    for index, found in enumerate(findings):
        letter = slot_letter(index)
        pictures = write_pictures(found, letter.lower(), slot_colour(index), folder)
        runs.append({"slot": letter, **_numbers(found), "comparison": None, "pictures": pictures})
    report = {
        **origin(),
        "page": PAGE,
        "runs": runs,
        "path": path_numbers(findings, write_path_pictures(findings, folder)),
        **_compare(runs),
    }
    finite: dict[str, Any] = _without_nan(report)
    text = json.dumps(finite, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / NUMBERS).write_text(text + "\n", encoding="utf-8")
    (folder / PAGE).write_text(render(findings, finite, template), encoding="utf-8")
    return finite


def _numbers(found: Findings) -> dict[str, Any]:
    run, codes = found.run, found.codes
    rates = (
        None if codes.log_variance is None else rate_per_dimension(codes.mean, codes.log_variance)
    )
    last = run.history[-1] if run.history else None
    return {
        "run": run.name,
        "folder": found.folder,
        "space": found.space,
        "family": run.config.family,
        "data": run.source.fingerprint,
        "data_set": run.source.kind,
        "status": run.status,
        "trained": run.created,
        "versions": dict(run.versions),
        "seed": run.config.seed,
        "epochs": len(run.history),
        "latent_dim": codes.mean.shape[1],
        "images": len(codes.mean),
        "map": found.chosen.method,
        "map_trust": None if found.trust is None else found.trust._asdict(),
        "law": found.law,
        "laws": {name: samples.law for name, samples in found.further.items()},
        "train": _measures(last.train if last else None),
        "held_out": _measures(last.held_out if last else None),
        "rates": None if rates is None else [float(rate) for rate in rates],
        "active_units": None if rates is None else int(active_units(codes.mean).sum()),
        "code_variances": [float(v) for v in codes.mean.var(axis=0, dtype=np.float64)],
        **_scores(found),
        **evidence_numbers(found),
    }


def _measures(measures: Measures | None) -> dict[str, float | None] | None:
    if measures is None:
        return None
    return {"distortion": measures.distortion, "rate": measures.rate, "elbo": measures.elbo}


def _scores(found: Findings) -> dict[str, Any]:
    """Return what jobs.scoring gave, or None for every number of it."""
    if found.scores is None:
        return {**dict.fromkeys(SCORE_KEYS), "verdict": []}
    # What is scored may be something else than the images: "data" says of what the scores are.
    only_where_so = {key: found.scores[key] for key in ("snaps", "scored") if key in found.scores}
    return {key: found.scores[key] for key in ("data", *SCORE_KEYS, "verdict")} | only_where_so


def _compare(runs: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Compare the first run with each other one, where both have scores.

    Each run is given its "comparison"; what they say and warn of is returned as sentences.
    """
    scored = [run for run in runs if run["continuity"] is not None]
    said: dict[str, list[str]] = {"comparison": [], "warnings": []}
    for other in scored[1:]:
        slots = scored[0]["slot"], other["slot"]
        other["comparison"] = found = verdict.comparison(scored[0], other, slots)
        # With two runs there is no doubt which ones a sentence without names is on.
        pair = f"{slots[0]} and {slots[1]}: " if len(scored) > 2 else ""
        said["comparison"] += [pair + line for line in found["verdict"]]
        # What cannot be compared at all is said once.
        said["warnings"] += [
            pair + line for line in found["warnings"] if line not in found["verdict"]
        ]
    return said


def _without_nan(value: Any) -> Any:
    """`value` with None in place of numbers that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value
