"""Gumbel's race, live: exponential clocks, one winner, and the shares of many races."""

import math

import traitlets

from reparam.widgets.base import Choice, Count, Widget, bundle, stylesheet

__all__ = ["GumbelRace"]


class Logits(traitlets.List):
    """Four finite numbers from -3 to 3, one per runner."""

    def validate(self, obj: object, value: object) -> list[float]:
        where = f"{type(obj).__name__}: {self.name} must be 4 numbers from -3 to 3"
        try:
            numbers = [float(v) for v in value]
        except (TypeError, ValueError):
            raise TypeError(f"{where}, got {value!r}") from None
        if len(numbers) != 4 or not all(-3 <= v <= 3 for v in numbers):
            raise ValueError(f"{where}, got {value!r}")
        return super().validate(obj, numbers)


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
    logits = Logits([1.0, 0.5, 0.0, -1.0]).tag(sync=True)
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
