"""control_variates: REBAR and RELAX are unbiased whatever the critic, by quadrature; coupled, so that they are quiet.

Two classes and a critic that only looks at the difference of the perturbed logits need two uniforms, one for
the draw and one for the redraw (each difference of two Gumbels is logistic).
"""

import math

import pytest
import torch
from montecarlo import assert_mean

from reparam import baselines, estimators, noise, oracles, samplers
from reparam.control_variates import gumbel_rao, mean_square, rebar, relax
from reparam.estimators import per_sample_grads

F64 = torch.float64
TWO = torch.tensor([1.0, -0.5], dtype=F64)
SPAN = 36.0  # the logistic density is 2e-16 there


def square(z):
    return (z[..., 0] - 0.45) ** 2


def cubic(z):
    return z[..., 0] ** 3


def bent(h):
    """A critic with no relation to the cost, of the difference of the perturbed logits."""
    return torch.sin(h[..., 0] - h[..., 1]) + 0.3 * torch.tanh(h[..., 1] - h[..., 0] + 1) ** 2


def integrate(statistic, redraws=1, nodes=14, error=1e-6):
    """Return the mean of ``statistic(noise)`` over one logistic variable per row of noise, two classes."""
    edge = float(TWO[1] - TWO[0])
    cuts = [edge, *(edge + s * d for s in (-1, 1) for d in (1.5, 4.0, 9.0)), -20.0, 20.0]

    def weighted(u):
        x = SPAN * (2 * u - 1)
        weight = (2 * SPAN * torch.sigmoid(x) * torch.sigmoid(-x)).prod(-1)
        value = statistic(torch.stack([x, torch.zeros_like(x)], -1))
        return value * weight.reshape(-1, *[1] * (value.ndim - 1))

    breaks = [(c / SPAN + 1) / 2 for c in cuts]
    integral = oracles.uniform_expectation(weighted, dims=1 + redraws, nodes=nodes, breaks=breaks)
    # That is the coarse rule's error; the fine one is far closer.
    assert (integral.error < error * (1 + integral.value.abs())).all()
    return integral.value


def mean_of(surrogate, *, power=1, **options):
    return integrate(lambda n: per_sample_grads(surrogate, TWO, n) ** power, **options)


def variance_of(surrogate, **options):
    return (mean_of(surrogate, power=2, **options) - mean_of(surrogate, **options) ** 2)[0]


def first_noise(surrogate):
    """Lend an estimator of one noise to the integral over two."""
    return lambda logits, n: surrogate(logits, n[:, 0])


def draws(gen, n=50, k=4, rows=2):
    logits = noise.normal((k,), generator=gen, dtype=F64)
    return logits, noise.gumbel((n, rows, k), generator=gen, dtype=F64)


# The mean


@pytest.mark.parametrize("f", [square, cubic])
@pytest.mark.parametrize(("tau", "eta"), [(0.5, 1.0), (1.0, 0.3), (2.0, -1.5), (0.3, 1.0), (0.7, 0.0)])
def test_rebar_is_unbiased_at_every_tau_and_eta(f, tau, eta):
    got = mean_of(rebar(f, tau=tau, eta=eta))
    assert torch.allclose(got, oracles.exact_grad(f, TWO), rtol=0, atol=1e-10)


@pytest.mark.parametrize("f", [square, lambda z: z[..., 0] > 0.5], ids=["square", "comparison"])
def test_relax_is_unbiased_for_a_critic_that_knows_nothing(f):
    got = mean_of(relax(f, bent))
    assert torch.allclose(got, oracles.exact_grad(lambda z: f(z).double(), TWO), rtol=0, atol=1e-10)


