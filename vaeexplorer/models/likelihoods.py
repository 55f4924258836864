"""Likelihoods p(x|z): what a decoder's output means. They own the sigmoid and log_prob."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


class Bernoulli:
    """Independent Bernoulli pixels, given by their logits.

    On grey pixels this is a pseudo-likelihood: the cross-entropy of a pixel between 0 and 1 is
    the mean log-probability over binarised draws of it, not a normalised density. Differences
    between models on the same images mean something; the value itself is no log-likelihood.
    """

    def log_prob(self, logits: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        per_pixel = functional.binary_cross_entropy_with_logits(logits, images, reduction="none")
        return per_pixel.flatten(1).sum(dim=1).neg()

    def mean(self, logits: Tensor) -> Tensor:
        """Mean images in [0, 1], shaped as `logits`."""
        return torch.sigmoid(logits)
