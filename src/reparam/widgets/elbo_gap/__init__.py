"""The gap of the ELBO, live, in a model where every term is known exactly."""

import math
from typing import NamedTuple

from reparam.widgets.base import Number, Widget, bundle, stylesheet

__all__ = ["ElboGap", "Ledger", "ledger"]


class Ledger(NamedTuple):
    """The terms of the bound in nats: ``log_px = elbo + gap``, ``elbo = reconstruction - kl``."""

    log_px: float
    reconstruction: float
    kl: float
    elbo: float
    gap: float


def ledger(x: float, mean: float, log_var: float, noise_sd: float) -> Ledger:
    r"""Return every term of the bound for ``p(z) = N(0, 1)`` and ``p(x|z) = N(z, noise_sd^2)``.

    Args:
        x: the datum.
        mean: mean of ``q``.
        log_var: log-variance of ``q``.
        noise_sd: standard deviation of the noise between ``z`` and ``x``, ``> 0``.

    Returns:
        Closed forms; ``gap`` is the divergence of ``q`` from the exact posterior.
    """
    noise, evidence = noise_sd**2, 1 + noise_sd**2
    log_px = -0.5 * (math.log(2 * math.pi * evidence) + x**2 / evidence)
    reconstruction = -0.5 * (math.log(2 * math.pi * noise) + ((x - mean) ** 2 + math.exp(log_var)) / noise)
    kl = 0.5 * (mean**2 + math.expm1(log_var) - log_var)
    wider = log_var - math.log(noise / evidence)
    gap = 0.5 * ((mean - x / evidence) ** 2 * evidence / noise + math.expm1(wider) - wider)
    return Ledger(log_px, reconstruction, kl, reconstruction - kl, gap)


class ElboGap(Widget):
    """Move ``q`` towards the exact posterior, and watch the bound close on ``log p(x)``.

    Args:
        x: the datum, from -3 to 3.
        mean: mean of ``q``, from -3 to 3.
        log_var: log-variance of ``q``, from -4 to 2.
        noise_sd: standard deviation of ``x`` around ``z``, from 0.2 to 3.

    Raises:
        TypeError, ValueError: a value is outside its range.
    """

    _esm = bundle("elbo_gap")
    _css = stylesheet("elbo_gap")
    x = Number(1.0, -3, 3)
    mean = Number(-0.5, -3, 3)
    log_var = Number(0.5, -4, 2)
    noise_sd = Number(1.0, 0.2, 3)

    def __init__(
        self, x: float = 1.0, mean: float = -0.5, log_var: float = 0.5, noise_sd: float = 1.0
    ) -> None:
        super().__init__(title="The gap of the ELBO", x=x, mean=mean, log_var=log_var, noise_sd=noise_sd)

    def describe(self) -> str:
        # Adding 0 turns the -0.0 of rounding into 0.
        terms = ledger(self.x, self.mean, self.log_var, self.noise_sd)
        log_px, reconstruction, kl, elbo, gap = (round(term, 2) + 0 for term in terms)
        return (
            f"The gap of the ELBO for one datum x = {self.x:g}, a prior N(0, 1) and x given z normal around z "
            f"with deviation {self.noise_sd:g}: q with mean {self.mean:g} and log-variance {self.log_var:g} has "
            f"the ELBO {elbo:.2f} nats, reconstruction {reconstruction:.2f} minus KL to the prior {kl:.2f}; "
            f"log p(x) is {log_px:.2f}, and the gap of {gap:.2f} is the KL from q to the exact posterior."
        )
