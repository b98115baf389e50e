"""estimators: what is unbiased, shown without statistics; and the biases the book teaches, shown to be there.

Two classes need one uniform (only the difference of two Gumbels matters, and it is logistic), more classes
are enumerated by choosing the noise that makes each class win, Gaussians are integrated over their noise.
"""

import itertools
import math

import pytest
import torch
from montecarlo import assert_mean

from reparam import densities, divergences, estimators, noise, oracles, samplers

F64 = torch.float64
ENDS = [10.0**-k for k in range(1, 15)] + [1 - 10.0**-k for k in range(1, 11)]
TWO = torch.tensor([1.0, -0.5], dtype=F64)


def square(z):
    return (z[:, 0] - 0.45) ** 2


def cubic(z):
    return z[:, 0] ** 3


def mean_over_two_classes(surrogate, logits=TWO, power=1):
    """Integrate the estimate (to a power) over one logistic variable; the noise goes through the code itself."""
    edge = float(torch.sigmoid(logits[1] - logits[0]))
    near = [edge * (1 - 10.0**-k) for k in range(1, 6)] + [edge + (1 - edge) * 10.0**-k for k in range(1, 6)]

    def estimate(u):
        g = torch.cat([torch.logit(u), torch.zeros_like(u)], -1)
        return estimators.per_sample_grads(surrogate, logits, g) ** power

    integral = oracles.uniform_expectation(estimate, nodes=20, breaks=[edge, *near, *ENDS])
    assert (integral.error < 1e-10 * (1 + integral.value.abs())).all()
    return integral.value


def mean_over_normal(surrogate, loc, scale, *, power=1, breaks=()):
    """Integrate the estimates in loc and scale (to a power) over eps; ``breaks`` are values of z."""
    params = (torch.tensor(loc, dtype=F64), torch.tensor(scale, dtype=F64))
    parts = [
        oracles.normal_expectation(
            lambda e, j=j: estimators.per_sample_grads(surrogate, params, e)[j] ** power,
            0.0,
            1.0,
            breaks=[(b - loc) / scale for b in breaks],
        )
        for j in range(2)
    ]
    assert all(part.error < 1e-10 * (1 + abs(part.value)) for part in parts)
    return torch.stack([part.value for part in parts])


def exact_normal(f, loc, scale, breaks=()):
    return torch.stack([part.value for part in oracles.normal_grad(f, loc, scale, breaks=breaks)])


# Unbiased, by quadrature and enumeration

NORMAL_COSTS = {
    "square": torch.square,
    "cosine": torch.cos,
    "exp": torch.exp,
    "abs cubed": lambda z: z.abs() ** 3,
}


@pytest.mark.parametrize("name", NORMAL_COSTS)
@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (0.7, 0.4)])
def test_normal_estimators_are_unbiased(name, loc, scale):
    f = NORMAL_COSTS[name]
    want = exact_normal(f, loc, scale, breaks=[0.0])
    for surrogate in (
        estimators.pathwise_normal(f),
        estimators.score_function_normal(f),
        estimators.score_function_normal(f, baseline=3.0),
    ):
        got = mean_over_normal(surrogate, loc, scale, breaks=[0.0])
        assert torch.allclose(got, want, rtol=0, atol=1e-11)


def test_score_function_needs_no_derivative():
    def step(z):
        return z > 0.3  # a comparison: no gradient, and not even a floating-point number

    want = exact_normal(lambda z: step(z).double(), 1.0, 2.0, breaks=[0.3])
    for baseline in (0.0, 0.5):
        got = mean_over_normal(
            estimators.score_function_normal(step, baseline=baseline), 1.0, 2.0, breaks=[0.3]
        )
        assert torch.allclose(got, want, rtol=0, atol=1e-12)


@pytest.mark.parametrize("f", [square, cubic, lambda z: z[:, 0] > 0.5], ids=["square", "cubic", "comparison"])
@pytest.mark.parametrize("baseline", [0.0, -2.0])
def test_score_function_is_unbiased_for_two_classes(f, baseline):
    got = mean_over_two_classes(estimators.score_function_categorical(f, baseline=baseline))
    assert torch.allclose(got, oracles.exact_grad(f, TWO), rtol=0, atol=1e-12)


def _every_outcome(k):
    """Noise that makes each class win in turn."""
    return 1e3 * torch.eye(k, dtype=F64)


