"""The HTML page of a report: every picture and number beside what it means, slots side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from string import Template
from typing import Any

import numpy as np

from vaeexplorer.report.blocks import caption, figures, image, image_by_theme, missing, table
from vaeexplorer.report.evidence import evidence_sections
from vaeexplorer.report.figures import of_law
from vaeexplorer.report.findings import Findings
from vaeexplorer.report.origin import origin_in_words
from vaeexplorer.report.quantities import BESIDE, MEASURES, Numbers, find, number, scores_of
from vaeexplorer.run import EpochRecord

EPOCH_ROWS = 12
DIMENSION_ROWS = 24
METHODS = {
    "umap": "UMAP of the codes",
    "umap-learn": "UMAP of the codes",
    "pca": "the two principal axes of the codes",
    "axes": "the latent axes themselves",
}


def render(findings: Sequence[Findings], report: Mapping[str, Any], template: str) -> str:
    """Return the page on `findings`, whose numbers and picture names are those of `report`.

    `template` is a string.Template with $title, $subtitle, $columns, $paper_columns, $sentences and
    $sections.
    """
    runs = report["runs"]
    pairs = list(zip(findings, runs, strict=True))
    sections = [
        figures("The runs in words", "", pairs, _words),
        table("Scorecard", SCORES_LEAD, runs, scores_of(runs)),
        figures("The maps", _maps_lead(findings), pairs, _map_figure),
        *evidence_sections(pairs, report),
        figures("Decoded over the map", GRID_LEAD, pairs, _grid_figure),
        figures("Draws", DRAWS_LEAD, pairs, _samples_figure),
        figures("Reconstructions", PAIRS_LEAD, pairs, _pairs_figure),
        table("Measures", "", runs, MEASURES),
        table("Beside the scores", BESIDE_LEAD, runs, BESIDE),
        figures("Dimensions", DIMENSIONS_LEAD, pairs, _dimensions),
        figures("Learning", LEARNING_LEAD, pairs, _learning),
    ]
    return Template(template).substitute(
        title=escape(_listed([f"{run['slot']}: {run['run']}" for run in runs])),
        subtitle=escape(origin_in_words(report)),
        columns=2 if len(runs) == 4 else min(len(runs), 3),
        # Three maps beside one another on a sheet would have legends too small to read.
        paper_columns=min(len(runs), 2),
        sentences=_sentences(report),
        sections="\n".join(sections),
    )


def _listed(names: Sequence[str]) -> str:
    """Join `names` as one says them."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


SCORES_LEAD = (
    "Both scores are from 0 to 1. Indented numbers are their parts and companions, which tell what "
    "a score alone cannot say."
)
BESIDE_LEAD = "None of these enters a score. Those in nats need a declared prior and a posterior."
GRID_LEAD = (
    "Each square of the map is lifted to a code, the mean of those near it, and decoded where it "
    "lies. Hatched squares are places without data."
)
DRAWS_LEAD = (
    "Codes drawn at random and decoded: holes in the latent space show as pictures of nothing."
)
PAIRS_LEAD = "Held-out images, each above its reconstruction."
DIMENSIONS_LEAD = (
    "Rate: KL of a dimension's posterior from the prior, nats per image; near 0 it carries "
    "nothing. An AE has no rates, so that the variance of its codes stands instead."
)
LEARNING_LEAD = "Nats per image at the end of an epoch; held-out where it is not said otherwise."


def _maps_lead(findings: Sequence[Findings]) -> str:
    prints = {found.run.source.fingerprint for found in findings}
    lead = "One dot per image, placed by its code"
    if all(found.run.labels is not None for found in findings):
        lead += " and coloured by its label"
    if len(prints) > 1:
        return f"{lead}. The slots show different data."
    if len(findings) > 1:
        lead += "; turned onto the map of A, so that the same images lie in the same direction"
    return f"{lead}."


def _map_figure(found: Findings, run: Numbers) -> str:
    pictures = run["pictures"]
    coloured = "one colour" if found.run.labels is None else "colours by label"
    dots = f"{run['images']:,} dots in {coloured}"
    method = METHODS.get(found.chosen.method, found.chosen.method)
    if run["latent_dim"] == 1:
        method = "the one latent dimension, to the right, against the density of the codes"
    return image_by_theme(
        pictures["map"], pictures["map_dark"], f"Map of {run['slot']}: {dots}"
    ) + caption(f"{method[0].upper()}{method[1:]}, {run['images']:,} images.{_trust(found)}")


def _trust(found: Findings) -> str:
    """Say how far the map can be trusted."""
    trust = found.trust
    if trust is None:
        return ""
    return (
        f" Trustworthiness of the map {number(trust.trustworthiness)}, its continuity "
        f"{number(trust.continuity)}: how far neighbours on it are neighbours among the codes, "
        f"and the other way round, of {trust.sampled:,} images (1: all are)."
    )


