"""What the laws that codes are drawn from are called in the window, and what they are."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from vaeexplorer.regularity.law_names import FREQUENCIES, GAUSSIAN, MIXTURE, NEIGHBOURS, OWN

translate = QCoreApplication.translate


def law_text(law: str) -> tuple[str, str]:
    """Return the title of a law, and its definition."""
    return {
        OWN: (
            translate("Samples", "declared prior"),
            translate(
                "Samples",
                "The prior that the model declares: of a hierarchy that of all its layers, each "
                "drawn given the one above, as completeness has it. Where a model declares none, "
                "the Gaussian fitted to its codes.",
            ),
        ),
        GAUSSIAN: (
            translate("Samples", "fitted Gaussian"),
            translate(
                "Samples",
                "The Gaussian with the mean and the covariance of the codes of training images. Of "
                "a hierarchy, of the layer that is explored; the layers below are drawn under "
                "them.",
            ),
        ),
        MIXTURE: (
            translate("Samples", "mixture of Gaussians"),
            translate(
                "Samples",
                "Gaussians with full covariances fitted to the codes of training images by EM, 20 "
                "rounds at most. Of a hierarchy, of the layer that is explored; the layers below "
                "are drawn under them.",
            ),
        ),
        FREQUENCIES: (
            translate("Samples", "code frequencies"),
            translate(
                "Samples",
                "At every position each code as often as training images hold it there.",
            ),
        ),
        NEIGHBOURS: (
            translate("Samples", "left-neighbour Markov"),
            translate(
                "Samples",
                "At every position each code as often as training images hold it there beside the "
                "code just drawn on its left.",
            ),
        ),
    }[law]


def components_text(*, mixture: bool) -> str:
    """Definition of the number of Gaussians, or why there is none to be chosen."""
    if not mixture:
        return translate(
            "Samples",
            "Only a mixture has components: choose \N{LEFT DOUBLE QUOTATION MARK}mixture of "
            "Gaussians\N{RIGHT DOUBLE QUOTATION MARK} above, or click a point of a curve.",
        )
    return translate(
        "Samples",
        "Number of Gaussians, each with a full covariance: enough of them follow any "
        "distribution of codes.",
    )
