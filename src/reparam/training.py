"""One training step, and the loop around it: the only module with state.

``train_step(model, optimizer, x, noise) -> terms`` is the whole of learning, for every objective
of :mod:`reparam.objectives`. ``fit`` feeds it shuffled, freshly binarised batches; the same seed
gives the same run, watched or not, interrupted or not, in one process or several.
``evaluate`` and ``evaluate_each`` never touch the training stream.
"""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from reparam import checks, data, objectives
from reparam import noise as noises
from reparam.checkpoints import Folder
from reparam.checks import NotFiniteError
from reparam.devices import pick_device
from reparam.distributed import Group
from reparam.schedules import Schedule, at, constant
from reparam.state import History, Run

__all__ = ["NotFiniteError", "evaluate", "evaluate_each", "fit", "pick_device", "train_step"]

Objective = Callable[..., tuple]


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    noise: Tensor,
    *,
    objective: Objective = objectives.elbo,
    **options: float,
) -> tuple:
    """Take one gradient step up the objective and return its terms, ``[B]`` each, detached.

    Args:
        model: whatever the objective needs.
        optimizer: over the model's parameters.
        x: ``[B, D]`` pixels.
        noise: what the objective needs, for instance ``[B, L]`` standard normal draws.
        objective: of :mod:`reparam.objectives`; the mean of its first term is raised.
        options: passed to the objective, for instance ``tau``.

    Raises:
        NotFiniteError: a term, or the encoder's output, is NaN or infinite; the message names
            it and the weights are left as they were.
    """
    terms = objective(model, x, noise, **options)
    loss = -terms[0].mean()
    if not torch.isfinite(loss):
        checks.finite("train_step", **terms._asdict(), loss=loss)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return terms._make(term.detach() for term in terms)


def _noise(model: nn.Module, x: Tensor, generator: Generator, samples: int | None) -> tuple[Tensor, Tensor]:
    """Draw a binary version of ``x`` and the noise of its codes, in that order."""
    binary = data.binarize(x, noises.uniform(x.shape, generator=generator, dtype=x.dtype))
    shape = (*(() if samples is None else (samples,)), len(x), *model.code)
    return binary, getattr(noises, model.noise)(shape, generator=generator, dtype=x.dtype)


@torch.no_grad()
def evaluate_each(
    model: nn.Module,
    x: Tensor,
    *,
    seed: int = 0,
    batch_size: int = 1000,
    objective: Objective = objectives.elbo,
    samples: int | None = None,
) -> tuple:
    """Return the terms of every image, ``[N]`` each in float64, with noise from its own ``seed``.

    Args:
        model: says with ``noise`` and ``code`` what noise it needs, as :mod:`reparam.models` do.
        x: ``[N, D]`` pixels in [0, 1], binarised once.
        seed: the same seed gives every model the same pixels and the same noise.
        batch_size: how many at a time.
        objective: whose terms.
        samples: draws for each image, where the objective takes several.

    Returns:
        the objective's named terms; two models can be compared image by image.

    Raises:
        TypeError, ValueError: ``batch_size`` is not a whole number ``>= 1``, or ``x`` is not ``[N, D]`` in [0, 1]
            in the model's dtype.
    """
    like = next(model.parameters())
    checks.count("evaluate_each", "batch_size", batch_size)
    checks.pixels("evaluate_each", "x", x, like.dtype)
    device = like.device
    generator = Generator(device).manual_seed(seed)
    batches = [
        objective(model, *_noise(model, rows.to(device), generator, samples)) for rows in x.split(batch_size)
    ]
    return batches[0]._make(torch.cat(terms).double().cpu() for terms in zip(*batches, strict=True))


def evaluate(model: nn.Module, x: Tensor, **options: object) -> tuple:
    """Return the mean over images of :func:`evaluate_each`, whose arguments these are."""
    terms = evaluate_each(model, x, **options)
    return terms._make(term.mean() for term in terms)


