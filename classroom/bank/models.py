"""Questions on models: bounds, divergences and one training step."""

import math
from random import Random

import torch

from reparam import diffusion, divergences, importance

from . import Draft, number, template

PART = "Models"
LOG_2PI = math.log(2 * math.pi)


def tensor(value: float) -> torch.Tensor:
    """Return a float64 number."""
    return torch.tensor(value, dtype=torch.float64)


@template(PART, "elbo-and-kl")
def kl_to_the_prior(stream: Random) -> Draft:
    """The closed form that every VAE computes."""
    mu, sigma = stream.choice([0.5, 1, -1.5, 2]), stream.choice([0.1, 0.25, 0.5, 2, 3])
    v = 2 * math.log(sigma)
    return {
        "text": rf"What is $\mathrm{{KL}}\big(\mathcal N({mu}, {sigma}^2) \,\|\, \mathcal N(0, 1)\big)$ "
        r"in nats?",
        "answer": divergences.kl_normal_standard(tensor(mu), tensor(v)).item(),
        "working": r"$\tfrac12(\mu^2 + \sigma^2 - 1 - \log\sigma^2)$ with $\log\sigma^2 = "
        + number(v)
        + "$.",
        "slips": [
            (0.5 * (mu**2 + sigma**2 - 1 + v), "Check the sign of the logarithm."),
            (mu**2 + sigma**2 - 1 - v, "The factor one half is missing."),
            (0.5 * (mu**2 + sigma**2 - 1 - v / 2), "log sigma^2 is 2 log sigma: you took log sigma."),
        ],
        "given": {"mu": mu, "sigma": sigma},
    }


@template(PART, "elbo-and-kl")
def kl_to_uniform(stream: Random) -> Draft:
    """The divergence of a categorical code from a fair die."""
    p = [
        n / 20
        for n in stream.choice(
            [(14, 4, 2), (10, 5, 5), (16, 2, 2), (12, 7, 1), (8, 6, 4, 2), (14, 2, 2, 2), (9, 9, 1, 1)]
        )
    ]
    entropy = -sum(q * math.log(q) for q in p)
    kl = divergences.kl_categorical_uniform(torch.tensor(p, dtype=torch.float64).log()).item()
    shown = ",\\ ".join(map(str, p))
    return {
        "text": rf"$q$ gives its {len(p)} classes the probabilities $({shown})$, the prior is uniform. "
        r"What is $\mathrm{KL}(q \,\|\, \text{uniform})$ in nats?",
        "answer": kl,
        "working": rf"$\log {len(p)} - H(q)$ with $H(q) = {number(entropy)}$.",
        "slips": [
            (entropy, "That is the entropy. The KL is log K minus it."),
            (kl / math.log(2), "That is in bits."),
            (-sum(math.log(len(p) * q) for q in p) / len(p), "That is the reverse, KL(uniform || q)."),
        ],
        "given": {"p": p},
    }


@template(PART, "elbo-and-kl")
def gap_of_the_bound(stream: Random) -> Draft:
    """How far the bound is below the evidence in a model one can solve."""
    x, m, v = stream.choice([1, 2, 3]), stream.choice([0, 0.2, 1]), stream.choice([0.25, 0.5, 1, 2])
    log_v = tensor(math.log(v))
    to = (tensor(x / 2), tensor(math.log(0.5)))
    answer = divergences.kl_normal(tensor(m), log_v, *to).item()
    return {
        "text": r"$z \sim \mathcal N(0, 1)$ and $x \mid z \sim \mathcal N(z, 1)$; the datum is $x = "
        rf"{x}$. How far is the ELBO of $q = \mathcal N({m}, {v})$ (mean, variance) below $\log p(x)$, in "
        r"nats?",
        "answer": answer,
        "working": r"By $\mathrm{KL}(q \,\|\, p(z \mid x))$, and the posterior is $\mathcal "
        rf"N({x / 2:g}, 1/2)$.",
        "slips": [
            (
                divergences.kl_normal_standard(tensor(m), log_v).item(),
                "That is the KL to the prior, a part of the ELBO.",
            ),
            (
                divergences.kl_normal(*to, tensor(m), log_v).item(),
                "The divergence was taken the other way round.",
            ),
            (0.5 * LOG_2PI + 0.5 * math.log(2) + x * x / 4, "That is -log p(x) itself."),
        ],
        "given": {"x": x, "m": m, "v": v},
    }


@template(PART, "elbo-and-kl")
def beta_of_means(stream: Random) -> Draft:
    """What averaging over pixels does to the objective."""
    pixels, latents = stream.choice([64, 100, 784]), stream.choice([2, 4, 5, 8])
    return {
        "text": rf"A program adds the *mean* over {pixels} pixels of the reconstruction to minus the "
        rf"*mean* over {latents} latents of the KL. With which $\beta$ does it train a $\beta$-VAE?",
        "answer": pixels / latents,
        "working": rf"Multiply by {pixels}: reconstruction $- ({pixels}/{latents})$ KL.",
        "slips": [
            (1.0, "That would be the ELBO. The two terms are divided by different numbers."),
            (float(pixels), "The KL is divided too, by the number of latents."),
            (latents / pixels, "The other way round: what is divided by more weighs less."),
        ],
        "given": {"pixels": pixels, "latents": latents},
    }


