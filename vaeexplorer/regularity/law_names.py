"""What the laws that codes can be drawn from are called; imports nothing heavy."""

from __future__ import annotations

OWN = "own"
"""The declared prior; a fitted Gaussian where none is declared."""

GAUSSIAN = "gaussian"
MIXTURE = "mixture"
FREQUENCIES = "frequencies"
NEIGHBOURS = "neighbours"
OF_CODEBOOKS = (FREQUENCIES, NEIGHBOURS)
"""Laws of models that draw out of a codebook."""

MOST_COMPONENTS = 20


class LawError(ValueError):
    """A law was named that does not exist, or not for this model; the message is one sentence."""


def mixture_of(components: int) -> str:
    """Name the mixture of so many Gaussians: "mixture:7"."""
    return f"{MIXTURE}:{components}"


def components_of(law: str) -> int:
    """Return the number of Gaussians in the mixture `law`; 0 for any other law.

    Raises
    ------
    LawError
        There is no law of that name.
    """
    if law in (OWN, GAUSSIAN, *OF_CODEBOOKS):
        return 0
    kind, _, count = law.partition(":")
    if kind == MIXTURE and count.isdecimal() and 1 <= int(count) <= MOST_COMPONENTS:
        return int(count)
    raise LawError(
        f"There is no law {law!r}: say {OWN}, {GAUSSIAN}, {mixture_of(1)} to "
        f"{mixture_of(MOST_COMPONENTS)}, {FREQUENCIES} or {NEIGHBOURS}."
    )
