"""Questions on discrete choices: races, softened choices and score functions."""

import math
from random import Random

import torch

from reparam import estimators, oracles, samplers

from . import Draft, number, template

PART = "Discrete choices"
EULER = 0.5772156649015329


def row(values: list[float]) -> torch.Tensor:
    """Return a float64 vector."""
    return torch.tensor(values, dtype=torch.float64)


def listed(values: list[float]) -> str:
    """Write a vector."""
    return "(" + ",\\ ".join(f"{v:g}" for v in values) + ")"


@template(PART, "gumbels-race")
def first_to_ring(stream: Random) -> Draft:
    """Which exponential clock rings first."""
    rates = stream.sample([1, 2, 3, 4, 5], 3)
    total = sum(rates)
    answer = oracles.exact_expectation(lambda z: z[:, 1], row(rates).log()).item()
    return {
        "text": rf"Three exponential clocks have the rates ${listed(rates)}$. With what probability does "
        r"the second one ring first?",
        "answer": answer,
        "working": rf"$\lambda_2 / \Lambda = {rates[1]}/{total}$.",
        "slips": [
            (
                row(rates).softmax(0)[1].item(),
                "Rates are exponentials of logits already; no softmax of them.",
            ),
            (1 - rates[1] / total, "That is the probability that it does not."),
            (1 / total, "That is the mean time of the first ring."),
        ],
        "given": {"rates": rates},
    }


@template(PART, "gumbels-race")
def winning_time(stream: Random) -> Draft:
    """How long the race lasts."""
    rates = stream.sample([0.5, 1, 1.5, 2, 4], 3)
    return {
        "text": rf"Three exponential clocks have the rates ${listed(rates)}$. What is the mean time until "
        r"the first of them rings?",
        "answer": 1 / sum(rates),
        "working": rf"The smallest of them is exponential with the rate $\Lambda = {sum(rates):g}$.",
        "slips": [
            (1 / max(rates), "The fastest clock alone takes that long on average. Two others help."),
            (sum(rates), "That is the rate. The mean time is its inverse."),
            (sum(1 / r for r in rates) / 3, "That is the average of the three mean times."),
        ],
        "given": {"rates": rates},
    }


@template(PART, "gumbels-race")
def height_of_the_win(stream: Random) -> Draft:
    """The mean of the largest perturbed logit."""
    logits = [stream.choice([-1, -0.5, 0, 0.5, 1, 1.5]) for _ in range(3)]
    lse = row(logits).logsumexp(0).item()
    return {
        "text": rf"Standard Gumbel noise is added to the logits ${listed(logits)}$. What is the mean of "
        r"the largest sum?",
        "answer": lse + EULER,
        "working": rf"It is a Gumbel shifted by the log-sum-exp, ${number(lse)}$, whose mean is $\gamma = "
        r"0.577$ higher.",
        "slips": [
            (lse, "A standard Gumbel has the mean 0.577, not 0."),
            (max(logits) + EULER, "The winner is not always the largest logit."),
            (max(logits) + 3 * EULER, "Only the winner's noise counts, and it is not a sum of three."),
        ],
        "given": {"logits": logits},
    }


@template(PART, "gumbels-race")
def weights_outside_the_log(stream: Random) -> Draft:
    """What a published line of code draws instead."""
    w = sorted(stream.sample([1, 2, 3, 4, 6, 0.5, 0.2, 0.1], 3), reverse=True)
    return {
        "text": rf"The weights are $w = {listed(w)}$. A program draws $\arg\max(w + g)$ with Gumbel noise "
        r"$g$. With what probability does it return class 0?",
        "answer": row(w).softmax(0)[0].item(),
        "working": r"$\arg\max(w + g)$ draws from $\mathrm{softmax}(w)$.",
        "slips": [
            (w[0] / sum(w), "That is what was wanted, and what argmax(log w + g) would give."),
            (1 / 3, "The weights are not ignored, only flattened or sharpened."),
            (w[0] ** 2 / sum(v * v for v in w), "Nothing is squared. The weights are used as logits."),
        ],
        "given": {"w": w},
    }