def test_relax_is_unbiased_for_a_critic_of_the_perturbed_logits_themselves():
    # Not of their difference: four noise variables. g and v meet only through the winner, so the integral
    # splits: E_g[G(g, 0)] + sum_w p_w E_v[G(g_w, v) - G(g_w, 0)], where g_w is any noise that lets w win.
    surrogate = relax(square, lambda h: torch.sin(h[:, 0]) * torch.cos(0.5 * h[:, 1]))
    edge = float(TWO[1] - TWO[0])

    def over_gumbels(statistic):
        # s = -log(e^-a + e^-b) and d = a - b: the winner depends on d alone
        def weighted(u):
            s, d = 45 * u[:, 0] - 5, SPAN * (2 * u[:, 1] - 1)
            a, b = s + torch.nn.functional.softplus(d), s + torch.nn.functional.softplus(-d)
            density = torch.exp(-a - b - torch.exp(-a) - torch.exp(-b))
            return (45 * 2 * SPAN * density)[:, None] * statistic(torch.stack([a, b], -1))

        integral = oracles.uniform_expectation(
            weighted, dims=2, nodes=60, breaks=[(edge / SPAN + 1) / 2, 0.25, 0.4, 0.55]
        )
        assert (integral.error < 1e-7).all()
        return integral.value

    def at(g, v):
        return per_sample_grads(surrogate, TWO, torch.stack(torch.broadcast_tensors(g, v), 1))

    zero = torch.zeros(1, 2, dtype=F64)
    total = over_gumbels(lambda g: at(g, zero))
    for p, g in zip(TWO.softmax(0), 50 * torch.eye(2, dtype=F64), strict=True):
        total = total + p * over_gumbels(lambda v, g=g[None]: at(g, v) - at(g, zero))
    assert torch.allclose(total, oracles.exact_grad(square, TWO), rtol=0, atol=1e-9)


THREE = torch.tensor([0.5, 0.0, -1.0], dtype=F64)
REWARD = torch.tensor([1.0, -1.0, 0.5], dtype=F64)


@pytest.mark.parametrize("name", ["rebar", "relax", "rebar, -inf"])
def test_unbiased_for_three_classes_and_more(name, stream):
    def f(z):
        return (z[..., :3] @ REWARD) ** 3 + z[..., 0]

    logits = torch.cat([THREE, torch.tensor([-math.inf], dtype=F64)]) if "inf" in name else THREE
    critic = {"relax": lambda h: 0.5 * torch.tanh(h @ REWARD)}.get(name)
    surrogate = relax(f, critic) if critic else rebar(f, tau=0.6, eta=0.8)

    def draw(n, generator):
        return per_sample_grads(
            surrogate, logits, noise.gumbel((n, 2, len(logits)), generator=generator, dtype=F64)
        )[:, :3]

    assert_mean(draw, oracles.exact_grad(f, logits)[:3], stream)
    if "inf" in name:
        assert (per_sample_grads(surrogate, logits, torch.zeros(1, 2, 4, dtype=F64))[:, 3] == 0).all()


def test_unbiased_for_two_latents_with_one_cost(stream):
    logits = torch.stack([THREE, THREE.flip(0) * 2])
    w = torch.tensor([[1.0, -1.0, 0.5], [0.2, 1.5, 0.0]], dtype=F64)

    def f(z):
        return (z * w).sum((-1, -2)) ** 2

    def draw(n, generator):
        both = noise.gumbel((n, 2, 2, 3), generator=generator, dtype=F64)
        return per_sample_grads(rebar(f, tau=0.6, eta=0.8, event_dims=2), logits, both)

    assert_mean(draw, oracles.exact_grad(f, logits), stream)


def test_event_dims_only_says_what_belongs_to_a_draw(gen):
    logits, n = draws(gen, rows=3)
    one = per_sample_grads(
        rebar(lambda z: square(z).sum(-1), tau=0.6, eta=0.8, event_dims=2), logits[None], n[:, None, :2]
    )
    assert torch.allclose(
        one[:, 0], per_sample_grads(rebar(square, tau=0.6, eta=0.8), logits, n[:, :2]), rtol=0, atol=1e-14
    )
    shared = gumbel_rao(lambda z: square(z).sum(-1), tau=0.6, inner=2, event_dims=2)
    got = per_sample_grads(shared, logits[None], n[:, None])
    want = per_sample_grads(gumbel_rao(square, tau=0.6, inner=2), logits, n)
    assert torch.allclose(got[:, 0], want, rtol=0, atol=1e-14)
    with pytest.raises(ValueError, match=r"^relax: event_dims must be a whole number >= 1, got 0"):
        rebar(square, tau=1.0, eta=1.0, event_dims=0)


