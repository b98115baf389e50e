"""measure_valued: the parts have their laws, the estimate is exact by quadrature, coupling moves only its variance."""

import math

import pytest
import torch
from montecarlo import assert_cdf

from reparam import estimators, measure_valued, noise, oracles, quadrature

F64 = torch.float64
COSTS = {
    "square": lambda z: (z - 3.0) ** 2,
    "bump": lambda z: torch.exp(-(z**2)),
    "cosine": lambda z: torch.cos(2 * z),
    "cubic": lambda z: z**3,
}
POINTS = [(0.0, 1.0), (0.7, 0.4), (1.0, 2.0)]


def params(loc, scale):
    return torch.tensor(loc, dtype=F64), torch.tensor(scale, dtype=F64)


def estimate(f, loc, scale, arrange):
    surrogate = measure_valued.measure_valued_normal(f)
    return lambda x: torch.stack(estimators.per_sample_grads(surrogate, params(loc, scale), arrange(x)), -1)


def together(x):
    return measure_valued.coupled(x[:, 0], x[:, 1])


def exact(f, loc, scale, breaks=()):
    return torch.stack([g.value for g in oracles.normal_grad(f, loc, scale, breaks=breaks)])


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize(("loc", "scale"), POINTS)
def test_unbiased_when_coupled(name, loc, scale):
    f = COSTS[name]
    got = quadrature.moments(
        estimate(f, loc, scale, together), ["normal", "rayleigh"], breaks=[0.0], nodes=100
    )
    want = exact(f, loc, scale)
    assert (got.mean.error < 1e-10 * (1 + want.abs())).all()
    assert torch.allclose(got.mean.value, want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize(("loc", "scale"), POINTS)
def test_unbiased_when_independent(name, loc, scale):
    f, want = COSTS[name], exact(COSTS[name], loc, scale)
    for j, (laws, columns) in enumerate(
        ((["rayleigh", "rayleigh"], (0, 1)), (["maxwell", "normal"], (2, 3)))
    ):

        def arrange(x, columns=columns):
            parts = torch.zeros(len(x), 4, dtype=F64)
            parts[:, columns] = x
            return parts

        got = quadrature.moments(
            lambda x, j=j, a=arrange: estimate(f, loc, scale, a)(x)[:, j], laws, nodes=100
        )
        assert abs(got.mean.value - want[j]) < 1e-10 * (1 + want[j].abs())


def test_unbiased_for_a_step_at_any_parameter():
    # By hand: the estimate in loc is 1 / (scale sqrt(2 pi)) where w passes the gap, that in scale is 1 / scale
    # where m passes it and eps does not.
    for loc, scale in POINTS:

        def step(z):
            return z > 1.1  # a comparison, not even a floating-point number

        gap = (1.1 - loc) / scale
        got = quadrature.moments(
            lambda x, a=(step, loc, scale): estimate(*a, together)(x)[:, 0],
            ["normal", "rayleigh"], breaks=[0.0, gap, -gap], nodes=40,
        )  # fmt: skip
        want = exact(lambda z: (z > 1.1).double(), loc, scale, breaks=[1.1])
        assert abs(got.mean.value - want[0]) < 1e-12
        shares = math.exp(-0.5 * gap**2)
        assert abs(got.variance.value - shares * (1 - shares) / (2 * math.pi * scale**2)) < 1e-12
        wide = 0.5 * math.erfc(gap / math.sqrt(2)) + gap * math.exp(-0.5 * gap**2) / math.sqrt(2 * math.pi)
        assert abs((wide - 0.5 * math.erfc(gap / math.sqrt(2))) / scale - want[1]) < 1e-12


def test_coupled_parts_have_their_laws(gen):
    n = 400_000
    eps = noise.normal((n,), generator=gen, dtype=F64)
    w = noise.rayleigh((n,), generator=gen, dtype=F64)
    plus, minus, m, same = measure_valued.coupled(eps, w).unbind(-1)
    assert torch.equal(plus, w)
    assert torch.equal(minus, w)
    assert torch.equal(same, eps)

    def maxwell(x):
        bell = torch.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
        return 0.5 * torch.erfc(-x / math.sqrt(2)) - x * bell

    assert_cdf(m, maxwell)
    assert_cdf(eps / m, lambda u: u.clamp(0, 1))  # uniform, as in the papers that draw eps = m * u
    assert abs(torch.corrcoef(torch.stack([m.abs(), eps / m]))[0, 1]) < 6 / n**0.5


def test_coupling_changes_the_variance_and_not_the_mean():
    # f = z^2 at loc 1: the difference is 4 loc scale w, against the sum of two independent squares.
    loc, scale = 1.0, 1.0
    both = quadrature.moments(estimate(torch.square, loc, scale, together), ["normal", "rayleigh"], nodes=100)
    apart = quadrature.moments(
        lambda x: estimate(torch.square, loc, scale, lambda x: torch.stack([*x.T, *x.T], -1))(x)[:, 0],
        ["rayleigh", "rayleigh"], nodes=100,
    )  # fmt: skip
    assert abs(both.mean.value[0] - apart.mean.value) < 1e-12
    assert both.variance.value[0] == pytest.approx(4 * (4 / math.pi - 1), rel=1e-12)
    assert apart.variance.value > 1.5 * both.variance.value[0]
    # in the scale, at loc 0: m^2 - eps^2 = w^2, whatever eps is
    centre = quadrature.moments(estimate(torch.square, 0.0, 1.0, together), ["normal", "rayleigh"], nodes=100)
    assert centre.variance.value[1] == pytest.approx(4.0, rel=1e-12)


def test_an_offset_cancels_in_every_draw(gen):
    x = torch.stack(
        [noise.normal((50,), generator=gen, dtype=F64), noise.rayleigh((50,), generator=gen, dtype=F64)], -1
    )
    plain, moved = (estimate(lambda z, c=c: z**2 + c, 0.5, 1.0, together)(x) for c in (0.0, 4096.0))
    assert torch.allclose(plain, moved, rtol=0, atol=1e-11)


def test_value_and_the_cost_s_own_gradient(gen):
    eps, w = noise.normal((20,), generator=gen, dtype=F64), noise.rayleigh((20,), generator=gen, dtype=F64)
    k = torch.tensor(2.0, dtype=F64, requires_grad=True)
    loc, scale = (torch.full((20,), v, dtype=F64, requires_grad=True) for v in (0.3, 0.8))
    value = measure_valued.measure_valued_normal(lambda z: torch.cos(k * z))(
        (loc, scale), measure_valued.coupled(eps, w)
    )
    z = 0.3 + 0.8 * eps
    assert torch.allclose(value, torch.cos(2 * z), rtol=1e-14)
    by_k, by_loc = torch.autograd.grad(value.sum(), (k, loc))
    assert torch.allclose(by_k, (-z * torch.sin(2 * z)).sum())
    want = (torch.cos(2 * (0.3 + 0.8 * w)) - torch.cos(2 * (0.3 - 0.8 * w))) / (0.8 * math.sqrt(2 * math.pi))
    assert torch.allclose(by_loc, want, rtol=1e-12, atol=1e-14)


def test_bad_input(gen):
    surrogate = measure_valued.measure_valued_normal(torch.cos)
    four = torch.ones(3, 4)
    with pytest.raises(
        ValueError, match=r"measure_valued_normal: noise must have shape \(3, 4\), got \(3,\); build"
    ):
        surrogate((torch.zeros(3), torch.ones(3)), torch.ones(3))
    with pytest.raises(ValueError, match="loc and scale must have the same shape"):
        surrogate((torch.zeros(3), torch.ones(1)), four)
    for bad in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="scale must be finite and > 0"):
            surrogate((torch.zeros(3), torch.full((3,), bad)), four)
    with pytest.raises(TypeError, match="noise must be a tensor, got list"):
        surrogate((torch.zeros(3), torch.ones(3)), [1.0])
    with pytest.raises(ValueError, match=r"f must return one cost per draw, shape \(3,\), got \(3, 1\)"):
        measure_valued.measure_valued_normal(lambda z: z[:, None])((torch.zeros(3), torch.ones(3)), four)
    with pytest.raises(ValueError, match="coupled: eps and w must have the same shape"):
        measure_valued.coupled(torch.zeros(3), torch.zeros(4))
