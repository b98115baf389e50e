"""discrete: the ELBO of the discrete model is a bound by enumeration, the relaxed one is not, the score is unbiased.

Two choices of three categories and four pixels have nine codes: the evidence, the posterior and the mean of
every estimator are sums of nine or eighty-one terms. Noise that makes a chosen code win is ``50 z - logits``.
"""

import math

import pytest
import torch
from montecarlo import assert_mean

from reparam import (
    checks,
    densities,
    discrete,
    divergences,
    models,
    noise,
    objectives,
    oracles,
    samplers,
    terms,
)

F64 = torch.float64
CODES = oracles.outcomes(2, 3)


@pytest.fixture
def model(gen):
    model = models.CategoricalVAE(4, 5, 2, 3, generator=gen).double()
    for parameter in model.parameters():
        parameter.data.mul_(3)  # away from the flat start
    return model


X = torch.tensor([[1.0, 0.0, 0.0, 1.0]], dtype=F64)


def _noise_of(model, codes):
    """Gumbel noise with which each code wins, for the one image ``X``."""
    return 50 * codes - model.encode(X).detach()


def _log_joint(model):
    return terms.log_bernoulli(X.expand(9, 4), model.decode(CODES)) - 2 * math.log(3)


def _log_q(model):
    return densities.categorical(model.encode(X).expand(9, 2, 3), CODES).sum(-1)


def _exact_elbo(model):
    """The bound from its definition, by enumeration, differentiable in everything."""
    log_q = _log_q(model)
    return (log_q.exp() * (_log_joint(model) - log_q)).sum()


def test_the_names_are_found_in_objectives():
    for name in discrete.__all__:
        assert getattr(objectives, name) is getattr(discrete, name)


def test_the_discrete_elbo_is_below_the_evidence_by_the_kl_to_the_posterior(model):
    values = discrete.discrete_elbo(model, X.expand(9, 4), _noise_of(model, CODES))
    mean = (_log_q(model).exp() * values.elbo).sum()
    assert torch.allclose(mean, _exact_elbo(model), rtol=1e-12)
    log_joint, log_q = _log_joint(model), _log_q(model)
    evidence = log_joint.logsumexp(0)
    gap = (log_q.exp() * (log_q - (log_joint - evidence))).sum()
    assert gap > 0.01
    assert torch.allclose(mean + gap, evidence, rtol=1e-12)
    assert torch.equal(values.elbo, values.reconstruction - values.kl)
    kl = divergences.kl_categorical_uniform(model.encode(X)).sum(-1)
    assert torch.allclose(values.kl, kl.expand(9), rtol=1e-12)


class Peak:
    """One pixel that is ink when the code lies between the corners, and paper at both of them."""

    def encode(self, x):
        return torch.zeros(len(x), 1, 2, dtype=x.dtype)

    def decode(self, z):
        return 6 - 24 * (z[..., 0, :1] - 0.5).abs()


def test_the_relaxed_elbo_is_no_bound():
    x = torch.ones(1, 1, dtype=F64)
    evidence = math.log(1 / (1 + math.exp(6)))  # both codes give the pixel -6

    def mean(objective):
        def f(u):  # the difference of two Gumbels is logistic
            g = torch.stack([torch.logit(u), torch.zeros_like(u)], -1)
            return objective(Peak(), x.expand(len(u), 1), g).elbo

        return oracles.uniform_expectation(f, nodes=800, breaks=[0.5]).value.item()

    assert mean(lambda m, b, g: discrete.categorical_elbo(m, b, g, tau=1.0)) > evidence + 3
    assert (
        abs(mean(lambda m, b, g: discrete.categorical_elbo(m, b, g, tau=1.0, hard=True)) - evidence) < 1e-10
    )
    assert abs(mean(discrete.discrete_elbo) - evidence) < 1e-10


def test_straight_through_has_the_value_of_the_discrete_elbo(model, gen):
    x = X.expand(20, 4)
    g = noise.gumbel((20, 2, 3), generator=gen, dtype=F64)
    hard = discrete.categorical_elbo(model, x, g, tau=0.7, hard=True)
    for a, b in zip(hard, discrete.discrete_elbo(model, x, g), strict=True):
        assert torch.equal(a, b)
    soft = discrete.categorical_elbo(model, x, g, tau=0.7)
    assert torch.equal(soft.kl, hard.kl)
    assert (soft.elbo - hard.elbo).abs().max() > 0.1
    cold = discrete.categorical_elbo(model, x, g, tau=1e-4)
    assert torch.allclose(cold.elbo, hard.elbo)


