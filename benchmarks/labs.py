"""The laboratory's per-draw gradients, all at once, against one draw and one backward pass at a time.

``python benchmarks/labs.py --rounds 25`` prints the table.
"""

from collections.abc import Callable, Iterator

import torch
from side_by_side import Aim, Comparison, main
from torch import Generator, Tensor
from torch.nn import functional as F

from reparam import estimators, noise

CATEGORIES, TAU = 8, 0.5
PER_DRAW = "calls cost next to nothing by then; noise and arithmetic remain"
NOISE = "the Gumbel noise alone"


def comparisons(*, looped: int = 100, draws: int = 100_000) -> Iterator[Comparison]:
    """Yield one comparison for each estimator: ``looped`` draws in a loop, ``draws`` at once; time per draw."""
    generator = Generator().manual_seed(0)
    logits = noise.normal((CATEGORIES,), generator=generator)
    reward = noise.normal((CATEGORIES,), generator=generator)

    def cost(z: Tensor) -> Tensor:
        return z @ reward

    def relaxed_once(leaf: Tensor) -> Tensor:
        return cost(F.gumbel_softmax(leaf, tau=TAU))

    def score_once(leaf: Tensor) -> Tensor:
        law = torch.distributions.OneHotCategorical(logits=leaf)
        z = law.sample()
        return cost(z) * law.log_prob(z)

    cases = {
        "Gumbel-Softmax": (relaxed_once, estimators.relaxed(cost, tau=TAU)),
        "score function": (score_once, estimators.score_function_categorical(cost)),
    }
    for name, (once, surrogate) in cases.items():

        def loop(once: Callable[[Tensor], Tensor] = once) -> float:
            grads = []
            for _ in range(looped):
                leaf = logits.clone().requires_grad_()
                once(leaf).backward()
                grads.append(leaf.grad)
            return torch.stack(grads).var(0).sum().item()

        def at_once(surrogate: estimators.Surrogate = surrogate) -> float:
            g = noise.gumbel((draws, CATEGORIES), generator=generator)
            return estimators.per_sample_grads(surrogate, logits, g).var(0).sum().item()

        variants = {
            "one draw at a time": loop,
            "all draws at once": at_once,
            NOISE: lambda: noise.gumbel((draws, CATEGORIES), generator=generator),
        }
        yield Comparison(
            f"Variance of the {name} gradient, {CATEGORIES} classes; time per draw",
            "one draw at a time",
            variants,
            steps={"one draw at a time": looped, "all draws at once": draws, NOISE: draws},
            aims=(Aim("all draws at once", "one draw at a time", 1000.0, PER_DRAW),),
            floor=NOISE,
        )


if __name__ == "__main__":
    main(__doc__, comparisons)
