"""densities: against torch.distributions, against their own integral, and at the edges."""

import math

import pytest
import torch
from torch.distributions import (
    Categorical,
    Exponential,
    Gumbel,
    Laplace,
    Normal,
    SigmoidTransform,
    TransformedDistribution,
    Uniform,
)

from reparam import densities, noise, oracles, samplers

F64 = torch.float64
INF = math.inf


def test_normal_matches_torch(gen):
    loc, log_scale, z = (3 * noise.normal((1_000,), generator=gen, dtype=F64) for _ in range(3))
    got = densities.normal(loc, log_scale.exp(), z)
    want = Normal(loc, log_scale.exp()).log_prob(z)
    assert torch.allclose(got, want, rtol=1e-13, atol=1e-13)


def _torchs_logistic(loc, scale):
    # torch has no logistic law: it is the logit of a uniform.
    zero = torch.zeros_like(loc)
    standard = TransformedDistribution(Uniform(zero, zero + 1), [SigmoidTransform().inv])
    return lambda z: standard.log_prob((z - loc) / scale) - scale.log()


@pytest.mark.parametrize("name", ["logistic", "laplace", "gumbel"])
def test_location_scale_densities_match_torch(name, gen):
    loc, log_scale, z = (2 * noise.normal((1_000,), generator=gen, dtype=F64) for _ in range(3))
    scale = (log_scale / 2).exp()
    laws = {"laplace": lambda m, s: Laplace(m, s).log_prob, "gumbel": lambda m, s: Gumbel(m, s).log_prob}
    want = laws.get(name, _torchs_logistic)(loc, scale)
    got = getattr(densities, name)(loc, scale, z)
    if name == "logistic":  # torch clamps the sigmoid: compare where it does not
        near = ((z - loc) / scale).abs() < 10
        assert near.float().mean() > 0.9
        assert torch.allclose(got[near], want(z)[near], rtol=1e-9, atol=1e-9)
    else:
        assert torch.allclose(got, want(z), rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(
        lambda m, s: getattr(densities, name)(m, s, z[:5]),
        (loc[:5].requires_grad_(), scale[:5].requires_grad_()),
    )


def test_densities_far_out_are_finite():
    one, far = torch.ones(2, dtype=F64), torch.tensor([-1e4, 1e4], dtype=F64)
    assert torch.equal(densities.logistic(0 * one, one, far), -far.abs())
    assert torch.equal(densities.laplace(0 * one, one, far), -far.abs() - math.log(2))
    assert densities.gumbel(0 * one, one, far)[1] == -1e4


def test_exponential_matches_torch_and_ends_at_zero(gen):
    rate = noise.exponential((500,), generator=gen, dtype=F64)
    z = noise.exponential((500,), generator=gen, dtype=F64)
    assert torch.allclose(densities.exponential(rate, z), Exponential(rate).log_prob(z), rtol=1e-13)
    assert (densities.exponential(rate, -z) == -INF).all()
    leaf = rate.requires_grad_()
    (grad,) = torch.autograd.grad(densities.exponential(leaf, z).sum(), leaf)
    assert torch.allclose(grad, 1 / rate.detach() - z, rtol=1e-12)


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (-3.0, 0.2), (5.0, 4.0)])
def test_normal_integrates_to_one(loc, scale):
    def p(z):
        return densities.normal(torch.full_like(z, loc), torch.full_like(z, scale), z).exp()

    def over_the_line(u):  # z = loc + scale * logit(u), dz = scale / (u (1 - u)) du
        return p(loc + scale * torch.logit(u[:, 0])) * scale / (u * (1 - u))[:, 0]

    total = oracles.uniform_expectation(over_the_line)
    assert total.error < 1e-12
    assert abs(total.value - 1) < 1e-12


