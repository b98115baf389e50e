"""Questions on continuous noise: where the gradient stops, and which gradient to take."""

import math
from random import Random

import torch

from reparam import estimators, samplers

from . import Draft, number, template

PART = "Continuous noise"
FIRST, WHICH = "where-the-gradient-stops", "which-gradient"


def one_draw_grad(surrogate, mu: float, sigma: float, eps: float) -> tuple[float, float]:
    """Return the gradient of one draw in the mean and in the standard deviation."""
    params = tuple(torch.tensor([mu, sigma], dtype=torch.float64).unbind())
    noise = torch.tensor([eps], dtype=torch.float64)
    by_mu, by_sigma = estimators.per_sample_grads(surrogate, params, noise)
    return by_mu.item(), by_sigma.item()


def distance(a: float) -> str:
    """Write ``z - a`` as one would by hand."""
    return "z" if a == 0 else f"(z - {a})" if a > 0 else f"(z + {-a})"


@template(PART, FIRST)
def square_by_sigma(stream: Random) -> Draft:
    """The slope of a mean squared distance in the width."""
    mu, sigma, a = (
        stream.choice([0.5, 1, 1.5, 2]),
        stream.choice([0.5, 0.8, 1.5, 2]),
        stream.choice([-1, 0, 3]),
    )
    return {
        "text": rf"$z \sim \mathcal N(\mu, \sigma^2)$ with $\mu = {mu}$, $\sigma = {sigma}$, and the cost is "
        rf"$f(z) = {distance(a)}^2$. What is $\partial\, \mathbb E[f(z)] / \partial \sigma$?",
        "answer": 2 * sigma,
        "working": rf"$\mathbb E[f] = \sigma^2 + (\mu - a)^2$ for $a = {a}$, so the slope is $2\sigma = "
        rf"{number(2 * sigma)}$.",
        "slips": [
            (0.0, "The slope of f at the mean does not know the width; the average does."),
            (2 * (mu - a), "That is the slope in mu."),
            (sigma**2 + (mu - a) ** 2, "That is the mean cost itself, not its slope."),
        ],
        "given": {"mu": mu, "sigma": sigma, "a": a},
    }


@template(PART, FIRST)
def cube_by_mu(stream: Random) -> Draft:
    """The slope of a mean cube in the mean."""
    mu, sigma = stream.choice([0.5, 1, 1.5, 2, 3]), stream.choice([0.4, 0.5, 0.8, 1, 1.5, 2])
    answer = 3 * mu**2 + 3 * sigma**2
    return {
        "text": rf"$z \sim \mathcal N({mu}, {sigma}^2)$ and $f(z) = z^3$. What is "
        r"$\partial\, \mathbb E[f(z)] / \partial \mu$?",
        "answer": answer,
        "working": rf"Pathwise: $\mathbb E[3 z^2] = 3(\mu^2 + \sigma^2) = {number(answer)}$.",
        "slips": [
            (
                3 * mu**2,
                "That is the slope at the mean. The average of a slope is not the slope at the average.",
            ),
            (mu**3 + 3 * mu * sigma**2, "That is the mean cost itself, not its slope."),
            (6 * mu * sigma, "That is the slope in sigma."),
        ],
        "given": {"mu": mu, "sigma": sigma},
    }


