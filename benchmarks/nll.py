"""The likelihood of test images with 5,000 importance samples each: time, memory and accuracy.

``python benchmarks/nll.py --rounds 25`` prints the table.
"""

import copy
import math
import multiprocessing
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import loops
import torch
from burda import network, usual_log_weights
from side_by_side import Aim, Comparison, main
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Normal

from reparam import likelihood, models, noise, objectives

BATCH = 20
STATUS = Path("/proc/self/status")


@torch.no_grad()
def naive(model: models.VAE, x: Tensor, k: int) -> Tensor:
    """Return each image's estimate from ``k`` copies of it, sent through the whole model."""
    result = []
    for row in x:
        rows = row.repeat(k, 1)
        mean, log_var = model.encode(rows)
        q, p = Normal(mean, torch.exp(0.5 * log_var)), Normal(torch.zeros_like(mean), 1.0)
        z = q.sample()
        log_p = Bernoulli(logits=model.decode(z)).log_prob(rows).sum(-1)
        log_w = log_p + p.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
        result.append(math.log(k) - log_w.logsumexp(0))
    return torch.stack(result)


@torch.no_grad()
def encoded_once(model: models.VAE, x: Tensor, k: int) -> Tensor:
    """Return each image's estimate with the usual log-weights: encoded once, all codes decoded at once."""
    each = [usual_log_weights(model, row[None], k).logsumexp(0) for row in x]
    return math.log(k) - torch.cat(each)


def ours(model: models.VAE, x: Tensor, k: int) -> Tensor:
    """Return each image's estimate from the package."""
    return likelihood.nll_each(model, x, k=k)


WAYS = {"naive: k copies of the image": naive, "encoded once, all codes at once": encoded_once, "ours": ours}


def _kilobytes(field: str) -> int:
    """Return a line of Linux' account of this process' memory."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def _peak(name: str, model: models.VAE, x: Tensor, k: int, channel: Connection) -> None:
    """Send the peak of this process' memory above what it holds before: run in a child."""
    torch.set_num_threads(1)
    WAYS[name](model, x[:1], 2)  # what libraries allocate at their first use does not count
    STATUS.with_name("clear_refs").write_text("5")  # the peak starts anew
    before = _kilobytes("VmRSS")
    WAYS[name](model, x, k)
    channel.send((_kilobytes("VmHWM") - before) / 1000)


def extra_megabytes(name: str, model: models.VAE, x: Tensor, k: int) -> float:
    """Return the peak of memory above what the model, the images and the libraries take, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_peak, args=(name, model, x, k, there))
    child.start()
    there.close()
    megabytes = here.recv()
    child.join()
    return megabytes


@torch.no_grad()
def error(model: models.VAE, x: Tensor, k: int) -> float:
    """Return our largest difference from a float64 sum over the same draws, in nats."""
    generator, exact, chunk = Generator().manual_seed(0), copy.deepcopy(model).double(), min(k, 500)
    got = likelihood.nll_each(model, x, k=k, chunk=chunk)
    worst = 0.0
    for row, estimate in zip(x.double(), got, strict=True):
        sizes = [min(chunk, k - start) for start in range(0, k, chunk)]
        eps = torch.cat([noise.normal((1, size, *model.code), generator=generator) for size in sizes], 1)
        log_w = objectives.log_weights(exact, row[None], eps.movedim(1, 0).double())
        worst = max(worst, abs(estimate - math.log(k) + log_w.logsumexp(0)).item())
    return worst


def comparisons(
    *, k: int = 5000, images: int = 4, epochs: int = 10, hidden: int = 200
) -> Iterator[Comparison]:
    """Yield the comparison: Burda's net after a little training."""
    x = (loops.pixels(40 * BATCH) > 0.5).float()
    model = network(hidden)
    learn = loops.ours(model, objectives.elbo, x, BATCH)
    for _ in range(epochs):
        learn()
    model.requires_grad_(False)
    few = x[:images]

    def facts() -> Iterable[str]:
        if STATUS.exists():
            peaks = [f"{name}, {extra_megabytes(name, model, few, k):.0f} MB" for name in WAYS]
            yield f"Extra memory at the peak: {'; '.join(peaks)} (aim: under 100)."
        yield (
            f"Ours is within {error(model, few, k):.0e} nats of a float64 sum over the same draws (aim: 1e-4)."
        )

    yield Comparison(
        f"NLL with {k} importance samples, Burda's net; time per image",
        "naive: k copies of the image",
        {name: (lambda way=way: way(model, few, k)) for name, way in WAYS.items()},
        steps=dict.fromkeys(WAYS, images),
        rounds=0.6,
        aims=(Aim("ours", "naive: k copies of the image", 2.5, "decoding is nearly all of it"),),
        facts=facts,
    )


if __name__ == "__main__":
    main(__doc__, comparisons)