def _grid_figure(found: Findings, run: Numbers) -> str:
    side = round(len(found.grid) ** 0.5)
    alternative = f"{side} by {side} decodes of {run['slot']}, laid out over its map"
    share = 100 * float(np.mean(found.inside))
    return image(run["pictures"]["grid"], alternative) + caption(
        f"There is data in {share:.0f} % of this window."
    )


def _samples_figure(found: Findings, run: Numbers) -> str:
    origin = (
        f"from the prior that the model declares, the {found.law}"
        if found.declared
        else f"from the {found.law} (full covariance), because the model declares no prior"
    )
    alternative = f"{len(found.samples)} decoded draws of {run['slot']}"
    shown = image(run["pictures"]["samples"], alternative) + caption(f"Drawn {origin}.")
    for name, law in run["laws"].items():
        picture = run["pictures"][of_law("samples", name)]
        score = find(run, ("completeness", "others", law))
        told = "" if score is None else f": completeness {number(score)}"
        shown += f"<h4>From the {escape(law)}{told}</h4>"
        shown += image(picture, f"{alternative} from the {law}")
    return shown


def _pairs_figure(found: Findings, run: Numbers) -> str:
    name = run["pictures"]["reconstructions"]
    if name is None or found.originals is None:
        reason = (
            "This data has no held-out images."
            if found.originals is not None
            else "The images of this run were not found again, so that there is nothing to "
            "reconstruct."
        )
        return missing(reason)
    alternative = f"{len(found.originals)} held-out images above their reconstructions by"
    return image(name, f"{alternative} {run['slot']}")


# --- tables --------------------------------------------------------------------------------------


def _sentences(report: Mapping[str, Any]) -> str:
    """List what the comparison says, and what is unfair in it."""
    lists = []
    for kind, lines in (("verdict", report["comparison"]), ("verdict unfair", report["warnings"])):
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            lists.append(f'<ul class="{kind}">{items}</ul>')
    return "".join(lists)


def _words(found: Findings, run: Numbers) -> str:
    """Say what the run is, and what its scores mean."""
    epochs = "1 epoch" if run["epochs"] == 1 else f"{run['epochs']:,} epochs"
    size = run["latent_dim"]
    about = (
        f"{run['family'].upper()} with {size} latent dimension{'' if size == 1 else 's'}, {epochs} "
        "on "
        f"{found.run.source.n:,} images of {run['data_set']}, seed {run['seed']}, {run['status']}"
        f"{_when(run)}."
    )
    lines = run["verdict"] or ["There are no scores: the images are gone, or too few."]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    told = f"{about} {found.nats}".rstrip()
    return f'<p class="quiet">{escape(told)}</p><ul>{items}</ul>'


def _when(run: Numbers) -> str:
    """Say on what day a run was trained, and by which torch; nothing of what is not known."""
    by = f" by torch {run['versions']['torch']}" if "torch" in run["versions"] else ""
    return f", trained on {run['trained'][:10]}{by}" if run["trained"] else by


def _dimensions(found: Findings, run: Numbers) -> str:
    """Rates (or variances of codes) per dimension, largest first, as bars."""
    del found
    values = run["rates"] or run["code_variances"]
    title = "rate" if run["rates"] else "variance"
    order = sorted(range(len(values)), key=lambda index: -(values[index] or 0))
    largest = max((value or 0 for value in values), default=0) or 1.0
    rows = "".join(
        f'<tr><td>z{index + 1}</td><td class="bar"><span style="width: '
        f'{100 * (values[index] or 0) / largest:.1f}%"></span></td>'
        f'<td class="number">{number(values[index])}</td></tr>'
        for index in order[:DIMENSION_ROWS]
    )
    more = len(order) - DIMENSION_ROWS
    note = caption(f"{more} more carry less.") if more > 0 else ""
    return (
        '<table><thead><tr><th scope="col">dimension</th><th></th>'
        f'<th class="number" scope="col">{title}</th></tr></thead><tbody>{rows}'
        f"</tbody></table>{note}"
    )


def _learning(found: Findings, run: Numbers) -> str:
    """Tell the history at up to EPOCH_ROWS epochs, closer together at the beginning."""
    del run
    history = found.run.history
    if not history:
        return missing("This run has no history.")
    steps = np.unique(np.geomspace(1, len(history), min(EPOCH_ROWS, len(history))).round())
    rows = "".join(f"<tr>{''.join(_cells(history[int(step) - 1]))}</tr>" for step in steps)
    titles = ("epoch", "distortion, training", "distortion", "rate", "−ELBO")
    head = "".join(f'<th class="number" scope="col">{title}</th>' for title in titles)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(record: EpochRecord) -> Iterator[str]:
    shown = record.held_out
    elbo = None if shown is None else shown.elbo
    numbers = (
        number(record.epoch, 0),
        number(record.train.distortion),
        number(None if shown is None else shown.distortion),
        number(None if shown is None else shown.rate),
        number(None if elbo is None else -elbo),
    )
    return (f'<td class="number">{number}</td>' for number in numbers)
