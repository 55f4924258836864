"""Principal component analysis (PCA): the linear cousin of the autoencoders, fitted at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaeexplorer.data.dataset import Dataset
from vaeexplorer.models.base import (
    Batch,
    CodeSpace,
    Family,
    LatentSpace,
    Model,
    ModelConfig,
    Posterior,
    SettingError,
    StandardNormal,
    Terms,
    float_images,
)
from vaeexplorer.models.gaussian import draw, log_density, rates
from vaeexplorer.models.likelihoods import SMALLEST_LOG_SIGMA, Gaussian, gaussian_log_prob
from vaeexplorer.models.networks import ImageShape

CHUNK = 1024
EXACT_PIXELS = 1024
"""Up to so many values per image the covariance is diagonalised; beyond, its axes are iterated."""
POWER_ROUNDS, POWER_SPARE = 8, 30


@dataclass(frozen=True)
class PcaConfig(ModelConfig):
    """Settings of a PCA: the number of axes."""

    def nats(self, image_shape: ImageShape) -> str:
        """One sentence on what the nats of the distortion are."""
        del image_shape
        return Gaussian.nats


class ResidualGaussian(Gaussian):
    """Independent Gaussian pixels, whose variance is what straight axes leave out, as asked for."""

    def __init__(self, variance: Callable[[], Tensor]) -> None:
        super().__init__(1.0, straight=True)
        self.left_out = variance

    def log_prob(self, output: Tensor, images: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels, (batch,), for `images` in [0, 1]."""
        squared = (images - output).square().flatten(1).sum(dim=1)
        return gaussian_log_prob(squared, images[0].numel(), self.left_out().log())

    def deviation(self, output: Tensor) -> Tensor:
        """Return the standard deviation of the noise, ()."""
        del output
        return self.left_out().sqrt()


