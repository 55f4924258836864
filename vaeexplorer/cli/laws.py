"""The option --law: which names it takes, and what is said where a run has no such law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from vaeexplorer.regularity.law_names import OF_CODEBOOKS, LawError, components_of

Law = Annotated[
    list[str] | None,
    typer.Option(
        help="Draw from this law too: gaussian, mixture:1 to mixture:20, of a VQ-VAE "
        "frequencies or neighbours; may be repeated. It is fitted to the codes of the space that "
        "is scored; of a hierarchy, the layers below are drawn under them."
    ),
]


def checked_laws(names: Iterable[str]) -> list[str]:
    """Return `names`, each once; one that is no law is a usage error."""
    laws = list(dict.fromkeys(names))
    try:
        for law in laws:
            components_of(law)
    except LawError as error:
        raise typer.BadParameter(str(error), param_hint="'--law'") from error
    return laws


def ignored_laws(laws: Sequence[str], scored: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence for every law that the space of a score, or of a run in a report, lacks."""
    return [
        f"--law {law} is ignored for {scores['run']}: its codes are of no codebook."
        for scores in scored
        for law in laws
        if law in OF_CODEBOOKS and not scores.get("snaps") and law not in scores.get("laws", ())
    ]
