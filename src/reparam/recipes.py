"""What can be trained by name: a network, its objective, and how the result is tested.

The command reads its options from these tables; a chapter may read them too.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from torch import Generator, nn

from reparam import data, models, objectives, schedules

__all__ = ["ARCHITECTURES", "RECIPES", "Architecture", "Recipe", "build", "numbers"]


class Recipe(NamedTuple):
    """How a model is trained and tested.

    ``numbers`` are the objective's options that may be scheduled, with their defaults as text;
    ``samples`` the default number of draws, where it takes several; ``test_objective`` what is
    reported with one draw, ``None`` where that is the objective itself; ``gradients`` the recipes that take
    this one's place when a gradient estimator is asked for by name.
    """

    network: type[nn.Module]
    objective: Callable[..., tuple]
    numbers: Mapping[str, str] = MappingProxyType({})
    samples: int | None = None
    test_objective: Callable[..., tuple] | None = None
    gradients: Mapping[str, "Recipe"] = MappingProxyType({})


class Architecture(NamedTuple):
    """Widths from the pixels inward, size of the code, activation, and where the last bias starts.

    With two stochastic layers widths and sizes are pairs, see :class:`reparam.models.TwoLayerVAE`.
    """

    hidden: tuple[int, ...] | tuple[tuple[int, ...], tuple[int, ...]]
    latents: int | tuple[int, int]
    activation: str
    starts_at_the_mean: bool


def _by_gradient(objective: Callable[..., tuple], names: tuple[str, ...], samples: int) -> dict[str, Recipe]:
    return {name: Recipe(models.VAE, partial(objective, gradient=name), samples=samples) for name in names}


_TAU = {"tau": "exponential:1:0.5"}
RECIPES = {
    "vae": Recipe(
        models.VAE,
        objectives.beta_elbo,
        {"beta": "1", "free_bits": "0"},
        test_objective=objectives.elbo,
        gradients=_by_gradient(objectives.sampled_elbo, ("total", "path", "shortcut"), samples=1),
    ),
    "iwae": Recipe(
        models.VAE,
        objectives.iwae,
        samples=5,
        gradients=_by_gradient(objectives.iwae, ("total", "path", "dreg", "shortcut"), samples=5),
    ),
    "categorical": Recipe(
        models.CategoricalVAE, objectives.categorical_elbo, _TAU, test_objective=objectives.discrete_elbo
    ),
    "categorical-st": Recipe(
        models.CategoricalVAE,
        partial(objectives.categorical_elbo, hard=True),
        _TAU,
        test_objective=objectives.discrete_elbo,
    ),
    "categorical-score": Recipe(
        models.CategoricalVAE, objectives.score_elbo, samples=4, test_objective=objectives.discrete_elbo
    ),
}
ARCHITECTURES = {
    "plain": Architecture((400,), 20, "relu", False),
    "burda": Architecture((200, 200), 50, "tanh", True),
    "burda2": Architecture(((200, 200), (100, 100)), (100, 50), "tanh", True),
}


def build(
    recipe: Recipe,
    architecture: Architecture,
    images: data.Images,
    *,
    categories: int = 10,
    generator: Generator | None = None,
) -> nn.Module:
    """Return the network of a recipe with fresh weights, for these images.

    Args:
        recipe: of :data:`RECIPES`.
        architecture: of :data:`ARCHITECTURES`, or your own.
        images: whose size it takes, and whose training mean where the last bias starts there.
        categories: of each latent, for a categorical code.
        generator: the stream the weights are drawn from.

    Raises:
        TypeError, ValueError: a size is not a whole number ``>= 1``, or a categorical code has two layers.
    """
    network, two = recipe.network, isinstance(architecture.latents, tuple)
    if two and network is models.CategoricalVAE:
        raise ValueError("build: two stochastic layers are for Gaussian codes, not for categorical ones")
    sizes = [images.side**2, architecture.hidden, architecture.latents]
    if network is models.CategoricalVAE:
        sizes.append(categories)
    mean = images.train.mean(0) if architecture.starts_at_the_mean else None
    network = models.TwoLayerVAE if two else network
    return network(*sizes, activation=architecture.activation, pixel_mean=mean, generator=generator)


def numbers(texts: Mapping[str, str]) -> tuple[dict[str, float], dict[str, schedules.Schedule]]:
    """Part options given as text into those that stay the same and those that are scheduled.

    Args:
        texts: numbers, or schedules as :func:`reparam.schedules.parse` reads them.

    Returns:
        the numbers, and the schedules, by name.

    Raises:
        ValueError: a text can be read as neither.
    """
    fixed, scheduled = {}, {}
    for name, text in texts.items():
        try:
            fixed[name] = float(text)
        except ValueError:
            scheduled[name] = schedules.parse(text)
    return fixed, scheduled
