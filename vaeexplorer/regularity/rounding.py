"""When a change of pictures is more than float32 rounds; imports nothing heavy."""

from __future__ import annotations

ROUNDED = 1e-5
"""Root mean square change of a pixel, a 400th of a grey level, that is told from rounding.

Of less float32 leaves too little to say over a step ten times finer, where all would look sudden.
"""


def is_seen(squared: float, pixels: int) -> bool:
    """Whether a `squared` change of pictures of so many `pixels` is more than float32 rounds."""
    return squared > pixels * ROUNDED**2
