"""Faults that a practitioner meets, shown to be faults; the chapter *When it goes wrong* names these tests."""

import ast
import copy
import math
import re
from pathlib import Path

import nbformat
import pytest
import torch

from reparam import data, densities, divergences, estimators, models, noise, objectives, oracles, samplers
from reparam import training as engine

F64 = torch.float64
TESTS = Path(__file__).parent
CHAPTER = TESTS.parent / "chapters" / "when-it-goes-wrong.ipynb"


def test_torch_normal_sends_a_gradient_of_exactly_zero(gen):
    mean, std = (torch.full((5,), value, dtype=F64, requires_grad=True) for value in (0.5, 2.0))
    outside = torch.normal(mean, std, generator=gen)
    assert outside.requires_grad, "nothing warns the caller"
    grads = torch.autograd.grad((outside**2).sum(), (mean, std))
    assert all((grad == 0).all() for grad in grads)
    eps = noise.normal((5,), generator=gen, dtype=F64)
    z = samplers.normal(mean, std, eps)
    d_mean, d_std = torch.autograd.grad((z**2).sum(), (mean, std))
    assert torch.allclose(d_mean, 2 * z)
    assert torch.allclose(d_std, 2 * z * eps)


def test_the_reconstruction_alone_reaches_both_outputs_of_the_encoder(gen):
    model = models.VAE(6, 4, 2, generator=gen).double()
    x = (noise.uniform((8, 6), generator=gen) < 0.5).double()
    terms = objectives.elbo(model, x, noise.normal((8, 2), generator=gen, dtype=F64))
    (grad,) = torch.autograd.grad(terms.reconstruction.sum(), model.encoder[2].bias)
    assert (grad != 0).all()


def test_a_kl_on_cold_samples_is_not_a_number_and_on_logits_it_is_finite(gen):
    logits = torch.tensor([15.0, 0.0, 0.0], requires_grad=True)
    y = samplers.gumbel_softmax(logits, torch.zeros(3), tau=0.1)  # a gap of 150: exp(-150) is 0 in float32
    assert (y == 0).sum() == 2
    assert (y * y.log()).sum().isnan()
    kl = divergences.kl_categorical_uniform(logits)
    (grad,) = torch.autograd.grad(kl, logits)
    assert kl.item() == pytest.approx(math.log(3), abs=1e-4)
    assert grad.isfinite().all()


def test_a_hot_sample_passes_a_slope_of_one_over_tau(gen):
    # y -> (1/K, ..., 1/K), so the Jacobian is (I/K - 11'/K^2) / tau up to O(1/tau^2), whatever logits and noise.
    logits, g, slope = (noise.normal((5,), generator=gen, dtype=F64) for _ in range(3))
    logits.requires_grad_()
    limit = (slope - slope.mean()) / 5
    for tau in (1e4, 1e6):
        (grad,) = torch.autograd.grad(samplers.gumbel_softmax(logits, g, tau=tau) @ slope, logits)
        assert torch.allclose(tau * grad, limit, rtol=0, atol=20 / tau)


def test_a_relaxed_elbo_can_exceed_the_evidence():
    # Two classes, and a decoder that explains x best half way between them: log p(x|y) = -8 + 28 y0 y1.
    logits = torch.zeros(2, dtype=F64)

    def log_likelihood(y):
        return -8 + 28 * y[:, 0] * y[:, 1]

    def relaxed(u):
        g = torch.cat([torch.logit(u), torch.zeros_like(u)], -1)
        return log_likelihood(samplers.gumbel_softmax(logits.expand(len(u), 2), g, tau=1.0))

    evidence = torch.logsumexp(log_likelihood(torch.eye(2, dtype=F64)) - math.log(2), 0)
    kl = divergences.kl_categorical_uniform(logits)
    hard = oracles.exact_expectation(log_likelihood, logits) - kl
    soft = oracles.uniform_expectation(relaxed, nodes=100).value - kl
    assert hard <= evidence
    # At tau = 1, y0 = u is uniform and E[u(1 - u)] = 1/6.
    assert soft == pytest.approx(-8 + 28 / 6, abs=1e-6)
    assert soft > evidence + 4


def test_a_column_of_costs_keeps_one_nth_of_the_gradient():
    # All 3^2 pairs of draws, weighted exactly: the mean of the [N, N] product is the gradient divided by N = 2.
    logits = torch.tensor([0.5, -0.2, 0.1], dtype=F64)
    cost = torch.tensor([1.0, -2.0, 4.0], dtype=F64)

    def gradient(column):
        total = torch.zeros(3, dtype=F64)
        for pair in oracles.outcomes(2, 3):
            leaf = logits.clone().requires_grad_()
            log_p = densities.categorical(leaf.expand(2, 3), pair)
            f = pair @ cost
            value = ((f[:, None] if column else f) * log_p).mean()
            total += log_p.sum().exp().detach() * torch.autograd.grad(value, leaf)[0]
        return total

    exact = oracles.exact_grad(lambda z: z @ cost, logits)
    assert torch.allclose(gradient(column=False), exact, atol=1e-14)
    assert torch.allclose(gradient(column=True), exact / 2, atol=1e-14)


