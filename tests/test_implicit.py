"""implicit: quantiles and gradients against mpmath in 40 digits, against torch, and on average."""

import math
import warnings

import mpmath as mp
import pytest
import torch
from torch.distributions import Beta, Dirichlet, Gamma, StudentT

from reparam import implicit, noise, oracles

F64 = torch.float64
U = [1e-300, 1e-12, 0.001, 0.2, 0.499, 0.501, 0.9, 1 - 1e-6, 1 - 1e-15]
# Quantiles bend without limit at the ends of (0, 1): pieces that shrink towards them, for quadrature.
ENDS = [10.0**-k for k in range(1, 13)] + [1 - 10.0**-k for k in range(1, 11)]
ONE = torch.ones((), dtype=F64)
mp.mp.dps = 40


def _full(value, like):
    return torch.full_like(like, value)


def _slopes(sample, *params):
    """Return the values and d sample / d parameter of an elementwise sampler."""
    leaves = [p.detach().clone().requires_grad_() for p in params]
    z = sample(*leaves)
    return z.detach(), torch.autograd.grad(z.sum(), leaves)


def _mp_slope(lower, upper, density, params, k, z):
    """Return -dF/dtheta_k / p at ``z`` by a central difference of the smaller tail; its error is about 1e-20."""
    h = params[k] / 10**12

    def change(tail):
        up, down = ([p + s * (j == k) for j, p in enumerate(params)] for s in (h, -h))
        return (tail(*up, z) - tail(*down, z)) / (2 * h)

    below = lower(*params, z) < mp.mpf(1) / 2
    return (-change(lower) if below else change(upper)) / density(*params, z)


def _gamma_laws():
    return (
        lambda a, z: mp.gammainc(a, 0, z, regularized=True),
        lambda a, z: mp.gammainc(a, z, mp.inf, regularized=True),
        lambda a, z: z ** (a - 1) * mp.exp(-z) / mp.gamma(a),
    )


def _beta_laws():
    return (
        lambda a, b, z: mp.betainc(a, b, 0, z, regularized=True),
        lambda a, b, z: mp.betainc(b, a, 0, 1 - z, regularized=True),
        lambda a, b, z: z ** (a - 1) * (1 - z) ** (b - 1) / mp.beta(a, b),
    )


def _t_lower(n, z):
    if z > 0:
        return 1 - _t_lower(n, -z)
    return mp.betainc(n / 2, mp.mpf(1) / 2, 0, n / (n + z**2), regularized=True) / 2


def _t_laws():
    def density(n, z):
        return (1 + z**2 / n) ** (-(n + 1) / 2) / (mp.sqrt(n) * mp.beta(n / 2, mp.mpf(1) / 2))

    return _t_lower, lambda n, z: _t_lower(n, -z), density


# Against mpmath


@pytest.mark.parametrize("alpha", [1e-6, 1e-3, 0.03, 0.3, 1.0, 2.5, 40.0, 1e4])
def test_gamma_in_forty_digits(alpha):
    u = torch.tensor(U, dtype=F64)
    z, (slope,) = _slopes(lambda a: implicit.gamma(a, torch.ones_like(u), u), _full(alpha, u))
    lower, upper, density = _gamma_laws()
    for uk, zk, got in zip(U, z.tolist(), slope.tolist(), strict=True):
        if zk < 1e-290:  # below that z is rounded to few digits, or to 0; then so is its gradient
            assert abs(got) < 1e-270
            continue
        tail = lower(alpha, mp.mpf(zk)) / uk if uk < 0.5 else upper(alpha, mp.mpf(zk)) / (1 - uk)
        # z is rounded to a double: that moves the tail by z p(z) eps, a few times alpha eps.
        assert abs(tail - 1) < 1e-11 + 1e-15 * alpha, (alpha, uk)
        want = _mp_slope(lower, upper, density, [mp.mpf(alpha)], 0, mp.mpf(zk))
        assert abs(got / want - 1) < 1e-9, (alpha, uk, got, want)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.02, 0.05), (0.5, 3.0), (30.0, 0.3), (80.0, 200.0)])
