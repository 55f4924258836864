"""Likelihoods p(x|z): what a decoder's output means.

They own the sigmoid, the scale, log_prob, and the output bias that draws the mean image. All take
the output of a decoder, (batch, channels per value x channels, height, width).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vaeexplorer.models.base import setting
from vaeexplorer.models.networks import ImageShape, NetworkConfig

LOG_2_PI = math.log(2 * math.pi)
SMALLEST_LOG_SIGMA = -math.log(256)
"""One grey level of 256: a border that never changes would make any density infinite."""
FIRST_LOG_SIGMA = -1.0
BINARISED_NATS = (
    "Pixels are drawn black and white, so that these nats are a log-likelihood of binarised "
    "images: compare them only with those of models of the same images that are binarised too."
)
SLOWEST = 0.05
"""Share of the newest batch in the running mean of the squared error, at least."""


class Likelihood(nn.Module, ABC):
    """What every likelihood has.

    Attributes
    ----------
    per_value
        Channels of the decoder's output for each channel of the image.
    nats
        One sentence on what its nats are, and what they may be compared with.
    """

    per_value = 1
    nats = ""

    @abstractmethod
    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""

    @abstractmethod
    def mean(self, output: Tensor) -> Tensor:
        """Mean images, (batch, channels, height, width)."""

    @abstractmethod
    def sample(self, output: Tensor, generator: torch.Generator) -> Tensor:
        """Draw one image from each p(x|z), shaped as the mean; a density may leave [0, 1]."""

    @abstractmethod
    def bias(self, mean_image: Tensor) -> Tensor:
        """Output (per_value x channels, height, width) whose mean is `mean_image`, in [0, 1]."""


class Bernoulli(Likelihood):
    """Independent Bernoulli pixels, given by their logits.

    On grey pixels this is a pseudo-likelihood: the cross-entropy of a pixel between 0 and 1 is
    the mean log-probability over binarised draws of it, not a normalised density. Differences
    between models on the same images mean something; the value itself is no log-likelihood.
    """

    nats = (
        "Bernoulli on grey pixels is a pseudo-likelihood: its nats compare models of the same "
        "images, and are a log-likelihood on black and white ones only."
    )

    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        per_pixel = functional.binary_cross_entropy_with_logits(output, images, reduction="none")
        return per_pixel.flatten(1).sum(dim=1).neg()

    def mean(self, output: Tensor) -> Tensor:
        """Mean images in [0, 1], shaped as the logits."""
        return torch.sigmoid(output)

    def sample(self, output: Tensor, generator: torch.Generator) -> Tensor:
        """Draw black and white images."""
        return torch.bernoulli(self.mean(output), generator=generator)

    def bias(self, mean_image: Tensor) -> Tensor:
        """Logits of the mean image."""
        return logit(mean_image)


class Gaussian(Likelihood):
    """Independent Gaussian pixels of one variance, which is given.

    A VAE with variance c and weight 1 of the rate learns what one with variance 1 and weight
    beta = c does: the loss is c times smaller, and nothing else changes.

    Parameters
    ----------
    variance
        c, above 0, in squared units of pixels in [0, 1].
    straight
        Whether the output is the mean itself; else the mean is its sigmoid.
    """

    nats = (
        "A Gaussian gives nats of a density, which may be negative: compare them only with those "
        "of models that have the same likelihood."
    )

    def __init__(self, variance: float, straight: bool = False) -> None:
        super().__init__()
        self.straight = straight
        self.variance = variance

    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        squared = (images - self.mean(output)).square().flatten(1).sum(dim=1)
        return gaussian_log_prob(squared, images[0].numel(), math.log(self.variance))

    def mean(self, output: Tensor) -> Tensor:
        """Mean images, shaped as the output; in [0, 1] unless it is straight."""
        return output if self.straight else torch.sigmoid(output)

    def sample(self, output: Tensor, generator: torch.Generator) -> Tensor:
        """Draw the mean and noise."""
        mean = self.mean(output)
        noise = torch.randn(mean.shape, generator=generator)
        return torch.addcmul(mean, self.deviation(output), noise)

    def deviation(self, output: Tensor) -> Tensor:
        """Return the standard deviation of the noise, () or shaped as the mean."""
        del output
        return torch.tensor(math.sqrt(self.variance))

    def bias(self, mean_image: Tensor) -> Tensor:
        """Output whose mean is the mean image."""
        return mean_image.clone() if self.straight else logit(mean_image)


class OptimalGaussian(Gaussian):
    """Independent Gaussian pixels of the one variance that is best: the mean squared error.

    In training it is that of the batch; measured and saved is its running mean. (Rybkin, Daniilidis
    and Levine 2021, Simple and effective VAE training with calibrated decoders, ICML.)

    Parameters
    ----------
    straight
        As for `Gaussian`.
    smallest
        The log standard deviation that it is never below.
    """

    squared_error: Tensor
    seen: Tensor

    def __init__(self, straight: bool = False, smallest: float = SMALLEST_LOG_SIGMA) -> None:
        super().__init__(1.0, straight)
        self.smallest = smallest
        self.register_buffer("squared_error", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(()))

    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        squared = (images - self.mean(output)).square().flatten(1).sum(dim=1)
        pixels = images[0].numel()
        error = self.squared_error
        if self.training or not error:
            # No gradient: at the optimum that of the variance is 0.
            error = squared.detach().mean() / pixels
        if self.training:
            self._remember(error)
        log_variance = error.log().clamp_min(2 * self.smallest)
        return gaussian_log_prob(squared, pixels, log_variance)

    def deviation(self, output: Tensor) -> Tensor:
        """Return the standard deviation of the noise, ()."""
        del output
        return self.squared_error.sqrt().clamp_min(math.exp(self.smallest))

    @torch.no_grad()
    def _remember(self, error: Tensor) -> None:
        self.seen.add_(1)
        share = torch.maximum(1 / self.seen, torch.tensor(SLOWEST))
        self.squared_error.lerp_(error, share)


class LearnedGaussian(Gaussian):
    """Independent Gaussian pixels whose means and deviations the decoder gives, no less than 1/256.

    Without that floor the density of pixels that are the same in all images has no bound.
    """

    per_value = 2

    def __init__(self, straight: bool = False) -> None:
        super().__init__(1.0, straight)

    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        scaled = (images - self.mean(output)) * self.log_sigma(output).neg().exp()
        per_pixel = -0.5 * (scaled.square() + LOG_2_PI) - self.log_sigma(output)
        return per_pixel.flatten(1).sum(dim=1)

    def mean(self, output: Tensor) -> Tensor:
        """Mean images, (batch, channels, height, width)."""
        return super().mean(output.chunk(2, dim=1)[0])

    def deviation(self, output: Tensor) -> Tensor:
        """Return the standard deviation of every pixel, (batch, channels, height, width)."""
        return self.log_sigma(output).exp()

    def log_sigma(self, output: Tensor) -> Tensor:
        """Log standard deviation of every pixel, (batch, channels, height, width)."""
        raw = output.chunk(2, dim=1)[1]
        return SMALLEST_LOG_SIGMA + functional.softplus(raw - SMALLEST_LOG_SIGMA)

    def bias(self, mean_image: Tensor) -> Tensor:
        """Output whose mean is the mean image, and whose deviation is about 1/e."""
        return torch.cat([super().bias(mean_image), torch.full_like(mean_image, FIRST_LOG_SIGMA)])


class Categorical(Likelihood):
    """Independent pixels, each one of K grey levels, given by the logits of all levels."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.per_value = self.levels = levels
        self.nats = (
            f"Nats of images rounded to {levels} grey levels: a log-likelihood, to be compared "
            "with those of models that have the same number of levels."
        )

    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        levels = images.mul(self.levels - 1).round().long()
        per_pixel = functional.cross_entropy(self._logits(output), levels, reduction="none")
        return per_pixel.flatten(1).sum(dim=1).neg()

    def mean(self, output: Tensor) -> Tensor:
        """Mean images in [0, 1], (batch, channels, height, width)."""
        greys = torch.arange(self.levels, device=output.device) / (self.levels - 1)
        drawn: Tensor = torch.einsum("bk...,k->b...", self._logits(output).softmax(dim=1), greys)
        return drawn

    def sample(self, output: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a grey level for every pixel."""
        shares = self._logits(output).softmax(dim=1).movedim(1, -1)
        levels = torch.multinomial(shares.flatten(0, -2), 1, generator=generator)
        return levels.view(shares.shape[:-1]).float() / (self.levels - 1)

    def bias(self, mean_image: Tensor) -> Tensor:
        """Logits of a binomial law, whose mean is that of the image."""
        most = self.levels - 1
        count = torch.arange(self.levels, dtype=torch.float32, device=mean_image.device)
        ways = math.lgamma(most + 1) - torch.lgamma(count + 1) - torch.lgamma(most - count + 1)
        logits = ways[:, None, None, None] + count[:, None, None, None] * logit(mean_image)
        return logits.flatten(0, 1)

    def _logits(self, output: Tensor) -> Tensor:
        logits: Tensor = output.unflatten(1, (self.levels, -1))
        return logits


class Drawing(nn.Module):
    """A likelihood whose mean is a draw: what decodes with it draws images from p(x|z)."""

    def __init__(self, likelihood: Likelihood, seed: int) -> None:
        super().__init__()
        self.likelihood, self.seed = likelihood, seed

    def mean(self, output: Tensor) -> Tensor:
        """Draw images from p(x|z), the same ones for the same output."""
        return self.likelihood.sample(output, torch.Generator().manual_seed(self.seed))


@dataclass(frozen=True)
class ImageConfig(NetworkConfig):
    """Settings of families that learn to draw images."""

    likelihood: str = setting(
        "auto",
        "likelihood",
        "What the decoder's output means: Bernoulli (auto for grey images), Gaussian of fixed "
        "variance, of the optimal one (auto for colour), of one learned for each pixel, or grey "
        "levels.",
        choices=("auto", "bernoulli", "gaussian", "optimal", "learned", "categorical"),
    )
    variance: float = setting(
        0.1,
        "variance",
        "Fixed variance c of the Gaussian, pixels from 0 to 1. It is the same dial as beta: c with "
        "beta 1 trains what beta = c trains with variance 1.",
        minimum=1e-4,
        maximum=100,
        needs=("likelihood", "gaussian"),
    )
    levels: int = setting(
        16,
        "grey levels",
        "Grey levels that images are rounded to.",
        minimum=2,
        maximum=256,
        needs=("likelihood", "categorical"),
    )
    binarise: str = setting(
        "no",
        "binarise",
        "dynamic: each time that an image is learnt from, every pixel is drawn black or white, "
        "with its grey as the chance of white, so that Bernoulli nats are a log-likelihood. "
        "Held-out images are drawn once.",
        choices=("no", "dynamic"),
    )

    @property
    def binarised(self) -> bool:
        """Whether images are drawn black and white before anything is learnt from them."""
        return self.binarise != "no"

    def problem(self, image_shape: ImageShape | None = None) -> str:
        """Say why these settings do not go together; empty: they do."""
        kind = self.likelihood
        if image_shape is not None:
            kind = kind_of(self, image_shape)
        if not self.binarised or kind in ("auto", "bernoulli"):
            return ""
        return (
            "binarise draws black and white images, which need the likelihood bernoulli, not "
            f"{kind}."
        )

    def nats(self, image_shape: ImageShape) -> str:
        """One sentence on what the nats of the distortion are."""
        return BINARISED_NATS if self.binarised else likelihood_of(self, image_shape).nats


def likelihood_of(config: ImageConfig, image_shape: ImageShape) -> Likelihood:
    """Make the likelihood that `config` asks for; a linear decoder gives Gaussian means itself."""
    straight = config.body == "linear"
    kinds: dict[str, Callable[[], Likelihood]] = {
        "bernoulli": Bernoulli,
        "gaussian": lambda: Gaussian(config.variance, straight),
        "optimal": lambda: OptimalGaussian(straight),
        "learned": lambda: LearnedGaussian(straight),
        "categorical": lambda: Categorical(config.levels),
    }
    return kinds[kind_of(config, image_shape)]()


def kind_of(config: ImageConfig, image_shape: ImageShape) -> str:
    """Return the likelihood that `config` means for images of that shape, never "auto"."""
    if config.likelihood != "auto":
        return config.likelihood
    return "bernoulli" if image_shape[0] == 1 else "optimal"


def gaussian_log_prob(squared: Tensor, pixels: int, log_variance: Tensor | float) -> Tensor:
    """Log density, (batch,), of `pixels` Gaussian values at the squared distances (batch,)."""
    precision = (
        math.exp(-log_variance) if isinstance(log_variance, float) else log_variance.neg().exp()
    )
    log_prob: Tensor = -0.5 * (squared * precision + pixels * (LOG_2_PI + log_variance))
    return log_prob


def logit(mean_image: Tensor) -> Tensor:
    """Logits of pixels; one that is 0 in every training image stays possible: one level of 256."""
    return torch.logit(mean_image.clamp(1 / 256, 1 - 1 / 256))
