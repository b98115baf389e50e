"""Steps of the net of Burda et al., 784-200-200-50, batch 20: one to fifty samples, and eight models at once.

``python benchmarks/burda.py --rounds 25`` prints the tables.
"""

import copy
import math
from collections.abc import Iterable, Iterator

import loops
import torch
from side_by_side import Aim, Comparison, installed, main
from torch import Generator, Tensor
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from reparam import models, objectives

BATCH, SEEDS = 20, 8
CALLS = "the calls of small operations remain"
COMPILED = "the command has no option for it, which would cost a minute at every start"
DENORMAL = "denormal numbers cost this processor next to nothing, so the clamp has little to save"
TRAFFIC = "Adam moves the weights of eight models through memory, in the floor as well"


def network(hidden: int = 200, seed: int = 0) -> models.VAE:
    """Return the net with fresh weights."""
    generator = Generator().manual_seed(seed)
    return models.VAE(784, (hidden, hidden), 50, activation="tanh", generator=generator)


def usual_log_weights(model: models.VAE, x: Tensor, k: int) -> Tensor:
    """Return log-weights ``[k, B]`` in the common way."""
    mean, log_var = model.encode(x)
    eps = torch.randn(k, *mean.shape)
    z = mean + eps * torch.exp(0.5 * log_var)
    logits = model.decode(z)
    log_p = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)
    return log_p + (0.5 * eps**2 + 0.5 * log_var - 0.5 * z**2).sum(-1)


def usual_loss(k: int, model: models.VAE, x: Tensor) -> Tensor:
    """Return the negative bound: the ELBO for one sample, else the importance-weighted one, not clamped."""
    if k > 1:
        return (math.log(k) - usual_log_weights(model, x, k).logsumexp(0)).mean()
    mean, log_var = model.encode(x)
    logits = model.decode(mean + torch.randn_like(mean) * torch.exp(0.5 * log_var))
    kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
    return (F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl) / len(x)


def unclamped(model: models.VAE, x: Tensor, eps: Tensor) -> objectives.Iwae:
    """Return ``objectives.iwae`` without its clamp: the weights may become denormal numbers."""
    log_w = objectives.log_weights(model, x, eps)
    return objectives.Iwae(torch.logsumexp(log_w, 0) - math.log(len(eps)), log_w.mean(0))


def one_model(k: int, batches: int, hidden: int) -> Comparison:
    """Compare steps from fresh weights with ``k`` samples."""
    x = (loops.pixels(BATCH * batches) > 0.5).float()
    start = network(hidden)

    def usual(**adam: object) -> loops.Run:
        return loops.usual(
            copy.deepcopy(start), lambda m, rows: usual_loss(k, m, rows), TensorDataset(x), BATCH, **adam
        )

    objective, samples = (objectives.elbo, None) if k == 1 else (objectives.iwae, k)
    variants = {
        "plain loop": usual(),
        "plain loop, fused Adam": usual(fused=True),
        "ours": loops.ours(copy.deepcopy(start), objective, x, BATCH, samples=samples),
        "floor": loops.floor(loops.layers(start, BATCH, k), batches),
    }
    title = f"Step of Burda's net, batch {BATCH}, k = {k}"
    aims = (Aim("ours", "plain loop", 1.9, CALLS),) if k == 1 else ()
    share = {1: 1.0, 5: 0.6}.get(k, 0.4)
    return Comparison(
        title, "plain loop", variants, steps=dict.fromkeys(variants, batches), rounds=share, aims=aims
    )


def compiled(batches: int = 12, hidden: int = 200) -> Comparison:
    """Compare a step with a compiled objective with the same step as it is, for one sample.

    Measure it last: ``torch.compile`` switches off the checks of ``torch.distributions`` in the whole process.
    """
    x = (loops.pixels(BATCH * batches) > 0.5).float()
    start, objective = network(hidden), torch.compile(objectives.elbo)
    variants = {
        "ours": loops.ours(copy.deepcopy(start), objectives.elbo, x, BATCH),
        "ours, objective compiled": loops.ours(copy.deepcopy(start), objective, x, BATCH),
    }
    return Comparison(
        f"Compiled step of Burda's net, batch {BATCH}, k = 1",
        "ours",
        variants,
        steps=dict.fromkeys(variants, batches),
        aims=(Aim("ours, objective compiled", "ours", 1.2, COMPILED),),
    )


