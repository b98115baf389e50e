"""importance: what the bounds of log-weights are, and that leaving out the score changes gradients alone.

Their gradients are proved in test_path, on any joint density; here the model and its decoder come in.
"""

import math

import pytest
import torch
from line_model import QS, LineModel, X
from torch.distributions import Bernoulli

from reparam import checks, densities, importance, models, noise, objectives, oracles, path, samplers, stacked

F64 = torch.float64


def _small(gen, draws=4):
    model = models.VAE(6, 4, 2, generator=gen).double()
    x = (noise.uniform((3, 6), generator=gen, dtype=F64) < 0.5).double()
    return model, x, 2 * noise.normal((draws, 3, 2), generator=gen, dtype=F64)


def test_log_weights_are_the_three_densities(gen):
    model, x, eps = _small(gen)
    log_w = importance.log_weights(model, x, eps)
    mean, log_var = (t.expand(eps.shape) for t in model.encode(x))
    scale = (log_var / 2).exp()
    z = samplers.normal(mean, scale, eps)
    want = Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1)
    want = want + densities.normal(torch.zeros_like(z), torch.ones_like(z), z).sum(-1)
    want = want - densities.normal(mean, scale, z).sum(-1)
    assert log_w.shape == (4, 3)
    assert torch.allclose(log_w, want, rtol=1e-13)


@pytest.mark.parametrize(("mean", "log_var"), QS)
def test_a_sampled_kl_has_the_same_expectation(mean, log_var):
    model = LineModel(mean, log_var)
    sampled = oracles.normal_expectation(
        lambda e: importance.log_weights(model, X.expand(len(e), 3), e[None, :, None])[0], 0.0, 1.0
    )
    assert abs(sampled.value - model.exact_elbo().value) < 1e-10


def test_iwae_with_one_draw_is_the_log_weight_bit_for_bit(gen):
    model, x, eps = _small(gen)
    one = importance.iwae(model, x, eps[:1])
    assert torch.equal(one.bound, importance.log_weights(model, x, eps[:1])[0])
    assert torch.equal(one.bound, one.elbo)
    assert importance.iwae(model, x, eps)._fields == ("bound", "elbo")
    assert (objectives.iwae, objectives.log_weights) == (importance.iwae, importance.log_weights)


def test_iwae_lies_between_the_elbo_and_the_evidence():
    model = LineModel(-1.0, 1.0)

    def two(u):
        return importance.iwae(model, X.expand(len(u), 3), torch.special.ndtri(u).T[:, :, None]).bound

    bound = oracles.uniform_expectation(two, dims=2)
    assert bound.error < 1e-3
    assert model.exact_elbo().value + 0.1 < bound.value < model.log_evidence() - 0.1


def test_iwae_weighs_each_draw_by_its_share(gen):
    model, x, eps = _small(gen)
    parameters = list(model.parameters())
    got = torch.autograd.grad(importance.iwae(model, x, eps).bound.sum(), parameters)
    log_w = importance.log_weights(model, x, eps)
    want = torch.autograd.grad((log_w.detach().softmax(0) * log_w).sum(), parameters)
    assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-12) for a, b in zip(got, want, strict=True))
    mean = log_w.logsumexp(0) - math.log(4)
    assert torch.allclose(importance.iwae(model, x, eps).bound, mean, rtol=1e-13)
    assert torch.allclose(importance.iwae(model, x, eps).elbo, log_w.mean(0), rtol=1e-13)


def test_a_negligible_weight_costs_nothing_and_gets_nothing():
    model = LineModel(0.0, 0.0)
    eps = torch.tensor([0.5, -40.0], dtype=F64).view(2, 1, 1)
    log_w = importance.log_weights(model, X, eps)
    assert log_w[0] - log_w[1] > 30
    scale = model.log_var.requires_grad_()
    bound = importance.iwae(model, X, eps).bound
    assert abs(bound - (log_w.logsumexp(0) - math.log(2))) < 1e-12
    (grad,) = torch.autograd.grad(bound.sum(), scale)
    (alone,) = torch.autograd.grad(importance.log_weights(model, X, eps[:1]).sum(), scale)
    assert torch.allclose(grad, alone, rtol=1e-12)


