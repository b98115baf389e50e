"""recipes: what each name trains, and on what it is judged."""

import pytest
import torch

from reparam import data, models, noise, objectives, recipes


@pytest.fixture
def images(gen):
    pixels = noise.uniform((30, 9), generator=gen)
    labels = torch.zeros(20, dtype=torch.long)
    return data.Images(pixels[:20], pixels[20:], labels, labels[:10], 3)


def _generator():
    return torch.Generator().manual_seed(0)


def _trains(recipe, shape, images):
    model = recipes.build(recipe, shape, images, categories=4, generator=_generator())
    draw = getattr(noise, model.noise)((recipe.samples or 1, 20, *model.code), generator=_generator())
    fixed, scheduled = recipes.numbers(recipe.numbers)
    options = fixed | {key: schedule(0.0) for key, schedule in scheduled.items()}
    trained = recipe.objective(model, images.train, draw if recipe.samples else draw[0], **options)
    trained[0].mean().backward()
    assert all(p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in model.parameters())
    if recipe.test_objective:
        tested = recipe.test_objective(model, images.train, draw[0])
        assert torch.allclose(tested.elbo, tested.reconstruction - tested.kl)
    else:
        assert trained[0].mean() >= trained.elbo.mean()
    return model, trained


@pytest.mark.parametrize("name", recipes.RECIPES)
@pytest.mark.parametrize("shape", ["plain", "burda"])
def test_every_recipe_trains_and_is_judged_by_a_bound(name, shape, images):
    _trains(recipes.RECIPES[name], recipes.ARCHITECTURES[shape], images)


@pytest.mark.parametrize("name", ["vae", "iwae"])
def test_gradients_change_the_encoder_alone(name, images):
    for shape in ("burda", "burda2"):
        runs = {
            gradient: _trains(recipe, recipes.ARCHITECTURES[shape], images)
            for gradient, recipe in recipes.RECIPES[name].gradients.items()
            if shape == "burda2" or gradient != "shortcut"
        }
        total, value = runs.pop("total")
        for model, other in runs.values():
            assert torch.equal(value[0], other[0])
            assert torch.allclose(total.decoder[0].weight.grad, model.decoder[0].weight.grad, atol=1e-7)
            assert not torch.allclose(total.encoder[0].weight.grad, model.encoder[0].weight.grad, atol=1e-4)
        assert runs


def test_hard_and_soft_codes_are_what_they_say(images):
    model = models.CategoricalVAE(9, 5, 2, 3, generator=_generator())
    g = noise.gumbel((20, 2, 3), generator=_generator())
    seen = []
    model.decoder.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0].detach()))
    for name in ("categorical", "categorical-st"):
        recipes.RECIPES[name].objective(model, images.train, g, tau=0.7)
    soft, hard = seen
    assert set(hard.unique().tolist()) == {0.0, 1.0}
    assert ((soft > 0) & (soft < 1)).all()


def test_the_burda_network(images):
    shape = recipes.ARCHITECTURES["burda"]
    model = recipes.build(recipes.RECIPES["vae"], shape, images, generator=_generator())
    sizes = [
        (layer.in_features, layer.out_features) for layer in model.modules() if hasattr(layer, "in_features")
    ]
    assert sizes == [(9, 200), (200, 200), (200, 100), (50, 200), (200, 200), (200, 9)]
    assert sum(isinstance(layer, torch.nn.Tanh) for layer in model.modules()) == 4
    assert torch.allclose(model.decoder[-1].bias.sigmoid(), images.train.mean(0), atol=1e-5)


def test_the_burda_network_with_two_stochastic_layers(images):
    shape = recipes.ARCHITECTURES["burda2"]
    model = recipes.build(recipes.RECIPES["iwae"], shape, images, generator=_generator())
    assert isinstance(model, models.TwoLayerVAE)
    sizes = [
        (layer.in_features, layer.out_features) for layer in model.modules() if hasattr(layer, "in_features")
    ]
    lower = [(9, 200), (200, 200), (200, 200), (100, 200), (200, 200), (200, 9)]
    upper = [(100, 100), (100, 100), (100, 100), (50, 100), (100, 100), (100, 200)]
    assert sizes == lower + upper
    assert sum(isinstance(layer, torch.nn.Tanh) for layer in model.modules()) == 8
    assert torch.allclose(model.decoder[-1].bias.sigmoid(), images.train.mean(0), atol=1e-5)
    with pytest.raises(ValueError, match="build: two stochastic layers are for Gaussian codes"):
        recipes.build(recipes.RECIPES["categorical"], shape, images)


def test_numbers_are_fixed_or_scheduled():
    fixed, scheduled = recipes.numbers({"tau": "exponential:1:0.25", "beta": "0.5", "lr": "1e-3"})
    assert fixed == {"beta": 0.5, "lr": 1e-3}
    assert scheduled.keys() == {"tau"}
    assert scheduled["tau"](0.5) == 0.5
    with pytest.raises(ValueError, match=r"a schedule is a number or one of .*got 'warm'"):
        recipes.numbers({"tau": "warm"})


def test_the_vae_recipe_is_the_elbo(images):
    model = models.VAE(9, 5, 2, generator=_generator())
    eps = noise.normal((20, 2), generator=_generator())
    recipe = recipes.RECIPES["vae"]
    trained = recipe.objective(model, images.train, eps, **recipes.numbers(recipe.numbers)[0])
    assert torch.equal(trained[0], objectives.elbo(model, images.train, eps).elbo)
