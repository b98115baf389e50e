"""Objectives as named terms in nats, one value per example; training raises the mean of the first.

``objective(model, x, noise, **options)`` returns a ``NamedTuple`` of ``[B]`` terms. The model
gives parameters of distributions, the caller gives the noise. Signs: ``kl >= 0`` and
``elbo = reconstruction - kl``. All axes before ``B`` pass through, as those of stacked models.
Those for categorical codes live in :mod:`reparam.discrete`, those made of importance weights in
:mod:`reparam.importance`, and are found here too.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from reparam import checks, divergences, samplers
from reparam.discrete import CategoricalModel, categorical_elbo, discrete_elbo, rebar_elbo, score_elbo
from reparam.importance import GaussianModel, Iwae, iwae, log_weights, sampled_elbo
from reparam.terms import Elbo, log_bernoulli

__all__ = [
    "BetaElbo",
    "CategoricalModel",
    "Elbo",
    "GaussianModel",
    "Iwae",
    "beta_elbo",
    "categorical_elbo",
    "discrete_elbo",
    "elbo",
    "iwae",
    "log_bernoulli",
    "log_weights",
    "rebar_elbo",
    "sampled_elbo",
    "score_elbo",
]


class BetaElbo(NamedTuple):
    """What is raised, and the bound and its parts as they are, each ``[B]`` nats per example."""

    objective: Tensor
    elbo: Tensor
    reconstruction: Tensor
    kl: Tensor


def elbo(model: GaussianModel, x: Tensor, eps: Tensor) -> Elbo:
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


def _codes(function: str, model: GaussianModel, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Encode ``x`` and draw its codes: ``mean``, ``log_var`` and ``z``."""
    mean, log_var = model.encode(x)
    checks.same_shape(function, mean=mean, log_var=log_var)
    checks.finite(function, mean=mean, log_var=log_var)
    scale = torch.exp(0.5 * divergences.tame_log_var(log_var))
    return mean, log_var, samplers.normal(mean, scale, eps)


def beta_elbo(
    model: GaussianModel, x: Tensor, eps: Tensor, *, beta: float, free_bits: float = 0.0
) -> BetaElbo:
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
    checks.number("beta_elbo", "beta", beta, at_least=0)
    checks.number("beta_elbo", "free_bits", free_bits, at_least=0)
    mean, log_var, z = _codes("beta_elbo", model, x, eps)
    reconstruction = log_bernoulli(x, model.decode(z))
    each = divergences.kl_normal_standard(mean, log_var)
    kl, charged = each.sum(-1), each
    if free_bits > 0:
        charged = torch.where(each.detach().mean(-2, keepdim=True) > free_bits, each, free_bits)
    return BetaElbo(reconstruction - beta * charged.sum(-1), reconstruction - kl, reconstruction, kl)
