"""likelihood: exact where the posterior is the encoder, in agreement with a plain float64 sum at the same noise."""

import math

import pytest
import torch

from reparam import checks, densities, likelihood, models, noise, objectives, oracles, samplers, terms

F64 = torch.float64


class Split(torch.nn.Module):
    """Two choices of three, each drawing its own two pixels: the posterior is a product, and encode gives it."""

    noise, code = "gumbel", (2, 3)

    def __init__(self, gen):
        super().__init__()
        self.table = torch.nn.Parameter(2 * noise.normal((2, 3, 2), generator=gen, dtype=F64))

    def decode(self, z):
        return torch.einsum("...lk,lkp->...lp", z, self.table).flatten(-2)

    def encode(self, x):
        pixels = x.unflatten(-1, (2, 1, 2)).expand(*x.shape[:-1], 2, 3, 2)
        return terms.log_bernoulli(pixels, self.table.expand_as(pixels)) + 5  # a constant is no matter


class Deaf(torch.nn.Module):
    """Pixels that do not depend on the code, and a posterior that is the prior."""

    noise, code = "normal", (2,)

    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.tensor([2.0, -1.0, 0.5], dtype=F64))

    def encode(self, x):
        return torch.zeros(len(x), 2, dtype=F64), torch.zeros(len(x), 2, dtype=F64)

    def decode(self, z):
        return self.bias.expand(*z.shape[:-1], 3).clone()


def _all_images(pixels):
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=F64)] * pixels)


def test_two_stochastic_layers_are_weighed_as_in_training(gen):
    model = models.TwoLayerVAE(6, (5, 4), (3, 2), generator=gen).double()
    x = (noise.uniform((4, 6), generator=gen) < 0.5).double()
    eps = noise.normal((4, 7, 5), generator=torch.Generator().manual_seed(3), dtype=F64)
    want = -objectives.iwae(model, x, eps.transpose(0, 1)).bound
    assert torch.allclose(likelihood.nll_each(model, x, k=7, seed=3), want, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 7])
def test_with_the_posterior_as_encoder_every_draw_gives_the_exact_value(gen, k):
    model = Split(gen)
    x = _all_images(4)
    codes = oracles.outcomes(2, 3)
    pixels = model.decode(codes)
    joint = terms.log_bernoulli(x[:, None].expand(16, 9, 4), pixels.expand(16, 9, 4)) - 2 * math.log(3)
    got = likelihood.nll_each(model, x, k=k, chunk=5)
    assert torch.allclose(got, -joint.logsumexp(-1), rtol=1e-12)
    assert abs((-got).exp().sum() - 1) < 1e-12, "the probabilities of all images add up to 1"


def test_a_deaf_model_is_exact_too():
    x = _all_images(3)
    want = -terms.log_bernoulli(x, Deaf().bias.detach().expand(8, 3))
    assert torch.allclose(likelihood.nll_each(Deaf(), x, k=3), want, rtol=1e-12)


def _models(gen):
    return (
        models.VAE(12, 8, 3, generator=gen),
        models.CategoricalVAE(12, 8, 3, 4, generator=gen),
    )


def _log_w(model, x, draw):
    """The log-weights ``[S, N]`` from their definition."""
    if model.noise == "normal":
        return objectives.log_weights(model, x, draw)
    logits = model.encode(x).expand_as(draw)
    z = samplers.gumbel_max(logits, draw)
    log_p = terms.log_bernoulli(x.expand(len(draw), *x.shape), model.decode(z))
    return log_p - densities.categorical(logits, z).sum(-1) - 3 * math.log(4)


@pytest.mark.parametrize("which", [0, 1])
def test_float32_is_within_a_ten_thousandth_of_float64(gen, which):
    model = _models(gen)[which]
    for parameter in model.parameters():
        parameter.data.mul_(4)  # weights that differ by many nats
    x = (noise.uniform((3, 12), generator=gen) < 0.5).float()
    got = likelihood.nll_each(model, x, k=200, seed=5, chunk=600)
    draw = getattr(noise, model.noise)((3, 200, *model.code), generator=torch.Generator().manual_seed(5))
    log_w = _log_w(model.double(), x.double(), draw.double().transpose(0, 1))
    assert log_w.std() > 1
    assert got.dtype == F64
    assert (got + log_w.logsumexp(0) - math.log(200)).abs().max() < 1e-4


