"""quadrature: the densities are densities, moments meet closed forms, and a poor rule says so itself."""

import math

import pytest
import torch

from reparam import estimators, oracles, quadrature

F64 = torch.float64
POWERS = {  # E[x], Var[x] of the laws themselves
    "normal": (0.0, 1.0),
    "rayleigh": (math.sqrt(math.pi / 2), 2 - math.pi / 2),
    "maxwell": (0.0, 3.0),
    "uniform": (0.5, 1 / 12),
}


@pytest.mark.parametrize("name", POWERS)
def test_laws(name):
    got = quadrature.moments(lambda x: x[:, 0], [name])
    mean, variance = POWERS[name]
    assert abs(got.mean.value - mean) < 1e-13
    assert abs(got.variance.value - variance) < 1e-13
    one = quadrature.moments(lambda x: torch.ones(len(x), dtype=F64), [name])
    assert abs(one.mean.value - 1) < 1e-13
    assert one.variance.value < 1e-26


def test_moments_of_the_estimators_of_a_cosine():
    # f = cos(k z): both variances in closed form, from cos and sin of 2 k z.
    loc, scale = 0.4, 0.7
    here = (torch.tensor(loc, dtype=F64), torch.tensor(scale, dtype=F64))
    for k in (1.0, 5.0, 10.0):
        mean = -k * math.sin(k * loc) * math.exp(-0.5 * (k * scale) ** 2)
        wave = math.cos(2 * k * loc) * math.exp(-2 * (k * scale) ** 2)
        second = (k**2 * (1 - wave) / 2, (1 + (1 - 4 * (k * scale) ** 2) * wave) / (2 * scale**2))
        makers = (estimators.pathwise_normal, estimators.score_function_normal)
        for make, square in zip(makers, second, strict=True):
            surrogate = make(lambda z, k=k: torch.cos(k * z))
            got = quadrature.moments(
                lambda e, s=surrogate: estimators.per_sample_grads(s, here, e[:, 0])[0], ["normal"]
            )
            assert abs(got.mean.value - mean) < 1e-12
            assert got.variance.value == pytest.approx(square - mean**2, rel=1e-11)
            assert got.variance.error < 1e-9


def test_several_variables_and_columns():
    got = quadrature.moments(
        lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 0] + x[:, 1]], -1), ["normal", "rayleigh"], nodes=60
    )
    root = math.sqrt(math.pi / 2)
    assert torch.allclose(got.mean.value, torch.tensor([0, root], dtype=F64), atol=1e-12)
    assert torch.allclose(got.variance.value, torch.tensor([2.0, 1 + 2 - math.pi / 2], dtype=F64), atol=1e-11)


def test_a_jump_needs_its_break():
    def step(x):
        return (x[:, 0] > 0.3).double()

    p = 0.5 * math.erfc(0.3 / math.sqrt(2))
    named = quadrature.moments(step, ["normal"], breaks=[0.3])
    # Rounding over some 800 nodes, as in the tests of the oracles.
    assert abs(named.mean.value - p) < 2e-13
    assert abs(named.variance.value - p * (1 - p)) < 2e-13
    blind = quadrature.moments(step, ["normal"])
    assert blind.mean.error > 1e-5
    assert abs(blind.mean.value - p) < 10 * blind.mean.error


def test_hermite_is_exact_for_polynomials():
    for nodes in (2, 5, 32, 100):
        for degree in range(0, min(2 * nodes, 20)):
            want = 0.0 if degree % 2 else float(math.prod(range(1, degree, 2)))
            got = quadrature.hermite(lambda e, d=degree: e[:, 0] ** d, nodes=nodes)
            # Rounding is relative to E|e|^d, of which an odd power keeps nothing.
            size = 2 ** (degree / 2) * math.gamma((degree + 1) / 2) / math.sqrt(math.pi)
            assert abs(got.value - want) < 1e-13 * size
            assert got.error < 1e-13 * size
    three = quadrature.hermite(lambda e: e.prod(-1) ** 2, dims=3, nodes=4)
    assert abs(three.value - 1) < 1e-13
    assert quadrature.hermite(lambda e: e, nodes=3).value.shape == (1,)


def test_hermite_agrees_with_legendre_and_says_where_it_cannot():
    smooth = quadrature.hermite(lambda e: torch.cos(2 + 3 * e[:, 0]), nodes=40)
    assert abs(smooth.value - oracles.normal_expectation(torch.cos, 2.0, 3.0).value) < 1e-12
    jump = quadrature.hermite(lambda e: (e[:, 0] > 0.3).double())
    assert jump.error > 1e-3
    assert abs(jump.value - 0.5 * math.erfc(0.3 / math.sqrt(2))) < 10 * jump.error


