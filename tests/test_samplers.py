"""samplers: coupling, distribution, exact gradients, and every bad input."""

import math
from functools import partial

import pytest
import torch
from montecarlo import assert_cdf, assert_counts
from torch.autograd import gradcheck

from reparam import noise, oracles, samplers

F64 = torch.float64
INF = math.inf
# Powers of u and log(u) bend without limit at the ends of [0, 1]: pieces that shrink towards them.
ENDS = [10.0**-k for k in range(1, 15)] + [1 - 10.0**-k for k in range(1, 11)]
TAUS = (1e-30, 1e-6, 0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1e6)


def _case(gen, *shape, dtype=F64):
    return (
        noise.normal(shape, generator=gen, dtype=dtype).mul_(2),
        noise.gumbel(shape, generator=gen, dtype=dtype),
    )


def _grads(f, *inputs):
    leaves = [t.detach().clone().requires_grad_() for t in inputs]
    return torch.autograd.grad(f(*leaves), leaves)


# Coupling


@pytest.mark.parametrize("tau", TAUS)
def test_the_relaxed_sample_has_the_hard_samples_argmax(tau, gen):
    logits, g = _case(gen, 20_000, 7)
    top = (logits + g).topk(2).values
    clear = top[:, 0] - top[:, 1] > 1e-8  # 1e-8 / 1e6 is still 45 float64 spacings of y ~ 1/7
    y, z = samplers.gumbel_softmax(logits, g, tau=tau), samplers.gumbel_max(logits, g)
    assert clear.float().mean() > 0.999
    assert torch.equal(y.argmax(-1)[clear], z.argmax(-1)[clear])
    # Rounding may tie the two largest entries of y; it never puts another one first.
    assert torch.equal((y * z).sum(-1), y.amax(-1))
    assert torch.allclose(y.sum(-1), torch.ones(20_000, dtype=F64), rtol=0, atol=7 * 2.3e-16)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("tau", TAUS)
def test_coupling_survives_low_precision(tau, dtype, gen):
    logits, g = _case(gen, 5_000, 7, dtype=dtype)
    y, z = samplers.gumbel_softmax(logits, g, tau=tau), samplers.gumbel_max(logits, g)
    assert y.dtype == z.dtype == dtype
    assert y.isfinite().all()
    assert torch.equal((y * z).sum(-1), y.amax(-1))


def test_tau_sharpens_and_never_reorders(gen):
    logits, g = _case(gen, 1_000, 5)
    order = (logits + g).argsort(-1)
    last = torch.zeros(1_000, dtype=F64)
    for tau in (20.0, 5.0, 1.0, 0.5, 0.2):
        y = samplers.gumbel_softmax(logits, g, tau=tau)
        assert torch.equal(y.argsort(-1), order)
        assert (y.amax(-1) > last).all()
        last = y.amax(-1)


@pytest.mark.parametrize("k", [2, 63, 64, 65, 300])
@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_short_and_long_rows_are_both_the_softmax(k, dtype, gen):
    logits, g = _case(gen, 20, k, dtype=dtype)
    cotangent = noise.normal((20, k), generator=gen, dtype=dtype)
    logits.requires_grad_()
    for tau in (0.1, 1.0):
        x = (logits + g).double()
        want = ((x - x.amax(-1, keepdim=True).detach()) / tau).softmax(-1)
        y = samplers.gumbel_softmax(logits, g, tau=tau)
        # (l + g) / tau is rounded relative to its size, up to 20 / tau; a few more roundings follow.
        eps = torch.finfo(dtype).eps
        assert torch.allclose(y.double(), want, rtol=(20 / tau + 10) * eps, atol=torch.finfo(dtype).tiny)
        (got,) = torch.autograd.grad((y * cotangent).sum(), logits)
        (exact,) = torch.autograd.grad((want * cotangent).sum(), logits)
        assert torch.allclose(got, exact, rtol=0, atol=40 * (20 / tau + 10) * eps / tau)


def test_limits_of_tau(gen):
    logits, g = _case(gen, 1_000, 5)
    z = samplers.gumbel_max(logits, g)
    assert torch.equal(samplers.gumbel_softmax(logits, g, tau=1e-30), z)
    # Two entries differ by at most `spread`, so at tau = 1e6 every y is within spread / tau of 1/5.
    spread = float(((logits + g).amax(-1) - (logits + g).amin(-1)).max())
    flat = samplers.gumbel_softmax(logits, g, tau=1e6)
    assert (flat - 0.2).abs().max() < spread / 1e6