@pytest.mark.parametrize("baseline", [0.0, 1.7])
def test_score_function_is_unbiased_for_many_classes(baseline, gen):
    logits, cost = (noise.normal((6,), generator=gen, dtype=F64) for _ in range(2))
    surrogate = estimators.score_function_categorical(lambda z: (z @ cost) ** 2, baseline=baseline)
    grads = estimators.per_sample_grads(surrogate, logits, _every_outcome(6))
    want = oracles.exact_grad(lambda z: (z @ cost) ** 2, logits)
    assert torch.allclose(logits.softmax(0) @ grads, want, rtol=0, atol=1e-14)


@pytest.mark.parametrize("tau", [0.3, 1.0, 3.0])
def test_relaxed_is_the_exact_gradient_of_the_relaxed_problem(tau):
    def relaxed_cost(logits):
        def f(u):
            g = torch.cat([torch.logit(u), torch.zeros_like(u)], -1)
            return square(samplers.gumbel_softmax(logits.expand(len(u), 2), g, tau=tau))

        return oracles.uniform_expectation(f, nodes=40, breaks=ENDS).value

    h = torch.tensor([1e-4, 0.0], dtype=F64)  # h^2 times a third derivative, 1e-8 / tau^3
    want = (relaxed_cost(TWO + h) - relaxed_cost(TWO - h)) / 2e-4
    assert abs(mean_over_two_classes(estimators.relaxed(square, tau=tau))[0] - want) < 1e-8 / min(tau, 1) ** 3


# Unbiased, by Monte Carlo: the whole pipeline with the noise that is really drawn

MONTE_CARLO = {
    "score, 3 classes": (
        lambda: estimators.score_function_categorical(
            lambda z: z @ torch.tensor([1.0, -1.0, 0.5], dtype=F64)
        ),
        torch.tensor([0.5, 0.0, -0.5], dtype=F64),
        lambda n, g: noise.gumbel((n, 3), generator=g, dtype=F64),
    ),
    "score, normal": (
        lambda: estimators.score_function_normal(lambda z: z**2, baseline=2.0),
        (torch.tensor(1.0, dtype=F64), torch.tensor(1.0, dtype=F64)),
        lambda n, g: noise.normal((n,), generator=g, dtype=F64),
    ),
    "pathwise, normal": (
        lambda: estimators.pathwise_normal(torch.exp),
        (torch.tensor(0.0, dtype=F64), torch.tensor(0.7, dtype=F64)),
        lambda n, g: noise.normal((n,), generator=g, dtype=F64),
    ),
    "relaxed, 2 classes": (
        lambda: estimators.relaxed(square, tau=0.5),
        TWO,
        lambda n, g: noise.gumbel((n, 2), generator=g, dtype=F64),
    ),
    "straight-through, 2 classes": (
        lambda: estimators.straight_through(square, tau=0.5),
        TWO,
        lambda n, g: noise.gumbel((n, 2), generator=g, dtype=F64),
    ),
}


def _stacked(grads):
    return torch.stack(grads, -1) if isinstance(grads, tuple) else grads


@pytest.mark.parametrize("name", MONTE_CARLO)
def test_mean_of_real_draws(name, stream):
    make, params, draw_noise = MONTE_CARLO[name]
    if name == "score, 3 classes":
        truth = oracles.exact_grad(lambda z: z @ torch.tensor([1.0, -1.0, 0.5], dtype=F64), params)
    elif name == "score, normal":
        truth = exact_normal(torch.square, 1.0, 1.0)
    elif name == "pathwise, normal":
        truth = exact_normal(torch.exp, 0.0, 0.7)
    else:  # these two estimate something else than the truth; the quadrature says what
        truth = mean_over_two_classes(make())

    def draw(n, generator):
        return _stacked(estimators.per_sample_grads(make(), params, draw_noise(n, generator)))

    assert_mean(draw, truth, stream)


# The biases we teach


@pytest.mark.parametrize("tau", [0.5, 1.0])
@pytest.mark.parametrize("f", [square, cubic])
def test_relaxed_and_straight_through_are_biased(tau, f):
    exact = oracles.exact_grad(f, TWO)
    for make in (estimators.relaxed, estimators.straight_through):
        bias = (mean_over_two_classes(make(f, tau=tau)) - exact).abs().max()
        assert bias > 0.01
        assert bias > 0.2 * exact.abs().max()