def test_beta_in_forty_digits(a, b):
    u = torch.tensor([1e-12, 0.001, 0.2, 0.499, 0.501, 0.9, 0.999], dtype=F64)
    z, slopes = _slopes(lambda *p: implicit.beta(*p, u), _full(a, u), _full(b, u))
    lower, upper, density = _beta_laws()
    for i, (uk, zk) in enumerate(zip(u.tolist(), z.tolist(), strict=True)):
        if not 1e-290 < zk < 1 - 1e-9:  # 1 - z has lost its digits
            continue
        x = mp.mpf(zk)
        assert abs(lower(a, b, x) - uk) < 1e-11
        for k in range(2):
            want = _mp_slope(lower, upper, density, [mp.mpf(a), mp.mpf(b)], k, x)
            # Next to 1 a double holds 1 - z to 1e-16 / (1 - z), and the gradient as well.
            assert abs(slopes[k][i].item() / want - 1) < 1e-9 + 1e-15 / (1 - zk), (a, b, uk)


@pytest.mark.parametrize("df", [0.1, 1.0, 3.0, 30.0, 1e3])
def test_student_t_in_forty_digits(df):
    u = torch.tensor([1e-12, 0.001, 0.2, 0.45, 0.55, 0.9, 1 - 1e-6], dtype=F64)
    zero, one = torch.zeros_like(u), torch.ones_like(u)
    z, (slope,) = _slopes(lambda n: implicit.student_t(n, zero, one, u), _full(df, u))
    lower, upper, density = _t_laws()
    for uk, zk, got in zip(u.tolist(), z.tolist(), slope.tolist(), strict=True):
        x = mp.mpf(zk)
        assert abs(lower(mp.mpf(df), x) / uk - 1) < 1e-11
        want = _mp_slope(lower, upper, density, [mp.mpf(df)], 0, x)
        # For large df the parts of the derivative, of size z / df, cancel to df^-2.
        assert abs(got / want - 1) < 1e-9 + 1e-13 * df**2, (df, uk, got, want)


# Same noise: the gradient of a quantile is its slope


@pytest.mark.parametrize("point", [0.05, 0.7, 4.0])
def test_slopes_equal_finite_differences_at_the_same_noise(point, gen):
    u = noise.uniform((200,), generator=gen, dtype=F64)
    one = torch.ones_like(u)
    samplers = {
        "alpha": lambda p: implicit.gamma(p, 2 * one, u),
        "rate": lambda p: implicit.gamma(1.5 * one, p, u),
        "a": lambda p: implicit.beta(p, 1.3 * one, u),
        "b": lambda p: implicit.beta(0.4 * one, p, u),
        "df": lambda p: implicit.student_t(p + 1, one, 2 * one, u),
        "loc": lambda p: implicit.student_t(3 * one, p, one, u),
        "scale": lambda p: implicit.student_t(3 * one, one, p, u),
    }
    for name, sample in samplers.items():
        p = _full(point, u)
        _, (slope,) = _slopes(sample, p)
        h = 1e-4 * point
        numeric = (sample(p + h) - sample(p - h)) / (2 * h)
        # (h / p)^2 of the slope for the difference, 1e-12 of the value over h for its rounding.
        assert torch.allclose(slope, numeric, rtol=2e-5, atol=1e-7), name


def test_dirichlet_is_normalised_gammas(gen):
    alpha = torch.tensor([0.2, 1.0, 3.5], dtype=F64)
    u = noise.uniform((50, 3), generator=gen, dtype=F64)
    x = implicit.dirichlet(alpha.expand(50, 3), u)
    g = implicit.gamma(alpha.expand(50, 3), torch.ones(50, 3, dtype=F64), u)
    assert torch.allclose(x, g / g.sum(-1, keepdim=True), rtol=1e-12)
    jacobian = torch.autograd.functional.jacobian(
        lambda a: implicit.dirichlet(a.expand(50, 3), u), alpha
    )  # [50, 3, 3]
    assert jacobian.sum(1).abs().max() < 1e-13, "the coordinates still sum to 1"
    for k in range(3):
        step = 1e-5 * torch.eye(3, dtype=F64)[k]
        up, down = (implicit.dirichlet((alpha + s * step).expand(50, 3), u) for s in (1, -1))
        assert torch.allclose(jacobian[..., k], (up - down) / 2e-5, rtol=0, atol=1e-7)


