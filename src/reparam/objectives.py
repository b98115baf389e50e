"""Objectives as named terms in nats, one value per example; training raises the mean of the first.

``objective(model, x, noise, **options)`` returns a ``NamedTuple`` of ``[B]`` terms. The model
gives parameters of distributions, the caller gives the noise. Signs: ``kl >= 0`` and
``elbo = reconstruction - kl``. All axes before ``B`` pass through, as those of stacked models.
Those for categorical codes live in :mod:`reparam.discrete` and are found here too.
"""

import math
from numbers import Real
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from reparam import checks, divergences, samplers
from reparam.discrete import CategoricalVAE, categorical_elbo, discrete_elbo, rebar_elbo, score_elbo
from reparam.terms import Elbo, log_bernoulli

__all__ = [
    "BetaElbo",
    "CategoricalVAE",
    "Elbo",
    "GaussianVAE",
    "Iwae",
    "beta_elbo",
    "categorical_elbo",
    "discrete_elbo",
    "elbo",
    "iwae",
    "log_bernoulli",
    "log_weights",
    "rebar_elbo",
    "score_elbo",
]

# Importance weights below exp(-30) of the largest do not count, and as denormal numbers they cost.
NEGLIGIBLE = 30.0


class BetaElbo(NamedTuple):
    """What is raised, and the bound and its parts as they are, each ``[B]`` nats per example."""

    objective: Tensor
    elbo: Tensor
    reconstruction: Tensor
    kl: Tensor


class Iwae(NamedTuple):
    """The importance-weighted bound, and the ELBO from the same draws, each ``[B]`` nats per example."""

    bound: Tensor
    elbo: Tensor


class GaussianVAE(Protocol):
    """What :func:`elbo` needs of a model; see :class:`reparam.models.VAE`."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    def decode(self, z: Tensor) -> Tensor: ...


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
    mean, log_var, z = _codes("elbo", model, x, eps)
    reconstruction = log_bernoulli(x, model.decode(z))
    kl = divergences.kl_normal_standard(mean, log_var).sum(-1)
    return Elbo(reconstruction - kl, reconstruction, kl)


def _codes(function: str, model: GaussianVAE, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Encode ``x`` and draw its codes: ``mean``, ``log_var`` and ``z``."""
    mean, log_var = model.encode(x)
    checks.finite(function, mean=mean, log_var=log_var)
    scale = torch.exp(0.5 * divergences.tame_log_var(log_var))
    return mean, log_var, samplers.normal(mean, scale, eps)


def beta_elbo(model: GaussianVAE, x: Tensor, eps: Tensor, *, beta: float, free_bits: float = 0.0) -> BetaElbo:
    r"""Weigh the KL by ``beta``, and let each latent have its first nats for nothing.

    .. math:: \text{reconstruction} - \beta \sum_l \max\big(\lambda,\ \overline{\mathrm{KL}}_l\big)

    :math:`\overline{\mathrm{KL}}_l` is latent :math:`l`'s mean over the batch and :math:`\lambda` is
    ``free_bits``: a latent below it gets no gradient from its KL. Only ``beta = 1`` without
    free bits bounds ``log p(x)``; the field ``elbo`` always does.

    Args:
        model: as for :func:`elbo`.
        x: ``[B, D]`` pixels.
        eps: ``[B, L]`` standard normal noise.
        beta: weight of the KL, ``>= 0``.
        free_bits: :math:`\lambda \ge 0`, in nats per latent.

    Returns:
        :class:`BetaElbo`, each term ``[B]``.

    Raises:
        TypeError, ValueError: ``beta`` or ``free_bits`` is not a finite number ``>= 0``; else as :func:`elbo`.

    Source: Higgins et al. (2017); Kingma et al. (2016), section 3 and appendix C.8.
    """
    _at_least_zero("beta_elbo", beta=beta, free_bits=free_bits)
    mean, log_var, z = _codes("beta_elbo", model, x, eps)
    reconstruction = log_bernoulli(x, model.decode(z))
    each = divergences.kl_normal_standard(mean, log_var)
    kl, charged = each.sum(-1), each
    if free_bits > 0:
        charged = torch.where(each.detach().mean(-2, keepdim=True) > free_bits, each, free_bits)
    return BetaElbo(reconstruction - beta * charged.sum(-1), reconstruction - kl, reconstruction, kl)


def _at_least_zero(function: str, **numbers: float) -> None:
    for name, value in numbers.items():
        allowed = f"{function}: {name} must be one finite number >= 0, got {value!r}"
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(allowed)
        if not 0 <= value < math.inf:
            raise ValueError(allowed)


def log_weights(model: GaussianVAE, x: Tensor, eps: Tensor) -> Tensor:
    r"""Return the log importance weights of several codes per example.

    .. math:: \log w = \log p_\theta(x \mid z) + \log p(z) - \log q_\phi(z \mid x), \qquad
        z = \mu_\phi(x) + \sigma_\phi(x)\, \epsilon

    Their mean over ``K`` is the ELBO with its KL *sampled*, where :func:`elbo` has the closed form:
    the same expectation, another variance.

    Args:
        model: as for :func:`elbo`.
        x: ``[B, D]`` pixels.
        eps: ``[K, B, L]`` standard normal noise.

    Returns:
        ``[K, B]`` nats, differentiable in all weights of the model (the total derivative).

    Raises:
        ValueError: ``eps`` has no draws or does not match the latents; ``x`` lies outside [0, 1].
        NotFiniteError: the encoder's ``mean`` or ``log_var`` is NaN or infinite.

    Source: Burda, Grosse & Salakhutdinov (2016), eq. 8.
    """
    mean, log_var = model.encode(x)
    checks.finite("log_weights", mean=mean, log_var=log_var)
    checks.tensor("log_weights", "eps", eps)
    if eps.shape[1:] != mean.shape or not len(eps):
        raise ValueError(
            f"log_weights: eps must have shape [K, *{tuple(mean.shape)}] with K >= 1, got {tuple(eps.shape)}"
        )
    half = 0.5 * divergences.tame_log_var(log_var)
    z = samplers.normal(mean.expand_as(eps), half.exp().expand_as(eps), eps)
    logits = model.decode(z)
    # log p(z) - log q(z | x); the constants cancel.
    return log_bernoulli(x.expand_as(logits), logits) + (0.5 * (eps**2 - z**2) + half).sum(-1)


def iwae(model: GaussianVAE, x: Tensor, eps: Tensor) -> Iwae:
    r"""Return the importance-weighted bound of ``K`` draws per example.

    .. math:: \log \frac1K \sum_{k=1}^K w_k \;\le\; \log p_\theta(x) \quad \text{on average},

    never looser than the ELBO, and tighter as ``K`` grows. With ``K = 1`` both fields are the one
    log-weight, bit for bit. Weights below ``exp(-30)`` of the largest are raised to that,
    which changes the bound by less than ``1e-13 K``, and get no gradient.

    Args, shapes and errors are those of :func:`log_weights`, given ``model``, ``x`` and ``eps``.

    Returns:
        :class:`Iwae`, each term ``[B]``.

    Source: Burda, Grosse & Salakhutdinov (2016), eq. 8.
    """
    log_w = log_weights(model, x, eps)
    kept = torch.maximum(log_w, log_w.detach().amax(0) - NEGLIGIBLE)
    return Iwae(torch.logsumexp(kept, 0) - math.log(len(eps)), log_w.mean(0))
