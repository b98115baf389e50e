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


def test_log_bernoulli_is_a_sum_over_pixels(gen):
    x = noise.uniform((4, 7), generator=gen, dtype=F64)
    logits = 3 * noise.normal((4, 7), generator=gen, dtype=F64)
    got = objectives.log_bernoulli(x, logits)
    p = logits.sigmoid()
    assert torch.allclose(got, (x * p.log() + (1 - x) * (1 - p).log()).sum(-1), rtol=1e-12)
    two = objectives.log_bernoulli(torch.cat([x, x], -1), torch.cat([logits, logits], -1))
    assert torch.allclose(two, 2 * got, rtol=1e-14)


def test_saturated_pixels_keep_their_gradient():
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    value = objectives.log_bernoulli(torch.tensor([[0.0, 1.0]]), logits)
    assert value.item() == -2e4
    (grad,) = torch.autograd.grad(value.sum(), logits)
    assert grad.tolist() == [[-1.0, 1.0]]


@pytest.mark.parametrize("value", [1e4, -1e4])
def test_an_extreme_log_variance_is_survivable(value):
    model = LineModel(0.0, value)
    model.log_var.requires_grad_()
    terms = objectives.elbo(model, X, torch.ones(1, 1, dtype=F64))
    assert all(term.isfinite().all() for term in terms)
    (grad,) = torch.autograd.grad(-terms.elbo.sum(), model.log_var)
    assert grad.isfinite()
    assert grad * value > 0, "a descent step would make the variance worse"


def test_bad_targets_are_refused():
    logits = torch.zeros(2, 3)
    with pytest.raises(TypeError, match=r"x must be floating point in \[0, 1\], got uint8; divide by 255\?"):
        objectives.log_bernoulli(torch.ones(2, 3, dtype=torch.uint8), logits)
    for bad, got in (
        (255.0, "from 255.0 to 255.0"),
        (-0.1, "from -0.1"),
        (math.nan, "from nan"),
        (1.001, "to 1.00"),
    ):
        with pytest.raises(
            ValueError, match=rf"x must lie in \[0, 1\], got values .*{got}.*; divide by 255\?"
        ):
            objectives.log_bernoulli(torch.full((2, 3), bad), logits)
    with pytest.raises(ValueError, match=r"x and logits must have the same shape, got \(2, 3\) and \(2, 1\)"):
        objectives.log_bernoulli(torch.zeros(2, 3), torch.zeros(2, 1))
    with pytest.raises(TypeError, match="logits must be a tensor"):
        objectives.log_bernoulli(torch.zeros(2, 3), 0.0)
    assert objectives.log_bernoulli(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)


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
