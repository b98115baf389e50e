"""One training step of a one-dimensional VAE, live: every number, forwards and backwards."""

import math

from reparam.widgets.base import Number, Numbers, Widget, bundle, stylesheet

__all__ = ["VaeStep", "losses"]


def losses(
    x: float, encoder: list[float], decoder: list[float], eps: float, lr: float
) -> tuple[float, float]:
    """Return the loss before and after one step of gradient descent, with the same noise.

    Args:
        x: the datum.
        encoder: ``a, b, c, d`` of ``mean = a x + b`` and ``log_var = c x + d``.
        decoder: ``w, k`` of ``xhat = w z + k``.
        eps: the noise in ``z = mean + exp(log_var / 2) eps``.
        lr: learning rate.

    Returns:
        Two losses, negative ELBOs in nats; the second is infinite where the step overflows.
    """

    def forward(weights: list[float]) -> tuple[float, float, float, float, float]:
        a, b, c, d, w, k = weights
        mean, log_var = a * x + b, c * x + d
        sigma = math.exp(log_var / 2)
        z = mean + sigma * eps
        xhat = w * z + k
        kl = (mean**2 + math.expm1(log_var) - log_var) / 2
        return mean, sigma, z, xhat, ((x - xhat) ** 2 + math.log(2 * math.pi)) / 2 + kl

    before = [*encoder, *decoder]
    mean, sigma, z, xhat, loss = forward(before)
    d_xhat = xhat - x
    d_z = d_xhat * before[4]
    d_mean = d_z + mean
    d_log_var = d_z * sigma * eps / 2 + (sigma**2 - 1) / 2
    grads = (d_mean * x, d_mean, d_log_var * x, d_log_var, d_xhat * z, d_xhat)
    try:
        again = forward([value - lr * grad for value, grad in zip(before, grads, strict=True)])[-1]
    except OverflowError:
        again = math.inf
    return loss, again


class VaeStep(Widget):
    """Walk through one training step: encode, sample, decode, score, gradients, update.

    Every number is an input; the gradients can be played, one link of the chain rule at a time.

    Args:
        x: the datum, from -3 to 3.
        encoder: ``a, b, c, d`` of ``mean = a x + b`` and ``log_var = c x + d``, each from -3 to 3.
        decoder: ``w, k`` of ``xhat = w z + k``, each from -3 to 3.
        eps: the noise, from -3 to 3.
        lr: learning rate, from 0.001 to 1.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("vae_step")
    _css = stylesheet("vae_step")
    x = Number(1.0, -3, 3)
    encoder = Numbers((0.6, 0.1, -0.4, -0.2), -3, 3)
    decoder = Numbers((0.8, 0.1), -3, 3)
    eps = Number(0.5, -3, 3)
    lr = Number(0.1, 0.001, 1)

    def __init__(
        self,
        x: float = 1.0,
        encoder: tuple[float, float, float, float] = (0.6, 0.1, -0.4, -0.2),
        decoder: tuple[float, float] = (0.8, 0.1),
        eps: float = 0.5,
        lr: float = 0.1,
    ) -> None:
        super().__init__(title="One VAE step by hand", x=x, encoder=encoder, decoder=decoder, eps=eps, lr=lr)

    def describe(self) -> str:
        both = losses(self.x, self.encoder, self.decoder, self.eps, self.lr)
        before, after = (f"{loss:.4f}" if abs(loss) < 1e7 else f"{loss:.3g}" for loss in both)
        return (
            f"One VAE step by hand, at x = {self.x:g} with noise eps = {self.eps:g}, in six cards: encode, "
            "sample, decode, score, gradients, update, each with its formulas and its numbers. With learning "
            f"rate {self.lr:g} the loss goes from {before} to {after} at the same noise."
        )
