"""What the secondary numbers are called and what they are; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Definition(NamedTuple):
    """What a secondary number is called, and what it is in one sentence."""

    title: str
    text: str


_STRETCH = (
    " of the local stretch at codes and on chords between them: the root of the squared change per "
    "step along every axis of the whitened codes, 1 everywhere for an affine decoder."
)
DEFINITIONS: Mapping[str, Definition] = {
    "stretch_q05": Definition("Local stretch, 5 %", "5 % quantile" + _STRETCH),
    "stretch_q50": Definition("Local stretch, median", "Median" + _STRETCH),
    "stretch_q95": Definition("Local stretch, 95 %", "95 % quantile" + _STRETCH),
    "largest_over_mean_step": Definition(
        "Largest / mean step",
        "On straight paths of 64 steps between codes of held-out images, the largest decoded step "
        "over the mean one, median over 64 paths: an alarm, which does not rank models.",
    ),
    "path_length": Definition(
        "Path length",
        "Mean squared decoded change per squared step between two draws (perceptual path length of "
        "StyleGAN, in pixels), over twice the variance of decoded draws: 1 for an affine decoder.",
    ),
    "cycle_error": Definition(
        "Cycle error",
        "Draws decoded and encoded again: mean squared distance to where they started, over the "
        "variance of the draws, averaged over active dimensions; 0 for a perfect round trip.",
    ),
    "far_share": Definition(
        "Draws far from every posterior",
        "Share of draws of the model's own law (the prior that it declares, else a Gaussian fitted "
        "to its codes), whichever is chosen for samples, that are farther from everything drawn "
        "from the posteriors of training images than 99 % of what is drawn from those of held-out "
        "images, in whitened active dimensions: about .01 where the law is that of the codes.",
    ),
    "aggregate_kl": Definition(
        "KL(q(z)||p(z))",
        "KL of the aggregate posterior, the mixture of all training posteriors, from the declared "
        "prior, in nats: total correlation + sum of the KL of each dimension.",
    ),
    "total_correlation": Definition(
        "Total correlation",
        "KL of the aggregate posterior from the product of its marginals, in nats: how much the "
        "dimensions depend on one another.",
    ),
    "dimension_kl": Definition(
        "KL of the dimensions",
        "Sum over dimensions of the KL of the aggregate posterior's marginal from the prior's, in "
        "nats.",
    ),
    "mutual_information": Definition(
        "Mutual information",
        "What a code tells of which training image it came from, in nats: rate − KL(q(z)||p(z)). "
        "It cannot exceed the logarithm of their number; near it, read it as a lower bound.",
    ),
    "mutual_information_limit": Definition(
        "Its limit", "Logarithm of the number of training images that it was measured on, in nats."
    ),
}

OF_THE_POSTERIOR = (
    "aggregate_kl",
    "total_correlation",
    "dimension_kl",
    "mutual_information",
    "mutual_information_limit",
)
"""Those that exist only where a prior is declared and a posterior has a variance."""

NEAR_LIMIT = 0.9
"""Share of the logarithm of the number of images from which on it holds the information down."""


def is_lower_bound(key: str, terms: Mapping[str, Any]) -> bool:
    """Tell whether the number under `key` can only be read as "at least".

    `terms` are those of `aggregate.aggregate_terms`, or hold them.
    """
    if key != "mutual_information":
        return False
    value, limit = terms.get(key), terms.get(f"{key}_limit")
    return value is not None and limit is not None and bool(value > NEAR_LIMIT * limit)


def at_least(text: str) -> str:
    """Write that a number, written as `text`, is a lower bound."""
    return f"\N{GREATER-THAN OR EQUAL TO} {text}"
