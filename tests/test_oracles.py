"""oracles: exact against closed forms, honest about their own error, refusing what they cannot do."""

import itertools
import math

import pytest
import torch

from reparam import noise, oracles

F64 = torch.float64
# A sum of ~1000 positive terms of float64 rounds at 1e-13 of the value at the worst.
ROUNDING = 1e-13


# name -> (f, E[f], d/dloc, d/dscale) as functions of loc and scale
SMOOTH = {
    "square": (lambda z: z**2, lambda m, s: (m**2 + s**2, 2 * m, 2 * s)),
    "log-normal": (torch.exp, lambda m, s: tuple(math.exp(m + s * s / 2) * k for k in (1, 1, s))),
    "cosine": (
        lambda z: torch.cos(3 * z),
        lambda m, s: tuple(
            math.exp(-4.5 * s * s) * k
            for k in (math.cos(3 * m), -3 * math.sin(3 * m), -9 * s * math.cos(3 * m))
        ),
    ),
    "fourth power": (
        lambda z: z**4,
        lambda m, s: (m**4 + 6 * m**2 * s**2 + 3 * s**4, 4 * m**3 + 12 * m * s**2, 12 * m**2 * s + 12 * s**3),
    ),
}
POINTS = [(0.0, 1.0), (1.3, 0.4), (-2.0, 2.0)]


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize(("loc", "scale"), POINTS)
@pytest.mark.parametrize("nodes", [50, 100, 200])  # below 40 the rule does not resolve cos(6 eps) at all
def test_normal_integrals_and_their_error(name, loc, scale, nodes):
    f, closed = SMOOTH[name]
    mean, d_loc, d_scale = closed(loc, scale)
    got = (
        oracles.normal_expectation(f, loc, scale, nodes=nodes),
        *oracles.normal_grad(f, loc, scale, nodes=nodes),
    )
    # Rounding is relative to the integral of |f| times the weight, not to a value that may cancel.
    size = oracles.normal_expectation(lambda z: f(z).abs(), loc, scale).value.item() * (1 + 4 / scale)
    for integral, want in zip(got, (mean, d_loc, d_scale), strict=True):
        true_error = abs(integral.value.item() - want)
        assert true_error <= integral.error.item() + ROUNDING * size
        if nodes == 200:
            assert true_error <= ROUNDING * size


def test_the_error_includes_a_tail_that_was_cut_off():
    want = math.exp(10**2 / 2)  # the mass of exp(z) N(z; 0, 100) sits ten standard deviations out
    got = oracles.normal_expectation(torch.exp, 0.0, 10.0)
    assert abs(got.value - want) <= got.error
    assert got.error > 1e-3 * want


def test_a_step_needs_its_break():
    def step(z):
        return (z > 0.3).double()

    exact = 0.5 * math.erfc((0.3 - 1) / (2 * math.sqrt(2)))
    density = math.exp(-0.5 * 0.35**2) / (2 * math.sqrt(2 * math.pi))
    named = oracles.normal_expectation(step, 1.0, 2.0, breaks=[0.3])
    assert abs(named.value - exact) < ROUNDING
    assert named.error < ROUNDING
    d_loc, d_scale = oracles.normal_grad(step, 1.0, 2.0, breaks=[0.3])
    assert abs(d_loc.value - density) < ROUNDING
    assert abs(d_scale.value - density * (0.3 - 1.0) / 2) < ROUNDING
    unnamed = oracles.normal_expectation(step, 1.0, 2.0)
    assert abs(unnamed.value - exact) > 1e-5
    assert unnamed.error > 1e-5, "without its break the oracle must say that it is inaccurate"
    for nodes in (50, 100, 400):
        assert oracles.normal_expectation(step, 1.0, 2.0, nodes=nodes).error > 1e5 * named.error


def test_uniform_integrals():
    for dims in (1, 2, 3):
        # int prod (1 + d) u_i^d = 1, and a jump named in breaks
        got = oracles.uniform_expectation(
            lambda u: (3 * u**2).prod(-1) * (u < 0.25).all(-1), dims=dims, nodes=20, breaks=[0.25]
        )
        assert abs(got.value - 0.25 ** (3 * dims)) < ROUNDING
        assert got.error < ROUNDING
    vector = oracles.uniform_expectation(lambda u: torch.cat([u, u.exp()], -1))
    assert torch.allclose(vector.value, torch.tensor([0.5, math.e - 1], dtype=F64), rtol=ROUNDING)
    assert vector.error.shape == (2,)


def test_outcomes_enumerate_everything():
    for latents, categories in ((1, 1), (1, 3), (3, 2), (2, 4)):
        z = oracles.outcomes(latents, categories)
        assert z.shape == (categories**latents, latents, categories)
        assert z.dtype == F64
        assert len({tuple(row) for row in z.argmax(-1).tolist()}) == categories**latents
        assert (z.sum(-1) == 1).all()