def test_a_dirichlet_whose_gammas_all_underflow(gen):
    alpha = torch.full((1_000, 4), 1e-5, dtype=F64)
    leaf = alpha.clone().requires_grad_()
    x = implicit.dirichlet(leaf, noise.uniform((1_000, 4), generator=gen, dtype=F64))
    assert torch.allclose(x.sum(-1), torch.ones(1_000, dtype=F64), atol=1e-12)
    (grad,) = torch.autograd.grad((x * torch.arange(4)).sum(), leaf)
    assert grad.isfinite().all()


# On average: the exact derivative of an expectation


@pytest.mark.parametrize("alpha", [0.3, 1.0, 5.0])
def test_gamma_gradients_average_to_the_exact_derivative(alpha):
    # E z^2 = alpha (alpha + 1) / beta^2
    rate = 1.7

    def grads(u):
        u = u[:, 0]
        z, slopes = _slopes(lambda a, b: implicit.gamma(a, b, u), _full(alpha, u), _full(rate, u))
        return torch.stack([2 * z * s for s in slopes], -1)

    mean = oracles.uniform_expectation(grads, nodes=16, breaks=ENDS)
    want = torch.tensor([(2 * alpha + 1) / rate**2, -2 * alpha * (alpha + 1) / rate**3], dtype=F64)
    assert torch.allclose(mean.value, want, rtol=1e-8)


def test_tiny_alpha_in_float64_is_still_right():
    # E z = alpha, so the mean of dz/dalpha is 1; nearly all of it comes from u above 1 - 20 alpha.
    def grads(v):  # u = 1 - v: the nodes must crowd where z is of order 1
        u = (1 - v[:, 0]).clamp_max(1 - 2.0**-53)
        return _slopes(lambda a: implicit.gamma(a, torch.ones_like(u), u), _full(1e-6, u))[1][0]

    mean = oracles.uniform_expectation(grads, nodes=24, breaks=[2.0**-k for k in range(1, 50)])
    assert abs(mean.value - 1) < 1e-6


def test_beta_and_student_t_average_to_the_exact_derivative():
    def beta_grads(u):
        u = u[:, 0]
        return torch.stack(_slopes(lambda *p: implicit.beta(*p, u), _full(0.7, u), _full(2.0, u))[1], -1)

    mean = oracles.uniform_expectation(beta_grads, nodes=16, breaks=ENDS)
    want = torch.tensor([2.0, -0.7], dtype=F64) / 2.7**2  # of E z = a / (a + b)
    assert torch.allclose(mean.value, want, rtol=1e-8)

    def t_grads(u):
        u = u[:, 0]
        zero, one = torch.zeros_like(u), torch.ones_like(u)
        z, (slope,) = _slopes(lambda n: implicit.student_t(n, zero, one, u), _full(8.0, u))
        return 2 * z * slope

    variance = oracles.uniform_expectation(t_grads, nodes=16, breaks=ENDS)
    assert abs(variance.value / (-2 / 6**2) - 1) < 1e-6  # Var z = n / (n - 2)


# Against torch


def test_torchs_gamma_gradient_is_within_half_a_percent():
    alphas = torch.logspace(-1.5, 3, 25, dtype=F64)
    u = torch.tensor([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99], dtype=F64)
    a, u = (t.flatten() for t in torch.meshgrid(alphas, u, indexing="ij"))
    z, (ours,) = _slopes(lambda p: implicit.gamma(p, torch.ones_like(p), u), a)
    gap = (torch._standard_gamma_grad(a, z) / ours - 1).abs()
    assert 1e-4 < gap.max() < 5e-3


