"""baselines: unbiased by quadrature over all draws together, and the mistakes biased by exactly what theory says."""

import math

import pytest
import torch

from reparam import baselines, densities, estimators, noise, oracles, quadrature, samplers

F64 = torch.float64
HERE = (torch.tensor(0.7, dtype=F64), torch.tensor(0.8, dtype=F64))


def cost(z):
    return torch.cos(z) + 5.0


def joint(baseline, n):
    """Return the estimate of ``n`` draws together, as a function of their noise [N, n], and its exact moments."""

    def estimate(eps):
        rows = [p.expand(eps.shape).clone().requires_grad_() for p in HERE]
        z = samplers.normal(*rows, eps).detach()
        f = cost(z)
        b = baseline(f.T).T  # draws first
        value = ((f - b) * densities.normal(*rows, z)).mean(-1)
        return torch.stack([g.sum(-1) for g in torch.autograd.grad(value.sum(), rows)], -1)

    return quadrature.moments(estimate, ["normal"] * n, nodes=24 if n == 3 else 100)


EXACT = torch.stack([g.value for g in oracles.normal_grad(cost, 0.7, 0.8)])


@pytest.mark.parametrize("n", [2, 3])
def test_leave_one_out_is_unbiased(n):
    got = joint(baselines.leave_one_out, n)
    assert torch.allclose(got.mean.value, EXACT, rtol=0, atol=1e-6 if n == 3 else 1e-12)


@pytest.mark.parametrize("n", [2, 3])
def test_including_the_own_draw_shrinks_the_gradient(n):
    got = joint(lambda f: f.mean(0).expand_as(f), n)
    assert torch.allclose(got.mean.value, EXACT * (n - 1) / n, rtol=0, atol=1e-6 if n == 3 else 1e-12)


def test_leave_one_out_is_the_sample_covariance_and_has_its_variance():
    n = 2
    got = joint(baselines.leave_one_out, n)

    def powers(eps):
        z = HERE[0] + HERE[1] * eps[:, 0]
        f, s = cost(z) - mean_cost, eps[:, 0] / HERE[1]
        return torch.stack([f * s, (f * s) ** 2, f**2, s**2], -1)

    mean_cost = oracles.normal_expectation(cost, 0.7, 0.8).value
    m11, m22, m20, m02 = quadrature.hermite(powers).value
    want = m22 / n - (n - 2) / (n * (n - 1)) * m11**2 + m20 * m02 / (n * (n - 1))
    assert abs(m11 - EXACT[0]) < 1e-12
    assert abs(got.variance.value[0] - want) < 1e-11


def test_leave_one_out_through_the_estimator(gen):
    eps = noise.normal((6,), generator=gen, dtype=F64)
    f = cost(HERE[0] + HERE[1] * eps)
    others = torch.stack([torch.cat([f[:k], f[k + 1 :]]).mean() for k in range(6)])
    assert torch.allclose(baselines.leave_one_out(f), others, rtol=1e-14)
    for baseline in (baselines.leave_one_out, others):
        surrogate = estimators.score_function_normal(cost, baseline=baseline)
        got = estimators.per_sample_grads(surrogate, HERE, eps)[0]
        assert torch.allclose(got, (f - others) * eps / HERE[1], rtol=1e-12)
    table = f.reshape(3, 2)  # two problems with three draws each
    assert torch.allclose(baselines.leave_one_out(table)[:, 1], baselines.leave_one_out(table[:, 1]))


def test_leave_one_out_forgets_an_offset_and_the_graph(gen):
    f = noise.normal((9,), generator=gen, dtype=F64).requires_grad_()
    b = baselines.leave_one_out(f)
    assert not b.requires_grad
    assert torch.allclose((f + 1000) - baselines.leave_one_out(f + 1000), f - b, atol=1e-11)


def test_optimal_is_the_minimum_of_the_variance():
    best = quadrature.hermite(lambda e: cost(0.7 + 0.8 * e[:, 0]) * e[:, 0] ** 2).value.item()

    def variance(b):
        surrogate = estimators.score_function_normal(cost, baseline=b)
        return quadrature.moments(
            lambda e: estimators.per_sample_grads(surrogate, HERE, e[:, 0])[0], ["normal"]
        ).variance.value

    least = variance(best)
    for step in (1e-3, 0.1, 1.0):  # a parabola in b with curvature 2 / scale^2
        for b in (best - step, best + step):
            assert variance(b) - least == pytest.approx(step**2 / 0.64, rel=1e-6)