def test_shared_noise_keeps_every_mean_and_loses_the_average_over_a_batch(gen):
    logits, n = torch.zeros(4, dtype=F64), 64
    surrogate = estimators.relaxed(lambda y: y[:, 0], tau=1.0)
    g = noise.gumbel((2_000, n, 4), generator=gen, dtype=F64)
    grads = estimators.per_sample_grads(surrogate, logits, g.flatten(0, 1)).unflatten(0, (2_000, n))
    own, shared = (
        grads.mean(1)[:, 0],
        grads[:, 0, 0],
    )  # one noise for the batch: all n gradients are the first
    assert (own.mean() - shared.mean()).abs() < 6 * shared.std() / 2_000**0.5
    assert shared.var() > 0.5 * n * own.var()


# Runs


def _digits():
    images = data.digits()
    return ((pixels > 0.5).double() for pixels in (images.train, images.test))


def _fit_gaussian(train, warm_up, steps=300):
    generator = torch.Generator().manual_seed(0)
    model = models.VAE(64, 64, 10, generator=generator).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(steps):
        x = train[torch.randperm(len(train), generator=generator)[:64]]
        terms = objectives.elbo(model, x, noise.normal((64, 10), generator=generator, dtype=F64))
        beta = min(1.0, 2 * step / steps) if warm_up else 1.0
        optimizer.zero_grad()
        (beta * terms.kl - terms.reconstruction).mean().backward()
        optimizer.step()
    return model


@torch.no_grad()
def _alive(model, x):
    return int((divergences.kl_normal_standard(*model.encode(x)).mean(0) > 0.1).sum())


def test_a_warm_up_keeps_latents_alive():
    train, test = _digits()
    cold, warm = (_fit_gaussian(train, warm_up) for warm_up in (False, True))
    assert _alive(cold, test) <= 4 < 6 <= _alive(warm, test)
    assert engine.evaluate(warm, test).elbo > engine.evaluate(cold, test).elbo


def _fit_codes(train, test, *, peek, steps=400):
    """Train a linear categorical VAE whose decoder may look at earlier pixels; return KL and use of the code."""
    generator = torch.Generator().manual_seed(0)
    encode, decode = (0.1 * noise.normal(s, generator=generator, dtype=F64) for s in ((64, 32), (32, 64)))
    bias, look = torch.zeros(64, dtype=F64), torch.zeros(64, 64, dtype=F64)
    trained = [t.requires_grad_() for t in (encode, decode, bias, look)[: 4 if peek else 3]]
    optimizer = torch.optim.Adam(trained, lr=0.02)

    def fit(x, z):
        return objectives.log_bernoulli(x, z.flatten(-2) @ decode + bias + x @ look.tril(-1).T)

    for _ in range(steps):
        x = train[torch.randperm(len(train), generator=generator)[:64]]
        logits = (x @ encode).unflatten(-1, (4, 8))
        g = noise.gumbel(logits.shape, generator=generator, dtype=F64)
        kl = divergences.kl_categorical_uniform(logits).sum(-1)
        optimizer.zero_grad()
        (kl - fit(x, samplers.straight_through(logits, g, tau=1.0))).mean().backward()
        optimizer.step()
    with torch.no_grad():
        logits = (test @ encode).unflatten(-1, (4, 8))
        z = samplers.gumbel_max(logits, noise.gumbel(logits.shape, generator=generator, dtype=F64))
        own, other = fit(test, z).mean(), fit(test, z.roll(1, 0)).mean()
    return divergences.kl_categorical_uniform(logits).sum(-1).mean(), own - other


def test_a_strong_decoder_leaves_the_code_unused():
    train, test = _digits()
    kl, use = _fit_codes(train, test, peek=False)
    assert kl > 2
    assert use > 8
    kl, use = _fit_codes(train, test, peek=True)
    assert kl < 0.5
    assert use < 1.5


@pytest.mark.parametrize("forgotten", [None, "weights", "optimizer", "generator"])
def test_a_resumed_run_needs_weights_optimizer_and_generator(forgotten):
    train, _ = _digits()

    def start():
        generator = torch.Generator().manual_seed(7)
        model = models.VAE(64, 8, 2, generator=generator).double()
        return model, torch.optim.Adam(model.parameters(), lr=0.01), generator

    def walk(model, optimizer, generator):
        for _ in range(5):
            x = train[torch.randperm(len(train), generator=generator)[:16]]
            engine.train_step(model, optimizer, x, noise.normal((16, 2), generator=generator, dtype=F64))

    whole, resumed = start(), start()
    walk(*whole)
    state = {"weights": whole[0].state_dict(), "optimizer": whole[1].state_dict()}
    state = copy.deepcopy(state) | {"generator": whole[2].get_state()}
    walk(*whole)
    load = (resumed[0].load_state_dict, resumed[1].load_state_dict, resumed[2].set_state)
    for name, restore in zip(state, load, strict=True):
        if name != forgotten:
            restore(state[name])
    walk(*resumed)
    same = [torch.equal(a, b) for a, b in zip(whole[0].parameters(), resumed[0].parameters(), strict=True)]
    assert all(same) == (forgotten is None)


# The chapter


def test_every_case_of_the_chapter_names_tests_that_exist():
    there = {
        node.name
        for path in TESTS.glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    cells = nbformat.read(CHAPTER, as_version=4).cells
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    cases = re.split(r"^### Case ", prose, flags=re.M)[1:]
    assert len(cases) == 13
    for case in cases:
        assert re.search(r"`test_\w+`", case), f"no test is named in case {case.splitlines()[0]}"
    assert set(re.findall(r"`(test_\w+)`", prose)) <= there
