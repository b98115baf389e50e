"""One diffusion step, live: a point, its noise, and the best guess of that noise from their mixture."""

import math

from reparam.widgets.base import Number, Widget, bundle, stylesheet

__all__ = ["DiffusionStep", "best_guess"]

WEIGHTS, CENTRES, WIDTH = (0.4, 0.6), (-1.2, 0.8), 0.2


def best_guess(x: float, log_snr: float) -> float:
    r"""Return :math:`\mathbb E[\epsilon \mid x_\lambda = x]` for the widget's two clusters.

    Args:
        x: the noisy point.
        log_snr: :math:`\lambda = \log(\alpha^2 / \sigma^2)`.

    Returns:
        The mean of the noise given the point, in closed form.
    """
    alpha, sigma = (1 / math.sqrt(1 + math.exp(s * log_snr)) for s in (-1, 1))
    v = (alpha * WIDTH) ** 2 + sigma**2
    log_r = [math.log(w) - (x - alpha * m) ** 2 / (2 * v) for w, m in zip(WEIGHTS, CENTRES, strict=True)]
    r = [math.exp(each - max(log_r)) for each in log_r]
    return sum(share * sigma * (x - alpha * m) / v for share, m in zip(r, CENTRES, strict=True)) / sum(r)


class DiffusionStep(Widget):
    """Add noise to a point of two clusters, and see how much of the noise can be read off the result.

    Args:
        log_snr: log signal-to-noise ratio of the level, from -6 (noise) to 6 (data).
        x0: the clean point, from -2 to 2.
        eps: its noise, from -3 to 3.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("diffusion_step")
    _css = stylesheet("diffusion_step")
    log_snr = Number(1.0, -6, 6)
    x0 = Number(0.8, -2, 2)
    eps = Number(-1.0, -3, 3)

    def __init__(self, log_snr: float = 1.0, x0: float = 0.8, eps: float = -1.0) -> None:
        super().__init__(title="One diffusion step", log_snr=log_snr, x0=x0, eps=eps)

    def describe(self) -> str:
        alpha, sigma = (1 / math.sqrt(1 + math.exp(s * self.log_snr)) for s in (-1, 1))
        x = alpha * self.x0 + sigma * self.eps
        guess = best_guess(x, self.log_snr)
        # Adding 0 turns the -0.0 of rounding into 0.
        x, guess = (round(value, 2) + 0 for value in (x, guess))
        return (
            f"One diffusion step on data in two clusters, at log signal-to-noise ratio {self.log_snr:g}: the point "
            f"{self.x0:g} with noise {self.eps:g} becomes {x:.2f}, and the best guess of the noise from there is "
            f"{guess:.2f}. The smallest mean squared error at this level is the floor of every network's loss."
        )
