"""The hierarchical VAE: stochastic layers z_T .. z_1, each drawn given the one above."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn

from vaeexplorer.models.base import (
    Batch,
    CodeSpace,
    Family,
    LatentSpace,
    Model,
    Posterior,
    Prior,
    StandardNormal,
    Terms,
    setting,
)
from vaeexplorer.models.gaussian import VaeConfig, draw, log_density, rates
from vaeexplorer.models.likelihoods import likelihood_of
from vaeexplorer.models.networks import LOG_VARIANCE_BOUNDS, EncoderDecoder, ImageShape
from vaeexplorer.models.options import replaced
from vaeexplorer.models.priors import reparametrised

WIDTH = 64
"""Width of the hidden layer between two stochastic layers."""


@dataclass(frozen=True)
class HvaeConfig(VaeConfig):
    """Settings of a hierarchical VAE: each layer has the latent dimensions."""

    layers: int = setting(
        2,
        "layers T",
        "Stochastic layers, one above the other; 1 is the VAE.",
        minimum=1,
        maximum=5,
        basic=True,
    )
    # Without these two the layers above z_1 say nothing at the end of most trainings.
    warm_up: float = replaced(VaeConfig, "warm_up", 0.5)
    free_bits: float = replaced(VaeConfig, "free_bits", 0.1)


class HierarchicalAutoencoder(Model):
    """p(z_T) = N(0, I), p(z_t|z_{t+1}) diagonal Gaussian, p(x|z_1).

    The posterior goes from the top down, q(z_T|x) then q(z_t|z_{t+1}, x), so that the rate of
    every layer is a true KL, never below 0. With one layer it is the VAE, weight by weight.
    """

    def __init__(self, config: HvaeConfig, image_shape: ImageShape, mean_image: Tensor) -> None:
        super().__init__()
        size, below = config.latent_dim, config.layers - 1
        self.prior = StandardNormal(size)
        self.likelihood = likelihood_of(config, image_shape)
        bias = self.likelihood.bias(mean_image)
        self.network = EncoderDecoder(config, image_shape, bias, stochastic=True)
        width = self.network.mean.in_features
        # From the layer below the top down to z_1.
        self.posteriors = nn.ModuleList(_Conditional(width + size, size) for _ in range(below))
        self.priors = nn.ModuleList(_Conditional(size, size) for _ in range(below))

    def forward(self, batch: Batch, generator: torch.Generator) -> Terms:
        """Terms of the objective, with one draw of every layer per image from `generator`."""
        features = self.network.body(batch.images)
        posterior = self.network.posterior(features)
        z = draw(posterior, generator)
        by_layer = [rates(posterior)]
        for conditional, prior in zip(self.posteriors, self.priors, strict=True):
            posterior, expected = conditional(torch.cat([features, z], dim=1)), prior(z)
            by_layer.append(relative_rates(posterior, expected))
            z = draw(posterior, generator)
        distortion = -self.likelihood.log_prob(self.network.decode(z), batch.images)
        named = dict(zip(self.names, by_layer, strict=True))
        return Terms(distortion, named, distortion.new_zeros(()))

    @property
    def names(self) -> list[str]:
        """Names of the layers, the top first; one layer is "z"."""
        count = len(self.priors) + 1
        return ["z"] if count == 1 else [f"z{layer}" for layer in range(count, 0, -1)]

    def spaces(self) -> dict[str, LatentSpace]:
        """Give one space per layer of a frozen copy of this model as it is now, the top first.

        Codes of a layer are means of its posterior with the layers above at their means; it is
        decoded with the layers below at the means that the prior expects of them. What is drawn in
        it is drawn below draws of the layers above, or below those of an image (see
        LatentSpace.holding).
        """
        frozen = self.frozen()
        return {name: frozen.layer(depth) for depth, name in enumerate(self.names)}

    def layer(self, depth: int, context: Tensor | None = None) -> LatentSpace:
        """Space of the layer `depth` below the top, of this very model.

        Its prior is the law that it has below the layers above of the image `context`, (channels,
        height, width), at their means; None: below draws of them.
        """
        prior: Prior = self.prior
        if depth and context is None:
            prior = LayerPrior(self, depth)
        elif depth and context is not None:
            above = self.encode(context[None], depth - 1).mean
            prior = DiagonalNormal(*self.priors[depth - 1](above))
        return CodeSpace(
            self.prior.size,
            partial(self.encode, depth=depth),
            partial(self.decode, depth=depth),
            prior,
            given="upper" if depth else None,
            held_at=partial(self.layer, depth) if depth else None,
            lowest=None if depth == len(self.priors) else self.layer(len(self.priors)),
            drawn_below=partial(self.lowest_below, depth),
        )

    def encode(self, images: Tensor, depth: int = 0) -> Posterior:
        """Posterior of the layer `depth` below the top, layers above at their means."""
        features = self.network.body(images)
        posterior: Posterior = self.network.posterior(features)
        for conditional in list(self.posteriors)[:depth]:
            posterior = conditional(torch.cat([features, posterior.mean], dim=1))
        return posterior

    def decode(self, z: Tensor, depth: int = 0) -> Tensor:
        """Mean images, (batch, channels, height, width), of z of the layer `depth` below the top.

        The layers below it are at the means that the prior expects.
        """
        for prior in list(self.priors)[depth:]:
            z = prior(z).mean
        return self.likelihood.mean(self.network.decode(z))

    def log_weight(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """log p(x, z) - log q(z|x) for one draw of all layers, (batch,), in nats."""
        features = self.network.body(batch.images)
        posterior = self.network.posterior(features)
        z = draw(posterior, generator)
        weight = self.prior.log_prob(z) - log_density(posterior, z)
        for conditional, prior in zip(self.posteriors, self.priors, strict=True):
            posterior, expected = conditional(torch.cat([features, z], dim=1)), prior(z)
            z = draw(posterior, generator)
            weight = weight + log_density(expected, z) - log_density(posterior, z)
        return weight + self.likelihood.log_prob(self.network.decode(z), batch.images)

    def log_joint(self, batch: Batch, z: Tensor) -> Tensor | None:
        """log p(x, z) in nats, (batch,), of the codes of all layers, the top first.

        z is (batch, layers x size). None of the code of one layer among several: the others would
        have to be integrated out.
        """
        return self.joint_of(z)(batch)

    def joint_of(self, z: Tensor) -> Callable[[Batch], Tensor | None]:
        """`log_joint` of codes `z`, which are decoded but once."""
        if z.shape[1] != (len(self.priors) + 1) * self.prior.size:
            return lambda _: None
        output = self.network.decode(z[:, -self.prior.size :])
        density = AllLayers(self).log_prob(z)
        return lambda batch: self.likelihood.log_prob(output, batch.images) + density

    def draws_downwards(self, n: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Draw `n` codes of each layer, (n, size), the top first, each given those above it."""
        z = self.prior.sample(n, generator)
        yield z
        yield from self.draws_below(0, z, generator)

    def draws_below(self, depth: int, z: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
        """Draw codes of each layer under codes `z`, (n, size), of that `depth` below the top."""
        for prior in list(self.priors)[depth:]:
            z = draw(prior(z), generator)
            yield z

    def lowest_below(self, depth: int, z: Tensor, generator: torch.Generator) -> Tensor:
        """Draw codes of the lowest layer, (n, size), as `draws_below` does."""
        return [z, *self.draws_below(depth, z, generator)][-1]

    def joint_posterior(self, images: Tensor) -> Posterior:
        """q of the codes of all layers, the top first, each with those above it at their means."""
        layers = [self.encode(images, depth) for depth in range(len(self.priors) + 1)]
        spread = [layer.log_variance for layer in layers if layer.log_variance is not None]
        return Posterior(torch.cat([layer.mean for layer in layers], dim=1), torch.cat(spread, 1))

    def placed(self, images: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Codes of all layers that `steps` lead to, each given those above, and log q of each."""
        features = self.network.body(images)
        first, *others = steps.split(self.prior.size, dim=1)
        z, density = _placed(self.network.posterior(features), first)
        layers = [z]
        for conditional, step in zip(self.posteriors, others, strict=True):
            given = torch.cat([features.expand(len(z), -1), z], dim=1)
            z, more = _placed(conditional(given), step)
            density = density + more
            layers.append(z)
        return torch.cat(layers, dim=1), density

    def joint_names(self) -> tuple[str, ...]:
        """Names of the layers, as long as each has one dimension."""
        return tuple(self.names) if len(self.names) > 1 and self.prior.size == 1 else ()

    def joint_prior(self) -> Prior:
        """Law of the codes of all layers, the top first."""
        return AllLayers(self)


@dataclass(frozen=True, eq=False)
class AllLayers:
    """The law of the codes of all layers side by side, the top first."""

    model: HierarchicalAutoencoder
    name: str = "hierarchy of layers"

    @torch.inference_mode()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes of all layers, (n, layers x size)."""
        return torch.cat(list(self.model.draws_downwards(n, generator)), dim=1)

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats, (batch,), for z of shape (batch, layers x size)."""
        layers = z.split(self.model.prior.size, dim=1)
        density = self.model.prior.log_prob(layers[0])
        for prior, above, below in zip(self.model.priors, layers, layers[1:], strict=False):
            density = density + log_density(prior(above), below)
        return density


@dataclass(frozen=True, eq=False)
class LayerPrior:
    """The law of a layer below the top: draws of all layers above it, one given the other."""

    model: HierarchicalAutoencoder
    depth: int
    name: str = "hierarchy of layers"

    @torch.inference_mode()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, size)."""
        layers = self.model.draws_downwards(n, generator)
        return next(islice(layers, self.depth, None))

    def log_prob(self, z: Tensor) -> None:
        """None: the density is an integral over the layers above, which nobody can write down."""
        del z


@dataclass(frozen=True, eq=False)
class DiagonalNormal:
    """A diagonal Gaussian: the law of a layer below one code of the layer above it, (1, size)."""

    mean: Tensor
    log_variance: Tensor
    name: str = "law of the layer below one image's upper layers"

    @torch.inference_mode()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` codes, (n, size)."""
        mean, log_variance = (one.expand(n, -1) for one in (self.mean, self.log_variance))
        return draw(Posterior(mean, log_variance), generator)

    @torch.inference_mode()
    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats, (batch,), for z of shape (batch, size)."""
        return log_density(Posterior(self.mean, self.log_variance), z)


class _Conditional(nn.Module):
    """Diagonal Gaussian given a vector: one hidden layer, and heads for mean and log variance."""

    def __init__(self, given: int, size: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(given, WIDTH), nn.ReLU())
        self.mean = nn.Linear(WIDTH, size)
        self.log_variance = nn.Linear(WIDTH, size)

    def forward(self, given: Tensor) -> Posterior:
        features = self.hidden(given)
        log_variance = self.log_variance(features).clamp(*LOG_VARIANCE_BOUNDS)
        return Posterior(self.mean(features), log_variance)


def _placed(posterior: Posterior, steps: Tensor) -> tuple[Tensor, Tensor]:
    mean, log_variance = posterior
    if log_variance is None:
        raise TypeError("A deterministic code has no steps.")
    return reparametrised(mean, log_variance, steps)


def relative_rates(posterior: Posterior, prior: Posterior) -> Tensor:
    """KL between two diagonal Gaussians per dimension in nats, (batch, size), in closed form."""
    (mean, log_variance), (centre, spread) = posterior, prior
    if log_variance is None or spread is None:
        raise TypeError("A deterministic code has no rate.")
    scaled = ((mean - centre).square() + log_variance.exp()) * spread.neg().exp()
    return 0.5 * (scaled - 1.0 + spread - log_variance)


FAMILY = Family(
    builder=HierarchicalAutoencoder,
    config=HvaeConfig,
    title="HVAE",
    story="Stacks stochastic layers: the top one says roughly what the image is, each one below "
    "fills in what the layer above leaves open.",
    paper="Sonderby et al. 2016, Ladder variational autoencoders, arXiv:1602.02282",
)
