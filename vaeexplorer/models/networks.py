"""Encoder and decoder bodies: multi-layer perceptron and convolutional.

A decoder mirrors its encoder; its output bias starts where the likelihood draws the mean image, so
that training begins with what is the same in all images already known.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vaeexplorer.models.base import ModelConfig, Posterior, setting

ImageShape = tuple[int, int, int]
"""(channels, height, width)."""

MLP_PIXELS = 1024
"""Images of more values than this get a convolutional body unless the settings say otherwise."""

DENSE_WIDTH = 256
"""Width of the one dense hidden layer between the convolutions and the code."""

LOG_VARIANCE_BOUNDS = (-20.0, 10.0)
"""Beyond these a posterior is a point, or wider than any prior, and exp overflows next."""


@dataclass(frozen=True)
class NetworkConfig(ModelConfig):
    """Settings of families that have an encoder and a decoder."""

    body: str = setting(
        "auto",
        "body",
        "Encoder and decoder: multi-layer perceptron, convolutional, or chosen by image size; "
        "linear: no hidden layers, which with a Gaussian likelihood finds what PCA finds.",
        choices=("auto", "mlp", "conv", "linear"),
    )
    hidden: tuple[int, ...] = setting(
        (),
        "hidden widths",
        "Widths of the encoder's hidden layers (convolutional: channels, each layer halving "
        "height and width), mirrored by the decoder; empty: chosen by image size.",
        minimum=1,
        maximum=8192,
        longest=8,
        needs=("body", "auto", "mlp", "conv"),
    )


class EncoderDecoder(nn.Module):
    """Encoder and decoder of images with one code each, as an AE and a VAE share them.

    Parameters
    ----------
    config
        Body, hidden widths and latent dimensions.
    image_shape
        (channels, height, width).
    output_bias
        What the decoder starts with, (channels of the output, height, width).
    stochastic
        Whether the encoder gives a log variance too. Its head is made last: with equal
        generator state the other weights are the same with and without it.
    """

    def __init__(
        self,
        config: NetworkConfig,
        image_shape: ImageShape,
        output_bias: Tensor,
        *,
        stochastic: bool,
    ) -> None:
        super().__init__()
        make = _linear if config.body == "linear" else _conv
        if uses_mlp(config, image_shape):
            make = _mlp
        self.body, width, self.decoder = make(config, image_shape, output_bias)
        self.mean = nn.Linear(width, config.latent_dim)
        self.log_variance = nn.Linear(width, config.latent_dim) if stochastic else None

    def encode(self, images: Tensor) -> Posterior:
        """Posterior of float images in [0, 1], (batch, channels, height, width)."""
        return self.posterior(self.body(images))

    def posterior(self, features: Tensor) -> Posterior:
        """Posterior of what the body makes of images."""
        if self.log_variance is None:
            return Posterior(self.mean(features), None)
        log_variance = self.log_variance(features).clamp(*LOG_VARIANCE_BOUNDS)
        return Posterior(self.mean(features), log_variance)

    def decode(self, z: Tensor) -> Tensor:
        """Output of the decoder, (batch, its channels, height, width), of codes (batch, size)."""
        output: Tensor = self.decoder(z)
        return output


def uses_mlp(config: NetworkConfig, image_shape: ImageShape) -> bool:
    """Whether these settings give a multi-layer perceptron for images of this shape."""
    if config.body == "auto":
        return math.prod(image_shape) <= MLP_PIXELS
    return config.body == "mlp"


def _linear(
    config: NetworkConfig, image_shape: ImageShape, output_bias: Tensor
) -> tuple[nn.Module, int, nn.Module]:
    """Make encoder body, its output width, and decoder, without any hidden layer."""
    output = nn.Linear(config.latent_dim, output_bias.numel())
    with torch.no_grad():
        output.bias.copy_(output_bias.flatten())
    decoder = nn.Sequential(output, nn.Unflatten(1, output_bias.shape))
    return nn.Flatten(), math.prod(image_shape), decoder


def _mlp(
    config: NetworkConfig, image_shape: ImageShape, output_bias: Tensor
) -> tuple[nn.Module, int, nn.Module]:
    """Make encoder body, its output width, and decoder, all dense."""
    pixels = math.prod(image_shape)
    hidden = config.hidden or ((256, 128) if pixels <= 256 else (400, 200))
    output = nn.Linear(hidden[0], output_bias.numel())
    encoder = nn.Sequential(nn.Flatten(), *_dense(pixels, *hidden))
    decoder = nn.Sequential(
        *_dense(config.latent_dim, *reversed(hidden)), output, nn.Unflatten(1, output_bias.shape)
    )
    with torch.no_grad():
        output.bias.copy_(output_bias.flatten())
    return encoder, hidden[-1], decoder


def _conv(
    config: NetworkConfig, image_shape: ImageShape, output_bias: Tensor
) -> tuple[nn.Module, int, nn.Module]:
    """Make encoder body, its output width, and decoder of convolutions that halve and double."""
    channels, *size = image_shape
    widths = config.hidden or conv_widths(max(size))
    stride = 2 ** len(widths)
    grid = [math.ceil(side / stride) for side in size]
    padded = [side * stride for side in grid]
    deepest = (widths[-1], *grid)
    down: list[nn.Module] = []
    for before, after in itertools.pairwise((channels, *widths)):
        down += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
    # A transposed convolution costs a third of upsampling and convolving, at equal widths.
    up: list[nn.Module] = []
    for before, after in itertools.pairwise(reversed(widths)):
        up += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
    up += [nn.ConvTranspose2d(widths[0], len(output_bias), 4, stride=2, padding=1, bias=False)]
    encoder = nn.Sequential(
        _Pad(size, padded), *down, nn.Flatten(), *_dense(math.prod(deepest), DENSE_WIDTH)
    )
    decoder = nn.Sequential(
        *_dense(config.latent_dim, DENSE_WIDTH, math.prod(deepest)),
        nn.Unflatten(1, deepest),
        *up,
        _CropAndBias(size, padded, output_bias),
    )
    return encoder, DENSE_WIDTH, decoder


def conv_widths(longest_side: int) -> tuple[int, ...]:
    """Channels of the halving convolutions, as many as bring an image to about 4 x 4."""
    depth = min(max(math.ceil(math.log2(longest_side / 4)), 1), 5) if longest_side > 4 else 1
    return tuple(min(16 * 2**level, 128) for level in range(depth))


def _dense(*widths: int) -> list[nn.Module]:
    """Linear layers from the first width through all others, each followed by ReLU."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return layers


class _Pad(nn.Module):
    """Zeros around images of `size`, evenly, so that they are as large as `padded`."""

    def __init__(self, size: list[int], padded: list[int]) -> None:
        super().__init__()
        (top, bottom), (left, right) = (
            _margins(*sides) for sides in zip(size, padded, strict=True)
        )
        self.margins = (left, right, top, bottom)

    def forward(self, images: Tensor) -> Tensor:
        return functional.pad(images, self.margins) if any(self.margins) else images


class _CropAndBias(nn.Module):
    """The inverse of _Pad, and one bias per pixel and channel."""

    def __init__(self, size: list[int], padded: list[int], bias: Tensor) -> None:
        super().__init__()
        (top, _), (left, _) = (_margins(*sides) for sides in zip(size, padded, strict=True))
        self.rows, self.columns = slice(top, top + size[0]), slice(left, left + size[1])
        self.bias = nn.Parameter(bias.clone())

    def forward(self, logits: Tensor) -> Tensor:
        return logits[..., self.rows, self.columns] + self.bias


def _margins(size: int, padded: int) -> tuple[int, int]:
    before = (padded - size) // 2
    return before, padded - size - before
