"""Many models of one shape trained in one step: the way to standard errors over seeds.

``stack(models)`` is a model of the same class whose linear layers hold ``S`` sets of weights. It maps
``[S, B, ...]`` to ``[S, B, ...]``, so every objective of the book takes it as it is.
"""

import copy
import functools
import sys
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from reparam import checks, data
from reparam import noise as noises
from reparam.checkpoints import Folder
from reparam.schedules import Schedule, at
from reparam.state import Run

__all__ = ["StackedLinear", "evaluate", "fit", "stack", "train_step", "unstack"]

_TESTED_AT_ONCE = 500


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
    objective: Callable[..., tuple],
    x: Tensor,
    noise: Tensor,
    **options: object,
) -> tuple:
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
    return terms._make(term.detach() for term in terms)


def _draw(stacked: nn.Module, shape: Sequence[int], samples: int | None, generator: Generator) -> Tensor:
    leading = () if samples is None else (samples,)
    dtype = next(stacked.parameters()).dtype
    return getattr(noises, stacked.noise)((*leading, *shape, *stacked.code), generator=generator, dtype=dtype)


@torch.no_grad()
def evaluate(
    stacked: nn.Module,
    x: Tensor,
    objective: Callable[..., tuple],
    samples: int | None = None,
    *,
    draws: int = 1,
    seed: int = 0,
    batch_size: int = sys.maxsize,
) -> tuple:
    """Return the mean terms of every model, ``[S]`` each in float64 on the CPU, over images and draws.

    Args:
        stacked: see :func:`stack`.
        x: ``[N, D]`` pixels, the same for all models.
        objective: such as :func:`reparam.objectives.discrete_elbo`.
        samples: draws that make one value of the objective, where it takes several.
        draws: how many values for each image.
        seed: of the noise, drawn apart from any training stream.
        batch_size: how many images at a time; by default all.
    """
    for name, value in (("draws", draws), ("batch_size", batch_size)):
        checks.count("stacked.evaluate", name, value)
    generator = Generator(x.device).manual_seed(seed)
    models, batches = len(next(stacked.parameters())), []
    for rows in x.repeat(draws, 1).split(batch_size):
        batch = rows.expand(models, -1, -1)
        batches.append(objective(stacked, batch, _draw(stacked, batch.shape[:2], samples, generator)))
    return batches[0]._make(torch.cat(t, -1).cpu().double().mean(-1) for t in zip(*batches, strict=True))


def fit(
    models: Sequence[nn.Module],
    x: Tensor,
    *,
    objective: Callable[..., tuple],
    epochs: int,
    batch_size: int = 128,
    lr: float = 1e-3,
    seed: int = 0,
    samples: int | None = None,
    schedules: Mapping[str, Schedule] | None = None,
    test: Tensor | None = None,
    test_objective: Callable[..., tuple] | None = None,
    folder: Folder | None = None,
    progress: str | None = None,
) -> tuple | None:
    """Train the models in place, all of them in each step, with Adam.

    Every model has its own shuffles, pixels and noise, all from one seed: as independent as separate runs
    are, and as fast as one larger model. A kill or a signal ends as in :func:`reparam.training.fit`.

    Args:
        models: see :func:`stack`; they differ by their weights.
        x: ``[N, D]`` pixels in [0, 1], drawn anew as binary ones in every epoch.
        objective: see :func:`train_step`.
        epochs: passes over ``x``.
        batch_size: examples a step, of each model.
        lr: Adam's learning rate.
        seed: of all the noise.
        samples: draws for each example, where the objective takes several.
        schedules: options of the objective by name, see :mod:`reparam.schedules`; ``"lr"`` replaces ``lr``.
        test: ``[M, D]`` pixels to evaluate after every epoch, if any.
        test_objective: of one draw, for :func:`evaluate`; the last step's objective, with its draws, if not given.
        folder: where to keep checkpoints and metrics, and to resume from.
        progress: title of a progress bar, if there is to be one.

    Returns:
        the test terms, ``[epochs, S]`` each; ``None`` without ``test``.

    Raises:
        TypeError, ValueError, NotFiniteError, CheckpointError, Stopped: as :func:`reparam.training.fit`.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        checks.count("stacked.fit", name, value)
    checks.count("stacked.fit", "seed", seed, at_least=0)
    checks.positive("stacked.fit", "lr", lr)
    checks.unit_interval("stacked.fit", "x", x)
    together, plan, device = stack(models), dict(schedules or {}), x.device.type
    settings = {"batch_size": batch_size, "lr": lr, "seed": seed, "samples": samples, "images": len(x)}
    settings |= {"models": len(models), "device": device, "epochs": epochs, "schedules": sorted(plan)}
    optimizer = torch.optim.Adam(together.parameters(), lr=lr, fused=device != "mps")
    run = Run(together, optimizer, Generator(x.device).manual_seed(seed), settings, folder=folder)
    history, steps = run.history, epochs * -(-len(x) // batch_size)
    bar = functools.partial(tqdm, total=epochs, disable=progress is None, desc=progress, unit="epoch")
    with run.kept(), bar(initial=len(history.train)) as shown:
        while len(history.train) < epochs:
            for rows in run.orders(len(x), len(models)).split(batch_size, 1)[run.step :]:
                options = at(plan, history.steps / steps)
                optimizer.param_groups[0]["lr"] = options.pop("lr", lr)
                pixels = x[rows]
                u = noises.uniform(pixels.shape, generator=run.generator, dtype=x.dtype)
                batch, draw = data.binarize(pixels, u), _draw(together, rows.shape, samples, run.generator)
                run.count(train_step(together, optimizer, objective, batch, draw, **options), rows.shape[1])
                run.pause()
            numbers, tested = at(plan, (history.steps - 1) / steps), None
            if test is not None:
                last = functools.partial(objective, **{k: v for k, v in numbers.items() if k != "lr"})
                how = (test_objective, None) if test_objective else (last, samples)
                tested = evaluate(together, test, *how, batch_size=_TESTED_AT_ONCE)
            run.close_epoch(tested, numbers)
            shown.update()
    unstack(together, models)
    curve = history.test
    return curve[0]._make(map(torch.stack, zip(*curve, strict=True))) if curve else None
