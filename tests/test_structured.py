"""structured: couplings at the same noise, exact laws, exact atoms, limits, gradients, and every bad input."""

import math

import mpmath as mp
import pytest
import torch
from montecarlo import assert_counts
from torch.autograd import gradcheck

from reparam import noise, oracles, orders, samplers, structured

F64 = torch.float64
INF = math.inf
GATE = {"beta": 2 / 3, "gamma": -0.1, "zeta": 1.1}
GATES = [GATE, {"beta": 0.3, "gamma": -0.5, "zeta": 1.2}, {"beta": 2.0, "gamma": -0.01, "zeta": 3.0}]


def _normal(gen, *shape, size=1.0, dtype=F64):
    return size * noise.normal(shape, generator=gen, dtype=dtype)


def test_samplers_has_them_too():
    for name in set(structured.__all__) - {"GateProbs"}:
        assert getattr(samplers, name) is getattr(structured, name)
        assert name in samplers.__all__


# Top-k


@pytest.mark.parametrize("dtype", [F64, torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_the_first_of_k_is_the_gumbel_max_winner(dtype, gen):
    logits = _normal(gen, 5_000, 9, size=2, dtype=dtype)
    g = noise.gumbel((5_000, 9), generator=gen, dtype=dtype)  # half precision brings ties
    z = samplers.gumbel_max(logits, g)
    assert torch.equal(structured.gumbel_top_k(logits, g, k=3)[:, 0], z.argmax(-1))


def test_fewer_is_the_head_of_the_same_list(gen):
    logits = _normal(gen, 500, 6)
    g = noise.gumbel((500, 6), generator=gen, dtype=F64)
    full = structured.gumbel_top_k(logits, g, k=6)
    assert torch.equal(full.sort(-1).values, torch.arange(6).expand(500, 6))
    score = (logits + g).gather(-1, full)
    assert (score.diff(dim=-1) <= 0).all()
    for k in range(1, 6):
        assert torch.equal(structured.gumbel_top_k(logits, g, k=k), full[:, :k])


def test_plackett_luce_by_quadrature():
    # Three runners: given the score of the second, the first is above it and the third below.
    logits = torch.tensor([0.9, -0.4, 0.2], dtype=F64)
    ends = [10.0**-k for k in range(1, 15)] + [1 - 10.0**-k for k in range(1, 11)]

    def chance(u):
        b = -(-u.log()).log()
        rows = []
        for first, second, third in orders.ordered_subsets(3, 3).tolist():
            score = b + logits[second]
            above = -torch.expm1(-torch.exp(-(score - logits[first])))
            below = torch.exp(-torch.exp(-(score - logits[third])))
            rows.append((above * below)[:, 0])
        return torch.stack(rows, -1)

    exact = oracles.uniform_expectation(chance, nodes=40, breaks=ends)
    want = orders.plackett_luce(logits.expand(6, 3), orders.ordered_subsets(3, 3)).exp()
    assert exact.error.max() < 1e-12
    assert torch.allclose(exact.value, want, rtol=0, atol=1e-12)


def test_top_k_has_the_plackett_luce_law(gen):
    n = 400_000
    logits = torch.tensor([1.0, -0.5, 0.3, -INF, 0.0], dtype=F64)
    g = noise.gumbel((n, 5), generator=gen, dtype=F64)
    drawn = structured.gumbel_top_k(logits.expand(n, 5), g, k=2)
    pairs = orders.ordered_subsets(5, 2)
    counts = torch.bincount(drawn[:, 0] * 5 + drawn[:, 1], minlength=25)[pairs[:, 0] * 5 + pairs[:, 1]]
    assert counts.sum() == n, "an index was drawn twice"
    assert_counts(counts, n, orders.plackett_luce(logits.expand(20, 5), pairs).exp())


def test_each_row_of_orders_uses_its_own_noise(gen):
    n = 100_000
    first = structured.gumbel_top_k(torch.zeros(n, 2, 2), noise.gumbel((n, 2, 2), generator=gen), k=2)[..., 0]
    assert_counts((first[:, 0] == first[:, 1]).sum(), n, 0.5)
    assert_counts((first[1:, 0] == first[:-1, 0]).sum(), n - 1, 0.5)


def test_top_k_layouts(gen):
    logits, g = _normal(gen, 2, 4, 5), noise.gumbel((2, 4, 5), generator=gen, dtype=F64)
    want = structured.gumbel_top_k(logits, g, k=2)
    assert want.dtype == torch.int64
    assert want.shape == (2, 4, 2)
    strided = logits.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(structured.gumbel_top_k(strided, g, k=2), want)
    assert torch.equal(structured.gumbel_top_k(logits.requires_grad_(), g, k=2), want)
    assert structured.gumbel_top_k(torch.zeros(0, 3), torch.zeros(0, 3), k=1).shape == (0, 1)
    assert structured.gumbel_top_k(torch.zeros(1), torch.zeros(1), k=1).tolist() == [0]


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        (0, ValueError, "k must be a whole number >= 1, got 0"),
        (-1, ValueError, "k must be a whole number >= 1, got -1"),
        (1.0, TypeError, "k must be a whole number >= 1, got 1.0"),
        (True, TypeError, "k must be a whole number >= 1, got True"),
        (4, ValueError, "k must be at most n = 3, got 4"),
        (3, ValueError, r"got k = 3 and 2 finite in row \[1\]"),
    ],
)
def test_bad_k(k, error, message):
    logits = torch.tensor([[0.0, 1.0, 2.0], [0.0, -INF, 1.0]])
    with pytest.raises(error, match=f"^gumbel_top_k: .*{message}"):
        structured.gumbel_top_k(logits, torch.zeros(2, 3), k=k)


