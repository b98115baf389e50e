"""objectives: the bound is a bound, its gap is a KL, its terms add up, and targets are what they should be.

The model is small enough to know: one Gaussian latent, three Bernoulli pixels, logits linear in z, so that
log p(x) and the posterior are one-dimensional integrals.
"""

import math

import pytest
import torch
from montecarlo import assert_mean
from torch.distributions import Bernoulli

from reparam import checks, densities, divergences, models, noise, objectives, oracles, samplers

F64 = torch.float64
X = torch.tensor([[1.0, 0.0, 1.0]], dtype=F64)


class LineModel:
    """A decoder that is a line, and one Gaussian q for every x."""

    weight = torch.tensor([2.0, -1.0, 0.5], dtype=F64)
    bias = torch.tensor([-0.5, 0.3, 0.1], dtype=F64)

    def __init__(self, mean, log_var):
        self.mean = torch.tensor([[float(mean)]], dtype=F64)
        self.log_var = torch.tensor([[float(log_var)]], dtype=F64)

    def encode(self, x):
        return self.mean.expand(len(x), 1), self.log_var.expand(len(x), 1)

    def decode(self, z):
        return z * self.weight + self.bias

    def log_likelihood(self, z):
        return Bernoulli(logits=z[:, None] * self.weight + self.bias).log_prob(X).sum(-1)

    def log_evidence(self):
        return oracles.normal_expectation(lambda z: self.log_likelihood(z).exp(), 0.0, 1.0).value.log()

    def gap(self):
        """KL(q || p(z | x)) from its definition."""
        mean, scale = self.mean.item(), math.exp(self.log_var.item() / 2)

        def log_ratio(z):
            log_q = densities.normal(torch.full_like(z, mean), torch.full_like(z, scale), z)
            log_joint = densities.normal(torch.zeros_like(z), torch.ones_like(z), z) + self.log_likelihood(z)
            return log_q - log_joint + self.log_evidence()

        return oracles.normal_expectation(log_ratio, mean, scale).value

    def exact_elbo(self):
        """Integrate :func:`objectives.elbo` over its noise."""
        return oracles.normal_expectation(
            lambda e: objectives.elbo(self, X.expand(len(e), 3), e[:, None]).elbo, 0.0, 1.0
        )


QS = [(0.0, 0.0), (0.8, -0.5), (-1.0, 1.0), (3.0, -4.0), (0.7, -0.35)]


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


# Several draws


def _small(gen, draws=4):
    model = models.VAE(6, 4, 2, generator=gen).double()
    x = (noise.uniform((3, 6), generator=gen, dtype=F64) < 0.5).double()
    return model, x, 2 * noise.normal((draws, 3, 2), generator=gen, dtype=F64)


def test_log_weights_are_the_three_densities(gen):
    model, x, eps = _small(gen)
    log_w = objectives.log_weights(model, x, eps)
    mean, log_var = (t.expand(eps.shape) for t in model.encode(x))
    scale = (log_var / 2).exp()
    z = samplers.normal(mean, scale, eps)
    want = Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1)
    want = want + densities.normal(torch.zeros_like(z), torch.ones_like(z), z).sum(-1)
    want = want - densities.normal(mean, scale, z).sum(-1)
    assert log_w.shape == (4, 3)
    assert torch.allclose(log_w, want, rtol=1e-13)


@pytest.mark.parametrize(("mean", "log_var"), QS)
def test_a_sampled_kl_has_the_same_expectation(mean, log_var):
    model = LineModel(mean, log_var)
    sampled = oracles.normal_expectation(
        lambda e: objectives.log_weights(model, X.expand(len(e), 3), e[None, :, None])[0], 0.0, 1.0
    )
    assert abs(sampled.value - model.exact_elbo().value) < 1e-10


def test_iwae_with_one_draw_is_the_log_weight_bit_for_bit(gen):
    model, x, eps = _small(gen)
    one = objectives.iwae(model, x, eps[:1])
    assert torch.equal(one.bound, objectives.log_weights(model, x, eps[:1])[0])
    assert torch.equal(one.bound, one.elbo)
    assert objectives.iwae(model, x, eps)._fields == ("bound", "elbo")


def test_iwae_lies_between_the_elbo_and_the_evidence():
    model = LineModel(-1.0, 1.0)

    def two(u):
        return objectives.iwae(model, X.expand(len(u), 3), torch.special.ndtri(u).T[:, :, None]).bound

    bound = oracles.uniform_expectation(two, dims=2)
    assert bound.error < 1e-3
    assert model.exact_elbo().value + 0.1 < bound.value < model.log_evidence() - 0.1


def test_iwae_weighs_each_draw_by_its_share(gen):
    model, x, eps = _small(gen)
    parameters = list(model.parameters())
    got = torch.autograd.grad(objectives.iwae(model, x, eps).bound.sum(), parameters)
    log_w = objectives.log_weights(model, x, eps)
    want = torch.autograd.grad((log_w.detach().softmax(0) * log_w).sum(), parameters)
    assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-12) for a, b in zip(got, want, strict=True))
    mean = log_w.logsumexp(0) - math.log(4)
    assert torch.allclose(objectives.iwae(model, x, eps).bound, mean, rtol=1e-13)
    assert torch.allclose(objectives.iwae(model, x, eps).elbo, log_w.mean(0), rtol=1e-13)


def test_a_negligible_weight_costs_nothing_and_gets_nothing():
    model = LineModel(0.0, 0.0)
    eps = torch.tensor([0.5, -40.0], dtype=F64).view(2, 1, 1)
    log_w = objectives.log_weights(model, X, eps)
    assert log_w[0] - log_w[1] > 30
    scale = model.log_var.requires_grad_()
    bound = objectives.iwae(model, X, eps).bound
    assert abs(bound - (log_w.logsumexp(0) - math.log(2))) < 1e-12
    (grad,) = torch.autograd.grad(bound.sum(), scale)
    (alone,) = torch.autograd.grad(objectives.log_weights(model, X, eps[:1]).sum(), scale)
    assert torch.allclose(grad, alone, rtol=1e-12)


def test_draws_have_an_axis_of_their_own(gen):
    model, x, eps = _small(gen)
    for bad in (eps[0], eps[:0], eps[:, :2], eps[..., :1]):
        with pytest.raises(
            ValueError, match=r"log_weights: eps must have shape \[K, \*\(3, 2\)\] with K >= 1"
        ):
            objectives.iwae(model, x, bad)
    with pytest.raises(checks.NotFiniteError, match="log_weights: not finite: mean"):
        objectives.log_weights(LineModel(math.nan, 0.0), X, torch.zeros(2, 1, 1, dtype=F64))


# Weighted


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
