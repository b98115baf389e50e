"""A VAE with five numbers that trains in the reader's browser, by the gradient of the reader's choice."""

from reparam.widgets.base import Choice, Count, Number, Widget, bundle, stylesheet

__all__ = ["TinyVae"]

NAMES = {
    "pathwise": "the pathwise gradient",
    "score": "the score function",
    "baseline": "the score function with a leave-one-out baseline",
    "measure-valued": "the measure-valued gradient",
}


class TinyVae(Widget):
    """Train ``q(z|x) = N(a x + b, e^v)`` and ``p(x|z) = N(w z + k, 0.5^2)`` on sixteen numbers.

    Args:
        estimator: the encoder's gradient, ``"pathwise"``, ``"score"``, ``"baseline"`` (the score function with
            the mean reward of the other data subtracted) or ``"measure-valued"``.
        step: how many steps are shown, from 0 to 300.
        lr: learning rate of Adam, from 0.005 to 0.2.
        seed: of the noise.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("tiny_vae")
    _css = stylesheet("tiny_vae")
    estimator = Choice(*NAMES)
    step = Count(300, 0, 300)
    lr = Number(0.03, 0.005, 0.2)
    seed = Count(0, 0, 2**31 - 1)

    def __init__(self, estimator: str = "pathwise", step: int = 300, lr: float = 0.03, seed: int = 0) -> None:
        super().__init__(
            title="A VAE that trains in the page", estimator=estimator, step=step, lr=lr, seed=seed
        )

    def describe(self) -> str:
        return (
            f"A VAE that trains in the page: one latent, sixteen numbers as data, five parameters, Adam with the "
            f"learning rate {self.lr:g}. Shown are {self.step} steps with {NAMES[self.estimator]}: the exact ELBO "
            "beside that of three other estimators and below the best that any such model reaches, and the "
            "model's density beside the data."
        )
