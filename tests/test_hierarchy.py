"""hierarchy: two stochastic layers, with a linear model whose posterior, bound and variances are known.

p(h2) = N(0, 1), p(h1 | h2) = N(0.8 h2, 0.6^2), p(x | h1) = N(1.3 h1, 0.5^2), x = 0.9. The posterior is Gaussian, and
so is every q(h1) q(h2 | h1) whose second mean is a line.
"""

import math

import pytest
import torch
from torch import nn

from reparam import (
    densities,
    hierarchy,
    importance,
    linear_gaussian,
    models,
    noise,
    objectives,
    quadrature,
    stacked,
)

F64 = torch.float64
A, S1, B, SX, X = 0.8, 0.6, 1.3, 0.5, 0.9
GRADIENTS = ("total", "path", "shortcut", "dreg")


def _linear(*line):
    model = linear_gaussian.LinearGaussian(a=A, s=S1, b=B, r=SX, x=X)
    if line:
        model.upper_encoder = linear_gaussian.Line(*line)
    return model


class Shift(nn.Module):
    """Add 0: a parameter of its own for each draw."""

    def __init__(self, draws):
        super().__init__()
        self.by = nn.Parameter(torch.zeros(draws, 2, dtype=F64))

    def forward(self, x):
        return x + self.by


def _grads(model, mean, log_var, eps, gradient):
    """Return per-draw gradients in mean, log-variance, and what the upper encoder emits: ``[S, 4]``."""
    copies = [p.expand(len(eps), 1).clone().requires_grad_() for p in (mean, log_var)]
    shift, network = Shift(len(eps)), model.upper_encoder
    model.upper_encoder = nn.Sequential(network, shift)
    log_w = model.log_weights(*copies, eps[None], gradient=gradient)
    model.upper_encoder = network
    return torch.cat(torch.autograd.grad(log_w.sum(), [*copies, shift.by]), -1)


def test_the_value_is_the_five_densities(gen):
    model = _linear(0.4, -0.2, -0.7)
    eps = noise.normal((50, 2), generator=gen, dtype=F64)
    mean, log_var = torch.full((50, 1), 0.3, dtype=F64), torch.full((50, 1), -1.1, dtype=F64)
    h1 = mean[:, 0] + (log_var[:, 0] / 2).exp() * eps[:, 0]
    h2 = 0.4 * h1 - 0.2 + math.exp(-0.35) * eps[:, 1]

    def log_normal(z, loc, scale):
        return densities.normal(loc + torch.zeros_like(z), scale + torch.zeros_like(z), z)

    want = log_normal(h2, 0.0, 1.0) + log_normal(h1, A * h2, S1) + log_normal(X + 0 * h1, B * h1, SX)
    want = want - log_normal(h1, 0.3, math.exp(-0.55)) - log_normal(h2, 0.4 * h1 - 0.2, math.exp(-0.35))
    values = [model.log_weights(mean, log_var, eps[None], gradient=gradient)[0] for gradient in GRADIENTS]
    assert torch.allclose(values[0], want, rtol=1e-12, atol=1e-12)
    assert all(torch.equal(value, values[0]) for value in values)


def test_at_the_exact_posterior_only_the_path_sticks():
    """Variances of the derivative in the mean of q(h1), by quadrature, beside their closed forms."""
    model = _linear()
    mean, log_var = model.become_exact()
    squares = {}
    for gradient in GRADIENTS:
        got = quadrature.hermite(lambda e, g=gradient: _grads(model, mean, log_var, e, g) ** 2, dims=2)
        squares[gradient] = got.value
    assert abs(squares["total"][0] - math.exp(-log_var.item())) < 1e-10, "a score: 1 / sigma^2 = 7.76"
    slope, left = model.upper_encoder.slope.item(), model.upper_encoder.log_var.exp().item()
    assert abs(squares["shortcut"][0] - slope**2 / left) < 1e-10, "the path that was cut: 1.78"
    assert abs(squares["total"][0] - 7.76) < 1e-10
    assert abs(squares["shortcut"][0] - 16 / 9) < 1e-10
    assert squares["path"].max() < 1e-25
    assert squares["dreg"].max() < 1e-25
    assert squares["shortcut"][2:].max() < 1e-25, "in the upper layer the shortcut sticks as well"


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_all_are_unbiased_for_the_elbo(gradient):
    """Away from the posterior, against the closed form of the bound."""
    model = _linear(0.2, 0.1, -0.6)
    mean, log_var = (torch.tensor([v], dtype=F64, requires_grad=True) for v in (0.5, -0.4))
    leaves = [mean, log_var, *model.upper_encoder.parameters()]

    def bound(e):
        copies = mean.expand(len(e), 1), log_var.expand(len(e), 1)
        return model.log_weights(*copies, e[None], gradient=gradient)[0]

    got = quadrature.hermite(bound, dims=2)
    assert got.error < 1e-10
    got = torch.autograd.grad(got.value, leaves)
    want = torch.autograd.grad(model.elbo(mean, log_var), leaves)
    assert all(abs(a - b) < 1e-10 for a, b in zip(got, want, strict=True))
    assert all(abs(b) > 0.05 for b in want)


