"""mixtures: the enumerated bound is the mixture's, its two gradients have one mean, and the path one sticks."""

import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from reparam import estimators, mixtures, noise, quadrature

F64 = torch.float64
LOGITS = torch.tensor([0.3, -0.4], dtype=F64)
MEAN = torch.tensor([[-0.8], [1.1]], dtype=F64)
LOG_SCALE = torch.tensor([[-0.3], [0.2]], dtype=F64)


def _log_joint(z):
    return (torch.sin(2 * z) - 0.3 * z**2).sum(-1)


def _five(gen):
    """Return the parameters of five components in the plane."""
    logits = noise.normal((5,), generator=gen, dtype=F64)
    mean = 2 * noise.normal((5, 2), generator=gen, dtype=F64)
    return logits, mean, 0.3 * noise.normal((5, 2), generator=gen, dtype=F64) - 0.5


def _grads(gradient, params, eps, log_joint=_log_joint):
    """Return per-draw gradients in all parameters side by side."""
    grads = estimators.per_sample_grads(
        lambda p, e: mixtures.elbo(log_joint, *p, e, gradient=gradient), params, eps
    )
    return torch.cat([g.flatten(1) for g in grads], -1)


def test_the_density_is_that_of_torch(gen):
    logits, mean, log_scale = _five(gen)
    z = noise.normal((7, 2), generator=gen, dtype=F64)
    want = MixtureSameFamily(Categorical(logits=logits), Independent(Normal(mean, log_scale.exp()), 1))
    assert torch.allclose(
        mixtures.log_density(logits, mean, log_scale.exp(), z), want.log_prob(z), rtol=1e-12
    )


def test_the_value_is_the_sum_over_components(gen):
    logits, mean, log_scale = _five(gen)
    eps = noise.normal((5, 2), generator=gen, dtype=F64)
    want = 0.0
    for share, z in zip(logits.softmax(-1), mean + log_scale.exp() * eps, strict=True):
        want += share * (_log_joint(z) - mixtures.log_density(logits, mean, log_scale.exp(), z[None])[0])
    values = [mixtures.elbo(_log_joint, logits, mean, log_scale, eps, gradient=g) for g in ("total", "path")]
    assert torch.allclose(values[0], want, rtol=1e-12)
    assert torch.equal(*values)


def test_at_the_exact_posterior_the_path_sticks(gen):
    params = _five(gen)
    eps = noise.normal((300, 5, 2), generator=gen, dtype=F64)
    logits, mean, log_scale = params

    def log_joint(z):
        return mixtures.log_density(logits, mean, log_scale.exp(), z) - 3.0

    assert _grads("path", params, eps, log_joint).square().max() < 1e-25, "means, scales and weights alike"
    assert _grads("total", params, eps, log_joint).var(0).min() > 1e-6


@pytest.mark.parametrize("gradient", ["total", "path"])
def test_the_mean_is_the_gradient_of_the_bound(gradient):
    """The truth integrates m (log p - log m) over z, and knows of no component and no sample."""
    leaves = [p.clone().requires_grad_() for p in (LOGITS, MEAN, LOG_SCALE)]
    z = torch.linspace(-14, 14, 4001, dtype=F64)[:, None]
    log_m = mixtures.log_density(leaves[0], leaves[1], leaves[2].exp(), z)
    bound = (log_m.exp() * (_log_joint(z) - log_m)).sum() * (28 / 4000)
    truth = torch.cat([g.flatten() for g in torch.autograd.grad(bound, leaves)])
    got = quadrature.hermite(
        lambda e: _grads(gradient, (LOGITS, MEAN, LOG_SCALE), e[..., None]), dims=2, nodes=100
    )
    assert got.error.max() < 1e-6
    assert (got.value - truth).abs().max() < 1e-8
    assert abs(truth[0] + truth[1]) < 1e-10, "the weights' logits can all be shifted"


def test_one_component_is_the_plain_bound(gen):
    eps = noise.normal((20, 1, 1), generator=gen, dtype=F64)
    params = (LOGITS[:1], MEAN[:1], LOG_SCALE[:1])
    total, path = (_grads(g, params, eps) for g in ("total", "path"))
    assert not path[:, 0].any(), "one weight is 1, whatever its logit"
    score = torch.cat([eps[:, 0] / LOG_SCALE[0].exp(), eps[:, 0] ** 2 - 1], -1)
    assert torch.allclose(path[:, 1:], total[:, 1:] + score, rtol=1e-11, atol=1e-12)


def test_bad_arguments(gen):
    params, eps = _five(gen), noise.normal((5, 2), generator=gen, dtype=F64)
    with pytest.raises(ValueError, match=r"mixtures\.elbo: gradient must be one of total, path, got 'dreg'"):
        mixtures.elbo(_log_joint, *params, eps, gradient="dreg")
    with pytest.raises(ValueError, match=r"mean must have shape \[\*\(4,\), L\], got \(5, 2\)"):
        mixtures.elbo(_log_joint, params[0][:4], *params[1:], eps, gradient="path")
    with pytest.raises(ValueError, match=r"mean and eps must have the same shape"):
        mixtures.elbo(_log_joint, *params, eps[:, :1], gradient="path")
    with pytest.raises(ValueError, match="scale must be finite and > 0"):
        mixtures.elbo(_log_joint, *params[:2], params[2] - math.inf, eps, gradient="path")


def test_a_component_that_is_never_drawn_costs_nothing_wherever_it_lies():
    logits = torch.tensor([0.0, -torch.inf], dtype=torch.float16, requires_grad=True)
    mean = torch.tensor([[0.0], [60000.0]], dtype=torch.float16)
    narrow = torch.full_like(mean, -3.0)
    bound = mixtures.elbo(
        lambda z: -z[..., 0].abs(), logits, mean, narrow, torch.zeros_like(mean), gradient="path"
    )
    assert bound.isfinite()
    bound.backward()
    assert logits.grad.isfinite().all()
