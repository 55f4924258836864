"""Black and white images drawn from grey ones: what a Bernoulli likelihood is a likelihood of."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor


def binarised_once(pixels: Tensor) -> Tensor:
    """Draw each pixel of uint8 images, (n, channels, height, width), white with its grey as chance.

    Training images are drawn anew each time that they are learnt from; what is held out is drawn
    once, as here, so that its nats can be compared between epochs and between models. An image
    always gives the same draw, whatever stands beside it, and whatever the seed of a run is.

    References
    ----------
    R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks", ICML
    2008: the draw. Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders",
    ICLR 2016: anew for training, and why.
    """
    drawn = torch.empty_like(pixels)
    for image, black_or_white in zip(pixels.numpy(), drawn.numpy(), strict=True):
        noise = np.random.default_rng(zlib.crc32(image.tobytes())).random(image.shape, np.float32)
        np.multiply(image > 255 * noise, 255, out=black_or_white, casting="unsafe")
    return drawn