def test_many_latents_are_where_rebar_pays(gen):
    # A constant baseline leaves the noise of the other 19 latents in each latent's gradient.
    logits = torch.stack(
        [0.5 * noise.normal((20,), generator=gen, dtype=F64), torch.zeros(20, dtype=F64)], -1
    )
    w = noise.normal((20,), generator=gen, dtype=F64) / 20**0.5

    def f(z):
        return (z[..., 0] @ w - 0.3) ** 2

    both = noise.gumbel((20_000, 20, 2, 2), generator=gen, dtype=F64)
    plain, score = (
        per_sample_grads(rebar(cost, tau=1.0, eta=0.0, event_dims=2), logits, both).flatten(1)
        for cost in (f, lambda z: 1 + 0 * f(z))
    )
    plain = plain - plain.mean(0)
    best = plain - (plain * score).sum() / (score * score).sum() * score
    relaxed = per_sample_grads(rebar(f, tau=0.3, eta=1.0, event_dims=2), logits, both).flatten(1)
    assert relaxed.var(0).sum() < best.var(0).sum() / 1.5


def test_value_and_the_costs_own_parameters_keep_their_mean():
    w = torch.tensor(0.7, dtype=F64, requires_grad=True)

    def f(z):
        return torch.sin(w * z[..., 0]) + w * z[..., 1]

    surrogate = rebar(f, tau=0.5, eta=0.9)
    value = integrate(lambda n: surrogate(TWO.expand(len(n), 2), n).detach())
    assert torch.allclose(value, oracles.exact_expectation(f, TWO), rtol=0, atol=1e-10)
    (want,) = torch.autograd.grad(oracles.exact_expectation(f, TWO), w)

    def by_w(n):  # one copy of w per draw
        many = torch.full((len(n),), 0.7, dtype=F64, requires_grad=True)
        own = rebar(lambda z: torch.sin(many * z[..., 0]) + many * z[..., 1], tau=0.5, eta=0.9)
        return torch.autograd.grad(own(TWO.expand(len(n), 2), n).sum(), many)[0]

    assert torch.allclose(integrate(by_w), want, rtol=0, atol=1e-10)


# Draw by draw


def test_one_estimate_is_the_formula(gen):
    logits, both = draws(gen)
    cost = noise.normal((4,), generator=gen, dtype=F64)
    tau, eta = 0.6, 0.8

    def f(z):
        return (z @ cost) ** 2

    got = per_sample_grads(rebar(f, tau=tau, eta=eta), logits, both)
    for g, v, grad in zip(both[:, 0], both[:, 1], got, strict=True):
        leaf = logits.clone().requires_grad_()
        winner = int((leaf + g).argmax())
        top = leaf.exp().sum().log() + v[winner]
        given = -torch.log(torch.exp(-leaf - v) + torch.exp(-top))
        given = torch.cat([given[:winner], top[None], given[winner + 1 :]])
        soft, soft_given = (eta * f(torch.softmax(h / tau, 0)) for h in (leaf + g, given))
        (score,) = torch.autograd.grad(leaf.log_softmax(0)[winner], leaf, retain_graph=True)
        paths = [torch.autograd.grad(c, leaf, retain_graph=True)[0] for c in (soft, soft_given)]
        want = (cost[winner] ** 2 - soft_given.detach()) * score + paths[0] - paths[1]
        assert torch.allclose(grad, want, rtol=1e-10, atol=1e-12)


def test_the_three_samples_of_one_estimate_agree(gen):
    # argmax h == z == argmax h~ in every draw: the mean cannot tell, the variance can.
    logits, both = draws(gen, n=2_000)
    seen = []

    def critic(h):
        seen.append(h.detach())
        return h.sum(-1)

    def f(z):
        seen.append(z)
        return z[..., 0]

    relax(f, critic)(logits.expand(2_000, 4).requires_grad_(), both)
    winners = torch.stack([x.argmax(-1) for x in seen])
    assert len(seen) == 4
    assert (winners == (logits + both[:, 0]).argmax(-1)).all()
    assert sum(torch.equal(x, logits + both[:, 0]) for x in seen) == 1
    assert not torch.equal(seen[1], seen[2])