def test_exact_grad_is_the_softmax_formula(gen):
    logits, cost = (noise.normal((5,), generator=gen, dtype=F64) for _ in range(2))
    pi = logits.softmax(0)
    want = pi * (cost - (pi * cost).sum())  # d/dl_k sum_j pi_j c_j
    assert torch.allclose(oracles.exact_expectation(lambda z: z @ cost, logits), pi @ cost, rtol=ROUNDING)
    got = oracles.exact_grad(lambda z: z @ cost, logits)
    assert torch.allclose(got, want, rtol=0, atol=ROUNDING)
    assert got.dtype == F64
    assert torch.allclose(oracles.exact_grad(lambda z: z @ cost + 5, logits), want, rtol=0, atol=ROUNDING)


def test_exact_values_of_several_latents(gen):
    logits = noise.normal((3, 4), generator=gen, dtype=F64)
    table = noise.normal((4, 4, 4), generator=gen, dtype=F64)

    def f(z):  # any table of costs, nothing additive about it
        i = z.argmax(-1)
        return table[i[:, 0], i[:, 1], i[:, 2]]

    pi = logits.softmax(-1)
    want = sum(
        pi[0, i] * pi[1, j] * pi[2, k] * table[i, j, k] for i, j, k in itertools.product(range(4), repeat=3)
    )
    assert torch.allclose(oracles.exact_expectation(f, logits), want, rtol=0, atol=ROUNDING)
    grad = oracles.exact_grad(f, logits)
    h = 1e-5  # h^2 times a third derivative of order 1, plus 1e-16 / h of rounding
    for index in itertools.product(range(3), range(4)):
        step = torch.zeros(3, 4, dtype=F64)
        step[index] = h
        numeric = (
            oracles.exact_expectation(f, logits + step) - oracles.exact_expectation(f, logits - step)
        ) / (2 * h)
        assert abs(grad[index] - numeric) < 1e-9


def test_exact_grad_takes_any_cost_and_any_logits(gen):
    logits = torch.tensor(
        [0.3, -math.inf, 1.0], requires_grad=True
    )  # float32, a leaf of somebody else's graph
    weight = torch.ones(3, dtype=F64, requires_grad=True)
    grad = oracles.exact_grad(lambda z: (z @ weight).exp() + z.argmax(-1), logits)
    assert grad[1] == 0
    assert grad.isfinite().all()
    assert not grad.requires_grad
    assert logits.grad is None
    assert weight.grad is None
    single = oracles.exact_grad(lambda z: z[:, 0], torch.zeros(1, dtype=F64))
    assert single.item() == 0


def test_bad_input():
    with pytest.raises(ValueError, match=r"at most 1048576, got 10 \*\* 7"):
        oracles.outcomes(7, 10)
    for bad in (0, -1):
        with pytest.raises(ValueError, match="outcomes: latents must be a whole number >= 1"):
            oracles.outcomes(bad, 2)
    for bad in (2.0, True, "2"):
        with pytest.raises(TypeError, match="outcomes: categories must be a whole number"):
            oracles.outcomes(2, bad)
    with pytest.raises(ValueError, match=r"logits must have shape \[K\] or \[L, K\], got shape \(2, 2, 2\)"):
        oracles.exact_grad(lambda z: z.sum(), torch.zeros(2, 2, 2))
    with pytest.raises(TypeError, match="logits must be a tensor, got list"):
        oracles.exact_grad(lambda z: z[:, 0], [0.0, 1.0])
    logits = torch.zeros(3, dtype=F64)
    with pytest.raises(ValueError, match=r"f must return shape \[N\], got \(3, 3\)"):
        oracles.exact_grad(lambda z: z, logits)
    for wrong in (lambda z: z.sum(), lambda z: 1.0, lambda z: [1.0]):
        with pytest.raises(
            ValueError, match="exact_expectation: f must return one row for each of its 3 points"
        ):
            oracles.exact_grad(wrong, logits)
    with pytest.raises(ValueError, match=r"f returned NaN at point \[0.0, 1.0, 0.0\]"):
        oracles.exact_expectation(lambda z: torch.where(z[:, 1] == 1, math.nan, 0.0), logits)
    with pytest.raises(ValueError, match="dims must be at most 3"):
        oracles.uniform_expectation(lambda u: u[:, 0], dims=4)
    with pytest.raises(ValueError, match="try fewer nodes"):
        oracles.uniform_expectation(lambda u: u[:, 0], dims=3)
    for call in (oracles.normal_expectation, oracles.normal_grad):
        with pytest.raises(ValueError, match=f"^{call.__name__}: scale must be one finite number > 0"):
            call(torch.cos, 0.0, 0.0)
        with pytest.raises(ValueError, match=rf"^{call.__name__}: f must return shape \[N\], got \(200, 1\)"):
            call(lambda z: z[:, None], 0.0, 1.0, nodes=100)
        with pytest.raises(ValueError, match=f"^{call.__name__}: f returned NaN"):
            call(torch.log, 0.0, 1.0)
        with pytest.raises(TypeError, match=f"^{call.__name__}: nodes must be a whole number"):
            call(torch.cos, 0.0, 1.0, nodes=10.0)


def test_whole_numbers_are_no_logits():
    with pytest.raises(TypeError, match="exact_grad: logits must have a floating-point dtype"):
        oracles.exact_grad(lambda z: z[:, 0], torch.tensor([0, 1]))