def test_bad_logits_for_top_k():
    with pytest.raises(ValueError, match=r"^gumbel_top_k: logits needs a finite largest entry.*in row \[0\]"):
        structured.gumbel_top_k(torch.tensor([[math.nan, 0.0]]), torch.zeros(1, 2), k=1)
    with pytest.raises(TypeError, match=r"try logits\.float"):
        structured.gumbel_top_k(torch.zeros(2, dtype=torch.int64), torch.zeros(2), k=1)
    with pytest.raises(ValueError, match=r"logits and g must have the same shape, got \(2, 3\) and \(3,\)"):
        structured.gumbel_top_k(torch.zeros(2, 3), torch.zeros(3), k=1)


# Hard Concrete gates


def _textbook(log_alpha, u, beta, gamma, zeta):
    """Return the definition of a gate in 50 digits."""
    with mp.workdps(50):
        x = (mp.log(u) - mp.log(1 - mp.mpf(u)) + mp.mpf(log_alpha)) / mp.mpf(beta)
        s = 1 / (1 + mp.exp(-x))
        return min(mp.mpf(1), max(mp.mpf(0), mp.mpf(gamma) + (mp.mpf(zeta) - mp.mpf(gamma)) * s))


@pytest.mark.parametrize("gate", GATES)
def test_gates_are_exact_everywhere(gate):
    u = torch.tensor([1e-300, 1e-17, 1e-3, 0.05, 0.2, 0.5, 0.7, 0.9, 0.999, 1 - 2.0**-53], dtype=F64)
    for log_alpha in (-40.0, -3.0, -0.5, 0.0, 1.0, 2.5, 40.0):
        z = structured.hard_concrete(torch.full_like(u, log_alpha), u, **gate)
        for uk, zk in zip(u.tolist(), z.tolist(), strict=True):
            assert abs(zk - _textbook(log_alpha, uk, **gate)) < 2e-14, (log_alpha, uk)


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_is_cut_exactly_at_its_probabilities(gate, gen):
    log_alpha = _normal(gen, 4_000, size=2)
    p = structured.hard_concrete_probs(log_alpha, **gate)
    for step in (1e-9, 1e-6, 0.01):
        low, high = p.zero * (1 - step), p.zero * (1 + step)
        inside = (high < 1) & (high < 1 - p.one)
        assert (structured.hard_concrete(log_alpha, low, **gate) == 0).all()
        assert (structured.hard_concrete(log_alpha, high.clamp_max(1 - 1e-16), **gate)[inside] > 0).all()
        low, high = 1 - p.one * (1 + step), 1 - p.one * (1 - step)
        assert (structured.hard_concrete(log_alpha, high, **gate) == 1).all()
        ok = low > p.zero
        assert (structured.hard_concrete(log_alpha[ok], low[ok], **gate) < 1).all()


