"""Questions on sticking the landing: what the score inside a gradient costs, and when it helps."""

import math
from random import Random

from . import Draft, number, template

PART = "Sticking the landing"
CHAPTER = "a-score-hides-inside"


@template(PART, CHAPTER)
def best_share(stream: Random) -> Draft:
    """The share of the score to leave out."""
    q, p = stream.choice([0.25, 0.5, 1, 2]), stream.choice([0.5, 1, 3, 4])
    return {
        "text": rf"The posterior is $\mathcal N(0, {p})$, the encoder says $q = \mathcal N(1, {q})$ "
        r"(mean, variance). Which share $c^\star$ of the score, left out of the gradient in $\mu$, makes "
        r"its variance smallest?",
        "answer": q / p,
        "working": r"$c^\star = \sigma^2 / s^2$, the variance of $q$ over that of the posterior.",
        "slips": [
            (p / q, "The other way round: q's variance over the posterior's."),
            (math.sqrt(q / p), "That is the ratio of the standard deviations."),
            (1.0, "Only where q has the right width is leaving out all of it the best."),
        ],
        "given": {"q": q, "p": p},
    }


@template(PART, CHAPTER)
def total_at_the_posterior(stream: Random) -> Draft:
    """The noise that is left when q is already right."""
    v, m = stream.choice([0.1, 0.2, 0.25, 0.4, 2, 4]), stream.choice([-1, 0.5, 2])
    return {
        "text": rf"The encoder is perfect: $q$ is the exact posterior $\mathcal N({m}, {v})$ (mean, "
        r"variance). What is the variance over draws of the *total* derivative of $\log p(x, z) - \log "
        r"q(z)$ in $\mu$?",
        "answer": 1 / v,
        "working": r"What is left is minus the score, $-\varepsilon/\sigma$, with the variance $1/\sigma^2$.",
        "slips": [
            (0.0, "That is the path derivative. The value has no noise at all, the total derivative has."),
            (v, "The gradient divides by the variance of q."),
            (1 / math.sqrt(v), "That is its standard deviation."),
        ],
        "given": {"v": v, "m": m},
    }


@template(PART, CHAPTER)
def path_variance(stream: Random) -> Draft:
    """The variance of the path derivative for a q of another width."""
    q, p = stream.choice([0.2, 0.25, 0.4, 0.5, 2, 5]), stream.choice([1, 3, 4, 6])
    path = (1 / math.sqrt(q) - math.sqrt(q) / p) ** 2
    return {
        "text": rf"The posterior is $\mathcal N(0, {p})$ and $q = \mathcal N(1, {q})$ (mean, variance). "
        r"What is the variance of the *path* derivative in $\mu$, the one without the score?",
        "answer": path,
        "working": r"Its noise is $(1/\sigma - \sigma/s^2)\,\varepsilon$ with $\sigma = "
        rf"{number(math.sqrt(q))}$, $s^2 = {p}$.",
        "slips": [
            (q / p**2, "That is the variance of the total derivative."),
            (0.0, "It is silent only where q is the posterior."),
            (1 / q, "That is the variance of the score alone."),
        ],
        "given": {"q": q, "p": p},
    }