class PrincipalComponents(Model):
    """Straight axes through the mean image, along which the images vary most.

    The code is the coordinates of an image on the axes; the decoder is the exact inverse on their
    span and may leave [0, 1]. Its nats are those of probabilistic PCA, whose posterior is exact:
    x = centre + W z + noise, z ~ N(0, I), where W scales each axis to the variance along it, less
    that of the noise. So minus distortion minus rate is log p(x), image by image.

    References
    ----------
    M. Tipping and C. Bishop, "Probabilistic principal component analysis", Journal of the Royal
    Statistical Society B 61, 1999.
    """

    later = frozenset({"variances"})
    variances: Tensor

    def __init__(self, config: PcaConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__()
        pixels = math.prod(image_shape)
        self.shape = image_shape
        self.centre = nn.Parameter(mean_image.flatten().clone())
        # An untrained PCA has random axes, as an untrained network has random weights. On "meta"
        # there is nothing to draw, nor to make orthogonal.
        axes = torch.empty(pixels, config.latent_dim)
        if not axes.is_meta:
            axes, _ = torch.linalg.qr(axes.normal_())
        self.axes = nn.Parameter(axes.contiguous())
        self.log_variance = nn.Parameter(torch.zeros(()))
        # Untrained too, the axes carry more than the noise.
        self.register_buffer("variances", torch.full((config.latent_dim,), 2.0))
        self.prior = StandardNormal(config.latent_dim)
        self.likelihood = ResidualGaussian(self.noise_variance)

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of probabilistic PCA, in closed form: `generator` is not used.

        As many axes as pixels leave no noise, hence nothing to be probable; former versions did not
        keep the variances. Then the distortion is that of a Gaussian with the mean squared error,
        and there is no rate.
        """
        del generator
        if not self.noisy:
            decoded = self.decode(self.encode(batch.images).mean)
            squared = (batch.images - decoded).square().flatten(1).sum(dim=1)
            distortion = -gaussian_log_prob(squared, len(self.centre), self.log_variance)
            return Terms(distortion, None, distortion.new_zeros(()))
        posterior = self.joint_posterior(batch.images)
        assert posterior.log_variance is not None
        log_likelihood = self.likelihood.log_prob(self._drawn(posterior.mean), batch.images)
        # The decoder is straight: what the draws of z add to the distortion is the same for all.
        blurred = (self._gains().square() * posterior.log_variance.exp()).sum(dim=1)
        distortion = blurred / (2 * self.noise_variance()) - log_likelihood
        return Terms(distortion, {"z": rates(posterior)}, distortion.new_zeros(()))

    @property
    def noisy(self) -> bool:
        """Whether the axes leave anything out, and it is known how much they do not."""
        return self.axes.shape[1] < self.axes.shape[0] and bool(self.variances.any())

    def joint_posterior(self, images: Tensor) -> Posterior:
        """p(z|x) of probabilistic PCA: its z is the code in units of what W makes of it."""
        spread = self._spread()
        mean = self.encode(images).mean * self._gains() / spread
        return Posterior(mean, (self.noise_variance() / spread).log().expand_as(mean))

    def code_lengths(self) -> Tensor | None:
        """Lengths of the columns of W: a code is a place on the axes, in units of the images."""
        gains = self._gains()
        return gains if bool((gains > 0).all()) else None

    def joint_prior(self) -> StandardNormal:
        """Law of the z that `log_joint` takes, N(0, I)."""
        return self.prior

    def log_joint(self, batch: Batch, z: Tensor) -> Tensor | None:
        """log p(x, z) of probabilistic PCA in nats, (batch,); None without any noise."""
        if not self.noisy:
            return None
        return self.likelihood.log_prob(self._drawn(z), batch.images) + self.prior.log_prob(z)

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """log p(x), (batch,), whichever z is drawn: the posterior is exact; None without noise."""
        posterior = self.joint_posterior(batch.images)
        z = draw(posterior, generator)
        joint = self.log_joint(batch, z)
        return None if joint is None else joint - log_density(posterior, z)

    def _spread(self) -> Tensor:
        """Variance along each axis, no less than that of the noise, (size,)."""
        return torch.maximum(self.variances, self.noise_variance())

    def _gains(self) -> Tensor:
        """Lengths of the columns of W, (size,)."""
        return (self._spread() - self.noise_variance()).sqrt()

    def _drawn(self, z: Tensor) -> Tensor:
        return self.decode(z * self._gains())

    def spaces(self) -> dict[str, LatentSpace]:
        """Give the one space, "z", of a frozen copy of this model as it is now."""
        frozen = self.frozen()
        return {"z": CodeSpace(self.axes.shape[1], frozen.encode, frozen.decode)}

    def encode(self, images: Tensor) -> Posterior:
        """Coordinates on the axes of float images (batch, channels, height, width)."""
        return Posterior((images.flatten(1) - self.centre) @ self.axes, None)

    def decode(self, z: Tensor) -> Tensor:
        """Images (batch, channels, height, width), not always in [0, 1], of codes (batch, size)."""
        images: Tensor = (self.centre + z @ self.axes.T).unflatten(1, self.shape)
        return self.likelihood.mean(images)

    def noise_variance(self) -> Tensor:
        """Variance of a pixel given the code in probabilistic PCA, (): see References.

        It is the mean of the eigenvalues of the covariance that the axes leave out. Their sum is
        the mean squared error of an image, which every fitted model holds.
        """
        pixels, size = self.axes.shape
        return self.log_variance.exp() * (pixels / (pixels - size) if size < pixels else 0.0)

    @torch.no_grad()
    def fit(self, images: Tensor) -> Iterator[float]:
        """Fit mean, axes and variance to uint8 `images`; yields the share that is done.

        References
        ----------
        K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901. For
        large images by subspace iteration: Halko, Martinsson & Tropp, "Finding structure with
        randomness", SIAM Review 53, 2011.
        """
        chunks = torch.split(images, CHUNK)
        passes = 2 + (1 if len(self.centre) <= EXACT_PIXELS else POWER_ROUNDS)
        share = 1 / (passes * len(chunks))
        done = 0.0
        total = torch.zeros_like(self.centre, dtype=torch.float64)
        for chunk in chunks:
            total += float_images(chunk).flatten(1).sum(dim=0, dtype=torch.float64)
            yield (done := done + share)
        self.centre.copy_(total / len(images))
        axes = yield from self._principal_axes(chunks, done, share)
        done = 1.0 - len(chunks) * share
        # The sign of an axis is free: its largest component is made positive.
        largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
        self.axes.copy_(torch.where(largest < 0, -axes, axes))
        squared, along = 0.0, torch.zeros_like(self.variances, dtype=torch.float64)
        for chunk in chunks:
            codes = self.encode(float_images(chunk)).mean
            lost = float_images(chunk) - self.decode(codes)
            squared += lost.square().sum(dtype=torch.float64).item()
            along += codes.square().sum(dim=0, dtype=torch.float64)
            yield (done := min(done + share, 1.0))
        floor = math.exp(2 * SMALLEST_LOG_SIGMA)
        self.log_variance.fill_(math.log(max(squared / images.numel(), floor)))
        self.variances.copy_(along / len(images))

    def _principal_axes(
        self, chunks: tuple[Tensor, ...], done: float, share: float
    ) -> Generator[float, None, Tensor]:
        """Yield the share that is done; return orthonormal axes, (pixels, size), largest first."""
        pixels, size = self.axes.shape
        if pixels <= EXACT_PIXELS:
            covariance = torch.zeros(pixels, pixels, dtype=torch.float64)
            for chunk in chunks:
                centred = float_images(chunk).flatten(1) - self.centre
                covariance += (centred.T @ centred).double()
                yield (done := done + share)
            _, vectors = torch.linalg.eigh(covariance)
            exact: Tensor = vectors.flip(1)[:, :size].float()
            return exact
        generator = torch.Generator().manual_seed(0)
        block = torch.randn(pixels, min(size + POWER_SPARE, pixels), generator=generator)
        for _ in range(POWER_ROUNDS):
            block, _ = torch.linalg.qr(block)
            image = torch.zeros_like(block)
            for chunk in chunks:
                centred = float_images(chunk).flatten(1) - self.centre
                image += centred.T @ (centred @ block)
                yield (done := done + share)
            block = image
        vectors, _, _ = torch.linalg.svd(block, full_matrices=False)
        first: Tensor = vectors[:, :size]
        return first


def check(config: PcaConfig, dataset: Dataset) -> None:
    """Raise SettingError if images of `dataset` have not so many axes."""
    pixels = math.prod(dataset.shape)
    if config.latent_dim > pixels:
        raise SettingError(
            f"latent dimensions must be at most {pixels}, the values of an image, for PCA, not "
            f"{config.latent_dim}."
        )


FAMILY = Family(
    builder=PrincipalComponents,
    config=PcaConfig,
    title="PCA",
    story="Describes each image by its place on the few straight axes along which the images vary "
    "most: nothing is bent, so that nothing can tear, and little fits.",
    paper="Pearson 1901, On lines and planes of closest fit to systems of points in space, "
    "Philosophical Magazine 2",
    fit=PrincipalComponents.fit,
    check=check,
)
