"""What the Help menu says."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from vaeexplorer import __version__

translate = QCoreApplication.translate


def show_help(parent: QWidget) -> None:
    """Say in a few lines what can be done."""
    QMessageBox.information(
        parent,
        translate("Help", "How to use"),
        translate(
            "Help",
            "<p>Each dot is one image, at the place of its code: the mean of what the encoder "
            "believes. Near dots have near codes.</p>"
            "<p><b>Move</b> over a map: every model decodes that place. On a dot, the dot's "
            "own code; between dots, a mixture of the codes around. Beyond the data the "
            "picture is dimmed: the model is guessing.</p>"
            "<p><b>Click</b> to hold a place, <b>Esc</b> lets go. Then drag the sliders under "
            "Dimensions: the picture follows.</p>"
            "<p><b>Drag</b> pans, the <b>wheel</b> zooms, <b>double-click</b> fits. Arrow "
            "keys move the probe, with Shift in larger steps, with Ctrl the map; + - 0 zoom.</p>"
            "<p><b>Shift</b> and drag draws around dots to select them, <b>Ctrl</b> and drag "
            "a rectangle; Shift and click adds or removes one. <b>Ctrl+F</b> finds an image "
            "by its number, or a label.</p>"
            "<p><b>Ctrl+P</b> shows the way between two images: <b>S</b> and <b>E</b> put its ends "
            "at the probe, or <b>D</b> and drag draws it on a map.</p>"
            "<p><b>Train...</b> (Ctrl+T) trains a model of your own. Every run is kept under "
            "Runs (Ctrl+R).</p>"
            "<p>All keys: Help &gt; Keys (<b>Shift+F1</b>).</p>",
        ),
    )


def show_about(parent: QWidget) -> None:
    """Say what this program is."""
    QMessageBox.about(
        parent,
        translate("Help", "About vae-explorer"),
        translate(
            "Help",
            "vae-explorer {version}\n\nSee for yourself whether the latent space of an "
            "autoencoder is continuous and complete.",
        ).format(version=__version__),
    )
