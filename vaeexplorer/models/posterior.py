"""Posteriors of images: what every encoder answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Posterior(NamedTuple):
    """Diagonal Gaussian q(z|x): mean and log variance, (batch, size) each.

    `log_variance` is None for a deterministic code.
    """

    mean: Tensor
    log_variance: Tensor | None


def join(parts: Sequence[Posterior]) -> Posterior:
    """Posteriors of one batch that was encoded in `parts`, at least one.

    Without log variances where any part lacks them.
    """
    mean = torch.cat([part.mean for part in parts])
    variances = [part.log_variance for part in parts if part.log_variance is not None]
    return Posterior(mean, torch.cat(variances) if len(variances) == len(parts) else None)
