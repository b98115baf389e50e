"""Many models of one shape trained in one step: the way to standard errors over seeds.

``stack(models)`` is a model of the same class whose linear layers hold ``S`` sets of weights. It maps
``[S, B, ...]`` to ``[S, B, ...]``, so every objective of the book takes it as it is.
"""

import copy
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reparam import checks

__all__ = ["StackedLinear", "stack", "train_step", "unstack"]


class StackedLinear(nn.Module):
    """``S`` linear layers side by side.

    Args:
        layers: ``S`` layers ``nn.Linear`` with biases and one shape.
    """

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers])[:, None])

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[..., S, B, in]`` to ``[..., S, B, out]``."""
        if x.ndim == 3:
            return torch.baddbmm(self.bias, x, self.weight)
        rows = x.flatten(0, -4).transpose(0, 1)  # [S, draws, B, in]
        flat = torch.baddbmm(self.bias, rows.flatten(1, 2), self.weight)
        return flat.unflatten(1, rows.shape[1:3]).transpose(0, 1).unflatten(0, x.shape[:-3])


def _linear_layers(models: Sequence[nn.Module]) -> list[str]:
    return [name for name, module in models[0].named_modules() if isinstance(module, nn.Linear)]


def stack(models: Sequence[nn.Module]) -> nn.Module:
    """Return a copy of the models' class that holds the weights of all of them.

    Args:
        models: ``S >= 1`` models whose parameters all belong to linear layers, of equal shapes.

    Returns:
        a model whose ``encode`` and ``decode`` take and give tensors ``[S, B, ...]``, entry ``s`` being what
        model ``s`` gives; extra axes for draws come before ``S``.

    Raises:
        TypeError: the models are not of one class, or have parameters outside linear layers.
        ValueError: there is no model, or shapes differ.
    """
    models = list(models)
    if not models:
        raise ValueError("stack: models must hold at least one model, got none")
    if len(kinds := {type(model).__name__ for model in models}) > 1:
        raise TypeError(f"stack: models must be of one class, got {', '.join(sorted(kinds))}")
    shapes = [{name: tuple(p.shape) for name, p in model.named_parameters()} for model in models]
    if odd := next((s for s in shapes if s != shapes[0]), None):
        raise ValueError(f"stack: models must have parameters of equal shapes, got {shapes[0]} and {odd}")
    names = _linear_layers(models)
    covered = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    if covered != shapes[0].keys():
        raise TypeError(
            f"stack: parameters must belong to linear layers with biases, got {sorted(covered ^ shapes[0].keys())}"
        )
    stacked = copy.deepcopy(models[0])
    for name in names:
        stacked.set_submodule(name, StackedLinear([model.get_submodule(name) for model in models]))
    return stacked


@torch.no_grad()
def unstack(stacked: nn.Module, models: Sequence[nn.Module]) -> None:
    """Copy the weights of :func:`stack` back: ``stacked``'s entry ``s`` into ``models[s]``, in place.

    Raises:
        ValueError: the number of models is not that of the stack.
    """
    for name in _linear_layers(models):
        layer = stacked.get_submodule(name)
        if len(layer.weight) != len(models):
            raise ValueError(f"unstack: models must be {len(layer.weight)}, got {len(models)}")
        for s, model in enumerate(models):
            target = model.get_submodule(name)
            target.weight.copy_(layer.weight[s].T)
            target.bias.copy_(layer.bias[s, 0])


def train_step(
    stacked: nn.Module,
    optimizer: torch.optim.Optimizer,
    objective: Callable[..., NamedTuple],
    x: Tensor,
    noise: Tensor,
    **options: object,
) -> NamedTuple:
    """Take one step with every model of the stack and return the terms, ``[S, B]`` each, detached.

    The loss is the *sum* over models of each one's mean, so that every model gets the gradient that it
    would get alone. With an optimizer that works entry by entry, such as Adam, the numbers are those of
    separate runs.

    Args:
        stacked: see :func:`stack`.
        optimizer: over its parameters.
        objective: see :mod:`reparam.objectives`; its first term is raised.
        x: ``[S, B, D]`` pixels, a batch for each model (or one, expanded).
        noise: ``[S, B, ...]`` noise of the codes, or ``[K, S, B, ...]`` for an objective of several draws.
        options: of the objective, such as ``tau``.

    Raises:
        NotFiniteError: a term is NaN or infinite; no model has moved.
    """
    terms = objective(stacked, x, noise, **options)
    loss = -terms[0].mean(-1).sum()
    if not torch.isfinite(loss):
        checks.finite("stacked.train_step", **terms._asdict(), loss=loss)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return type(terms)(*(term.detach() for term in terms))
