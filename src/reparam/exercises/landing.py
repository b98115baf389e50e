"""The checked exercises of "Sticking the landing"."""

import math

import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal

from reparam import quadrature
from reparam.exercises import given
from reparam.exercises.verdict import Exercise, shaped

__all__ = ["EXERCISES"]


def _log_normal(z, mean, log_sd):
    return -0.5 * ((z - mean) / log_sd.exp()) ** 2 - log_sd - 0.5 * math.log(2 * math.pi)


def _posterior(g):
    centre, width = given.between(g, -1.0, 1.0), given.between(g, 0.5, 1.5)
    return (lambda z: -0.5 * ((z - centre) / width) ** 2), *(given.normal(g, 4) for _ in range(3))


def _ask_path(answer, log_joint, mean, log_sd, eps):
    mean, log_sd = mean.clone().requires_grad_(), log_sd.clone().requires_grad_()
    value = shaped(answer(log_joint, mean, log_sd, eps), len(eps))
    options = {"allow_unused": True, "materialize_grads": True}
    value = value if value.requires_grad else value + 0 * mean
    slopes = torch.autograd.grad(value.sum(), (mean, log_sd), **options)
    return {"The value": value, "The slope in the mean": slopes[0], "The slope in log_sd": slopes[1]}


def _true_path(log_joint, mean, log_sd, eps):
    """Follow z alone: the slope of log p - log q in z, times how far the parameter moves z."""
    sd = log_sd.exp()
    z = (mean + sd * eps).requires_grad_()
    (slope,) = torch.autograd.grad(log_joint(z).sum(), z)
    along = slope + eps / sd
    value = log_joint(z) + log_sd + 0.5 * eps**2 + 0.5 * math.log(2 * math.pi)
    return {"The value": value, "The slope in the mean": along, "The slope in log_sd": along * sd * eps}


def _elbo(stop_mean, stop_sd, stop_z=False, stop_all=False):
    def cut(t, yes):
        return t.detach() if yes else t

    def answer(log_joint, mean, log_sd, eps):
        z = mean + log_sd.exp() * eps
        log_q = _log_normal(cut(z, stop_z), cut(mean, stop_mean), cut(log_sd, stop_sd))
        return log_joint(cut(z, stop_z)) - cut(log_q, stop_all)

    return answer


def _problem(mu, sigma, eps):
    """Return log weights and their slopes along the path for z ~ N(0, 1), x ~ N(z, 1), x = 1."""
    z = mu + sigma * eps
    return -0.5 * z**2 - 0.5 * (1 - z) ** 2 + 0.5 * eps**2 + math.log(sigma), 1 - 2 * z + eps / sigma


def _ask_dreg(answer, mu, sigma):
    def each(eps):
        return shaped(answer(*_problem(mu, sigma, eps)), len(eps))

    return quadrature.hermite(each, dims=2, nodes=20).value


def _slope_of_bound(mu, sigma):
    at = torch.tensor(mu, dtype=torch.float64, requires_grad=True)

    def bound(eps):
        return _problem(at, sigma, eps)[0].logsumexp(-1)

    return torch.autograd.grad(quadrature.hermite(bound, dims=2, nodes=20).value, at)[0]


def _shared(weight):
    return lambda log_w, path: (weight(log_w) * path).sum(-1)


def _mixture(g):
    return given.normal(g, 3), 2 * given.normal(g, 3), 0.3 + given.uniform(g, 3), 2 * given.normal(g, 6)


def _components(logits, mean, scale, z):
    """Return log weight + log density of each component, ``[S, C]``."""
    return logits.log_softmax(-1) + _log_normal(z[:, None], mean, scale.log())


def _two_runs(g):
    hard = 90 + 20 * given.normal(g, 200)
    return hard + 0.3 + given.normal(g, 200), hard + given.normal(g, 200)


def _true_gain(first, second):
    both = torch.cov(torch.stack([first, second]))
    variance = both[0, 0] + both[1, 1] - 2 * both[0, 1]
    return torch.stack([first.mean() - second.mean(), 2 * (variance / len(first)).sqrt()])