def test_normal_scores(gen):
    loc, z = (noise.normal((50,), generator=gen, dtype=F64) for _ in range(2))
    scale = noise.uniform((50,), generator=gen, dtype=F64) + 0.5
    leaves = (loc.requires_grad_(), scale.requires_grad_())
    d_loc, d_scale = torch.autograd.grad(densities.normal(*leaves, z).sum(), leaves)
    eps = ((z - loc) / scale).detach()
    assert torch.allclose(d_loc, eps / scale, rtol=1e-12)
    assert torch.allclose(d_scale, (eps**2 - 1) / scale, rtol=1e-10, atol=1e-12)


def test_categorical_matches_torch_and_sums_to_one(gen):
    logits = 3 * noise.normal((100, 6), generator=gen, dtype=F64)
    total = torch.zeros(100, dtype=F64)
    for k in range(6):
        z = torch.eye(6, dtype=F64)[k].expand(100, 6)
        log_p = densities.categorical(logits, z)
        want = Categorical(logits=logits).log_prob(torch.full((100,), k))
        assert torch.allclose(log_p, want, rtol=1e-13, atol=1e-13)
        assert torch.allclose(log_p, densities.categorical(logits + 7, z), rtol=0, atol=1e-13), (
            "logits, not logs"
        )
        total += log_p.exp()
    assert torch.allclose(total, torch.ones(100, dtype=F64), rtol=0, atol=1e-14)


def test_categorical_score_is_one_hot_minus_softmax(gen):
    logits = noise.normal((20, 4), generator=gen, dtype=F64).requires_grad_()
    z = torch.eye(4, dtype=F64)[torch.arange(20) % 4]
    (grad,) = torch.autograd.grad(densities.categorical(logits, z).sum(), logits)
    assert torch.allclose(grad, z - logits.softmax(-1).detach(), rtol=0, atol=1e-15)


def test_categorical_with_an_impossible_class():
    logits = torch.tensor([[0.0, -INF, 1.0]] * 3, dtype=F64, requires_grad=True)
    log_p = densities.categorical(logits, torch.eye(3, dtype=F64))
    assert log_p[1] == -INF
    assert log_p[[0, 2]].isfinite().all()
    (grad,) = torch.autograd.grad(log_p[[0, 2]].sum(), logits)
    assert grad.isfinite().all()
    assert (grad[:, 1] == 0).all()


def _over_the_simplex(f, classes, tau, nodes):
    """Integrate ``f(y)`` over the simplex in the coordinates ``x_k = log(y_k / y_{K-1}) = 2 logit(u_k) / tau``."""

    def integrand(u):
        x = torch.cat([2 * torch.logit(u) / tau, torch.zeros_like(u[:, :1])], -1)
        y = x.softmax(-1)
        jacobian = y.prod(-1) / (tau * u * (1 - u) / 2).prod(-1)  # dy = y_0 ... y_{K-1} dx
        return f(y) * jacobian[:, None]

    return oracles.uniform_expectation(integrand, dims=classes - 1, nodes=nodes)


