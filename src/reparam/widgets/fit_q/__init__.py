"""A Gaussian q is fitted to a Gaussian p in the page, with the score in its gradient, without it, or with it alone."""

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["TARGETS", "FitQ"]

# Mean and covariance of p. The q of the widget is diagonal: only the last target is out of its reach.
TARGETS = {
    "line": ([0.5], [[0.64]]),
    "plane": ([0.5, -0.4], [[0.64, 0.0], [0.0, 1.44]]),
    "tilted": ([0.5, -0.4], [[1.0, 0.72], [0.72, 1.0]]),
}
NAMES = {"path": "the path derivative", "total": "the total derivative", "score": "the score alone"}
PLACES = {
    "line": "a normal p on the line",
    "plane": "a normal p in the plane, with independent coordinates",
    "tilted": "a correlated normal p in the plane, out of reach of q's family",
}


class FitQ(Widget):
    """Fit a diagonal Gaussian ``q`` to a Gaussian ``p`` by single draws and a constant learning rate.

    Args:
        target: ``"line"``, ``"plane"`` or ``"tilted"``, keys of ``TARGETS``.
        estimator: which run is shown thick, ``"path"``, ``"total"`` or ``"score"`` (the dropped part alone).
        step: how many steps are shown, from 0 to 300.
        lr: learning rate, from 0.005 to 0.1.
        sigma: standard deviation of ``q`` at the start, from 0.3 to 2.
        seed: of the noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("fit_q")
    _css = stylesheet("fit_q")
    target = Choice(*TARGETS)
    estimator = Choice(*NAMES)
    step = Count(300, 0, 300)
    lr = Number(0.05, 0.005, 0.1)
    sigma = Number(1.5, 0.3, 2)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(
        self,
        target: str = "line",
        estimator: str = "path",
        step: int = 300,
        lr: float = 0.05,
        sigma: float = 1.5,
        seed: int = 0,
    ) -> None:
        super().__init__(
            title="Fit q to p", target=target, estimator=estimator, step=step, lr=lr, sigma=sigma, seed=seed
        )

    def describe(self) -> str:
        return (
            f"Fit q to p: a normal q that starts with the deviation {self.sigma:g} is fitted to {PLACES[self.target]}, "
            f"one draw a step, with the learning rate {self.lr:g}. Shown are {self.step} steps with "
            f"{NAMES[self.estimator]}, and beside it the exact KL(q || p) of the runs with the path, "
            "with the total derivative and with the score alone, all with the same noise."
        )
