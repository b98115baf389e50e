"""The checked exercises of "Continuous noise"."""

import math

import torch
from torch.special import ndtr

from reparam import oracles, quadrature
from reparam.exercises import given
from reparam.exercises.verdict import Exercise, shaped

__all__ = ["EXERCISES"]


def _step(z):
    return (z > 0).double()


def _ask_score(answer, f, mu, sigma):
    def mean(entry):
        return oracles.normal_expectation(
            lambda eps: shaped(answer(f, mu, sigma, eps), len(eps), 2)[:, entry],
            0.0,
            1.0,
            breaks=[-mu / sigma],
        ).value

    return torch.stack([mean(0), mean(1)])


def _true_slopes(f, mu, sigma):
    return torch.stack([slope.value for slope in oracles.normal_grad(f, mu, sigma, breaks=[0.0])])


def _scored(in_mu, in_sigma):
    """Return an answer that multiplies the cost by two functions of ``eps, sigma``."""

    def answer(f, mu, sigma, eps):
        return f(mu + sigma * eps)[:, None] * torch.stack([in_mu(eps, sigma), in_sigma(eps, sigma)], -1)

    return answer


def _cdf(z, theta):
    return 1 - (1 - z**2) ** theta


def _partials(cdf, theta, z):
    z, theta = z.clone().requires_grad_(), theta.clone().requires_grad_()
    return torch.autograd.grad(cdf(z, theta).sum(), (z, theta))


def _of_partials(formula):
    return lambda cdf, theta, z: formula(*_partials(cdf, theta, z))


def _ask_weak(answer, f, theta):
    def each(u):
        return shaped(answer(f, theta, -u[:, 0].log(), -u[:, 1].log()), len(u))

    return oracles.uniform_expectation(each, dims=2, nodes=10, breaks=[1e-6, 1e-4, 1e-2, 0.2]).value


def _kl_by_quadrature(mean_q, log_var_q, mean_p, log_var_p):
    def log_ratio(e):
        off = mean_q + (0.5 * log_var_q).exp() * e[:, :, None] - mean_p
        return 0.5 * (log_var_p - log_var_q + off**2 * (-log_var_p).exp() - e[:, :, None] ** 2)

    return quadrature.hermite(log_ratio).value.sum(-1)


def _kl(mean_q, log_var_q, mean_p, log_var_p, one=1.0):
    ratio = (log_var_q - log_var_p).exp() + (mean_q - mean_p) ** 2 * (-log_var_p).exp()
    return 0.5 * (ratio - one + log_var_p - log_var_q)


def _autograd_slopes(x, mean, log_var, w, k, eps):
    mean, log_var = mean.clone().requires_grad_(), log_var.clone().requires_grad_()
    z = mean + (0.5 * log_var).exp() * eps
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var)
    loss = 0.5 * (x - w * z - k) ** 2 + kl
    return torch.stack(torch.autograd.grad(loss.sum(), (mean, log_var)), -1)


def _by_hand(formula):
    """Return an answer from ``formula(down, mean, sigma, eps)``, where ``down`` is the slope in z."""

    def answer(x, mean, log_var, w, k, eps):
        sigma = (0.5 * log_var).exp()
        down = -w * (x - w * (mean + sigma * eps) - k)
        return torch.stack(formula(down, mean, sigma, eps), -1)

    return answer


def _chance_of_larger(mu):
    first = quadrature.hermite(lambda e: ndtr(mu[:, 0] - mu[:, 1] + e), nodes=64).value
    return torch.stack([first, 1 - first], -1)


def _pair(first):
    return lambda mu: torch.stack([(p := first(mu[:, 0] - mu[:, 1])), 1 - p], -1)