def test_torchs_rsample_uses_that_function():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        alpha = torch.full((20,), 0.8, dtype=F64, requires_grad=True)
        z = Gamma(alpha, torch.ones_like(alpha)).rsample()
        (grad,) = torch.autograd.grad(z.sum(), alpha)
        assert torch.equal(grad, torch._standard_gamma_grad(alpha.detach(), z.detach()))


def test_attach_agrees_with_torchs_beta_up_to_a_tenth_of_a_percent():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        a, b = (torch.full((400,), v, dtype=F64, requires_grad=True) for v in (0.7, 2.0))
        z = Beta(a, b).rsample()
        torchs = torch.autograd.grad(z.sum(), (a, b))
    u = torch.tensor([float(_beta_laws()[0](0.7, 2.0, v)) for v in z.tolist()], dtype=F64)
    again, ours = _slopes(lambda *p: implicit.beta(*p, u), a, b)
    assert torch.allclose(again, z, rtol=1e-9)
    for x, y in zip(torchs, ours, strict=True):
        assert (x / y - 1).abs().max() < 1e-3


@pytest.mark.parametrize(
    ("ours", "law"),
    [
        (lambda u: implicit.gamma(_full(0.6, u), _full(2.0, u), u), Gamma(0.6 * ONE, 2 * ONE)),
        (
            lambda u: implicit.student_t(_full(3.0, u), _full(-1.0, u), _full(0.5, u), u),
            StudentT(3 * ONE, -ONE, 0.5 * ONE),
        ),
        (lambda u: implicit.beta(_full(0.4, u), _full(1.5, u), u), Beta(0.4 * ONE, 1.5 * ONE)),
    ],
    ids=["gamma", "student_t", "beta"],
)
def test_density_of_the_sample_is_torchs(ours, law):
    # du/dz = p(z): the quantile's slope in u, by a finite difference, against torch's density.
    u = torch.linspace(0.02, 0.98, 49, dtype=F64)
    density = 2e-6 / (ours(u + 1e-6) - ours(u - 1e-6))
    assert torch.allclose(density, law.log_prob(ours(u)).exp(), rtol=1e-5)


def test_two_noises_have_the_same_mean_gradient_and_a_larger_variance():
    # torch's Student-t divides a normal by a Gamma: another path of the same law, f(z) = z^2, df = 10.
    df = 10.0

    def divided(points):
        e, u = math.sqrt(2) * torch.special.erfinv(2 * points[:, 0] - 1), points[:, 1]
        n = _full(df, u)

        def sample(n):
            return e / (2 * implicit.gamma(n / 2, torch.ones_like(n), u) / n).sqrt()

        z, (slope,) = _slopes(sample, n)
        return torch.stack([2 * z * slope, (2 * z * slope) ** 2], -1)

    def direct(points):
        u = points[:, 0]
        zero, one = torch.zeros_like(u), torch.ones_like(u)
        z, (slope,) = _slopes(lambda n: implicit.student_t(n, zero, one, u), _full(df, u))
        return torch.stack([2 * z * slope, (2 * z * slope) ** 2], -1)

    ends = [1e-5, 0.01, 0.99, 1 - 1e-5]
    two = oracles.uniform_expectation(divided, dims=2, nodes=8, breaks=ends).value
    one = oracles.uniform_expectation(direct, nodes=30, breaks=ENDS).value
    exact = -2 / (df - 2) ** 2
    assert abs(two[0] / exact - 1) < 1e-3
    assert abs(one[0] / exact - 1) < 1e-6
    assert two[1] - two[0] ** 2 > 1.2 * (one[1] - one[0] ** 2)


def test_dirichlet_gradients_average_to_torchs_in_two_classes():
    # In one dimension every path has the same mean gradient: E[x_0 path] = d E[x_0^2] / d alpha_0.
    alpha = torch.tensor([0.8, 1.6], dtype=F64)

    def grads(u):
        x, (slope,) = _slopes(lambda a: implicit.dirichlet(a, u)[:, 0], alpha.expand_as(u))
        return 2 * x[:, None] * slope

    def second_moment(a):
        total = a.sum()
        return a[0] * (a[0] + 1) / (total * (total + 1))

    ends = [1e-4, 0.05, 0.95, 1 - 1e-4]
    mean = oracles.uniform_expectation(grads, dims=2, nodes=6, breaks=ends).value
    want = torch.autograd.functional.jacobian(second_moment, alpha)
    assert torch.allclose(mean, want, rtol=1e-4)
    assert torch.allclose(Dirichlet(alpha).mean, alpha / alpha.sum())