@template(PART, "temperature")
def soft_coordinate(stream: Random) -> Draft:
    """One Gumbel-Softmax sample of two classes."""
    logits = [stream.choice([0.5, 1, 1.5]), 0]
    g = [stream.choice([-0.4, 0.2, 0.3]), stream.choice([0.6, 0.8, -0.3])]
    tau = stream.choice([0.5, 2, 4])
    h = logits[0] + g[0] - logits[1] - g[1]
    return {
        "text": rf"Two classes with the logits ${listed(logits)}$ and the Gumbel noise ${listed(g)}$. "
        rf"What is the first coordinate of the Gumbel-Softmax sample at $\tau = {tau}$?",
        "answer": samplers.gumbel_softmax(row(logits), row(g), tau=tau)[0].item(),
        "working": rf"A sigmoid of the difference of the scores, ${number(h)}$, divided by $\tau$.",
        "slips": [
            (1 / (1 + math.exp(-h)), "That is the sample at tau = 1."),
            (1 / (1 + math.exp(-h * tau)), "The scores are divided by tau, not multiplied."),
            (1 / (1 + math.exp(-logits[0] / tau)), "The noise is missing."),
        ],
        "given": {"logits": logits, "g": g, "tau": tau},
    }


@template(PART, "temperature")
def winner_at_any_temperature(stream: Random) -> Draft:
    """How often a coordinate is the largest."""
    logits, tau = stream.sample([-1, 0, 0.5, 1, 2], 3), stream.choice([0.2, 0.5, 2, 5])
    hot = row(logits)
    return {
        "text": rf"Three classes with the logits ${listed(logits)}$. Gumbel-Softmax samples are drawn at "
        rf"$\tau = {tau}$. In what share of them is the first coordinate the largest?",
        "answer": hot.softmax(0)[0].item(),
        "working": r"The winner is that of the noisy logits at every $\tau$: $\mathrm{softmax}(\ell)_0$.",
        "slips": [
            ((hot / tau).softmax(0)[0].item(), "tau softens a draw. It does not change who wins it."),
            (1 / 3, "A warm sample is nearly uniform, and still has a largest coordinate."),
            (1.0, "That is the limit of the largest coordinate's value, not the chance of being it."),
        ],
        "given": {"logits": logits, "tau": tau},
    }


@template(PART, "temperature")
def straight_through_slope(stream: Random) -> Draft:
    """What straight-through sends back."""
    y, tau, t = stream.choice([0.6, 0.7, 0.8]), stream.choice([0.5, 0.8, 2]), stream.choice([0.2, 0.3, 0.45])
    logits = row([math.log(y / (1 - y)) * tau, 0])
    surrogate = estimators.straight_through(lambda z: (z[..., 0] - t) ** 2, tau=tau)
    noise = row([[0.0, 0.0]])
    return {
        "text": rf"Two classes, $\tau = {tau}$. The relaxed sample has the first coordinate $y_0 = {y}$, "
        rf"so the hard one is $z_0 = 1$. The cost is $f = (z_0 - {t})^2$. What slope does "
        r"straight-through report for the first logit?",
        "answer": estimators.per_sample_grads(surrogate, logits, noise)[0, 0].item(),
        "working": rf"The slope of $f$ at the hard sample, $2(1 - {t})$, times that of the soft one, $y_0 "
        r"(1 - y_0)/\tau$.",
        "slips": [
            (2 * (y - t) * y * (1 - y) / tau, "That is the relaxed estimate: f' belongs at the hard sample."),
            (2 * (1 - t) * y * (1 - y), "The slope of the soft sample has a factor 1 / tau."),
            (0.0, "A hard sample has no slope; straight-through borrows that of the soft one."),
        ],
        "given": {"y": y, "tau": tau, "t": t},
    }


