"""One training step, and the loop around it: the only module with state.

``train_step(model, optimizer, x, eps) -> Elbo`` is the whole of learning. ``fit`` feeds it
shuffled, freshly binarised batches with a progress bar; the same seed gives the same run.
``evaluate`` and ``evaluate_each`` never touch the training stream.
"""

from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from reparam import checks, data, noise, objectives
from reparam.checks import NotFiniteError
from reparam.objectives import Elbo

__all__ = [
    "History",
    "NotFiniteError",
    "draws_well",
    "evaluate",
    "evaluate_each",
    "fit",
    "pick_device",
    "train_step",
]


@dataclass
class History:
    """Mean terms in nats per example: one ``train`` (and, where asked for, ``test``) entry an epoch."""

    train: list[Elbo] = field(default_factory=list)
    test: list[Elbo] = field(default_factory=list)
    steps: int = 0


def draws_well(device: torch.device) -> bool:
    """Return whether noise drawn on ``device`` has the right mean and variance (to 6 standard errors or more)."""
    generator = Generator(device).manual_seed(0)
    eps, g = (draw((20_000,), generator=generator).cpu().double() for draw in (noise.normal, noise.gumbel))
    right = abs(eps.mean()) < 0.05 and abs(eps.var() - 1) < 0.1 and abs(g.mean() - 0.5772) < 0.06
    return bool(right and abs(g.var() - 1.645) < 0.2)


def pick_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``; ``"auto"`` takes CUDA, then MPS, then the CPU.

    MPS must first show that it draws noise correctly; ``"auto"`` passes over it otherwise.

    Raises:
        ValueError: the device asked for is not on this machine, or draws wrong noise.
    """
    if not isinstance(name, str):
        raise TypeError(f"pick_device: name must be a string, got {name!r}")
    mps = torch.backends.mps.is_available() and draws_well(torch.device("mps"))
    here = {"cuda": torch.cuda.is_available(), "mps": mps, "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, available in here.items() if available))
    if not here.get(name.split(":")[0], False):
        there = ", ".join(kind for kind, available in here.items() if available)
        raise ValueError(f"pick_device: name must be 'auto' or one of {there} on this machine, got {name!r}")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"pick_device: name is {name!r}, but this machine has {torch.cuda.device_count()} CUDA device(s)"
        )
    return device


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, eps: Tensor) -> Elbo:
    """Take one gradient step up the ELBO and return its terms, ``[B]`` each, detached.

    Args:
        model: see :func:`reparam.objectives.elbo`.
        optimizer: over the model's parameters.
        x: ``[B, D]`` pixels.
        eps: ``[B, L]`` standard normal noise.

    Raises:
        NotFiniteError: a term, or the encoder's output, is NaN or infinite; the message names
            it and the weights are left as they were.
    """
    terms = objectives.elbo(model, x, eps)
    loss = -terms.elbo.mean()
    if not torch.isfinite(loss):
        checks.finite("train_step", **terms._asdict(), loss=loss)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return Elbo(*(term.detach() for term in terms))


def _noise(x: Tensor, latents: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw a binary version of ``x`` and the noise of its codes, in that order."""
    binary = data.binarize(x, noise.uniform(x.shape, generator=generator, dtype=x.dtype))
    return binary, noise.normal((len(x), latents), generator=generator, dtype=x.dtype)


def _check_pixels(function: str, name: str, x: Tensor, model: nn.Module) -> None:
    """``x`` must be pixels ``[N, D]`` in [0, 1]: 0..255 would binarise to all ones without a word."""
    checks.unit_interval(function, name, x)
    if x.dtype != (wanted := next(model.parameters()).dtype):
        raise TypeError(f"{function}: {name} must have the model's dtype {wanted}, got {x.dtype}")
    if x.ndim != 2 or not len(x):
        raise ValueError(f"{function}: {name} must have shape [N, D] with N >= 1, got shape {tuple(x.shape)}")


@torch.no_grad()
def evaluate_each(model: nn.Module, x: Tensor, *, seed: int = 0, batch_size: int = 1000) -> Elbo:
    """Return the terms of every image, ``[N]`` each in float64, with noise from its own ``seed``.

    Args:
        model: a VAE with an attribute ``latents``.
        x: ``[N, D]`` pixels in [0, 1], binarised once.
        seed: the same seed gives every model the same pixels and the same noise.
        batch_size: how many at a time.

    Returns:
        :class:`~reparam.objectives.Elbo`; two models can be compared image by image.
    """
    checks.count("evaluate", "batch_size", batch_size)
    _check_pixels("evaluate", "x", x, model)
    device = next(model.parameters()).device
    generator = Generator(device).manual_seed(seed)
    batches = [
        objectives.elbo(model, *_noise(rows.to(device), model.latents, generator))
        for rows in x.split(batch_size)
    ]
    return Elbo(*(torch.cat(terms).double().cpu() for terms in zip(*batches, strict=True)))


def evaluate(model: nn.Module, x: Tensor, *, seed: int = 0, batch_size: int = 1000) -> Elbo:
    """Return the mean over images of :func:`evaluate_each`, whose arguments these are."""
    return Elbo(*(term.mean() for term in evaluate_each(model, x, seed=seed, batch_size=batch_size)))


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
) -> History:
    """Train ``model`` in place and return its learning curve.

    Every epoch shuffles ``x`` and draws its pixels anew, ``1`` with probability ``x``
    (dynamic binarisation), so the bound is one of a true Bernoulli likelihood.

    Args:
        model: a VAE with an attribute ``latents``; the data follow it to its device.
        x: ``[N, D]`` pixels in [0, 1].
        epochs: passes over ``x``.
        batch_size: examples a step; the last, smaller batch is used too.
        lr: Adam's learning rate.
        seed: of the shuffles, pixels and noise.
        test: ``[M, D]`` pixels to evaluate after every epoch, if any.
        progress: show a progress bar.

    Raises:
        TypeError, ValueError: an argument is out of range; the message names it.
        NotFiniteError: the loss became NaN or infinite.
    """
    checks.count("fit", "epochs", epochs)
    checks.count("fit", "batch_size", batch_size)
    checks.count("fit", "seed", seed, at_least=0)
    checks.positive("fit", "lr", lr)
    _check_pixels("fit", "x", x, model)
    if test is not None:
        _check_pixels("fit", "test", test, model)
    device = next(model.parameters()).device
    x = x.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=device.type != "mps")
    generator = Generator(device).manual_seed(seed)
    history = History()
    bar = tqdm(range(epochs), disable=not progress, unit="epoch")
    for _ in bar:
        total = torch.zeros(3, dtype=x.dtype, device=device)
        for rows in torch.randperm(len(x), generator=generator, device=device).split(batch_size):
            terms = train_step(model, optimizer, *_noise(x[rows], model.latents, generator))
            total += torch.stack([term.sum() for term in terms])
            history.steps += 1
        history.train.append(Elbo(*(total.cpu() / len(x))))
        if test is not None:
            history.test.append(evaluate(model, test))
        shown = (history.test or history.train)[-1]
        bar.set_postfix({name: f"{value:.2f}" for name, value in shown._asdict().items()})
    return history
