"""What the numbers of the evidence are called, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from vaeexplorer.drawing.numbers import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaeexplorer.models.base import Family
    from vaeexplorer.regularity.quadrature import ExactEvidence

translate = QCoreApplication.translate


def definitions() -> list[tuple[str, str, str]]:
    """Key, title and definition of each number."""
    return [
        (
            "elbo",
            translate("Evidence", "ELBO, nats"),
            translate(
                "Evidence",
                "Minus distortion minus rate, at beta 1 whatever beta trained the model: mean over "
                "500 draws from the posterior of each of the first 100 held-out images, which are "
                "drawn black and white once if the model has learnt from such.",
            ),
        ),
        (
            "distortion",
            translate("Evidence", "distortion, nats"),
            translate("Evidence", "\N{MINUS SIGN}log p(x|z), mean over the same draws."),
        ),
        (
            "rate",
            translate("Evidence", "rate, nats"),
            translate("Evidence", "KL(q(z|x) || p(z)), mean over the same images."),
        ),
        (
            "bound",
            translate("Evidence", "bound from 500 draws"),
            translate(
                "Evidence",
                "Importance-weighted bound of log p(x), with the standard error of its mean over "
                "images. It is a bound in expectation only.",
            ),
        ),
        (
            "gap",
            translate("Evidence", "gap"),
            translate(
                "Evidence",
                "That bound minus the ELBO: nearly KL(q(z|x) || p(z|x)), what the encoder's "
                "Gaussian misses, for log p(x) = ELBO + KL.",
            ),
        ),
        (
            "effective",
            translate("Evidence", "effective draws"),
            translate(
                "Evidence",
                "Of the 500, median over images: (sum of weights)\N{SUPERSCRIPT TWO} / sum of "
                "weights\N{SUPERSCRIPT TWO}. Near 1 a single draw decides, and the bound says "
                "little.",
            ),
        ),
        (
            "draw",
            translate("Evidence", "spread of one draw"),
            translate(
                "Evidence",
                "Standard deviation between ELBOs of one draw each: how far off a single draw is.",
            ),
        ),
        (
            "prior",
            translate("Evidence", "from the prior instead"),
            translate(
                "Evidence",
                "The same mean over 500 draws from the prior: far below where they hardly ever "
                "meet the image, as in many dimensions.",
            ),
        ),
    ]


def gradient_definition() -> tuple[str, str]:
    """Title and definition of the ratio of the variances of two gradients."""
    return (
        translate("Evidence", "noise of the score function"),
        translate(
            "Evidence",
            "How many times the variance of the gradient of log p(x|z) by the posterior means is, "
            "if it is estimated by the score function with a baseline, what it is through the "
            "draws of z (the reparametrisation), as in training: 64 draws of each of 20 images.",
        ),
    )


def overfitting_definition() -> tuple[str, str]:
    """Title and definition of the difference of R2 between training and held-out images."""
    return (
        translate("Evidence", "R2, training \N{MINUS SIGN} held-out"),
        translate(
            "Evidence",
            "Share of the variation that is reconstructed, of training images less that of "
            "held-out ones: overfitting, if it is well above 0.",
        ),
    )


def aggregate_definitions() -> list[tuple[str, str, str]]:
    """Key, title and definition of what is measured of all codes together."""
    return [
        (
            "mutual_information",
            translate("Evidence", "I(x; z), nats"),
            translate(
                "Evidence",
                "What a code says of which image it came from; all images, black and white if the "
                "model has learnt from such. It cannot exceed the logarithm of the number of "
                "images; near that it is a lower bound. Of a hierarchy what a code of its top "
                "layer says.",
            ),
        ),
        (
            "total_correlation",
            translate("Evidence", "total correlation, nats"),
            translate(
                "Evidence",
                "How far the dimensions of all codes together are from independent; of a codebook "
                "its positions, of a hierarchy the dimensions of its top layer.",
            ),
        ),
        (
            "aggregate_kl",
            translate("Evidence", "KL(q(z) || p(z)), nats"),
            translate(
                "Evidence",
                "How far the codes of all images together are from the prior: what draws from the "
                "prior miss. The rate, of a hierarchy that of its top layer, is this and I(x; z).",
            ),
        ),
    ]


def note_text(*, certain: bool, fields: bool, exact: bool, shared: bool) -> str:
    """Say what must be known of the numbers of a slot; empty: nothing."""
    if shared:
        return translate(
            "Evidence",
            "These are nats of single images. The rate in the plane and in the training is less: "
            "there, images of one label share that of their content.",
        )
    if exact:
        return translate(
            "Evidence",
            "q(z|x) is p(z|x) itself, as in probabilistic PCA: every draw gives log p(x), so that "
            "the ELBO is log p(x) and the gap is 0.",
        )
    if certain:
        return translate(
            "Evidence",
            "q(z|x) is a point mass: its draws are all alike, so that no number of them gives a "
            "tighter bound than the ELBO.",
        )
    if fields:
        return translate(
            "Evidence",
            "Nats of log p(F|s): a density of the displacement field from a source image, which is "
            "given, to each of these; not to be compared with nats of images.",
        )
    return ""


def apart_text(families: Mapping[Family, bool]) -> str:
    """Say what those points, or lines, are of that are not of single images as they are.

    The values say whether a family has points: it has a rate.
    """
    mark, line = "\N{WHITE DIAMOND}", "\N{EM DASH}\N{MIDDLE DOT}"
    return "\n".join(
        f"{mark if points else line} {family.title}: {family.apart}"
        for family, points in families.items()
    )


def exact_text(
    found: ExactEvidence, index: int, *, fields: bool, declares: bool
) -> tuple[str, str]:
    """Title of the plot of p(z|x) of an image, and what is seen in it.

    `declares` says whether the model declares a prior of its codes.
    """
    if fields:
        title = translate("Evidence", "log p(F|s) {evidence} = ELBO {elbo} + KL {gap}")
        about = translate(
            "Evidence",
            "Filled: p(z|F, s), integrated on a grid, of the displacement field F, estimated, "
            "from the source s, the first held-out image, to image #{index}. Ellipses, or the "
            "line: q(z|F, s), of which the code on the map is the mean. How much they differ "
            "is the KL.",
        )
    else:
        title = translate("Evidence", "#{index}: log p(x) {evidence} = ELBO {elbo} + KL {gap}")
        about = translate(
            "Evidence",
            "Filled: p(z|x) of image #{index}, integrated on a grid. Ellipses at one and two "
            "standard deviations, or the line: q(z|x), what the encoder believes. How much they "
            "differ is KL(q || p(z|x)).",
        )
    if found.names:
        about += "\n" + translate(
            "Evidence",
            "Both layers, as they are together: outlines of the q(z|x) of a lower layer are bent, "
            "for it depends on the layer above.",
        )
    elif not declares:
        about += "\n" + translate(
            "Evidence",
            "In units of the codes, as on the map: the posterior of probabilistic PCA, whose mean "
            "lies a little nearer to 0 than the code of the image.",
        )
    # Of 2,000 values nats of fields have four digits, and three such numbers little room.
    digits = (1, 1, 1) if fields else (2, 2, 3)
    values = zip((found.log_evidence, found.elbo, found.gap), digits, strict=True)
    evidence, elbo, gap = (written(value, count) for value, count in values)
    title = title.format(index=index, evidence=evidence, elbo=elbo, gap=gap)
    return title, about.format(index=index)


def hard_text(*, fields: bool) -> str:
    """Tooltip of an image that a model finds hard, with {index} and {nats} in it."""
    if fields:
        return translate(
            "Evidence",
            "One of the images whose displacement field this model finds least probable: #{index}, "
            "log p(F|s) about {nats} nats. Click to probe it.",
        )
    return translate(
        "Evidence",
        "One of the images that this model finds least probable: #{index}, log p(x) about "
        "{nats} nats. Click to probe it.",
    )


def reason_text(reason: str) -> str:
    """Say why a slot has no evidence, or how far its measurement is."""
    return {
        "": translate("Evidence", "waiting to be measured"),
        "family": translate(
            "Evidence", "This model declares no probability of an image: there is no evidence."
        ),
        "data": translate("Evidence", "The images of this run were not found."),
        "failed": translate("Evidence", "The measurement failed."),
    }.get(reason, reason)
