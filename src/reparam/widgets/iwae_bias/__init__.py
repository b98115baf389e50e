"""Three gradients of the importance-weighted bound, live: their means and their noise against K, exactly."""

import math

from torch import Tensor

from reparam import quadrature
from reparam.widgets.base import Count, Number, Widget, bundle, stylesheet

__all__ = ["IwaeBias", "draw", "exact"]

WAYS = {"total": 1, "path": 1, "dreg": 2}  # and the power of the share that weighs each draw


def draw(eps: Tensor, mu: float, sigma: float, way: str) -> tuple[Tensor, Tensor]:
    r"""Return log-weights, and the part of the derivative in :math:`\mu` that each draw brings.

    :math:`p(z) = \mathcal N(0, 1)`, :math:`p(x \mid z) = \mathcal N(z, 1)`, :math:`x = 1`, and
    :math:`q = \mathcal N(\mu, \sigma^2)`.

    Args:
        eps: ``[N]`` standard normal noise.
        mu: mean of ``q``.
        sigma: its standard deviation, ``> 0``.
        way: ``"total"``, path minus score, or ``"path"`` or ``"dreg"``, the path alone.

    Returns:
        two ``[N]``.
    """
    z = mu + sigma * eps
    log_w = 0.5 * (eps**2 - z**2 - (1 - z) ** 2 - math.log(2 * math.pi)) + math.log(sigma)
    path = 1 - 2 * z + eps / sigma
    return log_w, path - eps / sigma if way == "total" else path


def exact(mu: float, sigma: float, k: int, way: str, *, nodes: int = 100) -> quadrature.Moments:
    """Return mean and variance of one estimate from ``k`` draws, see :func:`reparam.quadrature.shares`.

    Args:
        mu: mean of ``q``.
        sigma: its standard deviation, ``> 0``.
        k: number of draws.
        way: a key of ``WAYS``.
        nodes: of the noise.

    Returns:
        two integrals, each with its error.
    """
    return quadrature.shares(lambda eps: draw(eps, mu, sigma, way), k, power=WAYS[way], nodes=nodes)


class IwaeBias(Widget):
    """Follow the total, the path and the doubly reparameterised gradient over the number of draws.

    Args:
        mu: mean of ``q``, from -1.5 to 2.5; the posterior's is 0.5.
        sigma: standard deviation of ``q``, from 0.3 to 1.5; the posterior's is 0.71.
        k: number of draws in the bound, from 1 to 100.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("iwae_bias")
    _css = stylesheet("iwae_bias")
    mu = Number(0.2, -1.5, 2.5)
    sigma = Number(0.9, 0.3, 1.5)
    k = Count(5, 1, 100)

    def __init__(self, mu: float = 0.2, sigma: float = 0.9, k: int = 5) -> None:
        super().__init__(title="Bias and noise against K", mu=mu, sigma=sigma, k=k)

    def describe(self) -> str:
        total, path = (
            round(exact(self.mu, self.sigma, self.k, way, nodes=60).mean.value.item(), 3) + 0
            for way in ("total", "path")
        )
        wake = (0.5 - self.mu) / self.sigma**2
        return (
            f"Bias and noise against K: for q with mean {self.mu:g} and deviation {self.sigma:g} the derivative of "
            f"the bound with K = {self.k} in the mean is {total:.3f}, which the total and the doubly "
            f"reparameterised estimate have as their mean. The path estimate has the mean {path:.3f} and tends to "
            f"the wake-phase gradient {wake:.3f}. Curves of signal over noise show one falling, two rising with K."
        )
