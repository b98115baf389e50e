"""Closed-form Kullback-Leibler divergences, in nats and never negative.

Each function returns one value per latent; the caller sums over latents and averages over
the batch. (Averaging over latents instead would silently divide the KL's weight by their
number.) Half precision is computed and returned in float32.
"""

import math

import torch
from torch import Tensor

from reparam import checks

__all__ = ["kl_categorical", "kl_categorical_uniform", "kl_normal", "kl_normal_standard", "tame_log_var"]

LOG_VAR_KNEE = 40.0


def tame_log_var(log_var: Tensor) -> Tensor:
    r"""Return ``log_var`` unchanged up to 40, and logarithmically slower beyond.

    .. math:: v \mapsto 40 + 2 \log\big(1 + (v - 40) / 2\big) \quad \text{for } v > 40

    A network may emit any number: ``exp(1e4)`` is infinite, and a hard clamp would have no
    gradient to come back with. A variance above ``exp(40)`` has no use, so nothing is lost.

    Args:
        log_var: ``[...]`` :math:`v`.

    Returns:
        ``[...]`` in the dtype of ``log_var``.

    Raises:
        TypeError: ``log_var`` is not a floating-point tensor.
        ValueError: an entry is not finite.
    """
    checks.numbers("tame_log_var", log_var=log_var)
    excess = (log_var - LOG_VAR_KNEE).clamp_min(0)
    return torch.where(log_var > LOG_VAR_KNEE, LOG_VAR_KNEE + 2 * torch.log1p(excess / 2), log_var)


def _wide(t: Tensor) -> Tensor:
    return t.to(torch.promote_types(t.dtype, torch.float32))


def kl_normal_standard(mean: Tensor, log_var: Tensor) -> Tensor:
    r"""Return :math:`\mathrm{KL}\big(\mathcal N(\mu, \sigma^2) \,\|\, \mathcal N(0, 1)\big)` per latent.

    .. math:: \tfrac12 \big(\mu^2 + \sigma^2 - 1 - \log \sigma^2\big)

    Args:
        mean: ``[...]`` :math:`\mu`.
        log_var: ``[...]`` :math:`\log \sigma^2`; above 40 see :func:`tame_log_var`.

    Returns:
        ``[...]`` nats, ``>= 0``.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; an entry is not finite.

    Source: Kingma & Welling (2014), appendix B.
    """
    checks.same_shape("kl_normal_standard", mean=mean, log_var=log_var)
    checks.numbers("kl_normal_standard", mean=mean, log_var=log_var)
    v = tame_log_var(_wide(log_var))
    # expm1(v) - v is >= 0 in floating point; exp(v) - 1 - v turns negative near v = 0.
    return 0.5 * (_wide(mean) ** 2 + (torch.expm1(v) - v))


def kl_normal(mean_q: Tensor, log_var_q: Tensor, mean_p: Tensor, log_var_p: Tensor) -> Tensor:
    r"""Return the divergence of one normal from another, :math:`\mathrm{KL}(q \,\|\, p)`, per latent.

    .. math:: \tfrac12 \Big(\frac{(\mu_q - \mu_p)^2}{\sigma_p^2} + \frac{\sigma_q^2}{\sigma_p^2}
        - 1 - \log \frac{\sigma_q^2}{\sigma_p^2}\Big)

    Args, returns and errors are those of :func:`kl_normal_standard`.
    """
    every = {"mean_q": mean_q, "log_var_q": log_var_q, "mean_p": mean_p, "log_var_p": log_var_p}
    checks.same_shape("kl_normal", **every)
    checks.numbers("kl_normal", **every)
    v_p = _wide(log_var_p)
    v = tame_log_var(_wide(log_var_q) - v_p)
    precision_p = torch.exp(tame_log_var(-v_p))
    return 0.5 * ((_wide(mean_q) - _wide(mean_p)) ** 2 * precision_p + (torch.expm1(v) - v))


def kl_categorical(logits_q: Tensor, logits_p: Tensor) -> Tensor:
    r"""Return :math:`\mathrm{KL}(q \,\|\, p) = \sum_k q_k (\log q_k - \log p_k)` per latent.

    Args:
        logits_q: ``[..., K]`` unnormalised log-probabilities of :math:`q`.
        logits_p: ``[..., K]`` those of :math:`p`.

    Returns:
        ``[...]`` nats, ``>= 0``; ``inf`` where :math:`q_k > 0 = p_k`.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; a row of logits has no finite largest entry.
    """
    checks.logits("kl_categorical", "logits_q", logits_q)
    checks.logits("kl_categorical", "logits_p", logits_p)
    checks.same_shape("kl_categorical", logits_q=logits_q, logits_p=logits_p)
    log_q, log_p = _wide(logits_q).log_softmax(-1), _wide(logits_p).log_softmax(-1)
    # q log q -> 0 as q -> 0, but 0 * -inf is NaN, and so is its gradient: leave those classes out.
    impossible = log_q == -math.inf
    gap = log_q.masked_fill(impossible, 0) - log_p.masked_fill(impossible, 0)
    # And exp may round q to 0 where p is 0: 0 * inf again, and the answer is inf.
    kl = torch.where(gap == math.inf, gap, log_q.exp() * gap).sum(-1)
    # Rounding can leave -1e-8: lift the value to 0 and leave the gradient alone.
    return kl + (-kl).clamp_min(0).detach()


def kl_categorical_uniform(logits: Tensor) -> Tensor:
    r"""Return :math:`\mathrm{KL}(q \,\|\, \mathrm{Uniform}(K)) = \log K - H(q)` per latent.

    Args:
        logits: ``[..., K]`` unnormalised log-probabilities of :math:`q`.

    Returns:
        ``[...]`` nats, from 0 (uniform) to :math:`\log K` (certain).

    Raises:
        TypeError: ``logits`` is not a floating-point tensor.
        ValueError: a row of logits has no finite largest entry.
    """
    checks.logits("kl_categorical_uniform", "logits", logits)
    return kl_categorical(logits, torch.zeros_like(logits))
