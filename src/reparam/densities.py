"""Log-densities, one value per sample: the only thing the score function needs to know.

Each function is ``(parameters..., sample) -> log p(sample)``, differentiable in the
parameters.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from reparam import checks

__all__ = ["categorical", "concrete", "exponential", "gumbel", "laplace", "logistic", "normal"]


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
    return -0.5 * _standardise("normal", loc, scale, z) ** 2 - scale.log() - 0.5 * math.log(2 * math.pi)


def _standardise(function: str, loc: Tensor, scale: Tensor, z: Tensor) -> Tensor:
    checks.same_shape(f"densities.{function}", loc=loc, scale=scale, z=z)
    checks.scale(f"densities.{function}", "scale", scale, zero=False)
    checks.numbers(f"densities.{function}", loc=loc, z=z)
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
    # Below -1e4 the value is -inf in every dtype; at t = -inf itself it would be inf - inf.
    t = t.clamp_min(-1e4)
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
    checks.numbers("densities.exponential", z=z)
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
    checks.numbers("densities.categorical", z=z)
    log_p = logits.log_softmax(-1)
    # 0 * -inf is NaN: a class that was not drawn contributes nothing, whatever its logit.
    return (z * log_p.masked_fill(z == 0, 0.0)).sum(-1)


def _inside_the_simplex(function: str, logits: Tensor, y: Tensor) -> None:
    checks.logits(function, "logits", logits)
    checks.same_shape(function, logits=logits, y=y)
    if torch.compiler.is_compiling():
        return
    if not logits.detach().isfinite().all():
        raise ValueError(
            f"{function}: logits must be finite: a class of probability 0 keeps every point on a face of the "
            "simplex, where there is no density; leave the class out"
        )
    off = (y.detach().sum(-1) - 1).abs()
    bad = (y.detach() <= 0).any(-1) | ~(off <= torch.finfo(y.dtype).eps ** 0.5)
    if bad.any():
        row = bad.nonzero()[0].tolist()
        raise ValueError(
            f"{function}: y must be > 0 and sum to 1 in every row, got {y.detach()[tuple(row)].tolist()[:8]} in "
            f"row {row}; a cold sample rounds to the boundary, where the density is 0 or infinite"
        )


def concrete(logits: Tensor, y: Tensor, *, tau: float | Tensor) -> Tensor:
    r"""Return the log-density of the Concrete law, which is that of :func:`reparam.samplers.gumbel_softmax`.

    .. math:: \log \Gamma(K) + (K - 1) \log \tau
        + \sum_k \big( \log \mathrm{softmax}_k(\ell - \tau \log y) - \log y_k \big)

    With respect to Lebesgue measure of the first ``K - 1`` coordinates. Where one coordinate
    :math:`y_k` vanishes it behaves like :math:`y_k^{(K-1) \tau - 1}`: the boundary is refused.

    Args:
        logits: ``[..., K]`` unnormalised log-probabilities :math:`\ell`, all finite.
        y: ``[..., K]`` points inside the simplex: every entry ``> 0``, every row sums to 1.
        tau: temperature, one finite number ``> 0``.

    Returns:
        ``[...]`` nats.

    Raises:
        TypeError: ``tau`` is not one number; an argument is not a floating-point tensor.
        ValueError: ``tau`` is not positive and finite; shapes or devices differ; a logit is not
            finite; a row of ``y`` does not lie inside the simplex.

    Source: Maddison, Mnih & Teh (2017), definition 1.
    """
    checks.positive("densities.concrete", "tau", tau)
    _inside_the_simplex("densities.concrete", logits, y)
    wide = torch.promote_types(logits.dtype, torch.float32)
    classes, log_y = logits.shape[-1], y.to(wide).log()
    log_tau = torch.as_tensor(tau, dtype=wide, device=logits.device).log()
    shares = (logits - tau * log_y).log_softmax(-1)
    log_p = math.lgamma(classes) + (classes - 1) * log_tau + (shares - log_y).sum(-1)
    return log_p.to(logits.dtype)
