"""Objectives as named terms in nats, one value per example; the loss is ``-elbo.mean()``.

The model gives parameters of distributions, the caller gives the noise. Signs: ``kl >= 0``
and ``elbo = reconstruction - kl``, a lower bound of ``log p(x)``.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks, divergences, samplers

__all__ = ["Elbo", "GaussianVAE", "elbo", "log_bernoulli"]


class Elbo(NamedTuple):
    """The bound and its two parts, each ``[B]`` nats per example."""

    elbo: Tensor
    reconstruction: Tensor
    kl: Tensor


class GaussianVAE(Protocol):
    """What :func:`elbo` needs of a model; see :class:`reparam.models.VAE`."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    def decode(self, z: Tensor) -> Tensor: ...


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    r"""Return :math:`\log p(x) = \sum_d x_d \log \sigma(\ell_d) + (1 - x_d) \log \sigma(-\ell_d)`.

    Args:
        x: ``[B, D]`` targets in [0, 1].
        logits: ``[B, D]`` log-odds of each pixel.

    Returns:
        ``[B]`` nats, summed over pixels.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes differ, or a target lies outside [0, 1].
    """
    checks.unit_interval("log_bernoulli", "x", x)
    checks.same_shape("log_bernoulli", x=x, logits=logits)
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


def elbo(model: GaussianVAE, x: Tensor, eps: Tensor) -> Elbo:
    r"""Return the evidence lower bound of a VAE, one noise draw per example.

    .. math:: \log p(x) \;\ge\; \underbrace{\log p_\theta\big(x \mid \mu_\phi(x) + \sigma_\phi(x)\,
        \epsilon\big)}_{\text{reconstruction, one draw}} -
        \underbrace{\mathrm{KL}\big(q_\phi(z \mid x) \,\|\, \mathcal N(0, I)\big)}_{\text{closed form}}

    Args:
        model: ``encode(x) -> (mean, log_var)`` and ``decode(z) -> pixel logits``.
        x: ``[B, D]`` binary (or [0, 1]) pixels.
        eps: ``[B, L]`` standard normal noise.

    Returns:
        :class:`Elbo`, each term ``[B]``.

    Raises:
        ValueError: ``eps`` does not match the latents, or ``x`` lies outside [0, 1].
        NotFiniteError: the encoder's ``mean`` or ``log_var`` is NaN or infinite.

    Source: Kingma & Welling (2014), eq. 10.
    """
    mean, log_var = model.encode(x)
    checks.finite("elbo", mean=mean, log_var=log_var)
    scale = torch.exp(0.5 * divergences.tame_log_var(log_var))
    z = samplers.normal(mean, scale, eps)
    reconstruction = log_bernoulli(x, model.decode(z))
    kl = divergences.kl_normal_standard(mean, log_var).sum(-1)
    return Elbo(reconstruction - kl, reconstruction, kl)
