"""The checked exercises of "Discrete choices"."""

import math

import torch

from reparam import oracles, orders
from reparam.exercises import given
from reparam.exercises.verdict import Exercise, shaped

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


def _over_triples(answer, logits, costs):
    """Return mean and total variance of a gradient from three draws, by enumerating all of them."""
    k, p = len(logits), logits.softmax(0)
    scores = torch.eye(k, dtype=p.dtype) - p
    triples = torch.cartesian_prod(*[torch.arange(k)] * 3)
    each = torch.stack([shaped(answer(costs[t], scores[t]), k) for t in triples])
    weight = p[triples].prod(-1)
    mean = weight @ each
    return {"The mean": mean, "The variance": (weight @ (each - mean) ** 2).sum()}


def _minus_others(costs, scores):
    others = (costs.sum() - costs) / (len(costs) - 1)
    return ((costs - others)[:, None] * scores).mean(0)


def _true_triples(logits, costs):
    by_formula = _over_triples(_minus_others, logits, costs)
    return by_formula | {"The mean": oracles.exact_grad(lambda z: z @ costs, logits)}


def _lowest(logits, rewards):
    """Return where the exact variance, a parabola in the baseline, is lowest, from three of its points."""
    p = logits.softmax(0)
    scores = torch.eye(len(p), dtype=p.dtype) - p
    left, middle, right = (p @ (((rewards - b)[:, None] * scores) ** 2).sum(-1) for b in (-1.0, 0.0, 1.0))
    return (left - right) / (2 * (left + right - 2 * middle))


def _weighed(weights):
    """Return the answer: the mean of the rewards with ``weights(p, squared length of the score)``."""

    def answer(logits, rewards):
        p = logits.softmax(0)
        w = weights(p, 1 - 2 * p + (p**2).sum())
        return (w * rewards).sum() / w.sum()

    return answer


def _by_orders(logits):
    pairs = orders.ordered_subsets(len(logits), 2)
    chance = orders.plackett_luce(logits.expand(len(pairs), -1), pairs).exp()
    return torch.zeros_like(logits).index_add(0, pairs.flatten(), chance.repeat_interleave(2))


def _second(p):
    return p * ((p / (1 - p)).sum() - p / (1 - p))


def _groups(g):
    return (torch.cat([torch.ones(1, 6), given.uniform(g, 3, 6).round() + torch.eye(3, 6)]).double(),)


def _standard(rewards, dim=1, correction=0):
    away = rewards - rewards.mean(dim, keepdim=True)
    spread = rewards.std(dim, keepdim=True, correction=correction)
    return torch.where(spread > 0, away / spread.clamp_min(1e-9), 0 * away)


EXERCISES = {
    "race-of-weights": Exercise(
        inputs=lambda g: (given.uniform(g, 200, 3) * torch.tensor([1.0, 3.0, 9.0]), given.gumbel(g, 200, 3)),
        truth=lambda weights, g: (torch.exp(-g) / weights).argmin(-1),
        matched="The winners of 200 races, as exponential clocks with these rates give them",
        slips={
            "This draws from softmax(weights). Noise is added to logits, and the logits are "
            "log(weights).": lambda weights, g: (weights + g).argmax(-1),
            "Probabilities are no logits either: normalise or not, the race needs "
            "logarithms.": lambda weights, g: (weights / weights.sum(-1, keepdim=True) + g).argmax(-1),
            "The largest weight wins every time here. Where is the noise?": lambda weights, g: weights.argmax(
                -1
            ),
            "The noise is subtracted. A Gumbel variable is not symmetric, so that is another "
            "law.": lambda weights, g: (weights.log() - g).argmax(-1),
        },
    ),
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
    "leave-one-out": Exercise(
        inputs=lambda g: (given.normal(g, 3), 4 + given.normal(g, 3)),
        ask=_over_triples,
        truth=_true_triples,
        matched="The exact gradient, and the variance over all triples of draws",
        slips={
            "The baseline of a draw holds its own cost. That shrinks the gradient by (S - 1) / "
            "S.": lambda c, s: ((c - c.mean())[:, None] * s).mean(0),
            "This is the sum over the draws, S times too long.": lambda c, s: len(c) * _minus_others(c, s),
            "The mean is right, the variance is not: there is no baseline.": lambda c, s: (
                c[:, None] * s
            ).mean(0),
            "The baseline is the mean of the other costs, not their sum.": lambda c, s: (
                (2 * c - c.sum())[:, None] * s
            ).mean(0),
        },
    ),
    "best-baseline": Exercise(
        inputs=lambda g: (given.normal(g, 4), 3 + 2 * given.normal(g, 4)),
        truth=_lowest,
        matched="The lowest point of the exact variance",
        slips={
            "That is the mean reward. It is a good baseline, and rarely the best: a draw with a long score "
            "counts for more.": _weighed(lambda p, s: p),
            "That is the plain average of the rewards. How often is each of them seen?": _weighed(
                lambda p, s: torch.ones_like(p)
            ),
            "Each class also counts with its probability.": _weighed(lambda p, s: s),
            "The variance holds the squared length of the score.": _weighed(lambda p, s: p * s.sqrt()),
        },
    ),
    "in-top-two": Exercise(
        inputs=lambda g: (given.normal(g, 5),),
        truth=_by_orders,
        matched="The chance of each class to be among the two, by listing all ordered pairs",
        slips={
            "That is the chance to be first. A class may also come second.": lambda logits: logits.softmax(0),
            "Not 2 p, which can exceed 1. After the first is taken, the others share the whole.": (
                lambda logits: 2 * logits.softmax(0)
            ),
            "That is a draw with replacement. The first one taken cannot come again, so divide by what is "
            "left.": lambda logits: 1 - (1 - logits.softmax(0)) ** 2,
            "That is the chance to be second. Add the chance to be first.": lambda logits: _second(
                logits.softmax(0)
            ),
        },
    ),
    "group-advantage": Exercise(
        inputs=_groups,
        truth=_standard,
        matched="Four groups, each with mean 0 and variance 1, or no spread at all",
        slips={
            "Mean and deviation are those of the whole batch. Each row is a group of its own.": (
                lambda r: (r - r.mean()) / r.std(correction=0)
            ),
            "A group is a row: six answers to one question.": lambda r: _standard(r, dim=0),
            "The deviation divides by N - 1 here. GRPO as in the text divides by N.": lambda r: _standard(
                r, correction=1
            ),
            "The mean is gone, the deviation is not: divide by it.": lambda r: r - r.mean(1, keepdim=True),
        },
    ),
}
