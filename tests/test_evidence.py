"""Bounds and quadrature against a linear model with Gaussian noise, whose evidence is known."""

import math

import numpy as np
import pytest
from finishing import finish
from scipy.special import erfcx
from scipy.stats import foldnorm

from vaeexplorer.regularity.evidence import importance_bounds
from vaeexplorer.regularity.quadrature import TURN, exact_evidence

PIXELS, NOISE = 6, 1.0


class Linear:
    """x = W z + noise, z ~ N(0, I): p(z|x) and log p(x) in closed form."""

    def __init__(self, size, orthogonal=False, seed=0):
        random = np.random.default_rng(seed)
        self.w = random.normal(size=(PIXELS, size))
        if orthogonal:
            self.w = np.linalg.qr(self.w)[0] * np.linspace(0.5, 1.5, size)
        self.size = size
        self.images = random.normal(size=(64, size)) @ self.w.T
        self.images += NOISE * random.normal(size=self.images.shape)
        self.covariance = np.linalg.inv(np.eye(size) + self.w.T @ self.w / NOISE**2)

    def mean(self, x):
        return self.covariance @ self.w.T @ x / NOISE**2

    def best_diagonal(self):
        """Variances of the diagonal q that is nearest to p(z|x)."""
        return 1 / np.diag(np.linalg.inv(self.covariance))

    def log_evidence(self, x):
        total = self.w @ self.w.T + NOISE**2 * np.eye(PIXELS)
        return -0.5 * (
            x @ np.linalg.solve(total, x)
            + np.linalg.slogdet(total)[1]
            + PIXELS * math.log(2 * math.pi)
        )

    def log_joint(self, x, z):
        z = np.asarray(z, float)
        squares = ((x - z @ self.w.T) ** 2).sum(axis=1) / NOISE**2
        constant = PIXELS * math.log(2 * math.pi * NOISE**2) + self.size * math.log(2 * math.pi)
        return -0.5 * (squares + (z**2).sum(axis=1) + constant)

    def gap(self):
        """KL(q || p(z|x)) of the best diagonal q, the same for all images."""
        q = np.diag(self.best_diagonal())
        inverse = np.linalg.inv(self.covariance)
        return 0.5 * (
            np.trace(inverse @ q)
            - self.size
            + np.linalg.slogdet(self.covariance)[1]
            - np.linalg.slogdet(q)[1]
        )

    def log_weights(self, draws, variances, seed=1):
        random = np.random.default_rng(seed)
        columns = []
        for x in self.images:
            z = self.mean(x) + np.sqrt(variances) * random.normal(size=(draws, self.size))
            log_q = -0.5 * ((z - self.mean(x)) ** 2 / variances + np.log(2 * np.pi * variances))
            columns.append(self.log_joint(x, z) - log_q.sum(axis=1))
        return np.stack(columns, axis=1)


def test_with_the_exact_posterior_every_bound_is_the_evidence():
    model = Linear(3, orthogonal=True)
    exact = np.array([model.log_evidence(x) for x in model.images])
    for bound in importance_bounds(model.log_weights(50, np.diag(model.covariance)), (1, 5, 50)):
        assert np.abs(bound.per_image - exact).max() < 1e-9
        assert bound.effective == pytest.approx(np.full(64, bound.draws))


def test_many_draws_close_the_gap_that_one_leaves():
    model = Linear(3)
    exact = np.array([model.log_evidence(x) for x in model.images])
    log_weights = model.log_weights(5_000, model.best_diagonal())
    (many,) = importance_bounds(log_weights, (5_000,))
    differences = many.per_image - log_weights.mean(axis=0)
    # One draw's share in a bound is w / mean w, in the ELBO log w.
    relative = np.exp(log_weights - many.per_image)
    error = math.sqrt((relative - log_weights).var(axis=0).mean() / (5_000 * 64))
    assert model.gap() > 10 * error
    assert differences.mean() == pytest.approx(model.gap(), abs=4 * error)
    assert many.mean == pytest.approx(exact.mean(), abs=0.01)
    assert (many.effective > 1).all()
    assert (many.effective < 5_000).all()


def test_bounds_rise_with_the_number_of_draws():
    model = Linear(3)
    log_weights = model.log_weights(512, 4 * model.best_diagonal())
    means = [bound.mean for bound in importance_bounds(log_weights, (1, 8, 64, 512))]
    assert means == sorted(means)
    assert means[-1] < np.mean([model.log_evidence(x) for x in model.images]) + 0.05


def test_log_weights_may_be_as_low_as_those_of_large_images():
    weights = np.array([[-90_000.0, -np.inf], [-90_001.0, -np.inf]])
    (bound,) = importance_bounds(weights, (2,))
    assert bound.per_image[0] == pytest.approx(-90_000 + math.log((1 + math.exp(-1)) / 2))
    assert bound.per_image[1] == -np.inf
    assert bound.effective[1] == 0


@pytest.mark.parametrize("draws", [0, 3])
def test_a_bound_needs_its_draws(draws):
    with pytest.raises(ValueError, match="no bound of"):
        importance_bounds(np.zeros((2, 4)), (draws,))


