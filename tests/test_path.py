"""path: the score leaves the gradient and nothing else changes; what is biased is known exactly.

The model of most tests: p(z) = N(0, 1), p(x | z) = N(z, 1), x = 1, q = N(0.2, 0.9^2).
"""

import math

import pytest
import torch

from reparam import densities, estimators, importance, noise, oracles, path, quadrature, samplers

F64 = torch.float64
GRADIENTS = ("total", "path", "dreg")
MEAN, LOG_VAR = torch.tensor([0.2], dtype=F64), torch.tensor([2 * math.log(0.9)], dtype=F64)


def _log_joint(z):
    return (-0.5 * z**2 - 0.5 * (1 - z) ** 2 - math.log(2 * math.pi)).sum(-1)


def _surrogate(gradient, log_joint=_log_joint):
    """Return the bound of ``K`` draws, for parameters ``[S, L]`` and noise ``[S, K, L]``."""

    def surrogate(params, eps):
        log_w = path.log_weights(log_joint, *params, eps.transpose(0, 1), gradient=gradient)
        return importance.bound(log_w)

    return surrogate


def _grads(gradient, eps, mean=MEAN, log_var=LOG_VAR, log_joint=_log_joint):
    """Return per-draw gradients in mean and log-variance side by side, ``[S, 2 L]``."""
    return torch.cat(estimators.per_sample_grads(_surrogate(gradient, log_joint), (mean, log_var), eps), -1)


def _exact(k, mean=MEAN, log_var=LOG_VAR):
    """Return the exact gradient of the bound in mean and log-variance."""
    leaves = [p.clone().requires_grad_() for p in (mean, log_var)]

    def log_w(eps):
        z = leaves[0] + (leaves[1] / 2).exp() * eps
        return _log_joint(z[:, None]) + 0.5 * eps**2 + leaves[1] / 2 + 0.5 * math.log(2 * math.pi)

    bound = quadrature.log_mean(log_w, k)
    assert bound.error < 1e-9
    return torch.cat(torch.autograd.grad(bound.value, leaves))


def _share_moments(gradient, k, power):
    """Integrate ``sum_k share_k^power g_k``, the g_k being the package's own estimates of one draw."""

    def draw(eps):
        one = eps[:, None, None]
        copies = tuple(p.expand(len(eps), 1) for p in (MEAN, LOG_VAR))
        return _surrogate(gradient)(copies, one), _grads(gradient, one)

    return quadrature.shares(draw, k, power=power)


def test_a_log_weight_is_the_two_densities_whatever_the_gradient(gen):
    mean, log_var = (noise.normal((4, 3), generator=gen, dtype=F64) for _ in range(2))
    eps = noise.normal((5, 4, 3), generator=gen, dtype=F64)
    total, other, dreg = (path.log_weights(_log_joint, mean, log_var, eps, gradient=g) for g in GRADIENTS)
    scale = (log_var / 2).exp().expand_as(eps)
    z = samplers.normal(mean.expand_as(eps), scale, eps)
    want = _log_joint(z) - densities.normal(mean.expand_as(eps), scale, z).sum(-1)
    assert total.shape == (5, 4)
    assert torch.allclose(total, want, rtol=1e-13)
    assert torch.equal(total, other), "bit for bit"
    assert torch.equal(total, dreg)


def test_the_path_is_the_total_and_the_score(gen):
    """At the same noise: path = total + score, the score being that of a sample that stays where it is."""
    eps = noise.normal((50, 1, 1), generator=gen, dtype=F64)
    z = samplers.normal(MEAN.expand(50, 1), (LOG_VAR / 2).exp().expand(50, 1), eps[:, 0])

    def log_q(params, z):
        return densities.normal(params[0], (params[1] / 2).exp(), z).sum(-1)

    score = torch.cat(estimators.per_sample_grads(log_q, (MEAN, LOG_VAR), z), -1)
    assert torch.allclose(_grads("path", eps), _grads("total", eps) + score, rtol=1e-12, atol=1e-12)
    assert torch.equal(_grads("dreg", eps), _grads("path", eps)), "with one draw they are the same"


