"""The race for the first k places, live: draws without replacement, and the exact Plackett-Luce law."""

import math

from reparam.widgets.base import Choice, Count, Numbers, Widget, bundle, stylesheet

__all__ = ["TopKRace"]


class TopKRace(Widget):
    r"""Let runners with rates :math:`e^{\ell_i}` race for the first :math:`k` places, and count who gets them.

    Args:
        logits: four or five unnormalised log-probabilities, from -3 to 3.
        k: number of places, from 1 to 3.
        count: ``"ordered"`` counts who comes first, second, third; ``"sets"`` only who is among them.
        n: number of races, from 1 to 10,000; the last one is drawn.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("top_k_race")
    _css = stylesheet("top_k_race")
    logits = Numbers((1.0, 0.5, 0.0, -1.0), -3, 3, sizes=(4, 5))
    k = Count(2, 1, 3)
    count = Choice("ordered", "sets")
    n = Count(200, 1, 10_000)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        logits: tuple[float, ...] = (1.0, 0.5, 0.0, -1.0),
        k: int = 2,
        count: str = "ordered",
        n: int = 200,
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="The race for the first k places", logits=logits, k=k, count=count, n=n, seed=seed
        )

    def describe(self) -> str:
        ranked = sorted(range(len(self.logits)), key=lambda i: -self.logits[i])
        rates = [math.exp(logit) for logit in self.logits]
        chance, left = 1.0, sum(rates)
        for i in ranked[: self.k]:
            chance, left = chance * rates[i] / left, left - rates[i]
        order = ", ".join(str(i) for i in ranked[: self.k])
        size = "Four" if len(self.logits) == 4 else "Five"
        places = "place" if self.k == 1 else f"{self.k} places"
        how = "in order" if self.count == "ordered" else "as sets"
        return (
            f"{size} runners race for the first {places}, {self.n} times; nobody is placed twice. "
            f"The placed are counted {how} and compared with the exact Plackett-Luce law, under which the most "
            f"likely order, {order}, has probability {chance:.3f}."
        )
