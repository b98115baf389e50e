"""objectives: the bound is a bound, its gap is a KL, its terms add up, and targets are what they should be.

The model is that of line_model: log p(x) and the posterior are one-dimensional integrals.
"""

import math

import pytest
import torch
from line_model import QS, LineModel, X
from montecarlo import assert_mean
from torch.distributions import Bernoulli

from reparam import checks, densities, divergences, models, noise, objectives, samplers

F64 = torch.float64


@pytest.mark.parametrize(("mean", "log_var"), QS)
def test_elbo_is_below_the_evidence_by_exactly_the_kl_to_the_posterior(mean, log_var):
    model = LineModel(mean, log_var)
    bound, gap = model.exact_elbo(), model.gap()
    assert bound.error < 1e-11
    assert gap > 0
    assert bound.value < model.log_evidence()
    assert abs(model.log_evidence() - bound.value - gap) < 1e-10


def test_a_better_q_gives_a_tighter_bound():
    gaps = {q: float(LineModel(*q).gap()) for q in QS}
    assert gaps[0.8, -0.5] < gaps[0.0, 0.0] / 10, "a q near the posterior, against the prior"


def test_terms_add_up_and_are_per_example(gen):
    model = models.VAE(16, 8, 3, generator=gen).double()
    x = (noise.uniform((5, 16), generator=gen, dtype=F64) < 0.5).double()
    eps = noise.normal((5, 3), generator=gen, dtype=F64)
    terms = objectives.elbo(model, x, eps)
    assert terms._fields == ("elbo", "reconstruction", "kl")
    assert all(term.shape == (5,) for term in terms)
    assert torch.equal(terms.elbo, terms.reconstruction - terms.kl)
    mean, log_var = model.encode(x)
    z = samplers.normal(mean, (log_var / 2).exp(), eps)
    want = Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1)
    assert torch.allclose(terms.reconstruction, want, rtol=1e-13)
    assert torch.allclose(terms.kl, divergences.kl_normal_standard(mean, log_var).sum(-1), rtol=1e-13)
    assert (terms.kl > 0).all()
    one = objectives.elbo(model, x[2:3], eps[2:3])
    assert torch.allclose(one.elbo[0], terms.elbo[2], rtol=1e-13)


def test_closed_form_kl_equals_monte_carlo(stream):
    mean, log_var = torch.tensor([0.5, -1.0], dtype=F64), torch.tensor([-1.0, 0.5], dtype=F64)
    scale = (log_var / 2).exp()

    def draw(n, generator):
        m, s = mean.expand(n, 2), scale.expand(n, 2)
        z = samplers.normal(m, s, noise.normal((n, 2), generator=generator, dtype=F64))
        log_p = densities.normal(torch.zeros_like(z), torch.ones_like(z), z)
        return (densities.normal(m, s, z) - log_p).sum(-1)

    assert_mean(draw, divergences.kl_normal_standard(mean, log_var).sum(-1), stream)


def test_the_gradient_is_that_of_finite_differences(gen):
    model = models.VAE(6, 4, 2, generator=gen).double()
    x = (noise.uniform((3, 6), generator=gen, dtype=F64) < 0.5).double()
    eps = noise.normal((3, 2), generator=gen, dtype=F64)
    parameters = list(model.parameters())
    grads = torch.autograd.grad(objectives.elbo(model, x, eps).elbo.mean(), parameters)
    h = 1e-6  # h^2 of truncation, 1e-16 * |elbo| / h of rounding: 1e-9
    for parameter, grad in zip(parameters, grads, strict=True):
        flat = parameter.data.view(-1)
        for i in range(0, flat.numel(), 7):
            kept = flat[i].item()
            values = []
            for sign in (1, -1):
                flat[i] = kept + sign * h
                values.append(objectives.elbo(model, x, eps).elbo.mean().item())
            flat[i] = kept
            assert abs((values[0] - values[1]) / (2 * h) - grad.view(-1)[i].item()) < 1e-8
    assert all(grad.abs().sum() > 0 for grad in grads), "a parameter gets no gradient"


