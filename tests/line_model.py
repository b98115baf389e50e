"""A VAE small enough to know: one Gaussian latent, three Bernoulli pixels, logits linear in z.

Its log p(x) and its posterior are one-dimensional integrals.
"""

import math

import torch
from torch.distributions import Bernoulli

from reparam import densities, objectives, oracles

F64 = torch.float64
X = torch.tensor([[1.0, 0.0, 1.0]], dtype=F64)
QS = [(0.0, 0.0), (0.8, -0.5), (-1.0, 1.0), (3.0, -4.0), (0.7, -0.35)]


class LineModel:
    """A decoder that is a line, and one Gaussian q for every x."""

    weight = torch.tensor([2.0, -1.0, 0.5], dtype=F64)
    bias = torch.tensor([-0.5, 0.3, 0.1], dtype=F64)

    def __init__(self, mean, log_var):
        self.mean = torch.tensor([[float(mean)]], dtype=F64)
        self.log_var = torch.tensor([[float(log_var)]], dtype=F64)

    def encode(self, x):
        return self.mean.expand(len(x), 1), self.log_var.expand(len(x), 1)

    def decode(self, z):
        return z * self.weight + self.bias

    def log_likelihood(self, z):
        return Bernoulli(logits=z[:, None] * self.weight + self.bias).log_prob(X).sum(-1)

    def log_evidence(self):
        return oracles.normal_expectation(lambda z: self.log_likelihood(z).exp(), 0.0, 1.0).value.log()

    def gap(self):
        """KL(q || p(z | x)) from its definition."""
        mean, scale = self.mean.item(), math.exp(self.log_var.item() / 2)

        def log_ratio(z):
            log_q = densities.normal(torch.full_like(z, mean), torch.full_like(z, scale), z)
            log_joint = densities.normal(torch.zeros_like(z), torch.ones_like(z), z) + self.log_likelihood(z)
            return log_q - log_joint + self.log_evidence()

        return oracles.normal_expectation(log_ratio, mean, scale).value

    def exact_elbo(self):
        """Integrate :func:`objectives.elbo` over its noise."""
        return oracles.normal_expectation(
            lambda e: objectives.elbo(self, X.expand(len(e), 3), e[:, None]).elbo, 0.0, 1.0
        )