def test_a_small_gate_keeps_its_digits():
    # Just above the threshold the textbook formula subtracts two numbers near 0.1 and has two digits left.
    log_alpha = torch.zeros(1, dtype=F64)
    u = structured.hard_concrete_probs(log_alpha, **GATE).zero * (1 + 1e-14)
    z = structured.hard_concrete(log_alpha, u, **GATE).item()
    want = _textbook(0.0, u.item(), GATE["beta"], GATE["gamma"], GATE["zeta"])
    # The argument is a sum of logarithms of size 2 and is rounded to 4e-16, z by a tenth of it.
    assert abs(z - want) < 1e-16


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("log_alpha", [-2.0, 0.0, 3.0])
def test_gate_probabilities_by_quadrature(gate, log_alpha):
    a = torch.tensor(log_alpha, dtype=F64)
    p = structured.hard_concrete_probs(a, **gate)

    def which(u):
        z = structured.hard_concrete(a.expand_as(u), u, **gate)
        return torch.cat([z == 0, (z > 0) & (z < 1), z == 1], -1).double()

    got = oracles.uniform_expectation(which, breaks=[p.zero.item(), 1 - p.one.item()])
    assert torch.allclose(got.value, torch.stack(p), rtol=0, atol=1e-13)


@pytest.mark.parametrize("gate", GATES)
def test_gate_probabilities_keep_their_digits_in_both_tails(gate):
    for log_alpha in (-650.0, -50.0, 0.0, 50.0, 650.0):
        p = structured.hard_concrete_probs(torch.tensor(log_alpha, dtype=F64), **gate)
        with mp.workdps(700):
            beta, gamma, zeta = (mp.mpf(gate[k]) for k in ("beta", "gamma", "zeta"))
            above = mp.mpf(log_alpha) - beta * mp.log(-gamma / zeta)
            one = mp.mpf(log_alpha) - beta * mp.log((1 - gamma) / (zeta - 1))
            want = [
                1 / (1 + mp.exp(above)),
                1 / (1 + mp.exp(-above)) - 1 / (1 + mp.exp(-one)),
                1 / (1 + mp.exp(-one)),
            ]
            for got, exact in zip(p, want, strict=True):
                assert abs(got.item() - exact) <= 4e-13 * exact  # 650 is rounded to 1e-13


def test_gate_counts_and_one_noise_per_gate(gen):
    n = 200_000
    log_alpha = torch.tensor([-1.0, 0.5, 0.5], dtype=F64)
    z = structured.hard_concrete(
        log_alpha.expand(n, 3), noise.uniform((n, 3), generator=gen, dtype=F64), **GATE
    )
    p = structured.hard_concrete_probs(log_alpha, **GATE)
    assert_counts((z == 0).sum(0), n, p.zero)
    assert_counts((z == 1).sum(0), n, p.one)
    # Two equal gates that share their noise have the right shares; only how often both are 0 tells.
    assert_counts(((z[:, 1] == 0) & (z[:, 2] == 0)).sum(), n, p.zero[1] * p.zero[2])
    assert_counts(((z[1:, 1] == 0) & (z[:-1, 1] == 0)).sum(), n - 1, p.zero[1] ** 2)


@pytest.mark.parametrize("gate", GATES)
def test_gate_gradients_by_finite_differences(gate, gen):
    log_alpha = _normal(gen, 2_000).requires_grad_()
    u = noise.uniform((2_000,), generator=gen, dtype=F64)
    z = structured.hard_concrete(log_alpha, u, **gate)
    (grad,) = torch.autograd.grad(z.sum(), log_alpha)
    h = 1e-5
    up, down = (structured.hard_concrete(log_alpha.detach() + s, u, **gate) for s in (h, -h))
    smooth = ((up > 0) & (down > 0) & (up < 1) & (down < 1)) | (up == down)
    assert smooth.double().mean() > 0.99
    assert torch.allclose(grad[smooth], ((up - down) / (2 * h))[smooth], rtol=0, atol=1e-7)
    assert (grad[(z == 0) | (z == 1)] == 0).all()
    assert (grad[(z > 0) & (z < 1)] > 0).all()


