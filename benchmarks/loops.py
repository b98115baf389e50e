"""The training loops that are timed: the usual one, ours, Pyro's, and the floor under all of them.

Each function returns a run without arguments that takes a fixed number of steps.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from reparam import checks, data, models, noise, stacked, training

__all__ = ["floor", "layers", "ours", "pixels", "pyro_svi", "stack_of_ours", "unchecked", "usual"]

Run = Callable[[], object]


def pixels(images: int) -> Tensor:
    """Return grey images of the digits, enlarged to 28x28: real ones, that need no download."""
    small = data.digits().train[:images].view(-1, 1, 8, 8)
    large = F.interpolate(small, (28, 28), mode="bilinear").flatten(1).clamp(0, 1)
    return large.repeat(-(-images // len(large)), 1)[:images]


@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """Switch off every check of arguments, to see what they cost."""
    kept = {name: getattr(checks, name) for name in checks.__all__ if name != "NotFiniteError"}
    try:
        for name in kept:
            setattr(checks, name, lambda *a, **k: None)
        yield
    finally:
        for name, function in kept.items():
            setattr(checks, name, function)


def usual(
    model: nn.Module, loss: Callable[[nn.Module, Tensor], Tensor], items: Dataset, batch: int, **adam: object
) -> Run:
    """Return an epoch of the common loop: DataLoader, Adam, ``.item()`` at every step."""
    loader = DataLoader(items, batch_size=batch, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **adam)

    def run() -> None:
        total = 0.0
        for x, *_ in loader:
            optimizer.zero_grad()
            value = loss(model, x)
            value.backward()
            total += value.item()
            optimizer.step()

    return run


def ours(
    model: nn.Module,
    objective: Callable[..., tuple],
    x: Tensor,
    batch: int,
    *,
    samples: int | None = None,
    dynamic: bool = False,
    **options: float,
) -> Run:
    """Return an epoch of ours: indexing, explicit noise, fused Adam, ``training.train_step``."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    generator = Generator().manual_seed(0)
    draw = getattr(noise, model.noise)
    leading = () if samples is None else (samples,)

    def run() -> None:
        for index in torch.randperm(len(x), generator=generator).split(batch):
            rows = x[index]
            if dynamic:
                rows = data.binarize(rows, noise.uniform(rows.shape, generator=generator))
            g = draw((*leading, len(rows), *model.code), generator=generator)
            training.train_step(model, optimizer, rows, g, objective=objective, **options)

    return run


def stack_of_ours(nets: Sequence[nn.Module], objective: Callable[..., tuple], x: Tensor, batch: int) -> Run:
    """Return an epoch of all the models in each step, each with its own shuffle and noise."""
    together = stacked.stack(nets)
    optimizer = torch.optim.Adam(together.parameters(), lr=1e-3, fused=True)
    generator = Generator().manual_seed(0)

    def run() -> None:
        orders = torch.stack([torch.randperm(len(x), generator=generator) for _ in nets])
        for rows in orders.split(batch, 1):
            eps = noise.normal((*rows.shape, *together.code), generator=generator)
            stacked.train_step(together, optimizer, objective, x[rows], eps)

    return run


def layers(model: nn.Module, batch: int, samples: int = 1) -> list[tuple[int, int, int]]:
    """Return ``(rows, inputs, outputs)`` of the model's layers: the decoder sees every sample."""
    return [
        (batch * (1 if name.startswith("encoder") else samples), layer.in_features, layer.out_features)
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
    ]


def floor(shapes: Sequence[tuple[int, int, int]], steps: int, *, stack: tuple[int, ...] = ()) -> Run:
    """Return the matrix products of the steps, forward and backward, and fused Adam: nothing else."""
    weights = [nn.Parameter(torch.zeros(*stack, i, o)) for _, i, o in shapes]
    inputs = [torch.ones(*stack, rows, i) for rows, i, _ in shapes]
    outputs = [torch.ones(*stack, rows, o) for rows, _, o in shapes]
    optimizer = torch.optim.Adam(weights, lr=1e-3, fused=True)

    @torch.no_grad()
    def run() -> None:
        for _ in range(steps):
            for x, w in zip(inputs, weights, strict=True):
                x @ w
            for k, (x, w, d) in enumerate(zip(inputs, weights, outputs, strict=True)):
                w.grad = x.mT @ d
                if k:
                    d @ w.mT
            optimizer.step()

    return run


_names = (f"network{i}" for i in itertools.count())  # Pyro keeps all parameters by name, in one place


def pyro_svi(
    model: models.VAE | models.CategoricalVAE, x: Tensor, batch: int, elbo: str, **options: object
) -> Mapping[str, Run]:
    """Return Pyro's loop under its name, with one of its bounds: ``svi.step`` on indexed rows."""
    import pyro
    from pyro import distributions as D

    name, continuous = next(_names), model.noise == "normal"

    def prior(rows: Tensor) -> None:
        pyro.module(name, model)
        with pyro.plate("images", len(rows)):
            if continuous:
                law = D.Normal(torch.zeros(model.latents), 1.0).to_event(1)
            else:
                law = D.OneHotCategorical(logits=torch.zeros(model.code)).to_event(1)
            logits = model.decode(pyro.sample("z", law))
            pyro.sample("x", D.Bernoulli(logits=logits).to_event(1), obs=rows)

    def encoder(rows: Tensor) -> None:
        pyro.module(name, model)
        with pyro.plate("images", len(rows)):
            if continuous:
                mean, log_var = model.encode(rows)
                law = D.Normal(mean, torch.exp(0.5 * log_var)).to_event(1)
            else:
                law = D.OneHotCategorical(logits=model.encode(rows)).to_event(1)
            pyro.sample("z", law)

    bound = getattr(pyro.infer, elbo)(max_plate_nesting=1, **options)
    svi = pyro.infer.SVI(prior, encoder, pyro.optim.Adam({"lr": 1e-3}), bound)

    def run() -> None:
        for index in torch.randperm(len(x)).split(batch):
            svi.step(x[index])

    return {f"Pyro SVI, {elbo}": run}