@pytest.mark.parametrize("k", [1, 4])
def test_at_the_exact_posterior_the_path_sticks(k, gen):
    """100 dimensions, posterior N(1/2, 1/2): the total derivative in the mean keeps the variance 1 / sigma^2."""
    mean, log_var = (torch.full((100,), v, dtype=F64) for v in (0.5, math.log(0.5)))
    eps = noise.normal((500, k, 100), generator=gen, dtype=F64)
    for gradient in ("path", "dreg"):
        assert _grads(gradient, eps, mean, log_var).var(0).max() < 1e-25
    total = _grads("total", eps, mean, log_var)[:, :100].square().mean()
    want = 2 / k  # 50,000 squares of normals: their mean has a relative standard error of 0.6 %
    assert abs(total / want - 1) < 0.04


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_with_one_draw_all_are_unbiased(gradient):
    def log_joint(z):
        return (torch.sin(2 * z) - 0.3 * z**2).sum(-1)

    # The oracle differentiates the density and never log p; the entropy's derivative in the log-variance is 1/2.
    in_mean, in_scale = oracles.normal_grad(lambda z: log_joint(z[:, None]), 0.2, 0.9)
    truth = torch.stack([in_mean.value, 0.9 / 2 * in_scale.value + 0.5])
    got = quadrature.hermite(lambda e: _grads(gradient, e[:, :, None], log_joint=log_joint), nodes=60)
    assert got.error.max() < 1e-10
    assert (got.value - truth).abs().max() < 1e-10


# Importance weights. The oracle holds for every K, and for K = 2 the package's estimate is integrated as it is.


@pytest.mark.parametrize(("gradient", "biased"), [("total", False), ("path", True), ("dreg", False)])
def test_two_draws(gradient, biased):
    got = quadrature.hermite(lambda e: _grads(gradient, e[:, :, None]), dims=2, nodes=60)
    exact = _exact(2)
    assert got.error.max() < 1e-8
    if biased:
        assert torch.allclose(got.value, torch.tensor([0.455609, -0.188088], dtype=F64), atol=1e-6)
        assert (got.value - exact).abs().max() > 0.2
    else:
        assert (got.value - exact).abs().max() < 1e-8


@pytest.mark.parametrize(
    ("gradient", "of_one", "power"), [("total", "total", 1), ("path", "path", 1), ("dreg", "path", 2)]
)
@pytest.mark.parametrize("k", [1, 2, 5, 50])
def test_each_is_a_sum_over_shares(gradient, of_one, power, k, gen):
    eps = noise.normal((20, k, 1), generator=gen, dtype=F64)
    each = torch.stack([_grads(of_one, eps[:, [i]]) for i in range(k)])
    log_w = path.log_weights(
        _log_joint, MEAN.expand(20, 1), LOG_VAR.expand(20, 1), eps.transpose(0, 1), gradient="total"
    )
    want = (log_w.softmax(0)[..., None] ** power * each).sum(0)
    assert torch.allclose(_grads(gradient, eps), want, rtol=1e-11, atol=1e-12)


# Derivative in the mean: exact, and the mean of the path derivative under the importance-weighted bound.
KNOWN = {2: (0.2227, 0.4556), 5: (0.0710, 0.3976), 50: (0.0064, 0.3728)}


@pytest.mark.parametrize("k", KNOWN)
def test_total_and_dreg_are_unbiased_for_any_number_of_draws_and_the_path_is_not(k):
    exact = _exact(k)
    for gradient, power, biased in (("total", 1, False), ("path", 2, False), ("path", 1, True)):
        mean = _share_moments(gradient, k, power).mean
        assert mean.error.max() < 1e-11
        assert ((mean.value - exact).abs().max() > 0.2) == biased
        if not biased:
            assert (mean.value - exact).abs().max() < 1e-10
        assert abs(mean.value[0] - KNOWN[k][biased]) < 1e-4


def test_with_many_draws_the_path_is_the_wake_phase():
    r"""Its mean tends to :math:`\mathbb E_{p(z | x)}[\nabla \log q(z)]`, which fits q to p the other way round.

    The total derivative tends to 0 and path = total + score, with the score weighed by the posterior
    N(1/2, 1/2): (1/2 - mu) / sigma^2 in the mean, ((1/2 + (1/2 - mu)^2) / sigma^2 - 1) / 2 in the log-variance.
    """
    wake = torch.tensor([0.3 / 0.81, ((0.5 + 0.09) / 0.81 - 1) / 2], dtype=F64)
    off = [(_share_moments("path", k, 1).mean.value - wake).abs().max() for k in (100, 1000)]
    assert off[1] < 2e-4
    assert off[1] < off[0] / 9


def test_the_variance_of_dreg_falls_faster():
    """Signal to noise: 1 / sqrt(K) for the total derivative, sqrt(K) for the doubly reparameterised one."""

    def ratio(gradient, k, power):
        mean, variance = _share_moments(gradient, k, power)
        return float(mean.value[0].abs() / variance.value[0].sqrt())

    for gradient, power, growth in (("total", 1, 0.5), ("path", 2, 2.0)):
        assert ratio(gradient, 400, power) / ratio(gradient, 100, power) == pytest.approx(growth, rel=0.02)