def test_relaxed_bias_is_not_monotone_in_tau():
    exact = oracles.exact_grad(square, TWO)
    bias = {
        t: float((mean_over_two_classes(estimators.relaxed(square, tau=t)) - exact)[0])
        for t in (0.05, 1.0, 4.0)
    }
    # Colder is not always better: at tau = 4 the bias is smaller than at tau = 0.05, and at 1 above both.
    assert abs(bias[4.0]) + 1e-3 < abs(bias[0.05])
    assert abs(bias[0.05]) + 1e-3 < abs(bias[1.0])
    assert abs(bias[1.0]) > 2 * abs(exact[0]), "at tau = 1 the bias is more than twice the gradient"


def test_relaxed_bias_vanishes_as_tau_goes_to_zero_and_straight_through_bias_need_not():
    logits = torch.zeros(2, dtype=F64)
    exact = oracles.exact_grad(cubic, logits)
    for tau in (0.1, 0.05, 0.025):
        assert (
            mean_over_two_classes(estimators.relaxed(cubic, tau=tau), logits) - exact
        ).abs().max() < tau / 10
        st = mean_over_two_classes(estimators.straight_through(cubic, tau=tau), logits)
        assert (st - exact).abs().max() > 0.12  # in the limit E[f'(z)] / 4 - E-gradient = 3/8 - 1/4


def test_straight_through_is_relaxed_for_a_linear_cost():
    def linear(z):
        return 2 * z[:, 0] - z[:, 1]

    for tau in (0.3, 2.0):
        st, soft = (
            mean_over_two_classes(make(linear, tau=tau))
            for make in (estimators.straight_through, estimators.relaxed)
        )
        assert torch.equal(st, soft)


def test_a_kl_on_relaxed_samples_is_not_the_kl():
    # log q(y) - log p(y), evaluated at relaxed samples as if they were classes, is not KL(q || p).
    logits = torch.tensor([2.0, 0.0], dtype=F64)

    def f(u):
        g = torch.cat([torch.logit(u), torch.zeros_like(u)], -1)
        y = samplers.gumbel_softmax(logits.expand(len(u), 2), g, tau=1.0)
        return y @ (logits.log_softmax(0) + math.log(2))

    wrong = oracles.uniform_expectation(f, nodes=40, breaks=ENDS)
    assert abs(wrong.value - divergences.kl_categorical_uniform(logits)) > 0.01


# Variances


def test_relaxed_variance_grows_like_one_over_tau_for_two_classes():
    logits = torch.zeros(2, dtype=F64)
    for tau in (0.02, 0.01):
        surrogate = estimators.relaxed(lambda y: y[:, 0], tau=tau)
        mean, second = (mean_over_two_classes(surrogate, logits, power=p)[0] for p in (1, 2))
        # E[grad^2] tau = int s^2 (1-s)^2 dt / 4 = 1/24 up to O(tau^2); the square of the mean is 1/16.
        assert abs(second * tau - 1 / 24) < tau**2
        assert abs((second - mean**2) * tau - 1 / 24) < tau / 16 + tau**2


def test_relaxed_variance_times_tau_is_flat_for_eight_classes(stream):
    logits = noise.normal((8,), generator=stream("logits"), dtype=F64) / 2
    reward = noise.normal((8,), generator=stream("reward"), dtype=F64)
    g = noise.gumbel((400_000, 8), generator=stream("noise"), dtype=F64)
    scaled = []
    for tau in (0.04, 0.02, 0.01):
        grads = estimators.per_sample_grads(estimators.relaxed(lambda y: y @ reward, tau=tau), logits, g)
        squares = ((grads - grads.mean(0)) ** 2).sum(-1) * tau
        scaled.append((float(squares.mean()), float(squares.std() / len(squares) ** 0.5)))
    for (a, se_a), (b, se_b) in itertools.pairwise(scaled):
        # Halving tau would halve this product if the law were tau^0, and double it if it were tau^-2.
        assert abs(math.log(b / a)) < math.log(2) / 3 + 5 * (se_a / a + se_b / b)