def fit(
    model: nn.Module,
    x: Tensor,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float = 1e-3,
    seed: int = 0,
    test: Tensor | None = None,
    progress: bool = True,
    objective: Objective = objectives.elbo,
    samples: int | None = None,
    schedules: Mapping[str, Schedule] | None = None,
    test_objective: Objective | None = None,
    patience: int | None = None,
    folder: Folder | None = None,
    group: Group | None = None,
) -> History:
    """Train ``model`` in place and return its learning curve.

    Every epoch shuffles ``x`` and draws its pixels anew, ``1`` with probability ``x``
    (dynamic binarisation), so the bound is one of a true Bernoulli likelihood.

    Args:
        model: says with ``noise`` and ``code`` what noise it needs; the data follow it to its device.
        x: ``[N, D]`` pixels in [0, 1].
        epochs: passes over ``x``.
        batch_size: examples a step, of all processes together; the last, smaller batch is used too.
        lr: Adam's learning rate.
        seed: of the shuffles, pixels and noise.
        test: ``[M, D]`` pixels to evaluate after every epoch, if any.
        progress: show a progress bar.
        objective: the mean of its first term is raised.
        samples: draws for each example, where the objective takes several.
        schedules: options of the objective that change step by step, by name; ``"lr"`` replaces ``lr``.
        test_objective: what to evaluate with one draw for each image; by default the objective as
            it was at the last step.
        patience: stop after that many epochs without a better test bound; the last weights stay.
        folder: where to keep checkpoints and metrics, and to resume from; with it Ctrl-C is safe.
        group: the processes that share the work, see :func:`reparam.distributed.join`.

    Returns:
        :class:`reparam.state.History`.

    Raises:
        TypeError, ValueError: an argument is out of range; the message names it.
        NotFiniteError: a term became NaN or infinite; the last checkpoint is from before.
        CheckpointError: the folder cannot be resumed from or written to.
        Stopped: a signal ended the run, after a checkpoint.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        checks.count("fit", name, value)
    for name, value in (("samples", samples), ("patience", patience)):
        if value is not None:
            checks.count("fit", name, value)
    checks.count("fit", "seed", seed, at_least=0)
    checks.positive("fit", "lr", lr)
    like = next(model.parameters())
    checks.pixels("fit", "x", x, like.dtype)
    if test is not None:
        checks.pixels("fit", "test", test, like.dtype)
    elif patience is not None:
        raise ValueError("fit: patience needs test images, got test=None")
    device = like.device
    x = x.to(device)
    settings = {"batch_size": batch_size, "lr": lr, "seed": seed, "samples": samples, "images": len(x)}
    run = Run(
        model,
        torch.optim.Adam(model.parameters(), lr=lr, fused=device.type != "mps"),
        Generator(device).manual_seed(seed),
        settings
        | {"device": device.type}
        | ({"schedules": sorted(schedules), "epochs": epochs} if schedules else {}),
        folder=folder,
        group=group or Group(),
    )
    history, plan, steps = run.history, {"lr": constant(lr), **(schedules or {})}, -(-len(x) // batch_size)
    with run.kept(), tqdm(total=epochs, disable=not progress or run.group.rank > 0, unit="epoch") as bar:
        bar.update(len(history.train))
        while len(history.train) < epochs and not run.stalled(patience):
            for rows in run.orders(len(x))[0].split(batch_size)[run.step :]:
                _step(run, x[rows], objective, samples, at(plan, history.steps / (epochs * steps)))
                run.pause()
            numbers = at(plan, (history.steps - 1) / (epochs * steps))
            tested = None
            if test is not None:
                options = {name: value for name, value in numbers.items() if name != "lr"}
                asked = test_objective or partial(objective, **options)
                tested = evaluate(model, test, objective=asked, samples=None if test_objective else samples)
            run.close_epoch(tested, numbers)
            shown = (history.test or history.train)[-1]
            bar.set_postfix({name: f"{value:.2f}" for name, value in shown._asdict().items()}, refresh=False)
            bar.update()
    return history


def _step(run: Run, x: Tensor, objective: Objective, samples: int | None, numbers: dict[str, float]) -> None:
    """Take one step of a run: draw the noise of the whole batch ``x``, train on this process's share."""
    for param_group in run.optimizer.param_groups:
        param_group["lr"] = numbers["lr"]
    options = {name: value for name, value in numbers.items() if name != "lr"}
    binary, noise = _noise(run.model, x, run.generator, samples)
    mine = run.group.share(len(x))
    noise = noise[mine] if samples is None else noise[:, mine]
    try:
        terms = train_step(run.model, run.optimizer, binary[mine], noise, objective=objective, **options)
    except NotFiniteError as error:
        run.group.fail(run.model.parameters())
        raise NotFiniteError(f"{error} (step {run.history.steps + 1})") from error
    except torch.OutOfMemoryError:
        run.optimizer.zero_grad()  # and without the failed step's frames, its memory is free again
        raise MemoryError(f"fit: out of memory with batch_size {len(x)}; try half of it") from None
    run.count(terms, len(x))