def test_rebar_without_strength_is_the_score_function(gen):
    logits, both = draws(gen)
    got = per_sample_grads(rebar(square, tau=0.5, eta=0.0), logits, both)
    want = per_sample_grads(estimators.score_function_categorical(square), logits, both[:, 0])
    assert torch.allclose(got, want, rtol=0, atol=1e-14)


def test_a_constant_in_the_cost_cancels_in_every_draw_of_rebar(gen):
    logits, both = draws(gen)
    plain, moved = (
        per_sample_grads(rebar(lambda z, c=c: z[..., 0] + c, tau=0.5, eta=1.0), logits, both)
        for c in (0.0, 1e3)
    )
    assert torch.allclose(plain, moved, rtol=0, atol=1e-11)


def test_several_latents_at_once_are_the_single_ones(gen):
    logits, both = draws(gen, n=12)
    surrogate = rebar(square, tau=0.5, eta=0.7)
    single = surrogate(logits.expand(12, 4), both)
    grid = surrogate(logits.expand(3, 4, 4), both.reshape(3, 4, 2, 4))
    assert torch.equal(grid.flatten(), single)


# The variance


def test_rebar_is_quieter_and_the_coupling_is_why():
    def f(z):
        return (1 + z[..., 0]) ** 2

    options = {"tau": 1.0, "eta": 0.5}
    plain = variance_of(first_noise(estimators.score_function_categorical(f)))
    coupled = variance_of(rebar(f, **options))
    assert coupled < plain / 5

    def apart(logits, n):  # the path of the relaxed cost from noise that did not make z
        soft, own = (0.5 * f(torch.softmax(logits + x, -1)) for x in (-n[:, 0], n[:, 0]))
        return rebar(f, **options)(logits, n) + soft - own

    assert torch.allclose(mean_of(apart), oracles.exact_grad(f, TWO), rtol=0, atol=1e-10)
    assert variance_of(apart) > 1.5 * coupled


def test_rebar_is_louder_where_the_relaxed_cost_does_not_resemble_the_cost():
    # (z_0 - 0.45)^2 has its least value between the corners, where no category lives.
    plain = variance_of(first_noise(estimators.score_function_categorical(square)))
    assert variance_of(rebar(square, tau=0.5, eta=1.0)) > 1.5 * plain


def test_the_best_eta_and_what_it_leaves():
    # g = g_score - eta * k with E[k] = 0: Var is a parabola with its least value at Cov / Var(k).
    def parts(n):
        score = per_sample_grads(rebar(square, tau=0.5, eta=0.0), TWO, n)[:, 0]
        control = score - per_sample_grads(rebar(square, tau=0.5, eta=1.0), TWO, n)[:, 0]
        return torch.stack([score, control, score * control, control**2, score**2], -1)

    score, control, product, second, total = integrate(parts)
    assert abs(control) < 1e-10
    best, rho2 = product / second, product**2 / (second * (total - score**2))
    least = variance_of(rebar(square, tau=0.5, eta=float(best)))
    assert torch.isclose(least, (1 - rho2) * (total - score**2), rtol=1e-8)
    for eta in (best - 0.1, best + 0.1):
        assert variance_of(rebar(square, tau=0.5, eta=float(eta))) > least * 1.001


def test_mean_square_descends_the_variance(gen):
    logits, both = draws(gen)
    start = {"log_tau": -0.5, "eta": 0.8, "w": 0.4, "bias": 0.3}

    def objective(log_tau, eta, w, bias):
        relaxed = rebar(square, tau=log_tau.exp(), eta=eta)
        extra = relax(square, lambda h: w * torch.tanh(h[..., 0]) + bias)
        return mean_square(relaxed, logits, both) + 2 * mean_square(extra, logits, both)

    leaves = {k: torch.tensor(v, dtype=F64, requires_grad=True) for k, v in start.items()}
    value = objective(**leaves)
    separate = per_sample_grads(rebar(square, tau=math.exp(-0.5), eta=0.8), logits, both)
    first = mean_square(rebar(square, tau=math.exp(-0.5), eta=0.8), logits, both)
    assert torch.isclose(first, (separate**2).sum(-1).mean(), rtol=1e-12)
    for name, grad in zip(leaves, torch.autograd.grad(value, list(leaves.values())), strict=True):
        up, down = (
            objective(**{k: v.detach() + (k == name) * step for k, v in leaves.items()})
            for step in (1e-5, -1e-5)
        )
        assert torch.isclose(grad, (up - down).detach() / 2e-5, rtol=1e-6, atol=1e-8), name


