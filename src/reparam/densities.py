"""Log-densities, one value per sample: the only thing the score function needs to know.

Each function is ``(parameters..., sample) -> log p(sample)``, differentiable in the
parameters.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks

__all__ = ["categorical", "exponential", "gumbel", "laplace", "logistic", "normal"]


def normal(loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log \mathcal N(z; \mu, \sigma^2)`, elementwise.

    .. math:: -\tfrac12 \Big(\frac{z - \mu}{\sigma}\Big)^2 - \log \sigma - \tfrac12 \log 2 \pi

    Args:
        loc: ``[...]`` mean :math:`\mu`.
        scale: ``[...]`` standard deviation :math:`\sigma > 0`.
        z: ``[...]`` where to evaluate.

    Returns:
        ``[...]`` nats.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; ``scale`` is not positive and finite.
    """
    checks.same_shape("densities.normal", loc=loc, scale=scale, z=z)
    checks.scale("densities.normal", "scale", scale, zero=False)
    return -0.5 * ((z - loc) / scale) ** 2 - scale.log() - 0.5 * math.log(2 * math.pi)


def _standardise(function: str, loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    checks.same_shape(f"densities.{function}", loc=loc, scale=scale, z=z)
    checks.scale(f"densities.{function}", "scale", scale, zero=False)
    return (z - loc) / scale


def logistic(loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log p(z) = -t - 2 \log(1 + e^{-t}) - \log s` with :math:`t = (z - \mu) / s`.

    Arguments and errors are those of :func:`normal`.
    """
    t = _standardise("logistic", loc, scale, z)
    return F.logsigmoid(t) + F.logsigmoid(-t) - scale.log()


def laplace(loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log p(z) = -|t| - \log 2s` with :math:`t = (z - \mu) / s`.

    Arguments and errors are those of :func:`normal`.
    """
    return -_standardise("laplace", loc, scale, z).abs() - (2 * scale).log()


def gumbel(loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log p(z) = -t - e^{-t} - \log s` with :math:`t = (z - \mu) / s`.

    Arguments and errors are those of :func:`normal`.
    """
    t = _standardise("gumbel", loc, scale, z)
    return -t - torch.exp(-t) - scale.log()


def exponential(rate: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log p(z) = \log \lambda - \lambda z`, elementwise; ``-inf`` below 0.

    Args:
        rate: ``[...]`` :math:`\lambda > 0`.
        z: ``[...]`` where to evaluate.

    Returns:
        ``[...]`` nats.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; ``rate`` is not positive and finite.
    """
    checks.same_shape("densities.exponential", rate=rate, z=z)
    checks.scale("densities.exponential", "rate", rate, zero=False)
    return torch.where(z < 0, -math.inf, rate.log() - rate * z)


def categorical(logits: Tensor, z: Tensor) -> Tensor:
    r"""Return :math:`\log \mathrm{Cat}(z; \mathrm{softmax}(\ell)) = \sum_k z_k \log \pi_k`.

    Args:
        logits: ``[..., K]`` unnormalised log-probabilities :math:`\ell`.
        z: ``[..., K]`` one-hot.

    Returns:
        ``[...]`` nats; ``-inf`` for a class of probability zero.

    Raises:
        TypeError: an argument is not a floating-point tensor.
        ValueError: shapes or devices differ; a row of logits has no finite largest entry.
    """
    checks.logits("densities.categorical", "logits", logits)
    checks.same_shape("densities.categorical", logits=logits, z=z)
    log_p = logits.log_softmax(-1)
    # 0 * -inf is NaN: a class that was not drawn contributes nothing, whatever its logit.
    return torch.where(z == 0, torch.zeros_like(log_p), z * log_p).sum(-1)
