"""The inverse cdf, live: drag the noise up the vertical axis, read the sample off the curve, move the parameter."""

from reparam.widgets.base import Choice, Number, Widget, bundle, stylesheet

__all__ = ["InverseCdf"]

FAMILIES = {
    "gamma": ("Gamma", "shape"),
    "normal": ("normal", "standard deviation"),
    "logistic": ("logistic", "scale"),
    "laplace": ("Laplace", "scale"),
    "gumbel": ("Gumbel", "scale"),
    "exponential": ("exponential", "rate"),
    "mixture": ("mixture of two normals", "odds of the right one"),
    "poisson": ("Poisson", "mean"),
}


class InverseCdf(Widget):
    """Read a sample off a cdf at the height of the noise, and see how it moves with the parameter.

    All laws are in standard position. The mixture has two normals of standard deviation 1/2, at -1.5 and
    1.5; the Poisson law is discrete, and its samples jump.

    Args:
        family: ``"gamma"``, ``"normal"``, ``"logistic"``, ``"laplace"``, ``"gumbel"``, ``"exponential"``,
            ``"mixture"`` or ``"poisson"``.
        theta: its one parameter, from 0.4 to 2.5: a scale, rate, shape, mean, or odds.
        u: the noise, from 0.02 to 0.98.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("inverse_cdf")
    _css = stylesheet("inverse_cdf")
    family = Choice(*FAMILIES)
    theta = Number(1.2, 0.4, 2.5)
    u = Number(0.7, 0.02, 0.98)

    def __init__(self, family: str = "gamma", theta: float = 1.2, u: float = 0.7) -> None:
        super().__init__(title="The inverse cdf", family=family, theta=theta, u=u)

    def describe(self) -> str:
        law, parameter = FAMILIES[self.family]
        ending = (
            "The cdf is a staircase: the sample stays, then jumps."
            if self.family == "poisson"
            else "A second cdf, a little further in the parameter, shows how far the sample moves at this noise."
        )
        return (
            f"The cdf of the {law} law with {parameter} {self.theta:g}: the noise u = {self.u:g} on the vertical axis "
            f"meets the curve, and the sample z is read off below. {ending}"
        )