@template(PART, FIRST)
def pathwise_one_draw(stream: Random) -> Draft:
    """One pathwise gradient in the width, by hand."""
    mu, sigma, eps = (
        stream.choice([0.5, 1, 2]),
        stream.choice([0.5, 1.5, 2]),
        stream.choice([-0.8, -0.4, 0.6, 1.2]),
    )
    a = stream.choice([-1, 0, 3])
    answer = one_draw_grad(estimators.pathwise_normal(lambda z: (z - a) ** 2), mu, sigma, eps)[1]
    z = mu + sigma * eps
    return {
        "text": rf"The noise came out as $\varepsilon = {eps}$, and $z = \mu + \sigma\varepsilon$ with "
        rf"$\mu = {mu}$, $\sigma = {sigma}$. The cost is $f(z) = {distance(a)}^2$. What does `backward()` "
        r"leave in `sigma.grad`?",
        "answer": answer,
        "working": rf"$f'(z)\, \partial z / \partial \sigma = 2\, {distance(a)}\, \varepsilon$ at $z = "
        rf"{number(z)}$.",
        "slips": [
            (2 * (z - a), "That is mu.grad: the factor dz/dsigma = eps is missing."),
            (2 * sigma, "That is the exact slope of the average. One draw gives a noisy number around it."),
            (2 * (mu - a) * eps, "The slope of f was taken at mu; it belongs at the sample z."),
        ],
        "given": {"mu": mu, "sigma": sigma, "eps": eps, "a": a},
    }


@template(PART, FIRST)
def score_one_draw(stream: Random) -> Draft:
    """One score-function gradient in the mean, by hand."""
    mu, sigma, eps = (
        stream.choice([0.5, 1, 2]),
        stream.choice([0.5, 2, 4]),
        stream.choice([-0.8, 0.6, 1.2, 1.5]),
    )
    answer = one_draw_grad(estimators.score_function_normal(lambda z: z**2), mu, sigma, eps)[0]
    z = mu + sigma * eps
    return {
        "text": rf"One draw gave $\varepsilon = {eps}$, so $z = \mu + \sigma\varepsilon$ with $\mu = "
        rf"{mu}$, $\sigma = {sigma}$. The cost is $f(z) = z^2$. What is the score-function estimate of "
        r"the slope in $\mu$?",
        "answer": answer,
        "working": r"$f(z)\,(z - \mu)/\sigma^2 = f(z)\, \varepsilon / \sigma$ with $f(z) = "
        rf"{number(z * z)}$.",
        "slips": [
            (z * z * eps, "The score is eps / sigma, not eps."),
            (z * z * eps / sigma**2, "(z - mu) / sigma^2 is eps / sigma: one sigma cancels."),
            (2 * z, "That is the pathwise estimate: it differentiates f, the score function does not."),
        ],
        "given": {"mu": mu, "sigma": sigma, "eps": eps},
    }


@template(PART, FIRST)
def sample_from_log_var(stream: Random) -> Draft:
    """A sample from what an encoder emits."""
    mu, log_var, eps = (
        stream.choice([-1, 0.5, 1]),
        stream.choice([-3, -2, -1.4, 1, 1.4]),
        stream.choice([-1.5, 0.5, 2]),
    )
    mean, width, noise = (torch.tensor(v, dtype=torch.float64) for v in (mu, math.exp(log_var / 2), eps))
    return {
        "text": rf"An encoder emits $\mu = {mu}$ and $\log \sigma^2 = {log_var}$. The noise is "
        rf"$\varepsilon = {eps}$. What is $z$?",
        "answer": samplers.normal(mean, width, noise).item(),
        "working": rf"$\sigma = e^{{{log_var}/2}} = {number(math.exp(log_var / 2))}$ and $z = \mu + "
        r"\sigma\varepsilon$.",
        "slips": [
            (mu + math.exp(log_var) * eps, "exp(log sigma^2) is the variance. Take its square root."),
            (mu + log_var * eps, "That used the log variance as if it were the width."),
            (
                (eps + mu) * math.exp(log_var / 2),
                "(eps + mu) sigma scales the mean too. A course has published this line.",
            ),
        ],
        "given": {"mu": mu, "log_var": log_var, "eps": eps},
    }