def test_cosine_ten_z_favours_the_score_function():
    def f(z):
        return torch.cos(10 * z)

    second = [
        mean_over_normal(make(f), 0.0, 1.0, power=2)[0]
        for make in (estimators.pathwise_normal, estimators.score_function_normal)
    ]
    mean = exact_normal(f, 0.0, 1.0)[0]
    assert abs(mean) < 1e-12
    assert second[0] == pytest.approx(50, rel=1e-6)  # E[100 sin^2(10 z)]
    assert second[1] == pytest.approx(0.5, rel=1e-6)  # E[z^2 cos^2(10 z)]
    assert second[0] > 50 * second[1]


def test_the_square_favours_the_path():
    second = [
        mean_over_normal(make(torch.square), 1.0, 1.0, power=2)
        for make in (
            estimators.pathwise_normal,
            estimators.score_function_normal,
        )
    ]
    exact = exact_normal(torch.square, 1.0, 1.0)
    variance = [s - exact**2 for s in second]
    assert (variance[1] > 3 * variance[0]).all()


def test_a_baseline_changes_the_variance_and_not_the_mean(gen):
    logits, cost = (noise.normal((5,), generator=gen, dtype=F64) for _ in range(2))
    pi = logits.softmax(0)

    def spread(baseline, offset=0.0):
        f = estimators.score_function_categorical(lambda z: z @ cost + offset, baseline=baseline)
        grads = estimators.per_sample_grads(f, logits, _every_outcome(5))
        mean = pi @ grads
        return mean, float(pi @ ((grads - mean) ** 2).sum(-1))

    exact = oracles.exact_grad(lambda z: z @ cost, logits)
    expected = float(pi @ cost)
    for baseline, offset in ((0.0, 0.0), (expected, 0.0), (0.0, 10.0), (expected + 10, 10.0), (-100.0, 0.0)):
        assert torch.allclose(spread(baseline, offset)[0], exact, rtol=0, atol=1e-12)
    assert spread(0.0, 10.0)[1] > 10 * spread(expected, 0.0)[1], "an offset of the cost inflates the variance"
    assert spread(expected + 10, 10.0)[1] == pytest.approx(spread(expected, 0.0)[1], rel=1e-10)
    assert spread(-100.0)[1] > 100 * spread(expected)[1]


def test_the_relaxed_estimator_does_not_feel_an_offset(gen):
    logits = noise.normal((5,), generator=gen, dtype=F64)
    g = noise.gumbel((100, 5), generator=gen, dtype=F64)
    plain, moved = (
        estimators.per_sample_grads(estimators.relaxed(lambda y, c=c: y[:, 0] + c, tau=0.5), logits, g)
        for c in (0.0, 1e3)
    )
    assert torch.equal(plain, moved)


# The same draw, the same number


def test_surrogates_have_the_cost_as_their_value(gen):
    logits = noise.normal((50, 4), generator=gen, dtype=F64)
    g = noise.gumbel((50, 4), generator=gen, dtype=F64)
    z, y = samplers.gumbel_max(logits, g), samplers.gumbel_softmax(logits, g, tau=0.5)
    f = square
    assert torch.equal(estimators.score_function_categorical(f, baseline=7.0)(logits, g), f(z))
    assert torch.equal(estimators.straight_through(f, tau=0.5)(logits, g), f(z))
    assert torch.equal(estimators.relaxed(f, tau=0.5)(logits, g), f(y))


def test_per_draw_formulas(gen):
    eps = noise.normal((50,), generator=gen, dtype=F64)
    params = (torch.tensor(0.3, dtype=F64), torch.tensor(0.8, dtype=F64))
    z = 0.3 + 0.8 * eps
    path = estimators.per_sample_grads(estimators.pathwise_normal(torch.sin), params, eps)
    assert torch.allclose(path[0], z.cos(), rtol=1e-14)
    assert torch.allclose(path[1], z.cos() * eps, rtol=1e-14)
    score = estimators.per_sample_grads(
        estimators.score_function_normal(torch.sin, baseline=0.2), params, eps
    )
    assert torch.allclose(score[0], (z.sin() - 0.2) * eps / 0.8, rtol=1e-12)
    assert torch.allclose(score[1], (z.sin() - 0.2) * (eps**2 - 1) / 0.8, rtol=1e-12, atol=1e-14)


