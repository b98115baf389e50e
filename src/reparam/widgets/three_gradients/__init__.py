"""Three Monte-Carlo gradients of one integral, live: exact variances, and estimates beside the truth."""

import math

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["ThreeGradients", "exact_gradient"]

COSTS = {"cosine": "cos(k z)", "square": "(z - k)^2", "bump": "exp(-k z^2)", "step": "1[z > k]"}


def exact_gradient(cost: str, k: float, mu: float, sigma: float) -> float:
    r"""Return :math:`\partial_\mu \mathbb E f(\mu + \sigma \epsilon)` in closed form.

    Args:
        cost: a key of ``COSTS``.
        k: the cost's own parameter.
        mu: mean.
        sigma: standard deviation, ``> 0``.

    Returns:
        The derivative; an offset of the cost does not change it.
    """
    if cost == "square":
        return 2 * (mu - k)
    if cost == "cosine":
        return -k * math.sin(k * mu) * math.exp(-0.5 * (k * sigma) ** 2)
    if cost == "bump":
        spread = 1 + 2 * k * sigma**2
        return -2 * k * mu * spread**-1.5 * math.exp(-k * mu**2 / spread)
    return math.exp(-0.5 * ((k - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


class ThreeGradients(Widget):
    """Compare score function, pathwise and measure-valued estimates of one derivative.

    Args:
        cost: ``"cosine"``, ``"square"``, ``"bump"`` or ``"step"``, see :func:`exact_gradient`.
        k: the cost's own parameter, from 0.1 to 10.
        mu: mean, from -3 to 3.
        sigma: standard deviation, from 0.1 to 2.
        offset: added to the cost, from -10 to 10.
        baseline: what the score function subtracts: ``"none"``, ``"mean"`` or ``"best"``.
        n: number of draws, from 2 to 1000.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("three_gradients")
    _css = stylesheet("three_gradients")
    cost = Choice(*COSTS)
    k = Number(1.0, 0.1, 10)
    mu = Number(0.5, -3, 3)
    sigma = Number(1.0, 0.1, 2)
    offset = Number(0.0, -10, 10)
    baseline = Choice("none", "mean", "best")
    n = Count(100, 2, 1000)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        cost: str = "cosine",
        k: float = 1.0,
        mu: float = 0.5,
        sigma: float = 1.0,
        offset: float = 0.0,
        baseline: str = "none",
        n: int = 100,
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="Three gradients",
            cost=cost,
            k=k,
            mu=mu,
            sigma=sigma,
            offset=offset,
            baseline=baseline,
            n=n,
            seed=seed,
        )

    def describe(self) -> str:
        exact = round(exact_gradient(self.cost, self.k, self.mu, self.sigma), 3) + 0
        return (
            f"Three gradients: curves of the variance of the score-function, pathwise and measure-valued estimate "
            f"of d/dmu against k, for the cost {COSTS[self.cost]} + {self.offset:g} with k = {self.k:g}, mu = "
            f"{self.mu:g}, sigma = {self.sigma:g}. Below, each estimate from {self.n} draws with two standard errors "
            f"beside the exact value {exact:.3f}."
        )