# attach


def test_attach_gives_a_normal_draw_the_gradient_of_the_trick(gen):
    eps = noise.normal((500,), generator=gen, dtype=F64)
    loc, scale = (_full(v, eps).requires_grad_() for v in (0.3, 2.0))
    z = implicit.attach(lambda m, s, z: torch.special.ndtr((z - m) / s), (loc, scale), 0.3 + 2 * eps)
    assert torch.equal(z.detach(), 0.3 + 2 * eps)
    by_loc, by_scale = torch.autograd.grad(z.sum(), (loc, scale))
    assert torch.allclose(by_loc, torch.ones_like(eps), rtol=1e-12)
    assert torch.allclose(by_scale, eps, rtol=1e-11)


def test_attach_makes_a_mixture_differentiable_in_its_weight():
    # w N(-1, 1/2) + (1 - w) N(2, 1): d E[z^3] / dw by hand, against the mean of 3 z^2 z' over the law.
    w, parts = 0.3, ((-1.0, 0.5), (2.0, 1.0))

    def cdf(w, z):
        lower, upper = (torch.special.ndtr((z - m) / s) for m, s in parts)
        return w * lower + (1 - w) * upper

    def weighted(z):
        leaf = _full(w, z).requires_grad_()
        (slope,) = torch.autograd.grad(implicit.attach(cdf, (leaf,), z).sum(), leaf)
        return 3 * z**2 * slope

    means = [oracles.normal_expectation(weighted, m, s) for m, s in parts]
    third = [m**3 + 3 * m * s**2 for m, s in parts]
    mean = w * means[0].value + (1 - w) * means[1].value
    assert max(m.error for m in means) < 1e-6
    assert abs(mean - (third[0] - third[1])) < 1e-6


def test_attach_refuses_a_step_and_other_shapes():
    z, p = torch.tensor([0.0, 1.0]), torch.tensor([0.4, 0.4])
    for cdf in (lambda p, z: torch.where(z < 1, 1 - p, 1.0), lambda p, z: (z >= 1).to(z)):
        with pytest.raises(
            ValueError, match=r"attach: cdf must rise at every z, got the slope 0.0: .*discrete"
        ):
            implicit.attach(cdf, (p,), z)
    with pytest.raises(
        ValueError, match=r"attach: z and params\[0\] must have the same shape, got \(2,\) and"
    ):
        implicit.attach(lambda p, z: z, (torch.ones(1),), z)
    with pytest.raises(TypeError, match=r"params\[0\] must be a tensor, got float"):
        implicit.attach(lambda p, z: z, (0.5,), z)


# Edges


def test_tiny_concentrations_in_float32_are_warned_about():
    u = torch.full((2, 3), 0.5)
    small = torch.full((2, 3), 0.005)
    for call in (
        lambda p, u: implicit.gamma(p, torch.ones_like(p), u),
        lambda p, u: implicit.beta(torch.ones_like(p), p, u),
        implicit.dirichlet,
    ):
        with pytest.warns(UserWarning, match=r"below 0.01 in torch.float32: .*inaccurate"):
            call(small, u)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call(small.double(), u.double())
            call(4 * small, u)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_low_precision_is_the_float64_answer_rounded(dtype, gen):
    u = noise.uniform((100,), generator=gen, dtype=dtype)
    alpha = torch.full_like(u, 2.5).requires_grad_()
    z = implicit.gamma(alpha, torch.ones_like(u), u)
    (grad,) = torch.autograd.grad(z.sum(), alpha)
    assert z.dtype == grad.dtype == dtype
    want, (slope,) = _slopes(
        lambda a: implicit.gamma(a, torch.ones_like(a), u.double()), torch.full_like(u, 2.5).double()
    )
    eps = torch.finfo(dtype).eps
    assert torch.allclose(z.double(), want, rtol=eps)
    assert torch.allclose(grad.double(), slope, rtol=2 * eps)


