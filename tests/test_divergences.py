"""divergences: right values, right signs, never negative, finite where networks go wrong."""

import math

import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from reparam import densities, divergences, noise, oracles

F64 = torch.float64
INF = math.inf


def _normals(gen, n=1_000):
    mean_q, log_var_q, mean_p, log_var_p = (
        2 * noise.normal((n,), generator=gen, dtype=F64) for _ in range(4)
    )
    return mean_q, log_var_q, mean_p, log_var_p


def test_normal_matches_torch(gen):
    mean_q, log_var_q, mean_p, log_var_p = _normals(gen)
    q, p = Normal(mean_q, (log_var_q / 2).exp()), Normal(mean_p, (log_var_p / 2).exp())
    got = divergences.kl_normal(mean_q, log_var_q, mean_p, log_var_p)
    assert torch.allclose(got, kl_divergence(q, p), rtol=1e-12, atol=1e-12)
    standard = divergences.kl_normal_standard(mean_q, log_var_q)
    assert torch.allclose(standard, kl_divergence(q, Normal(0.0, 1.0)), rtol=1e-12, atol=1e-12)
    zero = torch.zeros_like(mean_q)
    assert torch.allclose(
        divergences.kl_normal(mean_q, log_var_q, zero, zero), standard, rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.5, -2.0), (-0.3, 1.0)])
def test_normal_is_the_integral_of_its_definition(mean, log_var):
    scale = math.exp(log_var / 2)

    def log_ratio(z):
        log_q = densities.normal(torch.full_like(z, mean), torch.full_like(z, scale), z)
        return log_q - densities.normal(torch.zeros_like(z), torch.ones_like(z), z)

    want = oracles.normal_expectation(log_ratio, mean, scale)
    got = divergences.kl_normal_standard(torch.tensor([mean], dtype=F64), torch.tensor([log_var], dtype=F64))
    assert want.error < 1e-12
    assert abs(got[0] - want.value) < 1e-12