@template(PART, "one-step-by-hand")
def step_by_hand(stream: Random) -> Draft:
    """The gradient of a one-pixel VAE's loss in what the encoder emits for the width."""
    mu, sigma, eps = stream.choice([0.5, 1]), stream.choice([0.5, 0.8, 2]), stream.choice([-1, 0.5, 1.5])
    x = stream.choice([2, 3])
    z = mu + sigma * eps
    path, kl = 0.5 * (z - x) * sigma * eps, 0.5 * (sigma**2 - 1)
    return {
        "text": r"The loss is $\tfrac12 (x - z)^2 + \mathrm{KL}(q \,\|\, \mathcal N(0, 1))$ with $z = "
        rf"\mu + \sigma\varepsilon$, $\mu = {mu}$, $\sigma = {sigma}$, $\varepsilon = {eps}$, $x = {x}$. "
        r"What is its derivative in $\log\sigma^2$?",
        "answer": path + kl,
        "working": r"$(z - x)\,\tfrac12\sigma\varepsilon + \tfrac12(\sigma^2 - 1)$ with "
        + rf"$z = {number(z)}$.",
        "slips": [
            (path, "The path through the KL is missing."),
            (kl, "The path through z is missing."),
            (2 * path + kl, "dz / d log sigma^2 is sigma eps / 2, not sigma eps."),
            (path - kl, "The loss adds the KL; the ELBO subtracts it."),
        ],
        "given": {"mu": mu, "sigma": sigma, "eps": eps, "x": x},
    }


@template(PART, "training-in-full")
def bits_per_pixel(stream: Random) -> Draft:
    """Nats for an image, in bits for a pixel."""
    nats, pixels = stream.choice([86.8, 95.0, 108.1, 1800.0]), stream.choice([64, 784, 1024])
    return {
        "text": rf"A model reports a negative log-likelihood of {nats:g} nats per image of {pixels} "
        r"pixels. How many bits per pixel are that?",
        "answer": nats / pixels / math.log(2),
        "working": rf"${nats:g} / ({pixels} \cdot \log 2)$.",
        "slips": [
            (nats / pixels, "That is in nats per pixel. A bit is log 2 nats."),
            (nats / pixels * math.log(2), "A nat is more than a bit, so the number in bits is larger."),
            (nats / math.log(2), "That is per image."),
        ],
        "given": {"nats": nats, "pixels": pixels},
    }


@template(PART, "training-in-full")
def importance_bound(stream: Random) -> Draft:
    """The bound from a few importance weights."""
    shift = stream.choice([-90, -86, -100])
    weights = stream.choice([[0, 1, 3], [0, 2, 2], [-2, 0, 1], [0, 4, 1]])
    log_w = [shift + w for w in weights]
    return {
        "text": rf"Three draws have the log-weights $\log w = ({log_w[0]},\ {log_w[1]},\ {log_w[2]})$. "
        r"How far above their mean is the importance weighted bound, $\log \tfrac13 \sum_k w_k$?",
        "answer": importance.bound(torch.tensor(log_w, dtype=torch.float64)).item() - sum(log_w) / 3,
        "working": r"Take out the largest: $\log \tfrac13 \sum_k e^{\log w_k - \max} + \max$, minus the "
        r"mean of $\log w_k$.",
        "slips": [
            (0.0, "The mean of the logarithms is the ELBO. The logarithm of the mean is larger, by Jensen."),
            (
                math.log(sum(math.exp(w) for w in weights)) - sum(weights) / 3,
                "The sum has to be divided by K: subtract log 3.",
            ),
            (max(weights) - sum(weights) / 3, "The largest weight alone is not the mean of the weights."),
        ],
        "given": {"log_w": log_w},
    }


@template(PART, "where-vaes-live-today")
def signal_of_a_diffusion(stream: Random) -> Draft:
    """How much of the datum is left in a noisy point."""
    log_snr, x, eps = stream.choice([-2, -1, 1, 2]), stream.choice([2, 3]), stream.choice([-1, 0.5])
    alpha, sigma = diffusion.signal(float(log_snr))
    alpha, sigma = alpha.item(), sigma.item()
    return {
        "text": r"A variance-preserving diffusion mixes $z = \alpha x + \sigma\varepsilon$ with "
        rf"$\alpha^2 + \sigma^2 = 1$ and $\log(\alpha^2/\sigma^2) = {log_snr}$. The datum is $x = {x}$, "
        rf"the noise $\varepsilon = {eps}$. What is $z$?",
        "answer": alpha * x + sigma * eps,
        "working": rf"$\alpha = \sqrt{{\mathrm{{sigmoid}}({log_snr})}} = {number(alpha)}$ and $\sigma = "
        rf"{number(sigma)}$.",
        "slips": [
            (alpha**2 * x + sigma**2 * eps, "The sigmoid gives the squares. Take the roots."),
            (sigma * x + alpha * eps, "Signal and noise were exchanged: check the sign of the log-ratio."),
            (alpha * x, "The noise is missing."),
        ],
        "given": {"log_snr": log_snr, "x": x, "eps": eps},
    }
