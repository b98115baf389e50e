"""One Hard Concrete gate, live: a density between 0 and 1, and the exact mass at both ends."""

import math

from reparam.widgets.base import Count, Number, Widget, bundle, stylesheet

__all__ = ["HardConcreteGate", "masses"]


def masses(log_alpha: float, beta: float, gamma: float, zeta: float) -> tuple[float, float, float]:
    """Return the exact probabilities that a gate is 0, between 0 and 1, and 1."""

    def cdf(z: float) -> float:
        t = beta * math.log((z - gamma) / (zeta - z)) - log_alpha
        return 1 / (1 + math.exp(-t)) if t > -700 else 0.0

    zero, below_one = cdf(0.0), cdf(1.0)
    return zero, below_one - zero, 1 - below_one


class HardConcreteGate(Widget):
    r"""Stretch a relaxed gate beyond 0 and 1, fold it back, and see the mass that lands on the ends.

    Args:
        log_alpha: location, from -5 to 5; more opens the gate.
        beta: temperature, from 0.1 to 3.
        gamma: lower end of the stretched interval, from -0.3 to -0.01.
        zeta: upper end of the stretched interval, from 1.01 to 1.3.
        n: number of gates drawn, from 1 to 48.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("hard_concrete_gate")
    _css = stylesheet("hard_concrete_gate")
    log_alpha = Number(0.0, -5, 5)
    beta = Number(2 / 3, 0.1, 3)
    gamma = Number(-0.1, -0.3, -0.01)
    zeta = Number(1.1, 1.01, 1.3)
    n = Count(24, 1, 48)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        log_alpha: float = 0.0,
        beta: float = 2 / 3,
        gamma: float = -0.1,
        zeta: float = 1.1,
        n: int = 24,
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="A Hard Concrete gate",
            log_alpha=log_alpha,
            beta=beta,
            gamma=gamma,
            zeta=zeta,
            n=n,
            seed=seed,
        )

    def describe(self) -> str:
        zero, between, one = masses(self.log_alpha, self.beta, self.gamma, self.zeta)
        return (
            f"A Hard Concrete gate with log alpha {self.log_alpha:g} and temperature {self.beta:.3g}, stretched to "
            f"({self.gamma:g}, {self.zeta:g}): it is exactly 0 with probability {zero:.3f}, between 0 and 1 with "
            f"{between:.3f}, exactly 1 with {one:.3f}. {self.n} gates are drawn."
        )