SURROGATES = {
    "relaxed": estimators.relaxed(square, tau=0.5),
    "straight-through": estimators.straight_through(square, tau=0.5),
    "score": estimators.score_function_categorical(square, baseline=0.1),
}


@pytest.mark.parametrize("name", SURROGATES)
def test_per_sample_grads_equals_a_loop(name, gen):
    logits = noise.normal((4,), generator=gen, dtype=F64).requires_grad_()
    g = noise.gumbel((20, 4), generator=gen, dtype=F64)
    together = estimators.per_sample_grads(SURROGATES[name], logits, g)
    for s in range(20):
        (alone,) = torch.autograd.grad(SURROGATES[name](logits[None], g[s : s + 1]).sum(), logits)
        assert torch.allclose(together[s], alone, rtol=1e-13, atol=1e-16)
    assert together.shape == (20, 4)
    assert not together.requires_grad
    assert logits.grad is None


def test_per_sample_grads_of_a_tuple_with_an_unused_member(gen):
    eps = noise.normal((10,), generator=gen, dtype=F64)
    a, b, c = (torch.tensor(v, dtype=F64) for v in (1.0, 2.0, 3.0))
    grads = estimators.per_sample_grads(lambda p, e: p[0] * e + p[1] ** 2, (a, b, c), eps)
    assert torch.equal(grads[0], eps)
    assert torch.equal(grads[1], torch.full((10,), 4.0, dtype=F64))
    assert torch.equal(grads[2], torch.zeros(10, dtype=F64))


def test_the_costs_own_parameters_learn_too(gen):
    weight = torch.tensor(2.0, dtype=F64, requires_grad=True)
    logits = noise.normal((30, 3), generator=gen, dtype=F64).requires_grad_()
    g = noise.gumbel((30, 3), generator=gen, dtype=F64)
    surrogate = estimators.score_function_categorical(lambda z: weight * z[:, 0])
    (grad,) = torch.autograd.grad(surrogate(logits, g).sum(), weight)
    assert grad == samplers.gumbel_max(logits, g)[:, 0].sum(), "the score term must hold the cost constant"


def test_a_latent_vector_is_one_event(gen):
    # Three Gaussian latents, one cost: event_dims keeps the draws apart from the latents.
    loc = noise.normal((3,), generator=gen, dtype=F64)
    eps = noise.normal((20, 3), generator=gen, dtype=F64)
    one = torch.ones(20, 3, dtype=F64)
    path = estimators.pathwise(
        lambda z: (z**2).sum(-1), lambda p, e: samplers.normal(p, one, e), event_dims=1
    )
    assert torch.allclose(estimators.per_sample_grads(path, loc, eps), 2 * (loc + eps), rtol=1e-14)
    score = estimators.score_function(
        lambda z: (z**2).sum(-1),
        lambda p, e: samplers.normal(p, one, e),
        lambda p, z: densities.normal(p, one, z).sum(-1),
    )
    want = ((loc + eps) ** 2).sum(-1, keepdim=True) * eps
    assert torch.allclose(estimators.per_sample_grads(score, loc, eps), want, rtol=1e-12, atol=1e-13)


# Refusals and warnings


def _normal_inputs(gen, n=8):
    return (torch.tensor(0.0), torch.tensor(1.0)), noise.normal((n,), generator=gen)


def test_a_column_of_costs_is_refused(gen):
    params, eps = _normal_inputs(gen)
    for make in (estimators.pathwise_normal, estimators.score_function_normal):
        with pytest.raises(ValueError, match=r"f must return one cost per draw, shape \(8,\), got \(8, 1\)"):
            estimators.per_sample_grads(make(lambda z: z[:, None]), params, eps)
        with pytest.raises(ValueError, match=r"got \(\)"):
            estimators.per_sample_grads(make(lambda z: z.sum()), params, eps)
        with pytest.raises(TypeError, match="f must return a tensor, got float"):
            estimators.per_sample_grads(make(lambda z: 1.0), params, eps)
    g = noise.gumbel((8, 3), generator=gen)
    for name in SURROGATES:
        make = {"relaxed": estimators.relaxed, "straight-through": estimators.straight_through}.get(name)
        bad = make(lambda z: z, tau=1.0) if make else estimators.score_function_categorical(lambda z: z)
        with pytest.raises(ValueError, match=r"shape \(8,\), got \(8, 3\)"):
            estimators.per_sample_grads(bad, torch.zeros(3), g)


