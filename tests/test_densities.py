"""densities: against torch.distributions, against their own integral, and at the edges."""

import math

import pytest
import torch
from torch.distributions import (
    Categorical,
    Exponential,
    Gumbel,
    Laplace,
    Normal,
    SigmoidTransform,
    TransformedDistribution,
    Uniform,
)

from reparam import densities, noise, oracles

F64 = torch.float64
INF = math.inf


def test_normal_matches_torch(gen):
    loc, log_scale, z = (3 * noise.normal((1_000,), generator=gen, dtype=F64) for _ in range(3))
    got = densities.normal(loc, log_scale.exp(), z)
    want = Normal(loc, log_scale.exp()).log_prob(z)
    assert torch.allclose(got, want, rtol=1e-13, atol=1e-13)


def _torchs_logistic(loc, scale):
    # torch has no logistic law: it is the logit of a uniform.
    zero = torch.zeros_like(loc)
    standard = TransformedDistribution(Uniform(zero, zero + 1), [SigmoidTransform().inv])
    return lambda z: standard.log_prob((z - loc) / scale) - scale.log()


@pytest.mark.parametrize("name", ["logistic", "laplace", "gumbel"])
def test_location_scale_densities_match_torch(name, gen):
    loc, log_scale, z = (2 * noise.normal((1_000,), generator=gen, dtype=F64) for _ in range(3))
    scale = (log_scale / 2).exp()
    laws = {"laplace": lambda m, s: Laplace(m, s).log_prob, "gumbel": lambda m, s: Gumbel(m, s).log_prob}
    want = laws.get(name, _torchs_logistic)(loc, scale)
    got = getattr(densities, name)(loc, scale, z)
    if name == "logistic":  # torch clamps the sigmoid: compare where it does not
        near = ((z - loc) / scale).abs() < 10
        assert near.float().mean() > 0.9
        assert torch.allclose(got[near], want(z)[near], rtol=1e-9, atol=1e-9)
    else:
        assert torch.allclose(got, want(z), rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(
        lambda m, s: getattr(densities, name)(m, s, z[:5]),
        (loc[:5].requires_grad_(), scale[:5].requires_grad_()),
    )


def test_densities_far_out_are_finite():
    one, far = torch.ones(2, dtype=F64), torch.tensor([-1e4, 1e4], dtype=F64)
    assert torch.equal(densities.logistic(0 * one, one, far), -far.abs())
    assert torch.equal(densities.laplace(0 * one, one, far), -far.abs() - math.log(2))
    assert densities.gumbel(0 * one, one, far)[1] == -1e4


def test_exponential_matches_torch_and_ends_at_zero(gen):
    rate = noise.exponential((500,), generator=gen, dtype=F64)
    z = noise.exponential((500,), generator=gen, dtype=F64)
    assert torch.allclose(densities.exponential(rate, z), Exponential(rate).log_prob(z), rtol=1e-13)
    assert (densities.exponential(rate, -z) == -INF).all()
    leaf = rate.requires_grad_()
    (grad,) = torch.autograd.grad(densities.exponential(leaf, z).sum(), leaf)
    assert torch.allclose(grad, 1 / rate.detach() - z, rtol=1e-12)


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (-3.0, 0.2), (5.0, 4.0)])
def test_normal_integrates_to_one(loc, scale):
    def p(z):
        return densities.normal(torch.full_like(z, loc), torch.full_like(z, scale), z).exp()

    def over_the_line(u):  # z = loc + scale * logit(u), dz = scale / (u (1 - u)) du
        return p(loc + scale * torch.logit(u[:, 0])) * scale / (u * (1 - u))[:, 0]

    total = oracles.uniform_expectation(over_the_line)
    assert total.error < 1e-12
    assert abs(total.value - 1) < 1e-12


def test_normal_scores(gen):
    loc, z = (noise.normal((50,), generator=gen, dtype=F64) for _ in range(2))
    scale = noise.uniform((50,), generator=gen, dtype=F64) + 0.5
    leaves = (loc.requires_grad_(), scale.requires_grad_())
    d_loc, d_scale = torch.autograd.grad(densities.normal(*leaves, z).sum(), leaves)
    eps = ((z - loc) / scale).detach()
    assert torch.allclose(d_loc, eps / scale, rtol=1e-12)
    assert torch.allclose(d_scale, (eps**2 - 1) / scale, rtol=1e-10, atol=1e-12)


def test_categorical_matches_torch_and_sums_to_one(gen):
    logits = 3 * noise.normal((100, 6), generator=gen, dtype=F64)
    total = torch.zeros(100, dtype=F64)
    for k in range(6):
        z = torch.eye(6, dtype=F64)[k].expand(100, 6)
        log_p = densities.categorical(logits, z)
        want = Categorical(logits=logits).log_prob(torch.full((100,), k))
        assert torch.allclose(log_p, want, rtol=1e-13, atol=1e-13)
        assert torch.allclose(log_p, densities.categorical(logits + 7, z), rtol=0, atol=1e-13), (
            "logits, not logs"
        )
        total += log_p.exp()
    assert torch.allclose(total, torch.ones(100, dtype=F64), rtol=0, atol=1e-14)


def test_categorical_score_is_one_hot_minus_softmax(gen):
    logits = noise.normal((20, 4), generator=gen, dtype=F64).requires_grad_()
    z = torch.eye(4, dtype=F64)[torch.arange(20) % 4]
    (grad,) = torch.autograd.grad(densities.categorical(logits, z).sum(), logits)
    assert torch.allclose(grad, z - logits.softmax(-1).detach(), rtol=0, atol=1e-15)


def test_categorical_with_an_impossible_class():
    logits = torch.tensor([[0.0, -INF, 1.0]] * 3, dtype=F64, requires_grad=True)
    log_p = densities.categorical(logits, torch.eye(3, dtype=F64))
    assert log_p[1] == -INF
    assert log_p[[0, 2]].isfinite().all()
    (grad,) = torch.autograd.grad(log_p[[0, 2]].sum(), logits)
    assert grad.isfinite().all()
    assert (grad[:, 1] == 0).all()


def test_bad_input():
    two = torch.ones(2)
    for bad in (0.0, -1.0, math.nan, INF):
        with pytest.raises(ValueError, match=r"densities.normal: scale must be finite and > 0"):
            densities.normal(two, torch.tensor([1.0, bad]), two)
    with pytest.raises(ValueError, match=r"loc and z must have the same shape, got \(2,\) and \(2, 1\)"):
        densities.normal(two, two, torch.ones(2, 1))
    with pytest.raises(ValueError, match="logits and z must have the same shape"):
        densities.categorical(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(TypeError, match="z must have a floating-point dtype"):
        densities.categorical(torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match="logits needs a finite largest entry"):
        densities.categorical(torch.full((3,), -INF), torch.eye(3)[0])
    for name in ("logistic", "laplace", "gumbel"):
        with pytest.raises(ValueError, match=rf"^densities.{name}: scale must be finite and > 0"):
            getattr(densities, name)(two, 0 * two, two)
    with pytest.raises(ValueError, match=r"^densities.exponential: rate must be finite and > 0"):
        densities.exponential(0 * two, two)
    with pytest.raises(ValueError, match=r"^densities.exponential: rate and z must have the same shape"):
        densities.exponential(two, torch.ones(3))