def _gain(two_errors):
    return lambda first, second: torch.stack([(first - second).mean(), two_errors(first, second)])


EXERCISES = {
    "path-elbo": Exercise(
        inputs=_posterior,
        ask=_ask_path,
        truth=_true_path,
        matched="Values and path derivatives of four draws, by the chain rule through z alone",
        slips={
            "This is the total derivative: log q still sees its parameters directly. Hold them "
            "still there.": _elbo(False, False),
            "The whole of log q is held still. Its dependence on z must stay, for half of the signal passes "
            "there.": _elbo(False, False, stop_all=True),
            "Only the mean is held still in log q. The deviation is a parameter as well.": _elbo(True, False),
            "Only the deviation is held still in log q. The mean is a parameter as well.": _elbo(False, True),
            "Nothing reaches the parameters: z itself was detached.": _elbo(True, True, stop_z=True),
        },
    ),
    "dreg": Exercise(
        inputs=lambda g: (given.between(g, -0.2, 0.4), given.between(g, 0.6, 0.9)),
        ask=_ask_dreg,
        truth=_slope_of_bound,
        matched="The mean over all noise is the slope of the bound for K = 2",
        slips={
            "One share alone is Algorithm 4 of the paper, and biased: a share depends on its own "
            "draw.": _shared(lambda log_w: log_w.softmax(-1)),
            "All draws weigh the same here. A bound with importance weights listens to the heavy "
            "ones.": _shared(lambda log_w: torch.full_like(log_w, 1 / log_w.shape[-1])),
            "Square the normalised weights: w itself has no scale.": _shared(lambda log_w: (2 * log_w).exp()),
            "The squared shares are not normalised again.": _shared(lambda log_w: (2 * log_w).softmax(-1)),
            "This is the part that Algorithm 4 has too much.": _shared(
                lambda log_w: log_w.softmax(-1) * (1 - log_w.softmax(-1))
            ),
        },
    ),
    "mixture-density": Exercise(
        inputs=_mixture,
        truth=lambda logits, mean, scale, z: MixtureSameFamily(
            Categorical(logits=logits), Normal(mean, scale)
        ).log_prob(z),
        matched="The log-density at six points, by torch.distributions",
        slips={
            "This is the mean of the logarithms. The density is a sum, and the logarithm comes "
            "last.": lambda logits, mean, scale, z: (
                logits.softmax(-1) * _log_normal(z[:, None], mean, scale.log())
            ).sum(-1),
            "Only the strongest component is counted. All of them make z.": lambda *mixture: _components(
                *mixture
            ).amax(-1),
            "The logits are not normalised: the weights must add up to 1.": lambda logits, *rest: (
                _components(logits, *rest).logsumexp(-1) + logits.logsumexp(-1)
            ),
            "A narrow component has a high peak: -log scale is missing.": lambda logits, mean, scale, z: (
                _components(logits, mean, scale, z) + scale.log()
            ).logsumexp(-1),
            "The weights of the components are missing.": lambda logits, mean, scale, z: _log_normal(
                z[:, None], mean, scale.log()
            ).logsumexp(-1),
        },
    ),
    "paired-gain": Exercise(
        inputs=_two_runs,
        truth=_true_gain,
        matched="The gain and two standard errors, from the covariance of the two runs",
        slips={
            "This treats the two runs as if they had seen different images. Hard images cancel in the "
            "differences.": _gain(lambda a, b: 2 * ((a.var() + b.var()) / len(a)).sqrt()),
            "That is the spread of the images. The mean of N of them is sqrt(N) times steadier.": _gain(
                lambda a, b: 2 * (a - b).std()
            ),
            "That is one standard error. Two were asked for.": _gain(
                lambda a, b: (a - b).std() / len(a) ** 0.5
            ),
            "The deviation divides by N here. The mean comes from the same numbers, so divide by N - "
            "1.": _gain(lambda a, b: 2 * (a - b).std(correction=0) / len(a) ** 0.5),
            "The sign: an NLL is better when it is lower, so the gain is first minus "
            "second.": lambda first, second: _true_gain(first, second) * torch.tensor([-1.0, 1.0]),
        },
    ),
}
