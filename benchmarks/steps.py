"""Time our training step and our relaxed sampler against the usual ways, side by side in one run.

``python benchmarks/steps.py`` prints markdown tables of medians and ratios. Machines drift, so the variants take
turns, round after round, and only the ratios within one run mean anything. Every variant draws its own noise.
"""

import argparse
import contextlib
import datetime
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor, nn
from torch.distributions import RelaxedOneHotCategorical
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reparam import checks, data, models, noise, samplers, training

PIXELS, HIDDEN, LATENTS, BATCH, STEPS = 784, 400, 20, 128, 16
SHAPES = ((128, 20, 10), (100_000, 10), (10_000, 1_000))
TAU = 0.5


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


def interleaved(
    variants: dict[str, Callable[[], None]], rounds: int, per_call: int = 1
) -> dict[str, list[float]]:
    """Return milliseconds per step of each variant, round by round."""
    for run in variants.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in variants}
    order = list(variants)
    for turn in range(rounds):
        for name in order[turn % len(order) :] + order[: turn % len(order)]:
            start = time.perf_counter()
            variants[name]()
            times[name].append(1e3 * (time.perf_counter() - start) / per_call)
    return times


def table(title: str, times: dict[str, list[float]], base: str) -> None:
    """Print medians, the middle half, and the median of the ratios taken round by round."""
    print(
        f"\n**{title}**\n\n| variant | ms, median | middle half | times faster than *{base}* |\n|---|---|---|---|"
    )
    for name, values in times.items():
        low, _, high = statistics.quantiles(values, n=4)
        ratio = statistics.median(b / v for b, v in zip(times[base], values, strict=True))
        print(f"| {name} | {statistics.median(values):.3g} | {low:.3g} - {high:.3g} | {ratio:.2f} |")


class UsualVAE(nn.Module):
    """The VAE of many tutorials, with logits and without the sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = (
            nn.Linear(PIXELS, HIDDEN),
            nn.Linear(HIDDEN, LATENTS),
            nn.Linear(HIDDEN, LATENTS),
        )
        self.fc3, self.fc4 = nn.Linear(LATENTS, HIDDEN), nn.Linear(HIDDEN, PIXELS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return pixel logits, mean and log-variance."""
        h = F.relu(self.fc1(x))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.fc4(F.relu(self.fc3(z))), mu, logvar


def usual_loop(x: Tensor, adam: dict) -> Callable[[], None]:
    """Return one pass of the common loop: DataLoader, a summed loss, ``.item()`` at every step."""
    model, loader = UsualVAE(), DataLoader(TensorDataset(x), batch_size=BATCH, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **adam)

    def run() -> None:
        total = 0.0
        for (rows,) in loader:
            optimizer.zero_grad()
            logits, mu, logvar = model(rows)
            bce = F.binary_cross_entropy_with_logits(logits, rows, reduction="sum")
            loss = (bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())) / len(rows)
            loss.backward()
            total += loss.item()
            optimizer.step()

    return run


def our_loop(x: Tensor, *, dynamic: bool, check: bool) -> Callable[[], None]:
    """Return one pass of ours: indexing, explicit noise, fused Adam, ``training.train_step``."""
    model = models.VAE(PIXELS, HIDDEN, LATENTS, generator=Generator().manual_seed(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    generator = Generator().manual_seed(0)

    def run() -> None:
        with contextlib.nullcontext() if check else unchecked():
            for index in torch.randperm(len(x), generator=generator).split(BATCH):
                rows = x[index]
                if dynamic:
                    rows = data.binarize(rows, noise.uniform(rows.shape, generator=generator))
                training.train_step(
                    model, optimizer, rows, noise.normal((len(rows), LATENTS), generator=generator)
                )

    return run


def floor(batches: int) -> Callable[[], None]:
    """Return the matrix products of a step, forward and backward, and fused Adam: nothing else."""
    sizes = [(PIXELS, HIDDEN), (HIDDEN, 2 * LATENTS), (LATENTS, HIDDEN), (HIDDEN, PIXELS)]
    weights = [nn.Parameter(torch.zeros(i, o)) for i, o in sizes]
    into, out = ([torch.ones(BATCH, pair[k]) for pair in sizes] for k in (0, 1))
    optimizer = torch.optim.Adam(weights, lr=1e-3, fused=True)

    @torch.no_grad()
    def run() -> None:
        for _ in range(batches):
            for x, w in zip(into, weights, strict=True):
                x @ w
            for k, (x, w, d) in enumerate(zip(into, weights, out, strict=True)):
                w.grad = x.T @ d
                if k:
                    d @ w.T
            optimizer.step()

    return run


def relaxed_samplers(shape: tuple[int, ...]) -> dict[str, Callable[[], None]]:
    """Return forward and backward of a relaxed sample, noise included, in four ways."""
    generator = Generator().manual_seed(0)
    logits = noise.normal(shape, generator=generator).requires_grad_()
    cotangent = noise.normal(shape, generator=generator)

    def through(sample: Callable[[], Tensor]) -> Callable[[], None]:
        def run() -> None:
            logits.grad = None
            sample().backward(cotangent)

        return run

    def ours() -> Tensor:
        return samplers.gumbel_softmax(logits, noise.gumbel(shape, generator=generator), tau=TAU)

    def ours_unchecked() -> Tensor:
        with unchecked():
            return ours()

    tau = torch.tensor(TAU)
    return {
        "F.gumbel_softmax": through(lambda: F.gumbel_softmax(logits, tau=TAU)),
        "RelaxedOneHotCategorical.rsample": through(
            lambda: RelaxedOneHotCategorical(tau, logits=logits).rsample()
        ),
        "ours": through(ours),
        "ours, without checks": through(ours_unchecked),
    }


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    print(
        f"{datetime.date.today()}, torch {torch.__version__}, Python {platform.python_version()}, "
        f"{platform.machine()}, {torch.get_num_threads()} thread(s), {options.rounds} rounds"
    )
    grey = noise.uniform((BATCH * STEPS, PIXELS), generator=Generator().manual_seed(0))
    black_and_white = (grey < 0.2).float()
    loops = {
        "common loop": usual_loop(black_and_white, {}),
        "common loop, fused Adam": usual_loop(black_and_white, {"fused": True}),
        "ours": our_loop(black_and_white, dynamic=False, check=True),
        "ours, without checks": our_loop(black_and_white, dynamic=False, check=False),
        "ours, pixels drawn anew at each step": our_loop(grey, dynamic=True, check=True),
        "floor: the products and fused Adam": floor(STEPS),
    }
    title = f"VAE step, {PIXELS}-{HIDDEN}-{LATENTS}, batch {BATCH}"
    table(title, interleaved(loops, options.rounds, STEPS), "common loop")
    for shape in SHAPES:
        rounds = options.rounds if shape != SHAPES[-1] else max(7, options.rounds // 3)
        per_call = 20 if shape == SHAPES[0] else 1
        runs = {
            n: (lambda f=f, k=per_call: [f() for _ in range(k)]) for n, f in relaxed_samplers(shape).items()
        }
        times = interleaved(runs, rounds, per_call)
        table(f"Relaxed sample, forward and backward, {list(shape)}", times, "F.gumbel_softmax")


if __name__ == "__main__":
    main()
