"""The rows of the scorecard: what each number is called, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from vaeexplorer.regularity.definitions import DEFINITIONS, OF_THE_POSTERIOR

translate = QCoreApplication.translate

GAUSSIAN, MIXTURE = "fitted Gaussian", "fitted mixture of 10"
"""Keys of the laws that are the same for every model (regularity.laws, which imports torch)."""


@dataclass(frozen=True)
class Row:
    """One row: what it is called, its definition in a sentence, where its number stands.

    Attributes
    ----------
    keys
        Path into the scores.
    spread
        Path of its standard deviation, or none.
    share
        Whether it lies between 0 and 1, and is drawn as a bar.
    group
        "headline", which is always shown, or what it is shown with: "parts" or "beside".
    digits
        How many it is written with behind the point, where it has no standard deviation.
    absence
        Why there may be no number here.
    """

    title: str
    definition: str
    keys: tuple[str, ...]
    spread: tuple[str, ...] = ()
    share: bool = True
    group: str = "parts"
    digits: int = 2
    absence: str = ""


def rows() -> tuple[Row, ...]:
    """Return all rows, in the language in force."""
    return (*_headlines(), *_parts_of_continuity(), *_parts_of_completeness(), *_beside())


def _headlines() -> tuple[Row, ...]:
    return (
        Row(
            translate("Scorecard", "continuity"),
            translate(
                "Scorecard",
                "How evenly the decoded picture changes near and between codes: C times gate; 1 "
                "where pictures lie on straight lines.",
            ),
            ("continuity", "score"),
            ("continuity", "sd"),
            group="headline",
        ),
        Row(
            translate("Scorecard", "completeness"),
            translate(
                "Scorecard",
                "Whether draws from the law of the model decode to something as near to real "
                "images as reconstructions are, and reach all kinds of images: 2PQ / (P + Q).",
            ),
            ("completeness", "score"),
            ("completeness", "sd"),
            group="headline",
        ),
        Row(
            translate("Scorecard", "    under a fitted Gaussian"),
            translate(
                "Scorecard",
                "Completeness with draws from the Gaussian fitted to the model's training codes: "
                "the same law for every model, so that decoders are compared and not priors.",
            ),
            ("completeness", "others", GAUSSIAN),
            group="headline",
        ),
        Row(
            translate("Scorecard", "    under a fitted mixture"),
            translate(
                "Scorecard",
                "Completeness with draws from a mixture of ten Gaussians fitted to the model's "
                "training codes: the same, with a law that fits any model better.",
            ),
            ("completeness", "others", MIXTURE),
            group="headline",
        ),
    )


def _parts_of_continuity() -> tuple[Row, ...]:
    return (
        Row(
            translate("Scorecard", "C, evenness"),
            translate(
                "Scorecard",
                "Change over a small step if the same pictures lay on straight lines, divided by "
                "the change measured: 1 exactly for an affine decoder.",
            ),
            ("continuity", "C"),
            ("continuity", "C_sd"),
        ),
        Row(
            translate("Scorecard", "C20, visible evenness"),
            translate(
                "Scorecard",
                "C along the first 20 principal axes of the images only: blind to sharpness and "
                "to ripples that nobody sees.",
            ),
            ("continuity", "C20"),
            ("continuity", "C20_sd"),
        ),
        Row(
            translate("Scorecard", "gate"),
            translate(
                "Scorecard",
                "R2 divided by that of as many straight axes (PCA, 16 at most), 1 at most: C alone "
                "rises as a code forgets, so that under .95 continuity says nothing.",
            ),
            ("continuity", "gate"),
        ),
        Row(
            translate("Scorecard", "R2, reconstructed"),
            translate(
                "Scorecard",
                "Share of the variation of held-out images, in squared pixel distance, that "
                "reconstructions keep.",
            ),
            ("continuity", "R2"),
        ),
        Row(
            translate("Scorecard", "A, alike share"),
            translate(
                "Scorecard",
                "Share of steps of a quarter of a standard deviation after which the picture is "
                "as alike as the 5 % most alike pairs.",
            ),
            ("continuity", "A"),
        ),
        Row(
            translate("Scorecard", "J, jumps"),
            translate(
                "Scorecard",
                "Share of the change that is sudden: jumps, or ripples finer than a tenth of a "
                "standard deviation; above .2 is an alarm.",
            ),
            ("continuity", "J"),
        ),
    )


def _parts_of_completeness() -> tuple[Row, ...]:
    return (
        Row(
            translate("Scorecard", "P, realism"),
            translate(
                "Scorecard",
                "At least 1 \N{MINUS SIGN} P of the draws are farther from every real image than "
                "reconstructions are, or than images are from their mean.",
            ),
            ("completeness", "P"),
        ),
        Row(
            translate("Scorecard", "Q, coverage"),
            translate(
                "Scorecard",
                "Share of the kinds of images (k-means cells) that draws reach at least half as "
                "often as the data do.",
            ),
            ("completeness", "Q"),
        ),
        Row(
            translate("Scorecard", "law of the draws"),
            translate(
                "Scorecard",
                "What codes are drawn from: the prior that the model declares, or else a Gaussian "
                "fitted to its codes, the most favourable single one.",
            ),
            ("completeness", "law"),
            share=False,
        ),
        Row(
            translate("Scorecard", "R2, training \N{MINUS SIGN} held-out"),
            translate(
                "Scorecard",
                "How much more of the training images is reconstructed than of images that the "
                "model has not seen: a large difference means overfitting.",
            ),
            ("r2_train_minus_held_out",),
            share=False,
        ),
        Row(
            translate("Scorecard", "latent dimensions"),
            translate("Scorecard", "Scores are compared at equal numbers of dimensions only."),
            ("latent_dim",),
            share=False,
        ),
        Row(
            translate("Scorecard", "n, images compared"),
            translate("Scorecard", "Held-out images that are scored, and as many draws."),
            ("n",),
            share=False,
        ),
    )


def _beside() -> tuple[Row, ...]:
    without_posterior = translate(
        "Scorecard",
        "It does not exist here: the model declares no prior, or its codes are points without a "
        "posterior.",
    )
    return tuple(
        Row(
            translate("Scorecard", about.title),
            translate("Scorecard", about.text),
            ("secondary", key),
            share=key == "far_share",
            group="beside",
            digits=3,
            absence=without_posterior if key in OF_THE_POSTERIOR else "",
        )
        for key, about in DEFINITIONS.items()
    )


def with_deviation(score: float, sd: float) -> str:
    """Return a score and its standard deviation, with as many digits as that one bears out."""
    digits = 2 if sd >= 0.005 else 3
    return f"{score:.{digits}f} \N{PLUS-MINUS SIGN} {sd:.{digits}f}"
