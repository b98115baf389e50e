"""The divergence of two normals, live: the integrand is shaded, in either direction."""

import math

from reparam.widgets.base import Choice, Number, Widget, bundle, stylesheet

__all__ = ["KlExplorer", "divergence"]


def divergence(mean: float, sigma: float, other_mean: float, other_sigma: float) -> float:
    """Return the KL of one normal from another, in nats and ``>= 0``.

    Args:
        mean: mean of the normal that the average is taken over.
        sigma: its standard deviation, ``> 0``.
        other_mean: mean of the other normal.
        other_sigma: standard deviation of the other normal, ``> 0``.

    Returns:
        The closed form; 0 if and only if the two are equal.
    """
    wider = 2 * math.log(sigma / other_sigma)
    return 0.5 * (((mean - other_mean) / other_sigma) ** 2 + math.expm1(wider) - wider)


class KlExplorer(Widget):
    """Move two normals, and watch what each point of the line adds to the divergence.

    Args:
        mean: mean of ``q``, from -3 to 3.
        sigma: standard deviation of ``q``, from 0.2 to 2.
        mean_p: mean of ``p``, from -3 to 3.
        sigma_p: standard deviation of ``p``, from 0.2 to 2.
        direction: ``"q-p"`` for KL(q || p), the average over ``q``; ``"p-q"`` for KL(p || q).

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("kl_explorer")
    _css = stylesheet("kl_explorer")
    mean = Number(0.8, -3, 3)
    sigma = Number(0.6, 0.2, 2)
    mean_p = Number(0.0, -3, 3)
    sigma_p = Number(1.0, 0.2, 2)
    direction = Choice("q-p", "p-q")

    def __init__(
        self,
        mean: float = 0.8,
        sigma: float = 0.6,
        mean_p: float = 0.0,
        sigma_p: float = 1.0,
        direction: str = "q-p",
    ) -> None:
        super().__init__(
            title="The KL of two normals",
            mean=mean,
            sigma=sigma,
            mean_p=mean_p,
            sigma_p=sigma_p,
            direction=direction,
        )

    def describe(self) -> str:
        q, p = (self.mean, self.sigma), (self.mean_p, self.sigma_p)
        over = self.direction[0]
        return (
            f"The KL of two normals: q has mean {self.mean:g} and deviation {self.sigma:g}, p has mean "
            f"{self.mean_p:g} and deviation {self.sigma_p:g}. KL(q || p) is {divergence(*q, *p):.3f} nats and "
            f"KL(p || q) is {divergence(*p, *q):.3f}. Shaded is the integrand of the one that averages over {over}: "
            "the area above zero minus the area below is the divergence."
        )