@template(PART, FIRST)
def step_by_mu(stream: Random) -> Draft:
    """The slope of a probability, which no pathwise draw sees."""
    mu, sigma = stream.choice([0.3, 0.5, 0.8, 1]), stream.choice([0.5, 1.5, 2])
    t = mu / sigma
    density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    return {
        "text": rf"$z \sim \mathcal N({mu}, {sigma}^2)$ and the cost is 1 where $z > 0$, else 0. "
        r"What is the slope of the mean cost in $\mu$?",
        "answer": density / sigma,
        "working": r"The mean cost is $\Phi(\mu/\sigma)$, its slope $\varphi(\mu/\sigma)/\sigma$.",
        "slips": [
            (0.0, "That is what the pathwise estimator reports at every draw: it cannot see a jump."),
            (density, "The chain rule leaves a factor 1 / sigma."),
            (0.5 * (1 + math.erf(t / math.sqrt(2))), "That is the mean cost itself, a probability."),
        ],
        "given": {"mu": mu, "sigma": sigma},
    }


@template(PART, FIRST)
def redrawn_noise(stream: Random) -> Draft:
    """How wrong a finite difference is when the noise is redrawn."""
    sigma, n, h = stream.choice([0.5, 2, 3]), stream.choice([100, 400, 10_000]), stream.choice([0.01, 0.05])
    spread = sigma * math.sqrt(2 / n)
    return {
        "text": rf"The mean of $f(z) = z$ over ${n}$ draws of $\mathcal N(\mu, {sigma}^2)$ is computed at "
        rf"$\mu + h$ and, with *new* draws, at $\mu - h$, with $h = {h}$. What is the standard deviation "
        r"of the difference quotient $(\bar f_+ - \bar f_-) / (2h)$?",
        "answer": spread / (2 * h),
        "working": r"The difference of two independent means has the standard deviation "
        rf"$\sigma\sqrt{{2/n}} = {number(spread)}$; divide by $2h$.",
        "slips": [
            (0.0, "With the same noise the quotient would be exact. Here it was redrawn."),
            (spread, "That is the spread of the difference, before the division by 2h."),
            (
                sigma / math.sqrt(n) / (2 * h),
                "Two independent means differ by more than one of them: variances add.",
            ),
        ],
        "given": {"sigma": sigma, "n": n, "h": h},
    }


@template(PART, WHICH)
def wave_ratio(stream: Random) -> Draft:
    """Pathwise against score variance on a fast wave."""
    k, sigma = stream.choice([8, 10, 12, 15]), stream.choice([0.4, 0.5, 0.6, 0.75])
    return {
        "text": rf"The cost is $\cos({k} z)$ with $z \sim \mathcal N(0, {sigma}^2)$. About how many times "
        r"larger is the variance of the pathwise estimate in $\mu$ than that of the score function?",
        "answer": (k * sigma) ** 2,
        "working": r"$k^2/2$ against $1/(2\sigma^2)$, up to a term that is negligible here: $(k\sigma)^2$.",
        "slips": [
            (k**2, "The score function divides by sigma, so its variance carries 1 / sigma^2."),
            (k * sigma, "Variances go with the square."),
            (1 / (k * sigma) ** 2, "The other way round: here the path is the noisy one."),
        ],
        "given": {"k": k, "sigma": sigma},
    }


@template(PART, WHICH)
def own_cost_in_the_baseline(stream: Random) -> Draft:
    """The bias of a baseline that contains the own cost."""
    n, g = stream.choice([3, 4, 5, 8, 10]), stream.choice([1.2, 2, 3, 4.5])
    return {
        "text": rf"A score-function estimate averages ${n}$ draws and subtracts from each cost the mean "
        rf"of *all* ${n}$ costs. The true gradient is ${g}$. What is the mean of the estimate?",
        "answer": (n - 1) / n * g,
        "working": r"The own cost is in the baseline with weight $1/n$, so $(n-1)/n$ of the gradient is "
        r"left.",
        "slips": [
            (g, "It would be, if the baseline did not contain the draw's own cost: leave one out."),
            (g / n, "That is the part which is lost."),
            (n / (n - 1) * g, "Too much is subtracted, so the estimate is too small, not too large."),
        ],
        "given": {"n": n, "g": g},
    }