def test_nan_costs_are_refused(gen):
    params, eps = _normal_inputs(gen)
    for make in (estimators.pathwise_normal, estimators.score_function_normal):
        with pytest.raises(ValueError, match=r"f returned NaN at draw \[\d\]"):
            estimators.per_sample_grads(make(lambda z: z / 0 * 0), params, eps)


@pytest.mark.parametrize(
    "f", [lambda z: z.detach() ** 2, lambda z: (z > 0).float()], ids=["detached", "comparison"]
)
def test_a_cut_path_is_refused(f, gen):
    params, eps = _normal_inputs(gen)
    with pytest.raises(ValueError, match=r"pathwise: f does not depend on z .* use score_function"):
        estimators.per_sample_grads(estimators.pathwise_normal(f), params, eps)
    with pytest.raises(ValueError, match="pathwise: f does not depend on z"):
        estimators.per_sample_grads(
            estimators.relaxed(lambda y: y.argmax(-1).float(), tau=1.0),
            torch.zeros(3),
            noise.gumbel((8, 3), generator=gen),
        )


def test_a_law_without_a_path_is_refused_with_the_alternatives(gen):
    law = torch.distributions
    others = "score_function .* measure_valued_normal .* relaxed or straight_through"
    half, rate = law.Bernoulli(0.5), law.Poisson(torch.tensor(3.0))
    before = torch.random.get_rng_state()
    for bad in (law.Poisson, rate, rate.sample, half, law.Independent(law.Bernoulli(torch.ones(2)), 1)):
        with pytest.raises(ValueError, match=rf"^pathwise: sample must be .* has no rsample: .*{others}"):
            estimators.pathwise(torch.square, bad)
    for bad in (law.Normal, law.Gamma(1.0, 1.0), law.Gamma(1.0, 1.0).rsample):
        with pytest.raises(
            TypeError, match=r"^pathwise: sample must be .* got the distribution (Normal|Gamma)"
        ):
            estimators.pathwise(torch.square, bad)
    assert torch.random.get_rng_state().equal(before), "refused before any draw"
    theta = torch.ones(8, requires_grad=True)
    eps = noise.normal((8,), generator=gen)
    for cut in (lambda p, e: (p + e).round().detach(), lambda p, e: (p > e).double()):
        with pytest.raises(ValueError, match=rf"^pathwise: sample must return a z that autograd .*{others}"):
            estimators.pathwise(torch.square, cut)(theta, eps)
        pair = estimators.pathwise(torch.square, lambda p, e, cut=cut: cut(p[1], e))
        with pytest.raises(ValueError, match=r"^pathwise: sample must return a z that autograd"):
            pair((torch.ones(8), theta), eps)
    with pytest.raises(TypeError, match="pathwise: sample must return a tensor, got Poisson"):
        estimators.pathwise(torch.square, lambda p, e: law.Poisson(p))(theta, eps)


def test_a_value_without_a_gradient_needs_no_path(gen):
    eps = noise.normal((8,), generator=gen)
    surrogate = estimators.pathwise(torch.square, lambda p, e: (p + e).detach())
    assert surrogate(torch.zeros(8), eps).equal(eps**2)
    with torch.no_grad():
        assert surrogate(torch.zeros(8, requires_grad=True), eps).equal(eps**2)


@pytest.mark.parametrize("f", [torch.sign, torch.round, torch.floor], ids=lambda f: f.__name__)
def test_a_flat_cost_warns(f):
    params, eps = (torch.tensor(0.0), torch.tensor(1.0)), torch.linspace(-2, 2, 9)
    with pytest.warns(UserWarning, match="piecewise constant .* use score_function"):
        grads = estimators.per_sample_grads(estimators.pathwise_normal(f), params, eps)
    assert (grads[0] == 0).all(), "the pathwise gradient of a step is silently 0"


def test_honest_costs_do_not_warn():
    params, eps = (torch.tensor(0.0), torch.tensor(1.0)), torch.linspace(-2, 2, 9)
    for f in (torch.relu, torch.square, lambda z: 0 * z, lambda z: torch.relu(z - 10)):
        estimators.per_sample_grads(estimators.pathwise_normal(f), params, eps)  # warnings are errors