@pytest.mark.parametrize("value", [1e4, -1e4])
def test_an_extreme_log_variance_is_survivable(value):
    model = LineModel(0.0, value)
    model.log_var.requires_grad_()
    terms = objectives.elbo(model, X, torch.ones(1, 1, dtype=F64))
    assert all(term.isfinite().all() for term in terms)
    (grad,) = torch.autograd.grad(-terms.elbo.sum(), model.log_var)
    assert grad.isfinite()
    assert grad * value > 0, "a descent step would make the variance worse"


def test_bad_noise_and_broken_encoders_are_named(gen):
    model = models.VAE(3, 4, 2, generator=gen)
    x = torch.ones(5, 3)
    for shape in ((5, 1), (1, 2), (2,), (5, 3)):
        with pytest.raises(ValueError, match=r"loc and eps must have the same shape, got \(5, 2\) and"):
            objectives.elbo(model, x, torch.zeros(shape))
    for mean, log_var, named in (
        (math.nan, 0.0, "mean"),
        (0.0, math.inf, "log_var"),
        (math.inf, math.nan, "mean, log"),
    ):
        with pytest.raises(checks.NotFiniteError, match=f"elbo: not finite: {named}"):
            objectives.elbo(LineModel(mean, log_var), X, torch.zeros(1, 1, dtype=F64))


# Weighted


def _small(gen, draws=4):
    model = models.VAE(6, 4, 2, generator=gen).double()
    x = (noise.uniform((3, 6), generator=gen, dtype=F64) < 0.5).double()
    return model, x, 2 * noise.normal((draws, 3, 2), generator=gen, dtype=F64)


def test_beta_one_without_free_bits_is_the_elbo(gen):
    model, x, eps = _small(gen)
    plain = objectives.elbo(model, x, eps[0])
    terms = objectives.beta_elbo(model, x, eps[0], beta=1.0)
    assert torch.equal(terms.objective, plain.elbo)
    for name in plain._fields:
        assert torch.equal(getattr(terms, name), getattr(plain, name))
    none = objectives.beta_elbo(model, x, eps[0], beta=0)
    assert torch.equal(none.objective, plain.reconstruction)
    assert torch.equal(none.elbo, plain.elbo)
    four = objectives.beta_elbo(model, x, eps[0], beta=4.0)
    assert torch.allclose(four.objective, plain.elbo - 3 * plain.kl)


def test_free_bits_are_free(gen):
    model, x, eps = _small(gen)
    with torch.no_grad():
        model.encoder[-1].bias[0] += 2  # the first latent's mean: its KL is about 2 nats, the other's near 0
    mean, log_var = model.encode(x)
    each = divergences.kl_normal_standard(mean, log_var).mean(0)
    assert each[0] > 0.5 > each[1]
    terms = objectives.beta_elbo(model, x, eps[0], beta=2.0, free_bits=0.5)
    want = terms.reconstruction.mean() - 2 * (each[0] + 0.5)
    assert torch.allclose(terms.objective.mean(), want)
    (grad,) = torch.autograd.grad((terms.objective - terms.reconstruction).mean(), model.encoder[-1].bias)
    assert torch.equal(grad != 0, torch.tensor([True, False, True, False]))
    assert torch.allclose(terms.elbo, objectives.elbo(model, x, eps[0]).elbo)


def test_bad_weights_are_refused(gen):
    model, x, eps = _small(gen)
    for bad, error in (
        (-1.0, ValueError),
        (math.nan, ValueError),
        (math.inf, ValueError),
        ("1", TypeError),
        (True, TypeError),
    ):
        with pytest.raises(error, match="beta_elbo: beta must be one finite number >= 0"):
            objectives.beta_elbo(model, x, eps[0], beta=bad)
        with pytest.raises(error, match="beta_elbo: free_bits must be one finite number >= 0"):
            objectives.beta_elbo(model, x, eps[0], beta=1.0, free_bits=bad)