EXERCISES = {
    "score-by-hand": Exercise(
        inputs=lambda g: (_step, given.between(g, -0.8, 0.8), given.between(g, 0.6, 1.6)),
        ask=_ask_score,
        truth=_true_slopes,
        matched="The mean over all noise is the exact gradient in mu and sigma",
        slips={
            "The mean is zero. A step has no slope and the score alone has mean zero: multiply f(z) by the "
            "slopes of log q.": lambda f, mu, sigma, eps: torch.zeros(len(eps), 2, dtype=eps.dtype),
            "In sigma the slope of log q is (eps**2 - 1) / sigma: its term -log sigma has a slope as "
            "well.": _scored(lambda e, s: e / s, lambda e, s: e**2 / s),
            "Both slopes of log q carry a factor 1 / sigma.": _scored(lambda e, s: e, lambda e, s: e**2 - 1),
            "The slope (z - mu) / sigma**2 is eps / sigma: one sigma cancels.": _scored(
                lambda e, s: e / s**2, lambda e, s: (e**2 - 1) / s
            ),
        },
    ),
    "implicit-slope": Exercise(
        inputs=lambda g: (_cdf, 0.5 + 2 * given.uniform(g, 4), 0.1 + 0.8 * given.uniform(g, 4)),
        truth=lambda cdf, theta, z: (1 - z**2) * torch.log1p(-(z**2)) / (2 * z * theta),
        matched="dz/dtheta, as the inverse of this cdf gives it",
        slips={
            "The sign: the cdf stays at u along the path, so a larger F must be paid for by a smaller "
            "z.": _of_partials(lambda p, by_theta: by_theta / p),
            "Divide by the density, do not multiply: where the density is low, z moves far.": _of_partials(
                lambda p, by_theta: -by_theta * p
            ),
            "This is how far the cdf moves. How far must z move to bring it back?": _of_partials(
                lambda p, by_theta: -by_theta
            ),
            "The fraction stands on its head.": _of_partials(lambda p, by_theta: -p / by_theta),
        },
    ),
    "weak-exponential": Exercise(
        inputs=lambda g: (lambda z: torch.exp(-z), given.between(g, 0.7, 1.6)),
        ask=_ask_weak,
        truth=lambda f, theta: torch.tensor(-1 / (1 + theta) ** 2, dtype=torch.float64),
        matched="The mean over all noise is d/dtheta of 1 / (1 + theta)",
        slips={
            "The derivative of the density is 1 / theta times a difference of two densities.": (
                lambda f, t, e1, e2: f(t * (e1 + e2)) - f(t * e1)
            ),
            "Twice one draw is not the sum of two draws. The density z exp(-z / theta) belongs to a "
            "sum.": lambda f, t, e1, e2: (f(2 * t * e1) - f(t * e1)) / t,
            "The signs are exchanged: the positive part is the law with the larger z.": (
                lambda f, t, e1, e2: (f(t * e1) - f(t * (e1 + e2))) / t
            ),
            "This is the positive part alone. Subtract the cost at an exponential draw.": (
                lambda f, t, e1, e2: f(t * (e1 + e2)) / t
            ),
        },
    ),
    "kl-normals": Exercise(
        inputs=lambda g: tuple(given.normal(g, 3, 2) for _ in range(4)),
        truth=_kl_by_quadrature,
        matched="KL(q || p) of three pairs, by quadrature of log q - log p",
        slips={
            "This is KL(p || q). The average is taken under q.": lambda mq, vq, mp, vp: _kl(
                mp, vp, mq, vq
            ).sum(-1),
            "Sum over the latents, do not average: log-densities of independent latents add.": (
                lambda *four: _kl(*four).mean(-1)
            ),
            "This is -KL. A KL is never negative.": lambda *four: -_kl(*four).sum(-1),
            "A log_var is the log of the variance, so exp(log_var) is the variance, not the standard "
            "deviation.": lambda mq, vq, mp, vp: _kl(mq, 2 * vq, mp, 2 * vp).sum(-1),
            "A constant is missing: for q = p the answer must be 0.": lambda *four: _kl(*four, one=0.0).sum(
                -1
            ),
        },
    ),
    "slopes-by-hand": Exercise(
        inputs=lambda g: tuple(given.normal(g, 4) for _ in range(6)),
        truth=_autograd_slopes,
        matched="The slopes of four losses, by automatic differentiation",
        slips={
            "This is the reconstruction's part. The KL has slopes in the mean and the log-variance "
            "too.": _by_hand(lambda d, m, s, e: (d, 0.5 * d * s * e)),
            "This is the slope in sigma. The parameter is log sigma^2, and d sigma / d log sigma^2 = sigma / "
            "2.": _by_hand(lambda d, m, s, e: (d + m, d * e + s - 1 / s)),
            "A factor 1/2 is missing in the second slope: sigma = exp(log_var / 2).": _by_hand(
                lambda d, m, s, e: (d + m, d * s * e + 0.5 * (s**2 - 1))
            ),
            "The sign of the reconstruction: the loss holds the squared residual, and xhat enters it with a "
            "minus.": _by_hand(lambda d, m, s, e: (m - d, -0.5 * d * s * e + 0.5 * (s**2 - 1))),
            "The noise is missing in the second slope: sigma moves z by eps.": _by_hand(
                lambda d, m, s, e: (d + m, 0.5 * d * s + 0.5 * (s**2 - 1))
            ),
        },
    ),
    "slope-of-larger": Exercise(
        inputs=lambda g: (given.normal(g, 3, 2),),
        truth=_chance_of_larger,
        matched="The chance of each sample to be the larger, by quadrature",
        slips={
            "The difference of two unit normals has the standard deviation sqrt(2), not 1.": _pair(ndtr),
            "That is the law of a Gumbel race. The noise here is normal.": lambda mu: mu.softmax(-1),
            "The larger mean does not always give the larger sample.": _pair(lambda d: (d > 0).double()),
            "The two are exchanged: a larger mean is the larger sample more often.": _pair(
                lambda d: ndtr(-d / math.sqrt(2))
            ),
        },
    ),
}