def test_bad_baselines(gen):
    params, eps = _normal_inputs(gen)
    for bad in (torch.zeros(8, 1), torch.zeros(1), torch.zeros(7)):
        with pytest.raises(ValueError, match=r"baseline must be a number or have shape \(8,\)"):
            estimators.per_sample_grads(
                estimators.score_function_normal(torch.square, baseline=bad), params, eps
            )


def test_the_baseline_is_a_constant(gen):
    params, eps = _normal_inputs(gen)
    learned = torch.tensor(0.5, requires_grad=True)
    copies = tuple(p.expand(8).clone().requires_grad_() for p in params)
    estimators.score_function_normal(torch.square, baseline=learned)(copies, eps).sum().backward()
    assert learned.grad is None


def test_per_sample_grads_bad_input(gen):
    surrogate = estimators.relaxed(square, tau=1.0)
    with pytest.raises(ValueError, match=r"noise must have shape \[S, ...\] with S >= 1, got shape \(0, 3\)"):
        estimators.per_sample_grads(surrogate, torch.zeros(3), torch.zeros(0, 3))
    with pytest.raises(ValueError, match=r"got shape \(\)"):
        estimators.per_sample_grads(surrogate, torch.zeros(3), torch.tensor(0.0))
    with pytest.raises(TypeError, match="per_sample_grads: params must be a tensor, got list"):
        estimators.per_sample_grads(surrogate, [0.0, 0.0], torch.zeros(4, 2))
    with pytest.raises(TypeError, match="per_sample_grads: noise must be a tensor"):
        estimators.per_sample_grads(surrogate, torch.zeros(3), 5)
    with pytest.raises(ValueError, match=r"one value per draw, shape \(4,\), got \(\)"):
        estimators.per_sample_grads(lambda p, e: p.sum(), torch.zeros(3), torch.zeros(4, 3))
    with pytest.raises(ValueError, match=r"one value per draw, shape \(4,\), got float"):
        estimators.per_sample_grads(lambda p, e: 0.0, torch.zeros(3), torch.zeros(4, 3))
    with pytest.raises(ValueError, match="does not depend on params"):
        estimators.per_sample_grads(lambda p, e: e.sum(-1), torch.zeros(3), torch.zeros(4, 3))
    for make in (estimators.relaxed, estimators.straight_through):
        with pytest.raises(ValueError, match=f"^{make.__name__}: tau must be one finite number > 0"):
            make(square, tau=0.0)


# Antithetic pairs


def test_antithetic_pairs_keep_the_mean_and_help_where_the_estimate_is_odd():
    def variance(surrogate):
        return mean_over_normal(surrogate, 0.0, 1.0, power=2) - mean_over_normal(surrogate, 0.0, 1.0) ** 2

    for f in (torch.square, torch.sin, lambda z: z**3):
        for make in (estimators.pathwise_normal, estimators.score_function_normal):
            pair = estimators.antithetic(make(f))
            assert torch.allclose(
                mean_over_normal(pair, 0.0, 1.0), exact_normal(f, 0.0, 1.0), rtol=0, atol=1e-11
            )
    # At loc = 0 the path of z^2 in loc is odd, 2 eps: a pair cancels. The path of z^3, 3 eps^2, is even: no gain.
    odd, even = estimators.pathwise_normal(torch.square), estimators.pathwise_normal(lambda z: z**3)
    assert variance(estimators.antithetic(odd))[0] < 1e-12 < variance(odd)[0]
    assert variance(estimators.antithetic(even))[0] == pytest.approx(float(variance(even)[0]), rel=1e-12)
    # The score in loc is odd, so the pair keeps the odd part of the cost only: an offset is gone.
    plain, moved = (
        variance(estimators.antithetic(estimators.score_function_normal(lambda z, c=c: torch.sin(z) + c)))
        for c in (0.0, 9.0)
    )
    assert abs(plain[0] - moved[0]) < 1e-10
    assert moved[1] > 10 * plain[1]


@pytest.mark.parametrize(
    ("bad", "error"), [(math.nan, ValueError), (True, TypeError), ("0", TypeError), (None, TypeError)]
)
def test_a_baseline_that_is_no_number(bad, error):
    with pytest.raises(error, match="score_function: baseline must be one finite number"):
        estimators.score_function_normal(torch.sin, baseline=bad)