def test_draws_have_an_axis_of_their_own(gen):
    model, x, eps = _small(gen)
    for bad in (eps[0], eps[:0], eps[:, :2], eps[..., :1]):
        with pytest.raises(
            ValueError, match=r"log_weights: eps must have shape \[K, \*\(3, 2\)\] with K >= 1"
        ):
            importance.iwae(model, x, bad)
    with pytest.raises(checks.NotFiniteError, match="log_weights: not finite: mean"):
        importance.log_weights(LineModel(math.nan, 0.0), X, torch.zeros(2, 1, 1, dtype=F64))


def test_no_denormal_number_is_left(gen):
    """Clamped 30 nats below the largest, weights change the bound by less than 1e-11 and are never denormal."""
    log_w = 40 * noise.normal((50, 1000), generator=gen, dtype=F64)
    assert (log_w.softmax(0).float() < torch.finfo(torch.float32).tiny).any(), (
        "without the clamp there are some"
    )
    assert (importance.bound(log_w) - (log_w.logsumexp(0) - math.log(50))).abs().max() < 1e-11
    leaf = log_w.float().requires_grad_()
    (share,) = torch.autograd.grad(importance.bound(leaf).sum(), leaf)
    assert ((share == 0) | (share > 1e-14)).all()
    assert (share.sum(0) - 1).abs().max() < 1e-5


# Without the score


def _pairs(model):
    """Name the encoder's parameters and the decoder's."""
    return list(model.encoder.parameters()), list(model.decoder.parameters())


def _differentiate(model, bound):
    encoder, decoder = _pairs(model)
    grads = torch.autograd.grad(bound.sum(), encoder + decoder)
    return torch.cat([g.flatten() for g in grads[: len(encoder)]]), torch.cat(
        [g.flatten() for g in grads[len(encoder) :]]
    )


@pytest.mark.parametrize("gradient", ["path", "dreg"])
def test_the_score_leaves_the_encoder_and_nothing_else(gradient, gen):
    model, x, eps = _small(gen)
    total = importance.iwae(model, x, eps)
    other = importance.iwae(model, x, eps, gradient=gradient)
    assert torch.equal(total.bound, other.bound)
    assert torch.equal(total.elbo, other.elbo)
    (encoder, decoder), (without, same) = (_differentiate(model, b) for b in (total.bound, other.bound))
    assert torch.equal(decoder, same)
    assert (encoder - without).norm() > 0.1 * encoder.norm()


def test_the_models_log_weights_are_those_of_any_joint_density(gen):
    """The encoder's gradient is the one that test_path has proved, through mean and log-variance."""
    model, x, eps = _small(gen)

    def log_joint(z):
        log_p = densities.normal(torch.zeros_like(z), torch.ones_like(z), z).sum(-1)
        return log_p + Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1)

    for gradient in ("total", "path", "dreg"):
        got = importance.iwae(model, x, eps, gradient=gradient).bound
        log_w = path.log_weights(log_joint, *model.encode(x), eps, gradient=gradient)
        assert torch.allclose(got, importance.bound(log_w), rtol=1e-13)
        for a, b in zip(
            _differentiate(model, got), _differentiate(model, importance.bound(log_w)), strict=True
        ):
            assert torch.allclose(a, b, rtol=1e-9, atol=1e-11)


