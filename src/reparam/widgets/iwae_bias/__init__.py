"""Three gradients of the importance-weighted bound, live: their means and their noise against K, exactly."""

from reparam.widgets.base import Count, Number, Widget, bundle, stylesheet

__all__ = ["IwaeBias", "ends"]


def ends(mu: float, sigma: float) -> tuple[float, float]:
    r"""Return the mean of the path estimate at :math:`K = 1` and its limit as :math:`K` grows.

    The first is the derivative of the ELBO, :math:`1 - 2 \mu`, the second the wake-phase gradient, the derivative
    of :math:`\log q` averaged over the posterior :math:`\mathcal N(1/2, 1/2)`.

    Args:
        mu: mean of ``q``.
        sigma: its standard deviation, ``> 0``.

    Returns:
        two derivatives in ``mu``.
    """
    return 1 - 2 * mu, (0.5 - mu) / sigma**2


class IwaeBias(Widget):
    """Follow the total, the path and the doubly reparameterised gradient over the number of draws.

    ``p(z)`` is N(0, 1), ``p(x | z)`` is N(z, 1), and ``x`` is 1.

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
        elbo, wake = (round(end, 3) + 0 for end in ends(self.mu, self.sigma))
        return (
            f"Bias and noise against K, here K = {self.k}: q has mean {self.mu:g} and deviation {self.sigma:.3g}. "
            f"As K grows from 1, the derivative of the bound in the mean goes from {elbo:.3f} to 0; total and DReG "
            f"follow it on average, the path estimate goes to the wake-phase gradient {wake:.3f}. In the second "
            "panel signal over noise falls for the total estimate, and rises for the other two."
        )
