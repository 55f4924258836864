"""What projections are called."""

from __future__ import annotations

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
