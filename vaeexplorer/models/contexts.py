"""What a latent space is decoded with, or drawn from, beside its codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Given = Literal["style", "content", "upper", "source"]
"""What a space is decoded with, or drawn from, beside its codes: see LatentSpace.given."""

DEFAULT_CONTEXTS: Mapping[Given, str] = {
    "style": "style at the mean of its prior",
    "content": "content at the mean of its prior",
    "upper": "layers above at each image's own means, and drawn with what is drawn",
    "source": "first held-out image as the source of all warps",
}
"""What is held where nobody has chosen anything, as scores and reports print it."""
