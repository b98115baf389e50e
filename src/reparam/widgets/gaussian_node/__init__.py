"""One Gaussian node, live: the noise stays, the samples and their gradients move."""

import math

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["GaussianNode", "exact_gradient"]

COSTS = {"square": "(z - 1)^2", "cosine": "cos(3z)", "step": "1[z > 0]"}


def exact_gradient(cost: str, mu: float, sigma: float) -> tuple[float, float]:
    r"""Return the gradient of :math:`\mathbb E f(\mu + \sigma \epsilon)` in ``mu`` and ``sigma``.

    Args:
        cost: ``"square"`` for :math:`(z - 1)^2`, ``"cosine"`` for :math:`\cos 3z`, ``"step"``
            for :math:`1[z > 0]`.
        mu: mean.
        sigma: standard deviation, ``> 0``.

    Returns:
        The two partial derivatives, in closed form.
    """
    if cost == "square":
        return 2 * (mu - 1), 2 * sigma
    if cost == "cosine":
        damp = math.exp(-4.5 * sigma**2)
        return -3 * math.sin(3 * mu) * damp, -9 * sigma * math.cos(3 * mu) * damp
    density = math.exp(-0.5 * (mu / sigma) ** 2) / math.sqrt(2 * math.pi)
    return density / sigma, -mu / sigma**2 * density


class GaussianNode(Widget):
    """Carry noise through ``z = mu + sigma * eps``, and watch each sample's gradient.

    Args:
        mu: mean, from -3 to 3.
        sigma: standard deviation, from 0.1 to 3.
        cost: ``"square"``, ``"cosine"`` or ``"step"``, see :func:`exact_gradient`.
        estimator: ``"pathwise"`` or ``"score"``.
        n: number of noise draws, from 2 to 500.
        seed: which noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("gaussian_node")
    _css = stylesheet("gaussian_node")
    mu = Number(0.5, -3, 3)
    sigma = Number(1.0, 0.1, 3)
    cost = Choice(*COSTS)
    estimator = Choice("pathwise", "score")
    n = Count(32, 2, 500)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        mu: float = 0.5,
        sigma: float = 1.0,
        cost: str = "square",
        estimator: str = "pathwise",
        n: int = 32,
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="One Gaussian node", mu=mu, sigma=sigma, cost=cost, estimator=estimator, n=n, seed=seed
        )

    def describe(self) -> str:
        by = "score-function" if self.estimator == "score" else "pathwise"
        # Adding 0 turns the -0.0 of rounding into 0.
        by_mu, by_sigma = (round(g, 2) + 0 for g in exact_gradient(self.cost, self.mu, self.sigma))
        return (
            f"One Gaussian node: {self.n} noise draws become samples z = {self.mu:g} + {self.sigma:g} eps "
            f"with cost {COSTS[self.cost]}, each with its {by} gradient. Their mean is compared with the exact "
            f"gradient: {by_mu:.2f} for mu, {by_sigma:.2f} for sigma."
        )
