"""The checked exercises of "Models"."""

import math

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from reparam import oracles, samplers
from reparam.exercises import given
from reparam.exercises.verdict import Exercise

__all__ = ["EXERCISES"]


def _batch(g):
    x = given.uniform(g, 3, 16).round()
    return x, 2 * given.normal(g, 3, 16), given.normal(g, 3, 2), given.normal(g, 3, 2)


def _true_loss(x, pixels, mean, log_var):
    """Return -ELBO per image, from the distributions of torch."""
    likelihood = torch.distributions.Bernoulli(logits=pixels).log_prob(x).sum(-1)
    code = torch.distributions.Normal(mean, (0.5 * log_var).exp())
    kl = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum(-1)
    return (kl - likelihood).mean()


def _kl_each(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


def _bce(pixels, x):
    return binary_cross_entropy_with_logits(pixels, x, reduction="none")


def _true_cost(logits):
    """Return the KL to the uniform law by listing all joint outcomes of the latents of each row."""

    def log_ratio(z, row):
        return (z * row.log_softmax(-1)).sum((-1, -2)) + row.shape[0] * math.log(row.shape[1])

    return torch.stack([oracles.exact_expectation(lambda z, r=row: log_ratio(z, r), row) for row in logits])


def _code_cost(logits):
    log_q = logits.log_softmax(-1)
    return (log_q.exp() * (log_q + math.log(logits.shape[-1]))).sum(-1)


def _weights(g):
    return (3 * given.normal(g, 4, 50) - 800,)


def _true_nll(log_w):
    shift = log_w.amax(-1)
    return -(shift + (log_w - shift[:, None]).exp().mean(-1).log())


def _of_another_row(logits, g):
    return samplers.gumbel_softmax(logits, g.roll(1, 0), tau=0.5)


def _probabilities(logits, g):
    return samplers.gumbel_softmax(logits.softmax(-1), g, tau=0.5)


def _negated(logits, g):
    return samplers.gumbel_softmax(logits, -g, tau=0.5)


def _healthy(logits, g):
    return samplers.gumbel_softmax(logits, g, tau=0.5)


WARD = {
    "The healthy sampler": _healthy,
    "The sampler that uses the noise of another row": _of_another_row,
    "The sampler that takes probabilities for logits": _probabilities,
    "The sampler that subtracts the noise": _negated,
}


SKEWED = torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64)


def _ask_ward(answer, logits, g):
    return {name: torch.tensor(bool(answer(sample, logits, g))) for name, sample in WARD.items()}


def _shares_agree(sample, logits, g):
    share = torch.bincount(sample(logits, g).argmax(-1), minlength=3) / len(g)
    return bool((share - logits.softmax(-1).mean(0)).abs().max() < 0.1)


def _level(lam):
    return torch.sigmoid(lam)[:, None].sqrt(), torch.sigmoid(-lam)[:, None].sqrt()


def _noisy(g):
    x, eps, lam = given.normal(g, 4, 3), given.normal(g, 4, 3), 2 * given.normal(g, 4)
    alpha, sigma = _level(lam)
    return alpha * x + sigma * eps, eps, lam


def _true_clean(xt, eps, lam):
    """Solve the two equations of the level for the clean point, with exponentials of the level alone."""
    return (1 + torch.exp(-lam))[:, None].sqrt() * xt - torch.exp(-lam / 2)[:, None] * eps


def _guess(formula):
    return lambda xt, eps, lam: formula(xt, eps, *_level(lam))