def test_sampled_elbo_is_the_mean_log_weight(gen):
    model, x, eps = _small(gen)
    for gradient in ("total", "path"):
        terms = importance.sampled_elbo(model, x, eps, gradient=gradient)
        log_w = importance.log_weights(model, x, eps, gradient=gradient)
        assert torch.allclose(terms.elbo, log_w.mean(0), rtol=1e-13)
        assert torch.equal(terms.elbo, terms.reconstruction - terms.kl)
        closed = torch.stack([objectives.elbo(model, x, e).reconstruction for e in eps])
        assert torch.allclose(terms.reconstruction, closed.mean(0), rtol=1e-13)
        for a, b in zip(_differentiate(model, terms.elbo), _differentiate(model, log_w.mean(0)), strict=True):
            assert torch.allclose(a, b, rtol=1e-9, atol=1e-12)
    path_k1 = importance.sampled_elbo(model, x, eps[:1], gradient="path").elbo
    dreg_k1 = importance.iwae(model, x, eps[:1], gradient="dreg").bound
    for a, b in zip(_differentiate(model, path_k1), _differentiate(model, dreg_k1), strict=True):
        assert torch.allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("gradient", ["total", "path"])
@pytest.mark.parametrize(("mean", "log_var"), QS)
def test_sampled_elbo_has_the_gradient_of_the_closed_form(gradient, mean, log_var):
    """Integrated over the noise, that of objectives.elbo: one model, two variances, one mean."""
    model = LineModel(mean, log_var)
    leaves = [model.mean.requires_grad_(), model.log_var.requires_grad_()]

    def grads(objective):
        total = oracles.normal_expectation(objective, 0.0, 1.0).value
        return torch.stack(torch.autograd.grad(total, leaves))

    sampled = grads(
        lambda e: (
            importance.sampled_elbo(model, X.expand(len(e), 3), e[None, :, None], gradient=gradient).elbo
        )
    )
    closed = grads(lambda e: objectives.elbo(model, X.expand(len(e), 3), e[:, None]).elbo)
    assert (sampled - closed).abs().max() < 1e-9


def test_stacked_models_get_the_gradients_they_would_get_alone(gen, stream):
    alone = [models.VAE(6, 4, 2, generator=stream(f"w{s}")).double() for s in range(3)]
    together = stacked.stack(alone)
    x = (noise.uniform((3, 5, 6), generator=gen) < 0.5).double()
    eps = noise.normal((4, 3, 5, 2), generator=gen, dtype=F64)
    for gradient in ("total", "path", "dreg"):
        _, decoder = _differentiate(together, importance.iwae(together, x, eps, gradient=gradient).bound)
        encoder = torch.autograd.grad(
            importance.iwae(together, x, eps, gradient=gradient).bound.sum(), together.encoder[0].weight
        )[0]
        for s, model in enumerate(alone):
            bound = importance.iwae(model, x[s], eps[:, s], gradient=gradient).bound
            (want,) = torch.autograd.grad(bound.sum(), model.encoder[0].weight)
            assert torch.allclose(encoder[s].T, want, rtol=1e-9, atol=1e-11)
        assert decoder.isfinite().all()


def test_gradients_have_names(gen):
    model, x, eps = _small(gen)
    for bad in ("stl", "shortcut", None):
        with pytest.raises(ValueError, match="log_weights: gradient must be one of total, path, dreg, got"):
            importance.iwae(model, x, eps, gradient=bad)
    with pytest.raises(ValueError, match="sampled_elbo: gradient must be one of total, path, got 'dreg'"):
        importance.sampled_elbo(model, x, eps, gradient="dreg")
    with pytest.raises(ValueError, match=r"sampled_elbo: eps must have shape \[K, \*\(3, 2\)\]"):
        importance.sampled_elbo(model, x, eps[0], gradient="path")


def test_pixels_and_weights_of_another_kind_are_refused():
    model, eps = LineModel(0.0, 0.0), torch.zeros(2, 1, 1, dtype=torch.float64)
    for x, error in ((X[:, :2], ValueError), ([[1.0, 0.0, 1.0]], TypeError)):
        with pytest.raises(error, match="log_weights: x must"):
            importance.iwae(model, x, eps)
    for bad in (torch.tensor([0.0, math.nan]), torch.empty(0, 2)):
        with pytest.raises(ValueError, match="bound: log_w must"):
            importance.bound(bad)