def test_tau_divides_once(gen):
    logits, g = _case(gen, 100, 4)
    y = samplers.gumbel_softmax(logits, g, tau=0.7)
    assert torch.allclose(
        y[:, 0].log() - y[:, 1].log(), ((logits + g)[:, 0] - (logits + g)[:, 1]) / 0.7, rtol=1e-12
    )


# Distribution


def test_gumbel_max_theorem_by_quadrature():
    # P(k wins) = E_u prod_{j != k} F(G(u) + l_k - l_j), with F the Gumbel cdf and G its inverse: exactly softmax.
    logits = torch.tensor([0.3, -1.2, 2.0, 0.0], dtype=F64)

    def wins(u):
        g = -(-u.log()).log()
        beaten = torch.exp(-torch.exp(-(g[:, :, None] + logits[:, None] - logits)))  # [N, K, K]
        return (beaten + torch.diag(torch.full((4,), INF))).clamp_max(1.0).prod(-1)

    p = oracles.uniform_expectation(wins, nodes=40, breaks=ENDS)
    assert p.error.max() < 1e-12
    assert torch.allclose(p.value, logits.softmax(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("tau", [0.1, 3.0])
def test_two_classes_by_quadrature(tau):
    # For K = 2 only g_0 - g_1 matters: one logistic variable, one uniform. The code itself is integrated.
    logits = torch.tensor([0.8, -0.5], dtype=F64)
    edge = float(torch.sigmoid(logits[1] - logits[0]))

    def noisy(u):
        return torch.cat([torch.logit(u), torch.zeros_like(u)], -1)

    hard = oracles.uniform_expectation(
        lambda u: samplers.gumbel_max(logits.expand(len(u), 2), noisy(u)), breaks=[edge]
    )
    assert torch.allclose(hard.value, logits.softmax(0), rtol=0, atol=1e-13)
    soft = oracles.uniform_expectation(
        lambda u: samplers.gumbel_softmax(logits.expand(len(u), 2), noisy(u), tau=tau), breaks=[edge, *ENDS]
    )
    assert soft.error.max() < 1e-9
    assert (soft.value - logits.softmax(0)).abs().max() > 1e-3, "E[y] is not softmax(logits)"


def test_gumbel_max_counts(gen):
    n = 1_000_000
    logits = torch.tensor([1.0, -2.0, 0.5, -INF, 3.0, 0.0], dtype=F64)
    z = samplers.gumbel_max(logits.expand(n, 6), noise.gumbel((n, 6), generator=gen, dtype=F64))
    assert_counts(z.sum(0), n, logits.softmax(0))


def test_each_row_uses_its_own_noise(gen):
    # One noise shared over the batch keeps every marginal right; only the joint law shows it.
    n = 200_000
    z = samplers.gumbel_max(torch.zeros(n, 2, 2), noise.gumbel((n, 2, 2), generator=gen))
    same = (z[:, 0, 0] == z[:, 1, 0]).sum()
    assert_counts(same, n, 0.5)
    assert_counts((z[1:, 0, 0] == z[:-1, 0, 0]).sum(), n - 1, 0.5)


def test_one_hot(gen):
    logits, g = _case(gen, 3, 4, 6)
    for z in (samplers.gumbel_max(logits, g), samplers.straight_through(logits, g, tau=0.3)):
        assert set(z.unique().tolist()) == {0.0, 1.0}
        assert torch.equal(z.sum(-1), torch.ones(3, 4, dtype=F64))
        assert torch.equal(z.argmax(-1), (logits + g).argmax(-1))


# Gradients


@pytest.mark.parametrize("tau", [0.05, 0.5, 5.0])
def test_gradcheck_with_the_noise_fixed(tau, gen):
    logits, g = _case(gen, 3, 4)
    temperature = torch.tensor(tau, dtype=F64, requires_grad=True)
    assert gradcheck(
        lambda x, t: samplers.gumbel_softmax(x, g, tau=t), (logits.requires_grad_(), temperature)
    )
    loc, scale, eps = (noise.normal((5,), generator=gen, dtype=F64) for _ in range(3))
    assert gradcheck(
        lambda m, s: samplers.normal(m, s.exp(), eps), (loc.requires_grad_(), scale.requires_grad_())
    )


@pytest.mark.parametrize("tau", [0.2, 1.0])
def test_pathwise_equals_finite_differences(tau, gen):
    logits, g = _case(gen, 50, 4)
    weight = noise.normal((4,), generator=gen, dtype=F64)

    def cost(x):
        return ((samplers.gumbel_softmax(x, g, tau=tau) @ weight) ** 2).sum()

    (grad,) = _grads(cost, logits)
    h = 1e-5  # central difference: h^2 times the third derivative, of order |w|^2 / tau^3
    for k in range(4):
        step = torch.zeros(4, dtype=F64)
        step[k] = h
        numeric = torch.stack(
            [((samplers.gumbel_softmax(logits + s, g, tau=tau) @ weight) ** 2) for s in (step, -step)]
        )
        assert torch.allclose(grad[:, k], (numeric[0] - numeric[1]) / (2 * h), rtol=0, atol=1e-6)


def test_normal_path(gen):
    loc, scale, eps = (noise.normal((6,), generator=gen, dtype=F64) for _ in range(3))
    scale = scale.exp()
    z = samplers.normal(loc, scale, eps)
    assert torch.equal(z, loc + scale * eps)
    d_loc, d_scale = _grads(lambda m, s: samplers.normal(m, s, eps).sum(), loc, scale)
    assert torch.equal(d_loc, torch.ones(6, dtype=F64))
    assert torch.equal(d_scale, eps)
    assert torch.equal(samplers.normal(loc, torch.zeros_like(loc), eps), loc)


@pytest.mark.parametrize("tau", [0.1, 1.0, 10.0])
def test_straight_through_value_is_hard_and_gradient_is_soft(tau, gen):
    logits, g = _case(gen, 200, 5)
    cotangent = noise.normal((200, 5), generator=gen, dtype=F64)
    hard = samplers.straight_through(logits, g, tau=tau)
    assert torch.equal(hard, samplers.gumbel_max(logits, g))
    (st,) = _grads(lambda x: (samplers.straight_through(x, g, tau=tau) * cotangent).sum(), logits)
    (soft,) = _grads(lambda x: (samplers.gumbel_softmax(x, g, tau=tau) * cotangent).sum(), logits)
    assert torch.equal(st, soft)
    assert soft.abs().sum() > 0
    assert not samplers.gumbel_max(logits.requires_grad_(), g).requires_grad


def test_logits_are_logits_and_shift_invariant(gen):
    logits, g = _case(gen, 100, 5)
    shift = 10 * noise.normal((100, 1), generator=gen, dtype=F64)
    moved = samplers.gumbel_softmax(logits + shift, g, tau=0.5)
    still = samplers.gumbel_softmax(logits, g, tau=0.5)
    # l + shift rounds at 2^-52 * 50, divided by tau: 5e-14 relative in y.
    assert torch.allclose(moved, still, rtol=5e-13, atol=1e-300)
    assert torch.equal(samplers.gumbel_max(logits + shift, g), samplers.gumbel_max(logits, g))
    (grad,) = _grads(lambda x: (samplers.gumbel_softmax(x, g, tau=0.5) * logits).sum(), logits)
    assert grad.sum(-1).abs().max() < 1e-13, "the gradient has a component along the shift"


# Edges that must work


def test_a_class_of_probability_zero(gen):
    logits, g = _case(gen, 1_000, 4)
    logits[:, 2] = -INF
    for tau in (1e-30, 0.5, 1e6):
        for sample in (samplers.gumbel_softmax, samplers.straight_through):
            y = sample(logits, g, tau=tau)
            assert (y[:, 2] == 0).all()
            (grad,) = _grads(lambda x, s=sample, t=tau: (s(x, g, tau=t) ** 2 * torch.arange(4)).sum(), logits)
            assert (grad[:, 2] == 0).all()
            assert grad.isfinite().all()


@pytest.mark.parametrize("tau", [1e-30, 1e-3, 1.0, 1e6])
def test_a_learnable_tau_has_a_finite_gradient(tau, gen):
    logits, g = _case(gen, 1_000, 4, dtype=torch.float32)
    logits[::2, 2] = -INF
    t = torch.tensor(tau, requires_grad=True)
    y = samplers.gumbel_softmax(logits, g, tau=t)
    assert torch.equal(y, samplers.gumbel_softmax(logits, g, tau=tau))
    (grad,) = torch.autograd.grad((y * torch.arange(4)).sum(), t)
    assert grad.isfinite()


def test_huge_logits_do_not_overflow(gen):
    g = noise.gumbel((3,), generator=gen)
    y = samplers.gumbel_softmax(torch.tensor([3e38, -3e38, 0.0]), g, tau=1e-30)
    assert y.tolist() == [1.0, 0.0, 0.0]


def test_shapes_that_work(gen):
    for shape in ((1,), (4, 1), (0, 3), (2, 0, 3), (2, 3, 4, 5)):
        logits, g = _case(gen, *shape)
        for out in (
            samplers.gumbel_max(logits, g),
            samplers.gumbel_softmax(logits, g, tau=0.5),
            samplers.straight_through(logits, g, tau=0.5),
        ):
            assert out.shape == torch.Size(shape)
            if shape[-1] == 1:
                assert (out == 1).all()


def test_layout_does_not_matter(gen):
    logits, g = _case(gen, 6, 5)
    want = samplers.gumbel_softmax(logits, g, tau=0.5)
    transposed = samplers.gumbel_softmax(logits.T.contiguous().T, g[::1], tau=0.5)
    assert torch.allclose(transposed, want, rtol=1e-15)
    row = logits[0].expand(6, 5)
    assert torch.allclose(
        samplers.gumbel_softmax(row, g, tau=0.5), samplers.gumbel_softmax(row.clone(), g, tau=0.5)
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_the_float32_answer_rounded(dtype, gen):
    logits, g = (t.to(dtype) for t in _case(gen, 500, 5, dtype=torch.float32))
    y = samplers.gumbel_softmax(logits, g, tau=0.5)
    exact = ((logits + g).float() / 0.5).softmax(-1)
    assert torch.allclose(y.float(), exact, rtol=torch.finfo(dtype).eps, atol=torch.finfo(dtype).tiny)


def test_autocast_and_samplers_do_not_mutate(gen):
    logits, g = _case(gen, 10, 3, dtype=torch.float32)
    kept = logits.clone(), g.clone()
    plain = samplers.gumbel_softmax(logits, g, tau=0.5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(samplers.gumbel_softmax(logits, g, tau=0.5), plain)
    samplers.gumbel_max(logits, g)
    samplers.straight_through(logits, g, tau=0.5)
    assert torch.equal(logits, kept[0])
    assert torch.equal(g, kept[1])


# Edges that must be refused

BAD_TAU = [
    (0.0, ValueError),
    (-1.0, ValueError),
    (math.nan, ValueError),
    (INF, ValueError),
    (1e-39, ValueError),
    (True, TypeError),
    ("0.5", TypeError),
    (None, TypeError),
    ([0.5], TypeError),
    (torch.ones(3), TypeError),  # would broadcast over the classes
    (torch.ones(1), TypeError),
    (torch.tensor(1), TypeError),
    (torch.tensor(-1.0), ValueError),
    (torch.tensor(math.nan), ValueError),
]


@pytest.mark.parametrize(("tau", "error"), BAD_TAU, ids=[repr(t) for t, _ in BAD_TAU])
@pytest.mark.parametrize(
    "sample", [samplers.gumbel_softmax, samplers.straight_through], ids=lambda f: f.__name__
)
def test_bad_tau(sample, tau, error):
    with pytest.raises(error, match=r"^gumbel_softmax: tau must be one finite number > 0, got"):
        sample(torch.zeros(2, 3), torch.zeros(2, 3), tau=tau)


BAD_LOGITS = [
    (torch.tensor([[0.0, 1.0], [-INF, -INF]]), ValueError, r"in row \[1\]"),
    (torch.tensor([[0.0, 1.0], [0.0, INF]]), ValueError, r"in row \[1\]"),
    (torch.tensor([[0.0, math.nan], [0.0, 0.0]]), ValueError, r"in row \[0\]"),
    (torch.zeros(2, 0), ValueError, r"shape \[\.\.\., K\] with K >= 1, got shape \(2, 0\)"),
    (torch.tensor(1.0), ValueError, r"got shape \(\)"),
    (torch.zeros(2, 3, dtype=torch.int64), TypeError, r"got torch.int64; try logits.float\(\)"),
    ([0.1, 0.2], TypeError, r"try torch.tensor\(\[0.1, 0.2\]\)"),
    (None, TypeError, "must be a tensor, got NoneType"),
]
CATEGORICAL = [
    samplers.gumbel_max,
    lambda x, g: samplers.gumbel_softmax(x, g, tau=1.0),
    lambda x, g: samplers.straight_through(x, g, tau=1.0),
]


@pytest.mark.parametrize(("logits", "error", "message"), BAD_LOGITS, ids=[m for _, _, m in BAD_LOGITS])
@pytest.mark.parametrize("sample", CATEGORICAL, ids=["max", "softmax", "st"])
def test_bad_logits(sample, logits, error, message):
    g = torch.zeros(logits.shape) if isinstance(logits, torch.Tensor) else torch.zeros(2)
    with pytest.raises(error, match=f"^gumbel_(max|softmax): logits .*{message}"):
        sample(logits, g)


@pytest.mark.parametrize("sample", CATEGORICAL, ids=["max", "softmax", "st"])
def test_noise_never_broadcasts(sample):
    for shape in ((3,), (1, 3), (2, 1), (4, 2, 3)):
        with pytest.raises(ValueError, match=r"logits and g must have the same shape, got \(2, 3\) and"):
            sample(torch.zeros(2, 3), torch.zeros(shape))
    with pytest.raises(TypeError, match="g must be a tensor"):
        sample(torch.zeros(2, 3), 0.0)
    with pytest.raises(ValueError, match="on one device, got cpu and meta"):
        sample(torch.zeros(2, 3), torch.zeros(2, 3, device="meta"))


def test_bad_normal():
    one, two = torch.ones(2), torch.ones(2, 1)
    with pytest.raises(
        ValueError, match=r"normal: loc and scale must have the same shape, got \(2,\) and \(2, 1\)"
    ):
        samplers.normal(one, two, one)
    with pytest.raises(ValueError, match="loc and eps must have the same shape"):
        samplers.normal(one, one, two)
    with pytest.raises(TypeError, match=r"scale must be a tensor, got float; try torch.tensor\(1.0\)"):
        samplers.normal(one, 1.0, one)
    for bad in (-1.0, math.nan, INF):
        with pytest.raises(ValueError, match=r"normal: scale must be finite and >= 0, got values from"):
            samplers.normal(one, torch.tensor([1.0, bad]), one)
    assert samplers.normal(torch.ones(0), torch.ones(0), torch.ones(0)).shape == (0,)


# Given the winner


@pytest.mark.parametrize("dtype", [F64, torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("spread", [0.5, 3.0, 300.0])
def test_redrawn_logits_have_the_given_winner(dtype, spread, gen):
    logits = noise.normal((20_000, 6), generator=gen, dtype=dtype).mul_(spread)
    z = torch.eye(6, dtype=dtype)[torch.arange(20_000) % 6]  # winners however unlikely
    h = samplers.gumbel_given(logits, z, noise.gumbel(logits.shape, generator=gen, dtype=dtype))
    assert h.dtype == dtype
    assert h.isfinite().all()
    assert torch.equal(h.argmax(-1), z.argmax(-1))
    assert ((h == h.amax(-1, keepdim=True)).sum(-1) == 1).all(), "a tie"


def _observables(h):
    """Smooth functions that tell winner, loser and their gap apart."""
    top, low = h.amax(-1), h.amin(-1)
    return torch.stack([torch.sin(top), torch.cos(low), torch.sigmoid(top + low), (low - top).exp()], -1)


def test_redrawn_logits_have_the_law_of_the_drawn_ones_by_quadrature():
    logits = torch.tensor([0.8, -0.4], dtype=F64)

    def density(x):
        return torch.exp(-x - torch.exp(-x))  # Gumbel(0, 1)

    for w, z in enumerate(torch.eye(2, dtype=F64)):

        def drawn(u, w=w):  # the winner at top, the loser a gap below: the two Gumbel densities themselves
            top, gap = 45 * u[:, 0] - 5, 45 * u[:, 1]
            h = torch.stack([top, top - gap], -1)
            weight = 45**2 * density(top - logits[w]) * density(top - gap - logits[1 - w])
            return weight[:, None] * _observables(h)

        def redrawn(u, z=z):
            v = 45 * u - 5
            h = samplers.gumbel_given(logits.expand_as(v), z.expand_as(v), v)
            return (45**2 * density(v).prod(-1))[:, None] * _observables(h)

        want, got = (oracles.uniform_expectation(f, dims=2, nodes=150) for f in (drawn, redrawn))
        assert max(want.error.max(), got.error.max()) < 1e-10
        assert torch.allclose(logits.softmax(0)[w] * got.value, want.value, rtol=0, atol=1e-10)


def test_redrawn_logits_of_five_classes_have_their_laws(gen):
    # Every perturbed logit is a Gumbel at its own logit again, and so is the largest, at the log of the sum.
    logits = noise.normal((5,), generator=gen, dtype=F64).expand(200_000, 5)
    g, v = (noise.gumbel(logits.shape, generator=gen, dtype=F64) for _ in range(2))
    h = samplers.gumbel_given(logits, samplers.gumbel_max(logits, g), v)
    for k in range(5):
        assert_cdf(h[:, k] - logits[0, k], lambda x: torch.exp(-torch.exp(-x)))
    assert_cdf(h.amax(-1) - logits[0].logsumexp(0), lambda x: torch.exp(-torch.exp(-x)))
    # and the runner-up keeps its distance: the gap of the top two, against the drawn ones
    gaps = [(x.topk(2).values[:, 0] - x.topk(2).values[:, 1]).exp().reciprocal() for x in (h, logits + g)]
    se = torch.stack([gap.var() for gap in gaps]).sum().div(200_000).sqrt()
    assert abs(gaps[0].mean() - gaps[1].mean()) < 5.5 * se


def test_path_of_the_redrawn_logits(gen):
    logits, v = _case(gen, 12, 4)
    logits[1, 2] = -INF
    z = torch.eye(4, dtype=F64)[torch.tensor([0, 1, 3, 2]).repeat(3)]
    z[1] = torch.eye(4, dtype=F64)[0]

    def f(x):  # sigmoid(-inf) is 0: a class of probability zero passes a finite gradient
        return torch.sigmoid(samplers.gumbel_given(x, z, v)).square().sum(-1)

    (grad,) = _grads(lambda x: f(x).sum(), logits)
    assert grad.isfinite().all()
    assert grad[1, 2] == 0
    for k in range(4):
        step = torch.zeros(4, dtype=F64)
        step[k] = 1e-5
        slope = (f(logits + step) - f(logits - step)) / 2e-5
        assert torch.allclose(grad[:, k], slope, rtol=1e-6, atol=1e-6)


def test_bad_winner():
    logits, v = torch.tensor([[0.0, 1.0], [2.0, -INF]]), torch.zeros(2, 2)
    good = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert samplers.gumbel_given(logits, good, v)[1, 1] == -INF
    for bad in ([0.4, 0.6], [1.0, 1.0], [0.0, 0.0], [0.0, -1.0], [0.0, 1.0], [1.0, math.nan]):
        with pytest.raises(ValueError, match=r"^gumbel_given: z must be one-hot, .* in row \[1\]"):
            samplers.gumbel_given(logits, torch.tensor([[0.0, 1.0], bad]), v)
    with pytest.raises(ValueError, match="logits and v must have the same shape"):
        samplers.gumbel_given(logits, good, v[0])
    with pytest.raises(ValueError, match=r"^gumbel_given: logits needs a finite largest entry"):
        samplers.gumbel_given(torch.full((2, 2), -INF), good, v)


# Inverse cdfs


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_noise_that_is_not_finite_is_refused(bad):
    logits, g = torch.zeros(2, 3), torch.tensor([[0.0, 1.0, 2.0], [0.0, bad, 1.0]])
    for function in (
        samplers.gumbel_max,
        partial(samplers.gumbel_softmax, tau=1.0),
        partial(samplers.gumbel_top_k, k=1),
    ):
        with pytest.raises(ValueError, match=r"g must be finite, got .* at \[1, 1\]"):
            function(logits, g)
    with pytest.raises(ValueError, match=r"normal: (loc|eps) must be finite"):
        samplers.normal(g, torch.ones_like(g), logits)
    with pytest.raises(ValueError, match=r"normal: (loc|eps) must be finite"):
        samplers.normal(logits, torch.ones_like(g), g)
    with pytest.raises(ValueError, match="gumbel_given: v must be finite"):
        samplers.gumbel_given(logits, torch.tensor([[1.0, 0, 0]] * 2), g)