def test_optimal_from_draws_is_the_weighted_mean(gen):
    f = noise.normal((7,), generator=gen, dtype=F64)
    s = noise.normal((7, 2), generator=gen, dtype=F64)
    weight = (s**2).sum(-1)
    assert torch.allclose(baselines.optimal(f, s), (f * weight).sum() / weight.sum())
    assert torch.allclose(baselines.optimal(f, s[:, 0]), (f * s[:, 0] ** 2).sum() / (s[:, 0] ** 2).sum())
    assert baselines.optimal(torch.full((7,), 3.0), s.float()) == pytest.approx(3.0)


def test_bad_input():
    for bad in (torch.zeros(1), torch.zeros(0), torch.tensor(1.0)):
        with pytest.raises(ValueError, match=r"leave_one_out: cost must have shape \[S, ...\] with S >= 2"):
            baselines.leave_one_out(bad)
    with pytest.raises(TypeError, match="leave_one_out: cost must have a floating-point dtype"):
        baselines.leave_one_out(torch.arange(3))
    with pytest.raises(
        ValueError, match=r"optimal: cost must have shape \[S\] and score \[S\] or \[S, P\], got"
    ):
        baselines.optimal(torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match="score must not be 0 at every one of the 3 draws"):
        baselines.optimal(torch.ones(3), torch.zeros(3))


# A whole gradient


@pytest.mark.parametrize("variance", [0.2, 0.5, 1.0, 3.0])
def test_the_coefficient_of_the_score_in_the_elbo(variance, gen):
    r"""Posterior N(0, 1), q = N(mu, v): c* = v in the mean and in log sigma.

    It is 1, the path derivative, where q has the posterior's width; below v = 1 / 2 no score term
    to drop would be better than dropping it.
    """
    mu, sigma = 0.7, variance**0.5
    eps = noise.normal((400_000,), generator=gen, dtype=F64)
    z = mu + sigma * eps
    total = torch.stack([-z, -z * sigma * eps + 1], -1)
    score = torch.stack([eps / sigma, eps**2 - 1], -1)
    got = baselines.coefficient(total, score)
    assert (got - variance).abs().max() < 0.02 * (1 + variance), "a standard error is below a quarter of that"
    spread = [(total + c * score).var(0) for c in (got - 0.05, got, got + 0.05)]
    assert (spread[1] < spread[0]).all()
    assert (spread[1] < spread[2]).all()
    assert (((total + score).var(0) > total.var(0)) == (variance < 0.5)).all() or variance == 0.5


def test_the_coefficient_is_exact_where_the_control_explains_all(gen):
    control = noise.normal((10, 3), generator=gen, dtype=F64)
    estimate = 2.0 - torch.tensor([0.5, -3.0, 0.0], dtype=F64) * control
    assert torch.allclose(baselines.coefficient(estimate, control), torch.tensor([0.5, -3.0, 0.0], dtype=F64))
    flat = torch.ones(10, 3, dtype=F64)
    assert not baselines.coefficient(estimate, flat).any()


def test_the_coefficient_refuses_what_it_cannot_pair(gen):
    x = noise.normal((4, 2), generator=gen)
    with pytest.raises(ValueError, match="estimate and control must have the same shape"):
        baselines.coefficient(x, x[:, :1])
    with pytest.raises(
        ValueError, match=r"coefficient: control must have shape \[S, ...\] with S >= 2 draws"
    ):
        baselines.coefficient(x[:1], x[:1])


def test_half_precision_sums_do_not_overflow():
    cost = torch.tensor([300.0, -300.0, 200.0], dtype=torch.float16)
    assert baselines.optimal(cost, cost).item() == pytest.approx(
        baselines.optimal(cost.double(), cost.double()).item(), rel=1e-3
    )
    assert baselines.coefficient(cost, cost).item() == pytest.approx(-1.0, rel=1e-3)


def test_costs_that_are_not_finite_are_refused():
    bad = torch.tensor([1.0, math.nan])
    for call in (
        lambda: baselines.leave_one_out(bad),
        lambda: baselines.optimal(bad, bad),
        lambda: baselines.coefficient(bad, bad),
    ):
        with pytest.raises(ValueError, match="must be finite, got nan"):
            call()