EXERCISES = {
    "negative-elbo": Exercise(
        inputs=_batch,
        truth=_true_loss,
        matched="The loss of three images, by torch.distributions",
        slips={
            "The pixels are averaged. Log-probabilities of pixels add, or the KL weighs too much.": (
                lambda x, p, m, v: (_bce(p, x).mean(-1) + _kl_each(m, v).sum(-1)).mean()
            ),
            "The KL is averaged over the latents. Their KLs add.": lambda x, p, m, v: (
                _bce(p, x).sum(-1) + _kl_each(m, v).mean(-1)
            ).mean(),
            "The KL has the wrong sign: the loss is -reconstruction + KL.": lambda x, p, m, v: (
                _bce(p, x).sum(-1) - _kl_each(m, v).sum(-1)
            ).mean(),
            "This is the ELBO. The loss is its negative.": lambda *batch: -_true_loss(*batch),
            "The images are summed. Average over the batch, or the step grows with it.": lambda x, p, m, v: (
                _bce(p, x).sum() + _kl_each(m, v).sum()
            ),
            "The decoder gives logits. They go through one sigmoid, not through two.": lambda x, p, m, v: (
                _bce(torch.sigmoid(p), x).sum(-1) + _kl_each(m, v).sum(-1)
            ).mean(),
        },
    ),
    "nll-from-weights": Exercise(
        inputs=_weights,
        truth=_true_nll,
        matched="-log of the mean weight of four images, far below the smallest float",
        slips={
            "This is the mean of the logarithms, the ELBO with its sign turned. The logarithm comes after the "
            "mean.": lambda w: -w.mean(-1),
            "The mean over k is a sum divided by k: log k is missing.": lambda w: -w.logsumexp(-1),
            "The sign of log k: dividing by k makes the likelihood smaller.": lambda w: (
                -w.logsumexp(-1) - math.log(w.shape[-1])
            ),
            "The weights are below the smallest number of the format, so their sum is 0. Take the largest "
            "out before exp.": lambda w: -w.exp().mean(-1).log(),
            "This is the likelihood. Its negative was asked for.": lambda w: -_true_nll(w),
        },
    ),
    "code-cost": Exercise(
        inputs=lambda g: (2 * given.normal(g, 3, 2, 4),),
        truth=_true_cost,
        matched="The KL of three codes, by listing all 16 joint choices of each",
        slips={
            "Sum over the latents, do not average.": lambda logits: _code_cost(logits).mean(-1),
            "This is the negative entropy. The prior 1 / K adds log K for each latent.": lambda logits: (
                _code_cost(logits) - math.log(logits.shape[-1])
            ).sum(-1),
            "This is KL(prior || q). The average is taken under q.": lambda logits: (
                -(logits.log_softmax(-1) + math.log(logits.shape[-1])).mean(-1).sum(-1)
            ),
            "Logits are no log-probabilities: normalise them first.": lambda logits: (
                logits.softmax(-1) * (logits + math.log(logits.shape[-1]))
            ).sum((-1, -2)),
            "This is -KL. A KL is never negative.": lambda logits: -_code_cost(logits).sum(-1),
        },
    ),
    "sampler-passes": Exercise(
        inputs=lambda g: (SKEWED + 0.2 * given.normal(g, 400, 3), given.gumbel(g, 400, 3)),
        ask=_ask_ward,
        truth=lambda logits, g: {name: torch.tensor(sample is _healthy) for name, sample in WARD.items()},
        matched="One healthy sampler passes, three ill ones do not",
        slips={
            "Ill samplers pass. The sums of the rows are 1 for every softmax, right or wrong.": (
                lambda sample, logits, g: bool((sample(logits, g).sum(-1) - 1).abs().max() < 1e-9)
            ),
            "The shares of the classes look right for a sampler that is ill. Compare draw by draw, with the "
            "same noise.": _shares_agree,
            "No sampler passes, not even the healthy one. A relaxed sample equals no one-hot vector: compare "
            "the winners.": lambda sample, logits, g: torch.equal(
                sample(logits, g), samplers.gumbel_max(logits, g)
            ),
        },
    ),
    "guess-clean": Exercise(
        inputs=_noisy,
        truth=_true_clean,
        matched="The clean points, recovered from their noise",
        slips={
            "Divide by alpha as well: x_t holds alpha times the clean point.": _guess(
                lambda xt, e, a, s: xt - s * e
            ),
            "The names alpha and sigma stand for the roots: alpha^2 is sigmoid(lambda).": _guess(
                lambda xt, e, a, s: (xt - s**2 * e) / a**2
            ),
            "Signal and noise are exchanged: a large lambda means little noise.": _guess(
                lambda xt, e, a, s: (xt - a * e) / s
            ),
            "The noise was added, so it is subtracted here.": _guess(lambda xt, e, a, s: (xt + s * e) / a),
            "The noise enters x_t with the factor sigma.": _guess(lambda xt, e, a, s: (xt - e) / a),
        },
    ),
}
