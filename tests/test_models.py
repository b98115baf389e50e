"""models: parameters out, never samples; weights from the stream they are given and from no other."""

import math

import pytest
import torch
from montecarlo import assert_cdf

from reparam import models, noise, objectives


def test_shapes_and_no_randomness(gen):
    model = models.VAE(16, 8, 3, generator=gen)
    x = noise.uniform((5, 16), generator=gen)
    before = torch.get_rng_state()
    (mean, log_var), again = model.encode(x), model.encode(x)
    assert mean.shape == log_var.shape == (5, 3)
    assert model.decode(mean).shape == (5, 16)
    assert torch.equal(mean, again[0])
    # A saved model means the same tomorrow: the first half is the mean.
    assert torch.equal(torch.cat([mean, log_var], -1), model.encoder(x))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_says_what_noise_its_codes_need(gen):
    model = models.VAE(16, 8, 3, generator=gen)
    assert (model.noise, model.code) == ("normal", (3,))
    eps = getattr(noise, model.noise)((5, *model.code), generator=gen)
    assert objectives.elbo(model, torch.ones(5, 16), eps).elbo.shape == (5,)


def test_weights_come_from_the_generator_alone(stream):
    before = torch.get_rng_state()
    a, b, c = (models.VAE(16, 8, 3, generator=stream(s)) for s in ("a", "a", "c"))
    assert torch.equal(torch.get_rng_state(), before), "building a model moved the global stream"
    for p, q, r in zip(a.parameters(), b.parameters(), c.parameters(), strict=True):
        assert torch.equal(p, q)
        assert not torch.equal(p, r)


def test_without_a_generator_the_global_stream_is_used():
    a, b = models.VAE(4, 4, 2), models.VAE(4, 4, 2)
    assert not torch.equal(a.encoder[0].weight, b.encoder[0].weight)


def test_the_law_of_the_weights_is_torchs(gen):
    model = models.VAE(400, 300, 3, generator=gen)
    assert_cdf(model.encoder[0].weight.detach() * math.sqrt(400), lambda w: ((w + 1) / 2).clamp(0, 1))
    assert_cdf(model.decoder[2].weight.detach() * math.sqrt(300), lambda w: ((w + 1) / 2).clamp(0, 1))
    assert all(p.requires_grad and p.dtype == torch.float32 for p in model.parameters())


def test_bad_sizes():
    for bad, error in (
        (0, ValueError),
        (-3, ValueError),
        (2.0, TypeError),
        (True, TypeError),
        ("8", TypeError),
    ):
        for name in ("pixels", "hidden", "latents"):
            sizes = {"pixels": 4, "hidden": 4, "latents": 2} | {name: bad}
            with pytest.raises(error, match=f"VAE: {name} must be a whole number >= 1"):
                models.VAE(**sizes)