# Any number of importance weights


def _line(slope):
    return lambda eps: slope * eps


def test_log_mean_of_one_weight_is_its_mean_log():
    got = quadrature.log_mean(lambda eps: 0.3 - 0.7 * eps**2 + 0.2 * torch.sin(eps), 1)
    assert got.error < 1e-11
    assert abs(got.value - (0.3 - 0.7)) < 1e-11
    assert abs(quadrature.log_mean(torch.ones_like, 1000).value - 1) < 1e-12, "equal weights: their logarithm"


@pytest.mark.parametrize("k", [2, 3])
def test_log_mean_is_the_integral_over_all_draws(k):
    got = quadrature.log_mean(_line(0.8), k)
    whole = quadrature.hermite(lambda e: (0.8 * e).logsumexp(-1) - math.log(k), dims=k, nodes=40)
    assert max(got.error, whole.error) < 1e-10
    assert abs(got.value - whole.value) < 1e-10


def test_log_mean_tends_to_the_log_of_the_mean():
    """From below like Var(w) / (2 K E[w]^2), here with log-normal weights."""
    slope, k = 0.5, 4000
    got = quadrature.log_mean(_line(slope), k)
    gap = slope**2 / 2 - got.value
    assert abs(gap * 2 * k / math.expm1(slope**2) - 1) < 1e-3


def test_log_mean_can_be_differentiated():
    slope = torch.tensor(0.8, dtype=F64, requires_grad=True)
    (grad,) = torch.autograd.grad(quadrature.log_mean(_line(slope), 5).value, slope)
    h = 1e-4
    up, down = (quadrature.log_mean(_line(0.8 + d), 5).value for d in (h, -h))
    assert abs(grad - (up - down) / (2 * h)) < 1e-7


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_shares_are_the_integral_over_all_draws(k, power):
    def g(eps):
        return torch.stack([torch.sin(eps) + 0.3, eps**2], -1)

    def whole(e):
        share = (0.8 * e).softmax(-1)[..., None]
        return (share**power * g(e)).sum(1)

    got = quadrature.shares(lambda eps: (0.8 * eps, g(eps)), k, power=power)
    mean = quadrature.hermite(whole, dims=k, nodes=40)
    square = quadrature.hermite(lambda e: whole(e) ** 2, dims=k, nodes=40)
    assert max(got.mean.error.max(), got.variance.error.max(), square.error.max()) < 1e-9
    assert (got.mean.value - mean.value).abs().max() < 1e-9
    assert (got.variance.value - (square.value - mean.value**2)).abs().max() < 1e-9


def test_shares_add_up_to_one():
    got = quadrature.shares(lambda eps: (2 * eps, torch.ones_like(eps)), 50)
    assert abs(got.mean.value - 1) < 1e-10
    assert abs(got.variance.value) < 1e-9


def test_bad_input():
    for bad in ([], ["normal"] * 4, "normal", ["gauss"]):
        with pytest.raises(ValueError, match="moments: laws must be one to three of normal, rayleigh"):
            quadrature.moments(lambda x: x[:, 0], bad)
    with pytest.raises(ValueError, match="f returned NaN"):
        quadrature.moments(lambda x: x[:, 0].log(), ["normal"])
    with pytest.raises(ValueError, match="dims must be at most 3 and nodes at most 100, got 4 and 10"):
        quadrature.hermite(lambda e: e[:, 0], dims=4, nodes=10)
    with pytest.raises(ValueError, match="got 1 and 101"):
        quadrature.hermite(lambda e: e[:, 0], nodes=101)
    with pytest.raises(TypeError, match="hermite: nodes must be a whole number"):
        quadrature.hermite(lambda e: e[:, 0], nodes=3.0)
    with pytest.raises(
        ValueError, match=r"hermite: f must return one row for each of its 64 points, got \(\)"
    ):
        quadrature.hermite(lambda e: e.sum())
    for function in (quadrature.log_mean, quadrature.shares):
        for bad, error in ((0, ValueError), (2.0, TypeError), (True, TypeError)):
            with pytest.raises(error, match=rf"{function.__name__}: k must be a whole number >= 1, got"):
                function(lambda eps: (eps, eps), bad)
    with pytest.raises(ValueError, match="shares: power must be a whole number >= 1, got 0"):
        quadrature.shares(lambda eps: (eps, eps), 2, power=0)
