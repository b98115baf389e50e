"""Six estimators of one categorical gradient against the truth, live: bias, variance, and who wins at n draws."""

import traitlets

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["EstimatorArena"]

WAYS = {
    "score": "the score function",
    "best": "the score function less the best constant",
    "loo": "the score function less the mean of the other draws",
    "relaxed": "the relaxed gradient",
    "through": "straight-through",
    "rebar": "REBAR",
}
COSTS = {"linear": "r.z", "target": "|z - e0|^2", "toy": "(z0 - 0.45)^2"}


class Ways(traitlets.Any):
    """One or more keys of ``WAYS``, each once. (``traitlets.List`` would take a string for a list of one.)"""

    def validate(self, obj: object, value: object) -> list[str]:
        where = f"{type(obj).__name__}: {self.name} must list one or more of {', '.join(WAYS)}, each once"
        if isinstance(value, str) or not isinstance(value, list | tuple):
            raise TypeError(f"{where}, got {value!r}")
        if not value or any(way not in WAYS for way in value) or len(set(value)) < len(value):
            raise ValueError(f"{where}, got {value!r}")
        return list(value)


class EstimatorArena(Widget):
    """Let estimators of the gradient of ``E f(z)`` in the logits compete on the same noise.

    The means, variances and biases add up over the components of the gradient. REBAR has ``eta = 1``
    and shares the temperature of the relaxed estimators.

    Args:
        ways: who competes, from ``"score"``, ``"best"`` (a constant baseline), ``"loo"`` (leave-one-out),
            ``"relaxed"``, ``"through"`` (straight-through), ``"rebar"``.
        cost: ``"linear"``, ``"target"`` or ``"toy"``.
        offset: added to the cost, from -10 to 10.
        categories: number of classes, from 2 to 10.
        tau: temperature, from 0.05 to 5.
        n: draws per estimate, from 2 to 2000.
        problem: which logits and rewards; both are draws from N(0, 1).
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("estimator_arena")
    _css = stylesheet("estimator_arena")
    ways = Ways(list(WAYS)).tag(sync=True)
    cost = Choice(*COSTS)
    offset = Number(0.0, -10, 10)
    categories = Count(8, 2, 10)
    tau = Number(0.5, 0.05, 5)
    n = Count(10, 2, 2000)
    problem = Count(0, 0, 2**31 - 1)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        ways: tuple[str, ...] = tuple(WAYS),
        cost: str = "linear",
        offset: float = 0.0,
        categories: int = 8,
        tau: float = 0.5,
        n: int = 10,
        problem: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="Estimator arena",
            ways=ways,
            cost=cost,
            offset=offset,
            categories=categories,
            tau=tau,
            n=n,
            problem=problem,
            seed=seed,
        )

    def describe(self) -> str:
        return (
            f"Estimator arena: {', '.join(WAYS[way] for way in self.ways)} estimate the gradient of E f(z) in the "
            f"logits of {self.categories} classes, for the cost {COSTS[self.cost]} + {self.offset:g} at temperature "
            f"{self.tau:g}. Two plots against the number of draws show each running mean beside the exact derivative, "
            f"and each mean squared error; a table lists bias, variance and error at n = {self.n}."
        )
