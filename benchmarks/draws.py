"""Relaxed and hard categorical samples against torch's own, noise included.

``python benchmarks/draws.py --rounds 25`` prints the tables.
"""

from collections.abc import Callable, Iterator, Sequence

import loops
import torch
from side_by_side import Aim, Comparison, main
from torch import Generator, Tensor
from torch.distributions import Categorical, RelaxedOneHotCategorical
from torch.nn import functional as F

from reparam import noise, samplers

SHAPES = ((128, 20, 10), (100_000, 10), (10_000, 1_000))
TAU = 0.5
DRAWING = "most of our time goes into drawing the noise, with both tails right"
NOISE = "the Gumbel noise alone"


def _repeated(run: Callable[[], object], times: int) -> Callable[[], None]:
    def repeat() -> None:
        for _ in range(times):
            run()

    return repeat


def relaxed(shape: Sequence[int], repeats: int, share: float) -> Comparison:
    """Compare forward and backward of a relaxed sample."""
    generator = Generator().manual_seed(0)
    logits = noise.normal(shape, generator=generator).requires_grad_()
    cotangent = noise.normal(shape, generator=generator)
    turned = (shape[-1], *shape[:-1])
    first = logits.detach().movedim(-1, 0).contiguous().requires_grad_()
    cotangent_first = cotangent.movedim(-1, 0).contiguous()
    tau = torch.tensor(TAU)

    def ours() -> Tensor:
        return samplers.gumbel_softmax(logits, noise.gumbel(shape, generator=generator), tau=TAU)

    def bare() -> Tensor:
        with loops.unchecked():
            return ours()

    def classes_first() -> Tensor:
        g = noise.gumbel(turned, generator=generator).movedim(0, -1)
        return samplers.gumbel_softmax(first.movedim(0, -1), g, tau=TAU).movedim(-1, 0)

    def through(sample: Callable[[], Tensor], leaf: Tensor, back: Tensor) -> Callable[[], None]:
        def run() -> None:
            leaf.grad = None
            sample().backward(back)

        return run

    samples = {
        "F.gumbel_softmax": through(lambda: F.gumbel_softmax(logits, tau=TAU), logits, cotangent),
        "RelaxedOneHotCategorical.rsample": through(
            lambda: RelaxedOneHotCategorical(tau, logits=logits, validate_args=True).rsample(),
            logits,
            cotangent,
        ),
        "RelaxedOneHotCategorical.rsample, not validated": through(
            lambda: RelaxedOneHotCategorical(tau, logits=logits, validate_args=False).rsample(),
            logits,
            cotangent,
        ),
        "ours": through(ours, logits, cotangent),
        "ours, without checks": through(bare, logits, cotangent),
        "ours, classes first in memory": through(classes_first, first, cotangent_first),
        NOISE: lambda: noise.gumbel(shape, generator=generator),
    }
    large = shape == SHAPES[1]
    aims = (
        Aim("ours", "F.gumbel_softmax", 1.5 if large else 1.0, DRAWING),
        *([Aim("ours", "RelaxedOneHotCategorical.rsample", 2.5, DRAWING)] if large else []),
    )
    return Comparison(
        f"Relaxed sample, forward and backward, {list(shape)}",
        "F.gumbel_softmax",
        {name: _repeated(run, repeats) for name, run in samples.items()},
        steps=dict.fromkeys(samples, repeats),
        rounds=share,
        aims=aims,
        floor=NOISE,
    )


def hard(shape: Sequence[int], repeats: int, share: float) -> Comparison:
    """Compare one hard draw of each row: a one-hot vector of ours, an index of torch's."""
    generator = Generator().manual_seed(0)
    logits = noise.normal(shape, generator=generator)
    rows = logits.flatten(0, -2)

    def ours() -> Tensor:
        return samplers.gumbel_max(logits, noise.gumbel(shape, generator=generator))

    def one_hot() -> Tensor:
        index = torch.multinomial(rows.softmax(-1), 1)
        return torch.zeros_like(rows).scatter_(-1, index, 1.0)

    samples = {
        "multinomial of softmax": lambda: torch.multinomial(rows.softmax(-1), 1),
        "the same, as a one-hot vector": one_hot,
        "Categorical.sample": lambda: Categorical(logits=logits).sample(),
        "ours, a one-hot vector": ours,
        NOISE: lambda: noise.gumbel(shape, generator=generator),
    }
    return Comparison(
        f"Hard sample, {list(shape)}",
        "multinomial of softmax",
        {name: _repeated(run, repeats) for name, run in samples.items()},
        steps=dict.fromkeys(samples, repeats),
        rounds=share,
        aims=(Aim("ours, a one-hot vector", "multinomial of softmax", 3.5, DRAWING),),
        floor=NOISE,
    )


def comparisons(*, scale: float = 1.0) -> Iterator[Comparison]:
    """Yield both kinds for three shapes, the first axis ``scale`` times as long."""
    for make in (relaxed, hard):
        for (rows, *rest), repeats, share in zip(SHAPES, (10, 1, 1), (1.0, 0.6, 0.2), strict=True):
            yield make((max(1, int(rows * scale)), *rest), repeats if scale == 1 else 1, share)


if __name__ == "__main__":
    main(__doc__, comparisons)