def test_mean_square_of_several_parameters(gen):
    loc, scale = torch.tensor(0.3, dtype=F64), torch.tensor(0.8, dtype=F64)
    eps = noise.normal((9,), generator=gen, dtype=F64)
    got = mean_square(estimators.pathwise_normal(torch.square), (loc, scale), eps)
    z = loc + scale * eps
    assert torch.isclose(got, ((2 * z) ** 2 * (1 + eps**2)).mean(), rtol=1e-12)


def test_leave_one_out_with_several_draws_of_several_problems(gen):
    # Costs [S, B]: every problem takes the other draws of its own, and keeps its gradient.
    s, logits = 4, noise.normal((2, 3), generator=gen, dtype=F64)
    surrogate = estimators.score_function_categorical(
        lambda z: (z @ REWARD) ** 2 + 5, baseline=baselines.leave_one_out
    )
    index = torch.cartesian_prod(*[torch.arange(3)] * s)  # every way four draws can come out
    total = torch.zeros(2, 3, dtype=F64)
    for outcome in index:
        g = 1e3 * torch.eye(3, dtype=F64)[outcome][:, None].expand(s, 2, 3)
        leaf = logits.clone().requires_grad_()
        (grad,) = torch.autograd.grad(surrogate(leaf.expand(s, 2, 3), g).mean(0).sum(), leaf)
        total += logits.softmax(-1)[:, outcome].prod(-1, keepdim=True) * grad
    want = torch.stack([oracles.exact_grad(lambda z: (z @ REWARD) ** 2 + 5, row) for row in logits])
    assert torch.allclose(total, want, rtol=0, atol=1e-12)


# Rao-Blackwellised straight-through


@pytest.mark.parametrize("f", [square, cubic])
@pytest.mark.parametrize("tau", [0.5, 1.5])
def test_gumbel_rao_has_the_bias_of_straight_through_and_less_variance(f, tau):
    through = first_noise(estimators.straight_through(f, tau=tau))
    biased, loud = mean_of(through), variance_of(through)
    assert (biased - oracles.exact_grad(f, TWO)).abs().max() > 0.01
    one = gumbel_rao(f, tau=tau, inner=1)
    assert torch.allclose(mean_of(one), biased, rtol=0, atol=1e-10)
    assert torch.isclose(variance_of(one), loud, rtol=1e-9)
    # The law of total variance: what the category decides stays, what is left is divided by M.
    given = []
    for z in torch.eye(2, dtype=F64):
        fixed = 50 * z  # noise that lets this class win

        def redrawn(n, fixed=fixed):
            return per_sample_grads(one, TWO, torch.stack([fixed.expand(len(n), 2), n[:, 0]], 1))[:, 0]

        given.append(integrate(redrawn, redraws=0))
    p, given = TWO.softmax(0), torch.stack(given)
    between = p @ given**2 - (p @ given) ** 2

    def both(n):
        grad = per_sample_grads(gumbel_rao(f, tau=tau, inner=2), TWO, n)[:, 0]
        return torch.stack([grad, grad**2], -1)

    mean, second = integrate(both, redraws=2, nodes=4, error=1e-3)
    assert abs(mean - biased[0]) < 1e-6
    assert torch.isclose(second - mean**2, between + (loud - between) / 2, rtol=1e-4)
    assert second - mean**2 < 0.95 * loud


def test_gumbel_rao_draw_by_draw(gen):
    logits, n = draws(gen, rows=4)
    calls = []

    def f(z):
        calls.append(len(z))
        return (z[..., 0] - 2 * z[..., 1]) ** 2 + z[..., 2]

    surrogate = gumbel_rao(f, tau=0.7, inner=3)
    rows = logits.expand(50, 4)
    z = samplers.gumbel_max(rows, n[:, 0])
    assert torch.equal(surrogate(rows, n), f(z))
    calls.clear()
    got = per_sample_grads(surrogate, logits, n)
    assert calls == [50]
    slope = torch.autograd.functional.jacobian(lambda x: f(x).sum(), z)
    want = torch.zeros_like(got)
    for m in range(1, 4):
        y = torch.softmax(samplers.gumbel_given(rows, z, n[:, m]) / 0.7, -1)
        want += (
            (y * slope - y * (y * slope).sum(-1, keepdim=True)) / 0.7 / 3
        )  # slope times softmax's Jacobian
    assert torch.allclose(got, want, rtol=1e-10, atol=1e-12)


