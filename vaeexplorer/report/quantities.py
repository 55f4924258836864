"""The numbers of a report: what each is called, what it is, and where it stands in report.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from vaeexplorer.drawing.numbers import written
from vaeexplorer.regularity.definitions import DEFINITIONS, at_least, is_lower_bound
from vaeexplorer.regularity.verdict import instead_of_continuity

NOTHING = "--"

Numbers = Mapping[str, Any]
"""One entry of "runs" in report.json."""


class Quantity(NamedTuple):
    """One row of a table: what it is called, defined, read and written as.

    sd: where its standard deviation stands. part: it is a part of the row before that is none.
    instead: says what stands in place of a number that would mislead; None where it may stand.
    """

    name: str
    definition: str
    keys: tuple[str, ...]
    digits: int = 2
    sd: tuple[str, ...] = ()
    part: bool = False
    instead: Callable[[Numbers], str | None] | None = None

    def text(self, run: Numbers) -> str | None:
        """Write its value for `run`; None where it does not exist."""
        value = find(run, self.keys)
        if value is None or isinstance(value, str):
            return value
        instead = self.instead(run) if self.instead else None
        if instead is not None:
            return f"{NOTHING} {instead}"
        spread = find(run, self.sd) if self.sd else None
        if spread is None:
            text = number(float(value), self.digits)
            bound = is_lower_bound(self.keys[-1], find(run, self.keys[:-1]))
            return at_least(text) if bound else text
        # One digit more where the spread would read as none, as in the window.
        digits = self.digits + (spread < 0.5 * 10**-self.digits)
        return f"{number(float(value), digits)} ± {number(float(spread), digits)}"


def find(run: Numbers, keys: tuple[str, ...]) -> Any:
    """Return what stands under `keys`, one within the other; None where there is nothing."""
    value: Any = run
    for key in keys:
        value = None if value is None else value.get(key)
    return value


def number(value: float | None, digits: int = 2) -> str:
    """Write a number for people, or what stands where there is none."""
    return NOTHING if value is None else written(value, digits)


MEASURES = (
    Quantity("Latent dimensions", "How many numbers describe an image.", ("latent_dim",), 0),
    Quantity("Epochs", "Passes over the training images.", ("epochs",), 0),
    Quantity(
        "Distortion, held-out",
        "−log p(x|z) in nats per image, summed over pixels: how badly a picture that the model "
        "has not seen is rebuilt from its code.",
        ("held_out", "distortion"),
        2,
    ),
    Quantity(
        "Distortion, training",
        "The same on training images; much lower than on held-out ones means overfitting.",
        ("train", "distortion"),
        2,
    ),
    Quantity(
        "Rate, held-out",
        "KL(q(z|x) || p(z)) in nats per image: how much the code says about the picture. A model "
        "without a prior has none.",
        ("held_out", "rate"),
        2,
    ),
    Quantity("Rate, training", "The same on training images.", ("train", "rate"), 2),
    Quantity(
        "ELBO, held-out",
        "−(distortion + rate) in nats per image, a lower bound on log p(x); at beta = 1 whatever "
        "beta trained the model.",
        ("held_out", "elbo"),
        2,
    ),
    Quantity("ELBO, training", "The same on training images.", ("train", "elbo"), 2),
    Quantity(
        "Active units",
        "Latent dimensions whose posterior mean varies over the images by more than .01; the "
        "others say nothing about the picture.",
        ("active_units",),
        0,
    ),
)

SCORES = (
    Quantity(
        "Continuity",
        "How evenly the decoded picture changes near and between codes: C times gate. 1 for "
        "straight lines, and near 0 for jumps or a code that carries nothing. ± is the standard "
        "deviation over three seeds of the score.",
        ("continuity", "score"),
        sd=("continuity", "sd"),
        instead=instead_of_continuity,
    ),
    Quantity(
        "C, evenness",
        "Change over a step of a tenth of a standard deviation, as if the same pictures lay on "
        "straight lines, over the change found: 1 for an affine decoder.",
        ("continuity", "C"),
        sd=("continuity", "C_sd"),
        part=True,
    ),
    Quantity(
        "C20, visible evenness",
        "The same along the first 20 principal axes of the data, blind to sharpness and to ripples "
        "that nobody sees.",
        ("continuity", "C20"),
        sd=("continuity", "C20_sd"),
        part=True,
    ),
    Quantity(
        "Gate",
        "R2 over that of as many straight axes (16 at most), at most 1: a code that carries "
        "nothing is even because it shows nothing.",
        ("continuity", "gate"),
        part=True,
    ),
    Quantity(
        "R2, share reconstructed",
        "Share of the variation of held-out images, in squared pixel distance, that their "
        "reconstructions keep.",
        ("continuity", "R2"),
        part=True,
    ),
    Quantity(
        "A, alike share",
        "Share of steps of a quarter of a standard deviation after which the picture is as alike "
        "as the 5 % most alike pairs.",
        ("continuity", "A"),
        part=True,
    ),
    Quantity(
        "J, jumps",
        "Share of the change that is sudden: jumps, or ripples finer than a tenth of a standard "
        "deviation. Above .2 is an alarm.",
        ("continuity", "J"),
        part=True,
    ),
    Quantity(
        "Completeness",
        "Whether draws decode to something as near to real images as reconstructions are (P), and "
        "reach all kinds of images (Q): 2PQ / (P + Q).",
        ("completeness", "score"),
        sd=("completeness", "sd"),
    ),
    Quantity(
        "P, realism",
        "At least 1 − P of the draws are farther from every real image than reconstructions are, "
        "or than images are from their mean.",
        ("completeness", "P"),
        part=True,
    ),
    Quantity(
        "Q, coverage",
        "Share of the kinds of images (k-means cells) that draws reach at least half as often as "
        "the data do.",
        ("completeness", "Q"),
        part=True,
    ),
    Quantity(
        "Law of the draws",
        "The prior that the model declares, or else the Gaussian fitted to its codes, the most "
        "favourable single one.",
        ("completeness", "law"),
        part=True,
    ),
    Quantity(
        "Completeness, same Gaussian",
        "Completeness with draws from the Gaussian fitted to each model's codes: the fair "
        "comparison of a model that declares a prior with one that does not.",
        ("completeness", "others", "fitted Gaussian"),
    ),
    Quantity(
        "Completeness, same mixture",
        "The same with a mixture of ten Gaussians fitted to each model's codes.",
        ("completeness", "others", "fitted mixture of 10"),
    ),
    Quantity(
        "R2, training − held-out",
        "How much more of the training images is reconstructed than of images that the model has "
        "not seen: a large difference means overfitting.",
        ("r2_train_minus_held_out",),
    ),
    Quantity(
        "Images compared, n",
        "Held-out images that are scored, as many training images, and as many draws.",
        ("n",),
        0,
    ),
)


def scores_of(runs: Sequence[Numbers]) -> tuple[Quantity, ...]:
    """Return the rows of the scorecard: SCORES, and completeness under each further law."""
    known = {score.keys for score in SCORES}
    further = []
    for law in dict.fromkeys(law for run in runs for law in run["laws"].values()):
        row = Quantity(
            f"Completeness, {law}",
            f"Completeness with draws from the {law}.",
            ("completeness", "others", law),
        )
        further += [] if row.keys in known else [row]
    return (*SCORES, *further)


BESIDE = tuple(
    Quantity(definition.title, definition.text, ("secondary", key))
    for key, definition in DEFINITIONS.items()
)