@template(PART, "folklore-audit")
def cold_variance(stream: Random) -> Draft:
    """The rule of thumb for a cold relaxed gradient."""
    p, high, tau = stream.choice([0.5, 0.2, 0.25]), stream.choice([2, 3, 4]), stream.choice([0.05, 0.02, 0.1])
    spread = p * (1 - p) * high**2
    return {
        "text": rf"Two classes have the probabilities ${p}$ and ${1 - p:g}$ and the rewards ${high}$ and "
        r"$0$. By the rule for a cold relaxation, what is the total variance of the relaxed gradient at "
        rf"$\tau = {tau}$?",
        "answer": spread / (3 * tau),
        "working": rf"$\mathrm{{Var}}_p(r) / (3\tau)$ with $\mathrm{{Var}}_p(r) = {number(spread)}$.",
        "slips": [
            (
                spread / (3 * tau**2),
                "It grows like 1/tau: the slope is 1/tau, but only in a strip of probability tau.",
            ),
            (p * high**2 / (3 * tau), "That used the mean square of the reward. Subtract the squared mean."),
            (spread / tau, "The factor 1/3 is missing."),
        ],
        "given": {"p": p, "high": high, "tau": tau},
    }


@template(PART, "questions")
def slope_of_a_coin(stream: Random) -> Draft:
    """The slope of an expected cost in the logit of a coin."""
    p, low, high = stream.choice([0.2, 0.3, 0.6, 0.7]), stream.choice([1, 2]), stream.choice([4, 5, 7])
    logits = row([math.log(p / (1 - p)), 0])
    cost = row([high, low])
    return {
        "text": rf"A coin shows 1 with the probability ${p} = \mathrm{{sigmoid}}(\ell)$. The cost is "
        rf"$f(0) = {low}$, $f(1) = {high}$. What is the slope of the mean cost in the logit $\ell$?",
        "answer": oracles.exact_grad(lambda z: z @ cost, logits)[0].item(),
        "working": rf"$p(1-p)\,(f(1) - f(0)) = {p * (1 - p):.3g} \cdot {high - low}$.",
        "slips": [
            (high - low, "That is the slope in p. The logit has the factor p (1 - p)."),
            (p * (high - low), "The slope of a sigmoid is p (1 - p), not p."),
            (0.0, "That is the slope of a single draw. The average has another."),
        ],
        "given": {"p": p, "low": low, "high": high},
    }


@template(PART, "unbiased-and-sharp")
def categorical_gradient(stream: Random) -> Draft:
    """The gradient of an expected reward in one logit."""
    p, r = (
        stream.choice([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.1, 0.6, 0.3]]),
        stream.sample([0, 1, 2, 4, 5], 3),
    )
    mean = sum(a * b for a, b in zip(p, r, strict=True))
    return {
        "text": rf"Three classes have the probabilities ${listed(p)}$ and the rewards ${listed(r)}$. What "
        r"is the slope of the expected reward in the first logit?",
        "answer": oracles.exact_grad(lambda z: z @ row(r), row(p).log())[0].item(),
        "working": rf"$p_0 (r_0 - \mathbb E[r])$ with $\mathbb E[r] = {number(mean)}$.",
        "slips": [
            (p[0] * r[0], "The other classes lose what the first one gains: subtract the mean reward."),
            (r[0] - mean, "The factor p_0 is missing."),
            (p[0] * (1 - p[0]) * r[0], "That is right only if all other rewards are 0."),
        ],
        "given": {"p": p, "r": r},
    }


@template(PART, "unbiased-and-sharp")
def control_variate(stream: Random) -> Draft:
    """What a correlated companion removes."""
    rho, variance = stream.choice([0.3, 0.6, 0.8, 0.9]), stream.choice([2, 5, 10, 20])
    return {
        "text": rf"An estimate has the variance ${variance}$. A control variate of known mean has the "
        rf"correlation ${rho}$ with it. What variance is left after subtracting the best multiple?",
        "answer": (1 - rho**2) * variance,
        "working": rf"$(1 - \rho^2) \cdot {variance}$.",
        "slips": [
            ((1 - rho) * variance, "The correlation is squared: 1 - rho^2."),
            (rho**2 * variance, "That is the part which is removed."),
            (math.sqrt(1 - rho**2) * variance, "That factor is for the standard deviation."),
        ],
        "given": {"rho": rho, "variance": variance},
    }
