"""What projections are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def method_title(method: str) -> str:
    """Return how a projection is called in labels."""
    titles = {
        "pca": translate("Map", "PCA"),
        "umap": translate("Map", "UMAP"),
        "umap-learn": translate("Map", "UMAP"),
        "axes": translate("Map", "latent axes"),
        "dimensions": translate("Map", "two axes"),
    }
    return titles.get(method, method)


def map_text(data: str, size: int, method: str, n: int) -> str:
    """Say what a map shows: the data, how many dimensions their codes have, and of how many."""
    dimensions = (
        translate("Map", "1 dimension") if size == 1 else translate("Map", "{size} dimensions")
    )
    images = translate("Map", "1 image") if n == 1 else translate("Map", "{n} images")
    return translate("Map", "{data}, {dimensions}, {method} of {images}").format(
        data=data,
        dimensions=dimensions.format(size=size),
        method=method_title(method),
        images=images.format(n=f"{n:,}"),
    )


def about_map(words: str, settings: Mapping[str, Any]) -> str:
    """Say in full what was cut of `words` (`map_text`), what dots are, and how the map was made."""
    return translate(
        "Map", "{words}\nEach dot is the posterior mean of one image. Settings: {settings}"
    ).format(words=words, settings=", ".join(f"{key} {value}" for key, value in settings.items()))
