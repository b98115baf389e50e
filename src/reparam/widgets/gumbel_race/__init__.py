"""Gumbel's race, live: exponential clocks, one winner, and the shares of many races."""

import math

from reparam.widgets.base import Choice, Count, Numbers, Widget, bundle, stylesheet

__all__ = ["GumbelRace"]


class GumbelRace(Widget):
    r"""Let four runners with rates :math:`e^{\ell_k}` race, and count who arrives first.

    Args:
        logits: four unnormalised log-probabilities, from -3 to 3.
        law: ``"gumbel"`` for exponential clocks, ``"normal"`` for normal noise of the same mean and variance.
        n: number of races, from 1 to 10,000; the last one is drawn.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("gumbel_race")
    _css = stylesheet("gumbel_race")
    logits = Numbers((1.0, 0.5, 0.0, -1.0), -3, 3)
    law = Choice("gumbel", "normal")
    n = Count(100, 1, 10_000)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        logits: tuple[float, float, float, float] = (1.0, 0.5, 0.0, -1.0),
        law: str = "gumbel",
        n: int = 100,
        seed: int = 0,
    ) -> None:
        super().__init__(title="Gumbel's race", logits=logits, law=law, n=n, seed=seed)

    def describe(self) -> str:
        rates = [math.exp(logit) for logit in self.logits]
        chances = ", ".join(f"{rate / sum(rates):.2f}" for rate in rates)
        shares = (
            f"The shares of {self.n} races are compared with softmax: {chances}."
            if self.law == "gumbel"
            else f"The noise is normal, so the shares of {self.n} races do not tend to softmax: {chances}."
        )
        return (
            f"Gumbel's race: four runners with rates {', '.join(f'{rate:.2f}' for rate in rates)}; the first "
            f"to arrive is the class that is drawn. {shares}"
        )
