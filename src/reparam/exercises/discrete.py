"""The checked exercises of "Discrete choices"."""

import math

import torch

from reparam import oracles
from reparam.exercises import given
from reparam.exercises.verdict import Exercise

__all__ = ["EXERCISES"]


def _logit(c):
    return math.log(c / (1 - c))


def _margin(logits):
    return logits[:, 0] - logits[:, 1]


def _above(logits, c, tau):
    """Integrate over the noise of class 1 the chance that class 0 beats it by the margin needed."""
    needed = tau * _logit(c) - _margin(logits)
    edges = [10.0**-k for k in range(1, 12)]
    return oracles.uniform_expectation(
        lambda u: -torch.expm1(u.log() * torch.exp(-needed)), nodes=20, breaks=edges
    ).value


EXERCISES = {
    "nearly-hard": Exercise(
        inputs=lambda g: (given.normal(g, 4, 2), given.between(g, 0.6, 0.95), given.between(g, 0.3, 0.8)),
        truth=_above,
        matched="P(y_0 > c), by quadrature over the noise",
        slips={
            "This is the law at temperature 1: tau does not occur in it. How large must the gap of the scores "
            "be for y_0 > c?": lambda logits, c, tau: torch.sigmoid(_margin(logits) - _logit(c)),
            "The temperature divides where it should multiply. At a low tau a small gap of the scores is "
            "enough.": lambda logits, c, tau: torch.sigmoid(_margin(logits) - _logit(c) / tau),
            "The centre of the log-odds is d / tau, and their scale is 1 / tau, not 1.": lambda logits, c, tau: (
                torch.sigmoid(_margin(logits) / tau - _logit(c))
            ),
            "This is the chance that y_0 stays below c.": lambda logits, c, tau: torch.sigmoid(
                tau * _logit(c) - _margin(logits)
            ),
            "The logits give no probability by themselves: their difference counts, not logits[:, 0] "
            "alone.": lambda logits, c, tau: torch.sigmoid(logits[:, 0] - tau * _logit(c)),
        },
    ),
}
