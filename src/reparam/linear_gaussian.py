r"""Two stochastic layers, all linear and Gaussian: posterior, evidence and bound in closed form.

.. math:: h_2 \sim \mathcal N(0, 1), \qquad h_1 \mid h_2 \sim \mathcal N(a h_2, s^2), \qquad
    x \mid h_1 \sim \mathcal N(b h_1, r^2)

The truth for :mod:`reparam.hierarchy`: :math:`q(h_1)\, q(h_2 \mid h_1)` with a line for its second mean holds
the exact posterior. Everything is float64 and one-dimensional.
"""

import math

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, kl_divergence

from reparam import checks, densities, hierarchy, path

__all__ = ["Line", "LinearGaussian"]


class Line(nn.Module):
    """Map ``[..., 1]`` to a mean on a line and a constant log-variance, ``[..., 2]``.

    Args:
        slope: of the mean.
        start: the mean at 0.
        log_var: the log-variance.
    """

    def __init__(self, slope: float, start: float, log_var: float) -> None:
        super().__init__()
        for name, value in (("slope", slope), ("start", start), ("log_var", log_var)):
            self.register_parameter(name, nn.Parameter(torch.as_tensor(value, dtype=torch.float64)))

    def forward(self, h: Tensor) -> Tensor:
        """Return mean and log-variance side by side."""
        return torch.cat([self.start + self.slope * h, self.log_var.expand_as(h)], -1)


class LinearGaussian(nn.Module):
    r"""The model, with a line as its ``upper_encoder``; :math:`q(h_1)` is passed in as mean and log-variance.

    Args:
        a: slope of :math:`p(h_1 \mid h_2)`.
        s: its standard deviation, ``> 0``.
        b: slope of :math:`p(x \mid h_1)`.
        r: its standard deviation, ``> 0``.
        x: the observation.

    Raises:
        TypeError, ValueError: ``s`` or ``r`` is not one finite number ``> 0``.
    """

    def __init__(self, *, a: float, s: float, b: float, r: float, x: float) -> None:
        checks.positive("LinearGaussian", "s", s)
        checks.positive("LinearGaussian", "r", r)
        super().__init__()
        self.a, self.s, self.b, self.r, self.x = a, s, b, r, x
        self.upper_encoder = Line(0.0, 0.0, 0.0)
        self.upper_decoder = Line(a, 0.0, 2 * math.log(s))

    def posterior(self) -> MultivariateNormal:
        r"""Return :math:`p(h_1, h_2 \mid x)`, by conditioning the joint Gaussian on ``x``."""
        prior = torch.tensor([[self.a**2 + self.s**2, self.a], [self.a, 1.0]], dtype=torch.float64)
        with_x = self.b * prior[0]
        gain = with_x / (self.b * with_x[0] + self.r**2)
        return MultivariateNormal(gain * self.x, prior - torch.outer(gain, with_x))

    def log_evidence(self) -> float:
        r"""Return :math:`\log p(x)`."""
        variance = self.b**2 * (self.a**2 + self.s**2) + self.r**2
        return -0.5 * (self.x**2 / variance + math.log(2 * math.pi * variance))

    @torch.no_grad()
    def become_exact(self) -> tuple[Tensor, Tensor]:
        r"""Set ``upper_encoder`` to the posterior, and return mean and log-variance of :math:`q(h_1)`."""
        exact = self.posterior()
        (var1, between), (_, var2) = exact.covariance_matrix
        slope = between / var1
        start = exact.mean[1] - slope * exact.mean[0]
        self.upper_encoder = Line(slope.item(), start.item(), (var2 - slope * between).log().item())
        return exact.mean[:1], var1.log().reshape(1)

    def elbo(self, mean: Tensor, log_var: Tensor) -> Tensor:
        r"""Return the exact bound :math:`\log p(x) - \mathrm{KL}(q \,\|\, p)`, differentiable in all of ``q``.

        Args:
            mean: ``[1]`` of :math:`q(h_1)`.
            log_var: ``[1]``.

        Returns:
            a number of nats.
        """
        line, var1 = self.upper_encoder, log_var.exp()[0]
        between = line.slope * var1
        var2 = line.slope * between + line.log_var.exp()
        loc = torch.stack([mean[0], line.start + line.slope * mean[0]])
        cov = torch.stack([var1, between, between, var2]).view(2, 2)
        return self.log_evidence() - kl_divergence(MultivariateNormal(loc, cov), self.posterior())

    def log_weights(self, mean: Tensor, log_var: Tensor, eps: Tensor, *, gradient: str) -> Tensor:
        r"""Return :math:`\log p(x, h_1, h_2) - \log q(h_1, h_2)` at ``K`` draws.

        Args:
            mean: ``[..., 1]`` of :math:`q(h_1)`.
            log_var: ``[..., 1]``.
            eps: ``[K, ..., 2]`` standard normal noise, that of the first layer first.
            gradient: ``"total"``, ``"path"``, ``"dreg"`` or ``"shortcut"``, see :func:`reparam.hierarchy.codes`.

        Returns:
            ``[K, ...]`` nats, the same numbers for all.

        Raises:
            ValueError: ``gradient`` is none of the four.
        """
        checks.one_of("LinearGaussian", "gradient", gradient, ("total", "path", "dreg", "shortcut"))
        (h1, h2), log_ratio = hierarchy.codes(self, mean, 0.5 * log_var, eps, gradient)
        x, width = torch.full_like(h1, self.x), torch.full_like(h1, self.r)
        log_w = log_ratio + densities.normal(self.b * h1, width, x).sum(-1)
        if gradient == "dreg":
            path.weigh_paths(log_w, h1, h2)
        return log_w
