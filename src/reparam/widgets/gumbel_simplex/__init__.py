"""Gumbel-Softmax samples on the simplex, live: the same noise at every temperature."""

import math

import traitlets

from reparam.widgets.base import Choice, Count, Number, Numbers, Widget, bundle, stylesheet

__all__ = ["GumbelSimplex"]


class GumbelSimplex(Widget):
    """Move the temperature and watch samples glide between the centre and the corners.

    Args:
        logits: three unnormalised log-probabilities, from -4 to 4.
        tau: temperature, from 0.05 to 10.
        n: number of samples, from 2 to 1000.
        seed: which noise.
        compact: a wide picture with the temperature alone, which breathes until touched; fixed once made.
        forward: ``"soft"`` passes y forward, ``"straight-through"`` passes its nearest corner forward and
            shows the slopes of y that are passed backward.
        density: ``"shown"`` shades the triangle by the density of the Concrete law, ``"hidden"`` does not.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("gumbel_simplex")
    _css = stylesheet("gumbel_simplex")
    logits = Numbers((1.0, 0.3, -0.5), -4, 4)
    tau = Number(1.0, 0.05, 10)
    n = Count(400, 2, 1000)
    seed = Count(0, 0, 2**31 - 1)
    compact = traitlets.Bool(False).tag(sync=True)
    forward = Choice("soft", "straight-through")
    density = Choice("hidden", "shown")

    def __init__(
        self,
        logits: tuple[float, float, float] = (1.0, 0.3, -0.5),
        tau: float = 1.0,
        n: int = 400,
        seed: int = 0,
        compact: bool = False,
        forward: str = "soft",
        density: str = "hidden",
    ) -> None:
        if compact:
            self._esm = bundle("gumbel_simplex/compact")
        super().__init__(
            title="Gumbel-Softmax on the simplex",
            logits=logits,
            tau=tau,
            n=n,
            seed=seed,
            compact=compact,
            forward=forward,
            density=density,
        )

    def describe(self) -> str:
        powers = [math.exp(logit) for logit in self.logits]
        chances = ", ".join(f"{power / sum(powers):.2f}" for power in powers)
        return (
            f"Three classes with probabilities {chances}: {self.n} Gumbel-Softmax samples, drawn on a "
            f"triangle at temperature {self.tau:g}. Warm samples sit near the centre, cold ones at the "
            "corners; the nearest corner of a sample never changes."
            + (" Forward, a sample is that corner; backward, y." if self.forward != "soft" else "")
        )