def gaussian(mean, variances):
    """q(z|x) by its standard normal steps."""

    def placed(steps):
        density = -0.5 * (steps**2 + math.log(2 * math.pi) + np.log(variances)).sum(axis=1)
        return (mean + np.sqrt(variances) * steps).astype(np.float32), density

    return placed


@pytest.mark.parametrize("size", [1, 2])
def test_quadrature_gives_the_evidence_of_a_linear_model(size):
    model = Linear(size)
    x, variances = model.images[0], model.best_diagonal()
    found, shares = finish(
        exact_evidence(lambda z: model.log_joint(x, z), gaussian(model.mean(x), variances), size)
    )
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] < 1
    assert found.log_evidence == pytest.approx(model.log_evidence(x), abs=1e-6)
    assert found.gap == pytest.approx(model.gap(), abs=1e-6)
    assert abs(found.elbo + found.gap - found.log_evidence) < 1e-10
    np.testing.assert_allclose(found.mean, model.mean(x), atol=1e-6)
    np.testing.assert_allclose(found.deviation**2, variances, rtol=1e-5)
    assert found.log_true.shape == tuple(len(axis) for axis in found.axes)
    assert mass(found) == pytest.approx(1)
    assert [len(outline) for outline in found.outlines] == [TURN] * 2 * (size - 1)
    doubled = found.in_units(np.full(size, 2.0))
    assert mass(doubled) == pytest.approx(1)
    np.testing.assert_allclose(doubled.mean, 2 * found.mean)


def mass(found):
    return np.exp(found.log_true).sum() * math.prod(axis[1] - axis[0] for axis in found.axes)


@pytest.mark.parametrize("size", [1, 2])
def test_a_posterior_far_from_the_true_one_and_thin_is_seen_as_such(size):
    model = Linear(size, orthogonal=True)
    x, thin = model.images[0], 1e-6
    far = model.mean(x) + 5.0
    job = exact_evidence(lambda z: model.log_joint(x, z), gaussian(far, np.full(size, thin)), size)
    found, _ = finish(job)
    variances = np.diag(model.covariance)
    expected = 0.5 * ((thin + 25) / variances - 1 + np.log(variances / thin)).sum()
    assert found.log_evidence == pytest.approx(model.log_evidence(x), abs=1e-5)
    assert found.gap == pytest.approx(expected, rel=1e-5)


def test_a_true_posterior_a_thousand_times_thinner_than_the_prior_is_found():
    model = Linear(2)
    x, noise = model.images[0], 1e-3
    model.w /= noise  # as much as noise that is so much smaller
    model.covariance = np.linalg.inv(np.eye(2) + model.w.T @ model.w)
    x = model.w @ np.array([0.31, -0.47]) + 0.5
    asked = []

    def log_joint(z):
        asked.append(len(z))
        return model.log_joint(x, z)

    wide = gaussian(np.zeros(2), np.ones(2))
    found, _ = finish(exact_evidence(log_joint, wide, 2))
    assert found.log_evidence == pytest.approx(model.log_evidence(x), rel=1e-5)
    assert sum(asked) < 10_000, "or it would have no need to close in"


def test_kinks_as_piecewise_linear_decoders_have_them_are_integrated_with_few_decodes():
    scale, kinks = np.array([20.0, 10.0]), np.array([20.0, 5.0])
    middle, spread, asked = np.array([0.31, -0.47]), 0.06, []

    def log_joint(z):
        asked.append(len(z))
        away = np.abs(z - middle)
        return -0.5 * (away**2 @ scale**2) - away @ kinks

    found, _ = finish(exact_evidence(log_joint, gaussian(middle + 0.01, np.full(2, spread**2)), 2))
    ratio = kinks / scale / math.sqrt(2)
    expected = np.log(math.sqrt(2 * math.pi) / scale * erfcx(ratio)).sum()
    assert found.log_evidence == pytest.approx(expected, abs=1e-4)
    entropy = math.log(2 * math.pi * math.e * spread**2)
    away = foldnorm(0.01 / spread, scale=spread)
    elbo = entropy - 0.5 * ((spread**2 + 1e-4) * scale**2).sum() - away.mean() * kinks.sum()
    assert found.elbo == pytest.approx(elbo, abs=2e-4)
    assert sum(asked) < 100_000, "or most were asked for far from the kinks"


def test_where_the_density_is_is_found_beyond_the_first_grid():
    def log_joint(z):
        return -0.5 * ((z[:, 0] - 40.0) ** 2 + math.log(2 * math.pi))

    found, _ = finish(exact_evidence(log_joint, gaussian(np.zeros(1), np.ones(1)), 1))
    assert found.log_evidence == pytest.approx(0.0, abs=1e-6)


def test_three_dimensions_are_too_many_for_a_grid():
    with pytest.raises(ValueError, match="1 or 2 latent dimensions"):
        next(exact_evidence(lambda z: z[:, 0], gaussian(np.zeros(3), np.ones(3)), 3))
