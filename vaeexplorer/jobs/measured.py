"""Images as the likelihood of a run has them: the nats of anything else are none of its own."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaeexplorer.models import settings
from vaeexplorer.models.base import float_images
from vaeexplorer.models.binarising import binarised_once
from vaeexplorer.run import Run


def measured_images(run: Run, pixels: NDArray[np.uint8]) -> Tensor:
    """Float images of `pixels`, (n, channels, height, width), on which terms of `run` are measured.

    Black and white, drawn once, where the run has learnt from such; else as they are.
    """
    images = torch.from_numpy(np.ascontiguousarray(pixels))
    return float_images(binarised_once(images) if is_binarised(run) else images)


def is_binarised(run: Run) -> bool:
    """Whether the run has learnt from images that are drawn black and white."""
    return settings(run.config.family, run.config.model).binarised