@pytest.mark.parametrize("which", [0, 1])
def test_chunks_add_up(gen, which, monkeypatch):
    model = _models(gen)[which].double()
    x = (noise.uniform((1, 12), generator=gen) < 0.5).double()
    kind = model.noise
    whole = getattr(noise, kind)((1, 20, *model.code), generator=gen, dtype=F64)

    def results(chunk):
        left = iter(whole.unbind(1))  # the same draws, however many are asked for at a time

        def next_draws(shape, **_):
            return torch.stack([next(left) for _ in range(shape[1])], 1)

        monkeypatch.setattr(likelihood.noise, kind, next_draws)
        return likelihood.nll_each(model, x, k=20, chunk=chunk)

    want = results(20)
    for chunk in (1, 7, 19, 50):
        assert torch.allclose(results(chunk), want, rtol=1e-12)


def test_many_images_in_one_chunk_are_each_their_own(gen):
    model = _models(gen)[0]
    x = (noise.uniform((2500, 12), generator=gen) < 0.5).float()
    got = likelihood.nll_each(model, x, k=2, chunk=100)
    assert got.shape == (2500,)
    each = [likelihood.nll_each(model, rows, k=3000) for rows in x[[0, 49, 50, 1000, 2499]].split(1)]
    assert torch.allclose(got[[0, 49, 50, 1000, 2499]], torch.cat(each), atol=0.5)


@pytest.mark.parametrize("which", [0, 1])
def test_the_average_inside_is_unbiased(gen, which):
    """E[exp(-nll)] is p(x), and p(x) sums to 1 over all images."""
    model = _models(gen)[which].double()
    model.encoder[0].weight.data[:, 5:] = 0
    model.decoder[-1].weight.data[5:] = 0  # seven pixels are coins of their own
    model.decoder[-1].bias.data[5:] = 0
    x = torch.cat([_all_images(5), torch.zeros(32, 7, dtype=F64)], -1)

    nll = likelihood.nll_each(model, x.repeat(4000, 1), k=2)
    totals = (-nll - math.log(0.5**7)).exp().view(4000, 32).sum(1)
    se = totals.std() / math.sqrt(4000)
    assert se < 0.01
    assert abs(totals.mean() - 1) < 5 * se


def test_more_samples_give_a_tighter_number(gen):
    model = _models(gen)[0]
    for parameter in model.parameters():
        parameter.data.mul_(3)
    x = (noise.uniform((200, 12), generator=gen) < 0.5).float()
    one, ten, many = (likelihood.nll_each(model, x, k=k).mean() for k in (1, 10, 1000))
    assert one > ten + 0.1
    assert ten > many + 0.01


def test_same_seed_same_number_and_nobodys_stream_moves(gen):
    model = _models(gen)[0]
    x = torch.ones(3, 12)
    before = torch.get_rng_state()
    a, b, c = (likelihood.nll_each(model, x, k=5, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert not a.requires_grad


def test_bad_arguments(gen):
    model = _models(gen)[0]
    x = torch.ones(3, 12)
    for name, bad in (("k", 0), ("chunk", 0), ("seed", -1)):
        with pytest.raises(ValueError, match=f"nll_each: {name} must be a whole number"):
            likelihood.nll_each(model, x, **{"k": 5} | {name: bad})
    with pytest.raises(TypeError, match="nll_each: k must be a whole number"):
        likelihood.nll_each(model, x, k=2.5)
    with pytest.raises(ValueError, match="pixels that are 0 or 1, got grey ones"):
        likelihood.nll_each(model, 0.5 * x, k=5)
    with pytest.raises(ValueError, match="divide by 255"):
        likelihood.nll_each(model, 255 * x, k=5)
    with pytest.raises(TypeError, match=r"must have the model's dtype torch.float32, got torch.float64"):
        likelihood.nll_each(model, x.double(), k=5)
    for shape in ((0, 12), (12,)):
        with pytest.raises(ValueError, match=r"x must have shape \[N, D\] with N >= 1"):
            likelihood.nll_each(model, torch.ones(shape), k=5)
    model.encoder[-1].bias.data[0] = math.nan
    with pytest.raises(checks.NotFiniteError, match="nll_each: not finite: mean"):
        likelihood.nll_each(model, x, k=5)
