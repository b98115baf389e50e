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
    model = models.CategoricalVAE(16, 8, 3, 4, generator=gen)
    assert (model.noise, model.code) == ("gumbel", (3, 4))
    g = getattr(noise, model.noise)((5, *model.code), generator=gen)
    assert objectives.discrete_elbo(model, torch.ones(5, 16), g).elbo.shape == (5,)


def test_categorical_shapes(gen):
    model = models.CategoricalVAE(16, (8, 7), 3, 4, generator=gen)
    x = noise.uniform((2, 5, 16), generator=gen)
    logits = model.encode(x)
    assert logits.shape == (2, 5, 3, 4)
    assert torch.equal(logits.flatten(-2), model.encoder(x)), "a choice's categories lie side by side"
    assert torch.equal(model.decode(logits), model.decoder(logits.flatten(-2)))
    assert model.decode(logits).shape == (2, 5, 16)


def test_two_stochastic_layers(gen):
    model = models.TwoLayerVAE(16, ((8, 7), 6), (3, 2), activation="tanh", generator=gen)
    assert (model.noise, model.code, model.latents) == ("normal", (5,), (3, 2))
    x = noise.uniform((4, 5, 16), generator=gen)
    mean, log_var = model.encode(x)
    assert mean.shape == log_var.shape == (4, 5, 3)
    assert model.decode(mean).shape == (4, 5, 16)
    assert model.upper_encoder(mean).shape == (4, 5, 4), "mean and log-variance of two latents"
    assert model.upper_decoder(model.upper_encoder(mean)[..., :2]).shape == (4, 5, 6)
    eps = noise.normal((1, 4, 5, *model.code), generator=gen)
    assert objectives.sampled_elbo(model, x, eps, gradient="total").elbo.shape == (4, 5)
    for name, bad in (("hidden", (8, 7, 6)), ("hidden", 8), ("latents", 3), ("latents", (3,))):
        sizes = {"pixels": 16, "hidden": (8, 6), "latents": (3, 2)} | {name: bad}
        with pytest.raises(ValueError, match=f"TwoLayerVAE: {name} must have two parts, lower and upper"):
            models.TwoLayerVAE(**sizes)
    with pytest.raises(ValueError, match="TwoLayerVAE: latents must be a whole number >= 1, got 0"):
        models.TwoLayerVAE(16, (8, 6), (3, 0))
    with pytest.raises(ValueError, match="TwoLayerVAE: hidden must be a whole number >= 1, got 0"):
        models.TwoLayerVAE(16, (8, (6, 0)), (3, 2))


def test_several_layers_are_mirrored(gen):
    model = models.VAE(16, (8, 6), 3, activation="tanh", generator=gen)
    sizes = [(m.in_features, m.out_features) for m in model.modules() if isinstance(m, torch.nn.Linear)]
    assert sizes == [(16, 8), (8, 6), (6, 6), (3, 6), (6, 8), (8, 16)]
    kinds = [type(m).__name__ for m in model.decoder]
    assert kinds == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]


def test_the_last_bias_starts_at_the_mean_image(gen):
    mean = torch.tensor([0.0, 0.2, 0.5, 1.0])
    for model in (
        models.VAE(4, 3, 2, pixel_mean=mean, generator=gen),
        models.CategoricalVAE(4, 3, 2, 2, pixel_mean=mean, generator=gen),
    ):
        start = model.decoder[-1].bias.sigmoid()
        assert torch.allclose(start, torch.tensor([1e-3, 0.2, 0.5, 1 - 1e-3]))
        assert model.decoder[-1].bias.requires_grad


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


def test_bad_options(gen):
    with pytest.raises(ValueError, match="VAE: hidden must name at least one layer"):
        models.VAE(4, (), 2)
    with pytest.raises(TypeError, match="VAE: hidden must be a whole number >= 1"):
        models.VAE(4, (3, 2.5), 2)
    with pytest.raises(ValueError, match="VAE: activation must be one of relu, tanh, got 'gelu'"):
        models.VAE(4, 3, 2, activation="gelu")
    with pytest.raises(ValueError, match=r"VAE: pixel_mean must have shape \(4,\), got \(3,\)"):
        models.VAE(4, 3, 2, pixel_mean=torch.zeros(3))
    with pytest.raises(ValueError, match=r"VAE: pixel_mean must lie in \[0, 1\]"):
        models.VAE(4, 3, 2, pixel_mean=torch.full((4,), 255.0))
    for name in ("pixels", "latents", "categories"):
        with pytest.raises(ValueError, match=f"CategoricalVAE: {name} must be a whole number >= 1"):
            models.CategoricalVAE(**{"pixels": 4, "hidden": 4, "latents": 2, "categories": 3} | {name: 0})