def test_gate_gradcheck_in_beta_and_of_the_probabilities(gen):
    log_alpha = torch.tensor([0.2, -0.1], dtype=F64, requires_grad=True)
    u = torch.tensor([0.5, 0.4], dtype=F64)
    beta = torch.tensor(0.7, dtype=F64, requires_grad=True)
    limits = {"gamma": -0.1, "zeta": 1.1}
    assert gradcheck(lambda a, b: structured.hard_concrete(a, u, beta=b, **limits), (log_alpha, beta))
    assert gradcheck(lambda a, b: structured.hard_concrete_probs(a, beta=b, **limits), (log_alpha, beta))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_gates_in_low_precision(dtype, gen):
    log_alpha = torch.linspace(-30, 30, 1001).to(dtype).requires_grad_()
    u = noise.uniform((1001,), generator=gen, dtype=dtype)
    z = structured.hard_concrete(log_alpha, u, **GATE)
    want = structured.hard_concrete(log_alpha.double(), u.double(), **GATE)
    assert z.dtype == dtype
    # Rounding log_alpha + logit(u), of size up to 40, in float32; then z in its own dtype.
    assert torch.allclose(z.double(), want, rtol=0, atol=1e-5 + torch.finfo(dtype).eps)
    (grad,) = torch.autograd.grad(z.sum(), log_alpha)
    assert grad.isfinite().all()


def test_far_gates_stay_finite():
    log_alpha = torch.tensor([-1e4, 1e4], requires_grad=True)
    z = structured.hard_concrete(log_alpha, torch.tensor([0.5, 0.5]), **GATE)
    p = structured.hard_concrete_probs(log_alpha, **GATE)
    assert z.tolist() == [0.0, 1.0]
    assert torch.stack(p).sum(0).tolist() == [1.0, 1.0]
    (grad,) = torch.autograd.grad(z.sum() + p.open.sum(), log_alpha)
    assert grad.tolist() == [0.0, 0.0]


BAD_GATES = [
    ({"beta": 0.0}, ValueError, "beta must be one finite number > 0, got 0.0"),
    ({"beta": torch.ones(2)}, TypeError, "beta must be one finite number > 0, got a tensor"),
    ({"gamma": 0.0}, ValueError, "gamma must be < 0, got 0.0"),
    ({"gamma": -INF}, ValueError, "gamma must be one finite number, got -inf"),
    ({"gamma": math.nan}, ValueError, "gamma must be one finite number, got nan"),
    ({"gamma": "-0.1"}, TypeError, "gamma must be one finite number, got '-0.1' of type str"),
    ({"zeta": 1.0}, ValueError, "zeta must be > 1, got 1.0"),
    ({"zeta": math.nan}, ValueError, "zeta must be one finite number, got nan"),
    ({"zeta": True}, TypeError, "zeta must be one finite number, got True"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD_GATES, ids=[m for *_, m in BAD_GATES])
def test_bad_gate_options(change, error, message):
    with pytest.raises(error, match=f"^hard_concrete: {message}"):
        structured.hard_concrete(torch.zeros(2), torch.full((2,), 0.5), **(GATE | change))
    with pytest.raises(error, match=f"^hard_concrete_probs: {message}"):
        structured.hard_concrete_probs(torch.zeros(2), **(GATE | change))


def test_bad_gates():
    half = torch.full((2,), 0.5)
    for bad in (math.nan, INF, -INF):
        with pytest.raises(ValueError, match=r"log_alpha must be finite, got (nan|inf|-inf) at \[1\]"):
            structured.hard_concrete(torch.tensor([0.0, bad]), half, **GATE)
        with pytest.raises(ValueError, match=r"log_alpha must be finite, got (nan|inf|-inf) at \[1\]"):
            structured.hard_concrete_probs(torch.tensor([0.0, bad]), **GATE)
    for bad in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match=r"u must lie strictly in \(0, 1\)"):
            structured.hard_concrete(torch.zeros(2), torch.tensor([0.5, bad]), **GATE)
    with pytest.raises(
        ValueError, match=r"log_alpha and u must have the same shape, got \(2, 2\) and \(2,\)"
    ):
        structured.hard_concrete(torch.zeros(2, 2), half, **GATE)
    with pytest.raises(TypeError, match="log_alpha must be a tensor, got float"):
        structured.hard_concrete_probs(0.5, **GATE)


