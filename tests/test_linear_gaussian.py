"""linear_gaussian: the closed forms are those of the three densities, by quadrature and by Bayes' rule."""

import math

import pytest
import torch

from reparam import densities, linear_gaussian, noise, quadrature

F64 = torch.float64
NUMBERS = {"a": -0.7, "s": 0.5, "b": 1.1, "r": 0.8, "x": -0.4}


def _log_normal(z, loc, scale):
    return densities.normal(loc + 0 * z, scale + 0 * z, z)


def _log_joint(h):
    n, (h1, h2) = NUMBERS, h.unbind(-1)
    return (
        _log_normal(h2, 0.0, 1.0)
        + _log_normal(h1, n["a"] * h2, n["s"])
        + _log_normal(n["x"] + 0 * h1, n["b"] * h1, n["r"])
    )


def test_bayes_rule_holds_everywhere(gen):
    model = linear_gaussian.LinearGaussian(**NUMBERS)
    h = 2 * noise.normal((50, 2), generator=gen, dtype=F64)
    assert torch.allclose(model.posterior().log_prob(h) + model.log_evidence(), _log_joint(h), rtol=1e-11)


def test_at_the_exact_posterior_every_weight_is_the_evidence(gen):
    model = linear_gaussian.LinearGaussian(**NUMBERS)
    mean, log_var = model.become_exact()
    eps = noise.normal((3, 20, 2), generator=gen, dtype=F64)
    for gradient in ("total", "path", "dreg", "shortcut"):
        log_w = model.log_weights(mean.expand(20, 1), log_var.expand(20, 1), eps, gradient=gradient)
        assert (log_w - model.log_evidence()).abs().max() < 1e-13
    assert abs(model.elbo(mean, log_var) - model.log_evidence()) < 1e-13


def test_the_bound_is_the_integral_of_the_weights():
    model = linear_gaussian.LinearGaussian(**NUMBERS)
    model.upper_encoder = linear_gaussian.Line(0.3, -0.1, -0.9)
    mean, log_var = torch.tensor([0.6], dtype=F64), torch.tensor([-0.2], dtype=F64)

    def draw(e):
        copies = mean.expand(len(e), 1), log_var.expand(len(e), 1)
        return model.log_weights(*copies, e[None], gradient="total")[0]

    assert abs(quadrature.hermite(draw, dims=2).value - model.elbo(mean, log_var)) < 1e-11
    z1 = mean[0] + math.exp(-0.1) * torch.tensor(0.7, dtype=F64)
    z2 = 0.3 * z1 - 0.1 + math.exp(-0.45) * torch.tensor(-1.2, dtype=F64)
    log_q = _log_normal(z1, mean[0], math.exp(-0.1)) + _log_normal(z2, 0.3 * z1 - 0.1, math.exp(-0.45))
    want = _log_joint(torch.stack([z1, z2])) - log_q
    assert abs(draw(torch.tensor([[0.7, -1.2]], dtype=F64))[0] - want) < 1e-13


def test_bad_arguments():
    for name in ("s", "r"):
        with pytest.raises(ValueError, match=f"LinearGaussian: {name} must be one finite number > 0, got 0"):
            linear_gaussian.LinearGaussian(**(NUMBERS | {name: 0.0}))
    model, one = linear_gaussian.LinearGaussian(**NUMBERS), torch.zeros(1, dtype=F64)
    with pytest.raises(
        ValueError, match="LinearGaussian: gradient must be one of total, path, dreg, shortcut"
    ):
        model.log_weights(one, one, torch.zeros(1, 2, dtype=F64), gradient="released")