def test_the_path_through_h1_into_the_upper_density(gen):
    """With a network for q(h2 | h1) the shortcut differs from the path, and their means do not."""
    model = _linear()
    model.upper_encoder = nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    for parameter in model.upper_encoder.parameters():
        parameter.data = 0.5 * noise.normal(parameter.shape, generator=gen, dtype=F64)
    mean, log_var = torch.tensor([0.5], dtype=F64), torch.tensor([-0.4], dtype=F64)
    means, squares = {}, {}
    for gradient in ("total", "path", "shortcut"):
        each = [
            quadrature.hermite(
                lambda e, g=gradient, p=power: _grads(model, mean, log_var, e, g) ** p, dims=2, nodes=50
            )
            for power in (1, 2)
        ]
        assert each[0].error.max() < 1e-9
        means[gradient], squares[gradient] = (integral.value for integral in each)
    assert (means["path"] - means["total"]).abs().max() < 1e-9
    assert (means["shortcut"] - means["total"]).abs().max() < 1e-9
    assert (squares["path"][:2] - squares["shortcut"][:2]).abs().min() > 1e-3


def _small(gen, stream=None):
    model = models.TwoLayerVAE(6, ((5, 4), 4), (3, 2), generator=gen).double()
    x = (noise.uniform((4, 6), generator=gen) < 0.5).double()
    return model, x, noise.normal((5, 4, 5), generator=gen, dtype=F64)


def _parts(model, bound):
    """Return the gradients of each part of the model, flat."""
    parts = {
        "lower": model.encoder,
        "upper": model.upper_encoder,
        "p1": model.upper_decoder,
        "p2": model.decoder,
    }
    grads = torch.autograd.grad(bound.sum(), list(model.parameters()), retain_graph=True)
    by_id = dict(zip(map(id, model.parameters()), grads, strict=True))
    return {k: torch.cat([by_id[id(p)].flatten() for p in part.parameters()]) for k, part in parts.items()}


def test_a_two_layer_vae(gen):
    model, x, eps = _small(gen)
    bounds = {g: importance.iwae(model, x, eps, gradient=g).bound for g in GRADIENTS}
    grads = {g: _parts(model, b) for g, b in bounds.items()}
    for gradient in GRADIENTS:
        assert torch.equal(bounds[gradient], bounds["total"])
        for part in ("p1", "p2"):
            assert torch.allclose(grads[gradient][part], grads["total"][part], rtol=1e-12, atol=1e-14)
    assert torch.allclose(grads["path"]["upper"], grads["shortcut"]["upper"], rtol=1e-9, atol=1e-12)
    for part, a, b in (("lower", "path", "shortcut"), ("lower", "path", "dreg"), ("upper", "path", "dreg"),
                       ("upper", "path", "total"), ("lower", "path", "total")):  # fmt: skip
        assert (grads[a][part] - grads[b][part]).norm() > 1e-2 * grads[a][part].norm()
    elbo = importance.sampled_elbo(model, x, eps, gradient="shortcut")
    assert torch.allclose(elbo.elbo, importance.iwae(model, x, eps).elbo)


def test_dreg_is_the_square_of_the_share_in_both_layers(gen):
    """Draw by draw: the gradient of K draws is the sum of share^2 times the path of one."""
    model, x, eps = _small(gen)
    x, eps = x[:1], eps[:, :1]
    log_w = importance.log_weights(model, x, eps)[:, 0].detach()
    want = {"lower": 0, "upper": 0}
    for share, one in zip(log_w.softmax(0), eps, strict=True):
        single = _parts(model, importance.sampled_elbo(model, x, one[None], gradient="path").elbo)
        want = {part: want[part] + share**2 * single[part] for part in want}
    got = _parts(model, importance.iwae(model, x, eps, gradient="dreg").bound)
    for part in want:
        assert torch.allclose(got[part], want[part], rtol=1e-9, atol=1e-12)


def test_a_stack_of_two_layer_models(gen, stream):
    alone = [models.TwoLayerVAE(6, ((5, 4), 4), (3, 2), generator=stream(f"w{s}")).double() for s in range(3)]
    together = stacked.stack(alone)
    x = (noise.uniform((3, 4, 6), generator=gen) < 0.5).double()
    eps = noise.normal((5, 3, 4, 5), generator=gen, dtype=F64)
    for gradient in GRADIENTS:
        all_bounds = importance.iwae(together, x, eps, gradient=gradient).bound
        weights = [together.encoder[0].weight, together.upper_encoder[0].weight]
        got = torch.autograd.grad(all_bounds.sum(), weights)
        for s, model in enumerate(alone):
            bound = importance.iwae(model, x[s], eps[:, s], gradient=gradient).bound
            assert torch.allclose(bound, all_bounds[s], rtol=1e-12)
            want = torch.autograd.grad(bound.sum(), [model.encoder[0].weight, model.upper_encoder[0].weight])
            for a, b in zip(got, want, strict=True):
                assert torch.allclose(a[s].T, b, rtol=1e-9, atol=1e-12)


def test_stopped_holds_the_weights_and_not_the_input(gen):
    layer = nn.Linear(3, 2)
    x = noise.normal((4, 3), generator=gen).requires_grad_()
    y = hierarchy.stopped(layer, x)
    assert torch.equal(y, layer(x))
    (grad,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
    assert torch.allclose(grad, layer.weight.sum(0).expand(4, 3))
    assert torch.autograd.grad(y.sum(), layer.weight, allow_unused=True) == (None,)


def test_noise_of_another_shape(gen):
    model, x, eps = _small(gen)
    with pytest.raises(ValueError, match=r"log_weights: eps must have shape \[K, \*\(4, 5\)\] with K >= 1"):
        importance.log_weights(model, x, eps[..., :3])
    with pytest.raises(
        ValueError, match="gradient must be one of total, path, dreg, shortcut, got 'released'"
    ):
        importance.log_weights(model, x, eps, gradient="released")
    with pytest.raises(ValueError, match="must have the same shape"):
        objectives.elbo(model, x, eps[0])