# Gumbel-Sinkhorn


def _matching(gen, batch, n, size=1.0):
    return _normal(gen, batch, n, n, size=size), noise.gumbel((batch, n, n), generator=gen, dtype=F64)


@pytest.mark.parametrize("tau", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("n_iters", [1, 5, 50])
def test_rows_and_columns_sum_to_one_within_the_stated_error(tau, n_iters, gen):
    scores, g = _matching(gen, 200, 5)
    y = structured.gumbel_sinkhorn(scores, g, tau=tau, n_iters=n_iters)
    x = (scores + g).flatten(1)
    width = (x.amax(-1) - x.amin(-1)) / tau
    rows = (y.sum(-1) - 1).abs().mean(-1)
    assert (y >= 0).all()
    assert torch.allclose(y.sum(-2), torch.ones(200, 5, dtype=F64), rtol=0, atol=1e-13)
    assert (rows <= ((width + 2 * math.log(5)) / n_iters).sqrt()).all()
    further = structured.gumbel_sinkhorn(scores, g, tau=tau, n_iters=2 * n_iters)
    assert ((further.sum(-1) - 1).abs().mean(-1) <= rows + 1e-14).all(), "the error never grows"


def test_the_limit_solves_the_matching_problem():
    # Y maximises <X + G, Y> + tau H(Y) over doubly stochastic matrices, so its entries obey
    # Y_ij Y_kl / (Y_il Y_kj) = exp of the same combination of (X + G) / tau, whatever the iterations.
    generator = torch.Generator().manual_seed(5)
    scores, g = _matching(generator, 50, 4)
    y = structured.gumbel_sinkhorn(scores, g, tau=0.7, n_iters=3)

    def cross(x):
        return x[:, 0, 0] + x[:, 1, 1] - x[:, 0, 1] - x[:, 1, 0]

    assert torch.allclose(cross(y.log()), cross(scores + g) / 0.7, rtol=0, atol=1e-11)


def test_cold_sinkhorn_is_the_best_permutation(gen):
    scores, g = _matching(gen, 300, 4)
    matrices = orders.permutations(4)
    value = torch.einsum("bij,pij->bp", scores + g, matrices)
    top = value.topk(2).values
    gap = top[:, 0] - top[:, 1]
    best = matrices[value.argmax(-1)]
    for tau in (1.0, 0.2, 0.02):
        y = structured.gumbel_sinkhorn(scores, g, tau=tau, n_iters=2_000)
        off = (y - best).abs().amax((-2, -1))
        rows = (y.sum(-1) - 1).abs().amax(-1)
        # Y has <X + G, Y> + tau H(Y) no smaller than the best P, and H is at most n log n. Y is a mixture of
        # permutations, of which those that are not the best lose at least the gap: their weight is bounded.
        assert (off <= tau * 4 * math.log(4) / gap + 4 * rows).all()
        assert rows.max() < 2e-3
    assert (gap > 0.6).sum() > 100
    assert (off[gap > 0.6] < 0.01).all()


def test_hot_sinkhorn_is_flat(gen):
    scores, g = _matching(gen, 10, 5)
    y = structured.gumbel_sinkhorn(scores, g, tau=1e6, n_iters=3)
    assert (y - 0.2).abs().max() < 1e-5


def test_a_transposed_problem_has_the_transposed_solution(gen):
    scores, g = _matching(gen, 20, 4)
    y = structured.gumbel_sinkhorn(scores, g, tau=2.0, n_iters=1_000)
    t = structured.gumbel_sinkhorn(scores.mT, g.mT, tau=2.0, n_iters=1_000)
    assert torch.allclose(y.mT, t, rtol=0, atol=1e-12)
    y = structured.gumbel_sinkhorn(
        scores + 7 * torch.arange(4)[:, None] - torch.arange(4), g, tau=2.0, n_iters=1_000
    )
    assert torch.allclose(y.mT, t, rtol=0, atol=1e-12), "constants of rows and columns change nothing"


@pytest.mark.parametrize("n_iters", [1, 4])
def test_sinkhorn_gradcheck(n_iters, gen):
    scores, g = _matching(gen, 2, 3)
    tau = torch.tensor(0.6, dtype=F64, requires_grad=True)
    assert gradcheck(
        lambda x, t: structured.gumbel_sinkhorn(x, g, tau=t, n_iters=n_iters), (scores.requires_grad_(), tau)
    )


@pytest.mark.parametrize("tau", [1e-37, 1e-6, 1e6, 1e37])
@pytest.mark.parametrize("dtype", [F64, torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_sinkhorn_stays_finite(tau, dtype, gen):
    scores = _normal(gen, 20, 4, 4, size=50, dtype=dtype).requires_grad_()
    g = noise.gumbel((20, 4, 4), generator=gen, dtype=dtype)
    temperature = torch.tensor(tau, requires_grad=True)
    y = structured.gumbel_sinkhorn(scores, g, tau=temperature, n_iters=5)
    assert y.dtype == dtype
    assert y.isfinite().all()
    assert torch.allclose(y.sum(-2).float(), torch.ones(20, 4), atol=4 * torch.finfo(dtype).eps)
    if tau >= 1e-6:  # colder, a rounding error of y times 1 / tau overflows
        grads = torch.autograd.grad((y * y).sum(), (scores, temperature))
        assert all(grad.isfinite().all() for grad in grads)


def test_sinkhorn_edges():
    one = structured.gumbel_sinkhorn(torch.zeros(1, 1), torch.zeros(1, 1), tau=1.0, n_iters=1)
    assert one.tolist() == [[1.0]]
    empty = torch.zeros(0, 3, 3)
    assert structured.gumbel_sinkhorn(empty, empty, tau=1.0, n_iters=1).shape == (0, 3, 3)


def test_bad_sinkhorn():
    square = torch.zeros(3, 3)
    for tau, error in (
        (0.0, ValueError),
        (math.nan, ValueError),
        (True, TypeError),
        (torch.ones(3), TypeError),
    ):
        with pytest.raises(error, match=r"^gumbel_sinkhorn: tau must be one finite number > 0"):
            structured.gumbel_sinkhorn(square, square, tau=tau, n_iters=1)
    for n_iters, error in ((0, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match=r"^gumbel_sinkhorn: n_iters must be a whole number >= 1"):
            structured.gumbel_sinkhorn(square, square, tau=1.0, n_iters=n_iters)
    for shape in ((3,), (2, 3), (0, 0), (3, 1)):
        with pytest.raises(ValueError, match=r"scores must have shape \[..., n, n\]"):
            structured.gumbel_sinkhorn(torch.zeros(shape), torch.zeros(shape), tau=1.0, n_iters=1)
    with pytest.raises(ValueError, match="scores and g must have the same shape"):
        structured.gumbel_sinkhorn(torch.zeros(2, 3, 3), square, tau=1.0, n_iters=1)
    for bad in (math.nan, INF, -INF):
        broken = square.clone()
        broken[1, 2] = bad
        with pytest.raises(ValueError, match=r"scores must be finite, got (nan|inf|-inf) at \[1, 2\]"):
            structured.gumbel_sinkhorn(broken, square, tau=1.0, n_iters=1)


@pytest.mark.parametrize("tau", [1e-30, 1e30, torch.tensor(1e30)])
def test_sinkhorn_at_any_temperature(tau):
    y = structured.gumbel_sinkhorn(torch.eye(3), torch.zeros(3, 3), tau=tau, n_iters=50)
    assert torch.allclose(y.sum(-2), torch.ones(3))
    assert torch.allclose(y, torch.eye(3) if float(tau) < 1 else torch.full((3, 3), 1 / 3), atol=1e-6)