def test_shapes_layouts_and_no_grad(gen):
    for shape in ((0,), (1,), (2, 0, 3), (2, 3, 4)):
        u = noise.uniform(shape, generator=gen, dtype=F64)
        one = torch.ones_like(u)
        for z in (
            implicit.gamma(one, one, u),
            implicit.beta(one, one, u),
            implicit.dirichlet(one, u),
            implicit.student_t(one, one, one, u),
        ):
            assert z.shape == u.shape
    u = noise.uniform((6, 5), generator=gen, dtype=F64)
    want = implicit.gamma(torch.full((6, 5), 0.7, dtype=F64), torch.ones(6, 5, dtype=F64), u)
    with torch.no_grad():
        alpha = torch.tensor(0.7, dtype=F64).expand(5, 6).T
        assert torch.allclose(implicit.gamma(alpha, torch.ones(6, 5, dtype=F64), u.T.contiguous().T), want)


@pytest.mark.parametrize("bad", [0.0, -1.0, 1e-10, 1e10, math.nan, math.inf])
def test_bad_parameters(bad):
    two, u, wrong = (torch.tensor(v, dtype=F64) for v in ([1.0, 1.0], [0.5, 0.5], [1.0, bad]))
    for call, name in (
        (lambda: implicit.gamma(wrong, two, u), "gamma: concentration"),
        (lambda: implicit.beta(wrong, two, u), "beta: a"),
        (lambda: implicit.beta(two, wrong, u), "beta: b"),
        (lambda: implicit.dirichlet(wrong, u), "dirichlet: concentration"),
    ):
        with pytest.raises(ValueError, match=rf"^{name} must lie in \[1e-09, 1e9\], got "):
            call()
    with pytest.raises(ValueError, match=r"^student_t: df must lie in \[0.1, 1e9\], got "):
        implicit.student_t(wrong, two, two, u)
    if not 0 < bad < math.inf:
        with pytest.raises(ValueError, match=r"^gamma: rate must be finite and > 0"):
            implicit.gamma(two, wrong, u)
    if not 0 <= bad < math.inf:
        with pytest.raises(ValueError, match=r"^student_t: scale must be finite and >= 0"):
            implicit.student_t(two, two, wrong, u)


@pytest.mark.parametrize("extreme", [1e-9, 1e9])
def test_the_ends_of_the_range_are_finite(extreme):
    u = torch.tensor([1e-300, 1e-10, 0.3, 0.5, 0.9, 1 - 2.0**-53], dtype=F64)
    p = _full(extreme, u)
    for sample in (
        lambda a: implicit.gamma(a, torch.ones_like(u), u),
        lambda a: implicit.beta(a, a, u),
        lambda a: implicit.dirichlet(a, u),
        lambda a: implicit.student_t(a.clamp_min(0.1), u, u, u.clamp_min(1e-10)),
    ):
        z, (slope,) = _slopes(sample, p)
        assert z.isfinite().all()
        assert slope.isfinite().all()


def test_bad_noise_and_shapes():
    two = torch.ones(2)
    for bad in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match=r"^gamma: u must lie strictly in \(0, 1\), got values from"):
            implicit.gamma(two, two, torch.tensor([0.5, bad]))
    with pytest.raises(ValueError, match=r"^gamma: concentration and u must have the same shape"):
        implicit.gamma(two, two, torch.full((2, 1), 0.5))
    with pytest.raises(ValueError, match=r"^student_t: df and loc must have the same shape"):
        implicit.student_t(two, torch.ones(3), two, two / 2)
    with pytest.raises(TypeError, match=r"^beta: b must be a tensor, got float"):
        implicit.beta(two, 1.0, two / 2)


def test_parameters_that_half_precision_cannot_bound_are_refused():
    one = torch.ones(1, dtype=torch.float16)
    with pytest.raises(ValueError, match="gamma: concentration must lie in"):
        implicit.gamma(one * math.inf, one, one / 2)