def trained(k: int, batches: int, epochs: int, hidden: int) -> Comparison:
    """Compare IWAE steps from a state that ``k`` samples have trained."""
    x = (loops.pixels(BATCH * batches) > 0.5).float()
    start = network(hidden)
    learn = loops.ours(start, objectives.iwae, x, BATCH, samples=k)
    for _ in range(epochs):
        learn()
    log_w = usual_log_weights(start, x, k).detach()
    weights = log_w.softmax(0)
    tiny = torch.finfo(weights.dtype).tiny

    def facts() -> Iterable[str]:
        small = (weights < tiny) & (log_w - log_w.logsumexp(0) > -103)
        skipped = (log_w < log_w.amax(0) - 30).float().mean()
        yield (
            f"At the start {100 * small.float().mean():.0f} % of the weights are denormal and "
            f"{100 * skipped:.0f} % more than 30 nats below the largest; "
            f"{epochs * batches} steps of training came before."
        )

    variants = {
        "plain loop": loops.usual(
            copy.deepcopy(start), lambda m, rows: usual_loss(k, m, rows), TensorDataset(x), BATCH
        ),
        "ours, without the clamp": loops.ours(copy.deepcopy(start), unclamped, x, BATCH, samples=k),
        "ours": loops.ours(copy.deepcopy(start), objectives.iwae, x, BATCH, samples=k),
        "floor": loops.floor(loops.layers(start, BATCH, k), batches),
    }
    if installed("pyro"):
        variants |= loops.pyro_svi(
            copy.deepcopy(start), x, BATCH, "RenyiELBO", alpha=0, num_particles=k, vectorize_particles=True
        )
    return Comparison(
        f"IWAE step of Burda's net, batch {BATCH}, k = {k}, from a trained state",
        "plain loop",
        variants,
        steps=dict.fromkeys(variants, batches),
        rounds=0.4,
        aims=(
            Aim("ours", "plain loop", 4.0, DENORMAL),
            Aim("ours", "Pyro SVI, RenyiELBO", 4.0, DENORMAL),
        ),
        facts=facts,
    )


def many(batches: int, hidden: int) -> Comparison:
    """Compare eight models in one step with eight separate runs."""
    x = (loops.pixels(BATCH * batches) > 0.5).float()
    starts = [network(hidden, seed) for seed in range(SEEDS)]
    plain = [
        loops.usual(copy.deepcopy(m), lambda m, rows: usual_loss(1, m, rows), TensorDataset(x), BATCH)
        for m in starts
    ]
    alone = [loops.ours(copy.deepcopy(m), objectives.elbo, x, BATCH) for m in starts]
    variants = {
        "plain loops, one after another": lambda: [run() for run in plain],
        "ours, one after another": lambda: [run() for run in alone],
        "ours, stacked": loops.stack_of_ours(starts, objectives.elbo, x, BATCH),
        "floor of a stack": loops.floor(loops.layers(starts[0], BATCH), batches, stack=(SEEDS,)),
    }
    return Comparison(
        f"Step of {SEEDS} models, each Burda's net at batch {BATCH}; time per model",
        "plain loops, one after another",
        variants,
        steps=dict.fromkeys(variants, batches * SEEDS),
        rounds=0.6,
        floor="floor of a stack",
        aims=(Aim("ours, stacked", "plain loops, one after another", 3.2, TRAFFIC),),
    )


def comparisons(*, batches: int = 12, hidden: int = 200, epochs: int = 15) -> Iterator[Comparison]:
    """Yield the comparisons, from one sample of one model to eight models."""
    for k in (1, 5, 50):
        yield one_model(k, batches, hidden)
    yield trained(50, batches, epochs, hidden)
    yield many(batches, hidden)


if __name__ == "__main__":
    main(__doc__, comparisons)