@pytest.mark.parametrize("tau", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("logits", [[0.4, -0.7], [1.0, 0.3, -0.5], [0.3, -0.2, 0.4, 0.0]])
def test_concrete_integrates_to_one_and_has_the_samplers_mean(logits, tau):
    logits = torch.tensor(logits, dtype=F64)
    classes = len(logits)

    def mass_and_mean(y):
        p = densities.concrete(logits.expand(y.shape), y, tau=tau).exp()[:, None]
        return p * torch.cat([torch.ones_like(p), y], -1)

    nodes = {2: 200, 3: 100, 4: 40}[classes]
    got = _over_the_simplex(mass_and_mean, classes, tau, nodes)
    tolerance = {2: 1e-8, 3: 1e-5, 4: 1e-4}[classes]
    assert got.error.max() < tolerance
    assert abs(got.value[0] - 1) < tolerance
    if classes == 4:
        return

    def sample(u):
        return samplers.gumbel_softmax(logits.expand(u.shape), samplers.gumbel(0 * u, 0 * u + 1, u), tau=tau)

    want = oracles.uniform_expectation(sample, dims=classes, nodes={2: 300, 3: 60}[classes])
    assert want.error.max() < 1e-3
    assert (got.value[1:] - want.value).abs().max() < 3 * want.error.max() + 1e-6


def test_concrete_of_two_classes_is_a_logistic_through_a_sigmoid(gen):
    logits = 2 * noise.normal((200, 2), generator=gen, dtype=F64)
    first = noise.uniform((200,), generator=gen, dtype=F64)
    y = torch.stack([first, 1 - first], -1)
    for tau in (0.1, 1.0, 4.0):
        gap, one = (logits[:, 0] - logits[:, 1]) / tau, torch.ones(200, dtype=F64)
        want = densities.logistic(gap, one / tau, torch.logit(first)) - (first * (1 - first)).log()
        got = densities.concrete(logits, y, tau=tau)
        assert torch.allclose(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("tau", [0.4, 1.7])
def test_concrete_is_the_change_of_variables_from_gumbels(tau, gen):
    # Two things make the noise: y, and a common shift c that the softmax forgets and the integral removes.
    logits = noise.normal((5,), generator=gen, dtype=F64)
    y = noise.normal((5,), generator=gen, dtype=F64).softmax(0)

    def noise_of(coordinates):
        full = torch.cat([coordinates[:4], 1 - coordinates[:4].sum(0, keepdim=True)])
        return tau * full.log() + coordinates[4] - logits

    at = torch.cat([y[:4], y.new_zeros(1)])
    log_det = torch.autograd.functional.jacobian(noise_of, at).slogdet()[1]
    g = noise_of(at)
    assert torch.allclose(samplers.gumbel_softmax(logits, g, tau=tau), y, rtol=1e-12)

    def joint(u):
        moved = g + 4 * torch.logit(u)
        p = densities.gumbel(torch.zeros_like(moved), torch.ones_like(moved), moved).sum(-1).exp()
        return p * (4 / (u * (1 - u)))[:, 0]

    total = oracles.uniform_expectation(joint, nodes=400)
    assert total.error / total.value < 1e-9
    got = densities.concrete(logits, y, tau=tau)
    assert abs(got - (total.value.log() + log_det)) < 1e-9


def test_concrete_between_its_limits():
    logits = torch.tensor([0.8, -0.4], dtype=F64)

    def mass(low, high, tau):  # of the first coordinate, at whatever temperature
        def p(u):
            x = low + (high - low) * u
            y = torch.cat([torch.sigmoid(x), torch.sigmoid(-x)], -1)
            slope = (high - low) * y.prod(-1)
            return densities.concrete(logits.expand(y.shape), y, tau=tau).exp() * slope

        return oracles.uniform_expectation(p, nodes=400).value

    for tau in (0.05, 0.5, 5.0):  # the nearest vertex is a class with its exact probability
        half = mass(0, 35 / tau, tau)
        assert abs(half - logits.softmax(0)[0]) < 1e-9
    assert mass(-4, 4, 0.05) < 0.1  # cold: little between the vertices
    assert mass(-0.2, 0.2, 50.0) > 0.99  # warm: all at the centre


def test_concrete_has_no_mode_inside_when_cold(gen):
    # Log-convex up to tau = 1 / (K - 1); at equal logits the centre turns into a maximum at tau = 1.
    logits = 2 * noise.normal((300, 4), generator=gen, dtype=F64)
    a, b = ((2 * noise.normal((300, 4), generator=gen, dtype=F64)).softmax(-1) for _ in range(2))

    def bend(tau):
        ends = densities.concrete(logits, a, tau=tau) + densities.concrete(logits, b, tau=tau)
        return ends / 2 - densities.concrete(logits, (a + b) / 2, tau=tau)

    assert bend(1 / 3).min() > 0
    assert bend(0.05).min() > 0
    assert bend(1.0).min() < -0.1
    centre = torch.full((4,), 0.25, dtype=F64)
    step = torch.tensor([0.01, -0.01, 0.0, 0.0], dtype=F64)
    for tau, sign in ((0.9, 1), (1.1, -1)):
        zero = torch.zeros(4, dtype=F64)
        rise = densities.concrete(zero, centre + step, tau=tau) - densities.concrete(zero, centre, tau=tau)
        assert rise * sign > 0


def test_concrete_ignores_a_common_shift_and_differentiates(gen):
    logits = noise.normal((6, 4), generator=gen, dtype=F64)
    y = noise.normal((6, 4), generator=gen, dtype=F64).softmax(-1)
    got = densities.concrete(logits, y, tau=0.7)
    assert torch.allclose(got, densities.concrete(logits + 1e3, y, tau=0.7), rtol=0, atol=1e-9)
    tau = torch.tensor(0.7, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda row, x, t: densities.concrete(row, x / x.sum(-1, keepdim=True), tau=t),
        (logits.requires_grad_(), y.requires_grad_(), tau),
    )
    one = torch.ones(3, 1, dtype=F64)
    assert torch.equal(densities.concrete(5 * one, one, tau=2.0), torch.zeros(3, dtype=F64))
    corner = torch.tensor([1.0, 1e-300, 1e-300], dtype=F64)
    assert densities.concrete(torch.tensor([900.0, -900.0, 0.0], dtype=F64), corner, tau=0.01).isfinite()


def test_concrete_refuses_what_has_no_density():
    flat, inside = torch.zeros(2, 3), torch.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match=r"^densities.concrete: logits must be finite.*leave the class out"):
        densities.concrete(torch.tensor([0.0, -INF, 0.0]).expand(2, 3), inside, tau=1.0)
    for bad in ([1.0, 0.0, 0.0], [0.5, 0.6, -0.1], [0.3, 0.3, 0.3], [math.nan, 0.5, 0.5]):
        with pytest.raises(
            ValueError, match=r"^densities.concrete: y must be > 0 and sum to 1.*in row \[1\]"
        ):
            densities.concrete(flat, torch.stack([inside[0], torch.tensor(bad)]), tau=1.0)
    with pytest.raises(ValueError, match="logits and y must have the same shape"):
        densities.concrete(flat, inside[0], tau=1.0)
    for tau in (0.0, -1.0, math.nan, INF):
        with pytest.raises(ValueError, match=r"^densities.concrete: tau must be one finite number > 0"):
            densities.concrete(flat, inside, tau=tau)


def test_bad_input():
    two = torch.ones(2)
    for bad in (0.0, -1.0, math.nan, INF):
        with pytest.raises(ValueError, match=r"densities.normal: scale must be finite and > 0"):
            densities.normal(two, torch.tensor([1.0, bad]), two)
    with pytest.raises(ValueError, match=r"loc and z must have the same shape, got \(2,\) and \(2, 1\)"):
        densities.normal(two, two, torch.ones(2, 1))
    with pytest.raises(ValueError, match="logits and z must have the same shape"):
        densities.categorical(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(TypeError, match="z must have a floating-point dtype"):
        densities.categorical(torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match="logits needs a finite largest entry"):
        densities.categorical(torch.full((3,), -INF), torch.eye(3)[0])
    for name in ("logistic", "laplace", "gumbel"):
        with pytest.raises(ValueError, match=rf"^densities.{name}: scale must be finite and > 0"):
            getattr(densities, name)(two, 0 * two, two)
    with pytest.raises(ValueError, match=r"^densities.exponential: rate must be finite and > 0"):
        densities.exponential(0 * two, two)
    with pytest.raises(ValueError, match=r"^densities.exponential: rate and z must have the same shape"):
        densities.exponential(two, torch.ones(3))


def test_half_precision_does_not_turn_into_nan():
    half = torch.tensor([[0.9, 0.1]], dtype=torch.float16)
    assert not densities.concrete(torch.zeros_like(half), half, tau=1e30).isnan().any()
    far = torch.tensor([-1e4], dtype=torch.float16)
    assert densities.gumbel(torch.zeros_like(far), torch.full_like(far, 1e-3), far) == -math.inf


def test_a_class_that_was_not_drawn_sends_nothing_to_z():
    z = torch.tensor([1.0, 0.0], requires_grad=True)
    densities.categorical(torch.tensor([0.0, -math.inf]), z).backward()
    assert (z.grad == 0).all()  # log 1 for the class that was drawn