def test_float32_is_never_negative(gen):
    n = 1_000_000  # magnitudes from 1e-12 to 10, both signs
    size = 10 ** (13 * noise.uniform((n,), generator=gen) - 12)
    log_var = size * torch.where(noise.uniform((n,), generator=gen) < 0.5, -1.0, 1.0)
    kl = divergences.kl_normal_standard(torch.zeros(n), log_var)
    assert kl.min() >= 0
    # Two roundings of numbers no larger than |v| e^|v|.
    assert (
        (kl.double() - 0.5 * (torch.expm1(log_var.double()) - log_var.double())).abs()
        <= 2**-22 * size * size.double().exp()
    ).all()
    logits = noise.normal((n // 10, 8), generator=gen) * size[: n // 10, None]
    assert divergences.kl_categorical_uniform(logits).min() >= 0
    near = logits + 1e-4 * noise.normal((n // 10, 8), generator=gen)
    assert divergences.kl_categorical(logits, near).min() >= 0


@pytest.mark.parametrize("value", [1e4, -1e4, 1e9, -1e9])
def test_any_log_variance_has_a_finite_value_and_a_way_back(value):
    def grad_of(kl):
        log_var = torch.tensor([value], requires_grad=True)
        out = kl(log_var)
        assert out.isfinite().all()
        assert out > 0
        (grad,) = torch.autograd.grad(out, log_var)
        return float(grad)

    zero = torch.zeros(1)
    for kl in (
        lambda v: divergences.kl_normal_standard(zero, v),
        lambda v: divergences.kl_normal(zero, v, zero, zero),
        lambda v: divergences.kl_normal(zero + 1, zero, zero, v),
        lambda v: divergences.kl_normal(zero, zero, zero, v),
    ):
        grad = grad_of(kl)
        assert math.isfinite(grad)
        assert grad * value > 0, "a descent step would make the variance worse"


def test_taming_changes_nothing_up_to_the_knee():
    v = torch.linspace(-100, 40, 1001, dtype=F64, requires_grad=True)
    tamed = divergences.tame_log_var(v)
    assert torch.equal(tamed, v)
    assert torch.equal(torch.autograd.grad(tamed.sum(), v)[0], torch.ones_like(v))
    beyond = torch.logspace(1.7, 30, 200)  # float32
    assert (divergences.tame_log_var(beyond).diff() > 0).all()
    assert divergences.tame_log_var(torch.tensor([1e30])) < 200


def test_categorical_matches_torch(gen):
    logits_q, logits_p = (2 * noise.normal((500, 5), generator=gen, dtype=F64) for _ in range(2))
    want = kl_divergence(Categorical(logits=logits_q), Categorical(logits=logits_p))
    assert torch.allclose(divergences.kl_categorical(logits_q, logits_p), want, rtol=1e-12, atol=1e-13)
    want = math.log(5) - Categorical(logits=logits_q).entropy()
    assert torch.allclose(divergences.kl_categorical_uniform(logits_q), want, rtol=1e-12, atol=1e-13)


def test_categorical_extremes():
    for k in (1, 2, 10):
        assert divergences.kl_categorical_uniform(torch.full((k,), 3.7)).item() == 0
        certain = torch.zeros(k, dtype=F64)
        certain[0] = 1e4
        assert divergences.kl_categorical_uniform(certain).item() == pytest.approx(math.log(k), rel=1e-14)
    assert divergences.kl_categorical(torch.zeros(2), torch.tensor([0.0, -INF])).item() == INF


def test_categorical_with_an_impossible_class():
    logits = torch.tensor([0.5, -INF, -0.5], dtype=F64, requires_grad=True)
    kept = torch.tensor([0.5, -0.5], dtype=F64, requires_grad=True)
    kl = divergences.kl_categorical_uniform(logits)
    smaller = divergences.kl_categorical_uniform(kept)
    assert kl.item() == pytest.approx(smaller.item() + math.log(3 / 2), rel=1e-14)
    (grad,) = torch.autograd.grad(kl, logits)
    assert grad[1] == 0
    assert torch.allclose(grad[[0, 2]], torch.autograd.grad(smaller, kept)[0], rtol=1e-13)
    assert divergences.kl_categorical(logits.detach(), logits.detach()).item() == 0


@pytest.mark.parametrize("kl", ["standard", "normal", "categorical", "uniform"])
def test_gradients(kl, gen):
    a, b, c, d = (noise.normal((3, 4), generator=gen, dtype=F64).requires_grad_() for _ in range(4))
    call, inputs = {
        "standard": (divergences.kl_normal_standard, (a, b)),
        "normal": (divergences.kl_normal, (a, b, c, d)),
        "categorical": (divergences.kl_categorical, (a, b)),
        "uniform": (divergences.kl_categorical_uniform, (a,)),
    }[kl]
    assert torch.autograd.gradcheck(call, inputs)


def test_one_value_per_latent_so_that_the_caller_sums():
    # Averaging over the latents instead divides the KL's weight by their number.
    mean, log_var = torch.ones(8, 20), torch.zeros(8, 20)
    per_latent = divergences.kl_normal_standard(mean, log_var)
    assert per_latent.shape == (8, 20)
    assert per_latent.sum(-1).mean().item() == pytest.approx(10.0)
    assert divergences.kl_categorical_uniform(torch.zeros(8, 20, 5)).shape == (8, 20)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_computed_in_float32(dtype, gen):
    mean, log_var = (noise.normal((100,), generator=gen, dtype=dtype) for _ in range(2))
    got = divergences.kl_normal_standard(mean, log_var)
    assert got.dtype == torch.float32
    assert torch.equal(got, divergences.kl_normal_standard(mean.float(), log_var.float()))


def test_bad_input():
    with pytest.raises(
        ValueError, match=r"kl_normal_standard: mean and log_var must have the same shape, got \(2,\)"
    ):
        divergences.kl_normal_standard(torch.zeros(2), torch.zeros(3))
    with pytest.raises(TypeError, match="log_var must be a tensor, got float"):
        divergences.kl_normal_standard(torch.zeros(2), 0.0)
    with pytest.raises(ValueError, match="mean_q and log_var_p must have the same shape"):
        divergences.kl_normal(*[torch.zeros(2)] * 3, torch.zeros(1))
    with pytest.raises(ValueError, match="logits_q and logits_p must have the same shape"):
        divergences.kl_categorical(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(ValueError, match="kl_categorical_uniform: logits needs a finite largest entry"):
        divergences.kl_categorical_uniform(torch.full((2, 3), -INF))


def test_a_probability_that_rounds_to_zero_where_p_is_zero_costs_infinity():
    q, p = torch.tensor([0.0, -1e4]), torch.tensor([0.0, -math.inf])
    assert divergences.kl_categorical(q, p) == math.inf


def test_divergences_of_nan_are_refused():
    bad, good = torch.tensor([math.nan]), torch.zeros(1)
    for args in ((bad, good), (good, bad)):
        with pytest.raises(ValueError, match=r"kl_normal_standard: (mean|log_var) must be finite"):
            divergences.kl_normal_standard(*args)
    with pytest.raises(ValueError, match="kl_normal: log_var_p must be finite"):
        divergences.kl_normal(good, good, good, bad)