@pytest.mark.parametrize("hard", [False, True])
def test_gradients_reach_every_weight(model, gen, hard):
    g = noise.gumbel((20, 2, 3), generator=gen, dtype=F64)
    value = discrete.categorical_elbo(model, X.expand(20, 4), g, tau=0.7, hard=hard).elbo.mean()
    for grad in torch.autograd.grad(value, list(model.parameters())):
        assert grad.abs().sum() > 0


def test_the_score_gradient_is_unbiased_by_enumeration(model):
    pairs = torch.cartesian_prod(torch.arange(9), torch.arange(9))
    g = _noise_of(model, CODES)[pairs].transpose(0, 1)  # [S = 2, 81, L, K]
    values = discrete.score_elbo(model, X.expand(81, 4), g)
    chance = _log_q(model).detach().exp()[pairs].prod(-1)
    assert torch.allclose((chance * values.elbo).sum(), _exact_elbo(model), rtol=1e-12)
    parameters = list(model.parameters())
    got = torch.autograd.grad((chance * values.elbo).sum(), parameters)
    want = torch.autograd.grad(_exact_elbo(model), parameters)
    for a, b in zip(got, want, strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-12)
    assert want[0].abs().max() > 1e-3
    each = [discrete.discrete_elbo(model, X.expand(81, 4), draw).elbo for draw in g]
    assert torch.allclose(values.elbo, torch.stack(each).mean(0), rtol=1e-12)


def test_rebar_without_control_is_the_plain_score_function(model, gen):
    x, g = X.expand(20, 4), noise.gumbel((2, 20, 2, 3), generator=gen, dtype=F64)
    values = discrete.rebar_elbo(model, x, g, tau=0.7, eta=0.0)
    plain = discrete.discrete_elbo(model, x, g[0])
    assert torch.allclose(values.elbo, plain.elbo, rtol=1e-12)
    codes = samplers.gumbel_max(model.encode(x).detach(), g[0])
    log_q = densities.categorical(model.encode(x), codes).sum(-1)
    want = (plain.elbo + plain.reconstruction.detach() * log_q).mean()
    parameters = list(model.parameters())
    for a, b in zip(
        torch.autograd.grad(values.elbo.mean(), parameters),
        torch.autograd.grad(want, parameters),
        strict=True,
    ):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-12)


def test_rebar_is_unbiased(model, stream):
    for parameter in model.encoder.parameters():
        parameter.data.mul_(0.3)  # no rare category: its score would be skewed
    (truth,) = torch.autograd.grad(_exact_elbo(model), model.encoder[-1].bias)

    def draw(n, generator):  # one encoder bias for each draw
        class Own:
            bias = model.encoder[-1].bias.detach().expand(n, 6).clone().requires_grad_()

            def encode(self, x):
                return (model.encoder[:-1](x) @ model.encoder[-1].weight.T + self.bias).unflatten(-1, (2, 3))

            def decode(self, z):
                return model.decode(z)

        g = noise.gumbel((2, n, 2, 3), generator=generator, dtype=F64)
        own = Own()
        value = discrete.rebar_elbo(own, X.expand(n, 4), g, tau=0.6).elbo.sum()
        return torch.autograd.grad(value, own.bias)[0]

    assert_mean(draw, truth, stream)


def test_bad_arguments(model):
    g = torch.zeros(1, 2, 3, dtype=F64)
    with pytest.raises(ValueError, match="tau must be one finite number > 0"):
        discrete.categorical_elbo(model, X, g, tau=0.0)
    with pytest.raises(ValueError, match="must have the same shape"):
        discrete.discrete_elbo(model, X, g[:, :1])
    with pytest.raises(ValueError, match="S >= 2 draws"):
        discrete.score_elbo(model, X, g[None])
    with pytest.raises(ValueError, match=r"x must lie in \[0, 1\]"):
        discrete.discrete_elbo(model, 255 * X, g)
    model.encoder[-1].bias.data[0] = math.nan
    with pytest.raises(checks.NotFiniteError, match="categorical_elbo: not finite: logits"):
        discrete.categorical_elbo(model, X, g, tau=1.0)