def test_gumbel_rao_with_a_class_of_probability_zero(gen):
    logits = torch.tensor([0.0, -math.inf, 1.0], dtype=F64)
    n = noise.gumbel((30, 3, 3), generator=gen, dtype=F64)
    grads = per_sample_grads(gumbel_rao(square, tau=0.5, inner=2), logits, n)
    finite = per_sample_grads(gumbel_rao(square, tau=0.5, inner=2), logits[[0, 2]], n[..., [0, 2]])
    assert torch.allclose(grads[:, [0, 2]], finite, rtol=1e-12, atol=1e-14)
    assert (grads[:, 1] == 0).all()


# Other numbers, and bad input


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_low_precision_is_the_float64_answer_rounded(dtype, gen):
    logits, both = draws(gen, n=200)
    logits, both = logits.to(dtype), both.to(dtype)
    for make in (rebar(square, tau=0.7, eta=1.0), gumbel_rao(square, tau=0.7, inner=1)):
        got, want = (per_sample_grads(make, logits.to(d), both.to(d)).double() for d in (dtype, F64))
        assert got.isfinite().all()
        assert (got - want).abs().median() < 4 * torch.finfo(dtype).eps


def test_bad_input():
    two, both = torch.zeros(5, 3), torch.zeros(5, 2, 3)
    for bad in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=r"^rebar: tau must be one finite number > 0"):
            rebar(square, tau=bad, eta=1.0)
        with pytest.raises(ValueError, match=r"^gumbel_rao: tau must be one finite number > 0"):
            gumbel_rao(square, tau=bad, inner=2)
    for bad in (math.nan, math.inf, torch.tensor(math.nan)):
        with pytest.raises(ValueError, match=r"^rebar: eta must be one finite number, got"):
            rebar(square, tau=1.0, eta=bad)
    for bad in (True, "1", None, torch.ones(3)):
        with pytest.raises(TypeError, match=r"^rebar: eta must be one finite number, got"):
            rebar(square, tau=1.0, eta=bad)
    for bad, error in ((0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match=r"^gumbel_rao: inner must be a whole number >= 1"):
            gumbel_rao(square, tau=1.0, inner=bad)
    for shape in ((5, 3), (5, 1, 3), (5, 3, 3), (1, 2, 3), (5, 2, 1)):
        with pytest.raises(ValueError, match=r"^relax: noise must have shape \(5, 2, 3\), got"):
            rebar(square, tau=1.0, eta=1.0)(two, torch.zeros(shape))
        with pytest.raises(ValueError, match=r"^gumbel_rao: noise must have shape \(5, 5, 3\), got"):
            gumbel_rao(square, tau=1.0, inner=4)(two, torch.zeros(shape))
    with pytest.raises(TypeError, match=r"^relax: noise must be a tensor, got float"):
        rebar(square, tau=1.0, eta=1.0)(two, 0.0)
    with pytest.raises(
        ValueError, match=r"^relax: f must return one cost per draw, shape \(5,\), got \(5, 3\)"
    ):
        rebar(lambda z: z, tau=1.0, eta=1.0)(two, both)
    with pytest.raises(
        ValueError, match=r"^relax: critic must return one cost per draw, shape \(5,\), got \(5, 1\)"
    ):
        relax(square, lambda h: h[:, :1])(two, both)


def test_a_critic_with_jumps_is_refused_or_warned_of(gen):
    logits, both = draws(gen)
    with pytest.raises(ValueError, match=r"^relax: critic does not depend on the perturbed logits"):
        per_sample_grads(rebar(lambda z: (z[..., 0] > 0.5).double(), tau=1.0, eta=1.0), logits, both)
    with pytest.warns(UserWarning, match=r"^relax: the cost varies between draws, but its derivative"):
        per_sample_grads(relax(square, lambda h: torch.sign(h[..., 0])), logits, both)
