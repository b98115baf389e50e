"""The integrand of the ELBO above a line through the exact posterior: flat in z there, and sloped in the parameters."""

import math
from typing import NamedTuple

from reparam.widgets.base import Choice, Number, Widget, bundle, stylesheet

__all__ = ["LINES", "LandingSurface", "Slopes", "slopes"]

LINES = {"both": (1.0, 0.5), "mean": (1.0, 0.0), "width": (0.0, 0.5)}
WORDS = {"both": "mean and width", "mean": "the mean", "width": "the width"}


class Slopes(NamedTuple):
    """The height, its slope in z, the two parts of the derivative in t, and the derivative's exact mean."""

    height: float
    in_z: float
    path: float
    score: float
    exact: float


def slopes(line: str, t: float, z: float) -> Slopes:
    r"""Return the surface :math:`\log p(z \mid x) - \log q_t(z)` and its slopes at one point.

    The posterior is :math:`\mathcal N(0, 1)` and :math:`q_t = \mathcal N(a t, e^{2 b t})`. One draw of the derivative
    in :math:`t` is ``path - score``.

    Args:
        line: which of ``LINES`` gives :math:`(a, b)`.
        t: place on the line; at 0 ``q`` is the posterior.
        z: the point.

    Returns:
        Closed forms.
    """
    a, b = LINES[line]
    sigma = math.exp(b * t)
    eps = (z - a * t) / sigma
    in_z = eps / sigma - z
    return Slopes(
        height=0.5 * (eps**2 - z**2) + b * t,
        in_z=in_z,
        path=in_z * (a + b * sigma * eps),
        score=a * eps / sigma + b * (eps**2 - 1),
        exact=-(a * a * t) - b * math.expm1(2 * b * t),
    )


class LandingSurface(Widget):
    """Drag a point over ``log p - log q``: towards the exact posterior one slope vanishes, the other stays.

    Args:
        line: what changes along the line, ``"both"``, ``"mean"`` or ``"width"``.
        t: place on the line, from -1 to 1; at 0 ``q`` is the posterior.
        z: the point, from -3 to 3.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("landing_surface")
    _css = stylesheet("landing_surface")
    line = Choice(*LINES)
    t = Number(0.6, -1, 1)
    z = Number(1.5, -3, 3)

    def __init__(self, line: str = "both", t: float = 0.6, z: float = 1.5) -> None:
        super().__init__(title="The landing surface", line=line, t=t, z=z)

    def describe(self) -> str:
        here = [round(value, 2) + 0 for value in slopes(self.line, self.t, self.z)]
        return (
            f"The landing surface log p(z|x) - log q(z) for the posterior N(0, 1), along a line on which "
            f"{WORDS[self.line]} of q changes. At t = {self.t:g} and z = {self.z:g} its height is {here[0]:.2f}; "
            f"the path derivative is {here[2]:.2f}, minus the score is {0 - here[3] + 0:.2f}, and their exact mean "
            f"is {here[4]:.2f}. At t = 0 the surface is flat in z."
        )