def test_the_models_own_gradient_is_the_same_for_all(gen):
    eps = noise.normal((6, 3, 2), generator=gen, dtype=F64)
    mean, log_var = (noise.normal((3, 2), generator=gen, dtype=F64).requires_grad_() for _ in range(2))
    slope = torch.tensor(0.7, dtype=F64, requires_grad=True)
    got = []
    for gradient in GRADIENTS:
        log_w = path.log_weights(lambda z: _log_joint(slope * z), mean, log_var, eps, gradient=gradient)
        got.append(torch.autograd.grad(importance.bound(log_w).sum(), slope)[0])
    assert got[0] == got[1] == got[2]
    assert got[0] != 0


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("value", [-1e4, -60.0, 60.0, 1e4])
def test_extreme_scales_give_finite_gradients(value, dtype):
    for gradient in GRADIENTS:
        mean = torch.tensor([0.3], dtype=dtype, requires_grad=True)
        log_var = torch.tensor([value], dtype=dtype, requires_grad=True)
        eps = torch.tensor([[0.8], [-1.3]], dtype=dtype)
        log_w = path.log_weights(_log_joint, mean, log_var, eps, gradient=gradient)
        grads = torch.autograd.grad(importance.bound(log_w), (mean, log_var))
        assert all(g.isfinite().all() for g in (log_w, *grads))


def test_in_float32_a_path_is_as_exact_as_a_total(gen):
    """A narrow q far from 0: (z - mean) / scale computed as written would have lost half its digits."""
    mean, log_var = torch.tensor([3.0]), torch.tensor([2 * math.log(1e-4)])
    eps = noise.normal((200, 1, 1), generator=gen)
    coarse = _grads("path", eps, mean, log_var)
    fine = _grads("path", eps.double(), mean.double(), log_var.double())
    assert torch.allclose(coarse.double(), fine, rtol=1e-3, atol=1e-3)


# The score may help


@pytest.mark.parametrize("variance", [0.1, 0.3, 0.5, 0.8, 1.0, 2.0])
def test_dropping_the_score_may_raise_the_variance(variance):
    r"""Posterior N(0, 1), q = N(mu, v). Derivative in mu: total -(mu + sigma eps), score eps / sigma.

    Their variances are v and (1 / sigma - sigma)^2: the path is noisier wherever v < 1 / 2.
    """
    mean, log_var = torch.tensor([0.7], dtype=F64), torch.tensor([math.log(variance)], dtype=F64)

    def log_joint(z):
        return -0.5 * (z**2).sum(-1)

    def estimate(name):
        return lambda e: _grads(name, e[:, :, None], mean, log_var, log_joint)[:, 0]

    total, other = (quadrature.moments(estimate(name), ["normal"]) for name in ("total", "path"))
    assert abs(total.mean.value + 0.7) < 1e-12
    assert abs(other.mean.value + 0.7) < 1e-12
    assert abs(total.variance.value - variance) < 1e-12
    assert abs(other.variance.value - (variance**-0.5 - variance**0.5) ** 2) < 1e-12
    if variance != 0.5:
        assert (other.variance.value > total.variance.value) == (variance < 0.5)


def test_bad_arguments(gen):
    eps = noise.normal((2, 3, 1), generator=gen, dtype=F64)
    mean = torch.zeros(3, 1, dtype=F64)
    with pytest.raises(
        ValueError, match=r"log_weights: gradient must be one of total, path, dreg, got 'stl'"
    ):
        path.log_weights(_log_joint, mean, mean, eps, gradient="stl")
    for bad in (eps[0], eps[:0], eps[:, :2]):
        with pytest.raises(ValueError, match=r"eps must have shape \[K, \*\(3, 1\)\] with K >= 1"):
            path.log_weights(_log_joint, mean, mean, bad, gradient="path")
    with pytest.raises(
        ValueError, match=r"log_joint must return one number per code, shape \(2, 3\), got \(2, 3, 1\)"
    ):
        path.log_weights(lambda z: z, mean, mean, eps, gradient="path")
    with pytest.raises(ValueError, match="mean and log_var must have the same shape"):
        path.log_weights(_log_joint, mean, mean[:2], eps, gradient="path")


def test_a_scale_of_zero_in_half_precision_has_a_path_of_zero():
    mean, log_scale = torch.zeros(2, dtype=torch.float16), torch.full((2,), -300.0, dtype=torch.float16)
    eps = torch.ones(2, dtype=torch.float16)
    assert path.log_q_seen_by(mean, log_scale, mean, eps).isfinite().all()
